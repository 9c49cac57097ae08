"""Sources as bad as files can be; importable, because another process reads them."""

import os
import signal
import time
from dataclasses import dataclass

from musiq.errors import ImageError


@dataclass(frozen=True)
class Bad:
    """What happens when it is read."""

    deed: str

    def fetch(self) -> "Bad":
        return self

    def stamp(self) -> None:
        return None

    def read(self, limit: int) -> bytes:
        if self.deed == "hang":
            time.sleep(100)
        if self.deed == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if self.deed == "exit":
            os._exit(3)
        if self.deed == "eat":
            return bytes(64 * 2**30)
        if self.deed == "raise":
            raise RuntimeError("a library's bug")
        if self.deed == "print":
            os.write(1, b"garbage" * 1000)
            print("garbage", flush=True)
        raise ImageError("nothing here", "empty")
