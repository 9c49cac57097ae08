"""Torch on CPU, CUDA or MPS: images of any sizes one after another, nothing padded."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import numpy as np
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint
from musiq.errors import MissingExtraError
from musiq.patches import PatchSequence, piece_tokens
from musiq.runtime.precision import Precision

try:
    import torch
    from torch import Tensor
except ImportError:
    raise MissingExtraError("runtime torch", "train") from None

from musiq.model import MUSIQ, as_state

PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")
TOKENS_PER_GPU_BATCH = 16384  # patches of all images in one call: some 18 photos of 1024 x 768
STEM_TOKENS_ON_GPU = 4096  # patches in the stem at a time: about 1 GB of activations at the paper's width


class TorchRuntime:
    """Many images a call on an accelerator, one image a call on a CPU."""

    name: Final = "torch"
    one_core = None  # torch's threads are the whole process's

    def __init__(
        self, checkpoint: Checkpoint, device: str = "cpu", threads: int | None = None, precision: Precision = "fp32"
    ) -> None:
        """A network ready to run.

        Args:
            device: `cpu`, `cuda` or `mps`.
            threads: threads of the CPU, None for one per core.
            precision: `fp32` is true float32, never TF32; `bf16` convolves, multiplies and attends in bfloat16 and adds
                blocks up in float32, which costs a third of the error of a network that is bfloat16 throughout.

        Raises:
            ValueError: a device that this machine lacks, or an unknown precision.
        """
        if precision not in PRECISIONS:
            raise ValueError(f"runtime torch has no precision {precision}; it has {', '.join(PRECISIONS)}")
        self.device, self.precision = open_device(device), precision
        on_cpu, self.pinned = self.device.type == "cpu", self.device.type == "cuda"
        self.tokens_per_batch = 0 if on_cpu else TOKENS_PER_GPU_BATCH
        self.bytes_per_token = 4 * (9 * checkpoint.model.width + 4 * checkpoint.model.mlp)  # as measured on a CPU
        self.stem_tokens = piece_tokens(checkpoint.patches.patch_size) if on_cpu else STEM_TOKENS_ON_GPU
        if threads is not None:
            torch.set_num_threads(threads)
        self.network = MUSIQ(checkpoint.model).eval().requires_grad_(False)
        self.network.load_state_dict(as_state(checkpoint.weights))
        self.network.to(self.device)

    def logits(self, images: Sequence[PatchSequence]) -> NDArray[np.float32]:
        """Network outputs `(B, K)`, a row per image; several images that do not fit the device's memory are split.

        Raises:
            MemoryError: one image alone does not fit.
        """
        try:
            return self._logits(images)
        except torch.cuda.OutOfMemoryError:
            if len(images) == 1:
                raise MemoryError(
                    f"{self.device} has too little memory for an image of {len(images[0])} patches"
                ) from None
        half = len(images) // 2
        return np.concatenate([self.logits(images[:half]), self.logits(images[half:])])

    @torch.inference_mode()
    def _logits(self, images: Sequence[PatchSequence]) -> NDArray[np.float32]:
        with true_float32(), self._cast():
            tokens = torch.cat(list(self._tokens(images)))
            return self.network.encode_packed(tokens, [len(image) for image in images]).cpu().numpy()

    def _tokens(self, images: Sequence[PatchSequence]) -> Iterator[Tensor]:
        """Embedded tokens `(n, D)` of all images; a run of them is cut while the device works on the one before."""
        cell = self._send(torch.from_numpy(np.concatenate([image.cell for image in images])))
        scale = self._send(torch.from_numpy(np.concatenate([image.scale for image in images])))
        start = 0
        for pixels in self._runs(images):
            stop = start + len(pixels)
            yield self.network.embed(self._send(pixels), cell[start:stop], scale[start:stop])
            start = stop

    def _runs(self, images: Sequence[PatchSequence]) -> Iterator[Tensor]:
        """Patches of all images one after another, float32 `(n, 3, P, P)`, n at most `stem_tokens`."""
        run, filled = self._empty_run(), 0
        for piece in (piece for image in images for piece in image.pieces()):
            if filled + len(piece) > len(run):
                yield run[:filled]
                run, filled = self._empty_run(), 0  # torch reuses pinned memory only once it is copied
            run[filled : filled + len(piece)].numpy()[...] = piece
            filled += len(piece)
        yield run[:filled]

    def _empty_run(self) -> Tensor:
        side = self.network.config.patch_size
        return torch.empty(self.stem_tokens, 3, side, side, pin_memory=self.pinned)

    def _send(self, tensor: Tensor) -> Tensor:
        if self.pinned:
            return tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor.to(self.device)

    def _cast(self) -> AbstractContextManager[None]:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16")


@contextmanager
def true_float32() -> Iterator[None]:
    """Float32 is neither TF32 nor anything shorter, whatever the process allows elsewhere."""
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before, newer = _matmul_precision(), matmul.fp32_precision
    torch.set_float32_matmul_precision("highest")
    try:
        with cudnn.flags(enabled=cudnn.enabled, allow_tf32=False, fp32_precision="ieee"):
            yield
    finally:
        torch.set_float32_matmul_precision(before)
        matmul.fp32_precision = newer


def _matmul_precision() -> str:
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:  # torch refuses to say where only its newer settings, `fp32_precision`, were changed
        return "highest"


def open_device(name: str) -> torch.device:
    """The torch device `name`; a `ValueError` says when this machine has none."""
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not available.get(name, False):
        raise ValueError(
            f"device {name!r} is not available here; there are {[key for key in available if available[key]]}"
        )
    return torch.device(name)
