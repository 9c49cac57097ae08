"""A `hf://` address -> files on this machine: the one place where musiq asks a network for a checkpoint.

Hugging Face's own library fetches, keeps its cache and knows the login. Only the files of a checkpoint folder, or one
published `.npz`, are asked for: arrays, JSON, graphs and text, never pickles.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from musiq.checkpoint import Graphs
from musiq.errors import CheckpointError, MissingExtraError

SCHEME = "hf://"
ARRAYS = ".npz"
PICKLES = (".pth", ".pt", ".bin", ".ckpt", ".pkl")
FILES = (
    "model.safetensors",
    "config.json",
    "training.json",
    "README.md",
    "training_images.csv",
    *(f"{name}.onnx" for name in Graphs._fields),
)
_PART = re.compile(r"(?!\.+$)[\w.-]+", re.ASCII)  # no `..`, and nothing that a pattern of file names would expand
_REVISION = re.compile(r"(?!.*\.\.)[\w.-]+(/[\w.-]+)*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubAddress:
    """A checkpoint on the hub.

    Attributes:
        repository: `owner/name`.
        inside: folder or `.npz` file in it; empty for the repository itself.
        revision: branch, tag or commit; None for the main branch.
    """

    repository: str
    inside: str = ""
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> "HubAddress":
        """The address that `hf://owner/name[/inside][@revision]` names.

        Raises:
            CheckpointError: it names none, or a file that is not read from the hub.
        """
        place, at, revision = text.removeprefix(SCHEME).partition("@")
        parts = place.removesuffix("/").split("/")
        if len(parts) < 2 or not all(map(_PART.fullmatch, parts)) or (at and not _REVISION.fullmatch(revision)):
            raise CheckpointError(f"{text}: not of the form hf://owner/name[/folder or /file.npz][@revision]")
        if len(parts) > 2 and Path(parts[-1]).suffix in PICKLES:
            raise CheckpointError(f"{text}: of the hub only checkpoint folders and .npz are read, never pickles")
        return cls("/".join(parts[:2]), "/".join(parts[2:]), revision or None)

    @property
    def is_commit(self) -> bool:
        """Whether it means the same files for ever."""
        return self.revision is not None and _COMMIT.fullmatch(self.revision) is not None

    @property
    def is_file(self) -> bool:
        """Whether it names a file rather than a folder."""
        return self.inside.endswith(ARRAYS)

    def at(self, commit: str) -> str:
        """The same place at a commit, as text."""
        return f"{SCHEME}{'/'.join(filter(None, (self.repository, self.inside)))}@{commit}"

    def __str__(self) -> str:
        return self.at(self.revision or "main")


@dataclass(frozen=True)
class Fetched:
    """What an address led to.

    Attributes:
        path: checkpoint folder or `.npz` file in the library's cache.
        commit: that it is of.
    """

    path: Path
    commit: str


@cache  # a process sees one commit of a branch, whoever asks; errors are not kept
def fetch_once(address: HubAddress) -> Fetched:
    """`fetch` with the library's own settings; asked again it gives the same, without asking the hub."""
    return fetch(address)


def fetch(address: HubAddress, **options: Any) -> Fetched:
    """The files of a checkpoint, fetched unless the cache has them.

    Args:
        options: further arguments of `huggingface_hub.snapshot_download`: `cache_dir`, `token`, `force_download`,
            `local_files_only`.

    Raises:
        CheckpointError: says in a sentence what is missing or refused; tokens are not in it.
        MissingExtraError: `huggingface_hub` is not installed.
    """
    try:
        import huggingface_hub
    except ImportError as error:
        raise MissingExtraError("reading checkpoints from the Hugging Face hub", "hub") from error
    wanted = [address.inside] if address.is_file else [_join(address.inside, name) for name in FILES]
    try:
        snapshot = Path(
            huggingface_hub.snapshot_download(
                address.repository, revision=address.revision, allow_patterns=wanted, **options
            )
        )
    except Exception as error:  # the library's own kinds, those of its HTTP client, and of the disk
        raise CheckpointError(f"{address}: {_reason(error, address)}") from error
    path = snapshot / address.inside
    if not (path if address.is_file else path / "config.json").is_file():
        lacking = "no such file" if address.is_file else "no config.json, so no checkpoint of musiq"
        raise CheckpointError(f"{address.at(snapshot.name)}: {lacking}")
    return Fetched(path, snapshot.name)


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _reason(error: Exception, address: HubAddress) -> str:
    """What went wrong, without the library's own text: that is of several lines and names requests."""
    from huggingface_hub import constants, errors

    server = re.sub(r"//[^/@]*@", "//", constants.ENDPOINT)  # without what a mirror's address may say of the login
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"no such repository at {server}, or it is private or gated, which `hf auth login` may open"
    if isinstance(error, errors.RevisionNotFoundError):
        return f"the repository has no revision {address.revision!r}"
    if isinstance(error, errors.HFValidationError):
        return "no valid name of a repository"
    if isinstance(error, errors.LocalEntryNotFoundError):
        where = f"the cache ({constants.HF_HUB_CACHE}) does not hold all of it"
        return f"{where}, and {_silence(error.__cause__, server)}"
    if isinstance(error, errors.HfHubHTTPError):
        return f"{server} answers {error.response.status_code}"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be fetched: {error.strerror}"
    return f"cannot be fetched from {server}: {type(error).__name__}"


def _silence(cause: BaseException | None, server: str) -> str:
    from huggingface_hub import constants, errors

    if constants.HF_HUB_OFFLINE or isinstance(cause, errors.OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE forbids to fetch it"
    if isinstance(cause, errors.HfHubHTTPError):
        return f"{server} answers {cause.response.status_code}"
    return "fetching is switched off" if cause is None else f"{server} cannot be reached"
