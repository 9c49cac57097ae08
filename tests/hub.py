"""A small hub on localhost: what `snapshot_download` and `push_to_hub` ask of the real one, without its storage."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from musiq.hub import fetch_once

MISSING = {"RepoNotFound": 401, "RevisionNotFound": 404, "EntryNotFound": 404}


class Hub:
    """Repositories by name, each a list of commits by branch or tag; and what was asked.

    Attributes:
        asked: method and path of each request, in order.
        tokens: that came with them.
        down: status of each answer, None for proper ones.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, dict[str, bytes]]] = {}  # name -> commit -> files
        self.refs: dict[str, dict[str, str]] = {}  # name -> branch or tag -> commit
        self.private: dict[str, str] = {}  # name -> token
        self.asked, self.tokens, self.down = list[str](), list[str | None](), None
        self.url = ""

    def commit(self, name: str, files: dict[str, bytes], branch: str = "main") -> str:
        """The new commit of a repository, which has these files and no others."""
        digest = hashlib.sha1(repr((name, sorted(files.items()), len(self.repositories.get(name, ())))).encode())
        commit = digest.hexdigest()
        self.repositories.setdefault(name, {})[commit] = dict(files)
        self.refs.setdefault(name, {})[branch] = commit
        return commit

    def add_folder(self, name: str, folder: Path, inside: str = "", **extra: bytes) -> str:
        """A commit of a folder's files."""
        files = {inside + path.name: path.read_bytes() for path in folder.iterdir()}
        return self.commit(name, files | extra)

    def files(self, name: str, revision: str = "main") -> dict[str, bytes]:
        return self.repositories[name][self.refs[name].get(revision, revision)]


@contextmanager
def connected_hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that this process's library asks instead of the real one, without a login and with an empty cache.

    The library reads its environment when it is imported, so its constants are set here.
    """
    from huggingface_hub import constants

    fetch_once.cache_clear()
    with running_hub() as hub:
        settings = {
            "ENDPOINT": hub.url,
            "HUGGINGFACE_CO_URL_TEMPLATE": f"{hub.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}",
            "HF_HUB_CACHE": str(cache),
            "HF_HUB_OFFLINE": False,
            "HF_TOKEN_PATH": str(cache / "no-login"),
        }
        for name, value in settings.items():
            monkeypatch.setattr(constants, name, value)
        for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield hub
    fetch_once.cache_clear()


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub that answers until the block ends."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle()

    do_HEAD = do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass

    def _handle(self) -> None:
        path = unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        self.hub.asked.append(f"{self.command} {path}")
        self.hub.tokens.append(token)
        if self.hub.down is not None:
            self._answer(b"", self.hub.down)
            return
        parts = path.strip("/").split("/")
        if path == "/api/repos/create":
            self._create(json.loads(body))
        elif path == "/api/validate-yaml":
            self._validate(json.loads(body)["content"])
        elif parts[:2] == ["api", "models"]:
            self._api("/".join(parts[2:4]), parts[4:], body, token)
        elif parts[2:3] == ["resolve"]:
            self._resolve("/".join(parts[:2]), "/".join(parts[3:]), token)
        else:
            self._answer(b"", 404)

    def _create(self, asked: dict) -> None:
        name = f"{asked.get('organization') or 'me'}/{asked['name']}"
        if asked.get("visibility") == "private":
            self.hub.private[name] = "secret"
        if name not in self.hub.repositories:
            self.hub.commit(name, {".gitattributes": b""})
        self._json({"url": f"{self.hub.url}/{name}", "name": name})

    def _validate(self, card: str) -> None:
        """As the real hub does before a push, by the library's reading of cards: a warning fails a test."""
        from huggingface_hub import ModelCard

        header = ModelCard(card).data.to_dict()
        warnings = [] if header.get("license") else [{"message": "empty or missing yaml metadata in repo card"}]
        self._json({"errors": [], "warnings": warnings})

    def _api(self, name: str, rest: list[str], body: bytes, token: str | None) -> None:
        if not self._may_see(name, token):
            return
        action = rest[0] if rest else "revision"
        revision = "/".join(rest[1:]) or "main"
        if action == "preupload":
            asked = json.loads(body)["files"]
            kinds = [{"path": one["path"], "uploadMode": "regular", "shouldIgnore": False} for one in asked]
            self._json({"files": kinds})
            return
        if action == "commit":
            self._commit(name, revision, body)
            return
        commit = self._find(name, revision)
        if commit is None:
            self._missing("RevisionNotFound")
        elif action == "tree":
            self._json(list(map(_entry, self.hub.files(name, commit).items())))
        else:
            siblings = [{"rfilename": path} for path in self.hub.files(name, commit)]
            self._json({"id": name, "sha": commit, "siblings": siblings, "private": False, "tags": [], "downloads": 0})

    def _commit(self, name: str, branch: str, body: bytes) -> None:
        files = dict(self.hub.files(name, branch))
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                assert line["value"]["encoding"] == "base64"
                files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            elif line["key"] == "deletedFile":
                del files[line["value"]["path"]]
        commit = self.hub.commit(name, files, branch)
        self._json({"commitUrl": f"{self.hub.url}/{name}/commit/{commit}", "commitOid": commit, "success": True})

    def _resolve(self, name: str, rest: str, token: str | None) -> None:
        if not self._may_see(name, token):
            return
        commit = next((commit for commit in self.hub.repositories[name] if rest.startswith(f"{commit}/")), None)
        if commit is None:
            self._missing("RevisionNotFound")
            return
        content = self.hub.files(name, commit).get(rest.removeprefix(f"{commit}/"))
        if content is None:
            self._missing("EntryNotFound", {"X-Repo-Commit": commit})
        else:
            self._answer(content, 200, {"X-Repo-Commit": commit, "ETag": f'"{_blob(content)}"'})

    def _find(self, name: str, revision: str) -> str | None:
        commit = self.hub.refs[name].get(revision, revision)
        return commit if commit in self.hub.repositories[name] else None

    def _may_see(self, name: str, token: str | None) -> bool:
        allowed = name in self.hub.repositories and self.hub.private.get(name, token) == token
        if not allowed:
            self._missing("RepoNotFound")
        return allowed

    def _missing(self, what: str, headers: dict[str, str] | None = None) -> None:
        self._answer(b"", MISSING[what], {"X-Error-Code": what, "X-Error-Message": what, **(headers or {})})

    def _json(self, content: object) -> None:
        self._answer(json.dumps(content).encode(), 200, {"Content-Type": "application/json"})

    def _answer(self, content: bytes, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _entry(file: tuple[str, bytes]) -> dict[str, object]:
    path, content = file
    return {"type": "file", "path": path, "size": len(content), "oid": _blob(content)}


def _blob(content: bytes) -> str:
    """Git's name of a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
