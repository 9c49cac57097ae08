"""Archives that may be left at any time while they are read, however much they hold between two photos."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, cast

from musiq.errors import MusiqError
from musiq.inputs.members import Archive
from musiq.web.sources import InsideArchive


class StoppedError(MusiqError):
    """Nobody wants the rest of an archive any more."""


@dataclass(frozen=True)
class WatchedArchive(Archive):
    """An archive whose bytes, packed and unpacked, raise `StoppedError` once it is stopped; its members do not."""

    archive: InsideArchive
    stopped: Callable[[], bool]

    def open(self) -> BinaryIO:
        return self.unpacked(self.archive.open())

    def unpacked(self, file: BinaryIO) -> BinaryIO:
        return cast(BinaryIO, _Watched(file, self.stopped))

    def for_members(self) -> InsideArchive:
        return self.archive


class _Watched(io.RawIOBase):
    def __init__(self, file: BinaryIO, stopped: Callable[[], bool]) -> None:
        super().__init__()
        self._file, self._stopped = file, stopped

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._stopped():
            raise StoppedError("stopped")
        return self._file.readinto(buffer)  # type: ignore[attr-defined]

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()
