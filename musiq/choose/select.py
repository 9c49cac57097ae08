"""Which photos to choose: rules that take photos and the order of merit, and give the chosen ones, best first."""

import heapq
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction

from musiq.choose.files import folder_of
from musiq.choose.photo import Key, Photo

Rule = Callable[[Iterable[Photo], Key], list[Photo]]


def everything(worst: bool = False) -> Rule:
    """All photos; with `worst` in the reverse order."""
    return lambda photos, key: sorted(photos, key=key, reverse=worst)


def first(count: int, worst: bool = False) -> Rule:
    """The best `count` photos, or the worst; holds no others. Of equal scores the first by path are the better."""
    pick = heapq.nlargest if worst else heapq.nsmallest
    return lambda photos, key: pick(count, photos, key=key)


def share(part: Fraction) -> Rule:
    """The best `part` of the photos, in (0, 1]: rounded to the nearest count, halves up, and at least one."""

    def choose(photos: Iterable[Photo], key: Key) -> list[Photo]:
        ordered = sorted(photos, key=key)
        return ordered[: max(1, int(len(ordered) * part + Fraction(1, 2)))]

    return choose


def better_than(score: float) -> Rule:
    """The photos that are better than `score`; one of just this score is not."""
    limit = Photo("", score)
    return lambda photos, key: sorted((photo for photo in photos if key(photo)[0] < key(limit)[0]), key=key)


def each_folder(rule: Rule) -> Rule:
    """What the rule chooses in each folder, folder by folder in the order of their names."""

    def choose(photos: Iterable[Photo], key: Key) -> list[Photo]:
        folders = defaultdict[str, list[Photo]](list)
        for photo in photos:
            folders[folder_of(photo.path)].append(photo)
        return [photo for _, held in sorted(folders.items()) for photo in rule(held, key)]

    return choose


def parse_top(text: str) -> Rule:
    """`50` as the best 50, `10%` as the best tenth.

    Raises:
        ValueError: it is neither, or chooses nothing, or more than all.
    """
    match = re.fullmatch(r"(\d+)|(\d+\.?\d*|\.\d+)\s*%", text.strip(), re.ASCII)
    if match and match[1] and int(match[1]) >= 1:
        return first(int(match[1]))
    if match and match[2] and 0 < Fraction(match[2]) <= 100:
        return share(Fraction(match[2]) / 100)
    raise ValueError(f"--top {text!r} is neither a count of at least 1, as in 50, nor a share up to 100%, as in 10%")
