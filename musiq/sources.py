"""A name, a path or an address -> checkpoint: shipped ones, folders, other people's files, and the Hugging Face hub.

Only an address that begins with `hf://` asks a network.
"""

import json
import logging
import os
import re
from importlib import resources
from pathlib import Path
from typing import Any

from musiq.checkpoint import Checkpoint, load_folder
from musiq.errors import CheckpointError
from musiq.hub import SCHEME, HubAddress, fetch_once
from musiq.published import read_published

_ADDRESS = re.compile(r"^hf:/(?!/)")  # what a `Path` makes of `hf://`
_PIN = re.compile(r"[0-9a-f]{8,64}", re.IGNORECASE)
_log = logging.getLogger("musiq")


def load_checkpoint(source: str | Path = "default") -> Checkpoint:
    """The checkpoint named or found at `source`.

    Args:
        source: name of a checkpoint shipped with musiq, a checkpoint folder, a published `.npz` file, a `.pth` file of
            the common PyTorch port (needs torch), or an address on the Hugging Face hub, `hf://owner/name@revision`
            (needs `huggingface_hub`), which alone is fetched. `#` and the first digits of the weights' SHA-256, 8 or
            more, may end each of them: other weights are refused then.

    Raises:
        CheckpointError: names the file and what is wrong with it.
        MissingExtraError: the source needs a library that is not installed.
        TypeError: `source` is neither text nor a path.
    """
    if not isinstance(source, str | os.PathLike):
        raise TypeError(f"a checkpoint is named by its name, path or address, not by {type(source).__name__}")
    path = locate(source)
    place, pin = split_pin(source)
    checkpoint = load_folder(path) if path.is_dir() else read_published(path)
    if not checkpoint.id.startswith(pin):
        raise CheckpointError(f"{place}: its weights have SHA-256 {checkpoint.id}, not {pin}...")
    if place.startswith(SCHEME):
        _tell_commit(HubAddress.parse(place), checkpoint)
    return checkpoint


def read_training(source: str | Path) -> dict[str, Any]:
    """What `training.json` tells of the checkpoint at `source`; nothing for other people's files."""
    path = locate(source) / "training.json"
    if not path.is_file():
        return {}
    try:
        training: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from error
    return training


def locate(source: str | Path) -> Path:
    """Folder or file of a checkpoint on this machine, fetched first if it is on the hub; a pin is not checked.

    Raises:
        CheckpointError: there is none.
    """
    place, _ = split_pin(source)
    if place in shipped_names():
        return shipped_folder(place)
    if place.startswith(SCHEME):
        return fetch_once(HubAddress.parse(place)).path
    path = Path(place)
    if not path.exists():
        known = ", ".join(shipped_names())
        raise CheckpointError(
            f"{place}: no such file or folder, nor a shipped checkpoint ({known}), nor hf://owner/name"
        )
    return path


def split_pin(source: str | Path) -> tuple[str, str]:
    """The source without its pin, and the digits of the pin, none for none. A path that is there is taken as it is.

    Raises:
        CheckpointError: what stands behind `#` is no pin.
    """
    text = _ADDRESS.sub(SCHEME, str(source))
    place, mark, pin = text.rpartition("#")
    if not mark or Path(text).exists():
        return text, ""
    if not _PIN.fullmatch(pin):
        raise CheckpointError(f"{text}: after # stand 8 to 64 hexadecimal digits of the weights' SHA-256")
    return place, pin.lower()


def shipped_folder(name: str) -> Path:
    """Folder of a checkpoint that musiq ships."""
    return Path(str(resources.files("musiq"))) / "checkpoints" / name


def shipped_names() -> list[str]:
    """Names of the checkpoints that musiq ships."""
    return sorted(config.parent.name for config in shipped_folder("").glob("*/config.json"))


def _tell_commit(address: HubAddress, checkpoint: Checkpoint) -> None:
    """Names what a branch or a tag stood for, to be written down: on stderr, or where logging is set to."""
    if not address.is_commit:
        commit = fetch_once(address).commit
        _log.warning("musiq: %s is %s#%s now", address, address.at(commit), checkpoint.id[:12])
