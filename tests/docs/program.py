"""Stands before the real programs in the PATH of a page's blocks, under the name of each (see `write_programs`).

`musiq` runs in the test's own process, whose imports are paid; `pip install` installs nothing, and
`python -m venv FOLDER` makes a folder with these programs. Needs the standard library alone, to start quickly.
"""

import base64
import json
import os
import socket
import sys
from pathlib import Path

NAMES = ("musiq", "pip", "pip3", "python", "python3")


def main():
    """Does what the name asks for."""
    name, arguments = Path(sys.argv[0]).name.rstrip("3"), sys.argv[1:]
    if name == "python" and arguments[:1] == ["-m"] and arguments[1:2] in (["venv"], ["pip"], ["musiq"]):
        name, arguments = arguments[1], arguments[2:]
    if name == "python":
        os.execv(os.environ["DOCS_PYTHON"], [os.environ["DOCS_PYTHON"], *arguments])
    if name == "venv":
        programs = Path(arguments[-1], "bin").absolute()
        write_programs(programs)
        (programs / "activate").write_text(f'PATH="{programs}:$PATH"\n')
    else:
        sys.exit(_ask(name, arguments))


def write_programs(folder):
    """Writes this file into `folder` under each of the names."""
    folder.mkdir(parents=True)
    text = Path(__file__).read_text().removeprefix(f"#!{sys.executable} -IS\n")
    for name in NAMES:
        (folder / name).write_text(f"#!{sys.executable} -IS\n{text}")
        (folder / name).chmod(0o755)


def _ask(name, arguments):
    """The exit code of a command that the test runs; its output goes where ours would."""
    given = sys.stdin.buffer.read() if "-" in arguments else b""
    question = {"name": name, "arguments": arguments, "folder": str(Path.cwd()), "environment": dict(os.environ)}
    question["given"] = base64.b64encode(given).decode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ["DOCS_SOCKET"])
        connection.sendall(json.dumps(question).encode())
        connection.shutdown(socket.SHUT_WR)
        answer = json.loads(b"".join(iter(lambda: connection.recv(1 << 16), b"")))
    for stream, text in ((sys.stdout, answer["output"]), (sys.stderr, answer["errors"])):
        try:
            stream.buffer.write(base64.b64decode(text))
            stream.flush()
        except BrokenPipeError:  # `head` has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return answer["code"]


if __name__ == "__main__":
    main()
