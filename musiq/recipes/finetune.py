"""Your own ratings: the default checkpoint, fine-tuned; scores come on your rating scale.

    musiq train finetune --data ratings.csv --images photos --mos-range 1:5 --out run

Made for some hundreds to thousands of photos on a CPU.
"""

from musiq.config import ModelConfig
from musiq.train.recipe import Recipe

recipe = Recipe(
    name="finetune",
    model=ModelConfig(width=192, depth=4, heads=3, mlp=576, stem=24, stem_groups=8),
    epochs=10,
    images_per_step=16,
    tokens_per_batch=4096,
    learning_rate=1e-4,
    layer_decay=0.8,
    ema=0.99,
    keep_tokens=(24, 48, 96),
    initial="default",
)
