"""MUSIQ under the names and habits of IQA-PyTorch (`pyiqa`), the common PyTorch toolbox, so that its users can switch.

Written from what the toolbox does; it is not needed here, and imported only where it asks for its plug-in itself.
"""

import os
from collections.abc import Sequence
from contextlib import nullcontext
from fnmatch import fnmatch
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint
from musiq.errors import CheckpointError, ImageError, MissingExtraError
from musiq.image import MAX_PIXELS, image_name, load_image, open_image
from musiq.resize import Profile
from musiq.sources import load_checkpoint

try:
    import torch
    from torch import Tensor, nn
except ImportError:
    raise MissingExtraError("scoring by the toolbox's names", "train") from None

from musiq.loss import Reduction, check_reduction, reduce
from musiq.quality import ImageQuality

FOLDER_VARIABLE = "MUSIQ_CHECKPOINTS"
PLUGIN = "MUSIQ-musiq"  # our network's name in the toolbox, whose own is `MUSIQ`
BEYOND = 1e-6  # [0, 1] that a value may lie, as in the toolbox


class Published(NamedTuple):
    """A metric of the toolbox.

    Attributes:
        key: what its network is told as `pretrained`.
        files: names of its weights: the authors' file, then the toolbox's.
        score_range: in the toolbox's words.
    """

    key: str
    files: tuple[str, ...]
    score_range: str


_KONIQ = Published("koniq10k", ("koniq_ckpt.npz", "musiq_koniq_ckpt-e95806b9.pth"), "~0, ~100")
METRICS: Final = MappingProxyType(
    {
        "musiq": _KONIQ,
        "musiq-koniq": _KONIQ,
        "musiq-ava": Published("ava", ("ava_ckpt.npz", "musiq_ava_ckpt-e8d3f067.pth"), "1, 10"),
        "musiq-spaq": Published("spaq", ("spaq_ckpt.npz", "musiq_spaq_ckpt-358bb6af.pth"), "~0, ~100"),
        "musiq-paq2piq": Published("paq2piq", ("paq2piq_ckpt.npz", "musiq_paq2piq_ckpt-364c0c84.pth"), "~0, ~100"),
    }
)


def list_models(filter: str = "*") -> list[str]:
    """Names of the metrics that match a pattern such as `*ava`, sorted."""
    return sorted(name for name in METRICS if fnmatch(name, filter or "*"))


def create_metric(
    metric_name: str,
    as_loss: bool = False,
    device: str | torch.device | None = None,
    *,
    loss_reduction: Reduction = "mean",
    check_input_range: bool = True,
    checkpoint: str | Path | Checkpoint | None = None,
    folder: str | Path | None = None,
    preprocess: Profile | None = None,
) -> "Metric":
    """A metric by its name in the toolbox. Nothing is downloaded.

    Args:
        metric_name: one of `list_models()`.
        as_loss: whether gradients reach the images, and several scores become one number.
        device: where it runs; None for `cuda` where there is one, else `cpu`.
        loss_reduction: `mean`, `sum` or `none`, of losses.
        check_input_range: refuse tensors beyond [0, 1]; losses never do.
        checkpoint: weights to use instead of the published ones: as `musiq.load_checkpoint` takes them.
        folder: where the published weights are, as the authors or the toolbox call them; None for the folder in the
            environment variable MUSIQ_CHECKPOINTS, then the toolbox's own cache.
        preprocess: `google-v1`, the published code's; `pyiqa-bicubic` repeats the toolbox's numbers; None for the
            checkpoint's own, which is `google-v1` for the published files.

    Raises:
        CheckpointError: the weights are not found (it says which names were looked for, and where), or malformed.
        ValueError: there is no such metric, preprocessing or reduction.
    """
    if metric_name not in METRICS:
        raise ValueError(f"no metric {metric_name!r}; there are {', '.join(METRICS)}")
    network = Network(METRICS[metric_name].key, checkpoint, folder, preprocess)
    metric = Metric(metric_name, network, as_loss, loss_reduction, check_input_range)
    return metric.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))


class Network(nn.Module):
    """What the toolbox calls a network: float RGB or grey images `(N, 3 or 1, H, W)` in [0, 1] to scores `(N, 1)`.

    Values beyond [0, 1] are clamped. In the toolbox it is a plug-in: `pyiqa.create_metric("musiq", type="MUSIQ-musiq")`
    makes a metric of it, which hands on the arguments that it does not know.
    """

    def __init__(
        self,
        pretrained: str = _KONIQ.key,
        checkpoint: str | Path | Checkpoint | None = None,
        folder: str | Path | None = None,
        preprocess: Profile | None = None,
    ) -> None:
        """
        Args:
            pretrained: which of the published weights: `koniq10k`, `ava`, `spaq` or `paq2piq`.
            checkpoint: as in `create_metric`; folder and preprocess likewise.
        """
        super().__init__()
        source = find_weights(pretrained, folder) if checkpoint is None else checkpoint
        loaded = source if isinstance(source, Checkpoint) else load_checkpoint(source)
        loaded = loaded.under(preprocess)
        self.profile = loaded.patches.profile
        self.quality = ImageQuality(loaded, check_range=False)

    def forward(self, images: Tensor) -> Tensor:
        """Scores `(N, 1)`, float32."""
        return self.quality(images.expand(-1, 3, -1, -1)).unsqueeze(1)


class Metric(nn.Module):
    """Scores as the toolbox's metrics give them.

    Attributes:
        net: the network.
        metric_name: as it was asked for.
        metric_mode: `NR`: it needs no reference.
        lower_better: whether lower scores are better.
        score_range: ends of the scores in words; roughly (`~`) where networks may go beyond.
        as_loss, loss_reduction, check_input_range: as in `create_metric`.
    """

    metric_mode = "NR"

    def __init__(
        self, metric_name: str, network: Network, as_loss: bool, loss_reduction: Reduction, check_input_range: bool
    ) -> None:
        super().__init__()
        self.net, self.metric_name, self.as_loss = network, metric_name, as_loss
        self.loss_reduction = check_reduction(loss_reduction)
        self.check_input_range = check_input_range and not as_loss
        ends = network.quality.score_range
        self.lower_better = not ends.higher_is_better
        known = ends.low is not None and ends.high is not None
        self.score_range = f"{ends.low:g}, {ends.high:g}" if known else METRICS[metric_name].score_range

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self.net.quality.network.class_token.device

    def forward(self, target: Any, ref: Any = None) -> Tensor:
        """Scores `(N, 1)`, float32; of a loss a scalar, or `(N, 1)` where it is not reduced.

        Args:
            target: float tensor `(N, 3 or 1, H, W)` in [0, 1]; or an image by its path, its bytes, or in Pillow: it is
                decoded by `musiq.image`, under `pyiqa-bicubic` as in the toolbox (`decode_plainly`).
            ref: is not looked at; there for code that passes one to every metric.

        Raises:
            ImageError: the image cannot be read.
            ValueError: the tensor has another shape or range.
        """
        images = target if isinstance(target, Tensor) else self._read(target)
        self._check(images)
        with nullcontext() if self.as_loss else torch.no_grad():
            scores = self.net(images)
        return reduce(scores, self.loss_reduction) if self.as_loss else scores

    def _read(self, source: Any) -> Tensor:
        plain = self.net.profile == "pyiqa-bicubic"
        pixels = decode_plainly(source) if plain else load_image(source).pixels
        return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255

    def _check(self, images: Tensor) -> None:
        if images.ndim != 4 or images.shape[1] not in (1, 3) or 0 in images.shape or not images.is_floating_point():
            raise ValueError(f"needs a float tensor (N, 3 or 1, H, W), got {images.dtype} {tuple(images.shape)}")
        if self.check_input_range:
            low, high = float(images.min()), float(images.max())
            if not (low > -BEYOND and high < 1 + BEYOND):  # also false for NaN
                raise ValueError(f"values must lie in [0, 1], these go from {low:.4g} to {high:.4g}")


def find_weights(pretrained: str, folder: str | Path | None = None) -> Path:
    """The file of published weights that is there, the authors' before the toolbox's.

    Args:
        pretrained: `koniq10k`, `ava`, `spaq` or `paq2piq`.
        folder: as in `create_metric`.

    Raises:
        CheckpointError: there is none; says which names were looked for, and where.
        ValueError: there are no such weights.
    """
    files = {metric.key: metric.files for metric in METRICS.values()}
    if pretrained not in files:
        raise ValueError(f"no published weights {pretrained!r}; there are {', '.join(files)}")
    folders = weight_folders() if folder is None else [Path(folder)]
    for path in (place / name for place in folders for name in files[pretrained]):
        if path.is_file():
            return path
    names, places = " nor ".join(files[pretrained]), " nor ".join(map(str, folders))
    raise CheckpointError(
        f"neither {names} is in {places}; say where by folder= or {FOLDER_VARIABLE}, or name a checkpoint"
    )


def weight_folders() -> Sequence[Path]:
    """Where published weights are looked for: MUSIQ_CHECKPOINTS if it is set, then the toolbox's cache."""
    named = os.environ.get(FOLDER_VARIABLE)
    cache = Path(torch.hub.get_dir()) / "pyiqa"
    return [Path(named), cache] if named else [cache]


def decode_plainly(source: Any) -> NDArray[np.uint8]:
    """Pixels as Pillow converts them to RGB, uint8 `(H, W, 3)`: not turned upright, no profile applied, alpha dropped.

    Args:
        source: path, encoded bytes, binary file or Pillow image.

    Raises:
        ImageError: it cannot be read, or has more than 200 megapixels.
    """
    try:
        with nullcontext(source) if hasattr(source, "convert") else open_image(source) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ImageError(f"{image.width} x {image.height} pixels exceed {MAX_PIXELS:,}", "too-large")
            return np.array(image.convert("RGB"))
    except Exception as error:  # decoders of hostile files raise nearly anything
        kind = error.kind if isinstance(error, ImageError) else "damaged"
        raise ImageError(f"{image_name(source)}: {error}", kind) from error


def register() -> None:
    """Adds `Network` to the toolbox under the name `MUSIQ-musiq`; the toolbox itself calls it, by an entry point."""
    from pyiqa.utils.registry import ARCH_REGISTRY

    ARCH_REGISTRY.register(Network, name=PLUGIN)
