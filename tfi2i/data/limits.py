"""A source divided anew: fewer training images, or some of them held back."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tfi2i.data.decode.values import ValueRange
from tfi2i.data.fingerprint import derived_fingerprint, fingerprint
from tfi2i.data.pipeline.held_out import spread_evenly
from tfi2i.data.source import DataSource, Images, Split, counts_in_words
from tfi2i.errors import DataError

_MOST_HELD_BACK = 64
# A tenth of them, four images, is the least for which KID has a spread.
_FEWEST_TO_DIVIDE = 40


@dataclass(frozen=True)
class Chosen:
    """Some of a sequence of images.

    Attributes:
        images: All of them.
        indices: The chosen ones.
    """

    images: Images
    indices: tuple[int, ...]

    @property
    def names(self) -> Sequence[str]:
        """Names of the chosen images."""
        names = self.images.names
        return [names[index] for index in self.indices]

    @property
    def sizes(self) -> Sequence[tuple[int, int]]:
        """Height and width of the chosen images."""
        sizes = self.images.sizes
        return [sizes[index] for index in self.indices]

    @property
    def channels(self) -> int:
        """Those of all images."""
        return self.images.channels

    @property
    def value_range(self) -> ValueRange:
        """That of all images."""
        return self.images.value_range

    def __len__(self) -> int:
        """How many were chosen."""
        return len(self.indices)

    def load(self, index: int) -> np.ndarray:
        """Decodes one image to (H, W, C)."""
        return self.images.load(self.indices[index])


def limited(source: DataSource, limit: int) -> DataSource:
    """The source with at most `limit` training images of each domain, spread evenly over all.

    Raises:
        DataError: The limit is less than 1, or the source is a dataset.
    """
    if limit < 1 or source.dataset is not None:
        raise DataError(
            f"limit={limit} is not possible for {source.name}: it is 1 or more, and for files and "
            "built-in images only (a tf.data.Dataset has `take`)"
        )

    train = _part(source.splits["train"], lambda images: spread_evenly(len(images), limit))
    splits = {**source.splits, "train": train}
    return dataclasses.replace(
        source,
        description=f"{source.description}; limited to {counts_in_words(source.kind, splits)}",
        splits=splits,
        fingerprint=derived_fingerprint(
            source.fingerprint, lambda images: fingerprint("limited", limit, images)
        ),
    )


def with_validation(source: DataSource) -> DataSource:
    """The source with a part `val`, which is taken from its training images where there is none.

    A tenth of the training images of each domain are held back, spread evenly, at most 64.

    Raises:
        DataError: There are too few training images, or the source is a dataset.
    """
    if "val" in source.splits:
        return source
    if source.dataset is not None:
        raise DataError(f"{source.name} is a dataset: nothing can be held back from it")
    train = source.splits["train"]
    fewest = min(len(train.a), len(train.b or train.a))
    if fewest < _FEWEST_TO_DIVIDE:
        raise DataError(
            f"{source.name} has {fewest} training images of a domain: to hold a tenth back it "
            f"needs {_FEWEST_TO_DIVIDE}, or give it a folder val"
        )

    def held(images: Images) -> list[int]:
        return spread_evenly(len(images), min(_MOST_HELD_BACK, len(images) // 10))

    def rest(images: Images) -> list[int]:
        return sorted(set(range(len(images))) - set(held(images)))

    splits = {**source.splits, "train": _part(train, rest), "val": _part(train, held)}
    return dataclasses.replace(
        source,
        description=f"{source.description}; held back: {counts_in_words(source.kind, splits)}",
        splits=splits,
        fingerprint=derived_fingerprint(
            source.fingerprint, lambda images: fingerprint("held back", images)
        ),
    )


def _part(split: Split, choose: Callable[[Images], Sequence[int]]) -> Split:
    """Some images of each domain, with their labels or captions."""
    chosen = choose(split.a)
    return Split(
        Chosen(split.a, tuple(chosen)),
        None if split.b is None else Chosen(split.b, tuple(choose(split.b))),
        None if split.labels is None else tuple(split.labels[index] for index in chosen),
        None if split.captions is None else tuple(split.captions[index] for index in chosen),
        None if split.embeddings is None else split.embeddings[list(chosen)],
    )
