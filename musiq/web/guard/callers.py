"""Who may ask: only by the server's own names, and from no page of another site."""

import ipaddress
import re

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from musiq.web.guard.errors import error_response
from musiq.web.settings import Settings

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:@/\s]+)(:[0-9]+)?")


class Callers:
    """Refuses requests under a foreign name (DNS rebinding) and those of foreign pages (cross-site requests)."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._names = {*LOOPBACK, *(_bracketed(name) for name in (settings.host, *settings.hosts))}
        self._any_address = settings.host in ("0.0.0.0", "::")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not (match := _HOST.fullmatch(hosts[0].lower())):
            return error_response(400, "bad-request", "the Host header is missing or malformed")
        if not self._is_ours(match[1]):
            reason = "this server is not asked by this name; musiq serve --allow-host adds a name"
            return error_response(403, "forbidden", reason)
        if _is_foreign(scope, headers):
            return error_response(403, "forbidden", "requests of other sites' pages are refused")
        return None

    def _is_ours(self, name: str) -> bool:
        """An address, in contrast to a name, cannot be rebound: no foreign page has it for its own."""
        return name in self._names or (self._any_address and _is_address(name.strip("[]")))


def _is_foreign(scope: Scope, headers: Headers) -> bool:
    site = headers.get("sec-fetch-site", "same-origin")
    if scope["path"] == "/" and scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate":
        return False  # a link to the page
    own = f"{scope['scheme']}://{headers['host']}".lower()
    return site not in ("same-origin", "none") or headers.get("origin", own).lower() != own


def _bracketed(name: str) -> str:
    return f"[{name}]".lower() if ":" in name and not name.startswith("[") else name.lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
