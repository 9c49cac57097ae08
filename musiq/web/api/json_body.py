"""Bodies of JSON: read and checked by a thread, for the largest of them take a while."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from anyio import to_thread
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import Request

from musiq.web.questions import Question

MARKS = 100  # fields, lists and objects: each that is too much is an error, or an object in memory
Asked = TypeVar("Asked", bound=Question)


def read(model: type[Asked]) -> Callable[[Request], Awaitable[Asked]]:
    """A dependency: what a request asks."""

    async def asked(request: Request) -> Asked:
        return await to_thread.run_sync(_checked, model, await request.body())

    return asked


def described(model: type[Question]) -> dict[str, Any]:
    """The body for the reference, which cannot know it from a dependency."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}}


def _checked(model: type[Asked], content: bytes) -> Asked:
    outside = _outside_strings(content)
    if sum(map(outside.count, (b":", b"[", b"{"))) > MARKS:
        raise RequestValidationError([_fault((), f"more than {MARKS} fields, lists and objects")])
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([_fault(fault["loc"], fault["msg"]) for fault in faults]) from error


def _outside_strings(content: bytes) -> bytes:
    return b"".join(content.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])


def _fault(place: tuple[int | str, ...], reason: str) -> dict[str, Any]:
    return {"loc": ("body", *place), "msg": reason}
