"""Runs a page's blocks: shell in bash, whose `musiq` is this process, and Python here."""

import base64
import contextlib
import doctest
import io
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import matplotlib

from musiq.cli import main
from tests.docs.blocks import Block
from tests.docs.extras import wrong_packages

BLOCK_S, SERVER_S = 300, 60
PORT = 8000  # what pages say; blocks get a free one
CURL = "silent\nshow-error\nfail-with-body\nretry-connrefused\nretry = 5\n"


class BlockError(AssertionError):
    """A block failed."""


class Desk:
    """One page's folder, names, variables and server."""

    def __init__(self, scene: Path) -> None:
        self.scene = scene
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._server: subprocess.Popen[bytes] | None = None
        self._port = _free_port()
        (scene / ".curlrc").write_text(CURL)

    def run(self, block: Block) -> str:
        """What the block prints, on either stream where it is for the shell.

        Raises:
            BlockError: it failed; page, line and output stand in the message.
        """
        text = block.text.replace(f"127.0.0.1:{PORT}", f"127.0.0.1:{self._port}")
        return self._run_shell(block, text) if block.language == "sh" else self._run_python(block, text)

    def close(self) -> None:
        """Ends the server."""
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.wait(SERVER_S)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
            self._server = None

    def _run_python(self, block: Block, text: str) -> str:
        session = block.language == "pycon"
        source = "".join(example.source for example in doctest.DocTestParser().get_examples(text)) if session else text
        code = compile("\n" * (block.line - 1) * (not session) + source, block.page, "exec")
        with _as_user(self.scene, self._environment()), _captured(b"") as (output, _):
            exec(code, self._names)
            return output()

    def _run_shell(self, block: Block, text: str) -> str:
        trap = f"trap 'echo \"{block.page}:$((LINENO + {block.line - 1})): $BASH_COMMAND\"' ERR"
        script = f"set -eE -o pipefail; {trap}; {text}"
        with tempfile.TemporaryDirectory(prefix="musiq-") as folder, socket.socket(socket.AF_UNIX) as door:
            door.bind(f"{folder}/door")
            door.listen()
            environment = self._environment() | {"DOCS_SOCKET": f"{folder}/door"}
            with open(f"{folder}/output", "w+b") as output:
                shell = subprocess.Popen(
                    ["bash", "-c", script],
                    cwd=self.scene,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
                try:
                    self._serve_shell(shell, door)
                finally:
                    shell.kill()
                    shell.wait()
                output.seek(0)
                said = output.read().decode(errors="replace")
        if shell.returncode:
            raise BlockError(f"{block.where}: exit {shell.returncode}\n{said}")
        return said

    def _serve_shell(self, shell: subprocess.Popen[bytes], door: socket.socket) -> None:
        """Runs the commands that a shell asks for until it ends."""
        until = time.monotonic() + BLOCK_S
        while shell.poll() is None:
            if time.monotonic() > until:
                return
            if select.select([door], [], [], 0.01)[0]:
                with door.accept()[0] as caller:
                    question = json.loads(b"".join(iter(lambda: caller.recv(1 << 16), b"")))
                    answer = json.dumps(self._answer(**question)).encode()
                    with contextlib.suppress(BrokenPipeError):  # of a shell that has been ended meanwhile
                        caller.sendall(answer)

    def _answer(self, name: str, arguments: list[str], folder: str, environment: dict, given: str) -> dict[str, Any]:
        if name == "pip":
            faults = wrong_packages(arguments)
            return _answered(bool(faults), errors="\n".join(faults))
        if arguments[:1] == ["serve"]:
            return self._start_server(arguments, folder, environment)
        with _as_user(Path(folder), environment), _captured(base64.b64decode(given)) as (output, errors):
            code = _call(arguments)
            return _answered(code, output(), errors())

    def _start_server(self, arguments: list[str], folder: str, environment: dict) -> dict[str, Any]:
        """Starts it in place of the one before, as in another terminal, and waits until it listens."""
        self.close()
        said = self.scene / ".server"
        with open(said, "wb") as file:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "musiq", *arguments, "--port", str(self._port)],
                cwd=folder,
                env=environment,
                stderr=file,
            )
        until = time.monotonic() + SERVER_S
        while "Ctrl-C stops it" not in said.read_text():
            if self._server.poll() is not None or time.monotonic() > until:
                return _answered(self._server.poll() or 1, errors=said.read_text())
            time.sleep(0.02)
        return _answered(0, errors=said.read_text())

    def _environment(self) -> dict[str, str]:
        path = [str(self.scene / ".programs"), str(Path(sys.executable).parent), os.environ["PATH"]]
        return os.environ | {
            "PATH": os.pathsep.join(path),
            "HOME": str(self.scene),
            "PWD": str(self.scene),
            "BROWSER": "true",
            "DOCS_PYTHON": sys.executable,
            "MPLCONFIGDIR": matplotlib.get_cachedir(),
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }


def _call(arguments: list[str]) -> int:
    """The exit code of a command line."""
    with patch.object(sys, "argv", ["musiq", *arguments]):
        try:
            main()
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
        except Exception:  # Python would print it and end with 1, too; a warning is one here
            traceback.print_exc()
            return 1
    return 0


def _answered(code: int, output: str = "", errors: str = "") -> dict[str, Any]:
    output, errors = (base64.b64encode(text.encode()).decode() for text in (output, errors))
    return {"code": int(code), "output": output, "errors": errors}


@contextlib.contextmanager
def _as_user(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with contextlib.chdir(folder), patch.dict(os.environ, environment, clear=True):
        yield


@contextlib.contextmanager
def _captured(given: bytes) -> Iterator[tuple]:
    """This process's streams as files; yields what reads output and errors so far."""
    streams = [io.TextIOWrapper(io.BytesIO(part), encoding="utf-8") for part in (given, b"", b"")]

    def reader(stream: io.TextIOWrapper):
        def read() -> str:
            stream.flush()
            return stream.buffer.getvalue().decode()

        return read

    with patch.multiple(sys, stdin=streams[0], stdout=streams[1], stderr=streams[2]):
        yield tuple(reader(stream) for stream in streams[1:])


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
