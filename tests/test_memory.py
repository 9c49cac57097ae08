import threading

import pytest

from musiq.memory import Budget, format_bytes, machine_bytes, parse_bytes, process_bytes

LONG = 10  # seconds that a test waits for what must happen
SHORT = 0.05  # seconds that it watches for what must not


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("123", 123),
        ("5b", 5),
        ("2GB", 2_000_000_000),
        ("1.5 GiB", 1_610_612_736),
        ("800M", 800_000_000),
        ("1k", 1000),
        ("1 kib", 1024),
        (" 3MiB ", 3_145_728),
        ("1T", 1_000_000_000_000),
    ],
)
def test_sizes_as_people_write_them(text, size):
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "x", "GB", "-1GB", "1.2.3G", ".", "1e9", "2 G B", "1PB", "nan", "2GB of memory"])
def test_what_is_no_size_is_named(text):
    with pytest.raises(ValueError, match="is not a size in bytes such as 2GB") as refused:
        parse_bytes(text)
    assert repr(text) in str(refused.value)


@pytest.mark.parametrize("text", ["0", "0GB", "0.4"])
def test_a_limit_of_nothing_is_refused(text):
    with pytest.raises(ValueError, match="must be above 0 bytes"):
        parse_bytes(text)


def test_sizes_for_people():
    assert [format_bytes(size) for size in (1_270_000_000, 10**9, 800_000_000, 1_400_000)] == [
        "1.27 GB",
        "1.00 GB",
        "800 MB",
        "1 MB",
    ]


def test_this_process_is_a_part_of_this_machine():
    assert 10_000_000 < process_bytes() < machine_bytes()


def in_a_thread(budget: Budget, size: int) -> tuple[threading.Event, threading.Thread]:
    """Takes `size` bytes and gives them back at once; the event says that they were had."""
    had, asked = threading.Event(), threading.Event()

    def take():
        asked.set()
        with budget.take(size):
            had.set()

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    assert asked.wait(LONG)
    return had, thread


def test_who_finds_too_few_waits_until_they_are_given_back():
    budget = Budget(10)
    with budget.take(6):
        had, thread = in_a_thread(budget, 5)
        assert not had.wait(SHORT)
    assert had.wait(LONG)
    thread.join(LONG)
    assert not thread.is_alive()


def test_what_fits_beside_others_does_not_wait():
    budget = Budget(10)
    with budget.take(6), budget.take(3):
        had, _ = in_a_thread(budget, 1)
        assert had.wait(LONG)


def test_more_than_everything_waits_until_nothing_is_held_and_holds_the_rest_off():
    budget = Budget(10)
    with budget.take(1):
        had, thread = in_a_thread(budget, 25)
        assert not had.wait(SHORT)
    assert had.wait(LONG)
    thread.join(LONG)
    with budget.take(25):
        had, _ = in_a_thread(budget, 1)
        assert not had.wait(SHORT)
    assert had.wait(LONG)


def test_an_exception_gives_back():
    budget = Budget(10)
    with pytest.raises(KeyError), budget.take(10):
        raise KeyError
    had, _ = in_a_thread(budget, 10)
    assert had.wait(LONG)


def test_every_waiter_gets_its_turn_and_the_budget_is_never_broken():
    budget, lock, held, most = Budget(10), threading.Lock(), [], []

    def take(size):
        for _ in range(20):
            with budget.take(size):
                with lock:
                    held.append(size)
                    most.append(sum(held))
                with lock:
                    held.remove(size)

    threads = [threading.Thread(target=take, args=(size,), daemon=True) for size in (3, 4, 5, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert not any(thread.is_alive() for thread in threads)
    assert len(most) == 80
    assert max(most) <= 10
