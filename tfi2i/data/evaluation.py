"""The images that a model is measured on: whole, in a fixed order, at one size."""

from collections.abc import Sequence

import numpy as np

from tfi2i.data.images import resize_image
from tfi2i.data.source import DataSource, Images
from tfi2i.errors import DataError


def evaluation_arrays(
    source: DataSource, *, split: str = "test", size: int, limit: int | None = None
) -> tuple[np.ndarray, np.ndarray | None, Sequence[str]]:
    """All images of one split, resized (stretched, bicubic) and not cropped.

    Args:
        source: the images.
        split: "test", "train" or "val".
        size: height and width of the result.
        limit: at most so many of each domain, spread evenly over all: neighbours are often alike.

    Returns:
        `a` uint8 (N, size, size, C); `b` likewise, with its own N for an unpaired source, or None
        where there is one domain; the names of the images of `a`.

    Raises:
        DataError: there is no such split, or one of its files is damaged.
    """
    if split not in source.splits:
        there = ", ".join(source.splits) or "none that can be loaded by number"
        raise DataError(f"{source.name} has no {split!r} images to evaluate on; it has: {there}")
    part = source.splits[split]
    b = _stacked(part.b, size, limit) if part.b is not None else None
    names = [part.a.names[index] for index in spread_evenly(len(part.a), limit)]
    return _stacked(part.a, size, limit), b, names


def evaluation_domains(
    source: DataSource, *, split: str = "test", size: int, limit: int | None = None
) -> dict[str, np.ndarray]:
    """The images of one split of a labelled source by class, resized as `evaluation_arrays` does.

    Args:
        source: of kind `labelled`.
        split: "test", "train" or "val".
        size: height and width of the result.
        limit: at most so many of each class, spread evenly over all.

    Returns:
        Class name -> uint8 (N, size, size, C), each with its own N.

    Raises:
        DataError: the source is not labelled, there is no such split, or a class has no image in
            it.
    """
    if split not in source.splits or source.splits[split].labels is None:
        raise DataError(f"{source.name} ({source.kind}) has no labelled {split!r} images")
    part = source.splits[split]
    labels = np.array(part.labels)
    domains = {}
    for number, name in enumerate(source.class_names):
        indices = np.flatnonzero(labels == number)
        if not len(indices):
            raise DataError(f"{source.name} has no {split!r} images of {name!r}")
        chosen = indices[spread_evenly(len(indices), limit)].tolist()
        domains[name] = np.stack([resize_image(part.a.load(i), size, size) for i in chosen])
    return domains


def spread_evenly(count: int, limit: int | None) -> list[int]:
    """Indices of at most `limit` out of `count`, evenly spread, first and last among them."""
    wanted = count if limit is None else min(count, limit)
    return np.linspace(0, count - 1, wanted).round().astype(int).tolist()


def _stacked(images: Images, size: int, limit: int | None) -> np.ndarray:
    chosen = spread_evenly(len(images), limit)
    result = np.empty((len(chosen), size, size, images.channels), np.uint8)
    for place, index in enumerate(chosen):
        result[place] = resize_image(images.load(index), size, size)
    return result
