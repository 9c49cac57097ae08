"""A process that writes, for tests that run several or kill it.

    python -m tests.store.writers STORE FIRST LAST

Waits for a line on stdin; puts rows FIRST to LAST, 7 together; says after each seven how many rows it has put.
"""

import sys
from pathlib import Path

from musiq.store import Store
from tests.store.made import STAMP, A, failed, scored

TOGETHER = 7


def entry(index: int):
    """Every fifth is a failure."""
    path = f"{index}.jpg"
    return (failed(path) if index % 5 == 0 else scored(path, index)), A, STAMP


def main(path: Path, first: int, last: int) -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    with Store(path) as store:
        for start in range(first, last, TOGETHER):
            store.put_many(map(entry, range(start, start + TOGETHER)))
            print(start + TOGETHER - first, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
