"""What answers hold, as the reference describes it."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from musiq.web.album import Pick
from musiq.web.job import JobState


class ErrorFacts(BaseModel):
    """Why a request failed."""

    kind: str = Field(description="For programs, such as `queue-full`.", examples=["not-found"])
    reason: str = Field(description="One sentence for people.")


class Error(BaseModel):
    """Every answer with a status of 400 or more."""

    error: ErrorFacts


class ScoreRow(BaseModel):
    """What is known of one photo. Either `score` is there, or `kind` and `error` say why not."""

    path: str = Field(description="The photo as it was named.", examples=["2024/IMG_1.jpg"])
    score: float | None = Field(description="Predicted mean opinion score.", examples=[71.3])
    interval_low: float | None = Field(description="With `interval_high`: where the mean rating lies, by `coverage`.")
    interval_high: float | None
    coverage: float | None = Field(description="Probability of the interval.")
    percentile: float | None = Field(description="Percent of the checkpoint's reference photos that score less.")
    band: str | None = Field(description="Fifth of the scale.", examples=["good"])
    low: float | None = Field(description="Worst score of the scale.")
    high: float | None = Field(description="Best score of the scale.")
    distribution: list[float] | None = Field(description="Probability of each rating 1 to 10, where there is one.")
    checkpoint: str | None
    weights: str | None = Field(description="SHA-256 of the checkpoint's weights.")
    preprocess: str | None = Field(description="Scores compare only under the same one.")
    runtime: str | None
    precision: str | None
    width: int | None = Field(description="Pixels.")
    height: int | None = Field(description="Pixels.")
    bytes: int | None = Field(description="Of the encoded photo.")
    content: str | None = Field(description="BLAKE2b-128 of the encoded photo.")
    notes: list[str] = Field(description="What the decoder did.")
    seconds: float | None = Field(description="To read and to decode it.")
    time: str | None = Field(description="When it was scored, UTC.")
    kind: str | None = Field(description="Of the error, such as `damaged` or `not-an-image`.")
    error: str | None = Field(description="Why there is no score.")


class Results(BaseModel):
    """A row per file, in the order of the request; a bad file never spoils the others."""

    results: list[ScoreRow]


class Photo(BaseModel):
    """A photo of the album."""

    id: str = Field(description="Of where it is: the same each time.", examples=["0f1e2d3c4b5a6978"])
    name: str
    folder: str = Field(description='Of the served folder; "" at its top, "uploads" for photos that were sent.')
    path: str
    upload: bool = Field(description="Whether it was sent.")
    score: float | None
    interval_low: float | None
    interval_high: float | None
    percentile: float | None
    band: str | None
    width: int | None
    height: int | None
    bytes: int | None
    notes: list[str]
    kind: str | None
    error: str | None
    pick: Pick | None
    state: Literal["waiting", "scored", "failed"]
    removed: bool = Field(description="Whether it is gone.")


class Photos(BaseModel):
    """What has changed since a revision, the oldest change first."""

    instance: str = Field(description="Changes when the server starts anew: ask from 0 then.")
    revision: int = Field(description="To ask from next.")
    more: bool = Field(description="Whether there is more to ask for at once.")
    total: int = Field(description="Photos of the album, those that are gone included.")
    photos: list[Photo]


class Sent(BaseModel):
    """The photos that were sent, scored."""

    photos: list[Photo]


class PhotoFacts(BaseModel):
    """All that is known of a photo."""

    photo: Photo
    row: ScoreRow | None = Field(description="null while it waits.")


class Burst(BaseModel):
    """Photos that were taken together or look nearly the same."""

    ids: list[str] = Field(description="The best first; the photo alone if there are no others.")


class Removed(BaseModel):
    """How many were removed."""

    removed: int


class Changed(BaseModel):
    """How many picks have changed."""

    changed: int


class Job(BaseModel):
    """A batch job."""

    id: str = Field(examples=["0f1e2d3c4b5a6978"])
    paths: list[str]
    recursive: bool
    state: JobState
    total: int | None = Field(description="Photos; null until they are counted.")
    done: int = Field(description="Photos that have a row.")
    scored: int
    known: int = Field(description="Scores that were there already.")
    failed: int
    rate: float | None = Field(description="Photos a second, of late.")
    eta_s: float | None = Field(description="Seconds that it may still take.")
    created: str
    started: str | None
    finished: str | None
    reason: str | None = Field(description="Why it failed.")


class JobList(BaseModel):
    """All jobs, the newest first."""

    jobs: list[Job]


class Rows(BaseModel):
    """A page of a job's rows, in the order in which they came."""

    rows: list[ScoreRow]
    more: bool


class Queue(BaseModel):
    """Images that wait for a worker, those in work, and how many may wait."""

    waiting: int
    limit: int
    working: int


class Uploads(BaseModel):
    """Photos that were sent to be shown."""

    count: int
    bytes: int
    limit: int


class Limits(BaseModel):
    """What a request may hold."""

    upload_bytes: int
    file_bytes: int
    max_pixels: int
    files_per_request: int


class Status(BaseModel):
    """How the server stands."""

    instance: str
    version: str
    folder: str | None = Field(description="Name of the served folder.")
    checkpoint: str
    queue: Queue
    uploads: Uploads
    limits: Limits
    kept: bool = Field(description="Whether scores and picks outlive the server.")


class Health(BaseModel):
    """The server answers."""

    status: Literal["ok"]


class Band(BaseModel):
    """A fifth of the scale."""

    name: str
    low: float
    high: float


class Population(BaseModel):
    """Photos that scores are compared with: their scores at even shares, from the worst to the best."""

    name: str
    quantiles: list[float]


class Meaning(BaseModel):
    """What a score means."""

    name: str
    weights: str
    preprocess: str
    low: float | None
    high: float | None
    higher_is_better: bool
    bands: list[Band]
    population: Population | None
    coverage: float | None = Field(description="Probability that the mean rating lies in a score's interval.")
    training_data: list[str]
    licence: str | None
    accuracy: dict[str, dict[str, Any]]
    own_scale: dict[str, Any] | None = Field(
        description="A scale of one's own that scores are given on, if there is one."
    )


class Region(BaseModel):
    """A part of a photo; its sides are fractions of the photo's width and height."""

    row: int
    column: int
    value: float
    left: float
    top: float
    right: float
    bottom: float


class ScaleMap(BaseModel):
    """What the network says of each region of the photo at one size."""

    longest_px: int
    caption: str
    colour_low: float = Field(description="With `colour_high`: what colours should tell apart.")
    colour_high: float
    rows: int
    columns: int
    values: list[list[float]] = Field(
        description="A list for each row, in points of the score; their median is the score of the photo."
    )
    row_spans: list[tuple[float, float]] = Field(description="First and last of each row, as fractions of the height.")
    column_spans: list[tuple[float, float]]
    worst: Region


class QualityMaps(BaseModel):
    """Where a photo is good and where it is not."""

    score: float
    low: float | None
    high: float | None
    higher_is_better: bool
    shown: int = Field(description="Index of the map to show first.")
    worst: Region
    scales: list[ScaleMap]
