"""Reads and decodes items in a process that may die of them."""

import signal
import time
from typing import Any

from musiq.decode.limits import Limits
from musiq.decode.process import WorkerProcess
from musiq.decode.worker import Decode, Opened, Preview, Shrink
from musiq.errors import ImageError, MusiqError
from musiq.image import Admit, DecodedImage
from musiq.inputs.item import Held, Item

PATIENCE_S = 1.0  # for a process that has closed its pipes to end by itself


class Decoder:
    """One process, replaced after a file that it did not survive. For one thread at a time."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.process = WorkerProcess(limits)
        self._name, self._left_s, self._stopped = "", limits.seconds, False

    def open(self, item: Item) -> Opened:
        """Reads the item's bytes.

        Raises:
            ImageError: it cannot, or breaks a limit; names the image.
        """
        self._name, self._left_s = item.name, self.limits.seconds
        if not self.process.alive:  # it died while idle
            self._replace()
        if isinstance(item.source, Held):
            self._check_bytes(item.source)
        opened: Opened = self._ask(item)
        return opened

    def decode(self, admit: Admit) -> DecodedImage:
        """The image that was opened last.

        Args:
            admit: called with height and width before decoding; what it raises ends the call.

        Raises:
            ImageError: it cannot be decoded, or breaks a limit; names the image.
        """
        answer = self._ask(Decode())
        if isinstance(answer, tuple):
            answer = self._ask(self._leave(admit, answer))
        image: DecodedImage = answer
        return image

    def preview(self, longest_px: int) -> Preview:
        """The image that was opened last, made smaller; it stays open.

        Raises:
            ImageError: it cannot be decoded, or breaks a limit; names the image.
        """
        preview: Preview = self._ask(Shrink(longest_px))
        return preview

    def stop(self) -> None:
        """Ends the process for good; from another thread than the one that waits for it."""
        self._stopped = True
        self.process.kill()

    def close(self) -> None:
        """Ends the process."""
        self.process.end()

    def _leave(self, admit: Admit, size: tuple[int, int]) -> bool:
        try:
            admit(*size)
        except BaseException as error:
            self.process.end()  # it waits for an answer, and there is none
            if isinstance(error, ImageError):
                raise ImageError(f"{self._name}: {error}", error.kind) from error
            raise
        return True

    def _check_bytes(self, source: Held) -> None:
        """Before they travel: the process could not hold them."""
        try:
            source.read(self.limits.file_bytes)
        except ImageError as error:
            raise ImageError(f"{self._name}: {error}", error.kind) from error

    def _ask(self, request: Any) -> Any:
        started = time.monotonic()
        try:
            self.process.send(request)
            answer = self.process.receive(max(0.0, self._left_s))
        except (OSError, EOFError) as error:
            raise self._lost() from error
        self._left_s -= time.monotonic() - started
        if isinstance(answer, ImageError):
            raise answer
        return answer

    def _lost(self) -> ImageError:
        """Why there is no answer; the next file gets a new process."""
        code, late = self.process.end(PATIENCE_S), self.process.late
        self._replace()
        if late or code == -getattr(signal, "SIGALRM", 0):
            return ImageError(f"{self._name}: not decoded within {self.limits.seconds:g} s", "timeout")
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return ImageError(f"{self._name}: the process that decoded it died ({how})", "crashed")

    def _replace(self) -> None:
        self.process.end()
        if not self._stopped:
            self.process = WorkerProcess(self.limits)
        if self._stopped:  # perhaps meanwhile
            self.process.end()
            raise MusiqError("the run was stopped")
