"""Which columns of a CSV hold what: ours, or those of the common PyTorch toolbox's `meta_info_*.csv` (IQA-PyTorch).

The toolbox's tables name an image and its rating first, or a reference, a distorted copy and its rating; then perhaps
the ratings' standard deviation, their counts `c1`, `c2`, ... from the worst, and splits, several of them side by side.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count, takewhile

from musiq.errors import DataError

IMAGES = ("dist_name", "img_name", "img_name/patch_name", "image name")
RATINGS = ("mos", "dmos", "elo_score")
REFERENCES = ("ref_name", "hq_name")
SPREADS = ("std",)
SPLITS = ("official_split", "official split", "split")
UNDIRECTED = "dmos"  # lower is better in most sets, higher in some


@dataclass(frozen=True)
class Columns:
    """Names of columns; those of `split`, `spread` and `group` may be missing from the file.

    Attributes:
        image, mos, split, spread, group: as in `musiq.data.csv`.
        counts: one for each value of a rating, worst first; empty where one column holds the histogram.
        numbered: whether 0, 1 and 2 in `split` stand for train, val and test.
    """

    image: str = "image"
    mos: str = "mos"
    split: str = "split"
    spread: str = "spread"
    group: str = "group"
    counts: tuple[str, ...] = ()
    numbered: bool = False


def toolbox_columns(header: Sequence[str]) -> Columns | None:
    """The columns of a table of the toolbox, None where it is not one; upper and lower case are the same."""
    named = {name.lower(): name for name in header}
    image, mos = _first(IMAGES, named), _first(RATINGS, named)
    if "image" in named or not image or not mos:
        return None
    counts = tuple(named[name] for name in takewhile(named.__contains__, (f"c{value}" for value in count(1))))
    split, spread, group = (named.get(_first(names, named), "") for names in (SPLITS, SPREADS, REFERENCES))
    return Columns(named[image], named[mos], split, spread, group, counts, numbered=True)


def with_split(columns: Columns, split: str, header: Sequence[str], place: str) -> Columns:
    """The columns with another one for the split.

    Raises:
        DataError: `place` has no such column; names those with `split` in their name.
    """
    if split not in header:
        there = ", ".join(name for name in header if "split" in name.lower()) or "none"
        raise DataError(f"{place}: column {split} is missing; columns of splits there: {there}")
    return replace(columns, split=split, numbered=True)


def _first(names: Iterable[str], there: Iterable[str]) -> str:
    return next((name for name in names if name in there), "")
