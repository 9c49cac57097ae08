"""Decisions, and files to take away."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response, StreamingResponse

from musiq.rows import Row
from musiq.web.album import Entry, Pick
from musiq.web.answers import Changed, Photo
from musiq.web.api.asking import Asked, Id, entry_of, errors
from musiq.web.api.json_body import described, read
from musiq.web.export import csv_lines, json_lines, sidecars
from musiq.web.parts import Parts
from musiq.web.questions import ExportWanted, ManyPicks, OnePick

router = APIRouter(prefix="/api", tags=["picks"])
CHUNK = 1 << 16  # characters that are sent at once
FILES = {
    "csv": ("musiq.csv", "text/csv"),
    "json": ("musiq.json", "application/json"),
    "xmp": ("musiq-xmp.zip", "application/zip"),
}
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.put(
    "/photos/{id}/pick",
    summary="Pick or reject a photo",
    response_model=Photo,
    responses=errors(404),
    openapi_extra=described(OnePick),
)
def pick_photo(parts: Asked, id: Id, question: Annotated[OnePick, Depends(read(OnePick))]) -> Any:
    """Picks of the folder's photos are kept with their scores, those of photos that were sent as long as these."""
    entry = entry_of(parts, id)
    _pick(parts, [entry], question.pick)
    return entry.as_dict()


@router.put(
    "/picks",
    summary="Pick or reject photos",
    response_model=Changed,
    responses=errors(404),
    openapi_extra=described(ManyPicks),
)
def pick_photos(parts: Asked, question: Annotated[ManyPicks, Depends(read(ManyPicks))]) -> Any:
    """How many had another pick before; none is changed where one is not there."""
    return {"changed": _pick(parts, [entry_of(parts, id) for id in dict.fromkeys(question.ids)], question.pick)}


@router.post(
    "/export",
    summary="Take away rows, picks, sidecars",
    response_class=Response,
    responses=FILE | errors(404),
    openapi_extra=described(ExportWanted),
)
def export(parts: Asked, question: Annotated[ExportWanted, Depends(read(ExportWanted))]) -> Response:
    """CSV or JSON: the columns of a row and `pick`. XMP: a sidecar per photo, with stars by its band; a reject has -1.

    Photos come in the order of their ids, else in that of their folders and names; those that wait have no row."""
    if question.ids is None:
        entries = sorted(parts.album.entries(), key=lambda entry: (entry.upload, entry.folder, entry.path))
    else:
        entries = [entry_of(parts, id) for id in question.ids]
    name, media_type = FILES[question.format]
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(_content(parts, question.format, entries), headers=headers, media_type=media_type)


def _pick(parts: Parts, entries: list[Entry], pick: Pick | None) -> int:
    with parts.picking:  # the store first: what cannot be kept is not shown
        if (folder := parts.folder) is not None:
            parts.state.put_picks((folder.whole(entry.path) for entry in entries if not entry.upload), pick)
        return len(parts.album.pick(entries, pick))


def _content(parts: Parts, format: str, entries: list[Entry]) -> Iterator[bytes]:
    if format == "xmp":
        return sidecars(entries, parts.scorer.checkpoint.score_range.higher_is_better)
    return _chunks((csv_lines if format == "csv" else json_lines)(_rows(parts, entries)))


def _rows(parts: Parts, entries: list[Entry]) -> Iterator[tuple[Row, Pick | None]]:
    for entry in entries:
        yield parts.row(entry) or Row(entry.path), entry.pick


def _chunks(lines: Iterable[str]) -> Iterator[bytes]:
    text, size = list[str](), 0
    for line in lines:
        text.append(line)
        size += len(line)
        if size > CHUNK:
            yield "".join(text).encode()
            text, size = [], 0
    yield "".join(text).encode()
