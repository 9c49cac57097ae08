"""Which checkpoint each row starts from, as the command line says it; refused before anything is trained."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from musiq.config import ModelConfig
from musiq.errors import RecipeError
from musiq.sources import load_checkpoint
from musiq.train.initial import unlike
from musiq.train.recipe import Recipe


def choose_starts(given: Sequence[str], recipes: Sequence[Recipe]) -> Mapping[str, str]:
    """The checkpoint of each recipe that has one, by the recipe's name.

    Args:
        given: `RECIPE=FILE` for one recipe, or a file alone for every MUSIQ that has none of its own.
        recipes: of the experiment.

    Raises:
        RecipeError: no such recipe, or the checkpoint does not fit it.
        CheckpointError: a checkpoint cannot be read.
    """
    names, starts, general = {recipe.name for recipe in recipes}, dict[str, str](), None
    for one in given:
        name, equals, file = one.partition("=")
        if equals and name in names:
            starts[name] = file
        elif equals and not Path(one).exists():
            raise RecipeError(f"--initial {one}: no such recipe here; there are {', '.join(sorted(names))}")
        else:
            general = one
    if general is not None:
        starts = {recipe.name: general for recipe in recipes if recipe.name.startswith("musiq")} | starts
    for recipe in recipes:
        if recipe.name in starts:
            _check(recipe, starts[recipe.name])
    return starts


def _check(recipe: Recipe, file: str) -> None:
    if isinstance(recipe.model, ModelConfig):
        checkpoint = load_checkpoint(file)
        faults = unlike(recipe.model, checkpoint.model)
        if faults:
            raise RecipeError(
                f"--initial {file} does not fit {recipe.name}: it has {'; '.join(faults)}. A row can have its own: "
                f"--initial {recipe.name}=FILE"
            )
    elif recipe.model.backbone == "lite0":
        raise RecipeError(f"--initial {recipe.name}={file}: this row starts from EfficientNet-Lite0's own weights")
    elif not Path(file).is_file():
        raise RecipeError(f"--initial {recipe.name}={file}: no such file")
