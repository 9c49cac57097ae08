"""Which scorings a store holds, and how one is chosen."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from musiq.errors import StoreError
from musiq.rows import Scoring
from musiq.store.packed import unpack
from musiq.store.store import Store

SCORINGS = """
SELECT weights, preprocess, precision FROM scorings
WHERE substr(weights, 1, length(:checkpoint)) = :checkpoint
AND preprocess = ifnull(:preprocess, preprocess) AND precision = ifnull(:precision, precision)
AND (EXISTS (SELECT 1 FROM scores WHERE scoring = scorings.id)
    OR EXISTS (SELECT 1 FROM failures WHERE scoring = scorings.id))
ORDER BY id
"""
COUNTS = """
SELECT (SELECT rest FROM scores WHERE scoring = scorings.id LIMIT 1),
    (SELECT count(*) FROM scores WHERE scoring = scorings.id),
    (SELECT count(*) FROM files INDEXED BY by_content CROSS JOIN scores USING (content) WHERE scoring = scorings.id),
    (SELECT count(*) FROM failures WHERE scoring = scorings.id)
FROM scorings WHERE weights = :weights AND preprocess = :preprocess AND precision = :precision
"""


@dataclass(frozen=True)
class Holding:
    """How much of one scoring a store holds.

    Attributes:
        checkpoint: its name; None where only errors are held.
        scores: of different contents.
        files: that have these contents; copies count each, and a content whose files are forgotten has none.
        errors: files without a score.
    """

    scoring: Scoring
    checkpoint: str | None
    scores: int
    files: int
    errors: int


def short_id(scoring: Scoring) -> str:
    """Eight hexadecimal digits that name a scoring, the same in every store."""
    whole = "\n".join((scoring.weights, scoring.preprocess, scoring.precision))
    return hashlib.blake2b(whole.encode(), digest_size=4).hexdigest()


def find_scorings(
    store: Store, checkpoint: str = "", preprocess: str | None = None, precision: str | None = None
) -> list[Scoring]:
    """The scorings that a store holds rows of, the oldest first.

    Args:
        checkpoint: how the hash of the weights begins.
        preprocess, precision: None for any.

    Raises:
        StoreError: there are some, but none such.
    """
    wanted = {"checkpoint": checkpoint, "preprocess": preprocess, "precision": precision}
    found = [Scoring(*row) for row in store.read(SCORINGS, wanted)]
    if not found and any(wanted.values()):
        asked = ", ".join(f"{name} {value!r}" for name, value in wanted.items() if value)
        raise StoreError(f"{store.path}: holds nothing of {asked}; it holds {_names(find_scorings(store))}")
    return found


def named_scorings(store: Store, name: str) -> list[Scoring]:
    """The scorings whose short id, or hash of weights, begins with `name`.

    Raises:
        StoreError: there are none.
    """
    held = find_scorings(store)
    found = [one for one in held if name and (short_id(one).startswith(name) or one.weights.startswith(name))]
    if not found:
        raise StoreError(f"{store.path}: holds no scoring {name!r}; it holds {_names(held)}")
    return found


def only_scoring(store: Store, scorings: Sequence[Scoring], options: str = "") -> Scoring:
    """The one scoring.

    Args:
        options: that choose, for the message.

    Raises:
        StoreError: there are several, which it names: their scores do not compare. Or none.
    """
    if len(scorings) == 1:
        return scorings[0]
    if not scorings:
        raise StoreError(f"{store.path}: holds no scores")
    by = f" by {options}" if options else ""
    raise StoreError(
        f"{store.path}: scores of unlike checkpoints, preprocessing or precision do not compare; choose one{by}: "
        f"{_names(scorings)}"
    )


def count(store: Store, scoring: Scoring) -> Holding:
    """How much of a scoring there is."""
    rest, scores, files, errors = next(store.read(COUNTS, vars(scoring)))
    name = None if rest is None else unpack({"path": ""}, rest).checkpoint
    return Holding(scoring, name, scores, files, errors)


def _names(scorings: Sequence[Scoring]) -> str:
    return "; ".join(f"{short_id(one)} ({one})" for one in scorings) or "nothing"
