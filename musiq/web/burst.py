"""The burst of a photo: what lies beside it in its folder, and was taken within seconds or looks nearly the same."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from musiq.choose.photo import Photo
from musiq.decode.worker import Preview
from musiq.errors import MissingExtraError
from musiq.web.album import Entry

BESIDE = 12  # photos on each side of it that are looked at
LOOK_PX = 256  # a hash is made of 32 x 32
BURST_S = 2.0


@dataclass(frozen=True)
class Look:
    """A photo with a score, and a small picture of it."""

    entry: Entry
    preview: Preview


def burst_of(entry: Entry, looks: Sequence[Look], higher_is_better: bool) -> list[str]:
    """Ids of the photos that form a burst with it or look nearly the same, the best first, its own among them.

    Raises:
        MissingExtraError: without the extra `dedupe`.
    """
    try:
        from musiq.choose.groups import group_photos
        from musiq.data.duplicates import pixel_hash
    except ImportError as error:
        raise MissingExtraError("finding bursts", "dedupe") from error
    photos = [Photo(look.entry.id, look.entry.score or 0.0) for look in looks]  # the id is no path, so no file is read
    hashes = [pixel_hash(np.array(Image.open(io.BytesIO(look.preview.jpeg)))) for look in looks]  # our own JPEG
    times = [look.preview.taken for look in looks]
    groups = group_photos(
        photos, np.array(hashes), burst_s=BURST_S, higher_is_better=higher_is_better, times=times
    ) if looks else ()  # fmt: skip
    found = ([member.photo.path for member in members] for members in groups)
    return next((ids for ids in found if entry.id in ids), [entry.id])
