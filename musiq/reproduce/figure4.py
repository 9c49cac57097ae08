"""Figure 4: where MUSIQ's class token looks, in each scale of a photo."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from musiq.data.record import DataSet
from musiq.explain.attention import attention_maps
from musiq.explain.draw import draw_attention
from musiq.image import load_image
from musiq.model import MUSIQ
from musiq.reproduce.figure3 import score
from musiq.reproduce.runs import Workshop, open_run
from musiq.reproduce.setting import Setting
from musiq.train.tasks import make_task


def draw_photos(
    photos: Sequence[Path], data: DataSet, setting: Setting, workshop: Workshop, seed: int, path: Path
) -> None:
    """Writes the figure for MUSIQ (full, 384, 224), which is trained first where it is not yet."""
    recipe = replace(setting.musiq(224, 384), seed=seed)
    network = open_run(recipe, data, workshop)
    assert isinstance(network, MUSIQ)
    factor, rows = make_task(recipe, [data]).score.factor, []
    for photo in photos:
        image = load_image(photo).pixels
        caption = f"{photo.name}, score {score(network, recipe.patches, image, factor):.3g}"
        rows.append((image, attention_maps(network, image, recipe.patches, rollout=True), caption))
    draw_attention(rows, path)
