"""Builds what a release consists of into dist/, and checks that it works where nothing else is installed.

scripts/package
"""

import shutil
import tempfile
import time
from pathlib import Path

from musiq import __version__
from tools.release import distributions, installed, licences
from tools.release.pythons import ROOT, Environment, find_python, install, make_environment, versions

DIST = ROOT / "dist"


class Steps:
    """Says when each step is done, and how long it took."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def done(self, what: str) -> None:
        """One line."""
        now = time.monotonic()
        print(f"{what} ({now - self._last:.0f} s)", flush=True)
        self._last = now


def build(folder: Path, steps: Steps) -> Path:
    """The wheel, in dist/ beside the sdist; what an earlier build left there goes."""
    sdist, wheel = distributions.build(folder)
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    for made in (sdist, wheel):
        shutil.copy(made, DIST)
    steps.done("sdist and wheel: built, and the same from the checkout")
    steps.done(f"{sdist.name}: {distributions.check_sdist(sdist)} files, no tests")
    steps.done(f"{wheel.name}: {distributions.check_wheel(wheel, folder / 'source')} files, those of musiq/")
    return DIST / wheel.name


def try_base(wheel: Path, version: tuple[int, int], folder: Path, steps: Steps) -> Environment | None:
    """An environment of the wheel alone under a Python, checked; None where the machine has no such Python."""
    name = f"Python {version[0]}.{version[1]}"
    if (python := find_python(version)) is None:
        steps.done(f"{name}: not on this machine, not tried")
        return None
    made = make_environment(python, version, folder / f"base{version[1]}", wheel)
    figures = installed.check(made, folder / f"work{version[1]}", __version__)
    steps.done(
        f"{name}: works without an extra, {figures['bytes'] / 1e6:.0f} MB; {figures['commands']} commands; "
        "a user's program has its types"
    )
    return made


def report(made: Environment, extra: str, steps: Steps) -> None:
    """Checks the licences of an environment, and writes what it holds into dist/."""
    packages = licences.installed(made.python)
    licences.check_allowed(packages)
    licences.check_page(packages, extra)
    stem = f"musiq-{__version__}{extra and '-'}{extra}"
    licences.write_reports(made.python, DIST / stem)
    steps.done(f"dist/{stem}.cdx.json and -licences.csv: {len(packages)} packages, for commercial use")


def main() -> None:
    """All steps; the first fault ends them with exit 1."""
    steps = Steps()
    with tempfile.TemporaryDirectory(prefix="musiq-package-") as name:
        folder = Path(name)
        wheel = build(folder, steps)
        bases = [try_base(wheel, version, folder, steps) for version in versions()]
        base = next((made for made in reversed(bases) if made is not None), None)
        if base is None:
            raise SystemExit("no supported Python is on this machine")
        report(base, "", steps)
        install(base, f"{wheel}[{licences.EXTRA}]")
        report(base, licences.EXTRA, steps)


if __name__ == "__main__":
    main()
