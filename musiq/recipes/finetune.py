"""Your own ratings: the default checkpoint, fine-tuned; scores come on your rating scale.

    musiq train finetune --data ratings.csv --images photos --mos-range 1:5 --out run

Made for some hundreds to thousands of photos on a CPU.
"""

from musiq.recipes.default_photos import recipe as photos
from musiq.train.recipe import Recipe

recipe = Recipe(
    name="finetune",
    model=photos.model,
    patches=photos.patches,
    epochs=10,
    images_per_step=16,
    tokens_per_batch=512,
    learning_rate=1e-4,
    layer_decay=0.8,
    stem_rate=0.25,
    freeze_units=5,
    ema=0.99,
    keep_tokens=(4, 6, 16),
    initial="default",
)
