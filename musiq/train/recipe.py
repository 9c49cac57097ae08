"""A training plan as data: what `recipes/*.py` hold."""

import runpy
from dataclasses import dataclass, field
from pathlib import Path

from musiq.config import ModelConfig
from musiq.errors import RecipeError
from musiq.patches import PatchConfig
from musiq.scores import ScoreRange
from musiq.train.augment import Augment


@dataclass(frozen=True)
class Recipe:
    """One training plan; a recipe file assigns one to the name `recipe`.

    Attributes:
        name: name of the checkpoint that it makes.
        model: architecture.
        patches: pyramid, patch and grid sizes; must agree with `model`.
        score: scale of the ratings shown to users.
        mos_low, mos_high: the CSV's ends of the rating scale; the network learns (mos - low) / (high - low).
        epochs: passes over the training images.
        images_per_step: images per optimizer step.
        tokens_per_batch: images x longest sequence of one forward pass; a step is cut into such batches.
        learning_rate: peak of the cosine schedule, after a linear warm-up.
        warmup: share of all steps that the warm-up takes.
        weight_decay: of AdamW, on matrices only.
        clip_norm: gradients are scaled down to this norm.
        ema: decay per step of the averaged weights that are evaluated and kept; 0 keeps the raw weights.
        max_native: keep at most this many native patches, the first in raster order (512 in the paper).
        keep_tokens: keep a random subset of at most this many tokens per scale in training, smallest scale first;
            None keeps all.
        augment: what is done to training images.
        validate_every: epochs between validations; the last epoch always is.
        initial: checkpoint to start from (folder, `.npz`, `.pth`); its head is left out where K differs.
        training_data: names of the data sets, for the checkpoint's card.
        licence: of the weights, for the card.
        seed: of initial weights, order and augmentation.
    """

    name: str
    model: ModelConfig = field(default_factory=ModelConfig)
    patches: PatchConfig = field(default_factory=PatchConfig)
    score: ScoreRange = field(default_factory=lambda: ScoreRange(0, 100, factor=100))
    mos_low: float = 0.0
    mos_high: float = 1.0
    epochs: int = 10
    images_per_step: int = 32
    tokens_per_batch: int = 4096
    learning_rate: float = 5e-4
    warmup: float = 0.05
    weight_decay: float = 0.05
    clip_norm: float = 1.0
    ema: float = 0.999
    max_native: int | None = 512
    keep_tokens: tuple[int, ...] | None = None
    augment: Augment = field(default_factory=Augment)
    validate_every: int = 1
    initial: str | None = None
    training_data: tuple[str, ...] = ()
    licence: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("scales", "grid_size", "patch_size"):
            if getattr(self.model, name) != getattr(self.patches, name):
                raise RecipeError(f"recipe {self.name!r}: model.{name} and patches.{name} differ")
        if self.model.outputs != 1:
            raise RecipeError(f"recipe {self.name!r}: training on MOS needs one output, not {self.model.outputs}")
        if self.mos_high <= self.mos_low:
            raise RecipeError(f"recipe {self.name!r}: mos_high {self.mos_high} must exceed mos_low {self.mos_low}")
        if self.keep_tokens is not None and len(self.keep_tokens) != self.patches.scales:
            raise RecipeError(f"recipe {self.name!r}: keep_tokens needs {self.patches.scales} numbers, one per scale")
        for name in ("epochs", "images_per_step", "tokens_per_batch", "validate_every"):
            if getattr(self, name) < 1:
                raise RecipeError(f"recipe {self.name!r}: {name} must be at least 1, got {getattr(self, name)}")

    def target(self, mos: float) -> float:
        """`mos` on the network's scale, 0..1 over the rating scale."""
        return (mos - self.mos_low) / (self.mos_high - self.mos_low)


def load_recipe(path: Path) -> Recipe:
    """The `recipe` that a Python file assigns.

    Raises:
        RecipeError: the file is missing, fails, or assigns no `Recipe` to that name.
    """
    if not path.is_file():
        raise RecipeError(f"{path}: no such recipe file")
    try:
        recipe = runpy.run_path(str(path)).get("recipe")
    except Exception as error:  # the file is the user's own code: whatever it raises is the message
        raise RecipeError(f"{path}: {type(error).__name__}: {error}") from error
    if not isinstance(recipe, Recipe):
        raise RecipeError(f"{path}: must assign a Recipe to the name 'recipe', found {type(recipe).__name__}")
    return recipe
