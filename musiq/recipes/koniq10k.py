"""Fine-tuning on KonIQ-10k, as in the paper (section 4.2): 30 epochs, batch 96, SGD, cosine decay from 1e-4.

    musiq train koniq10k --data koniq10k --images DIR --initial IMAGENET_CHECKPOINT --out runs/koniq10k --device cuda

Start from a checkpoint of `musiq train imagenet`, or from the published ImageNet `.npz`. Never run in full here: the
data set was not at hand. The paper does not state the unit of the network's output: scores of 0 to 100 as they are,
which suits its learning rate.
"""

from musiq.scores import ScoreRange
from musiq.train.recipe import Recipe

recipe = Recipe(
    name="koniq10k",
    score=ScoreRange(0, 100),
    epochs=30,
    images_per_step=96,
    tokens_per_batch=65536,
    optimizer="sgd",
    learning_rate=1e-4,
    warmup=0.0,
    weight_decay=0.0,
    clip_norm=None,
    ema=0.0,
    max_native=512,
)
