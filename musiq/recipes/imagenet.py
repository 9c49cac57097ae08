r"""Pre-training on ImageNet, as in the paper (section 4.2): 300 epochs, batch 4096, Adam, cosine decay from 1e-3.

    torchrun --nproc-per-node 8 -m musiq train imagenet --data imagenet --images IMAGENET --out runs/imagenet \
        --device cuda

Never run in full here: no ImageNet was at hand. Where the paper is silent: half of the images are resized, to 40 % at
least; a crop takes at least 70 % of a side; Adam's weight decay is decoupled (AdamW).
"""

from musiq.config import ModelConfig
from musiq.train.augment import Augment
from musiq.train.recipe import Recipe

recipe = Recipe(
    name="imagenet",
    task="classes",
    model=ModelConfig(outputs=1000),
    epochs=300,
    images_per_step=4096,
    tokens_per_batch=65536,
    optimizer="adamw",
    learning_rate=1e-3,
    warmup=0.0,
    weight_decay=0.1,
    clip_norm=None,
    ema=0.0,
    max_native=512,
    augment=Augment(flip=0.5, crop=1.0, resize=0.5),
)
