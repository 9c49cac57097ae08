"""`musiq compare`."""

import json
import sys
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from musiq.checkpoint import Checkpoint
from musiq.cli.chosen import Failures
from musiq.cli.engines import ScorerOptions, local_engine, refuse_nothing
from musiq.cli.options import (
    CheckpointOption,
    DeviceOption,
    PreprocessOption,
    QuietOption,
    RecursiveOption,
    RuntimeOption,
    StoreOption,
)
from musiq.decode.limits import Limits
from musiq.errors import MissingExtraError
from musiq.inputs.expand import Inputs
from musiq.meaning.describe import describe_scale
from musiq.meaning.pair import as_score, chance_better, verdict
from musiq.meaning.side import Side, match
from musiq.progress import printable, progress_bar, say
from musiq.runs.run import run
from musiq.scores import Score, decimals
from musiq.sources import load_checkpoint
from musiq.tables import print_table

if TYPE_CHECKING:
    from musiq.meaning.groups import GroupComparison

Printed = Literal["text", "json"]


def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="An image; or a folder, archive, list... of images.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    checkpoint: CheckpointOption = "default",
    preprocess: PreprocessOption = None,
    format: Annotated[Printed, typer.Option(help="How the result is printed.")] = "text",
    recursive: RecursiveOption = False,
    store: StoreOption = None,
    runtime: RuntimeOption = "auto",
    device: DeviceOption = "cpu",
    quiet: QuietOption = False,
) -> None:
    """Compare two images or two sets of images: which is better, and how sure is that?

    Where two sets hold the same names, images of one name are compared with one another. Sets need musiq[explain].
    Exit 0; 1 when something failed (each is named and left out); 2 for wrong usage.
    """
    failures, inputs = Failures(), [Inputs((name,), recursive) for name in (first, second)]
    for name, one in zip((first, second), inputs, strict=True):
        refuse_nothing(one, [name])
    of_sets = _are_sets(inputs)
    if of_sets:
        _require_scipy()
    used, sides = load_checkpoint(checkpoint).under(preprocess), list[Side]()
    with local_engine(ScorerOptions(used, runtime, device), Limits(), store) as (engine, opened, _):
        for one in inputs:
            with progress_bar("scoring", None, live=not quiet) as advance:
                rows = run(one, engine, store=opened, advance=None if quiet else advance, count=one.quick)
                sides.append(Side.of(one.names[0], rows))
    for failure in (failure for side in sides for failure in side.failures):
        failures.add(failure)
    (_compare_sets if of_sets else _compare_images)(sides, used, format)
    failures.end()


def _require_scipy() -> None:
    try:
        import musiq.meaning.groups  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("comparing sets", "explain") from error


def _are_sets(inputs: list[Inputs]) -> bool:
    """Whether both are sets of images; an image beside a set is refused before anything is scored."""
    single = [one.names[0] for one in inputs if len(list(islice(one, 2))) == 1]
    if len(single) == 1:
        raise ValueError(f"{single[0]} is one image, and the other side several: compare two images, or two sets")
    return not single


def _compare_images(sides: list[Side], checkpoint: Checkpoint, format: Printed) -> None:
    rows = [side.row for side in sides if side.row is not None and side.row.score is not None]
    if len(rows) < 2:
        return
    first, second = (as_score(row, checkpoint) for row in rows)
    if format == "json":
        images = {"a": _image(rows[0].path, first), "b": _image(rows[1].path, second)}
        sure = {"difference": first.mos - second.mos, "probability_a": chance_better(first, second)}
        return _print_json({"kind": "images", **images, **sure, "verdict": verdict(first, second)}, checkpoint)
    for letter, row, score in zip("AB", rows, (first, second), strict=True):
        print(f"{letter}  {printable(row.path)}\n   {score.meaning()}")
    print(verdict(first, second))


def _image(path: str, score: Score) -> dict[str, Any]:
    known = score.as_dict()
    names = ("interval", "coverage", "percentile", "population", "band", "low", "high", "notes")
    return {"path": path, "score": score.mos, **{name: known[name] for name in names}, "meaning": score.meaning()}


def _compare_sets(sides: list[Side], checkpoint: Checkpoint, format: Printed) -> None:
    from musiq.meaning.groups import compare_paired, compare_unpaired

    if few := [side.given for side in sides if len(side.found) < 2]:
        return say(f"musiq: too few images of {' and '.join(few)} are left to compare; each set needs two")
    pairs, shared = match(*sides)
    higher = checkpoint.score_range.higher_is_better
    if len(pairs) > 1:
        result = compare_paired([a for a, _ in pairs], [b for _, b in pairs], higher)
    else:
        result = compare_unpaired(sides[0].found, sides[1].found, higher)
    if format == "json":
        return _print_json({"kind": "sets", **_facts(sides, result, checkpoint)}, checkpoint)
    _print_sets(sides, result, shared, checkpoint)


def _facts(sides: list[Side], result: "GroupComparison", checkpoint: Checkpoint) -> dict[str, Any]:
    known = asdict(result)
    scale = checkpoint.score_range
    for letter, side, mean in zip("ab", sides, (result.first, result.second), strict=True):
        known[letter] = {"name": side.given, "images": len(side.found), "failed": len(side.failures), "mean": mean}
    names = ("a", "b", "paired", "images", "difference", "interval", "p", "beats")
    return {name: known[name] for name in names} | {"verdict": result.verdict(scale.low, scale.high)}


def _print_sets(sides: list[Side], result: "GroupComparison", shared: int, checkpoint: Checkpoint) -> None:
    scale = checkpoint.score_range
    digits = decimals(scale.low, scale.high)
    rows = (
        (letter, f"{count:,}", f"{mean:.{digits}f}", side.given)
        for letter, side, count, mean in zip("AB", sides, result.images, (result.first, result.second), strict=True)
    )
    print_table(("set", "images", "mean", "name"), rows, sys.stdout, right=("images", "mean"))
    if result.paired:
        print(f"{result.images[0]:,} pairs of one name; A beats its fellow of B in {100 * result.beats:.0f} % of them")
    else:
        names = f" ({shared:,} names are in both: not compared name by name)" if shared else ""
        print(f"an image of A beats one of B with a probability of {100 * result.beats:.0f} %{names}")
    ends = f"{result.interval.low:.{digits}f} to {result.interval.high:.{digits}f}"
    test = "paired t test" if result.paired else "Welch's t test"
    print(f"difference of the means {result.difference:.{digits}f}, 95 % interval {ends}, p {result.p:.2g} ({test})")
    print(f"scale {describe_scale(checkpoint)}")
    print(f"{result.verdict(scale.low, scale.high)}")


def _print_json(facts: dict[str, Any], checkpoint: Checkpoint) -> None:
    which = {"checkpoint": checkpoint.name, "weights": checkpoint.id, "preprocess": checkpoint.preprocess}
    print(json.dumps(facts | which))
