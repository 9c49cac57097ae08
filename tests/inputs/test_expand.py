import os
import pickle
from pathlib import Path

import pytest

from musiq.errors import InputError
from tests.inputs.conftest import inputs, names, read


def test_a_file_is_an_item_by_the_name_it_was_given(tree, here):
    tree("a.jpg", "notes.md", "noext")
    given = ["./a.jpg", "notes.md", "noext", f"{here}/a.jpg"]
    assert read(inputs(*given)) == [(name, Path(name).name.encode()) for name in given]


def test_a_name_that_stands_twice_counts_once(tree):
    tree("a.jpg", "b.jpg")
    assert names(inputs("b.jpg", "a.jpg", "b.jpg")) == ["b.jpg", "a.jpg"]


def test_what_is_not_there_says_so(here):
    os.mkfifo("x.tar")
    Path("y.csv").symlink_to("y.csv")
    long = "x" * 300 + ".jpg"
    assert read(inputs("x.tar", "y.csv", "z.parquet", "a.jpg", long)) == [
        ("x.tar", "not-a-file: not a regular file"),
        ("y.csv", "link: symbolic links that lead in a circle"),
        ("z.parquet", "missing: no such file"),
        ("a.jpg", "missing: no such file"),
        (long, "damaged: File name too long"),
    ]


@pytest.mark.parametrize(("name", "message"), [("", "an empty name"), ("a\0b", "a name with a NUL character")])
def test_what_can_be_no_name_is_refused(name, message):
    with pytest.raises(InputError, match=message):
        next(iter(inputs("a.jpg", name)))


def test_iterations_do_not_disturb_each_other(tree):
    tree("p/a.jpg", "p/b/c.jpg", "p/d.jpg", "q/e.jpg")
    found = inputs("p", "q", recursive=True)
    pairs = list(zip(found, found, strict=True))
    assert [first.name for first, _ in pairs] == ["p/a.jpg", "p/b/c.jpg", "p/d.jpg", "q/e.jpg"]
    assert all(first == second for first, second in pairs)
    assert pickle.loads(pickle.dumps(found)) == found
