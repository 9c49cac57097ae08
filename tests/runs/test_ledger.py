import random
import tracemalloc
from contextlib import closing

from musiq.rows import Row
from musiq.runs.ledger import Ledger


def test_a_name_is_new_once():
    names = ["a.jpg", "b.jpg", "a.jpg", "A.jpg", "b.jpg", "näh\n.jpg"]
    with closing(Ledger()) as ledger:
        assert [ledger.add(name) for name in names] == [True, True, False, True, False, True]


def test_rows_of_earlier_runs_are_known():
    row = Row("a.jpg", bytes=5, content="00" * 16, time="2026-01-01T00:00:00+00:00", kind="damaged")
    with closing(Ledger()) as ledger:
        ledger.add_row(row)
        ledger.add_row(Row("b.jpg"))
        assert [ledger.add(name) for name in ("a.jpg", "b.jpg", "c.jpg")] == [False, False, True]
        assert [ledger.find_row(name) for name in ("a.jpg", "b.jpg", "c.jpg")] == [row, Row("b.jpg"), None]


def test_it_agrees_with_a_set():
    rng, seen = random.Random(0), set[str]()
    with closing(Ledger()) as ledger:
        for _ in range(5000):
            name = str(rng.randrange(3000))
            assert ledger.add(name) == (name not in seen)
            seen.add(name)


def test_memory_does_not_grow_with_the_names():
    def peak(count: int) -> int:
        tracemalloc.start()
        with closing(Ledger()) as ledger:
            for number in range(count):
                ledger.add(f"folder/{number}.jpg")
            size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    assert peak(20_000) < peak(1000) + 50_000
