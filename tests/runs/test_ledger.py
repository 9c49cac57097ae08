import random
import tracemalloc
from contextlib import closing

from musiq.runs.ledger import Ledger


def test_a_name_is_new_once():
    names = ["a.jpg", "b.jpg", "a.jpg", "A.jpg", "b.jpg", "näh\n.jpg"]
    with closing(Ledger()) as ledger:
        assert [ledger.add(name) for name in names] == [True, True, False, True, False, True]


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
