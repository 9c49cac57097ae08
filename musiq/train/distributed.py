"""One process of several, as `torchrun` starts them; or the only one."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist

T = TypeVar("T")
PATIENCE = timedelta(hours=3)  # while the leading process hashes the images of a large data set, the others wait


@dataclass(frozen=True)
class World:
    """This process among its fellows.

    Attributes:
        rank: its number, from 0.
        size: how many there are.
        device: where it computes.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this is the process that prints and writes."""
        return self.rank == 0

    def gather(self, ours: list[T]) -> list[list[T]]:
        """Every process's list, by rank."""
        if self.size == 1:
            return [ours]
        everyone: list[list[T]] = [[] for _ in range(self.size)]
        dist.all_gather_object(everyone, ours)
        return everyone

    def precision(self) -> AbstractContextManager[None]:
        """Context in which networks compute: bfloat16 autocast on CUDA, float32 elsewhere."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")

    def wait(self) -> None:
        """Returns when every process has come here."""
        if self.size > 1:
            dist.barrier()


@contextmanager
def join_world(device: str) -> Iterator[World]:
    """The world that `torchrun` describes in the environment: NCCL on CUDA, Gloo elsewhere; without it, one alone."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World(0, 1, torch.device(device))
        return
    local = torch.device(device, int(os.environ["LOCAL_RANK"])) if device == "cuda" else torch.device(device)
    if device == "cuda":
        torch.cuda.set_device(local)
    dist.init_process_group("nccl" if device == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield World(dist.get_rank(), size, local)
    finally:
        dist.destroy_process_group()
