"""The default checkpoint: a small MUSIQ from scratch, trained on a quarter of each photo's tokens.

    musiq train default --data biq.csv --images IMAGES --mos-range 0:1 --out runs/default

`biq.csv` is what tools/split_biq2021.py writes. Seven epochs took 1.29 h on 2 CPU cores shared with other work;
validation SRCC 0.6712, PLCC 0.7273 (results/default-log.jsonl, commit 922f692).
"""

from musiq.config import ModelConfig
from musiq.scores import ScoreRange
from musiq.train.augment import Augment
from musiq.train.recipe import Recipe

recipe = Recipe(
    name="default",
    model=ModelConfig(width=192, depth=4, heads=3, mlp=576, stem=24, stem_groups=8),
    score=ScoreRange(0, 100, factor=100),
    epochs=7,
    images_per_step=16,
    tokens_per_batch=4096,
    learning_rate=6e-4,
    keep_tokens=(16, 24, 56),
    augment=Augment(flip=0.5, crop=0.2, resize=0.15, squeeze=0.1, degrade=0.3),
    training_data=("BIQ2021 (official training split)",),
    licence="Apache-2.0",
)
