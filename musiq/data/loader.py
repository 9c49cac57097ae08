"""Records -> optimizer steps, each a list of ragged batches under a token budget.

What a step holds depends on (seed, epoch, step) alone: not on the number of workers, nor on where a run resumed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from musiq.data.csv import Record
from musiq.patches import PatchBatch, collate


@dataclass(frozen=True)
class Sample:
    """One training example: its patches (B = 1) and the interval [low, high] in which its score should lie."""

    patches: PatchBatch
    low: float
    high: float


@dataclass(frozen=True)
class TrainBatch:
    """Ragged batch as tensors: the fields of `PatchBatch`, and targets float32 `(B,)`."""

    pixels: torch.Tensor
    cell: torch.Tensor
    scale: torch.Tensor
    valid: torch.Tensor
    low: torch.Tensor
    high: torch.Tensor


SampleMaker = Callable[[Record, np.random.Generator], Sample]


class Steps(Dataset[list[TrainBatch]]):
    """Steps of one epoch: item k is the k-th step, its images cut into batches under the token budget."""

    def __init__(
        self,
        records: Sequence[Record],
        make: SampleMaker,
        *,
        images_per_step: int,
        tokens_per_batch: int,
        seed: int,
        epoch: int,
    ) -> None:
        self.records, self.make = records, make
        self.images_per_step, self.tokens_per_batch = images_per_step, tokens_per_batch
        self.seed, self.epoch = seed, epoch
        self.order = np.random.default_rng((seed, epoch)).permutation(len(records))

    def __len__(self) -> int:
        return -(-len(self.records) // self.images_per_step)

    def __getitem__(self, step: int) -> list[TrainBatch]:
        chosen = self.order[step * self.images_per_step : (step + 1) * self.images_per_step]
        return ragged_batches([self._sample(int(index)) for index in chosen], self.tokens_per_batch)

    def _sample(self, index: int) -> Sample:
        return self.make(self.records[index], np.random.default_rng((self.seed, self.epoch, index)))


def ragged_batches(samples: Sequence[Sample], tokens_per_batch: int) -> list[TrainBatch]:
    """`samples` sorted by length and cut so that images x longest <= `tokens_per_batch` (one image at least)."""
    by_length = sorted(samples, key=lambda sample: sample.patches.valid.shape[1])
    batches: list[list[Sample]] = [[]]
    for sample in by_length:
        if batches[-1] and (len(batches[-1]) + 1) * sample.patches.valid.shape[1] > tokens_per_batch:
            batches.append([])
        batches[-1].append(sample)
    return [_to_tensors(batch) for batch in batches]


def _to_tensors(samples: Sequence[Sample]) -> TrainBatch:
    batch = collate([sample.patches for sample in samples])
    fields: list[NDArray] = [batch.pixels, batch.cell, batch.scale, batch.valid]
    targets = [np.array([getattr(sample, end) for sample in samples], np.float32) for end in ("low", "high")]
    return TrainBatch(*(torch.from_numpy(field) for field in fields + targets))


def iterate(steps: Steps, *, first: int = 0, workers: int = 0) -> Iterator[list[TrainBatch]]:
    """Steps `first`, `first + 1`, ... of the epoch, made ahead by `workers` processes."""
    loader: DataLoader[list[TrainBatch]] = DataLoader(
        steps, batch_size=None, sampler=range(first, len(steps)), num_workers=workers
    )
    return iter(loader)
