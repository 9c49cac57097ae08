"""An experiment by its name: checked, carried out, and its table, picture and predictions written beside the runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from musiq.atomic import write_file
from musiq.data.record import DataSet
from musiq.errors import DataError
from musiq.evaluate.predictions import rated_records
from musiq.reproduce.carry_out import carry_out
from musiq.reproduce.figure3 import aspect_curves, draw_curves, write_curves
from musiq.reproduce.figure3 import recipes as figure3_recipes
from musiq.reproduce.figure4 import draw_photos
from musiq.reproduce.matrix import cross_evaluate, write_matrix, write_matrix_predictions
from musiq.reproduce.photos import Photo, read_photos
from musiq.reproduce.plot import plot_rows
from musiq.reproduce.report import write_page, write_predictions_table
from musiq.reproduce.scales import make_setting
from musiq.reproduce.setting import ScaleName, Setting
from musiq.reproduce.starts import choose_starts
from musiq.reproduce.table5 import TABLE5
from musiq.reproduce.table6 import TABLE6
from musiq.reproduce.table12 import TABLE12
from musiq.reproduce.table14 import TABLE14
from musiq.reproduce.tables1to4 import TABLES1TO4, printed_for
from musiq.reproduce.workshop import Workshop, data_name, reduce_data
from musiq.train.recipe import Recipe

TABLES = {table.name: table for table in (TABLES1TO4, TABLE5, TABLE6, TABLE12, TABLE14)}


@dataclass(frozen=True)
class Job:
    """What an experiment is asked to do; `sets` are reduced to what their settings take."""

    name: str
    sets: Sequence[DataSet]
    settings: Sequence[Setting]
    workshop: Workshop
    seeds: Sequence[int]
    photos: Sequence[Photo]
    command: str

    def file(self, suffix: str) -> Path:
        """A file for the results."""
        return self.workshop.out / ("-".join([self.name, *map(data_name, self.sets)]) + suffix)


def publish(
    name: str,
    sets: Sequence[DataSet],
    scale: ScaleName,
    workshop: Workshop,
    *,
    seeds: int | None = None,
    photos: Sequence[Path] = (),
    initial: Sequence[str] = (),
    command: str = "",
) -> str:
    """The experiment's page, or the name of its picture; its files are in the workshop's folder then.

    Args:
        name: `tables1-4`, `table5`, `table6`, `table12`, `table14`, `figure3`, `figure4` or `matrix`.
        sets: one data set with its splits named; two or more for `matrix`.
        scale: `tiny`, `small` or `paper`; a folder of its own under `workshop.out`.
        workshop: where and how runs are carried out.
        seeds: runs of each row; what the scale says if None. Figure 4 draws the first.
        photos: for the figures; the first test images if empty.
        initial: checkpoints to start from, as `choose_starts` takes them.
        command: that asks for it, for the page.

    Raises:
        DataError: another number of data sets than the experiment takes, two of one name, or no training or test
            images.
        ImageError: a photo cannot be read.
        RecipeError: a checkpoint to start from fits no row, or a run's folder holds another run.
        ValueError: photos for an experiment that shows none.
    """
    _check(name, sets, photos)
    settings = [make_setting(scale, data.name, data.name == "ava") for data in sets]
    starts = choose_starts(initial, [recipe for setting in settings for recipe in _recipes(name, setting)])
    reduced = [reduce_data(data, one.images, one.shorter_side_px) for data, one in zip(sets, settings, strict=True)]
    shown = read_photos(photos, rated_records(reduced[0], ("test",))) if name.startswith("figure") else []
    out = workshop.out / scale
    workshop = replace(workshop, out=out, starts=starts, keep_features=settings[0].frozen_front)
    out.mkdir(parents=True, exist_ok=True)
    job = Job(name, reduced, settings, workshop, range(seeds or settings[0].seeds), shown, command)
    return KINDS.get(name, _table)(job)


def _check(name: str, sets: Sequence[DataSet], photos: Sequence[Path]) -> None:
    if (name == "matrix") != (len(sets) > 1):
        raise DataError(f"{name} takes {'several data sets' if name == 'matrix' else 'one data set'}, not {len(sets)}")
    names = [data_name(data) for data in sets]
    if len(set(names)) < len(names):
        raise DataError(f"{name}: two data sets of one name would share their folders: {', '.join(names)}")
    if photos and not name.startswith("figure"):
        raise ValueError(f"{name} shows no photos; figure3 and figure4 do")
    for data in sets:
        rated_records(data, ("train",))
        rated_records(data, ("test",))


def _recipes(name: str, setting: Setting) -> list[Recipe]:
    """What the experiment trains."""
    if name in TABLES:
        return [row.recipe(setting) for row in TABLES[name].rows if row.recipe is not None]
    return list(figure3_recipes(setting).values()) if name == "figure3" else [setting.musiq(224, 384)]


def _table(job: Job) -> str:
    data, setting = job.sets[0], job.settings[0]
    table = printed_for(data.name) if job.name == TABLES1TO4.name else TABLES[job.name]
    outcomes = carry_out(table, data, setting, job.workshop, job.seeds)
    page = write_page(table, outcomes, data.name, setting.name, job.command)
    plot_rows(table, outcomes, job.file(".svg"))
    write_file(job.file(".csv"), write_predictions_table(outcomes).encode())
    write_file(job.file(".md"), page.encode())
    return page


def _matrix(job: Job) -> str:
    matrix = cross_evaluate(job.sets, job.settings, job.workshop, job.seeds)
    page = write_matrix(matrix, job.settings[0].name, job.command)
    write_file(job.file(".csv"), write_matrix_predictions(matrix).encode())
    write_file(job.file(".md"), page.encode())
    return page


def _figure3(job: Job) -> str:
    curves = aspect_curves(job.photos, job.sets[0], job.settings[0], job.workshop, job.seeds)
    draw_curves(job.photos, curves, job.file(".svg"))
    write_file(job.file(".csv"), write_curves(curves, job.seeds).encode())
    return f"{job.file('.svg')}\n"


def _figure4(job: Job) -> str:
    draw_photos(job.photos, job.sets[0], job.settings[0], job.workshop, job.seeds[0], job.file(".jpg"))
    return f"{job.file('.jpg')}\n"


KINDS: dict[str, Callable[[Job], str]] = {"matrix": _matrix, "figure3": _figure3, "figure4": _figure4}
