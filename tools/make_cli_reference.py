"""Writes the reference of the command line from the commands' own help.

    python -m tools.make_cli_reference docs/cli.md

Typer's own generator (`typer musiq.cli utils docs`) cuts the summaries of its list of commands after 45 letters.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from musiq.cli import app

WIDTH = 120  # of usage lines, whatever the terminal
HEAD = """# Command line
Written from the commands' own help by `python -m tools.make_cli_reference docs/cli.md`: what is said here is what
`musiq COMMAND --help` says. `musiq --version` tells the version."""


def write_reference() -> str:
    """The reference as Markdown: a list of all commands, then each with its arguments and options."""
    root = typer.main.get_command(app)
    commands = list(_walk(root, root.make_context("musiq", [], resilient_parsing=True, terminal_width=WIDTH)))
    index = "\n".join(
        f"- [`{path.command_path}`](#{path.command_path.replace(' ', '-')}): {_summary(command)}"
        for command, path in commands
    )
    return "\n\n".join([HEAD, index, *(_describe(command, path) for command, path in commands)]) + "\n"


def _walk(group: Any, context: Any) -> Iterator[tuple[Any, Any]]:
    """Commands below a group, in its order and with those below them, each with its context."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        path = type(context)(command, info_name=name, parent=context)
        yield command, path
        if hasattr(command, "list_commands"):
            yield from _walk(command, path)


def _summary(command: Any) -> str:
    """The first sentence of the help."""
    return _as_markdown(re.split(r"(?<=[.?])\s", command.help.strip(), maxsplit=1)[0])


def _describe(command: Any, path: Any) -> str:
    """A section about a command."""
    usage = command.get_usage(path).removeprefix("Usage: ")
    parts = (part for part in command.get_params(path) if "--help" not in part.opts)
    records = filter(None, (part.get_help_record(path) for part in parts))
    options = "\n".join(f"- `{name}`: {_as_markdown(text)}" for name, text in records)
    section = [f"## {path.command_path}\n{_as_markdown(command.help)}", f"```text\n{usage}\n```", options]
    return "\n\n".join(filter(None, section))


def _as_markdown(text: str) -> str:
    """Help as Markdown that shows it as it is; names between backticks are code."""
    around, codes = re.split(r"`[^`]*`", text.strip()), re.findall(r"`[^`]*`", text)
    shown = [re.sub(r"([*\\])", r"\\\1", part).replace("<", "&lt;") for part in around]
    return "".join(part + code for part, code in zip(shown, [*codes, ""], strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.parse_args().out.write_text(write_reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
