"""Fine-tuning on PaQ-2-PiQ, as in the paper (section 4.2): 10 epochs, batch 128, SGD, cosine decay from 2e-4.

    musiq train paq2piq --data paq2piq --images DIR --initial IMAGENET_CHECKPOINT --out runs/paq2piq --device cuda

Start from a checkpoint of `musiq train imagenet`, or from the published ImageNet `.npz`. Never run in full here: the
data set was not at hand. The paper does not state the unit of the network's output: scores of 0 to 100 as they are,
which suits its learning rate.
"""

from musiq.scores import ScoreRange
from musiq.train.recipe import Recipe

recipe = Recipe(
    name="paq2piq",
    score=ScoreRange(0, 100),
    epochs=10,
    images_per_step=128,
    tokens_per_batch=65536,
    optimizer="sgd",
    learning_rate=2e-4,
    warmup=0.0,
    weight_decay=0.0,
    clip_norm=None,
    ema=0.0,
    max_native=512,
)
