"""Where a photo is good and where it is not, by the network itself; a few answers are kept."""

from collections import OrderedDict
from collections.abc import Hashable
from concurrent.futures import Future
from functools import partial
from typing import Any

from musiq.decode.pool import Decoders
from musiq.errors import ImageError
from musiq.image import Admit
from musiq.inputs.item import Item
from musiq.scorer import Scorer
from musiq.web.workers import Workers

KEPT = 32
WAITING = 8
Maps = dict[str, Any]


class MapMaker:
    """Makes maps, one at a time, in a thread of its own: each takes as long as many photos.

    Args:
        scorer: whose network it is.
        decoders: that read and decode.
    """

    def __init__(self, scorer: Scorer, decoders: Decoders) -> None:
        self.workers = Workers("musiq-maps", 1, WAITING)
        self._scorer, self._decoders = scorer, decoders
        self._kept = OrderedDict[Hashable, Maps]()  # of that thread alone

    def ask(self, of: Hashable, item: Item) -> Future[Maps]:
        """The maps to come.

        Args:
            of: what tells the photo, and its content, from others.
            item: of the photo; errors name it so.

        Raises:
            QueueFull, ShuttingDown: they are not made.
        """
        (future,) = self.workers.submit([partial(self._find, of, item)])
        return future

    def _find(self, of: Hashable, item: Item) -> Maps:
        if of not in self._kept:
            self._kept[of] = self._make(item)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(of)
        return self._kept[of]

    def _make(self, item: Item) -> Maps:
        made: Maps | ImageError = self._scorer.score_beside(item, self._load)
        if isinstance(made, ImageError):
            raise made
        return made

    def _load(self, item: Item, admit: Admit) -> Maps:
        """The maps in place of a score, made within the memory that the photo was given leave for."""
        from musiq.explain.local import local_quality

        with self._decoders.borrow() as decoder:
            decoder.open(item)
            decoded = decoder.decode(admit)
        return local_quality(self._scorer, decoded).as_dict()
