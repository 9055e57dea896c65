"""How much pictures of a video look like slides, by Pillow images. Needs NumPy; for child processes.

A slide may fill the picture or a part of it, beside or behind a speaker. Where slides are placed is searched for in
some of the pictures, and each picture is then compared with each slide at every place that was found, at the size of a
thumbnail. What covers a part of the slide costs all slides the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.float32]
Item = TypeVar("Item")

# The width in pixels of a picture in which places are searched for, and of a slide when it is compared. Lines of text
# are still told apart at this size, and other fonts and the noise of compression no longer matter much.
SEARCH_WIDTH, SLIDE_WIDTH = 96, 64
# The widths of slides that are searched for, as shares of the picture's: a third is the least at which text is read.
WIDTHS = [1.09**-step for step in range(14)]
# How many slides are used for the search, which takes time for each pair of a picture and a slide.
MOST_SEARCHED_SLIDES = 60
# The correlation from which a place is a candidate, and, after it was adjusted at a larger size, from which it is used.
# In made lectures right places reach 0.87 and more after the adjustment, and 0.4 where the deck was drawn with another
# font; wrong ones up to 0.51, which only cost time: no slide agrees with the picture there.
CANDIDATE_CORRELATION, PLACE_CORRELATION = 0.5, 0.35
# Places within this share of the picture are one; how many are tried, besides the whole picture.
SAME_PLACE, MOST_PLACES = 0.06, 6
# Differences of brightness beyond this one (of 255) count as this one: what covers a slide differs by any amount.
MOST_DIFFERENCE = 48.0
# From which difference to the slide's ground a pixel is drawn on, and how many such pixels a slide needs at least.
INK_DIFFERENCE, LEAST_INK = 24.0, 4
# Of the agreement that this deck's slides have when they are shown, the shares up to which a slide is not shown and
# from which it is. In made lectures the right slide has 0.95 (0.9 behind a corner), 0.5 to 0.9 when the deck was drawn
# by another program, and another one of the same design up to 0.75 of that.
NOT_SHOWN, SHOWN = 0.65, 0.87
# The agreement of slides that are shown: so many of the best agreements are lower, of those that are no accident.
SHOWN_QUANTILE, LEAST_AGREEMENT = 0.75, 0.35
# How sharply the sureness of a slide falls when it fits worse than the best one: by a factor of e for an eighth of all
# that tells the two apart. Where the best is shown and drawn alike, all of it speaks for it; drawn with other fonts,
# half; where something covers the difference, a tenth, by accident.
SHARPNESS = 8.0
# Slides that differ by less, in squared differences, are alike: it is a pixel or two of 2,304.
LEAST_DIFFERENCE = 1_200.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a slide is in a picture: its left, top, width and height as shares of the picture's width and height."""

    left: float
    top: float
    width: float
    height: float

    def is_near(self, other: Place, within: float) -> bool:
        gaps = (self.left - other.left, self.top - other.top, self.width - other.width, self.height - other.height)
        return max(map(abs, gaps)) <= within


def choose_evenly(items: Sequence[Item], most: int) -> Sequence[Item]:
    """Return every so manieth item, so that they are at most `most`."""
    return items[:: max(1, -(-len(items) // most))]


class SlideComparison:
    """Compares pictures of a video with slides of one deck, all of one size, drawn at least 320 pixels wide."""

    def __init__(self, slides: Sequence[Image.Image], *, picture_aspect: float) -> None:
        """`picture_aspect` is the width of the video's pictures, divided by their height."""
        self._slides = [slide.convert("L") for slide in slides]
        self._aspect = self._slides[0].width / self._slides[0].height
        self._picture_aspect = picture_aspect
        height = max(1, round(SLIDE_WIDTH / self._aspect))
        self._pixels = np.stack([_scale(slide, SLIDE_WIDTH, height) for slide in self._slides])
        # Each slide's own ground is the brightness that most of it has.
        ground = np.median(self._pixels.reshape(len(slides), -1), axis=1)[:, None, None]
        self._drawn = np.minimum((self._pixels - ground) ** 2, MOST_DIFFERENCE**2)
        self._ink = np.minimum(1.0, self._drawn / INK_DIFFERENCE**2)
        self.places = list(_list_whole_places(self._picture_aspect, self._aspect))

    def find_places(self, pictures: Sequence[Image.Image]) -> None:
        """Search in these pictures for places of slides that fill a part of them, and compare there from now on, too.

        Some dozens from all over the video are enough, since places stay the same for minutes.
        """
        chosen = [each.convert("L") for each in pictures]
        slides = choose_evenly(self._slides, MOST_SEARCHED_SLIDES)
        groups: list[list[_FoundPlace]] = []
        found = self._correlate(chosen, slides)
        for each in sorted(found, key=lambda one: one.correlation, reverse=True):
            group = next((one for one in groups if one[0].place.is_near(each.place, SAME_PLACE)), None)
            if group is None:
                groups.append([each])
            else:
                group.append(each)
        groups.sort(key=lambda group: sum(one.correlation for one in group), reverse=True)
        for group in groups[:MOST_PLACES]:
            # The best three: more of them make a wrong scale less likely, and take longer.
            place, correlation = self._adjust_place(group[:3])
            is_new = not any(place.is_near(known, 1 / SLIDE_WIDTH) for known in self.places)
            if correlation >= PLACE_CORRELATION and is_new:
                self.places.append(place)

    def compute_likeness(self, pictures: Iterable[Image.Image]) -> list[list[float]]:
        """Return for each picture how sure it is that it shows each of the slides, from 0 to 1.

        Slides that fit equally well are equally sure, also when the picture covers the place where they differ.
        """
        found = [
            max((self._compare(picture, place) for place in self.places), key=lambda each: each.agreement.max())
            for picture in (each.convert("L") for each in pictures)
        ]
        best = [float(each.agreement.max()) for each in found if each.agreement.max() >= LEAST_AGREEMENT]
        if not best:
            return [[0.0] * len(self._slides) for _ in found]
        usual = float(np.quantile(best, SHOWN_QUANTILE))
        return [self._weigh(each, max(LEAST_AGREEMENT, NOT_SHOWN * usual), SHOWN * usual) for each in found]

    def _weigh(self, found: _Comparison, not_shown: float, shown: float) -> list[float]:
        best = int(found.misfit.argmin())
        difference = np.minimum((self._pixels - self._pixels[best]) ** 2, INK_DIFFERENCE**2).sum(axis=(1, 2))
        misfit = np.minimum((self._pixels - found.shown) ** 2, INK_DIFFERENCE**2).sum(axis=(1, 2))
        worse = np.maximum(0.0, misfit - misfit[best]) / np.maximum(difference, LEAST_DIFFERENCE)
        # For all slides alike: of two steps of a build the later one agrees less where something covers what it adds.
        sure = np.clip((found.agreement.max() - not_shown) / (shown - not_shown), 0.0, 1.0)
        return [float(one) for one in sure * np.exp(-SHARPNESS * worse)]

    def _compare(self, picture: Image.Image, place: Place) -> _Comparison:
        width, height = picture.size
        left, top = max(0.0, place.left * width), max(0.0, place.top * height)
        box = (
            left,
            top,
            min(float(width), (place.left + place.width) * width),
            min(float(height), (place.top + place.height) * height),
        )
        rows, columns = self._pixels.shape[1:]
        shown = np.asarray(picture.resize((columns, rows), Image.Resampling.BOX, box=box), dtype=np.float32)
        misfits = np.minimum((self._pixels - shown) ** 2, MOST_DIFFERENCE**2)
        # Text and ground by themselves: there is so much ground that a slide without its text would agree.
        text = 1 - _compute_share(misfits * self._ink, self._drawn * self._ink)
        ground = 1 - _compute_share(misfits * (1 - self._ink), (1 - self._ink) * MOST_DIFFERENCE**2)
        agreement = np.minimum(text, ground)
        agreement[self._drawn.sum(axis=(1, 2)) < LEAST_INK * MOST_DIFFERENCE**2] = 0
        return _Comparison(shown=shown, agreement=agreement, misfit=misfits.sum(axis=(1, 2)))

    def _correlate(self, pictures: Sequence[Image.Image], slides: Sequence[Image.Image]) -> list[_FoundPlace]:
        """Return for each picture the place and slide with the highest normalised correlation.

        The correlation of all places at once is a product of Fourier transforms; sums over the places come from
        cumulative sums (J. P. Lewis, "Fast normalized cross-correlation", 1995).
        """
        columns, rows = SEARCH_WIDTH, max(1, round(SEARCH_WIDTH / self._picture_aspect))
        shape = (2 * rows, 2 * columns)
        pixels = np.stack([_scale(picture, columns, rows) for picture in pictures])
        transformed = np.fft.rfft2(pixels, s=shape)
        sums, squares = _sum_cumulatively(pixels), _sum_cumulatively(pixels.astype(np.float64) ** 2)
        best: list[_FoundPlace | None] = [None] * len(pictures)
        for share in WIDTHS:
            width = round(min(columns * share, rows * share * self._aspect))
            height = round(width / self._aspect)
            if height < 10 or width > columns or height > rows:
                continue
            size = width * height
            total, square = _sum_boxes(sums, width, height), _sum_boxes(squares, width, height)
            # At least a deviation of 1, so that flat places do not divide by nothing.
            deviation = np.sqrt(np.maximum(square - total * total / size, size))
            for slide in slides:
                template = _scale(slide, width, height)
                template = template - template.mean()
                norm = float(np.sqrt((template * template).sum()))
                if norm < 3 * size**0.5:  # nearly blank
                    continue
                product_ = transformed * np.conj(np.fft.rfft2(template, s=shape))
                scores = np.fft.irfft2(product_, s=shape)[:, : rows - height + 1, : columns - width + 1]
                scores = (scores / (deviation * norm)).reshape(len(pictures), -1)
                for number, place in enumerate(scores.argmax(axis=1)):
                    correlation = float(scores[number, place])
                    known = best[number]
                    if correlation < CANDIDATE_CORRELATION or (known and known.correlation >= correlation):
                        continue
                    top, left = divmod(int(place), columns - width + 1)
                    best[number] = _FoundPlace(
                        correlation=correlation,
                        place=Place(left=left / columns, top=top / rows, width=width / columns, height=height / rows),
                        picture=pictures[number],
                        slide=slide,
                    )
        return [each for each in best if each is not None]

    def _adjust_place(self, group: Sequence[_FoundPlace]) -> tuple[Place, float]:
        """Return the place near that of the group with the highest mean correlation, at growing sizes, and that."""
        place, best = group[0].place, 0.0
        for factor, around, wider in ((1, 1, 3), (2, 2, 4), (4, 2, 3)):
            columns = SEARCH_WIDTH * factor
            rows = max(1, round(columns / self._picture_aspect))
            pairs = [(_scale(each.picture, columns, rows), each.slide) for each in group]
            steps = product(range(-wider, wider + 1), range(-around, around + 1), range(-around, around + 1))
            best, left, top, width = max(
                (
                    _correlate_at(pairs, left, top, width, max(1, round(width / self._aspect))),
                    left,
                    top,
                    width,
                )
                for left, top, width in (
                    (
                        round(place.left * columns) + right,
                        round(place.top * rows) + down,
                        round(place.width * columns) + more,
                    )
                    for more, right, down in steps
                )
            )
            height = width / columns * self._picture_aspect / self._aspect
            place = Place(left=left / columns, top=top / rows, width=width / columns, height=height)
        return place, best


@dataclass(frozen=True, kw_only=True)
class _Comparison:
    """A picture at one place (`shown`), against each slide: agreement (at most 1), misfit in squared differences."""

    shown: Pixels
    agreement: Pixels
    misfit: Pixels


@dataclass(frozen=True, kw_only=True)
class _FoundPlace:
    """Where a slide may be in a picture, and how well they correlate there."""

    correlation: float
    place: Place
    picture: Image.Image
    slide: Image.Image


def _list_whole_places(picture_aspect: float, slide_aspect: float) -> Iterator[Place]:
    """Yield the places of a slide that fills the picture: stretched to it, and with bars at two sides."""
    yield Place(left=0.0, top=0.0, width=1.0, height=1.0)
    share = slide_aspect / picture_aspect
    if share < 0.99:
        yield Place(left=(1 - share) / 2, top=0.0, width=share, height=1.0)
    elif share > 1.01:
        yield Place(left=0.0, top=(1 - 1 / share) / 2, width=1.0, height=1 / share)


def _correlate_at(pairs: Sequence[tuple[Pixels, Image.Image]], left: int, top: int, width: int, height: int) -> float:
    """Return the mean correlation of pictures with slides at a place; -1 when a tenth of it lies outside."""
    total = 0.0
    for pixels, slide in pairs:
        above, before = max(0, -top), max(0, -left)
        shown = pixels[top + above : max(0, top + height), left + before : max(0, left + width)]
        if shown.size < 0.9 * width * height:
            return -1.0
        template = _scale(slide, width, height)[above : above + shown.shape[0], before : before + shown.shape[1]]
        shown, template = shown - shown.mean(), template - template.mean()
        norm = float(np.sqrt((shown * shown).sum() * (template * template).sum()))
        total += float((shown * template).sum()) / norm if norm else 0.0
    return total / len(pairs)


def _scale(picture: Image.Image, width: int, height: int) -> Pixels:
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX), dtype=np.float32)


def _compute_share(part: Pixels, whole: Pixels) -> Pixels:
    """Return the sums of one over those of the other, for each slide."""
    share: Pixels = part.sum(axis=(1, 2)) / np.maximum(whole.sum(axis=(1, 2)), 1.0)
    return share


def _sum_cumulatively(pixels: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return sums over all pixels above and to the left, with a row and a column of zeros before them."""
    return np.pad(pixels.astype(np.float64).cumsum(axis=1).cumsum(axis=2), ((0, 0), (1, 0), (1, 0)))


def _sum_boxes(sums: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    return sums[:, height:, width:] - sums[:, :-height, width:] - sums[:, height:, :-width] + sums[:, :-height, :-width]
