"""`musiq store`: what a store of scores holds; written in other formats, compared, pruned."""

import math
import sys
from collections.abc import Iterable
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer

from musiq.outputs import Lasting, lasting_format, open_output
from musiq.rows import Row, Scoring
from musiq.store import Store
from musiq.store.compare import Comparison, Pair, check_alike, choose_two, compare_scorings
from musiq.store.holdings import count, find_scorings, named_scorings, only_scoring, short_id
from musiq.store.prune import prune_store, vacuum_store
from musiq.store.query import by_path, by_percentile, by_score, failures
from musiq.tables import print_table

app = typer.Typer(no_args_is_help=True, help="Ask a store of scores, write it in other formats, compare and prune it.")

Printed = Literal["table", "csv", "jsonl"]
STDOUT = Path("-")


def _share(text: str) -> float:
    """`1%` or `1` in percent."""
    try:
        share = float(text.removesuffix("%"))
    except ValueError:
        share = math.nan
    if not 0 < share <= 100:
        raise typer.BadParameter(f"{text!r} is no share above 0 and up to 100, as in 1%")
    return share


class Percentiles(NamedTuple):
    """Two, 0 the worst and 100 the best."""

    low: float
    high: float


def _percentiles(text: str) -> Percentiles:
    """`25:75` as two percentiles."""
    try:
        low, high = map(float, text.split(":"))
    except ValueError:
        low = high = math.nan
    if not 0 <= low < high <= 100:
        raise typer.BadParameter(f"{text!r} is not LOW:HIGH within 0 and 100, as in 25:75")
    return Percentiles(low, high)


StorePath = Annotated[Path, typer.Argument(metavar="STORE", help="File of the store.")]
Checkpoint = Annotated[str, typer.Option(metavar="PREFIX", help="Only of weights whose hash begins so.")]
Preprocess = Annotated[str | None, typer.Option(metavar="ID", help="Only of this preprocessing.")]
Precision = Annotated[str | None, typer.Option(help="Only of this precision: fp32, bf16 or int8.")]


@app.command()
def query(
    store: StorePath,
    top: Annotated[float | None, typer.Option(parser=_share, metavar="SHARE", help="The best share, as in 1%.")] = None,
    between: Annotated[
        Percentiles | None,
        typer.Option(parser=_percentiles, metavar="LOW:HIGH", help="Between two percentiles, from 0 the worst to 100."),
    ] = None,
    above: Annotated[float | None, typer.Option(help="Of this score or a higher one.")] = None,
    below: Annotated[float | None, typer.Option(help="Of this score or a lower one.")] = None,
    errors: Annotated[bool, typer.Option("--errors", help="Without a score, and why.")] = False,
    worst: Annotated[bool, typer.Option("--worst", help="The worst first; of --top, the worst share.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="No more than so many.")] = None,
    checkpoint: Checkpoint = "",
    preprocess: Preprocess = None,
    precision: Precision = None,
    format: Annotated[Printed, typer.Option(help="How files are written.")] = "table",
) -> None:
    """List files by score, the best first. Percentiles are of the store's own files. Without a selection, list the
    scorings that are held; scores of different ones do not compare."""
    scores = None if above is None and below is None else (above, below)
    _refuse_several({"--top": top, "--between": between, "--above or --below": scores, "--errors": errors or None})
    _refuse_several({"--errors": errors or None, "--worst": worst or None})
    with Store(store, create=False) as opened:
        scorings = find_scorings(opened, checkpoint, preprocess, precision)
        if errors:
            return _print_rows(chain.from_iterable(failures(opened, scoring) for scoring in scorings), limit, format)
        if (top, between, scores, limit) == (None, None, None, None) and not worst:
            return _print_holdings(opened, scorings, format)
        scoring = only_scoring(opened, scorings, "--checkpoint, --preprocess or --precision")
        if scores is None:
            part = between or _end(100 if top is None else top, worst)
            rows = by_percentile(opened, scoring, *part, best_first=not worst)
        else:
            rows = by_score(opened, scoring, above, below, best_first=not worst)
        _print_rows(rows, limit, format)


@app.command()
def export(
    store: StorePath,
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="File, of Parquet a folder, or - for stdout.")],
    format: Annotated[Lasting | None, typer.Option(help="What OUTPUT's suffix says if unset.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    checkpoint: Checkpoint = "",
    preprocess: Preprocess = None,
    precision: Precision = None,
) -> None:
    """Write all rows: of each scoring those with a score, then those without, in the order of their paths."""
    chosen = lasting_format(output, format)
    if output != STDOUT and output.exists() and not overwrite:
        raise ValueError(f"{output} is there already; --overwrite replaces it")
    with Store(store, create=False) as opened:
        scorings = find_scorings(opened, checkpoint, preprocess, precision)
        with open_output(None if output == STDOUT else output, chosen, overwrite=overwrite) as file:
            for scoring in scorings:
                for row in chain(by_path(opened, scoring), failures(opened, scoring)):
                    file.write(row)


@app.command()
def compare(
    store: StorePath,
    other: Annotated[Path | None, typer.Argument(metavar="OTHER", help="Another store; the same if unset.")] = None,
    of: Annotated[str | None, typer.Option(metavar="ID", help="The first scoring, by its id or its weights.")] = None,
    against: Annotated[str | None, typer.Option("--with", metavar="ID", help="The second, of OTHER if given.")] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Also unlike checkpoints or preprocessing.")] = False,
    worst: Annotated[int, typer.Option(min=0, help="How many images that differ most to list.")] = 10,
) -> None:
    """Compare two scorings of the same images: correlations and differences."""
    with Store(store, create=False) as first, Store(other or store, create=False) as second:
        one, two = choose_two(first, second, of, against)
        if not anyway:
            check_alike(one, two)
        _print_comparison(one, two, compare_scorings((first, one), (second, two), worst))


@app.command()
def prune(
    store: StorePath,
    gone: Annotated[
        bool,
        typer.Option(
            "--gone",
            help="Paths of files that are not there any more, relative ones from here; scores stay. Never of archives' "
            "members or addresses. A disk that is not mounted is not there.",
        ),
    ] = False,
    unused: Annotated[bool, typer.Option("--unused", help="Scores of images that no path leads to.")] = False,
    failed: Annotated[bool, typer.Option("--failures", help="Errors, so that their images are tried again.")] = False,
    scores_of: Annotated[
        str | None, typer.Option(metavar="ID", help="All of a checkpoint, by its weights, or of a scoring, by its id.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    vacuum: Annotated[bool, typer.Option("--vacuum", help="Give space back to the disk.")] = False,
) -> None:
    """Remove what is of no more use from the store; images are never touched."""
    if not (gone or unused or failed or scores_of is not None or vacuum):
        raise ValueError("nothing chosen: --gone, --unused, --failures, --scores-of or --vacuum")
    with Store(store, create=False) as opened:
        old = [] if scores_of is None else _of_one_checkpoint(opened, scores_of)
        pruned = prune_store(opened, gone=gone, unused=unused, failures=failed, scorings=old, dry_run=dry_run)
        counts = ", ".join(f"{name} {number:,}" for name, number in asdict(pruned).items())
        print(f"{'would remove' if dry_run else 'removed'} from the store: {counts}")
        if vacuum and not dry_run:
            print(f"given back: {vacuum_store(opened):,} bytes")


def _refuse_several(selections: dict[str, object]) -> None:
    chosen = [name for name, value in selections.items() if value is not None]
    if len(chosen) > 1:
        raise ValueError(f"{' and '.join(chosen)} exclude each other")


def _end(share: float, worst: bool) -> tuple[float, float]:
    return (0, share) if worst else (100 - share, 100)


def _print_rows(rows: Iterable[Row], limit: int | None, format: Printed) -> None:
    with open_output(None, format) as output:
        for row in islice(rows, limit):
            output.write(row)


def _print_holdings(store: Store, scorings: list[Scoring], format: Printed) -> None:
    if format != "table":
        raise ValueError(f"--format {format} needs a selection, as --top 1% or --limit 100; `export` writes everything")
    columns = ("id", "checkpoint", "weights", "preprocess", "precision", "scores", "files", "errors")
    print_table(columns, (_holding(store, scoring) for scoring in scorings), sys.stdout, right=columns[-3:])


def _holding(store: Store, scoring: Scoring) -> tuple[str, ...]:
    held = count(store, scoring)
    counts = (f"{number:,}" for number in (held.scores, held.files, held.errors))
    which = (short_id(scoring), held.checkpoint or "-", scoring.weights[:12], scoring.preprocess, scoring.precision)
    return (*which, *counts)


def _print_comparison(one: Scoring, two: Scoring, result: Comparison) -> None:
    facts = {
        "of": f"{short_id(one)} ({one})",
        "with": f"{short_id(two)} ({two})",
        "images": f"{result.images:,}",
        "SRCC": f"{result.srcc:.4f}",
        "PLCC": f"{result.plcc:.4f}",
        "mean difference": f"{result.mean_difference:.4g}",
        "largest difference": f"{result.largest_difference:.4g}",
    }
    print_table(("fact", "value"), facts.items(), sys.stdout)
    if result.worst:
        print()
        print_table(
            ("of", "with", "differ by", "image"), map(_pair, result.worst), sys.stdout, ("of", "with", "differ by")
        )


def _pair(pair: Pair) -> tuple[str, ...]:
    return (f"{pair.first:.2f}", f"{pair.second:.2f}", f"{abs(pair.first - pair.second):.4g}", pair.path)


def _of_one_checkpoint(store: Store, name: str) -> list[Scoring]:
    found = named_scorings(store, name)
    if len({scoring.weights for scoring in found}) > 1:
        only_scoring(store, found, "--scores-of")
    return found
