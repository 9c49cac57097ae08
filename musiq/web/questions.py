"""What the bodies of requests hold, as the reference describes it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from musiq.web.album import Pick

MOST_PATHS = 1000
MOST_IDS = 200_000
Name = Annotated[
    str, Field(min_length=1, max_length=4096, description="Of something in the served folder.", examples=["2024/a.jpg"])
]
Id = Annotated[str, Field(pattern="^[0-9a-f]{16}$", examples=["0f1e2d3c4b5a6978"])]
# The first fault is enough: there may be one in each entry.
Names = Annotated[list[Name], Field(min_length=1, max_length=MOST_PATHS, fail_fast=True)]
Ids = Annotated[list[Id], Field(max_length=MOST_IDS, fail_fast=True)]


class Question(BaseModel):
    """Has no fields but its own, of no other types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class PathsToScore(Question):
    """Photos of the served folder."""

    paths: Names


class JobToDo(Question):
    """What a job is over: folders, photos, tar and zip archives; `.` is the served folder."""

    paths: Names = Field(examples=[["."]])
    recursive: bool = Field(True, description="Whether subfolders are looked into.")


class OnePick(Question):
    """A decision; null takes it back."""

    pick: Pick | None


class ManyPicks(Question):
    """One decision for many photos."""

    ids: Ids
    pick: Pick | None


class ExportWanted(Question):
    """Which photos, in which order, and as what."""

    format: Literal["csv", "json", "xmp"] = Field(description="`xmp`: a zip archive of sidecars.")
    ids: Ids | None = Field(None, description="null for all.")
