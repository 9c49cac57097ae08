"""The default checkpoint's last stage: squeezed copies above all, the whole network free to learn, a third of an epoch.

    musiq train default --data biq.csv --images IMAGES --mos-range 0:1 --out runs/default

`biq.csv` is what tools/split_biq2021.py writes; runs/default_damage is where recipe `default_damage` was run. The stage
forgets some of the ratings: what is shipped lies between the weights before it and its own (tools/ship_default.py).
"""

from dataclasses import replace

from musiq.recipes.default_damage import recipe as damage
from musiq.train.augment import Augment

recipe = replace(
    damage,
    name="default",
    weights=(0.3,),
    images_per_step=8,
    learning_rate=1e-4,
    stem_rate=1.0,
    freeze_units=0,
    ema=0.99,
    initial="runs/default_damage/checkpoint",
    augment=Augment(flip=0.5, crop=0.1, resize=0.15, enlarge=0.15, squeeze=0.6, degrade=0.3),
)
