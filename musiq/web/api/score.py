"""Scores of photos that are sent, or that lie in the served folder; nothing is kept."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request

from musiq.inputs.item import Item
from musiq.rows import Row
from musiq.runs.engine import Result
from musiq.web.answers import Results, ScoreRow
from musiq.web.api.asking import Asked, errors, folder_of
from musiq.web.api.form import FORM, Files
from musiq.web.api.json_body import described, read
from musiq.web.api.waiting import answered, finished
from musiq.web.carry_out import shown
from musiq.web.folder import check_name
from musiq.web.guard.errors import Refusal
from musiq.web.parts import Parts
from musiq.web.questions import PathsToScore
from musiq.web.spooled import Spooled, given_name, header_text, spooled

router = APIRouter(prefix="/api/score", tags=["score"])
Name = Annotated[str, Field(max_length=4096)]
RAW = {
    "requestBody": {
        "required": True,
        "description": "The encoded photo.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("application/octet-stream", "image/*")
        },
    }
}


@router.post(
    "", summary="Score photos", response_model=Results, responses=errors(413, 503, 504, 507), openapi_extra=FORM
)
async def score_files(request: Request, parts: Asked, files: Files) -> Any:
    """A row per file, in order; a file that cannot be read has `kind` and `error` in its row."""
    items = [Item(given_name(file.filename), Spooled(file.file, parts.settings.file_bytes)) for file in files]
    return {"results": await _rows(request, parts, items)}


@router.post(
    "/image",
    summary="Score one photo",
    response_model=ScoreRow,
    responses=errors(413, 422, 503, 504, 507),
    openapi_extra=RAW,
)
async def score_image(
    request: Request,
    parts: Asked,
    name: Annotated[Name | SkipJsonSchema[None], Query(description="What the row calls it.")] = None,
    x_file_name: Annotated[Name | SkipJsonSchema[None], Header(description="The same, as a header.")] = None,
) -> Any:
    """The photo is the whole body. One that cannot be read is an error: 413 if it is too large, else 422."""
    parts.workers.check_room(1)
    async with spooled(request.stream()) as file:
        item = Item(given_name(name or header_text(x_file_name)), Spooled(file, parts.settings.file_bytes))
        (future,) = parts.service.score([item])
        row = (await answered(request, future, parts.settings.request_seconds)).row
    if row.error is not None:
        raise Refusal(413 if row.kind == "too-large" else 422, row.kind or "damaged", row.error)
    return row.as_dict()


@router.post(
    "/paths",
    summary="Score photos of the folder",
    response_model=Results,
    responses=errors(404, 503, 504),
    openapi_extra=described(PathsToScore),
)
async def score_paths(
    request: Request, parts: Asked, question: Annotated[PathsToScore, Depends(read(PathsToScore))]
) -> Any:
    """A row per path, in order; what is not there has `kind` and `error` in its row."""
    folder = folder_of(parts)
    items = [folder.item(check_name(path)) for path in question.paths]
    return {"results": await _rows(request, parts, items)}


async def _rows(request: Request, parts: Parts, items: list[Item]) -> list[dict[str, Any]]:
    results = await finished(request, parts.service.score(items), parts.settings.request_seconds)
    return [_shown(result.row, parts).as_dict() for result in results if isinstance(result, Result)]


def _shown(row: Row, parts: Parts) -> Row:
    return row if parts.folder is None else shown(row, parts.folder)
