"""A process that decodes, and the time until which it has to answer."""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from musiq.decode.channel import Channel
from musiq.decode.limits import Limits
from musiq.errors import MusiqError

STARTING_S = 60.0  # a new process may take before its first answer, beyond the file's time


class WorkerProcess:
    """One process that runs `worker.main`.

    Attributes:
        late: whether it was ended for the time it took.
    """

    def __init__(self, limits: Limits) -> None:
        self.late = False
        self._fresh: Limits | None = limits  # until they are sent
        self._deadline: float | None = None  # of the answer that is waited for
        self._clock = threading.Lock()  # so that no process is ended after its answer
        code = f"import sys; sys.path[:] = {sys.path!r}; from musiq.decode.worker import main; main()"
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the run, whose end closes the pipes
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},  # it multiplies no matrices
            )
        except OSError as error:
            raise MusiqError(f"no process to decode in can be started: {error.strerror or error}") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._channel = Channel(self._process.stdout, self._process.stdin)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, message: Any) -> None:
        """Sends a request.

        Raises:
            OSError: the process is gone.
        """
        if self._fresh is not None:
            self._channel.send(self._fresh)
        self._channel.send(message)

    def receive(self, seconds: float) -> Any:
        """The answer, within so many seconds.

        Raises:
            EOFError: the process is gone, perhaps because it was late.
        """
        with self._clock:
            self._deadline = time.monotonic() + seconds + (0 if self._fresh is None else STARTING_S)
        try:
            return self._channel.receive()
        finally:
            with self._clock:
                self._deadline, self._fresh = None, None

    def end_if_late(self) -> None:
        """Ends the process if its answer is overdue; called from another thread."""
        with self._clock:
            if self._deadline is not None and time.monotonic() > self._deadline:
                self.late = True
                self._process.kill()

    def kill(self) -> None:
        self._process.kill()

    def end(self, patience_s: float = 0) -> int:
        """Ends the process; its exit code, or minus the signal that ended it.

        Args:
            patience_s: that it is given to end by itself.
        """
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)
        self.kill()
        code = self._process.wait()
        with suppress(OSError):  # what was still to be sent
            self._channel.close()
        return code
