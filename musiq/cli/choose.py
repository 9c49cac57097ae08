"""`musiq rank`, `musiq pick`, `musiq dedupe`: choosing photos by score, which never changes, moves or deletes one."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from musiq.choose.links import open_folder
from musiq.choose.photo import scored_photos
from musiq.choose.present import Present
from musiq.choose.select import better_than, each_folder, everything, first, parse_top
from musiq.choose.sidecar import Convention
from musiq.choose.standing import Ranked, ranked
from musiq.cli.chosen import Counted, Failures, check_list, outside, print_list, write_links, write_list, write_sidecars
from musiq.cli.engines import ScorerOptions, local_engine, refuse_nothing
from musiq.cli.listing import ListFormat, print_rows
from musiq.cli.options import CheckpointOption, PreprocessOption, RecursiveOption, StoreOption
from musiq.decode.limits import Limits
from musiq.errors import MissingExtraError
from musiq.inputs.expand import Inputs
from musiq.outputs import read_rows
from musiq.progress import progress_bar, say
from musiq.resize import Profile
from musiq.rows import Row
from musiq.runs.run import run

if TYPE_CHECKING:
    from musiq.choose.groups import Member

PathsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="PATH", help="Images, folders of images, or globs; or say --scores.")
]
ScoresOption = Annotated[
    Path | None,
    typer.Option(
        help="Earlier results instead of photos: CSV, JSONL or Parquet of musiq score. Files that are gone are "
        "left out, changed ones named."
    ),
]
FormatOption = Annotated[ListFormat, typer.Option(help="How the list is printed.")]
LinksOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder for symbolic links to the best; those that are there stay.")
]
SidecarsOption = Annotated[
    Convention | None,
    typer.Option(
        help="Write 1 to 5 stars, by band or else by fifth of these photos, into XMP files beside the photos: "
        "photo.xmp (adobe; Lightroom reads it for raw files only) or photo.jpg.xmp (darktable, digiKam). "
        "Sidecars that others wrote stay as they are."
    ),
]
NullOption = Annotated[bool, typer.Option("--null", help="End the paths in lists by NUL instead of a line end.")]


def rank(
    paths: PathsArgument = None,
    scores: ScoresOption = None,
    worst: Annotated[bool, typer.Option("--worst", help="The worst first; the best still has rank 1.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Print no more than these.")] = None,
    format: FormatOption = "table",
    sidecars: SidecarsOption = None,
    checkpoint: CheckpointOption = "default",
    preprocess: PreprocessOption = None,
    recursive: RecursiveOption = False,
    store: StoreOption = None,
) -> None:
    """List photos from best to worst: rank, score, percentile among these photos, path.

    The percentile is the share of these photos that are worse, the photo itself and its equals counted half (of 15
    photos the best has 96.7); it has nothing to do with the percentile of musiq score, which is among the checkpoint's
    reference photos. Equal scores share a rank. Of --scores, higher is better. --sidecars rates all photos, also beyond
    --limit. Exit 0; 1 when something failed (each is named); 2 for wrong usage.
    """
    failures = Failures()
    rule = everything(worst) if limit is None or sidecars else first(limit, worst)
    with _open_rows(paths, scores, checkpoint, preprocess, recursive, store) as (rows, higher):
        places = list(ranked(scored_photos(rows, failures.add), rule, higher))
    if sidecars:
        write_sidecars(sidecars, places, failures)
    columns = {"rank": ">7d", "score": ">8.2f", "percentile_of_these": ">19.1f", "path": ""}
    print_rows(columns, map(_rank_row, islice(places, limit)), sys.stdout, format)
    failures.end()


def _rank_row(place: Ranked) -> dict[str, Any]:
    photo = place.photo
    return {"rank": place.rank, "score": photo.score, "percentile_of_these": place.percentile, "path": photo.path}


def pick(
    paths: PathsArgument = None,
    scores: ScoresOption = None,
    top: Annotated[
        str | None,
        typer.Option(
            help="The best 50 photos, or the best 10%: rounded, halves up, and at least one; ties go by path."
        ),
    ] = None,
    above: Annotated[float | None, typer.Option(help="Those better than this score.")] = None,
    per_folder: Annotated[bool, typer.Option("--per-folder", help="Choose in each folder by itself.")] = False,
    null: NullOption = False,
    links: LinksOption = None,
    sidecars: SidecarsOption = None,
    checkpoint: CheckpointOption = "default",
    preprocess: PreprocessOption = None,
    recursive: RecursiveOption = False,
    store: StoreOption = None,
) -> None:
    """Pick the best photos: prints their paths, best first, or else makes links to them or sidecars with ratings.

    The list goes to stdout, and `> FILE` behind the command keeps it; how many of how many goes to stderr. Of --scores,
    higher is better. Photos in the folder of links are left out. Exit 0; 1 when something failed (each is named); 2 for
    wrong usage.
    """
    if (top is None) == (above is None):
        raise ValueError("say either --top, as in --top 10%, or --above SCORE")
    rule = better_than(above) if above is not None else parse_top(top or "")
    rule = each_folder(rule) if per_folder else rule
    folder, failures = None if links is None else open_folder(links), Failures()
    with _open_rows(paths, scores, checkpoint, preprocess, recursive, store) as (rows, higher):
        photos_there = Counted(outside(scored_photos(rows, failures.add), folder))
        places = list(ranked(photos_there, rule, higher))
    photos = [place.photo for place in places]
    if folder:
        write_links(folder, photos, failures)
    if sidecars:
        write_sidecars(sidecars, places, failures)
    if not folder and not sidecars:
        print_list(photos, null)
    say(_how_many(len(places), photos_there.count, top))
    failures.end()


def _how_many(picked: int, there: int, top: str | None) -> str:
    number = top is not None and not top.endswith("%")
    hint = f": --top {top} is a number, {top}% a share" if number and picked == there else ""
    return f"{picked:,} of {there:,} photos{hint}"


def dedupe(
    paths: PathsArgument = None,
    scores: ScoresOption = None,
    near_bits: Annotated[
        int, typer.Option(min=0, max=64, help="Photos whose perceptual hashes differ in no more bits are alike.")
    ] = 10,
    burst: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="Also those of one folder taken no longer after another, by EXIF, if they differ in 20 bits at most.",
        ),
    ] = None,
    format: FormatOption = "table",
    keep_list: Annotated[
        Path | None, typer.Option(metavar="FILE", help="List of each group's best and of the photos like no other.")
    ] = None,
    rest_list: Annotated[Path | None, typer.Option(metavar="FILE", help="List of all others.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace lists that are there.")] = False,
    null: NullOption = False,
    links: LinksOption = None,
    checkpoint: CheckpointOption = "default",
    preprocess: PreprocessOption = None,
    recursive: RecursiveOption = False,
    store: StoreOption = None,
) -> None:
    """Find photos that are alike: groups, the best by score first. Deletes nothing.

    Photos that cannot be read or scored are named, and are in no list; of several paths to one file one is. --links
    has what --keep-list has. Exit 0; 1 when something failed; 2 for wrong usage.
    """
    _require_hashing()
    from musiq.choose.groups import group_photos
    from musiq.choose.hashes import hash_photos

    if keep_list is not None and keep_list == rest_list:
        raise ValueError(f"--keep-list and --rest-list are one file: {keep_list}")
    check_list("--keep-list", keep_list, overwrite)
    check_list("--rest-list", rest_list, overwrite)
    folder, failures = None if links is None else open_folder(links), Failures()
    with _open_rows(paths, scores, checkpoint, preprocess, recursive, store) as (rows, higher):
        scored = list(outside(scored_photos(rows, failures.add), folder))
    photos, bits = hash_photos(scored, failures.add)
    found = list(group_photos(photos, bits, near_bits, burst, higher))
    keep = [best.photo for best, *_ in found]
    rest = [member.photo for _, *others in found for member in others]
    for path, listed in ((keep_list, keep), (rest_list, rest)):
        if path is not None:
            write_list(path, listed, null, overwrite)
    if folder:
        write_links(folder, keep, failures)
    columns = {"group": ">5d", "best": "<4", "score": ">8.2f", "distance_bits": ">13d", "path": ""}
    print_rows(columns, _group_rows(found, format), sys.stdout, format)
    say(f"{len(photos):,} photos, {len(rest):,} of them like a better one")
    failures.end()


def _group_rows(groups: list[list["Member"]], format: ListFormat) -> Iterator[dict[str, Any]]:
    """A row for each photo that is like another."""
    for number, members in enumerate((members for members in groups if len(members) > 1), start=1):
        for place, member in enumerate(members):
            best = place == 0 if format != "table" else "best" * (place == 0)
            facts = {"score": member.photo.score, "distance_bits": member.distance_bits, "path": member.photo.path}
            yield {"group": number, "best": best, **facts}


@contextmanager
def _open_rows(
    paths: list[str] | None,
    scores: Path | None,
    checkpoint: str,
    preprocess: Profile | None,
    recursive: bool,
    store: Path | None,
) -> Iterator[tuple[Iterable[Row], bool]]:
    """The rows, and whether higher scores are better."""
    if scores is not None and not paths:
        present = Present(scores)
        yield present.of(read_rows(scores)), True
        for line in present.lines():
            say(f"musiq: {line}")
        return
    if not paths or scores is not None:
        raise ValueError("say either PATH... or --scores FILE")
    inputs = Inputs(tuple(paths), recursive)
    refuse_nothing(inputs, paths)
    with (
        local_engine(ScorerOptions(checkpoint, preprocess=preprocess), Limits(), store) as (engine, opened, summary),
        progress_bar("scoring", None) as advance,
    ):
        rows = run(inputs, engine, store=opened, summary=summary, advance=advance, count=inputs.quick)
        yield rows, summary.higher_is_better


def _require_hashing() -> None:
    try:
        import musiq.data.duplicates  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("finding near-duplicates", "dedupe") from error
