"""Interpreters of this machine, and clean environments of them."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
NEWEST = (3, 13)  # that the versions of constraints.txt are built for
USABLE = "import sys, venv; print(*sys.version_info[:2], sys.version_info.releaselevel)"


class Environment(NamedTuple):
    """A virtual environment without pip."""

    folder: Path
    version: str  # of Python, `3.13`

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def musiq(self) -> Path:
        """The command."""
        return self.folder / "bin" / "musiq"

    @property
    def packages(self) -> Path:
        """Where packages lie."""
        return self.folder / "lib" / f"python{self.version}" / "site-packages"


def versions() -> list[tuple[int, int]]:
    """The oldest and the newest Python that musiq supports."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    major, minor = map(int, project["requires-python"].removeprefix(">=").split("."))
    return [(major, minor), NEWEST]


def find_python(version: tuple[int, int]) -> Path | None:
    """An interpreter of that version that is released and makes environments; None where there is none."""
    return next((path for path in _candidates(version) if _answers(path, version)), None)


def _candidates(version: tuple[int, int]) -> Iterator[Path]:
    name = f"python{version[0]}.{version[1]}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from sorted(pyenv.glob(f"{version[0]}.{version[1]}.*/bin/{name}"), reverse=True)
    for folder in os.get_exec_path():
        if found := shutil.which(name, path=folder):
            yield Path(found)


def _answers(path: Path, version: tuple[int, int]) -> bool:
    done = subprocess.run([path, "-I", "-c", USABLE], capture_output=True, text=True)
    return done.stdout.split() == [*map(str, version), "final"]


def make_environment(python: Path, version: tuple[int, int], folder: Path, *packages: Any) -> Environment:
    """A new environment that holds `packages` and what they need."""
    made = Environment(folder, f"{version[0]}.{version[1]}")
    call([python, "-m", "venv", "--without-pip", folder])
    install(made, *packages)
    return made


def install(made: Environment, *packages: Any) -> None:
    """Adds packages to an environment, in the versions of constraints.txt."""
    pip = [sys.executable, "-m", "pip", "--python", made.python, "--disable-pip-version-check"]
    call([*pip, "install", "--quiet", "--constraint", ROOT / "constraints.txt", *packages])


def call(command: list[Any], **options: Any) -> str:
    """What a command prints on stdout.

    Raises:
        SystemExit: it fails; with all that it said.
    """
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}\nexits {done.returncode}")
    return done.stdout
