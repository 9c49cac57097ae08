"""Scores files on a cluster: `drive.py ADDRESS CHECKPOINT`, prints a JSON row per line as it comes.

With OUTPUT and STORE it is a whole run, and prints its summary.
"""

import json
import sys
from contextlib import ExitStack
from pathlib import Path

from musiq.cluster.connection import load_ray
from musiq.cluster.engine import RayEngine
from musiq.decode.limits import Limits
from musiq.inputs.item import Item
from musiq.outputs import open_output
from musiq.runs.run import run
from musiq.runs.summary import Summary
from musiq.store.store import Store
from tests.cluster.sources import Deadly, Slow


def items() -> list[Item]:
    names = sorted(Path("photos").iterdir())
    return [Item(str(name), (Deadly if "deadly" in name.name else Slow)(str(name))) for name in names]


def nodes_in_use() -> int:
    actors = load_ray()._private.state.actors().values()
    scoring = [one for one in actors if one["State"] == "ALIVE" and "ScoringActor" in one["ActorClassName"]]
    return len({one["Address"]["NodeID"] for one in scoring})


def print_rows(engine: RayEngine) -> None:
    for result in engine.results(items()):
        facts = {"nodes": nodes_in_use(), "stamp": result.stamp is not None}
        print(json.dumps(facts | result.row.as_dict()), flush=True)


def keep_rows(engine: RayEngine, output: Path, store: Store) -> None:
    summary = Summary()
    with open_output(output, "jsonl", scoring=engine.scoring) as rows:
        for row in run(items(), engine, done=list(rows.done()), store=store, summary=summary):
            rows.write(row)
    print(json.dumps(summary.as_dict()), flush=True)


def main(address: str, checkpoint: str, output: str = "", store: str = "") -> None:
    with ExitStack() as stack:
        opened = stack.enter_context(Store(Path(store))) if store else None
        options = {"checkpoint": checkpoint}
        engine = RayEngine(options, Limits(), store=opened, address=address, batch_items=4)
        stack.enter_context(engine)
        if opened is None:
            print_rows(engine)
        else:
            keep_rows(engine, Path(output), opened)


if __name__ == "__main__":
    main(*sys.argv[1:])
