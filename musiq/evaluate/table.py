"""Several files of predictions -> a Markdown table, the paper's rows above ours."""

from collections.abc import Sequence

from musiq.errors import DataError
from musiq.evaluate.classes import mean_square_error, two_class_accuracy
from musiq.evaluate.correlations import agreement
from musiq.evaluate.files import Predictions
from musiq.evaluate.paper import PaperRow, PaperTable, find_table
from musiq.evaluate.resampling import Spread

HEADINGS = {"srcc": "SRCC", "plcc": "PLCC", "krcc": "KRCC", "rmse": "RMSE", "accuracy": "cls. acc.", "mse": "MSE"}
Values = dict[str, float]


def markdown_table(files: Sequence[Predictions], labels: Sequence[str] = (), data: str | None = None) -> str:
    """A Markdown table of the figures of each label, after the paper's on the same data set where it has any.

    Files of one label are runs with other seeds or splits: their figures become mean ± standard deviation, and median.

    Args:
        files: at least one.
        labels: one per file; the checkpoint's name (or else the file's) where none are given.
        data: name of the data set; what the files say when None.

    Raises:
        DataError: labels and files differ in number, or the files say that they are of different data or splits.
    """
    if not files or (labels and len(labels) != len(files)):
        raise DataError(f"{len(files)} files of predictions and {len(labels)} labels; needs as many")
    name = data or _agreed(files, "data")
    splits = _agreed(files, "splits") or ()
    paper = find_table(name, tuple(splits)) if name else None
    runs, images = dict[str, list[Values]](), dict[str, list[int]]()
    for file, label in zip(files, labels or map(_label, files), strict=True):
        images.setdefault(label, []).append(len(file.images))
        runs.setdefault(label, []).append(_figures(file, name == "ava"))
    columns = list(HEADINGS) if name == "ava" else list(HEADINGS)[:4]
    rows = _paper_rows(paper, columns) if paper else []
    rows += [
        [label, str(len(values)), _counts(images[label]), *(_ours(values, column) for column in columns)]
        for label, values in runs.items()
    ]
    header = ["method", "runs", "images", *(HEADINGS[column] for column in columns)]
    return _title(name, splits, paper) + markdown_rows(header, rows)


def _label(file: Predictions) -> str:
    return str(file.facts.get("checkpoint") or file.path.stem)


def _agreed(files: Sequence[Predictions], fact: str) -> str | None:
    """What all files that say it say; None if none does."""
    said = {str(file.path): file.facts[fact] for file in files if fact in file.facts}
    if len({repr(value) for value in said.values()}) > 1:
        raise DataError(f"one table is of one data set and split; {fact}: {said}")
    return next(iter(said.values()), None)


def _figures(file: Predictions, classes: bool) -> Values:
    result = agreement(file.scores, file.mos)
    values = {name: getattr(result, name) for name in ("srcc", "plcc", "krcc", "rmse")}
    if classes:
        values["accuracy"] = two_class_accuracy(file.scores, file.mos)
        values["mse"] = mean_square_error(file.scores, file.mos)
    return values


def _counts(images: Sequence[int]) -> str:
    """How many images the runs of a label were measured on."""
    fewest, most = min(images), max(images)
    return f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"


def _ours(runs: Sequence[Values], column: str) -> str:
    values = [run[column] for run in runs]
    if len(values) == 1:
        return f"{values[0]:.3f}"
    spread = Spread.over(values)
    return f"{spread.mean:.3f} ± {spread.std:.3f} (median {spread.median:.3f})"


def _paper_rows(table: PaperTable, columns: Sequence[str]) -> list[list[str]]:
    rows = [[f"{row.method} (paper)", "-", "-", *(_quoted(row, column) for column in columns)] for row in table.rows]
    last = [_quoted(table.std, column) for column in columns]
    rows[-1][3:] = [value if std == "-" else f"{value} ± {std}" for value, std in zip(rows[-1][3:], last, strict=True)]
    return rows


def _quoted(row: PaperRow, column: str) -> str:
    value = getattr(row, column, None)
    return "-" if value is None else f"{value:.3f}"


def _title(data: str | None, splits: Sequence[str], paper: PaperTable | None) -> str:
    parts = [data or "", f"split {', '.join(splits)}" if splits else ""]
    parts += [f"rows marked (paper) are quoted from its Table {paper.number}" if paper else ""]
    text = "; ".join(part for part in parts if part)
    return f"{text}\n\n" if text else ""


def markdown_rows(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 2) -> str:
    """A Markdown table; all but the first `left` columns are aligned to the right."""
    lines = [header, ["---"] * left + ["---:"] * (len(header) - left), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
