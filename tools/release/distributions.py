"""Builds sdist and wheel from the files of the checkout, and looks into them."""

import shutil
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

from tools.release.pythons import ROOT, call

LEFT_OUT = ("tests/", "tools/", "benchmarks/", "results/", "examples/", "docs/", ".ci/")  # of the sdist


def files() -> list[str]:
    """What the checkout holds, what git ignores left out."""
    listed = call(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT)
    return sorted(name for name in set(listed.split("\0")) if (ROOT / name).is_file())


def build(folder: Path) -> tuple[Path, Path]:
    """(sdist, wheel) in `folder`, built from a copy: a build leaves files behind that the next one would take."""
    source = folder / "source"
    for name in files():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    build = [sys.executable, "-m", "build", "--outdir"]
    call([*build, folder / "dist", source])  # the wheel from the sdist
    call([*build, folder / "direct", "--wheel", source])
    (sdist,), (wheel,) = (folder / "dist").glob("*.tar.gz"), (folder / "dist").glob("*.whl")
    _check_same(wheel, folder / "direct" / wheel.name)
    return sdist, wheel


def _check_same(one: Path, other: Path) -> None:
    with ZipFile(one) as first, ZipFile(other) as second:
        names = {*first.namelist(), *second.namelist()}
        differ = [name for name in sorted(names) if _content(first, name) != _content(second, name)]
    if differ:
        raise SystemExit(f"{one.name}: built from the sdist and from the checkout it differs in {differ}")


def _content(archive: ZipFile, name: str) -> bytes | None:
    return archive.read(name) if name in archive.namelist() else None


def check_wheel(wheel: Path, source: Path) -> int:
    """How many files the wheel holds: every file below musiq/ of the source as it is, the licence, and nothing else."""
    paths = (path for path in (source / "musiq").rglob("*") if path.is_file())
    expected = {path.relative_to(source).as_posix(): path.read_bytes() for path in paths}
    with ZipFile(wheel) as archive:
        about = {name for name in archive.namelist() if ".dist-info/" in name}
        found = {name: archive.read(name) for name in archive.namelist() if name not in about}
    faults = [f"lacks {name}" for name in expected.keys() - found.keys()]
    faults += [f"holds {name}" for name in found.keys() - expected.keys()]
    faults += [f"holds another {name}" for name in found.keys() & expected.keys() if found[name] != expected[name]]
    names = {name.partition(".dist-info/")[2] for name in about}
    faults += [f"lacks {name}" for name in {"licenses/LICENSE", "METADATA", "entry_points.txt"} - names]
    if faults:
        raise SystemExit(f"{wheel.name}: {'; '.join(sorted(faults))} (pyproject.toml, tool.setuptools)")
    return len(found)


def check_sdist(sdist: Path) -> int:
    """How many files the sdist holds, none of them a test's or a tool's."""
    with tarfile.open(sdist) as archive:
        names = [member.name.partition("/")[2] for member in archive if member.isfile()]
    if wrong := [name for name in names if name.startswith(LEFT_OUT)]:
        raise SystemExit(f"{sdist.name}: holds {', '.join(wrong)} (MANIFEST.in)")
    return len(names)
