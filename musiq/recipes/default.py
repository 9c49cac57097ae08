"""The default checkpoint: its first stage goes on, beside damaged and squeezed copies that must score lower.

    musiq train default --data biq.csv --images IMAGES --mos-range 0:1 --out runs/default

`biq.csv` is what tools/split_biq2021.py writes; runs/default_photos is where recipe `default_photos` was run.
"""

from dataclasses import replace

from musiq.recipes.default_photos import recipe as photos
from musiq.train.augment import Augment

recipe = replace(
    photos,
    name="default",
    epochs=1,
    learning_rate=2.5e-4,
    stem_initial=None,
    initial="runs/default_photos/checkpoint",
    augment=Augment(flip=0.5, crop=0.2, resize=0.2, squeeze=0.15, degrade=0.3),
)
