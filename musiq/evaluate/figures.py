"""Every figure that an evaluation reports of one series of predictions."""

from dataclasses import asdict, dataclass
from typing import Any

from numpy.typing import ArrayLike

from musiq.evaluate.classes import mean_square_error, two_class_accuracy
from musiq.evaluate.correlations import Agreement, agreement
from musiq.evaluate.coverage import Coverage
from musiq.evaluate.logistic import LogisticAgreement, logistic_agreement
from musiq.evaluate.resampling import Interval, bootstrap_intervals


@dataclass(frozen=True)
class Figures:
    """The figures of one series of predictions.

    Attributes:
        agreement: correlations and RMSE.
        srcc_interval, plcc_interval: 95 % bootstrap intervals; None when not asked for.
        logistic: PLCC and RMSE after the logistic mapping.
        accuracy: share of images on the right side of 5; None for other scales than 1..10.
        mse: mean square error of the mean ratings; None for other scales than 1..10.
        coverage: how often the scores' intervals hold the ratings; None where there are none.
    """

    agreement: Agreement
    srcc_interval: Interval | None
    plcc_interval: Interval | None
    logistic: LogisticAgreement
    accuracy: float | None
    mse: float | None
    coverage: Coverage | None

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain data, the agreement's at the top level."""
        rest = asdict(self)
        return rest.pop("agreement") | rest


def measure(
    predicted: ArrayLike,
    rated: ArrayLike,
    *,
    classes: bool = False,
    coverage: Coverage | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Figures:
    """All figures of two series of equal length, at least 2.

    Args:
        predicted, rated: float `(N,)`, finite.
        classes: whether both are mean ratings on the scale 1..10.
        coverage: how often the predictions' intervals hold the ratings, if they have any.
        resamples: of the bootstrap; 0 for no intervals.
    """
    both = bootstrap_intervals(predicted, rated, resamples, seed) if resamples else (None, None)
    return Figures(
        agreement(predicted, rated),
        both[0],
        both[1],
        logistic_agreement(predicted, rated),
        two_class_accuracy(predicted, rated) if classes else None,
        mean_square_error(predicted, rated) if classes else None,
        coverage,
    )
