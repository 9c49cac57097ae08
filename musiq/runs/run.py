"""From items to rows: what is there is skipped, what is new is scored, and nothing comes twice."""

import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from typing import TypedDict

from musiq.changed import has_changed
from musiq.errors import MusiqError
from musiq.inputs.item import File, Item
from musiq.progress import Advance
from musiq.rows import Row
from musiq.runs.engine import Engine, Result
from musiq.runs.ledger import Ledger
from musiq.runs.log import EventLog
from musiq.runs.summary import Summary
from musiq.store.store import Store


class Told(TypedDict):
    """Who is told of each row."""

    summary: Summary
    advance: Advance | None
    log: EventLog


def run(
    items: Iterable[Item],
    engine: Engine,
    *,
    done: Iterable[Row] = (),
    store: Store | None = None,
    summary: Summary | None = None,
    advance: Advance | None = None,
    log: EventLog | None = None,
    count: bool = True,
) -> Generator[Row, None, None]:
    """A row per item, in the engine's order; what is yielded counts as kept when the next one is asked for.

    Args:
        items: gone through a second time beside the work to learn their number, if progress is shown.
        done: rows of an earlier run, whose names are skipped; those whose files have changed since are counted.
        store: gets every row before it is yielded, so that a row that a kill keeps from the caller's output is known
            when the run goes on.
        summary, advance, log: are told of each.
        count: whether their number may be learned so.
    """
    summary, log = summary or Summary(), log or EventLog(None)
    with closing(Ledger()) as ledger:
        for row in done:
            ledger.add_row(row)
        if count and advance is not None:
            count_items(items, advance)
        for result in engine.results(_new_items(items, ledger, summary, advance)):
            if store is not None and result.known != "path":
                store.put(result.row, engine.scoring, result.stamp)
            yield result.row
            summary.add(result)
            _tell(result, log)
            if advance is not None:
                advance(result.row.path.rpartition("/")[2])


def _new_items(items: Iterable[Item], ledger: Ledger, summary: Summary, advance: Advance | None) -> Iterator[Item]:
    for item in items:
        if ledger.add(item.name):
            yield Item(item.name, item.source.fetch())
        else:
            _skip(item, ledger, summary)
            if advance is not None:
                advance("")


def _skip(item: Item, ledger: Ledger, summary: Summary) -> None:
    summary.skipped += 1
    before = ledger.find_row(item.name)
    if before is None:  # named twice in this run
        return
    summary.failed_before += before.kind is not None
    if isinstance(item.source, File) and has_changed(item.source.path, before):
        summary.changed.add(item.name)


def _tell(result: Result, log: EventLog) -> None:
    row = result.row
    if row.error is not None:
        log.write("error", path=row.path, kind=row.kind, error=row.error)


def count_items(items: Iterable[Item], advance: Advance) -> None:
    """Counts beside the work, so that a long listing does not hold it up."""

    def count() -> None:
        with suppress(MusiqError, OSError):  # the run itself meets it, too
            advance.expect(sum(1 for _ in items))

    threading.Thread(target=count, name="musiq-count", daemon=True).start()
