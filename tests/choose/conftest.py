from pathlib import Path

import pytest


@pytest.fixture
def look():
    """What is seen of a folder's files: name, bytes and time of the last change; links as where they lead."""

    def look(folder: Path) -> dict[str, object]:
        return {
            str(path.relative_to(folder)): path.readlink()
            if path.is_symlink()
            else (path.read_bytes(), path.stat().st_mtime_ns)
            for path in folder.rglob("*")
            if not path.is_dir()
        }

    return look
