"""The error tree of musiq.

MusiqError
├── ImageError        an image cannot be read, or breaks a limit
├── CheckpointError   a checkpoint is missing, unknown or malformed
├── DataError         a data set, its CSV or its images are malformed
├── RecipeError       a recipe or its run folder is malformed
└── MissingExtraError an optional part of musiq is not installed
"""


class MusiqError(Exception):
    """Root of every error that musiq raises on purpose."""


class ImageError(MusiqError):
    """An image cannot be read, or breaks a limit. Names the file and the reason."""


class CheckpointError(MusiqError):
    """A checkpoint is missing, unknown or malformed. Names the file and the key."""


class DataError(MusiqError):
    """A data set is malformed. Names the file, the row and the column."""


class RecipeError(MusiqError):
    """A recipe or its run folder is malformed. Names the file and the field."""


class MissingExtraError(MusiqError):
    """An optional part is not installed. Names the extra that brings it."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs the extra 'musiq[{extra}]': pip install 'musiq[{extra}]'")
