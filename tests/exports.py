"""Exported graphs in files that processes share, so that each is made once in a run of the tests."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from musiq.runtime import export


def share(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Lets `export_graphs` look into the folder first."""
    for make in (export.export_stem, export.export_encoder):
        patch.setattr(export, make.__name__, _shared(make, folder))


def _shared(make: Callable[..., bytes], folder: Path) -> Callable[..., bytes]:
    def shared(*arguments: Any) -> bytes:
        key = hashlib.sha256(repr((make.__name__, arguments)).encode()).hexdigest()
        path = folder / f"{key[:16]}.onnx"
        with FileLock(f"{path}.lock"):
            if not path.exists():
                path.write_bytes(make(*arguments))
        return path.read_bytes()

    return shared
