"""The HTTP server under load: errors, latencies, memory, and its throughput beside that of `musiq score`.

    python -m benchmarks.serve PHOTOS [--clients 64] [--seconds 60] [--photos 200]

PHOTOS is a folder; its first photos are posted in turn, by clients that each wait for their answer, to a server that
keeps nothing. The command line scores the same photos before and after, in the same session.
"""

import argparse
import asyncio
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.process import run_command
from musiq.inputs.expand import Inputs
from musiq.inputs.item import File

MEMORY_EVERY_S = 15.0
READY = re.compile(r"http://127\.0\.0\.1:(\d+)/")


@dataclass
class Seen:
    """What the clients saw.

    Attributes:
        seconds: until each score.
        in_time: scores that came before the end; the last of those that were sent came after it.
    """

    in_time: int = 0
    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)


@contextmanager
def server(options: Sequence[str]) -> Iterator[tuple[int, int]]:
    """A server of its own on a free port: its port and its process."""
    command = [sys.executable, "-m", "musiq", "serve", "--port", "0", *options]
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "stderr"  # a pipe would be full some time, and the server wait
        with said.open("w") as file, subprocess.Popen(command, stderr=file) as process:
            try:
                yield _port(process, said), process.pid
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait()
                print(said.read_text(), file=sys.stderr, end="")


def _port(process: subprocess.Popen[bytes], said: Path) -> int:
    """The port, once the server says it."""
    while process.poll() is None:
        if ready := READY.search(said.read_text()):
            return int(ready[1])
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: it ended with {process.returncode}")


async def load(port: int, process: int, photos: Sequence[bytes], clients: int, seconds: float) -> Seen:
    """So many clients post for so long, and wait for the answers to what they have posted."""
    seen, turn = Seen(), itertools.cycle(photos)
    end = time.monotonic() + seconds
    watch = asyncio.create_task(_watch_memory(process, seen))
    await asyncio.gather(*(_client(port, turn, end, seen) for _ in range(clients)))
    watch.cancel()
    return seen


async def _client(port: int, turn: Iterator[bytes], end: float, seen: Seen) -> None:
    writer: asyncio.StreamWriter | None = None
    while (started := time.monotonic()) < end:
        photo = next(turn)
        about = f"Host: 127.0.0.1:{port}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(photo)}\r\n\r\n"
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"POST /api/score/image HTTP/1.1\r\n{about}".encode() + photo)
            await writer.drain()
            status, answer = await _answer(reader)
        except (OSError, EOFError):
            seen.errors["connection"] += 1
            await asyncio.sleep(0.1 if writer is None else 0)
            writer = None
            continue
        if status == 200:
            seen.seconds.append(time.monotonic() - started)
            seen.in_time += time.monotonic() < end
        else:
            seen.errors[f"{status} {json.loads(answer)['error']['kind']}"] += 1
            await asyncio.sleep(1 if status == 503 else 0)  # as Retry-After asks for
    if writer is not None:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    assert length is not None
    return int(head.split()[1]), await reader.readexactly(int(length[1]))


async def _watch_memory(process: int, seen: Seen) -> None:
    while True:
        seen.memory.append(sum(map(_held, _family(process))))
        await asyncio.sleep(MEMORY_EVERY_S)


def _family(process: int) -> list[int]:
    """A process and its children, theirs included."""
    try:
        tasks = [path.read_text() for path in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:  # it ended meanwhile
        return []
    children = [int(child) for text in tasks for child in text.split()]
    return [process, *(one for child in children for one in _family(child))]


def _held(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def command_rate(names: Sequence[str], folder: Path, options: Sequence[str]) -> float:
    """Photos a second of `musiq score`, without what it takes to start."""
    seconds = []
    for some in (names[:1], names):
        listed = folder / "photos.lst"
        listed.write_text("".join(f"{name}\n" for name in some))
        command = [sys.executable, "-m", "musiq", "score", str(listed), "--quiet", "--format", "csv", *options]
        seconds.append(run_command(command).seconds)
    return (len(names) - 1) / (seconds[1] - seconds[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="PHOTOS")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--checkpoint", default="default")
    options = parser.parse_args()
    items = [item for item in Inputs((str(options.folder),)) if isinstance(item.source, File)]
    names = [str(Path(item.name).resolve()) for item in items[: options.photos]]
    photos = [Path(name).read_bytes() for name in names]
    scoring = ("--checkpoint", options.checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        rates = [command_rate(names, Path(folder), scoring)]
        with server(scoring) as (port, process):
            seen = asyncio.run(load(port, process, photos, options.clients, options.seconds))
        rates.append(command_rate(names, Path(folder), scoring))
    _report(seen, options.seconds, sum(rates) / len(rates))


def _report(seen: Seen, seconds: float, command: float) -> None:
    full = seen.errors.pop("503 queue-full", 0)
    half, most = np.percentile(seen.seconds, (50, 99)) if seen.seconds else (0.0, 0.0)
    rate, errors = seen.in_time / seconds, ", ".join(f"{count} {name}" for name, count in seen.errors.items())
    columns = (f"{len(seen.seconds):,}", full, errors or 0, f"{half:.2f} s", f"{most:.2f} s", f"{rate:.2f}")
    print("| requests | queue full | other errors | p50 | p99 | photos a second | of the command's |")
    print("|---|---|---|---|---|---|---|")
    print(f"| {' | '.join(map(str, columns))} | {rate / command:.0%} |")
    print(f"\nmusiq score: {command:.2f} photos a second")
    print(f"memory every {MEMORY_EVERY_S:.0f} s: {', '.join(f'{size / 1e6:.0f}' for size in seen.memory)} MB")


if __name__ == "__main__":
    main()
