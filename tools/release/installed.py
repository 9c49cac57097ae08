"""Checks an environment that holds the wheel alone: what it weighs, what it loads, and whether the README is right."""

import json
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.release.commands import CALLS, Call, prepare, uncalled
from tools.release.pythons import ROOT, Environment, call

MOST_BYTES = 250_000_000  # of site-packages: numpy, onnxruntime and Pillow are most of it
TOLERANCE = 0.02  # of the README's scores, which have two digits; as tests/test_readme.py
ROW = re.compile(r"^(\d+\.\d\d) +(\S+) +(\d+) % +(\w+) +(\d+x\d+) +(examples/\S+)", re.MULTILINE)
LOADED = "import sys, musiq; print(*{name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
INSTALLED = "import importlib.metadata as m, json; print(json.dumps([d.name for d in m.distributions()]))"
HELP = """
import json, typer
from typer.testing import CliRunner
from musiq.cli import app
def walk(path, command):
    for name, below in getattr(command, "commands", {}).items():
        yield from walk((*path, name), below)
    yield path
paths = list(walk((), typer.main.get_command(app)))
for path in paths:
    result = CliRunner().invoke(app, [*path, "--help"])
    assert result.exit_code == 0 and "--help" in result.output, (path, result.output)
print(json.dumps([" ".join(path) for path in paths]))
"""


def installed_bytes(made: Environment) -> int:
    """Bytes of site-packages, compiled modules included.

    Raises:
        SystemExit: more than `MOST_BYTES`.
    """
    size = sum(path.stat().st_size for path in made.packages.rglob("*") if path.is_file())
    if size > MOST_BYTES:
        raise SystemExit(f"the base install takes {size / 1e6:.0f} MB, more than {MOST_BYTES / 1e6:.0f} MB")
    return size


def check_light(made: Environment, folder: Path) -> None:
    """No package of an extra is there, and `import musiq` loads no more than it needs."""
    found = {canonicalize_name(name) for name in json.loads(_run(made, INSTALLED, folder))}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {
        canonicalize_name(Requirement(line).name)
        for lines in project["optional-dependencies"].values()
        for line in lines
    }
    if wrong := sorted(found & (extras - {"musiq"})):
        raise SystemExit(f"the base install holds packages of extras: {', '.join(wrong)}")
    loaded = set(_run(made, LOADED, folder).split())
    if more := sorted(name for name in loaded - {"musiq", "numpy", "PIL", "safetensors"} if not name.startswith("_")):
        raise SystemExit(f"import musiq loads {', '.join(more)}")


def check_readme(made: Environment, folder: Path, version: str) -> None:
    """Version, the table of the examples' scores, and the Python lines."""
    readme = (ROOT / "README.md").read_text()
    if (printed := call([made.musiq, "--version"], cwd=folder).strip()) != f"musiq {version}":
        raise SystemExit(f"musiq --version prints {printed!r}, not musiq {version}")
    shown, scored = ROW.findall(readme), ROW.findall(call([made.musiq, "score", "examples"], cwd=folder))
    alike = [_alike(one, other) for one, other in zip(shown, scored, strict=False)]
    if not shown or len(shown) != len(scored) or not all(alike):
        raise SystemExit(f"README.md shows {shown}, musiq score examples prints {scored}")
    for code in re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL):
        if not _run(made, code, folder):
            raise SystemExit(f"README.md: prints nothing:\n{code}")


def _alike(shown: tuple[str, ...], scored: tuple[str, ...]) -> bool:
    """Score, interval, percentile, band, size and path of a row; numbers up to their last digit."""
    near = abs(float(shown[0]) - float(scored[0])) <= TOLERANCE and abs(float(shown[1]) - float(scored[1])) <= 0.11
    return near and abs(int(shown[2]) - int(scored[2])) <= 1 and shown[3:] == scored[3:]


def check_commands(made: Environment, folder: Path) -> int:
    """How many commands have a help; all are called, and work or name the extra that they need."""
    names = [name for name in json.loads(_run(made, HELP, folder)) if name]
    groups = {name.partition(" ")[0] for name in names if " " in name}
    if missing := [name for name in uncalled(names) if name not in groups]:
        raise SystemExit(f"add to tools/release/commands.py how these are called: {', '.join(missing)}")
    for command in re.findall(r"^musiq (\w+)", (ROOT / "README.md").read_text(), flags=re.MULTILINE):
        if command not in {name.partition(" ")[0] for name in names}:
            raise SystemExit(f"README.md shows musiq {command}, which is no command")
    writing = [one for one in CALLS if one.extra is None]  # some read what others wrote
    faults = [_fault(made, folder, one) for one in writing]
    with ThreadPoolExecutor(2) as pool:
        faults += pool.map(lambda one: _fault(made, folder, one), [one for one in CALLS if one.extra is not None])
    if found := [fault for fault in faults if fault]:
        raise SystemExit("\n".join(found))
    return len(names)


def _fault(made: Environment, folder: Path, one: Call) -> str:
    """What is wrong with how a call ends; nothing if it is right."""
    done = subprocess.run([made.musiq, *one.arguments.split()], cwd=folder, capture_output=True, text=True)
    said = done.stderr.strip().splitlines()
    if one.extra is None:
        return "" if done.returncode == 0 else f"musiq {one.arguments}: exits {done.returncode}: {done.stderr}"
    right = done.returncode == 2 and len(said) == 1 and f"needs the extra 'musiq[{one.extra}]'" in said[0]
    return "" if right else f"musiq {one.arguments}: exits {done.returncode}, not 2 naming {one.extra}: {done.stderr}"


def check_user(made: Environment, folder: Path) -> None:
    """A user's program runs, and its types are what it says they are, by mypy."""
    program = folder / "user.py"
    program.write_bytes((ROOT / "tests" / "typing" / "user.py").read_bytes())
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-color-output", "--cache-dir=mypy"]
    call([*mypy, "--python-executable", made.python, program.name], cwd=folder)
    call([made.python, "-I", program, "examples"], cwd=folder)


def _run(made: Environment, code: str, folder: Path) -> str:
    return call([made.python, "-I", "-c", code], cwd=folder)


def check(made: Environment, folder: Path, version: str) -> dict[str, Any]:
    """All of them, in the new `folder`; figures to print."""
    folder.mkdir()
    prepare(folder)
    check_light(made, folder)
    check_readme(made, folder, version)
    check_user(made, folder)
    return {"bytes": installed_bytes(made), "commands": check_commands(made, folder)}
