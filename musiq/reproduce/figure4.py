"""Figure 4: where MUSIQ's class token looks, in each scale of a photo."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from musiq.data.record import DataSet
from musiq.explain.attention import attention_maps
from musiq.explain.draw import draw_attention
from musiq.model import MUSIQ
from musiq.reproduce.photos import Photo, score
from musiq.reproduce.runs import Run, finish_runs, open_run
from musiq.reproduce.setting import Setting
from musiq.reproduce.workshop import Workshop
from musiq.train.tasks import make_task


def draw_photos(
    photos: Sequence[Photo], data: DataSet, setting: Setting, workshop: Workshop, seed: int, path: Path
) -> None:
    """Writes the figure for MUSIQ (full, 384, 224), which is trained first where it is not yet.

    The attention is followed through all layers (rollout), for it is mixed in each of them.
    """
    recipe = replace(setting.musiq(224, 384), seed=seed)
    finish_runs("figure4", [Run("MUSIQ", recipe, data, (data,))], workshop)
    network, factor, rows = open_run(recipe, data, workshop), make_task(recipe, [data]).score.factor, []
    assert isinstance(network, MUSIQ)
    for name, image in photos:
        caption = f"{name}, score {score(network, recipe.patches, image, factor):.3g}"
        rows.append((image, attention_maps(network, image, recipe.patches, rollout=True), caption))
    draw_attention(rows, path)
