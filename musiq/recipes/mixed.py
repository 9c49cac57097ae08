r"""One model on several data sets at once, from scratch, in the paper's architecture.

    musiq train mixed --data koniq10k --images KONIQ --data spaq --images SPAQ --data paq2piq --images PAQ2PIQ \
        --out runs/mixed --device cuda

Each set keeps its own scale: a rising line from the network's score to it is learned along, and the score's own scale
is the first set's. The order of images within a set counts beside the distance. `weights` makes some sets come more
often than others. The numbers are ours, not the paper's, and were not tuned: no such data sets were at hand.
"""

from musiq.scores import ScoreRange
from musiq.train.augment import Augment
from musiq.train.recipe import Recipe

recipe = Recipe(
    name="mixed",
    score=ScoreRange(0, 100, factor=100),
    epochs=40,
    images_per_step=128,
    tokens_per_batch=65536,
    learning_rate=5e-4,
    weight_decay=0.05,
    augment=Augment(flip=0.5, crop=0.2, resize=0.2),
    ranking=0.5,
)
