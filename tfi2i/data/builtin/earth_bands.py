"""Which longitudes of the Earth are for training, and which are held out.

Two bands are set apart. Variants are measured on the test band. The tuning band is for choosing
recipes: `earth:shadedrelief-etopo1@tuning` holds it out in place of the test band, and leaves the
test band out altogether, so that reported figures have never served to choose anything.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

# All in pixels of a map 2700 wide (7.5 pixels per degree); scaled for larger maps.
BASE_WIDTH = 2700
_TEST_BAND = (1500, 1725)  # 20 to 50 degrees east: Africa, Europe, West Asia
_TUNING_BAND = (2055, 2280)  # 94 to 124 degrees east: East Asia, Siberia, the west of Australia
TUNING = "@tuning"
# Domains of unpaired sources take turns: the first of two is cut from the bands with even numbers.
_TURNS = ((0, 250, 500, 750, 1000, 1250, 1500), (1725, 1968, 2212, 2456, 2700))

Span = tuple[int, int]


@dataclass(frozen=True)
class Bands:
    """Columns of a map; every span is its first column and the one past its last.

    Attributes:
        width: Width of the map in pixels, a multiple of 2700.
        tuning: Whether the tuning band is held out in place of the test band. Training leaves out
            the test band in either case.
    """

    width: int
    tuning: bool = False

    @property
    def held_out(self) -> Span:
        """The span that no training tile touches."""
        return self._scaled([_TUNING_BAND if self.tuning else _TEST_BAND])[0]

    @property
    def training(self) -> list[Span]:
        """The spans of training tiles."""
        first, end = _TEST_BAND
        return self._scaled(self._allowed([(0, first), (end, BASE_WIDTH)]))

    def turns(self, domains: int) -> list[list[Span]]:
        """Spans for the training tiles of each of several domains that share no place."""
        bands = [band for edges in _TURNS for band in itertools.pairwise(edges)]
        return [self._scaled(self._allowed(bands[domain::domains])) for domain in range(domains)]

    @property
    def in_words(self) -> str:
        """Where the held-out tiles lie."""
        return "94 to 124 degrees east, for tuning" if self.tuning else "20 to 50 degrees east"

    def _allowed(self, spans: Sequence[Span]) -> list[Span]:
        """The spans without the tuning band, where that is held out."""
        if not self.tuning:
            return list(spans)
        first, end = _TUNING_BAND
        cut = [part for a, b in spans for part in ((a, min(b, first)), (max(a, end), b))]
        return [(a, b) for a, b in cut if a < b]

    def _scaled(self, spans: Sequence[Span]) -> list[Span]:
        scale = self.width // BASE_WIDTH
        return [(first * scale, end * scale) for first, end in spans]


def earth_test_region(width: int = BASE_WIDTH) -> Span:
    """First column and the one past the last of the test band, in a map of that width."""
    return Bands(width).held_out


def without_tuning(source: str) -> tuple[str, bool]:
    """A source's name without `@tuning`, and whether it had it."""
    return source.removesuffix(TUNING), source.endswith(TUNING)
