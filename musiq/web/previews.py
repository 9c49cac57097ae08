"""Photos made smaller for screens, by processes of their own; each is made once, however many ask."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from musiq.decode.limits import Limits
from musiq.decode.pool import Decoders
from musiq.decode.worker import Preview
from musiq.inputs.item import Item
from musiq.web.workers import Workers

COUNT = 2  # processes: more would take cores from scoring
MEMORY = 1_500_000_000  # bytes of each: a photo of 200 megapixels that is no JPEG, and its file
WAITING = 512
CACHE_BYTES = 64_000_000
SHARE = 16  # of the cache that one picture may fill


@dataclass(frozen=True)
class Wish:
    """Which picture is asked for.

    Attributes:
        of: what tells the photo, and its content, from others: where it is and its stamp.
        longest_px: of the picture.
        lasting: whether the picture may be shown later: not where nothing tells the photo's content from another.
    """

    of: Hashable
    longest_px: int
    lasting: bool = True

    @property
    def tag(self) -> str:
        """For ETag: another one for another picture."""
        return hashlib.blake2b(repr(self).encode(), digest_size=12).hexdigest()


class Previews:
    """Makes pictures, and keeps those that were asked for last.

    Args:
        limits: of each file, apart from memory.
    """

    def __init__(self, limits: Limits) -> None:
        self.workers = Workers("musiq-preview", COUNT, WAITING)
        self._decoders = Decoders(Limits(limits.seconds, min(MEMORY, limits.memory), limits.max_pixels))
        self._kept = _Kept(CACHE_BYTES)
        self._making = dict[Wish, _Making]()
        self._lock = threading.Lock()

    def ask(self, wish: Wish, item: Item) -> Future[Preview]:
        """The picture to come; when nobody waits for it any more, it is not made.

        Args:
            item: of the photo; errors name it so.

        Raises:
            QueueFull, ShuttingDown: it is not made.
        """
        answer = Future[Preview]()
        with self._lock:
            if (kept := self._kept.get(wish)) is not None:
                answer.set_result(kept)
                return answer
            making = self._making.get(wish)
            if making is None:
                making = self._making[wish] = self._begin(wish, item)
            making.answers.append(answer)
        answer.add_done_callback(partial(self._leave, wish, making))
        making.future.add_done_callback(partial(self._finish, wish, making))
        return answer

    def close(self, seconds: float) -> None:
        self.workers.close(seconds)
        self._decoders.close()

    def _begin(self, wish: Wish, item: Item) -> "_Making":
        (future,) = self.workers.submit([partial(self._make, item, wish.longest_px)])
        return _Making(future, [])

    def _make(self, item: Item, longest_px: int) -> Preview:
        with self._decoders.borrow() as decoder:
            decoder.open(item)
            return decoder.preview(longest_px)

    def _leave(self, wish: Wish, making: "_Making", answer: Future[Preview]) -> None:
        """One who waited does so no more."""
        with self._lock:
            if not answer.cancelled() or answer not in making.answers:
                return
            making.answers.remove(answer)
            alone = not making.answers
            if alone and self._making.get(wish) is making:
                del self._making[wish]
        if alone:
            making.future.cancel()

    def _finish(self, wish: Wish, making: "_Making", future: Future[Preview]) -> None:
        with self._lock:
            if self._making.get(wish) is making:
                del self._making[wish]
            answers, making.answers = making.answers, []
            if wish.lasting and not future.cancelled() and future.exception() is None:
                self._kept.put(wish, future.result())
        for answer in answers:
            _hand_on(future, answer)


@dataclass
class _Making:
    """A picture that is being made, and who waits for it."""

    future: Future[Preview]
    answers: list[Future[Preview]]


def _hand_on(future: Future[Preview], answer: Future[Preview]) -> None:
    if future.cancelled():
        answer.cancel()
    elif answer.set_running_or_notify_cancel():
        if (error := future.exception()) is not None:
            answer.set_exception(error)
        else:
            answer.set_result(future.result())


class _Kept:
    """The pictures that were asked for last, of so many bytes together."""

    def __init__(self, bytes: int) -> None:
        self._limit, self._bytes = bytes, 0
        self._pictures = OrderedDict[Wish, Preview]()

    def get(self, wish: Wish) -> Preview | None:
        if wish in self._pictures:
            self._pictures.move_to_end(wish)
        return self._pictures.get(wish)

    def put(self, wish: Wish, picture: Preview) -> None:
        if wish in self._pictures or len(picture.jpeg) > self._limit // SHARE:
            return
        self._pictures[wish] = picture
        self._bytes += len(picture.jpeg)
        while self._bytes > self._limit:
            self._bytes -= len(self._pictures.popitem(last=False)[1].jpeg)
