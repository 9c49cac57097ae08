"""Fine-tuning on AVA, as in the paper (section 4.2): 20 epochs, batch 512, SGD, cosine decay from 0.12.

    musiq train ava --data ava --images DIR --initial IMAGENET_CHECKPOINT --out runs/ava --device cuda

Start from a checkpoint of `musiq train imagenet`, or from the published ImageNet `.npz`. Never run in full here: the
data set was not at hand. The loss is the earth mover's distance with r = 2 over the shares of the ten ratings.
"""

from musiq.config import ModelConfig
from musiq.train.recipe import Recipe

recipe = Recipe(
    name="ava",
    task="distribution",
    model=ModelConfig(outputs=10),
    epochs=20,
    images_per_step=512,
    tokens_per_batch=65536,
    optimizer="sgd",
    learning_rate=0.12,
    warmup=0.0,
    weight_decay=0.0,
    clip_norm=None,
    ema=0.0,
    max_native=512,
)
