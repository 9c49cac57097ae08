"""The error tree of musiq.

MusiqError
├── ImageError        an image cannot be read, or breaks a limit
├── CheckpointError   a checkpoint is missing, unknown or malformed
├── DataError         a data set, its CSV or its images are malformed
├── RecipeError       a recipe or its run folder is malformed
├── InputError        a list, an archive or a folder of images cannot be read
├── OutputError       earlier results cannot be continued, or new ones not be written
├── ClusterError      a cluster cannot be reached, or gave up
├── StoreError        a store is malformed, or its scores do not compare
└── MissingExtraError an optional part of musiq is not installed
"""

from typing import Literal

Kind = Literal[
    "missing",  # no such file
    "permission",  # it may not be read
    "link",  # symbolic links that lead nowhere or in circles
    "not-a-file",  # a folder, a pipe, a device
    "empty",  # 0 bytes
    "not-an-image",  # text, video, or a format that is not supported here
    "damaged",  # an image that cannot be decoded to its end
    "too-large",  # more pixels or bytes than the limit
    "memory",  # more memory than the limit
    "timeout",  # more time than the limit
    "crashed",  # the decoder died of it
    "no-score",  # the network gives no number
    "input",  # the archive or the table that holds it cannot be read
]


class MusiqError(Exception):
    """Root of every error that musiq raises on purpose."""


class ImageError(MusiqError):
    """An image cannot be read, or breaks a limit. Names the file and the reason.

    Attributes:
        kind: of the reason, for counting.
    """

    def __init__(self, message: str, kind: Kind = "damaged") -> None:
        super().__init__(message)
        self.kind = kind


class CheckpointError(MusiqError):
    """A checkpoint is missing, unknown or malformed. Names the file and the key."""


class DataError(MusiqError):
    """A data set is malformed. Names the file, the row and the column."""


class RecipeError(MusiqError):
    """A recipe or its run folder is malformed. Names the file and the field."""


class InputError(MusiqError):
    """What holds the images cannot be read. Names the list, archive or folder and the reason."""


class OutputError(MusiqError):
    """Results cannot be written, or not be added to those that are there. Names the file and the reason."""


class ClusterError(MusiqError):
    """A cluster cannot be reached, or gave up. Names the reason."""


class StoreError(MusiqError):
    """A store is malformed, or its scores do not compare. Names the file and the reason."""


class MissingExtraError(MusiqError):
    """An optional part is not installed. Names the extra that brings it."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs the extra 'musiq[{extra}]': pip install 'musiq[{extra}]'")
