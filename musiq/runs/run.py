"""From items to rows that are kept: what is there is skipped, nothing is lost and nothing comes twice."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing

from musiq.inputs.item import Item
from musiq.outputs import Output
from musiq.progress import Advance
from musiq.runs.engine import Engine, Result
from musiq.runs.ledger import Ledger
from musiq.runs.log import EventLog
from musiq.runs.summary import Summary
from musiq.store.store import Store


def run(
    items: Iterable[Item],
    engine: Engine,
    output: Output | None,
    store: Store | None,
    log: EventLog,
    summary: Summary,
    advance: Advance,
) -> None:
    """Scores every item whose row is not in the output yet.

    Args:
        items: gone through twice: once to count them.
        output: gets a row per item, in the engine's order.
        store: gets them, too; before the output, so that a row that a kill keeps from the output is known when the run
            goes on.
        summary: counts them; its numbers are right at any time, also when this ends by an exception.
    """
    with closing(Ledger()) as ledger:
        for name, _ in output.done() if output is not None else ():
            ledger.add(name)
        _count(items, advance)
        for result in engine.results(_new_items(items, ledger, summary, advance)):
            _keep(result, engine, output, store)
            summary.add(result)
            _tell(result, log)
            advance(result.row.path.rpartition("/")[2])


def _new_items(items: Iterable[Item], ledger: Ledger, summary: Summary, advance: Advance) -> Iterator[Item]:
    for item in items:
        if ledger.add(item.name):
            yield Item(item.name, item.source.fetch())
        else:
            summary.skipped += 1
            advance("")


def _keep(result: Result, engine: Engine, output: Output | None, store: Store | None) -> None:
    if store is not None and result.known != "path":
        store.put(result.row, engine.scoring, result.stamp)
    if output is not None:
        output.write(result.row)


def _tell(result: Result, log: EventLog) -> None:
    row = result.row
    if row.error is not None:
        log.write("error", path=row.path, kind=row.kind, error=row.error)


def _count(items: Iterable[Item], advance: Advance) -> None:
    """Counts beside the work, so that a long listing does not hold it up."""

    def count() -> None:
        advance.expect(sum(1 for _ in items))

    threading.Thread(target=count, name="musiq-count", daemon=True).start()
