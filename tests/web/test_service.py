import threading
import time
from concurrent.futures import CancelledError, Future

import pytest

from musiq.inputs.item import Held, Item
from musiq.rows import Row
from musiq.runs.engine import Result
from musiq.web.guard.errors import QueueFull, ShuttingDown
from musiq.web.service import AHEAD, JobCancelledError, Service
from musiq.web.workers import Workers


@pytest.fixture
def workers():
    """Makes workers, one of them unless more are asked for, that end with the test."""
    made = []

    def make(count: int = 1, length: int = 3) -> Workers:
        made.append(Workers("test", count, length))
        return made[-1]

    yield make
    for one in made:
        one.close(1)


class Gate:
    """Work that lasts until it is let go."""

    def __init__(self, workers: Workers) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        (self.future,) = workers.submit([self.work])
        assert self.begun.wait(5)

    def work(self) -> str:
        self.begun.set()
        assert self.go.wait(5)
        return "passed"


def test_urgent_work_comes_first_and_in_order(workers):
    one, done = workers(), []
    gate = Gate(one)
    for name in ("batch 1", "batch 2"):
        one.submit_batch(lambda name=name: done.append(name))
    futures = one.submit([lambda name=name: done.append(name) for name in ("urgent 1", "urgent 2")])
    last = one.submit_batch(lambda: done.append("batch 3"))
    gate.go.set()
    for future in (*futures, last):
        future.result(5)
    assert done == ["urgent 1", "urgent 2", "batch 1", "batch 2", "batch 3"]
    assert gate.future.result() == "passed"


def test_the_queue_takes_all_or_nothing(workers):
    one = workers(length=3)
    gate = Gate(one)
    first = one.submit([int, int])
    with pytest.raises(QueueFull) as refused:
        one.submit([int, int])
    assert (refused.value.status_code, refused.value.headers) == (503, {"Retry-After": "1"})
    assert one.waiting == 2
    first += one.submit([int])
    for _ in range(20):
        one.submit_batch(int)  # takes no urgent place
    gate.go.set()
    assert [future.result(5) for future in first] == [0, 0, 0]


def test_more_than_fits_is_taken_when_nothing_waits(workers):
    one = workers(length=3)
    assert [future.result(5) for future in one.submit([int] * 10)] == [0] * 10


def test_who_leaves_gives_the_place_back_and_is_not_served(workers):
    one, done = workers(length=2), []
    gate = Gate(one)
    first, second = one.submit([lambda: done.append("first"), lambda: done.append("second")])
    assert first.cancel()
    assert one.waiting == 1
    (third,) = one.submit([lambda: done.append("third")])
    gate.go.set()
    third.result(5)
    assert done == ["second", "third"]
    assert not second.cancel()


def test_an_error_is_the_futures_and_the_thread_goes_on(workers):
    one = workers()
    bad, good = one.submit([lambda: 1 / 0, int])
    with pytest.raises(ZeroDivisionError):
        bad.result(5)
    assert good.result(5) == 0


def test_the_end_lets_urgent_work_finish(workers):
    one = workers(length=9)
    gate = Gate(one)
    urgent, batch = one.submit([lambda: "urgent"])[0], one.submit_batch(lambda: "batch")
    one.stop()
    assert batch.cancelled()
    for submit in (lambda: one.submit([int]), lambda: one.submit_batch(int)):
        with pytest.raises(ShuttingDown):
            submit()
    gate.go.set()
    one.close(5)
    assert (gate.future.result(), urgent.result()) == ("passed", "urgent")


def test_the_end_does_not_wait_for_ever(workers):
    one = workers()
    gate = Gate(one)
    (left,) = one.submit([int])
    started = time.monotonic()
    one.close(0.2)
    assert time.monotonic() - started < 2
    with pytest.raises(CancelledError):
        left.result()
    gate.go.set()


class Engine:
    """Says which items it got; those named `slow` wait until they are let go, and `bad` ones fail."""

    scoring = None

    def __init__(self) -> None:
        self.got, self.go = list[str](), threading.Event()

    def result(self, item: Item) -> Result:
        self.got.append(item.name)
        if item.name == "slow":
            self.go.wait(5)
        return Result(Row(item.name, kind="damaged", error="bad") if item.name == "bad" else Row(item.name, 1.0))


def items(*names: str) -> list[Item]:
    return [Item(name, Held(b"")) for name in names]


def test_a_job_has_its_results_in_order_and_counted(workers):
    service = Service(Engine(), workers(2))
    names = [*"abcdefghij", "bad"]
    assert [result.row.path for result in service.batch(items(*names), threading.Event())] == names
    assert service.outcomes == {"scored": 10, "damaged": 1}


def test_a_job_goes_only_a_little_ahead(workers):
    taken = []
    service = Service(Engine(), workers(2))
    results = service.batch((taken.append(item) or item for item in items(*map(str, range(100)))), threading.Event())
    next(results)
    assert len(taken) == AHEAD * 2 + 1
    results.close()


def test_a_cancelled_job_waits_for_nothing(workers):
    engine, cancelled = Engine(), threading.Event()
    service = Service(engine, workers())
    threading.Timer(0.1, cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(JobCancelledError):
        list(service.batch(items("slow", *map(str, range(50))), cancelled))
    assert time.monotonic() - started < 1
    engine.go.set()
    assert engine.got == ["slow"]


def test_a_job_ends_with_the_image_in_work_when_the_server_does(workers):
    engine, one = Engine(), workers()
    service = Service(engine, one)
    results, there = service.batch(items("slow", *map(str, range(50))), threading.Event()), Future()
    threading.Thread(target=lambda: there.set_result([result.row.path for result in results])).start()
    while not engine.got:
        time.sleep(0.01)
    one.stop()
    engine.go.set()
    assert there.result(5) == engine.got == ["slow"]
