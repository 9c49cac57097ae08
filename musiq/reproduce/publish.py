"""An experiment by its name: carried out, and its table, picture and predictions written beside the runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from musiq.atomic import write_file
from musiq.data.record import DataSet
from musiq.errors import DataError
from musiq.evaluate.predictions import rated_records
from musiq.image import load_image
from musiq.reproduce.carry_out import carry_out
from musiq.reproduce.figure3 import aspect_curves, draw_curves, write_curves
from musiq.reproduce.figure4 import draw_photos
from musiq.reproduce.matrix import cross_evaluate, write_matrix
from musiq.reproduce.plot import plot_rows
from musiq.reproduce.report import write_page, write_predictions_table
from musiq.reproduce.runs import Workshop, data_name, reduce_data
from musiq.reproduce.setting import ScaleName, Setting, make_setting
from musiq.reproduce.table5 import TABLE5
from musiq.reproduce.table6 import TABLE6
from musiq.reproduce.table12 import TABLE12
from musiq.reproduce.table14 import TABLE14
from musiq.reproduce.tables1to4 import TABLES1TO4

TABLES = {table.name: table for table in (TABLES1TO4, TABLE5, TABLE6, TABLE12, TABLE14)}
PHOTOS = 2  # test images that a figure takes where no photo is named


@dataclass(frozen=True)
class Job:
    """What an experiment is asked to do; `sets` are reduced to what their settings take."""

    name: str
    sets: Sequence[DataSet]
    settings: Sequence[Setting]
    workshop: Workshop
    seeds: Sequence[int]
    photos: Sequence[Path]

    def file(self, suffix: str) -> Path:
        """A file for the results."""
        return self.workshop.out / ("-".join([self.name, *map(data_name, self.sets)]) + suffix)


def publish(
    name: str,
    sets: Sequence[DataSet],
    scale: ScaleName,
    workshop: Workshop,
    seeds: int | None = None,
    photos: Sequence[Path] = (),
) -> str:
    """The experiment's table, or the name of its picture; its files are in the workshop's folder then.

    Args:
        name: `tables1-4`, `table5`, `table6`, `table12`, `table14`, `figure3`, `figure4` or `matrix`.
        sets: one data set with its splits named; two or more for `matrix`.
        scale: `tiny`, `small` or `paper`.
        workshop: where and how runs are carried out.
        seeds: runs of each row; what the scale says if None.
        photos: for the figures; the first test images if empty.

    Raises:
        DataError: another number of data sets than the experiment takes, two of one name, or no test images.
        ImageError: a photo cannot be read.
    """
    _check(name, sets)
    settings = [make_setting(scale, data.name, data.name == "ava") for data in sets]
    reduced = [reduce_data(data, setting.images) for data, setting in zip(sets, settings, strict=True)]
    tests = [rated_records(data, ("test",)) for data in reduced]
    shown = photos or [record.image for record in tests[0][:PHOTOS]]
    for photo in photos:
        load_image(photo)  # what cannot be read is named before hours of training
    workshop.out.mkdir(parents=True, exist_ok=True)
    job = Job(name, reduced, settings, workshop, range(seeds or settings[0].seeds), shown)
    return KINDS.get(name, _table)(job)


def _check(name: str, sets: Sequence[DataSet]) -> None:
    if (name == "matrix") != (len(sets) > 1):
        raise DataError(f"{name} takes {'several data sets' if name == 'matrix' else 'one data set'}, not {len(sets)}")
    names = [data_name(data) for data in sets]
    if len(set(names)) < len(names):
        raise DataError(f"{name}: two data sets of one name would share their folders: {', '.join(names)}")


def _table(job: Job) -> str:
    table, data, setting = TABLES[job.name], job.sets[0], job.settings[0]
    outcomes = carry_out(table, data, setting, job.workshop, job.seeds)
    page = write_page(table, outcomes, data, setting)
    plot_rows(table, outcomes, job.file(".svg"))
    write_file(job.file(".csv"), write_predictions_table(outcomes).encode())
    write_file(job.file(".md"), page.encode())
    return page


def _matrix(job: Job) -> str:
    page = write_matrix(cross_evaluate(job.sets, job.settings, job.workshop, job.seeds))
    write_file(job.file(".md"), page.encode())
    return page


def _figure3(job: Job) -> str:
    curves = aspect_curves(job.photos, job.sets[0], job.settings[0], job.workshop, job.seeds)
    draw_curves(curves, job.file(".svg"))
    write_file(job.file(".csv"), write_curves(curves).encode())
    return f"{job.file('.svg')}\n"


def _figure4(job: Job) -> str:
    draw_photos(job.photos, job.sets[0], job.settings[0], job.workshop, job.seeds[0], job.file(".jpg"))
    return f"{job.file('.jpg')}\n"


KINDS: dict[str, Callable[[Job], str]] = {"matrix": _matrix, "figure3": _figure3, "figure4": _figure4}
