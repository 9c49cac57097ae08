"""What goes wrong where images are looked for, as items: no fault ends a run."""

from collections.abc import Iterator

from musiq.errors import ImageError, MusiqError
from musiq.inputs.item import Item, Unreadable, portable


def guarded(name: str, items: Iterator[Item]) -> Iterator[Item]:
    """The items; what ends them early is the last of them, by the name of what holds them."""
    try:
        yield from items
    except MusiqError as error:
        yield Item(portable(name), as_unreadable(error, name))
    except Exception as error:  # readers of hostile files raise nearly anything
        fault = as_unreadable(error)
        yield Item(portable(name), Unreadable(f"cannot be read to its end: {fault.reason}", fault.kind))


def as_unreadable(error: Exception, name: str = "") -> Unreadable:
    """The error as what was found; `name` is left out of its message."""
    if isinstance(error, PermissionError):
        return Unreadable("permission denied", "permission")
    text = describe(error).removeprefix(f"{portable(name)}: ")
    return Unreadable(text, error.kind if isinstance(error, ImageError) else "input")


def describe(error: Exception) -> str:
    """The error's reason in one line."""
    text = (isinstance(error, OSError) and error.strerror) or str(error)
    return " ".join(text.split()) or type(error).__name__
