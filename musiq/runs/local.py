"""Scores items on this machine: decoders in processes of their own, the network in this one."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from musiq.decode.pool import Decoders
from musiq.errors import ImageError
from musiq.image import Admit
from musiq.inputs.item import Item, Stamp
from musiq.rows import Row
from musiq.runs.engine import KnownBy, Result, known_row
from musiq.scorer import Scorer
from musiq.scores import Score
from musiq.store.store import Store


@dataclass
class _Task:
    """An item on its way, and what is learned of it."""

    item: Item
    stamp: Stamp | None = None
    content: str | None = None
    bytes: int | None = None
    seconds: float | None = None
    known: KnownBy | None = None


class LocalEngine:
    """An engine on this machine.

    Args:
        scorer: with the checkpoint.
        decoders: that read and decode.
        store: whose scores are not computed again.
        retry_errors: whether images that failed before are tried again.
    """

    def __init__(
        self, scorer: Scorer, decoders: Decoders, store: Store | None = None, retry_errors: bool = False
    ) -> None:
        self.scoring = scorer.scoring
        self._scorer, self._decoders = scorer, decoders
        self._store, self._retry_errors = store, retry_errors

    def results(self, items: Iterable[Item]) -> Iterator[Result]:
        """A result per item, in order."""
        tasks = deque[_Task]()

        def hand_out() -> Iterator[_Task]:
            for item in items:
                tasks.append(_Task(item))
                yield tasks[-1]

        for outcome in self._scorer.score_loaded(hand_out(), self._load):
            yield self._finish(tasks.popleft(), outcome)

    def result(self, item: Item) -> Result:
        """The result of one item, in the calling thread, beside calls from other threads."""
        task = _Task(item)
        return self._finish(task, self._scorer.score_beside(task, self._load))

    def _load(self, task: _Task, admit: Admit) -> Any:
        """The decoded image, or the row that the store has of it."""
        started = time.perf_counter()
        try:
            task.stamp = task.item.source.stamp()
            return self._known_path(task) or self._read(task, admit)
        finally:
            task.seconds = round(time.perf_counter() - started, 4)

    def _known_path(self, task: _Task) -> Row | None:
        row = known_row(self._store, task.item.name, task.stamp, self.scoring, self._retry_errors)
        task.known = None if row is None else "path"
        return row

    def _read(self, task: _Task, admit: Admit) -> Any:
        with self._decoders.borrow() as decoder:
            opened = decoder.open(task.item)
            task.content, task.bytes = opened.content, opened.bytes
            row = None if self._store is None else self._store.find(opened.content, self.scoring)
            if row is None:
                return decoder.decode(admit)
        task.known = "content"
        return replace(row, path=task.item.name)

    def _finish(self, task: _Task, outcome: Row | Score | ImageError) -> Result:
        if not isinstance(outcome, Row):
            facts = {"bytes": task.bytes, "content": task.content, "seconds": task.seconds}
            outcome = self._scorer.make_row(task.item.name, outcome, **facts)
        return Result(outcome, task.stamp, task.known)
