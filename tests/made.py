"""A score that the tests make up."""

from musiq.scores import Score

PHOTO = Score(
    mos=82.64,
    distribution=None,
    uncertainty=2.5,
    interval=(75.14, 90.1),
    coverage=0.9,
    percentile=91.2,
    band="excellent",
    low=0,
    high=100,
    higher_is_better=True,
    checkpoint="default",
    weights="",
    preprocess="",
    height=1,
    width=1,
    training_data=("BIQ2021", "SPAQ"),
    population="600 photos",
)
