"""One result as a row: the same columns in CSV, JSONL, Parquet and the store."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from musiq.errors import ImageError
from musiq.patches import PatchConfig, native_count
from musiq.scores import Score


@dataclass(frozen=True)
class Row:
    """What is known of one image; what is not is None.

    Attributes:
        path: the image as it was named, or `archive.tar!member`; valid UTF-8, see `musiq.inputs.item.portable`.
        score: the prediction; None where there is none, and `kind` and `error` say why.
        interval_low, interval_high, coverage, percentile, band, low, high, distribution: as in `Score`.
        checkpoint, weights, preprocess: what scored it.
        runtime, precision: what executed the network.
        width, height: of the decoded image in px.
        bytes: of the encoded image.
        content: BLAKE2b-128 of those bytes, hexadecimal.
        notes: what the decoder did.
        seconds: to read and to decode it, waiting for memory included; where the store knew it, what it was then.
        time: when it was scored, UTC, ISO 8601.
        kind: of the error, one of `musiq.errors.Kind`.
        error: its reason.
    """

    path: str
    score: float | None = None
    interval_low: float | None = None
    interval_high: float | None = None
    coverage: float | None = None
    percentile: float | None = None
    band: str | None = None
    low: float | None = None
    high: float | None = None
    distribution: tuple[float, ...] | None = None
    checkpoint: str | None = None
    weights: str | None = None
    preprocess: str | None = None
    runtime: str | None = None
    precision: str | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    content: str | None = None
    notes: tuple[str, ...] = ()
    seconds: float | None = None
    time: str | None = None
    kind: str | None = None
    error: str | None = None

    @classmethod
    def of(cls, path: str, result: Score | ImageError, **facts: Any) -> "Row":
        """The row of a score or of an error, which does not repeat the path; `facts` are further fields."""
        if isinstance(result, ImageError):
            return cls(path, kind=result.kind, error=str(result).removeprefix(f"{path}: "), **facts)
        known = result.as_dict() | {"score": result.mos}
        known["interval_low"], known["interval_high"] = result.interval or (None, None)
        names = set(COLUMNS) - {"path"} - facts.keys()
        return cls(path, **{name: known[name] for name in names & known.keys()}, **facts)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Row":
        """The row that `as_dict` described; columns of other versions are left out."""
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        known = {**values, **lists}
        return cls(**{name: known[name] for name in COLUMNS if name in known})

    def as_dict(self) -> dict[str, Any]:
        """Plain data, the columns in order."""
        return {name: getattr(self, name) for name in COLUMNS}


COLUMNS = tuple(field.name for field in fields(Row))


def capped(preprocess: str, max_patches: int | None) -> str:
    """Id of a preprocessing that keeps at most so many native patches; None for all."""
    return preprocess if max_patches is None else f"{preprocess}/max{max_patches}"


@dataclass(frozen=True)
class Scoring:
    """What makes scores comparable.

    Attributes:
        weights: SHA-256 of the checkpoint's weights.
        preprocess: id of the preprocessing, the cap on patches included (`.../max512`).
        precision: `fp32`, `bf16` or `int8`.
    """

    weights: str
    preprocess: str
    precision: str

    @classmethod
    def of(cls, weights: str, preprocess: str, precision: str, max_patches: int | None) -> "Scoring":
        """That of a run, whose cap on patches, if it has one, is part of its preprocessing."""
        return cls(weights, capped(preprocess, max_patches), precision)

    def covers(self, row: Row) -> bool:
        """Whether a run of this scoring would give the row's score: images below a cap on patches keep the plain id."""
        if (row.weights, row.precision) != (self.weights, self.precision):
            return False
        return row.preprocess == self.preprocess or self._spares(row)

    def _spares(self, row: Row) -> bool:
        """Whether there is a cap, and the row is of all patches of an image that has no more; not if its size is
        unknown."""
        plain, _, cap = self.preprocess.rpartition("/max")
        if not cap.isdecimal() or row.preprocess != plain or row.height is None or row.width is None:
            return False
        config = PatchConfig.from_id(plain)
        return config is not None and native_count(row.height, row.width, config) <= int(cap)

    def __str__(self) -> str:
        return f"{self.weights[:12]} {self.preprocess} {self.precision}"
