"""Files of a form: on the disk as they come, and no more of them than a request may hold."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from musiq.web.api.asking import Asked
from musiq.web.guard.errors import Refusal
from musiq.web.spooled import not_kept

FIELDS = 8  # that are no files; nobody needs one
FIELD_BYTES = 4096
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "contentMediaType": "application/octet-stream"},
                            "description": "Photos.",
                        }
                    },
                }
            }
        },
    }
}


class _Parser(MultiPartParser):
    spool_max_size = 1 << 16  # bytes of a file that are held; of a larger one none


async def sent_files(request: Request, parts: Asked) -> AsyncIterator[list[UploadFile]]:
    """The files of a request, open until its answer; nothing is read where there is no room for one of them."""
    parts.workers.check_room(1)
    form = await _form(request, parts.settings.files_per_request)
    try:
        sent = form.getlist("files")
        files = [one for one in sent if isinstance(one, UploadFile)]
        if not files or len(files) < len(sent):
            raise Refusal(422, "invalid", "body.files: one file or more, each with a name")
        yield files
    finally:
        await form.close()


Files = Annotated[list[UploadFile], Depends(sent_files)]


async def _form(request: Request, most: int) -> FormData:
    if not request.headers.get("content-type"):
        return FormData()
    limits: dict[str, Any] = {"max_files": most, "max_fields": FIELDS, "max_part_size": FIELD_BYTES}
    try:
        return await _Parser(request.headers, request.stream(), **limits).parse()
    except MultiPartException as error:
        if error.message.startswith("Too many files"):
            raise Refusal(413, "too-large", f"a request may hold {most} files") from error
        raise Refusal(400, "bad-request", error.message) from error
    except OSError as error:
        raise not_kept(error) from error
