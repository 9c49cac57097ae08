"""Learning rate over a run."""

import math


def cosine(step: int, total_steps: int, warmup: float) -> float:
    """Share of the peak learning rate at `step`: linear rise over the warm-up, then half a cosine down to 0."""
    warmup_steps = max(1, round(warmup * total_steps))
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
