"""The commands and options that `musiq` has, against those that a text names."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import typer

from musiq.cli import app

_HERE = re.compile(r"(<<\s*'?(\w+)'?.*?\n)(.*?)^\2$", re.DOTALL | re.MULTILINE)
ROOT_COMMAND = typer.main.get_command(app)
_ENDS = {"|", "||", "&", "&&", ";", ";;", ">", ">>", "<", "(", ")", "2>", "#"}


def commands_in(script: str) -> Iterator[list[str]]:
    """The words after `musiq` of each command of a shell script, of loops for the first value."""
    script = _HERE.sub("", script).replace("\\\n", " ")
    for variable, value in re.findall(r"for (\w+) in (\S+)", script):
        script = script.replace(f"${variable}", value)
    for line in script.splitlines():
        words = _split(line)
        while any(map(_is_musiq, words)):
            words = words[next(index for index, word in enumerate(words) if _is_musiq(word)) + 1 :]
            end = next((index for index, word in enumerate(words) if word in _ENDS), len(words))
            yield words[:end]


def here_documents(script: str) -> list[str]:
    """What a shell script gives to commands by `<<END`."""
    return [match[3] for match in _HERE.finditer(script)]


def wrong_words(words: list[str]) -> list[str]:
    """A line for each subcommand and option among the words after `musiq` that it does not have."""
    try:
        command, rest = _find(words)
    except KeyError as unknown:
        return [f"no command {unknown}"]
    options = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
    asked = [word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    return [f"{command.name} has no option {name}" for name in asked if name not in options]


def refusal(words: list[str]) -> str | None:
    """What the command line's own parser says against the words after `musiq`."""
    try:
        command, rest = _find(words)
        command.make_context(command.name, rest)
    except KeyError as unknown:
        return f"no command {unknown}"
    except Exception as error:  # typer's own, which it keeps to itself
        return str(error)
    return None


def _find(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the first words name, and the others."""
    command, rest = ROOT_COMMAND, list(words)
    while (below := getattr(command, "commands", None)) and rest and not rest[0].startswith("-"):
        command = below[rest.pop(0)]
    return command, rest


def spelled_out(synopsis: str) -> list[list[str]]:
    """The commands that a line such as `musiq store query|prune STORE [--top N]` stands for, without `musiq`."""
    plain = synopsis.partition("#")[0].replace("[", " ").replace("]", " ").split()[1:]
    longest = max((word.count("|") + 1 for word in plain), default=1)
    turns = [[word.split("|")[min(turn, word.count("|"))] for word in plain] for turn in range(longest)]
    return [[word for word in words if word != "..."] for words in turns]


def all_commands() -> set[str]:
    """Every command of `musiq`, a group's as `group command`."""
    found = set()
    for name, command in ROOT_COMMAND.commands.items():
        found |= {f"{name} {below}" for below in getattr(command, "commands", ())} or {name}
    return found


def _is_musiq(word: str) -> bool:
    return word == "musiq" or word.endswith("/musiq")


def _split(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:  # a quote that another line closes
        return line.split()
