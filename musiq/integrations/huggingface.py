"""`ImageQuality` with Hugging Face's `from_pretrained`, `save_pretrained` and `push_to_hub`, on checkpoint folders."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from musiq.checkpoint import Checkpoint, save_checkpoint
from musiq.errors import MissingExtraError
from musiq.hub import FILES, SCHEME, HubAddress, fetch
from musiq.quality import ImageQuality
from musiq.runtime.graph import graph_key
from musiq.sources import load_checkpoint, locate, read_training, shipped_names, split_pin

try:
    from huggingface_hub import PyTorchModelHubMixin
except ImportError as error:
    raise MissingExtraError("the Hugging Face hub", "hub") from error


class HubImageQuality(ImageQuality, PyTorchModelHubMixin, library_name="musiq"):
    """`ImageQuality` that is read from the hub and written to it.

    What it writes is a checkpoint folder like any other: `Scorer.load` reads it without torch, here or as
    `hf://owner/name`. What is missing, unknown or misshapen in a folder is an error.
    """

    _hub_mixin_config = {}  # noqa: RUF012  # unset, the mixin would keep a copy of all weights in it
    _training: dict[str, Any] | None = None  # what is told of the weights that it was made of

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        revision: str | None = None,
        strict: bool = True,
        map_location: str = "cpu",
        force_download: bool = False,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        **options: Any,
    ) -> Self:
        """The network of a checkpoint, in evaluation mode.

        Args:
            pretrained_model_name_or_path: folder, or `owner/name` or `hf://owner/name[/folder][@revision]` on the hub;
                `#` and digits of the weights' SHA-256 may end it, as in `load_checkpoint`.
            revision: branch, tag or commit; the main branch if unset.
            strict: must be true: a network with random weights in it has no scores to give.
            map_location: device that it goes to.
            force_download: as in `huggingface_hub.snapshot_download`.
            token: likewise.
            cache_dir: likewise.
            local_files_only: likewise.
            options: further arguments of `ImageQuality`.

        Raises:
            CheckpointError: there is none, or it is malformed.
            ValueError: `strict=False`, or a revision beside a folder or beside another revision.
        """
        if not strict:
            raise ValueError("strict=False would leave weights at random; every weight must be there and fit")
        place, pin = split_pin(pretrained_model_name_or_path)
        if place in shipped_names() or Path(place).exists():
            path = locate(place)
            if revision is not None:
                raise ValueError(f"revision={revision!r}, but {place} is on this machine, where it has none")
        else:
            how = {"force_download": force_download, "token": token, "cache_dir": cache_dir}
            path = fetch(_address(place, revision), local_files_only=local_files_only, **how).path
        module = cls(load_checkpoint(f"{path}#{pin}" if pin else path), **options)
        module._training = read_training(path)
        return module.to(map_location)

    def save_pretrained(  # type: ignore[override]
        self,
        save_directory: str | Path,
        *,
        config: None = None,
        repo_id: str | None = None,
        push_to_hub: bool = False,
        model_card_kwargs: None = None,
        **push_to_hub_kwargs: Any,
    ) -> str | None:
        """Writes a checkpoint folder, whole or not at all, and pushes it if asked to; the commit's address then.

        Args:
            config: must be None: a checkpoint's `config.json` tells what it is.
            model_card_kwargs: must be None: its `README.md` is written from that.
            repo_id: what it is pushed to; the folder's name if unset.
            push_to_hub_kwargs: arguments of `push_to_hub`.

        Raises:
            CheckpointError: a weight is not finite, or the disk does not take them.
            ValueError: `config` or `model_card_kwargs`.
        """
        _refuse(config=config, model_card_kwargs=model_card_kwargs)
        folder, now = Path(save_directory), self.as_checkpoint()
        save_checkpoint(now, folder, self._tell_training(now))
        return self.push_to_hub(repo_id or folder.name, **push_to_hub_kwargs) if push_to_hub else None

    def push_to_hub(  # type: ignore[override]
        self, repo_id: str, *, config: None = None, model_card_kwargs: None = None, **options: Any
    ) -> str:
        """Makes the repository if need be and pushes the checkpoint folder as one commit; the commit's address.

        Files of an older checkpoint there that this one lacks are removed, unless patterns say what to push or delete.

        Args:
            config: must be None, as in `save_pretrained`.
            model_card_kwargs: likewise.
            options: further arguments of the mixin: `commit_message`, `private`, `token`, `branch`, `create_pr`,
                `allow_patterns`, `ignore_patterns`, `delete_patterns`.
        """
        _refuse(config=config, model_card_kwargs=model_card_kwargs)
        if not any(options.get(f"{what}_patterns") for what in ("allow", "ignore", "delete")):
            options["delete_patterns"] = list(FILES)
        return str(super().push_to_hub(repo_id, **options))

    def as_checkpoint(self) -> Checkpoint:
        """The checkpoint of the weights as they are now, without graphs that another architecture was exported to."""
        now = super().as_checkpoint()
        return now if graph_key(now.model) == graph_key(self._facts.model) else replace(now, graphs=None)

    def _tell_training(self, now: Checkpoint) -> dict[str, Any]:
        """`training.json`; weights that have changed since name those that they started from."""
        told = self._training or {}
        if now.id == self._origin:
            return told
        return {"started_from": {"checkpoint": now.name, "weights_sha256": self._origin, "training": told}}


def _address(place: str, revision: str | None) -> HubAddress:
    text = SCHEME + place.removeprefix(SCHEME)
    if revision is None:
        return HubAddress.parse(text)
    if "@" in place:
        raise ValueError(f"{place} names a revision, and so does revision={revision!r}")
    return HubAddress.parse(f"{text}@{revision}")


def _refuse(**options: Any) -> None:
    for name, value in options.items():
        if value is not None:
            raise ValueError(f"{name}: config.json and README.md are the checkpoint's own; leave it out")
