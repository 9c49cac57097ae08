"""The album: photos of the folder and photos that were sent."""

import json
from concurrent.futures import Future
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from musiq.inputs.item import Item
from musiq.rows import Row
from musiq.runs.engine import Result
from musiq.web.album import Entry
from musiq.web.answers import PhotoFacts, Photos, Removed, Sent
from musiq.web.api.asking import Asked, Id, entry_of, errors, json_text
from musiq.web.api.form import FORM, Files
from musiq.web.api.waiting import finished
from musiq.web.parts import Parts
from musiq.web.uploads import safe_name

router = APIRouter(prefix="/api", tags=["photos"])
MOST = 10_000  # photos of an answer


@router.get("/photos", summary="What has changed", response_model=Photos)
def list_photos(
    parts: Asked,
    since: Annotated[int, Query(ge=0, le=2**53, description="A revision; 0 for all.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 5000,
) -> Response:
    """Photos that have changed after a revision, the oldest change first."""
    changes = parts.album.changed(since, limit)
    return json_text(json.dumps({"instance": parts.instance, **vars(changes)}, ensure_ascii=False))


@router.post(
    "/photos", summary="Send photos", response_model=Sent, responses=errors(413, 503, 504, 507), openapi_extra=FORM
)
async def send_photos(request: Request, parts: Asked, files: Files) -> Any:
    """Photos that are shown until they are cleared or the server ends; the answer comes when they are scored."""
    parts.workers.check_room(len(files))
    entries = await to_thread.run_sync(_keep, parts, files)
    waiting = [entry for entry in entries if entry.state == "waiting"]
    try:
        futures = parts.service.score([Item(entry.path, parts.source(entry)) for entry in waiting])
        for entry, future in zip(waiting, futures, strict=True):
            future.add_done_callback(partial(_note, parts, entry))
        await finished(request, futures, parts.settings.request_seconds)
    finally:
        _remove(parts, [entry for entry in waiting if entry.state == "waiting"])
    return {"photos": [entry.as_dict() for entry in entries]}


@router.delete("/uploads", summary="Clear photos that were sent", response_model=Removed)
def clear_uploads(parts: Asked) -> Any:
    """All photos that were sent are removed, with their scores and picks."""
    return {"removed": _remove(parts, [entry for entry in parts.album.entries() if entry.upload])}


@router.get("/photos/{id}", summary="One photo", response_model=PhotoFacts, responses=errors(404))
def get_photo(parts: Asked, id: Id) -> Any:
    """A photo of the album and all columns of its row."""
    entry = entry_of(parts, id)
    row = parts.row(entry)
    return {"photo": entry.as_dict(), "row": None if row is None else row.as_dict()}


def _keep(parts: Parts, files: list[UploadFile]) -> list[Entry]:
    """Copies of all files, or none; of one that is too large only its name."""
    kept = list[Entry]()
    try:
        for file in files:
            size, limit = file.size or 0, parts.settings.file_bytes
            id = parts.uploads.add(file.file, size if size <= limit else 0)
            kept.append(parts.album.add_upload(safe_name(file.filename), id))
            if size > limit:
                error = f"{size:,} bytes exceed the limit of {limit:,}"
                parts.album.note(kept[-1], Row(kept[-1].path, kind="too-large", error=error), None)
    except BaseException:
        _remove(parts, kept)
        raise
    return kept


def _note(parts: Parts, entry: Entry, future: Future[Result]) -> None:
    if not future.cancelled() and future.exception() is None:
        parts.album.note(entry, future.result().row, None)


def _remove(parts: Parts, entries: list[Entry]) -> int:
    removed = parts.album.remove(entries)
    for entry in removed:
        parts.uploads.remove(entry.id)
    return len(removed)
