"""Many images in, scores out in order."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint
from musiq.errors import CheckpointError, ImageError
from musiq.image import MAX_PIXELS, WHITE, DecodedImage, load_image
from musiq.patches import PatchBatch, collate, patchify
from musiq.runtime import Device, Runtime, RuntimeName, open_runtime
from musiq.scores import RATINGS, Score, mean_opinion, rating_distribution
from musiq.sources import load_checkpoint

SCORING_OUTPUTS = (1, len(RATINGS))
LOOK_AHEAD = 2  # images that are decoded while the network is busy


@dataclass(frozen=True)
class _Prepared:
    """An image ready for the network; pixels are let go of, only what the score reports is kept."""

    patches: PatchBatch
    height: int
    width: int
    notes: tuple[str, ...]


class Scorer:
    """Scores images with one checkpoint on one runtime.

    Attributes:
        checkpoint: weights, preprocessing and score range in use.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        runtime: Runtime,
        *,
        background: tuple[int, int, int] = WHITE,
        max_pixels: int | None = MAX_PIXELS,
    ) -> None:
        self.checkpoint, self._runtime = checkpoint, runtime
        self._background, self._max_pixels = background, max_pixels

    @classmethod
    def load(
        cls,
        checkpoint: str | Path | Checkpoint = "default",
        *,
        runtime: RuntimeName = "onnx",
        device: Device = "cpu",
        threads: int | None = None,
        background: tuple[int, int, int] = WHITE,
        max_pixels: int | None = MAX_PIXELS,
    ) -> "Scorer":
        """A scorer ready to use.

        Args:
            checkpoint: name of a shipped checkpoint, a checkpoint folder, a published `.npz`, or a `.pth` of the
                common PyTorch port.
            runtime: `onnx` (CPU, no torch) or `torch`.
            device: `cpu`, `cuda` or `mps`, for torch.
            threads: threads of the network, None for one per core.
            background: RGB that transparent pixels are laid over.
            max_pixels: largest H * W accepted, None for no limit.

        Raises:
            CheckpointError: the checkpoint is missing or malformed.
            MissingExtraError: torch is asked for and not installed.
            ValueError: an unknown runtime, or a device that this machine lacks.
        """
        loaded = checkpoint if isinstance(checkpoint, Checkpoint) else load_checkpoint(checkpoint)
        if loaded.model.outputs not in SCORING_OUTPUTS:
            raise CheckpointError(
                f"{loaded.name}: {loaded.model.outputs} outputs are no quality score (1 or 10 are); "
                "it can only initialise training"
            )
        opened = open_runtime(loaded, runtime, device, threads)
        return cls(loaded, opened, background=background, max_pixels=max_pixels)

    def score(self, image: Any) -> Score:
        """The score of one image: anything that `musiq.image.load_image` takes.

        Raises:
            ImageError: it cannot be read, or breaks the pixel limit.
        """
        return self._score([self._prepare(image)])[0]

    def score_many(self, images: Iterable[Any]) -> Iterator[Score | ImageError]:
        """For each image its score, or the `ImageError` that says why there is none; lazily, in input order.

        Sizes may be mixed. The next images are decoded while the network works.
        """
        waiting: list[_Prepared | ImageError] = []
        for item in self._prepare_ahead(images):
            if isinstance(item, _Prepared) and not self._fits(waiting, item):
                yield from self._flush(waiting)
                waiting = []
            waiting.append(item)
            if self._runtime.tokens_per_batch == 0:
                yield from self._flush(waiting)
                waiting = []
        yield from self._flush(waiting)

    def _prepare(self, image: Any) -> _Prepared:
        decoded: DecodedImage = load_image(image, background=self._background, max_pixels=self._max_pixels)
        height, width = decoded.pixels.shape[:2]
        return _Prepared(patchify(decoded.pixels, self.checkpoint.patches), height, width, decoded.notes)

    def _prepare_ahead(self, images: Iterable[Any]) -> Iterator[_Prepared | ImageError]:
        with ThreadPoolExecutor(1) as pool:
            pending: deque[Future[_Prepared | ImageError]] = deque()
            for image in images:
                pending.append(pool.submit(self._try_prepare, image))
                if len(pending) > LOOK_AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()

    def _try_prepare(self, image: Any) -> _Prepared | ImageError:
        try:
            return self._prepare(image)
        except ImageError as error:
            return error

    def _fits(self, waiting: list[_Prepared | ImageError], item: _Prepared) -> bool:
        lengths = [other.patches.valid.shape[1] for other in [*waiting, item] if isinstance(other, _Prepared)]
        return len(lengths) == 1 or len(lengths) * max(lengths) <= self._runtime.tokens_per_batch

    def _flush(self, waiting: list[_Prepared | ImageError]) -> Iterator[Score | ImageError]:
        prepared = [item for item in waiting if isinstance(item, _Prepared)]
        scores = iter(self._score(prepared)) if prepared else iter(())
        for item in waiting:
            yield item if isinstance(item, ImageError) else next(scores)

    def _score(self, images: list[_Prepared]) -> list[Score]:
        logits: NDArray[np.float32] = self._runtime.logits(collate([image.patches for image in images]))
        checkpoint, spec = self.checkpoint, self.checkpoint.score
        values = mean_opinion(logits, spec.factor).tolist()
        distributions = rating_distribution(logits)
        return [
            Score(
                mos=mos,
                distribution=distribution,
                low=spec.low,
                high=spec.high,
                higher_is_better=spec.higher_is_better,
                checkpoint=checkpoint.name,
                weights=checkpoint.id,
                preprocess=checkpoint.patches.id,
                height=image.height,
                width=image.width,
                notes=image.notes,
            )
            for mos, distribution, image in zip(values, distributions, images, strict=True)
        ]
