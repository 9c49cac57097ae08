"""Patterns of names: `{000000..000099}` and `{a,b}`, and those of `glob`."""

import fnmatch
import glob
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from musiq.inputs.folder import Chooser, walk
from musiq.inputs.item import Item

_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)")


def expand_braces(name: str) -> Iterator[str]:
    """The names that braces stand for, one within another excepted; a name without such is given as it is."""
    for braces in _BRACES.finditer(name):
        choices = _choices(braces[1])
        if choices is not None:
            for choice in choices:
                yield from expand_braces(name[: braces.start()] + choice + name[braces.end() :])
            return
    yield name


def _choices(text: str) -> Iterable[str] | None:
    numbers = _RANGE.fullmatch(text)
    if numbers is None:
        return text.split(",") if "," in text else None
    first, last = int(numbers[1]), int(numbers[2])
    padded = any(len(number) > 1 and number[0] == "0" for number in numbers.groups())
    width = max(map(len, numbers.groups())) if padded else 1
    step = 1 if first <= last else -1
    return (f"{number:0{width}}" for number in range(first, last + step, step))


def list_matches(pattern: str, recursive: bool) -> Iterator[str | Item]:
    """Paths that match, sorted as in `walk`, each once; folders that cannot be listed as items.

    As in `glob`, names with a leading dot need one in the pattern, and `**` is any number of folders if `recursive`.
    What is in a folder that matches is not looked at.
    """
    parts = Path(pattern).parts
    fixed = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    top = Path(*parts[:fixed])
    chooser = _Pattern(parts[fixed:], recursive, frozenset()).reaching([0])
    if not os.path.isdir(top):  # noqa: PTH112  # pathlib raises where it may not look
        return
    if chooser is True:
        yield str(top)
    elif chooser is not False:
        yield from walk(str(top), chooser)


@dataclass(frozen=True)
class _Pattern:
    """Parts of a pattern, and those of them that an entry of the folder may match."""

    parts: tuple[str, ...]
    recursive: bool
    at: frozenset[int]

    def choose(self, name: str, is_folder: bool) -> Chooser | bool:
        stay = {index for index in self.at if self._is_deep(index) and not name.startswith(".")}
        go_on = {index + 1 for index in self.at if not self._is_deep(index) and _fits(name, self.parts[index])}
        return self.reaching(stay | go_on) if is_folder else len(self.parts) in go_on

    def reaching(self, at: Iterable[int]) -> "_Pattern | bool":
        """The pattern below an entry that got so far; True at its end, False where nothing is left to match."""
        reached = set(at)
        for index in range(len(self.parts)):
            if index in reached and self._is_deep(index):
                reached.add(index + 1)  # `**` may also be no folder at all
        if len(self.parts) in reached:
            return True
        return replace(self, at=frozenset(reached)) if reached else False

    def _is_deep(self, index: int) -> bool:
        return self.recursive and self.parts[index] == "**"


def _fits(name: str, part: str) -> bool:
    return (part.startswith(".") or not name.startswith(".")) and fnmatch.fnmatchcase(name, part)
