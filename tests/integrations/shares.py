"""What a metric gives in one of two processes; `python -m tests.integrations.shares RANK STORE` is the other."""

import tests.real_timm  # noqa: F401  # torchmetrics imports torchvision, as timm does

# isort: split
import json
import sys
import warnings
from datetime import timedelta

import torch
from torch import distributed

from musiq.integrations.torchmetrics import MUSIQScore

SHARES = ([[1.0, 2.0, 6.0], [3.0]], [[10.0]])  # scores in the updates of each process
LATER = (5.0, 8.0)


def gray(values: list[float]) -> torch.Tensor:
    return torch.tensor(values).reshape(-1, 1, 1, 1).expand(-1, 3, 4, 4)


def run(rank: int, store: str) -> dict:
    """Results by what is asked for."""
    limit = timedelta(seconds=60)
    distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2, timeout=limit)
    result = {}
    for reduction in ("mean", "sum", "none"):
        metric = MUSIQScore(network=lambda images: images[:, 0, 0, 0], reduction=reduction)
        for values in SHARES[rank]:
            result[f"{reduction} of the last batch"] = metric(gray(values)).tolist()
        result[reduction] = metric.compute().tolist()
        metric.update(gray([LATER[rank]]))  # what was gathered is taken apart again
        result[f"{reduction} later"] = metric.compute().tolist()
    metric.reset()
    if rank == 1:
        metric.update(gray([7.0, 7.0]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the other has no image
        result["of one process"] = metric.compute().tolist()
    distributed.barrier()
    distributed.destroy_process_group()
    return result


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), sys.argv[2])))
