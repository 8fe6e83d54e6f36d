"""What a data source is: named splits of images that can be loaded one by one, in any order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tfi2i.data.decode.values import EIGHT_BITS, ValueRange
from tfi2i.errors import DataError

if TYPE_CHECKING:
    import tensorflow as tf

KINDS = ("images", "labelled", "captioned", "paired", "unpaired")


class Images(Protocol):
    """A fixed sequence of images that are decoded when asked for.

    Attributes:
        names: printable names, relative to the source, in the order of loading.
        sizes: height and width of every image, known without decoding.
        channels: 3 for RGB, 1 for grey, or another number.
        value_range: dtype of the pixels, and the values that are black and white.
    """

    @property
    def names(self) -> Sequence[str]:  # noqa: D102
        ...

    @property
    def sizes(self) -> Sequence[tuple[int, int]]:  # noqa: D102
        ...

    @property
    def channels(self) -> int:  # noqa: D102
        ...

    @property
    def value_range(self) -> ValueRange:  # noqa: D102
        ...

    def __len__(self) -> int:
        """The number of images."""
        ...

    def load(self, index: int) -> np.ndarray:
        """Decodes one image to (H, W, C) of its depth; a DataError names a damaged file."""
        ...


@dataclass(frozen=True)
class Split:
    """One part of a source, such as its training images.

    Attributes:
        a: the images, or those of domain `a`.
        b: those of domain `b`; None for the kinds of one domain, and for a part of inputs whose
            truth, or whose other domain, is not there (never the training part).
        labels: the class number of every image of `a`: always there for kind `labelled`, for kind
            `images` where classes are known, and else None. Only `labelled` batches carry them:
            whether a source is labelled is asked of its kind.
        captions: for kind `captioned`: what every image of `a` shows, in words; else None.
        embeddings: for kind `captioned`: float32 (N, L), the captions as vectors; else None.
    """

    a: Images
    b: Images | None = None
    labels: tuple[int, ...] | None = None
    captions: tuple[str, ...] | None = None
    embeddings: np.ndarray | None = None


@dataclass(frozen=True)
class DataSource:
    """Images that a model can be trained and measured on.

    Attributes:
        kind: "images", "labelled", "captioned", "paired" (a[i] and b[i] show the same thing) or
            "unpaired".
        name: what the user asked for: a folder, `earth:...`, `tfds:...`.
        description: what was found, in words and counts.
        splits: "train" always, "test" and "val" where there are some; empty for a `dataset`.
        licence: the licence of the images where it is known.
        fingerprint: changes when the images change, so that a run is not resumed on other data;
            `tfi2i.data.fingerprint` says what it sees of files.
        skipped: files left out because they cannot be read, with the reason.
        class_names: the name of every class number that a split has in `labels`; empty where no
            classes are known.
        text_encoder: who made the embeddings of captions; empty where there are none.
        aligned_test: True if test images a[i] and b[i] show the same thing, so that they may be
            compared pixel by pixel; this can hold for an unpaired source too. In a labelled one the
            test images of every class show the same things in the same order.
        keeps_scale: whether a network of some size sees the middle of an image at its own pixels,
            as crops of a training without a `load_size` are; else the whole image, stretched.
        dataset: the user's own dataset of single, unbatched elements; its order is the user's.
        dataset_ranges: the value ranges of its images of `a` and of `b`; its floats are in [-1, 1]
            already, unless the range is one of floats.
    """

    kind: str
    name: str
    description: str
    splits: dict[str, Split]
    licence: str | None = None
    fingerprint: str = ""
    skipped: list[str] = field(default_factory=list)
    class_names: tuple[str, ...] = ()
    text_encoder: str = ""
    aligned_test: bool = False
    keeps_scale: bool = False
    dataset: "tf.data.Dataset | None" = None
    dataset_ranges: tuple[ValueRange, ValueRange] = (EIGHT_BITS, EIGHT_BITS)

    def is_aligned(self, split: str) -> bool:
        """Whether a[i] and b[i] of a split show the same thing."""
        if self.lacks_b(split):
            return False
        return self.kind == "paired" or (split == "test" and self.aligned_test)

    def lacks_b(self, split: str) -> bool:
        """Whether a split of a source of two domains has images of `a` alone."""
        part = self.splits.get(split)
        return self.kind in ("paired", "unpaired") and part is not None and part.b is None

    @property
    def channels(self) -> tuple[int, int]:
        """Channels of the images of `a` and of `b`; where there is no `b`, those of `a` twice."""
        if self.dataset is not None:
            spec: Any = self.dataset.element_spec
            if self.kind in ("paired", "unpaired"):
                return spec[0].shape[-1], spec[1].shape[-1]
            image = spec if self.kind == "images" else spec[0]
            return image.shape[-1], image.shape[-1]
        train = self.splits["train"]
        return train.a.channels, (train.b or train.a).channels

    @property
    def value_ranges(self) -> tuple[ValueRange, ValueRange]:
        """The value ranges of `a` and of `b`; where there is no `b`, that of `a` twice."""
        if self.dataset is not None:
            return self.dataset_ranges
        part = next(iter(self.splits.values()))
        return part.a.value_range, (part.b or part.a).value_range


def check_kind(kind: str | None) -> None:
    """Raises a DataError unless `kind` is None or one of KINDS."""
    if kind is not None and kind not in KINDS:
        raise DataError(f"kind={kind!r} is not one of {', '.join(KINDS)}")


def counts_in_words(kind: str, splits: dict[str, Split]) -> str:
    """Such as: 1067 + 1334 training images, 120 + 140 test."""
    noun = "pairs" if kind == "paired" else "images"

    def count(split: Split) -> str:
        if kind == "unpaired" and split.b is not None:
            return f"{len(split.a)} + {len(split.b)}"
        return f"{len(split.a)}"

    words = f"{count(splits['train'])} training {noun}"
    alone = " inputs alone" if kind in ("paired", "unpaired") else ""
    others = [
        f"{count(split)} {name}{'' if split.b is not None else alone}"
        for name, split in splits.items()
        if name != "train"
    ]
    if "test" not in splits:
        others.append("no test part (nothing is held out)")
    return ", ".join([words, *others])
