"""What happened in a run, for programs: a JSON object per line, flushed at once."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any


class EventLog:
    """Appends events to a file; None keeps no log.

    Raises:
        ValueError: the file cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        try:
            self._file = None if path is None else open(path, "a", encoding="utf-8")  # noqa: SIM115  closed below
        except OSError as error:
            raise ValueError(f"--log {path}: {error.strerror}") from error

    def __enter__(self) -> "EventLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, event: str, **facts: Any) -> None:
        """One event with its time in UTC."""
        if self._file is not None:
            time = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._file.write(json.dumps({"time": time, "event": event, **facts}) + "\n")
            self._file.flush()
