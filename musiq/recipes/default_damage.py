"""The default checkpoint's second stage: damaged and squeezed copies, which must score lower, beside the photos.

    musiq train default_damage --data biq.csv --images IMAGES --mos-range 0:1 --out runs/default_damage

`biq.csv` is what tools/split_biq2021.py writes; runs/default_photos is where recipe `default_photos` was run.
"""

from dataclasses import replace

from musiq.recipes.default_photos import recipe as photos
from musiq.train.augment import Augment

recipe = replace(
    photos,
    name="default_damage",
    epochs=1,
    learning_rate=2.5e-4,
    stem_initial=None,
    initial="runs/default_photos/checkpoint",
    augment=Augment(flip=0.5, crop=0.2, resize=0.2, squeeze=0.15, degrade=0.3),
)
