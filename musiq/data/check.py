"""Is a data set what it should be? Facts to look at, and faults that nobody should train on."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from musiq.data.record import DataSet, Record
from musiq.errors import ImageError
from musiq.image import load_image
from musiq.progress import progress_bar

# Of the scale, between MOS and the mean of the histogram. KonIQ-10k's MOS is no plain mean of its ratings and lies up
# to 0.12 away; a histogram that stands best first lies much farther.
HISTOGRAM_TOLERANCE = 0.15


def describe(data: DataSet) -> dict[str, str]:
    """Facts about the set, by name: images, splits, range of MOS and so on."""
    splits = Counter(record.split or "(none)" for record in data.records)
    groups = {record.group for record in data.records if record.group}
    published = "" if data.published_images is None else f" of {data.published_images:,} published"
    return {
        "images": f"{len(data.records):,}{published}",
        "splits": ", ".join(f"{name} {count:,}" for name, count in sorted(splits.items())),
        "classes": f"{len(data.classes):,}" if data.classes else "no",
        "scale": "not known" if np.isnan(data.low) else f"{data.low:g}..{data.high:g}",
        "MOS found": _mos_found(data.records),
        "spread": "yes" if any(record.spread is not None for record in data.records) else "no",
        "histogram": _histogram(data.records),
        "groups": f"{len(groups):,}" if groups else "no",
        "reduced to": _reduction(data.records),
    }


def _mos_found(records: Iterable[Record]) -> str:
    values = [record.mos for record in records if record.label is None]
    return f"{min(values):g}..{max(values):g}, mean {np.mean(values):.4g}" if values else "no"


def _histogram(records: Iterable[Record]) -> str:
    lengths = {len(record.histogram) for record in records if record.histogram is not None}
    return ", ".join(f"{length} values" for length in sorted(lengths)) or "no"


def _reduction(records: Iterable[Record]) -> str:
    sides = {record.shorter_side_px for record in records if record.shorter_side_px is not None}
    return ", ".join(f"shorter side {side} px" for side in sorted(sides)) or "no"


def find_faults(data: DataSet, *, decode: bool = False, workers: int = 1) -> list[str]:
    """What is wrong with the set, a sentence each; empty where nothing is.

    Args:
        data: the set.
        decode: also decode every image.
        workers: processes that decode; 0 for this one.
    """
    checks: tuple[Callable[[DataSet], Iterable[str]], ...] = (
        wrong_count,
        _repeated,
        outside_scale,
        _partly_split,
        _divided_groups,
        _contradicting_histograms,
    )
    faults = [fault for check in checks for fault in check(data)]
    return faults + (broken_images([record.image for record in data.records], workers) if decode else [])


def wrong_count(data: DataSet) -> Iterator[str]:
    """A sentence where the set has more or fewer images than its authors published."""
    if data.published_images is not None and len(data.records) != data.published_images:
        yield f"{data.name}: {len(data.records):,} images; its authors published {data.published_images:,}"


def _repeated(data: DataSet) -> Iterator[str]:
    for name, count in Counter(record.name for record in data.records).items():
        if count > 1:
            yield f"{data.name}: image {name!r} stands in {count} rows"
    for path, count in Counter(record.image for record in data.records).items():
        if count > 1:
            yield f"{data.name}: {count} rows name the file {path}"


def outside_scale(data: DataSet) -> Iterator[str]:
    """A sentence per rated image whose MOS lies outside the set's scale, or is NaN."""
    for number, record in enumerate(data.records, start=1):
        inside = not (record.mos < data.low or record.mos > data.high or np.isnan(record.mos))
        if record.label is None and not inside:
            limits = f"{data.low:g}..{data.high:g}"
            yield f"{data.name}, image {number} ({record.name!r}): mos {record.mos:g} is outside {limits}"


def _partly_split(data: DataSet) -> Iterator[str]:
    bare = [record.name for record in data.records if not record.split]
    if 0 < len(bare) < len(data.records):
        yield f"{data.name}: {len(bare)} of {len(data.records)} images have no split, {bare[0]!r} is one of them"


def _divided_groups(data: DataSet) -> Iterator[str]:
    splits = defaultdict[str, set[str]](set)
    for record in data.records:
        if record.group:
            splits[record.group].add(record.split)
    for group, names in splits.items():
        if len(names) > 1:
            yield f"{data.name}: group {group!r} stands in the splits {', '.join(sorted(names))}"


def _contradicting_histograms(data: DataSet) -> Iterator[str]:
    """Nothing where the scale is not known: NaN compares false."""
    for record in data.records:
        if record.histogram is not None:
            mean = np.average(np.linspace(data.low, data.high, len(record.histogram)), weights=record.histogram)
            if abs(mean - record.mos) > HISTOGRAM_TOLERANCE * (data.high - data.low):
                yield f"{data.name}: image {record.name!r} has mos {record.mos:g}, but its histogram's mean is {mean:g}"


def broken_images(paths: list[Path], workers: int = 1) -> list[str]:
    """A sentence per image that cannot be decoded, in the order of `paths`."""
    with progress_bar("decoding", len(paths)) as advance:
        faults = []
        for fault in _decode_all(paths, workers):
            faults += [fault] if fault else []
            advance("")
        return faults


def _decode_all(paths: list[Path], workers: int) -> Iterator[str]:
    if workers == 0:
        yield from map(_fault_of, paths)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(_fault_of, paths, chunksize=20)


def _fault_of(path: Path) -> str:
    try:
        load_image(path)
    except ImageError as error:
        return str(error)
    return ""
