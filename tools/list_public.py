"""Writes what docs/releases.md calls public to tests/golden/public_api.txt: names with their signatures, commands with
their options and exit codes, extras, columns of rows, keys of config.json and addresses of the HTTP API.

    python -m tools.list_public
"""

import inspect
import re
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

import musiq
from musiq.checkpoint import describe
from musiq.cli import app
from musiq.rows import Row
from musiq.web.app import create_app
from musiq.web.settings import Settings

ROOT = Path(__file__).parent.parent
PUBLIC = ROOT / "tests" / "golden" / "public_api.txt"
HEAD = "# What is public of musiq (docs/releases.md). Written by: python -m tools.list_public"


def public() -> str:
    """The text of the file: a section of lines for each kind of thing."""
    parts = {
        "Names": python_lines(),
        "Extras": extra_lines(),
        "Commands": command_lines((), typer.main.get_command(app)),
        "Columns of rows": (f"{field.name}: {_written(field.type)}" for field in fields(Row)),
        "config.json of the default checkpoint": config_lines("", describe(musiq.load_checkpoint())),
        "HTTP API": http_lines(create_app(Settings()).openapi()),
    }
    sections = ("\n".join([f"## {title}", *lines]) for title, lines in parts.items())
    return "\n\n".join([HEAD, *sections]) + "\n"


def python_lines() -> Iterator[str]:
    """Functions and classes of `musiq.__all__`, with the public attributes and methods of classes."""
    for name in sorted(musiq.__all__):
        thing = getattr(musiq, name)
        yield f"{name}{_nature(thing)}"
        if inspect.isclass(thing):
            yield from (f"    .{line}" for line in _members(thing))


def _nature(thing: Any) -> str:
    """Of a function its signature; of a class what it is and how it is called."""
    if is_dataclass(thing):
        return ": dataclass, its fields in this order"
    if inspect.isclass(thing) and issubclass(thing, Exception):
        own = "" if thing.__init__ is Exception.__init__ else _signature(thing)
        return f"{own}: a kind of {thing.__mro__[1].__name__}"
    return _signature(thing)


def _members(kind: type[Any]) -> Iterator[str]:
    """Fields, or what `__init__` sets, then properties and methods, also of bases in musiq."""
    if is_dataclass(kind):
        yield from map(_field, fields(kind))
    elif inspect.isfunction(kind.__init__):
        yield from re.findall(r"self\.([a-z]\w*)\b(?=.* = )", inspect.getsource(kind.__init__))
    bases = [base for base in kind.__mro__ if base.__module__.startswith("musiq.")]
    for name in sorted(
        {name for base in bases for name in vars(base) if not name.startswith("_") or name == "__float__"}
    ):
        member = inspect.getattr_static(kind, name)
        getter = getattr(member, "fget", None) or getattr(member, "func", None)  # property, cached_property
        if getter is not None:
            yield f"{name}: {_written(inspect.signature(getter).return_annotation)}"
        elif callable(getattr(kind, name)):
            yield f"{name}{_signature(getattr(kind, name))}"


def _field(field: Field[Any]) -> str:
    default = "" if field.default is MISSING else f" = {field.default!r}"
    default = default if field.default_factory is MISSING else " = ..."
    return f"{field.name}: {_written(field.type)}{default}"


def _signature(thing: Any) -> str:
    """On a line, or a parameter on each."""
    signature = inspect.signature(thing)
    if len(text := _tidy(str(signature))) < 90:
        return text
    parts = list[str]()
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        parts.append(_tidy(str(parameter)))
    lines = "".join(f"\n        {part}," for part in parts)
    return f"({lines}\n    ) -> {_written(signature.return_annotation)}"


def _written(annotation: Any) -> str:
    return _tidy(annotation if isinstance(annotation, str) else inspect.formatannotation(annotation))


def _tidy(text: str) -> str:
    """Short, and the same under every Python and NumPy: newer ones spell out more of where names come from."""
    text = re.sub(
        r"numpy\.ndarray\[tuple\[(typing\.)?Any, \.\.\.\], numpy\.dtype\[numpy\.(\w+)\]\]", r"NDArray[\2]", text
    )
    text = re.sub(r"-> '(\w+)'$", r"-> \1", text)
    return re.sub(r"\b(pathlib(\._local)?|typing|collections\.abc|musiq(\.\w+)*)\.(?=[A-Z])", "", text)


def extra_lines() -> list[str]:
    """Names of the extras."""
    return sorted(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])


def command_lines(path: tuple[str, ...], command: Any) -> Iterator[str]:
    """A command, its arguments and options, what its help says of exit codes, and the commands below it."""
    if path and not command.hidden:
        yield " ".join(["musiq", *path])
        for line in map(_parameter, (one for one in command.params if not one.hidden)):
            yield f"    {line}"
        yield from (f"    {said}" for said in re.findall(r"Exit 0.*?\.", " ".join((command.help or "").split())))
    for name, below in sorted(getattr(command, "commands", {}).items()):
        yield from command_lines((*path, name), below)


def _parameter(parameter: Any) -> str:
    """`--format table|csv = table`, or `PATH...` for an argument."""
    annotation = parameter.type_descriptor.annotation
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    if parameter.param_type_name == "argument":
        names = parameter.metavar or parameter.name.upper()
    values = "" if getattr(parameter, "is_flag", False) else _values(annotation)
    needed = " (needed)" if parameter.required else ""
    default = "" if parameter.default in (None, False, (), "") or parameter.required else f" = {parameter.default}"
    return f"{names}{values and ' ' + values}{default}{needed}"


def _values(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "|".join(map(str, get_args(annotation)))
    return _written(annotation)


def config_lines(prefix: str, part: dict[str, Any]) -> Iterator[str]:
    """Keys; those of data sets and measures are not ours to name."""
    for key, value in part.items():
        yield f"{prefix}{key}"
        if isinstance(value, dict) and key != "accuracy":
            yield from config_lines(f"{prefix}{key}.", value)


def http_lines(description: dict[str, Any]) -> Iterator[str]:
    """Method, address and parameters of each route."""
    for address, methods in sorted(description["paths"].items()):
        for method, route in sorted(methods.items()):
            names = [one["name"] for one in route.get("parameters", ()) if one["in"] == "query"]
            yield f"{method.upper()} {address}{'?' if names else ''}{'&'.join(names)}"


if __name__ == "__main__":
    PUBLIC.parent.mkdir(exist_ok=True)
    PUBLIC.write_text(public())
    print(f"{PUBLIC.relative_to(ROOT)}: written")
