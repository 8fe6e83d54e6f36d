"""A source made smaller: a few of its training images."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfi2i.data.fingerprint import derived_fingerprint, fingerprint
from tfi2i.data.pipeline.held_out import spread_evenly
from tfi2i.data.source import DataSource, Images, Split, counts_in_words
from tfi2i.errors import DataError


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
        return [self.images.names[index] for index in self.indices]

    @property
    def sizes(self) -> Sequence[tuple[int, int]]:
        """Height and width of the chosen images."""
        return [self.images.sizes[index] for index in self.indices]

    @property
    def channels(self) -> int:
        """3 for RGB, 1 for grey."""
        return self.images.channels

    def __len__(self) -> int:
        """How many were chosen."""
        return len(self.indices)

    def load(self, index: int) -> np.ndarray:
        """Decodes one image to uint8 (H, W, C)."""
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

    def chosen(images: Images) -> Chosen:
        return Chosen(images, tuple(spread_evenly(len(images), limit)))

    train = source.splits["train"]
    labels = None
    if train.labels is not None:
        labels = tuple(train.labels[index] for index in spread_evenly(len(train.a), limit))
    part = Split(chosen(train.a), None if train.b is None else chosen(train.b), labels)
    splits = {**source.splits, "train": part}
    return dataclasses.replace(
        source,
        description=f"{source.description}; limited to {counts_in_words(source.kind, splits)}",
        splits=splits,
        fingerprint=derived_fingerprint(
            source.fingerprint, lambda images: fingerprint("limited", limit, images)
        ),
    )
