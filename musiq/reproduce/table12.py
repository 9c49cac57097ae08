"""Table 12: the grid of the hash-based spatial embedding, and the embedding against others."""

from collections.abc import Callable
from functools import partial

from musiq.reproduce.experiment import Claim, Experiment, Row
from musiq.reproduce.setting import Setting
from musiq.train.recipe import Recipe

PAPER = {5: (0.720, 0.733), 8: (0.723, 0.734), 10: (0.726, 0.738), 12: (0.722, 0.736), 15: (0.724, 0.735)}
PAPER |= {20: (0.722, 0.734)}
SINUSOID, NONE, SCALELESS = "Fixed sinusoid (G = 10)", "No spatial embedding", "HSE (G = 10), no scale embedding"


def _label(grid: int) -> str:
    return f"HSE (G = {grid})"


def _with_grid(grid: int) -> Callable[[Setting], Recipe]:
    return partial(_grid_recipe, grid=grid)


def _grid_recipe(setting: Setting, grid: int) -> Recipe:
    return setting.musiq(224, 384, grid=grid)


TABLE12 = Experiment(
    name="table12",
    title="Spatial embedding: grid size G, and other embeddings",
    paper_data="AVA",
    rows=(
        *(Row(_label(grid), _with_grid(grid), *figures) for grid, figures in PAPER.items()),
        Row(SINUSOID, lambda setting: setting.musiq(224, 384, spatial="sinusoid")),
        Row(NONE, lambda setting: setting.musiq(224, 384, spatial="none")),
        Row(SCALELESS, lambda setting: setting.musiq(224, 384, scale_embedding=False)),
    ),
    claims=(
        *(Claim(_label(10), _label(grid), f"G = 10 is best: against {grid}") for grid in PAPER if grid != 10),
        Claim(_label(10), SINUSOID, "the learned embedding beats the fixed one"),
        Claim(_label(10), NONE, "a spatial embedding helps"),
        Claim(_label(10), SCALELESS, "a scale embedding helps"),
    ),
)
