"""Old names that go on working: who uses one is told the new name, since when, and when the old one goes.

docs/releases.md has the policy, tests/test_deprecation.py an example of each. What stands for an old name that type
checkers shall know goes under `if TYPE_CHECKING:` beside the new one.
"""

import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Renamed:
    """What an old name is called now.

    Attributes:
        new: the new name.
        since: first release that has it, as in `0.3`.
        until: release that no longer has the old one: at least two minor releases later, or the next major one.
    """

    new: str
    since: str
    until: str

    def __post_init__(self) -> None:
        (major, minor), last = (tuple(map(int, version.split("."))) for version in (self.since, self.until))
        if last < (major, minor + 2):
            raise ValueError(f"{self.new}: renamed in {self.since}, so the old name stays until {major}.{minor + 2}")

    def words(self, old: str) -> str:
        """The warning, in one sentence."""
        return f"{old} is called {self.new} since musiq {self.since}; the old name goes in {self.until}"


def old_names(module: str, names: Mapping[str, Renamed]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` (PEP 562) of a module whose old `names` stand for new ones of it."""

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        warnings.warn(names[name].words(f"{module}.{name}"), DeprecationWarning, stacklevel=2)
        return getattr(sys.modules[module], names[name].new)

    return get, lambda: sorted({*vars(sys.modules[module]), *names})


def old_function(name: str, renamed: Renamed) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Makes of the new function, or method, the old one of that `name`: `old = old_function("old", ...)(new)`."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            warnings.warn(renamed.words(f"{name}()"), DeprecationWarning, stacklevel=2)
            return function(*args, **kwargs)

        return call

    return decorate


def old_arguments(names: Mapping[str, Renamed]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator of a function that takes keyword arguments by their old `names`, too."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            for old in names.keys() & kwargs.keys():
                if names[old].new in kwargs:
                    raise TypeError(f"{function.__name__}() got {old} and {names[old].new}, which are the same")
                warnings.warn(names[old].words(f"argument {old}"), DeprecationWarning, stacklevel=2)
                kwargs[names[old].new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return call

    return decorate


def old_options(names: Mapping[str, Renamed]) -> type[Any]:
    """Class for `app.command(cls=...)` that takes options by their old `names`, too, says so on stderr, and does not
    show them in its help."""
    from typer.core import TyperCommand  # `import musiq` loads no typer

    class Command(TyperCommand):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            return super().parse_args(ctx, [_current(argument, names) for argument in args])

    return Command


def _current(argument: str, names: Mapping[str, Renamed]) -> str:
    option, equals, value = argument.partition("=")
    if option not in names:
        return argument
    print(f"musiq: {names[option].words(option)}", file=sys.stderr)
    return names[option].new + equals + value
