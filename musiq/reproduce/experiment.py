"""What an experiment is: the rows of one of the paper's tables, what trains each, and what the paper concludes."""

from collections.abc import Callable
from dataclasses import dataclass

from musiq.reproduce.setting import Setting
from musiq.train.recipe import Recipe


@dataclass(frozen=True)
class Row:
    """One row of a table: a network to train, a mean of other rows, or a classical method.

    Attributes:
        label: as the paper prints it.
        recipe: what trains it at a setting.
        srcc, plcc: the paper's figures; None where it prints none.
        mean_of: labels of the rows whose scores are averaged, instead of a recipe.
        classical: name of a method of `classical.py`, instead of a recipe.
        parameters: of the network, as the paper prints them.
    """

    label: str
    recipe: Callable[[Setting], Recipe] | None = None
    srcc: float | None = None
    plcc: float | None = None
    mean_of: tuple[str, ...] = ()
    classical: str | None = None
    parameters: str | None = None


@dataclass(frozen=True)
class Claim:
    """What the paper concludes from two rows: the first has the higher SRCC."""

    better: str
    worse: str
    words: str


@dataclass(frozen=True)
class Experiment:
    """One table.

    Attributes:
        name: on the command line.
        title: what it varies.
        paper_data: the data set that the paper's figures are of.
        rows: in the paper's order.
        claims: what they are to show.
    """

    name: str
    title: str
    paper_data: str
    rows: tuple[Row, ...]
    claims: tuple[Claim, ...]

    def row(self, label: str) -> Row:
        """The row of this label."""
        return next(row for row in self.rows if row.label == label)
