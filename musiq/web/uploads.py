"""Photos that were sent to be shown: files in a folder of the server's own, of bounded size, until they are cleared."""

import re
import secrets
import shutil
import threading
from pathlib import Path
from typing import BinaryIO

from musiq.web.guard.errors import Refusal
from musiq.web.sources import Sent

LONGEST_NAME = 200


class Uploads:
    """Files by id.

    Args:
        folder: empty, for these files alone.
        bytes: that they may take together.
        count: how many there may be.
    """

    def __init__(self, folder: Path, bytes: int, count: int) -> None:
        self.limit, self.most = bytes, count
        self._folder = folder
        self._sizes, self._bytes = dict[str, int](), 0
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        return len(self._sizes)

    @property
    def bytes(self) -> int:
        return self._bytes

    def add(self, file: BinaryIO, size: int) -> str:
        """Keeps a copy, or an empty file where the size is given as 0; its id.

        Raises:
            Refusal: there is no room left.
        """
        id = secrets.token_hex(8)
        with self._lock:
            if self._bytes + size > self.limit or len(self._sizes) >= self.most:
                raise Refusal(507, "too-large", "there is no room for more photos; clear those that were sent before")
            self._sizes[id] = size
            self._bytes += size
        try:
            self._copy(file, id, size)
        except OSError as error:
            self.remove(id)
            raise Refusal(507, "too-large", f"the photo cannot be kept: {error.strerror}") from error
        return id

    def _copy(self, file: BinaryIO, id: str, size: int) -> None:
        with open(self.path(id), "wb") as copy:
            file.seek(0)
            if size:
                shutil.copyfileobj(file, copy, 1 << 20)

    def path(self, id: str) -> Path:
        return self._folder / id

    def source(self, id: str) -> Sent:
        return Sent(str(self.path(id)))

    def remove(self, id: str) -> None:
        with self._lock:
            self._bytes -= self._sizes.pop(id, 0)
        self.path(id).unlink(missing_ok=True)


def safe_name(name: str | None) -> str:
    """The last part of a name that came with a file, as text that is harmless in lists, archives and headers."""
    text = (name or "").encode("utf-8", "backslashreplace").decode()
    last = re.split(r"[/\\]", text)[-1]
    plain = "".join(character if character.isprintable() else "\ufffd" for character in last).strip()
    return plain[-LONGEST_NAME:] if plain not in ("", ".", "..") else "photo"
