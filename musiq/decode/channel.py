"""Objects through a pair of pipes; arrays travel as they lie in memory."""

import pickle
import struct
from typing import IO, Any

_COUNT = struct.Struct("<I")
_SIZE = struct.Struct("<Q")


class Channel:
    """One end of two pipes.

    Args:
        reader, writer: binary and buffered.
    """

    def __init__(self, reader: IO[bytes], writer: IO[bytes]) -> None:
        self._reader, self._writer = reader, writer

    def send(self, message: Any) -> None:
        """Sends one object; large buffers in it are not copied.

        Raises:
            OSError: the other end is gone.
        """
        buffers: list[pickle.PickleBuffer] = []
        head = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
        parts = [memoryview(head), *(buffer.raw() for buffer in buffers)]
        self._writer.write(_COUNT.pack(len(parts)) + b"".join(_SIZE.pack(part.nbytes) for part in parts))
        for part in parts:
            self._writer.write(part)
        self._writer.flush()

    def receive(self) -> Any:
        """The next object.

        Raises:
            EOFError: the other end is gone.
        """
        (count,) = _COUNT.unpack(self._read(_COUNT.size))
        sizes = [_SIZE.unpack(self._read(_SIZE.size))[0] for _ in range(count)]
        head, *buffers = map(self._read, sizes)
        return pickle.loads(head, buffers=buffers)

    def close(self) -> None:
        try:
            self._writer.close()
        finally:
            self._reader.close()

    def _read(self, size: int) -> bytearray:
        content = bytearray(size)
        view = memoryview(content)
        while view:
            got = self._reader.readinto(view)  # type: ignore[attr-defined]
            if not got:
                raise EOFError("the other end of the pipe is closed")
            view = view[got:]
        return content
