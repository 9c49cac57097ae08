"""What the routes have in common: the parts that they answer with, and the errors that they may."""

from typing import Annotated, Any

from fastapi import Depends, Path
from starlette.responses import Response

from musiq.web.album import Entry
from musiq.web.answers import Error
from musiq.web.folder import Folder
from musiq.web.guard.errors import Refusal
from musiq.web.parts import Parts, parts_of

Asked = Annotated[Parts, Depends(parts_of)]
Id = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="Of a photo or a job.", examples=["0f1e2d3c4b5a6978"])]
REASONS = {
    404: "There is no such thing.",
    409: "It has ended.",
    413: "It is larger than its limit.",
    422: "It cannot be read as an image, or the question is wrong.",
    503: "The queue is full: ask again (`Retry-After`). Or the server is stopping.",
    504: "It took longer than an answer may take.",
    507: "There is no room for more photos.",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What else an operation may answer."""
    return {status: {"model": Error, "description": REASONS[status]} for status in statuses}


def folder_of(parts: Parts) -> Folder:
    """The served folder; 404 without one."""
    if parts.folder is None:
        raise Refusal(404, "not-found", "this server serves no folder")
    return parts.folder


def entry_of(parts: Parts, id: str) -> Entry:
    """The photo with that id; 404 if there is none, or if it was sent and is cleared."""
    entry = parts.album.get(id)
    if entry is None or (entry.upload and entry.removed):
        raise Refusal(404, "not-found", f"there is no photo {id}")
    return entry


def json_text(content: str) -> Response:
    """An answer that is JSON already."""
    return Response(content.encode(), media_type="application/json")
