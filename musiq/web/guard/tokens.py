"""The token, where the server has one: in a header, or in a cookie that a browser gets for it."""

import hashlib
import hmac
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from musiq.web.guard.errors import error_response

OPEN = ("/healthz", "/readyz")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="musiq"'}
_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>musiq: a token is needed</title>
<h1>This page needs a token</h1>
<p>Open the address that <code>musiq serve</code> printed, or put the token at the end of this one:
<code>/?token=...</code></p>
<p>You came from another page, and gave it before? <a href="/">Open the page again.</a></p>
</html>
"""


class Tokens:
    """Refuses requests without the token; without one to ask for, none."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = None if token is None else token.encode()
        self._cookie = hashlib.sha256(b"musiq cookie " + (self._token or b"")).hexdigest()
        self._name = f"musiq-{self._cookie[:8]}"  # servers on other ports of a machine share its cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answer(scope) if scope["type"] == "http" else None
        await (answer or self._app)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response | None:
        """None for a request that may pass."""
        if self._token is None or scope["path"] in OPEN:
            return None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token") if scope["path"] == "/" else None
        if given and self._is_token(given[0]):
            return self._welcome(scope)
        headers = Headers(scope=scope)
        if self._has_header(headers) or self._has_cookie(headers):
            return None
        if scope["path"] == "/" and "text/html" in headers.get("accept", ""):
            return HTMLResponse(_PAGE, 401, _CHALLENGE)
        return error_response(401, "unauthorized", "a token is needed: Authorization: Bearer TOKEN", _CHALLENGE)

    def _welcome(self, scope: Scope) -> Response:
        """The page again, by an address without the token."""
        answer = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
        secure = scope["scheme"] == "https"
        answer.set_cookie(self._name, self._cookie, httponly=True, samesite="strict", secure=secure)
        return answer

    def _has_header(self, headers: Headers) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self._is_token(token.strip())

    def _has_cookie(self, headers: Headers) -> bool:
        given = cookie_parser(headers.get("cookie", "")).get(self._name, "")
        return hmac.compare_digest(given.encode(), self._cookie.encode())

    def _is_token(self, given: str) -> bool:
        return self._token is not None and hmac.compare_digest(given.encode(), self._token)
