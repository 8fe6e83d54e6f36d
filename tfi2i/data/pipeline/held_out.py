"""The images that a model is measured on: in a fixed order, at one size and the trained scale."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from tfi2i.data.decode.resizing import resize_image
from tfi2i.data.pipeline.grids import pairs_on_one_grid
from tfi2i.data.source import DataSource, Images
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, height_and_width, size_in_words

# A mean colour over more images than this would not change visibly.
_MOST_TRAINING_IMAGES = 200


def at_trained_scale(source: DataSource, *, load_size: Size | None, crop_size: Size) -> DataSource:
    """A source whose images are measured at the scale that a training with these sizes sees.

    With a `load_size` whole images are stretched to the size asked for, as in the papers. Without
    one, training cuts crops from images in their own size, and measuring cuts their middles.

    Args:
        source: the images.
        load_size: the one of the training.
        crop_size: the one of the training.

    Raises:
        DataError: without a `load_size`, an image to measure on is smaller than the crop.
    """
    if load_size is not None:
        return source
    source = pairs_on_one_grid(source)
    least_height, least_width = height_and_width(crop_size)
    for name, split in source.splits.items():
        if name == "train":
            continue  # `check_crop` looks at these.
        for images in (split.a, split.b) if split.b is not None else (split.a,):
            for image, (height, width) in zip(images.names, images.sizes, strict=True):
                if height < least_height or width < least_width:
                    raise DataError(
                        f"{source.name}: {image} of {name} has a height of {height} and a width of "
                        f"{width}, less than crop_size={size_in_words(crop_size)}; without a "
                        "load_size images are measured in their own size: remove it, or set "
                        "data.load_size"
                    )
    return dataclasses.replace(source, keeps_scale=True)


def sized(image: np.ndarray, size: Size, *, keeps_scale: bool = False) -> np.ndarray:
    """An image as a network of one size sees it.

    Args:
        image: (H, W, C) of any depth.
        size: of the result, a square's side or (height, width).
        keeps_scale: cut the middle, at the image's own pixels; else stretch the whole (bicubic).

    Returns:
        (height, width, C) of the same depth.
    """
    height, width = height_and_width(size)
    if not keeps_scale:
        return resize_image(image, height, width)
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def evaluation_arrays(
    source: DataSource, *, split: str = "test", size: Size, limit: int | None = None
) -> tuple[np.ndarray, np.ndarray | None, Sequence[str]]:
    """All images of one split at one size: stretched (bicubic), or their middles.

    Args:
        source: the images; `keeps_scale` says which.
        split: "test", "train" or "val".
        size: of the result, a square's side or (height, width).
        limit: how many of each domain at most, spread evenly over all: neighbours are often alike.

    Returns:
        `a` (N, height, width, C), pixels of the depth that the source has; `b` likewise, with its
        own N for an unpaired source, or None where there is one domain; the names of the images of
        `a`.

    Raises:
        DataError: there is no such split, or one of its files is damaged.
    """
    if split not in source.splits:
        there = ", ".join(source.splits) or "none that can be loaded by number"
        raise DataError(
            f"{source.name} has no {split!r} images to evaluate on; it has: {there} "
            "(split, or --split, chooses the part)"
        )
    part = source.splits[split]
    a, b = (
        None if images is None else _stacked(images, size, limit, source.keeps_scale)
        for images in (part.a, part.b)
    )
    assert a is not None
    return a, b, [part.a.names[index] for index in spread_evenly(len(part.a), limit)]


def evaluation_domains(
    source: DataSource, *, split: str = "test", size: Size, limit: int | None = None
) -> dict[str, np.ndarray]:
    """The images of one split of a labelled source by class, sized as by `evaluation_arrays`.

    Args:
        source: of kind `labelled`.
        split: "test", "train" or "val".
        size: of the result, a square's side or (height, width).
        limit: how many of each class at most, spread evenly over all.

    Returns:
        Class name -> (N, height, width, C) of the source's depth, each with its own N.

    Raises:
        DataError: the source is not labelled, there is no such split, or a class has no image in
            it.
    """
    part = source.splits.get(split)
    if source.kind != "labelled" or part is None:
        raise DataError(f"{source.name} ({source.kind}) has no labelled {split!r} images")
    labels = np.array(part.labels)
    domains = {}
    for number, name in enumerate(source.class_names):
        indices = np.flatnonzero(labels == number)
        if not len(indices):
            raise DataError(f"{source.name} has no {split!r} images of {name!r}")
        chosen = indices[spread_evenly(len(indices), limit)].tolist()
        domains[name] = np.stack(
            [sized(part.a.load(i), size, keeps_scale=source.keeps_scale) for i in chosen]
        )
    return domains


def training_images(source: DataSource, domain: str, size: Size) -> Iterator[np.ndarray] | None:
    """Some training images of a domain, one at a time; None where the source has no such part.

    Args:
        source: the images.
        domain: "a", "b" or the name of a class.
        size: height and width of the results.
    """
    if "train" not in source.splits:
        return None
    train = source.splits["train"]
    images: Images | None = train.a
    indices = None
    if source.kind == "labelled":
        number = source.class_names.index(domain)
        indices = [index for index, label in enumerate(train.labels or ()) if label == number]
    elif domain == "b":
        images = train.b
    if images is None:
        return None
    indices = indices or list(range(len(images)))
    chosen = spread_evenly(len(indices), _MOST_TRAINING_IMAGES)
    return (
        sized(images.load(indices[place]), size, keeps_scale=source.keeps_scale) for place in chosen
    )


def spread_evenly(count: int, limit: int | None) -> list[int]:
    """Indices of at most `limit` out of `count`, evenly spread, with the first and the last."""
    wanted = count if limit is None else min(count, limit)
    return np.linspace(0, count - 1, wanted).round().astype(int).tolist()


def _stacked(images: Images, size: Size, limit: int | None, keeps_scale: bool) -> np.ndarray:
    chosen = spread_evenly(len(images), limit)
    shape = (len(chosen), *height_and_width(size), images.channels)
    result = np.empty(shape, images.value_range.dtype)
    for place, index in enumerate(chosen):
        result[place] = sized(images.load(index), size, keeps_scale=keeps_scale)
    return result
