import asyncio
import itertools
import re
import socket
import sys
import time

import pytest

from benchmarks import serve

SAYS = """#!{python}
import pathlib, sys, time
print("http://127.0.0.1:7/", file=sys.stderr, flush=True)
sys.stderr.write("x" * 1_000_000)
pathlib.Path({done!r}).touch()
time.sleep(20)
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Makes a program be what the benchmark starts."""

    def make(text):
        path = tmp_path / "program"
        path.write_text(text)
        path.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(path))

    return make


def test_a_server_that_says_much_goes_on(program, tmp_path, capfd):
    done, deadline = tmp_path / "done", time.monotonic() + 5
    program(SAYS.format(python=sys.executable, done=str(done)))
    with serve.server([]) as (port, _):
        assert port == 7
        while not done.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert len(capfd.readouterr().err) > 1_000_000


def test_a_server_that_does_not_start_says_why(program, capfd):
    program("#!/bin/sh\necho no such folder >&2\nexit 2\n")
    with pytest.raises(RuntimeError, match=re.escape("it ended with 2")), serve.server([]):
        pass
    assert capfd.readouterr().err == "no such folder\n"


def test_a_server_that_is_gone_is_an_error_of_the_report():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    seen = serve.Seen()
    asyncio.run(serve._client(port, itertools.repeat(b"photo"), time.monotonic() + 0.2, seen))
    assert set(seen.errors) == {"connection"}
