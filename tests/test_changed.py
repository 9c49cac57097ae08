import os
from datetime import UTC, datetime
from hashlib import blake2b

import pytest

from musiq.changed import Names, has_changed
from musiq.rows import Row

NOON = int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp())
OLD, NEW = b"as it was", b"otherwise"


@pytest.mark.parametrize(
    ("content", "seconds_after", "changed"),
    [(OLD, -9, False), (OLD, 9, False), (NEW, 9, True), (NEW, 0, True), (NEW, -9, False), (NEW + b"!", -9, True)],
)
def test_size_and_then_time_and_content_decide(content, seconds_after, changed, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    os.utime(path, (NOON + seconds_after,) * 2)
    digest = blake2b(OLD, digest_size=16).hexdigest()
    row = Row(str(path), bytes=len(OLD), content=digest, time="2026-01-01T12:00:00+00:00")
    assert has_changed(str(path), row) is changed


def test_a_failed_file_that_was_written_anew_has_changed(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(NEW)
    os.utime(path, (NOON, NOON))
    assert has_changed(str(path), Row(str(path), time="2026-01-01T11:00:00+00:00", kind="permission"))


@pytest.mark.parametrize("time", [None, "yesterday"])
def test_what_the_row_does_not_tell_is_no_change(time, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(NEW)
    assert not has_changed(str(path), Row(str(path), time=time))


def test_what_is_no_file_has_not_changed(tmp_path):
    for path in (tmp_path, tmp_path / "gone"):
        assert not has_changed(str(path), Row(str(path), bytes=1, time="2026-01-01T12:00:00+00:00"))


def test_of_many_names_the_first_are_kept():
    names = Names()
    for number in range(1005):
        names.add(f"{number}\x1b")
    assert str(names) == "0\ufffd, 1\ufffd, 2\ufffd, and 1,002 more"
