"""Photos that are alike, in groups, the best of each first. Needs the extra `dedupe`.

All pairs of hashes are compared, so time grows with the square of their number: 20,000 photos take 2 s and 100,000 take
40 s on two cores of a small virtual machine, a million then more than an hour, which still is less than decoding them.
Memory grows with their number only: 64 bytes a hash, and five times that while they are compared.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musiq.choose.bursts import burst_pairs
from musiq.choose.photo import Photo, best_first
from musiq.data.duplicates import NEAR_BITS, Hashes, duplicate_groups, join_groups
from musiq.inputs.item import real_path


@dataclass(frozen=True, slots=True)
class Member:
    """A photo of a group.

    Attributes:
        photo: which one.
        distance_bits: in how many of 64 bits its hash differs from that of the group's best.
    """

    photo: Photo
    distance_bits: int


def group_photos(
    photos: Sequence[Photo],
    hashes: Hashes,
    near_bits: int = NEAR_BITS,
    burst_s: float | None = None,
    higher_is_better: bool = True,
    times: Sequence[float | None] | None = None,
) -> Iterator[list[Member]]:
    """The members of each group, best first, in the order in which the groups come; a photo like no other is alone.

    Of several paths to one file (links, folders that are links) only one is a member, the file's own if it is there.

    Args:
        photos: scored.
        hashes: of the photos, bool `(N, 64)`.
        near_bits: hashes no further apart are alike.
        burst_s: photos that follow each other this fast are alike, see `musiq.choose.bursts`; None looks for none.
        higher_is_better: direction of the scores.
        times: when each was taken, for bursts; None reads it from the files.
    """
    groups = duplicate_groups(hashes, near_bits)
    if burst_s is not None:
        groups = join_groups(groups, *burst_pairs(photos, hashes, burst_s, times))
    order = np.argsort(groups, kind="stable")
    ends = np.flatnonzero(np.diff(groups[order])) + 1
    key = best_first(higher_is_better)
    for indexes in np.split(order, ends) if len(order) else ():
        members = _one_path_each([(photos[index], hashes[index]) for index in indexes])
        members.sort(key=lambda member: key(member[0]))
        best = members[0][1]
        yield [Member(photo, int(np.count_nonzero(bits != best))) for photo, bits in members]


def _one_path_each(members: list[tuple[Photo, Hashes]]) -> list[tuple[Photo, Hashes]]:
    if len(members) == 1:
        return members
    files = dict[object, tuple[Photo, Hashes]]()
    for _, identity, member in sorted(((*_identity(member[0].path), member) for member in members), key=lambda m: m[0]):
        files.setdefault(identity, member)
    return list(files.values())


def _identity(name: str) -> tuple[tuple[bool, bool], object]:
    """Whether it is a link, or reached by one, and which file it is."""
    path = Path(real_path(name))
    try:
        facts = path.stat()
    except OSError:  # it went away after it was read
        return (False, False), name
    return (path.is_symlink(), path.resolve() != path.absolute()), (facts.st_dev, facts.st_ino)
