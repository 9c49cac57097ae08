"""A training plan as data: what the files in `musiq/recipes` hold."""

import json
import runpy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from musiq import recipes
from musiq.config import ModelConfig, NimaConfig
from musiq.errors import RecipeError
from musiq.patches import PatchConfig
from musiq.scores import RATINGS, UNSURE_OUTPUTS, ScoreRange
from musiq.train.augment import Augment

SHIPPED = Path(recipes.__file__).parent


@dataclass(frozen=True)
class Recipe:
    """One training plan; a recipe file assigns one to the name `recipe`. The defaults are no paper's.

    Attributes:
        name: name of the checkpoint that it makes.
        task: `mos` learns one score by L1, with two outputs its uncertainty too; `distribution` the shares of the
            ratings by the earth mover's distance. To start other recipes from: `classes` learns the class of an image
            by cross-entropy, `damage` what is wrong with damaged copies of unrated photos.
        model: architecture of MUSIQ, or of the NIMA that it is compared with; for `classes` and `damage` its outputs
            follow the task.
        patches: pyramid, patch and grid sizes; must agree with `model`.
        score: scale of the scores that the checkpoint gives; None takes the rating scale of the first data set.
            The network learns score / factor.
        epochs: passes over the training images.
        images_per_step: images per optimizer step, of all processes together.
        tokens_per_batch: images x longest sequence of one forward pass; a step is cut into such batches and their
            gradients are summed.
        optimizer: `adamw` (betas 0.9, 0.999, decoupled weight decay) or `sgd` (momentum 0.9).
        learning_rate: peak of the cosine schedule.
        warmup: share of all steps in which the rate rises linearly to its peak.
        weight_decay: on matrices and kernels only, not on norms, biases and embeddings.
        clip_norm: gradients are scaled down to this norm; None leaves them.
        layer_decay: the learning rate of each layer is this times that of the next one up; 1 treats all alike.
        stem_initial: ImageNet weights for a stem of inverted units: `efficientnet-lite0`, or a path to its file.
        stem_rate: part of the learning rate that the stem's convolutions get, on top of `layer_decay`.
        freeze_stem: the stem keeps its initial weights.
        freeze_units: the first convolution and so many inverted units of the stem keep theirs.
        ema: decay per step of the averaged weights that are evaluated and kept; 0 keeps the raw weights.
        max_native: keep at most this many native patches, the first in raster order (512 in the paper).
        keep_tokens: keep a random subset of at most this many tokens per scale in training, smallest scale first;
            None keeps all.
        augment: what is done to training images.
        weights: with several data sets, how often an epoch visits each one's images; empty for once each.
        align: with several data sets, learn a rising line from the network's score to each further set's scale.
        ranking: weight of a loss on the order of each data set's images within a forward pass; 0 for none.
        compile: run the network through `torch.compile`.
        validate_every: epochs between validations; the last epoch always is.
        initial: checkpoint to start from (as `musiq.load_checkpoint` takes it); for NIMA its backbone's file.
        training_data: names of the data sets, for the card; empty takes those of the command line.
        licence: of the weights, for the card.
        seed: of initial weights, order and augmentation.
    """

    name: str
    task: Literal["mos", "distribution", "classes", "damage"] = "mos"
    model: ModelConfig | NimaConfig = field(default_factory=ModelConfig)
    patches: PatchConfig = field(default_factory=PatchConfig)
    score: ScoreRange | None = None
    epochs: int = 10
    images_per_step: int = 32
    tokens_per_batch: int = 4096
    optimizer: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = 5e-4
    warmup: float = 0.05
    weight_decay: float = 0.05
    clip_norm: float | None = 1.0
    layer_decay: float = 1.0
    stem_initial: str | None = None
    stem_rate: float = 1.0
    freeze_stem: bool = False
    freeze_units: int = 0
    ema: float = 0.999
    max_native: int | None = 512
    keep_tokens: tuple[int, ...] | None = None
    augment: Augment = field(default_factory=Augment)
    weights: tuple[float, ...] = ()
    align: bool = True
    ranking: float = 0.0
    compile: bool = False
    validate_every: int = 1
    initial: str | None = None
    training_data: tuple[str, ...] = ()
    licence: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        for fault in self._faults():
            raise RecipeError(f"recipe {self.name!r}: {fault}")

    def _faults(self) -> list[str]:
        faults = [
            f"model.{name} and patches.{name} differ"
            for name in ("scales", "grid_size", "patch_size")
            if getattr(self.model, name) != getattr(self.patches, name)
        ]
        for name in ("epochs", "images_per_step", "tokens_per_batch", "validate_every"):
            if getattr(self, name) < 1:
                faults.append(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.keep_tokens is not None and len(self.keep_tokens) != self.patches.scales:
            faults.append(f"keep_tokens needs {self.patches.scales} numbers, one per scale")
        if self.clip_norm is not None and self.clip_norm <= 0:
            faults.append(f"clip_norm must be positive or None, got {self.clip_norm}")
        if not 0 < self.layer_decay <= 1:
            faults.append(f"layer_decay must be in (0, 1], got {self.layer_decay}")
        if not 0 < self.stem_rate <= 1:
            faults.append(f"stem_rate must be in (0, 1], got {self.stem_rate}")
        if self.stem_initial and not self.model.stem_units:
            faults.append("stem_initial goes with a stem of inverted units (model.stem_units > 0)")
        if not 0 <= self.freeze_units <= self.model.stem_units:
            faults.append(f"freeze_units must be in 0..{self.model.stem_units}, got {self.freeze_units}")
        if any(weight < 0 for weight in self.weights) or (self.weights and sum(self.weights) == 0):
            faults.append(f"weights must not be negative, nor all 0, got {self.weights}")
        return faults + self._faults_of_task()

    def _faults_of_task(self) -> list[str]:
        faults = []
        if self.task == "mos" and self.model.outputs not in (1, UNSURE_OUTPUTS):
            faults.append(f"training on MOS needs 1 output, or 2 for its uncertainty, not {self.model.outputs}")
        if self.task == "distribution" and self.model.outputs != len(RATINGS):
            faults.append(f"a distribution over {len(RATINGS)} ratings needs as many outputs, not {self.model.outputs}")
        if self.task == "distribution" and (self.augment.degrade or self.augment.squeeze):
            faults.append("augment.degrade and augment.squeeze move the ratings; they go with task mos")
        if self.task == "damage" and not self.augment.degrade:
            faults.append("task damage needs damaged copies (augment.degrade)")
        if self.ranking and self.task != "mos":
            faults.append("ranking goes with task mos")
        return faults

    @property
    def for_nima(self) -> bool:
        """Whether it trains NIMA."""
        return isinstance(self.model, NimaConfig)

    def as_json(self) -> dict[str, Any]:
        """The plan as plain data."""
        plan: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plan


def load_recipe(source: str | Path) -> Recipe:
    """The `recipe` that a Python file assigns; `source` is its path or the name of one in `musiq/recipes`.

    Raises:
        RecipeError: the file is missing, fails, or assigns no `Recipe` to that name.
    """
    path = SHIPPED / f"{source}.py" if str(source) in recipe_names() else Path(source)
    if not path.is_file():
        raise RecipeError(f"{source}: no such recipe file, nor one of musiq's own ({', '.join(recipe_names())})")
    try:
        recipe = runpy.run_path(str(path)).get("recipe")
    except Exception as error:  # the file is the user's own code: whatever it raises is the message
        raise RecipeError(f"{path}: {type(error).__name__}: {error}") from error
    if not isinstance(recipe, Recipe):
        raise RecipeError(f"{path}: must assign a Recipe to the name 'recipe', found {type(recipe).__name__}")
    return recipe


def recipe_names() -> list[str]:
    """Names of the recipes that musiq ships."""
    return sorted(path.stem for path in SHIPPED.glob("*.py") if path.stem != "__init__")
