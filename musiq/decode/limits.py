"""What one file may take before it is given up."""

from dataclasses import dataclass

from musiq.image import MAX_PIXELS, WHITE


@dataclass(frozen=True)
class Limits:
    """Limits of one file.

    Attributes:
        seconds: to read and to decode it; waiting for memory does not count, nor does the start of a process.
        memory: bytes of the process that decodes it, beyond what the process takes by itself; enforced where the system
            can (Linux).
        max_pixels: largest H * W, None for no limit; checked before decoding.
        background: RGB that transparent pixels are laid over.
    """

    seconds: float = 60.0
    memory: int = 4_000_000_000
    max_pixels: int | None = MAX_PIXELS
    background: tuple[int, int, int] = WHITE

    @property
    def file_bytes(self) -> int:
        """Largest encoded file: it is held in memory beside its pixels."""
        return self.memory // 2
