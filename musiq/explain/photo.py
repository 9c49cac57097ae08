"""One photo explained: its score, where it is good and where it is not, and what the score depends on."""

from dataclasses import dataclass
from typing import Any

from musiq.explain.local import local_quality
from musiq.explain.maps import QualityMaps
from musiq.explain.sensitivity import Curve, sensitivity
from musiq.image import DecodedImage
from musiq.scorer import Scorer
from musiq.scores import Score

PLACES = (("top left", "top", "top right"), ("left", "middle", "right"), ("bottom left", "bottom", "bottom right"))
EVENLY = (
    "No region is much worse than the others. That does not make the photo a good one: the map of one that is blurred "
    "all over is as grey. The score is that of the whole; {curves}`musiq compare` sets it beside another photo."
)
CHANGED = {
    "crop": "{:g} % of each side cropped",
    "resize": "{:g} times the size",
    "jpeg": "JPEG quality {:g}",
    "rotate": "turned by {:g} degrees",
}


@dataclass(frozen=True)
class Explanation:
    """What is known of one photo.

    Attributes:
        maps: local quality, with the photo's score.
        curves: what the score does when the photo is changed; empty when that was not asked for.
    """

    maps: QualityMaps
    curves: tuple[Curve, ...] = ()

    @property
    def score(self) -> Score:
        return self.maps.score

    def lines(self) -> list[str]:
        """It in plain words, a line for each of: the score, the worst region, that none stands out where none does, the
        changes that move the score most."""
        lines = [self.score.meaning(), self._worst()]
        if self.maps.even:
            lines.append(EVENLY.format(curves="what moves it is in the curves, and " if self.curves else ""))
        return [*lines, self._moves()] if self.curves else lines

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON: `score`, `meaning`, `maps` and `curves`; what there was to say in `text`."""
        return {
            "score": self.score.as_dict(),
            "meaning": self.score.meaning(),
            "maps": self.maps.as_dict(),
            "curves": [curve.as_dict() for curve in self.curves],
            "text": self.lines(),
        }

    def _worst(self) -> str:
        worst, shown = self.maps.worst, self.maps.scales[self.maps.shown]
        if shown.values.size == 1:
            return "Worst region: the photo is a single one."
        across, down = (worst.left + worst.right) / 2, (worst.top + worst.bottom) / 2
        place = PLACES[min(2, int(3 * down))][min(2, int(3 * across))]
        away = self.score.text(abs(worst.value - shown.median))
        width, height = _percent(worst.left, worst.right), _percent(worst.top, worst.bottom)
        return (
            f"Worst region: {place} ({width} of the width, {height} of the height), {away} points "
            f"worse than the median of all {shown.values.size}."
        )

    def _moves(self) -> str:
        moves = [(*curve.largest(), CHANGED[curve.change]) for curve in self.curves]
        moves.sort(key=lambda one: -abs(one[1]))
        said = (f"{name.format(value)} {'+-'[move < 0]}{self.score.text(abs(move))}" for value, move, name in moves)
        return f"What moves the score most: {', '.join(said)}."


def _percent(first: float, last: float) -> str:
    return f"{100 * first:.0f} to {100 * last:.0f} %"


def explain_photo(scorer: Scorer, photo: DecodedImage, with_curves: bool = True) -> Explanation:
    """The explanation of a photo.

    Args:
        photo: decoded.
        with_curves: whether the photo is changed in some thirty ways, each of which is scored.

    Raises:
        ImageError: it breaks a limit of the scorer.
    """
    maps = local_quality(scorer, photo)
    return Explanation(maps, tuple(sensitivity(scorer, photo)) if with_curves else ())
