"""Pre-training without ratings: the default's network learns damage on any folder of good photos.

pip install 'musiq[pretrain]'
musiq train damage --data photos --images FOLDER --out runs/damage
"""

from dataclasses import replace

from musiq.scores import ScoreRange
from musiq.train.augment import Augment
from musiq.train.recipe import load_recipe

recipe = replace(
    load_recipe("default_photos"),
    name="damage",
    task="damage",
    score=ScoreRange(),
    ranking=0.0,
    augment=Augment(flip=0.5, crop=0.5, crop_side=0.5, resize=0.5, degrade=1.0, copies=3),
    training_data=(),
)
