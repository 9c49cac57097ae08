"""What the scores of a checkpoint mean, as plain data and in a line."""

from dataclasses import asdict
from typing import Any

from musiq.checkpoint import Checkpoint
from musiq.patches import PatchConfig
from musiq.scores import Population


def describe_meaning(checkpoint: Checkpoint) -> dict[str, Any]:
    """Everything that a reader of its scores may want to know, ready for JSON.

    Numbers are on the scale of the scores that it gives, except `accuracy`, which names what it was measured on, and
    the knots of `own_scale`. What the checkpoint does not know is None or empty.
    """
    scale, people, sure, own = (
        checkpoint.score_range,
        checkpoint.population,
        checkpoint.calibration,
        checkpoint.own_scale,
    )
    return {
        "checkpoint": checkpoint.name,
        "weights": checkpoint.id,
        "preprocess": checkpoint.preprocess,
        "low": scale.low,
        "high": scale.high,
        "higher_is_better": scale.higher_is_better,
        "bands": [{"band": band, "low": low, "high": high} for band, (low, high) in scale.limits().items()],
        "population": None if people is None else {"name": people.name, "quantiles": _quantiles(checkpoint, people)},
        "interval": None if sure is None else {"coverage": sure.coverage, "name": sure.name},
        "training_data": list(checkpoint.training_data),
        "licence": checkpoint.licence or None,
        "accuracy": {name: dict(figures) for name, figures in checkpoint.accuracy.items()},
        "own_scale": None if own is None else asdict(own) | {"id": own.id, "network": asdict(checkpoint.score)},
    }


def describe_scale(checkpoint: Checkpoint) -> str:
    """Range, direction, checkpoint, training data and any but the published preprocessing, for the end of a run."""
    trained = f", trained on {', '.join(checkpoint.training_data)}" if checkpoint.training_data else ""
    own = "" if checkpoint.own_scale is None else f", scale learned from {checkpoint.own_scale.name}"
    profile = checkpoint.patches.profile
    other = "" if profile == PatchConfig.profile else f", preprocessing {profile}"
    return f"{checkpoint.score_range.words()}; checkpoint {checkpoint.name}{own}{trained}{other}"


def describe_columns(checkpoint: Checkpoint) -> str:
    """What `+-` and `better than` of its scores are, for below a table; empty where it knows neither."""
    sure, people = checkpoint.calibration, checkpoint.population
    parts = list[str]()
    if sure is not None:
        parts.append(f"+- holds people's mean rating of {100 * sure.coverage:.0f} % of photos")
    if people is not None:
        parts.append(f"better than: of {people.name}")
    return "; ".join(parts)


def _quantiles(checkpoint: Checkpoint, people: Population) -> list[float]:
    own = checkpoint.own_scale
    return list(people.quantiles) if own is None else own.apply(people.quantiles).tolist()
