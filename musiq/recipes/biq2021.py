"""BIQ2021 at a small scale, from scratch on a CPU: a stand-in for the recipes of the paper.

musiq train biq2021 --data biq.csv --images IMAGES --mos-range 0:1 --seed 1 --out runs/biq2021-1

`biq.csv` is what tools/split_biq2021.py writes. About 35 minutes on one thread of a shared CPU. Official test split,
three seeds: SRCC 0.608 ± 0.020, PLCC 0.660 ± 0.012 (results/biq2021.md).
"""

from musiq.config import ModelConfig
from musiq.scores import ScoreRange
from musiq.train.augment import Augment
from musiq.train.recipe import Recipe

recipe = Recipe(
    name="biq2021",
    model=ModelConfig(width=192, depth=4, heads=3, mlp=576, stem=16, stem_groups=8),
    score=ScoreRange(0, 100, factor=100),
    epochs=3,
    images_per_step=16,
    tokens_per_batch=4096,
    learning_rate=8e-4,
    ema=0.998,
    keep_tokens=(12, 18, 36),
    augment=Augment(flip=0.5, crop=0.2, resize=0.1),
)
