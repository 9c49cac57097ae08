"""Small trees of files that only their suffix calls images: nothing here depends on what is in them."""

import pickle
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from musiq.errors import ImageError
from musiq.inputs.expand import Inputs
from musiq.inputs.item import Item

LIMIT = 1000


def read(items: Iterable[Item]) -> list[tuple[str, bytes | str]]:
    """Names, with the bytes or the kind and reason of the error; read as a run does, which hands sources on."""
    results: list[tuple[str, bytes | str]] = []
    for item in items:
        source = pickle.loads(pickle.dumps(item.source.fetch()))
        try:
            results.append((item.name, source.read(LIMIT)))
        except ImageError as error:
            results.append((item.name, f"{error.kind}: {error}"))
    return results


def names(items: Iterable[Item]) -> list[str]:
    return [item.name for item in items]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def tree(here: Path) -> Callable[..., None]:
    """Makes files that hold their own name."""

    def make(*paths: str) -> None:
        for path in paths:
            (here / path).parent.mkdir(parents=True, exist_ok=True)
            (here / path).write_text(path)

    return make


def inputs(*names: str, **options: object) -> Inputs:
    return Inputs(names, **options)  # type: ignore[arg-type]
