"""Records -> optimizer steps, each a list of ragged batches under a token budget; a photo's views stay together.

What a step holds depends on (seed, epoch, step) and the process's rank alone: not on the number of workers, nor on
where a run resumed.
"""

import signal
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from musiq.data.record import Record
from musiq.patches import PatchBatch, collate

Position = tuple[int, int]  # (epoch, step), both from 0


@dataclass(frozen=True)
class Sample:
    """One training example.

    Attributes:
        patches: its patch sequence, B = 1.
        target: what the loss compares with, float32 `(T,)`.
        source: its data set.
        weight: 1, or 0 for an image that only stands in where a process has none of its own.
    """

    patches: PatchBatch
    target: NDArray[np.float32]
    source: int = 0
    weight: float = 1.0


@dataclass(frozen=True)
class TrainBatch:
    """Ragged batch as tensors: the fields of `PatchBatch`; target `(B, T)`, source int64 `(B,)`, weight `(B,)`.

    photo int64 `(B,)` numbers the photos of the batch: images of one number are views of the same.
    """

    pixels: torch.Tensor
    cell: torch.Tensor
    scale: torch.Tensor
    valid: torch.Tensor
    target: torch.Tensor
    source: torch.Tensor
    photo: torch.Tensor
    weight: torch.Tensor

    def to(self, device: torch.device) -> "TrainBatch":
        """The same batch on a device."""
        return TrainBatch(*(field.to(device, non_blocking=True) for field in vars(self).values()))


@dataclass(frozen=True)
class Step:
    """One optimizer step of one process: its batches, and the number of images of all processes together."""

    images: int
    batches: list[TrainBatch]


Views = list[Sample]  # of one photo
SampleMaker = Callable[[Record, np.random.Generator], Views]


class Steps(Dataset[Step]):
    """Steps of a run, addressed by (epoch, step).

    Args:
        records: all training images.
        make: turns one into `Sample`s, which stay in one batch.
        images_per_step: images per optimizer step, of all processes together.
        tokens_per_batch: images x longest sequence of one forward pass.
        seed: of order and augmentation.
        weights: how often an epoch visits each data set's images; empty for once each.
        rank: which of the processes this is, from 0.
        world: how many processes there are; each takes every `world`-th image of a step.
    """

    def __init__(
        self,
        records: Sequence[Record],
        make: SampleMaker,
        *,
        images_per_step: int,
        tokens_per_batch: int,
        seed: int,
        weights: Sequence[float] = (),
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.records, self.make, self.weights = records, make, tuple(weights)
        self.images_per_step, self.tokens_per_batch = images_per_step, tokens_per_batch
        self.seed, self.rank, self.world = seed, rank, world
        self._order: tuple[int, NDArray[np.intp]] = (-1, np.zeros(0, np.intp))

    def __len__(self) -> int:
        """Steps of one epoch."""
        return -(-len(self.order(0)) // self.images_per_step)

    def order(self, epoch: int) -> NDArray[np.intp]:
        """Indexes of the epoch's images in the order of their visit."""
        if self._order[0] != epoch:
            self._order = (
                epoch,
                epoch_order(np.array([record.source for record in self.records]), self.weights, (self.seed, epoch)),
            )
        return self._order[1]

    def __getitem__(self, position: Position) -> Step:
        epoch, step = position
        first = step * self.images_per_step
        chosen = self.order(epoch)[first : first + self.images_per_step]
        ours = [self._sample(epoch, first + place) for place in range(self.rank, len(chosen), self.world)]
        if not ours:  # every process must take part in every step
            ours = [[replace(sample, weight=0.0) for sample in self._sample(epoch, first)]]
        return Step(len(chosen), ragged_batches(ours, self.tokens_per_batch))

    def _sample(self, epoch: int, place: int) -> Views:
        return self.make(self.records[self.order(epoch)[place]], np.random.default_rng((self.seed, epoch, place)))


def epoch_order(sources: NDArray[np.int64], weights: Sequence[float], seed: Sequence[int]) -> NDArray[np.intp]:
    """Indexes of the images of one epoch in random order.

    Args:
        sources: data set of each image, `(N,)`.
        weights: how often each data set's images come: 2 is twice each, 0.3 a random 30 % of them. Empty: once each.
        seed: of subset and order.
    """
    rng = np.random.default_rng(seed)
    if not weights:
        return rng.permutation(len(sources))
    visits = [_visits(np.flatnonzero(sources == source), weight, rng) for source, weight in enumerate(weights)]
    return rng.permutation(np.concatenate(visits))


def _visits(images: NDArray[np.intp], weight: float, rng: np.random.Generator) -> NDArray[np.intp]:
    whole = int(weight)
    rest = rng.permutation(images)[: round((weight - whole) * len(images))]
    return np.concatenate([np.tile(images, whole), rest])


def ragged_batches(photos: Sequence[Views], tokens_per_batch: int) -> list[TrainBatch]:
    """`photos` sorted by length and cut so that images x longest <= `tokens_per_batch` (one photo at least)."""
    batches: list[list[Views]] = [[]]
    for views in sorted(photos, key=_longest):
        count = sum(map(len, batches[-1])) + len(views)
        if batches[-1] and count * _longest(views) > tokens_per_batch:
            batches.append([])
        batches[-1].append(views)
    return [_to_tensors(batch) for batch in batches]


def _longest(views: Views) -> int:
    return max(sample.patches.valid.shape[1] for sample in views)


def _to_tensors(photos: Sequence[Views]) -> TrainBatch:
    samples = [sample for views in photos for sample in views]
    batch = collate([sample.patches for sample in samples])
    fields: list[NDArray[Any]] = [batch.pixels, batch.cell, batch.scale, batch.valid]
    fields.append(np.stack([sample.target for sample in samples]))
    fields.append(np.array([sample.source for sample in samples], np.int64))
    fields.append(np.repeat(np.arange(len(photos)), [len(views) for views in photos]))
    fields.append(np.array([sample.weight for sample in samples], np.float32))
    return TrainBatch(*map(torch.from_numpy, fields))


def iterate(
    steps: Steps, epochs: int, *, first: Position = (0, 0), workers: int = 0, prepare: Callable[[], None] | None = None
) -> Generator[Step]:
    """All steps from `first` to the end of the last epoch, made ahead by `workers` processes.

    Args:
        prepare: called in each worker process before its first step.
    """
    loader: DataLoader[Step] = DataLoader(
        steps,
        batch_size=None,
        sampler=_positions(len(steps), epochs, first),
        num_workers=workers,
        multiprocessing_context="spawn" if workers else None,  # forking after threads have started can hang
        worker_init_fn=_Prepare(prepare) if workers and prepare else None,
    )
    stream = iter(loader)
    try:
        yield from stream
    finally:
        del stream  # ends the worker processes


def _positions(steps: int, epochs: int, first: Position) -> list[Position]:
    every = ((epoch, step) for epoch in range(first[0], epochs) for step in range(steps))
    return [position for position in every if position >= first]


@dataclass(frozen=True)
class _Prepare:
    """Calls a function that takes nothing, where a worker's number would be handed over."""

    function: Callable[[], None]

    def __call__(self, worker: int) -> None:
        torch.set_num_threads(1)
        for number in (signal.SIGINT, signal.SIGTERM):  # the training process decides when to stop
            signal.signal(number, signal.SIG_IGN)
        self.function()
