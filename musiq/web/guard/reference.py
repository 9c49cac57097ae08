"""The reference of the API at /docs, without a file of another host, and what the guard answers as a part of it."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.responses import FileResponse, HTMLResponse, Response

from musiq.errors import MissingExtraError
from musiq.web.answers import Error
from musiq.web.guard.errors import error_response
from musiq.web.guard.headers import REFERENCE_POLICY

FILES = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>musiq: the HTTP API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="reference"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
"""
_START = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#reference", deepLinking: true, validatorUrl: null});\n'
ANY = {
    "400": "The request is malformed.",
    "401": "A token is needed.",
    "403": "Asked by a foreign name, or by a page of another site.",
}
WITH_BODY = {
    "408": "The body came too slowly.",
    "413": "The body, or a file in it, is larger than its limit.",
    "415": "The body has another type.",
}
WITH_INPUT = {"422": "A value is missing or wrong; the reason names it."}


def add_reference(app: FastAPI) -> None:
    """Adds /docs, its files, and the errors of the guard to /openapi.json."""
    app.add_api_route("/docs", _page, include_in_schema=False)
    app.add_api_route("/docs/start.js", _start, include_in_schema=False)
    app.add_api_route("/docs/{name}", _file, include_in_schema=False)
    described = app.openapi

    def with_errors() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _with_errors(described())
        return app.openapi_schema

    app.openapi = with_errors  # type: ignore[method-assign]


async def _page() -> Response:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": REFERENCE_POLICY})


async def _start() -> Response:
    return Response(_START, media_type="text/javascript")


async def _file(name: str) -> Response:
    if name not in FILES:
        return error_response(404, "not-found", "there is nothing at this address")
    return FileResponse(_folder() / name, media_type=FILES[name])


def _folder() -> Path:
    """Where Swagger UI's files are: of a package that brings them, which is not imported."""
    found = find_spec("fastapi_offline")
    if found is None or found.origin is None:
        raise MissingExtraError("the reference at /docs", "web")
    return Path(found.origin).parent / "static"


def _with_errors(schema: dict[str, Any]) -> dict[str, Any]:
    """Every operation with the errors that the guard may answer, all of one shape."""
    parts = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        parts.pop(name, None)
    error = Error.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    parts |= error.pop("$defs") | {"Error": error}
    for path in schema["paths"].values():
        for operation in path.values():
            errors = ANY | (WITH_BODY if "requestBody" in operation else {})
            if "requestBody" in operation or "parameters" in operation:
                errors |= WITH_INPUT
            for status, description in errors.items():
                _add(operation["responses"], status, description)
    return schema


def _add(responses: dict[str, Any], status: str, description: str) -> None:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    known = responses.get(status, {})
    if "HTTPValidationError" in str(known) or not known.get("content"):
        responses[status] = {"description": known.get("description", description), "content": content}
