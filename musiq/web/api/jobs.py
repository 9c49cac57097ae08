"""Batch jobs over the served folder."""

import json
from time import monotonic
from typing import Annotated, Any

from anyio import sleep, to_thread
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from musiq.web.answers import Job, JobList, Rows
from musiq.web.api.asking import Asked, Id, errors, folder_of, json_text
from musiq.web.api.json_body import described, read
from musiq.web.folder import check_name
from musiq.web.guard.errors import Refusal
from musiq.web.job import Job as Running
from musiq.web.jobs import Jobs
from musiq.web.parts import Parts
from musiq.web.questions import JobToDo

router = APIRouter(prefix="/api/jobs", tags=["jobs"])
MOST_CHARACTERS = 100_000  # of a job's names together: each list of jobs repeats them
CANCEL_S = 5.0  # that an answer waits for a job to end


@router.post(
    "",
    status_code=202,
    summary="Begin a job",
    response_model=Job,
    responses=errors(404, 413, 503),
    openapi_extra=described(JobToDo),
)
def add_job(parts: Asked, question: Annotated[JobToDo, Depends(read(JobToDo))]) -> Any:
    """Scores folders, photos and archives in the background. It goes on if the server stops and starts again."""
    paths = list(dict.fromkeys(check_name(path) for path in question.paths))
    if (size := sum(map(len, paths))) > MOST_CHARACTERS:
        reason = f"the names of a job have {size:,} characters, of at most {MOST_CHARACTERS:,}; name their folders"
        raise Refusal(413, "too-large", reason)
    return _jobs(parts).add(paths, question.recursive).as_dict()


@router.get("", summary="All jobs", response_model=JobList)
def list_jobs(parts: Asked) -> Any:
    """The newest first."""
    return {"jobs": [] if parts.jobs is None else [job.as_dict() for job in parts.jobs.all()]}


@router.get("/{id}", summary="One job", response_model=Job, responses=errors(404))
def get_job(parts: Asked, id: Id) -> Any:
    """How far it is."""
    return _job(parts, id).as_dict()


@router.get("/{id}/rows", summary="Rows of a job", response_model=Rows, responses=errors(404))
def get_rows(
    parts: Asked,
    id: Id,
    offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Response:
    """In the order in which they came; members of archives are called `archive.zip!member.jpg`."""
    rows = parts.state.rows(_job(parts, id).id, offset, limit + 1)
    answer = {"rows": [row.as_dict() for row in rows[:limit]], "more": len(rows) > limit}
    return json_text(json.dumps(answer, ensure_ascii=False))


@router.delete("/{id}", summary="Cancel a job", response_model=Job, responses=errors(404, 409))
async def cancel_job(parts: Asked, id: Id) -> Any:
    """What it has scored stays."""
    job = _job(parts, id)
    await to_thread.run_sync(_jobs(parts).cancel, job)
    deadline = monotonic() + CANCEL_S
    while not job.ended.is_set() and monotonic() < deadline:  # many may wait, and hold no thread
        await sleep(0.02)
    return job.as_dict()


def _jobs(parts: Parts) -> Jobs:
    folder_of(parts)
    assert parts.jobs is not None  # a folder has them
    return parts.jobs


def _job(parts: Parts, id: str) -> Running:
    job = None if parts.jobs is None else parts.jobs.get(id)
    if job is None:
        raise Refusal(404, "not-found", f"there is no job {id}")
    return job
