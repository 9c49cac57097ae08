"""Pictures of a photo: small ones, the photo itself, where it is good, and what was taken with it."""

import json
from concurrent.futures import Future
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from musiq.decode.worker import Preview
from musiq.errors import ImageError
from musiq.inputs.item import Item
from musiq.web.album import Entry
from musiq.web.answers import Burst, QualityMaps
from musiq.web.api.asking import Asked, Id, entry_of, errors, json_text
from musiq.web.api.waiting import answered, finished, unreadable
from musiq.web.burst import BESIDE, LOOK_PX, Look, burst_of
from musiq.web.originals import Original, open_original
from musiq.web.parts import Parts
from musiq.web.previews import Wish

router = APIRouter(prefix="/api/photos/{id}", tags=["photos"])
LARGEST_PX = 8192
Px = Annotated[int, Field(ge=160, le=LARGEST_PX)]
KEEP = {"Cache-Control": "private, no-cache"}  # by the browser, which asks each time whether it is still so
BINARY = {"schema": {"type": "string", "format": "binary"}}
JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": BINARY}, "description": "The picture."},
    304: {"description": "The client has it (`If-None-Match`)."},
}
SHOWN: dict[int | str, dict[str, Any]] = {**JPEG, 200: {"content": {"image/*": BINARY}, "description": "The picture."}}
UNREADABLE = errors(404, 413, 422, 503, 504)


@router.get("/thumbnail", summary="A small picture", response_class=Response, responses=JPEG | UNREADABLE)
async def get_thumbnail(
    request: Request, parts: Asked, id: Id, px: Annotated[int, Query(ge=160, le=1024, description="Longer side.")] = 320
) -> Response:
    """Upright and in sRGB; a smaller photo stays as small as it is."""
    return await _picture(request, parts, entry_of(parts, id), px)


@router.get("/image", summary="The photo itself", response_class=Response, responses=SHOWN | UNREADABLE)
async def get_image(
    request: Request,
    parts: Asked,
    id: Id,
    px: Annotated[Px | SkipJsonSchema[None], Query(description="Longer side of a JPEG instead.")] = None,
) -> Response:
    """The file where browsers show its format (JPEG, PNG, WebP, GIF, AVIF), else a JPEG of at most 8192 pixels."""
    entry = entry_of(parts, id)
    if px is not None:
        return await _picture(request, parts, entry, px)
    original = await _named(entry, parts)
    if original.media_type is None:
        original.file.close()
        return await _picture(request, parts, entry, LARGEST_PX)
    headers = {**KEEP, "ETag": f'"{Wish((id, original.stamp), 0).tag}"', "Content-Length": str(original.stamp.bytes)}
    if _has(request, headers["ETag"]):
        original.file.close()
        return Response(status_code=304, headers={**KEEP, "ETag": headers["ETag"]})
    return StreamingResponse(original.chunks(), headers=headers, media_type=original.media_type)


@router.get("/maps", summary="Where it is good", response_model=QualityMaps, responses=UNREADABLE)
async def get_maps(request: Request, parts: Asked, id: Id) -> Response:
    """Scores of parts of the photo, at several sizes, by the network itself."""
    entry = entry_of(parts, id)
    identity = await to_thread.run_sync(parts.identity, entry)
    future = parts.maps.ask(identity, Item(entry.path, parts.source(entry)))
    return json_text(json.dumps(await answered(request, future, parts.settings.request_seconds)))


@router.get("/burst", summary="What was taken with it", response_model=Burst, responses=errors(404, 503, 504))
async def get_burst(request: Request, parts: Asked, id: Id) -> Any:
    """Of the photos beside it in its folder those of the same burst, and those that look nearly the same."""
    entry = entry_of(parts, id)
    near = await to_thread.run_sync(parts.album.beside, entry, BESIDE)
    beside = [one for one in near if one.state == "scored"]
    futures = [await _ask(parts, one, LOOK_PX) for one in beside]
    previews = await finished(request, futures, parts.settings.request_seconds)
    pairs = zip(beside, previews, strict=True)
    looks = [Look(one, preview) for one, preview in pairs if not isinstance(preview, ImageError)]
    higher = parts.scorer.checkpoint.score_range.higher_is_better
    return {"ids": await to_thread.run_sync(burst_of, entry, looks, higher)}


async def _picture(request: Request, parts: Parts, entry: Entry, px: int) -> Response:
    wish = await _wish(parts, entry, px)
    headers = {**KEEP, "ETag": f'"{wish.tag}"'} if wish.lasting else dict(KEEP)
    if wish.lasting and _has(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    future = parts.previews.ask(wish, Item(entry.path, parts.source(entry)))
    preview = await answered(request, future, parts.settings.request_seconds)
    return Response(preview.jpeg, media_type="image/jpeg", headers=headers)


async def _wish(parts: Parts, entry: Entry, px: int) -> Wish:
    """A photo of the folder without a stamp is gone, or is about to be another."""
    stamp = await to_thread.run_sync(parts.source(entry).stamp)
    return Wish((entry.id, stamp), px, entry.upload or stamp is not None)


async def _ask(parts: Parts, entry: Entry, px: int) -> Future[Preview]:
    return parts.previews.ask(await _wish(parts, entry, px), Item(entry.path, parts.source(entry)))


async def _named(entry: Entry, parts: Parts) -> Original:
    try:
        return await to_thread.run_sync(open_original, parts.source(entry))
    except ImageError as error:
        raise unreadable(ImageError(f"{entry.path}: {error}", error.kind)) from error


def _has(request: Request, tag: str) -> bool:
    """Whether the client says that it has this one."""
    given = request.headers.get("if-none-match", "")
    return given.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in given.split(","))
