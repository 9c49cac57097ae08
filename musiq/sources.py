"""A name or a path -> checkpoint: shipped ones, folders, and other people's files. Nothing is fetched."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

from musiq.checkpoint import Checkpoint, load_folder
from musiq.errors import CheckpointError
from musiq.published import read_published


def load_checkpoint(source: str | Path = "default") -> Checkpoint:
    """The checkpoint named or found at `source`. Nothing is fetched from a network.

    Args:
        source: name of a checkpoint shipped with musiq, a checkpoint folder, a published `.npz` file, or a `.pth`
            file of the common PyTorch port (needs torch).

    Raises:
        CheckpointError: names the file and what is wrong with it.
    """
    if str(source) in shipped_names():
        return load_folder(shipped_folder(str(source)))
    path = Path(source)
    if path.is_dir():
        return load_folder(path)
    if path.is_file():
        return read_published(path)
    known = ", ".join(shipped_names())
    raise CheckpointError(f"{source}: no such file or folder, nor a shipped checkpoint ({known})")


def read_training(source: str | Path) -> dict[str, Any]:
    """What `training.json` tells of the checkpoint at `source`; nothing for other people's files."""
    folder = shipped_folder(str(source)) if str(source) in shipped_names() else Path(source)
    path = folder / "training.json"
    if not path.is_file():
        return {}
    try:
        training: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from error
    return training


def shipped_folder(name: str) -> Path:
    """Folder of a checkpoint that musiq ships."""
    return Path(str(resources.files("musiq"))) / "checkpoints" / name


def shipped_names() -> list[str]:
    """Names of the checkpoints that musiq ships."""
    return sorted(config.parent.name for config in shipped_folder("").glob("*/config.json"))
