"""The default checkpoint, second stage: more tokens, more degradations, a lower rate.

    musiq train recipes/default.py --data biq.csv --images IMAGES --out runs/default

Starts from what recipes/default_start.py leaves in runs/default-start.
"""

from musiq.config import ModelConfig
from musiq.train.augment import Augment
from musiq.train.recipe import Recipe

recipe = Recipe(
    name="default",
    model=ModelConfig(width=192, depth=4, heads=3, mlp=576, stem=24, stem_groups=8),
    initial="runs/default-start/checkpoint",
    epochs=2,
    images_per_step=16,
    tokens_per_batch=4096,
    learning_rate=3e-4,
    keep_tokens=(24, 36, 84),
    augment=Augment(flip=0.5, crop=0.1, resize=0.15, squeeze=0.1, degrade=0.4),
    training_data=("BIQ2021 (official training split)",),
    licence="Apache-2.0",
    ema=0.998,
    seed=1,
)
