"""Many images in, scores out in order."""

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musiq.ahead import map_ahead
from musiq.checkpoint import Checkpoint
from musiq.errors import CheckpointError, ImageError
from musiq.image import MAX_PIXELS, WHITE, Admit, DecodedImage, can_be_image, load_image
from musiq.memory import Budget, format_bytes, machine_bytes, process_bytes
from musiq.patches import (
    PatchSequence,
    native_count,
    native_size,
    patch_sequence,
    piece_tokens,
    spread,
    token_counts,
)
from musiq.resize import Profile
from musiq.rows import Row, Scoring, capped
from musiq.runtime import Device, Precision, Runtime, RuntimeName, open_runtime
from musiq.runtime.graph import stem_bytes
from musiq.runtime.precision import core_count
from musiq.scores import RATINGS, UNSURE_OUTPUTS, Score, mean_opinion, rating_distribution, uncertainty
from musiq.sources import load_checkpoint

SCORING_OUTPUTS = (1, UNSURE_OUTPUTS, len(RATINGS))
DECODING_BYTES = 10  # a pixel takes while its image is decoded: 4 in Pillow, 3 turned upright, 3 as an array
DECODED_BYTES = 3  # and afterwards
CORE_TOKENS = 6000  # an image of more takes all cores, so that one such image is in work at a time
AHEAD = 2  # images per worker that are handed out before their turn
MOST_AT_ONCE = 64  # images in a call of `logits`
MOST_WAITING = 256  # results that wait for a batch, those among them that need no network
Load = Callable[[Any, Admit], Any]


@dataclass(frozen=True)
class _Prepared:
    """An image ready for the network, and what its score reports."""

    name: str
    patches: PatchSequence
    height: int
    width: int
    preprocess: str
    notes: tuple[str, ...]


def check_scores(checkpoint: Checkpoint) -> None:
    """Raises a `CheckpointError` if the network's outputs are no quality score."""
    outputs = checkpoint.model.outputs
    if outputs not in SCORING_OUTPUTS:
        raise CheckpointError(
            f"{checkpoint.name}: {outputs} outputs are no quality score (1, 2 or 10 are); "
            "it can only initialise training"
        )


class Scorer:
    """Scores images with one checkpoint on one runtime.

    Attributes:
        checkpoint: weights, preprocessing and score range in use.
        runtime: what executes the network.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        runtime: Runtime,
        *,
        workers: int | None = None,
        background: tuple[int, int, int] = WHITE,
        max_pixels: int | None = MAX_PIXELS,
        max_memory: int | None = None,
        max_patches: int | None = None,
        beside: int = 0,
    ) -> None:
        self.checkpoint, self.runtime = checkpoint, runtime
        self._workers = workers or core_count()
        self._background, self._max_pixels, self._max_patches = background, max_pixels, max_patches
        self._max_memory = max_memory
        self._room = machine_bytes() // 2 if max_memory is None else max(1, max_memory - process_bytes() - beside)
        self._all_cores, self._turn = threading.Lock(), threading.Lock()

    @classmethod
    def load(
        cls,
        checkpoint: str | Path | Checkpoint = "default",
        *,
        preprocess: Profile | None = None,
        runtime: RuntimeName = "auto",
        device: Device = "cpu",
        precision: Precision = "fp32",
        threads: int | None = None,
        workers: int | None = None,
        background: tuple[int, int, int] = WHITE,
        max_pixels: int | None = MAX_PIXELS,
        max_memory: int | None = None,
        max_patches: int | None = None,
        beside: int = 0,
    ) -> "Scorer":
        """A scorer ready to use.

        Args:
            checkpoint: as `musiq.load_checkpoint` takes it: a shipped name, a checkpoint folder, a published `.npz`, a
                `.pth` of the common PyTorch port, or `hf://owner/name`.
            preprocess: `google-v1`, the published code's, or `pyiqa-bicubic`, the common port's, see
                `musiq.resize`; None for the checkpoint's own. Scores of the two do not compare.
            runtime: `onnx` (CPU, no torch), `openvino` (CPU), `torch`, or `auto`, which `musiq doctor` explains.
            device: `cpu`, `cuda` or `mps`, for torch.
            precision: `fp32`; `bf16` and `int8` where the processor has the instructions, with other scores.
            threads: threads of the network, None for one per core.
            workers: images in work at the same time, None for one per core.
            background: RGB that transparent pixels are laid over.
            max_pixels: largest H * W accepted, None for no limit.
            max_memory: bytes that this process (and those `beside` it) shall stay under; larger images are refused.
                None shares half of the machine's memory among the images in work.
            max_patches: most native patches that an image keeps, by `musiq.patches.spread`; its score is then
                approximate, and says so. None keeps all.
            beside: bytes that other processes take which `max_memory` is for, too.

        Raises:
            CheckpointError: the checkpoint is missing or malformed, or does not take that preprocessing.
            MissingExtraError: the runtime is not installed.
            ValueError: an unknown preprocessing or runtime, or a device or a precision that this machine lacks.
        """
        loaded = checkpoint if isinstance(checkpoint, Checkpoint) else load_checkpoint(checkpoint)
        loaded = loaded.under(preprocess)
        check_scores(loaded)
        return cls(
            loaded,
            open_runtime(loaded, runtime, device, threads, precision),
            workers=workers or threads,
            background=background,
            max_pixels=max_pixels,
            max_memory=max_memory,
            max_patches=max_patches,
            beside=beside,
        )

    @property
    def scoring(self) -> Scoring:
        """What all its scores have in common; scores compare only with others of the same."""
        return Scoring.of(self.checkpoint.id, self.checkpoint.preprocess, self.runtime.precision, self._max_patches)

    def make_row(self, name: str, result: Score | ImageError, **facts: Any) -> Row:
        """The row of a result of this scorer, of now; `facts` are further fields."""
        return Row.of(
            name,
            result,
            checkpoint=self.checkpoint.name,
            weights=self.checkpoint.id,
            runtime=self.runtime.name,
            precision=self.runtime.precision,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            **facts,
        )

    def score(self, image: Any) -> Score:
        """The score of one image: anything that `musiq.image.load_image` takes.

        May be called from several threads; each call takes all cores and holds `max_memory` against its own image
        alone, which `score_beside` does for all calls together. The image is decoded in the calling process.

        Raises:
            ImageError: it cannot be read, or breaks a limit.
            TypeError: an object that is no image of any kind, such as None.
        """
        if not can_be_image(image):
            raise TypeError(
                f"a {type(image).__name__} is no image; score takes a path, bytes, a binary file, a PIL image, "
                "an array or a tensor"
            )
        result: Score | ImageError = self._try_score(self._load, image)
        if isinstance(result, ImageError):
            raise result
        return result

    def score_many(self, images: Iterable[Any]) -> Iterator[Score | ImageError]:
        """For each image its score, or the `ImageError` that says why there is none; lazily, in input order.

        Sizes may be mixed. On a CPU with ONNX Runtime each worker scores an image on a core of its own, from file to
        score; images of more than `CORE_TOKENS` patches take all cores. Other runtimes get images that workers have
        prepared, on GPUs many at a time.

        It reads ahead: 2 * `workers` + 1 images are taken before the first result is given (two with one worker, a
        whole batch on a GPU). For a live queue, call `score` per message, from several threads if wanted.
        """
        return self.score_loaded(images, self._load)

    def score_loaded(self, images: Iterable[Any], load: Load) -> Iterator[Any]:
        """As `score_many`, for images that `load` decodes.

        Args:
            load: called by a worker with an image and a function that it calls with height and width before it decodes
                (which waits for memory, or raises an `ImageError`). The `DecodedImage` that it returns is scored;
                anything else is handed on in its place.
        """
        rest = iter(images)
        first = list(islice(rest, 2))
        together = chain(first, rest)
        if len(first) < 2 or self._workers == 1:
            yield from map(partial(self._try_score, load), together)
        elif self.runtime.one_core is not None:
            yield from self._ahead(partial(self._try_score_beside_others, self._budget, load), together)
        elif self._max_memory is not None and self.runtime.tokens_per_batch == 0:
            yield from map(partial(self._try_score, load), together)
        else:
            yield from self._in_batches(self._ahead(partial(self._try_prepare, load), together))

    def score_beside(self, image: Any, load: Load | None = None) -> Any:
        """As `score_loaded` for one image, in the calling thread, beside calls from other threads; without `load` as
        `score_many`.

        On a CPU with ONNX Runtime each call takes a core and waits until its image fits into memory beside the others;
        other runtimes are asked by one call at a time.
        """
        load = load or self._load
        if self.runtime.one_core is None:
            return self._try_score(load, image)
        return self._try_score_beside_others(self._budget, load, image)

    def logits(self, images: Iterable[PatchSequence]) -> Iterator[NDArray[np.float32]]:
        """Network outputs `(B, K)` of what is cut already, in order, some images at a time; beside calls from other
        threads."""
        alone = self.runtime.one_core
        if alone is not None:
            yield from self._ahead(lambda image: alone.logits([image]), images)
            return
        rest = iter(images)
        while several := list(islice(rest, MOST_AT_ONCE)):
            yield self._call(several)

    def _call(self, images: Sequence[PatchSequence], runtime: Runtime | None = None) -> NDArray[np.float32]:
        """Of a runtime without `one_core`, whose calls must take turns, one thread asks at a time."""
        with nullcontext() if self.runtime.one_core is not None else self._turn:
            return (runtime or self.runtime).logits(images)

    @cached_property
    def _budget(self) -> Budget:
        """What images in work share: the room that is left beside the network for one core, which this loads."""
        before = process_bytes()
        assert self.runtime.one_core is not None
        return Budget(max(1, self._room - max(0, process_bytes() - before)))

    def _load(self, image: Any, admit: Admit) -> DecodedImage:
        return load_image(image, background=self._background, max_pixels=self._max_pixels, admit=admit)

    def _prepare(self, decoded: DecodedImage) -> _Prepared:
        limit, config, preprocess = self._max_patches, self.checkpoint.patches, self.checkpoint.preprocess
        name, (height, width), notes = decoded.name, decoded.pixels.shape[:2], decoded.notes
        if (seen := native_size(height, width, config)) != (height, width):
            notes = (*notes, f"shrunk to {seen[1]}x{seen[0]}")
        native = native_count(height, width, config)
        if limit is None or native <= limit:
            return _Prepared(name, patch_sequence(decoded.pixels, config), height, width, preprocess, notes)
        patches = patch_sequence(decoded.pixels, config, partial(spread, limit=limit))
        note = f"approximate: {len(patches.kept if patches.kept is not None else ())} of {native} native patches"
        return _Prepared(name, patches, height, width, capped(preprocess, limit), (*notes, note))

    def _try_prepare(self, load: Load, image: Any, admit: Admit | None = None) -> Any:
        """A `_Prepared`, an `ImageError`, or what `load` hands on."""
        try:
            loaded = load(image, admit or self._check)
        except ImageError as error:
            return error
        return self._prepare(loaded) if isinstance(loaded, DecodedImage) else loaded

    def _try_score(self, load: Load, image: Any) -> Any:
        prepared = self._try_prepare(load, image)
        return self._score([prepared])[0] if isinstance(prepared, _Prepared) else prepared

    def _try_score_beside_others(self, budget: Budget, load: Load, image: Any) -> Any:
        with ExitStack() as held:
            admit = lambda *size: held.enter_context(budget.take(self._check(*size)))  # noqa: E731
            prepared = self._try_prepare(load, image, admit)
            if not isinstance(prepared, _Prepared):
                return prepared
            if len(prepared.patches) <= CORE_TOKENS:
                return self._score([prepared], self.runtime.one_core)[0]
            with self._all_cores:
                return self._score([prepared])[0]

    def _check(self, height: int, width: int) -> int:
        """Bytes that an image of this size takes; an `ImageError` where they break the limit."""
        tokens = sum(token_counts(height, width, self.checkpoint.patches, self._max_patches))
        pieces = self._workers if tokens > CORE_TOKENS else 1  # that are in the stem at a time
        stem = pieces * piece_tokens(self.checkpoint.patches.patch_size) * stem_bytes(self.checkpoint.model)
        network = tokens * self.runtime.bytes_per_token + stem
        need = max(DECODING_BYTES * height * width, DECODED_BYTES * height * width + network)
        if self._max_memory is not None and need > self._room:
            raise ImageError(
                f"{width} x {height} pixels take about {format_bytes(need)}, and {format_bytes(self._room)} are "
                f"left of the limit of {format_bytes(self._max_memory)}; fewer patches (max_patches) take less",
                "memory",
            )
        return need

    def _ahead(self, work: Callable[[Any], Any], images: Iterable[Any]) -> Iterator[Any]:
        """`work` of each image in order, done by the workers before it is asked for."""
        pool = ThreadPoolExecutor(self._workers)
        try:
            yield from map_ahead(pool, work, images, AHEAD * self._workers + 1)
        finally:
            pool.shutdown(cancel_futures=True)

    def _in_batches(self, prepared: Iterable[Any]) -> Iterator[Any]:
        waiting: list[Any] = []
        tokens = 0
        for item in prepared:
            more = len(item.patches) if isinstance(item, _Prepared) else 0
            full = tokens + more > self.runtime.tokens_per_batch or len(waiting) >= MOST_WAITING
            if waiting and (full or not tokens):
                yield from self._flush(waiting)
                waiting, tokens = [], 0
            waiting.append(item)
            tokens += more
        yield from self._flush(waiting)

    def _flush(self, waiting: list[Any]) -> Iterator[Any]:
        prepared = [item for item in waiting if isinstance(item, _Prepared)]
        scores = iter(self._score(prepared)) if prepared else iter(())
        for item in waiting:
            yield next(scores) if isinstance(item, _Prepared) else item

    def _score(self, images: list[_Prepared], runtime: Runtime | None = None) -> list[Score | ImageError]:
        try:
            logits = self._call([image.patches for image in images], runtime)
        except MemoryError as error:
            if len(images) == 1:
                return [ImageError(f"{images[0].name}: not enough memory for the network: {error}", "memory")]
            return [result for image in images for result in self._score([image], runtime)]
        return list(map(self._as_score, images, np.split(logits, len(images))))

    def _as_score(self, image: _Prepared, logits: NDArray[np.float32]) -> Score | ImageError:
        checkpoint, spec, factor = self.checkpoint, self.checkpoint.score_range, self.checkpoint.score.factor
        own, people, sure = checkpoint.own_scale, checkpoint.population, checkpoint.calibration
        raw, away = float(mean_opinion(logits, factor)[0]), uncertainty(logits, factor)
        if not math.isfinite(raw):
            return ImageError(f"{image.name}: the network gives {raw}, which is no score", "no-score")
        mos, unsure = raw, None if away is None else float(away[0])
        if own is not None:
            mos, unsure = float(own.apply(raw)), float(own.spread(raw, unsure or 0.0))
        interval = None if sure is None or unsure is None else sure.interval(mos, unsure)
        return Score(
            mos=mos,
            distribution=rating_distribution(logits)[0] if own is None else None,
            uncertainty=unsure,
            interval=interval,
            coverage=None if interval is None or sure is None else sure.coverage,
            percentile=None if people is None else people.percentile(raw),
            band=spec.band(mos),
            low=spec.low,
            high=spec.high,
            higher_is_better=spec.higher_is_better,
            checkpoint=checkpoint.name,
            weights=checkpoint.id,
            preprocess=image.preprocess,
            height=image.height,
            width=image.width,
            notes=image.notes,
            training_data=checkpoint.training_data,
            population=None if people is None else people.name,
        )
