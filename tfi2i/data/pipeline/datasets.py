"""A user's own tf.data.Dataset as a source: checked, batched, otherwise left as it is."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfi2i.data.decode.pixels import check_range
from tfi2i.data.decode.values import EIGHT_BITS, ValueRange
from tfi2i.data.domains import Asked, AskedOfDomains
from tfi2i.data.fingerprint import fingerprint
from tfi2i.data.source import KINDS, DataSource
from tfi2i.errors import DataError

# Elements whose values are looked at: one image alone may well be bright all over.
_LOOKED_AT = 8
_FORM = (
    "a dataset source yields single, unbatched elements: an image (H, W, C) for kind images, "
    "(image, integer label) for labelled, (image, floats (L,)) for captioned, (a, b) for paired "
    "and unpaired; images are uint8 or uint16, or floats in [-1, 1], with fixed height, width and "
    "channels"
)


def open_dataset(
    dataset: tf.data.Dataset,
    *,
    kind: str | None,
    direction: str,
    asked: AskedOfDomains,
) -> DataSource:
    """Checks what a dataset yields, by its element_spec and its first element.

    Args:
        dataset: unbatched elements: an image for kind images, (image, integer label) for labelled,
            (image, embedding of the caption) for captioned, (a, b) for paired and unpaired. Images
            are uint8 or floats in [-1, 1], of fixed size.
        kind: must be given, because two images may be a pair or not.
        direction: "b2a" exchanges a and b.
        asked: value ranges of the domains: of uint16 images, and of floats that are not in [-1, 1].

    Raises:
        DataError: the kind is missing or the elements do not have its form.
    """
    if kind is None:
        raise DataError(
            f"a tf.data.Dataset does not show its kind: state one of {', '.join(KINDS)}"
        )
    if direction == "b2a" and kind in ("paired", "unpaired"):
        dataset = dataset.map(lambda a, b: (b, a))
    spec: Any = dataset.element_spec
    parts = list(spec) if isinstance(spec, tuple) else [spec]
    images = parts if kind in ("paired", "unpaired") else parts[:1]
    wanted = 1 if kind == "images" else 2
    if len(parts) != wanted or not all(_is_image(part) for part in images):
        raise DataError(f"kind {kind} does not fit elements of {spec}; {_FORM}")
    fits = {
        "labelled": lambda part: part.shape == () and part.dtype.is_integer,
        "captioned": lambda part: part.shape.rank == 1 and part.dtype.is_floating,
    }.get(kind, lambda part: True)
    if not fits(parts[-1]):
        raise DataError(f"kind {kind} does not fit elements of {spec}; {_FORM}")
    both = [asked.a, asked.b][: len(images)]
    ranges = [_value_range(part, one) for part, one in zip(images, both, strict=True)]
    _check_first(dataset, ranges)
    count = int(dataset.cardinality())
    length = f"{count} elements" if count >= 0 else "a length that is not known beforehand"
    return DataSource(
        kind=kind,
        name="the given tf.data.Dataset",
        description=f"given {kind}: a tf.data.Dataset with {length}, no test part",
        splits={},
        fingerprint=fingerprint("tf.data.Dataset", kind, direction, str(spec), count),
        dataset=dataset,
        dataset_ranges=(ranges[0], ranges[-1]),
    )


def user_batches(dataset: tf.data.Dataset, batch_size: int, start_step: int) -> tf.data.Dataset:
    """Endless complete batches in the user's order, without the first `start_step` ones."""
    return dataset.repeat().skip(start_step * batch_size).batch(batch_size, drop_remainder=True)


def _is_image(part: Any) -> bool:
    return (
        isinstance(part, tf.TensorSpec)
        and part.shape.rank == 3
        and part.shape.is_fully_defined()
        and (part.dtype in (tf.uint8, tf.uint16) or part.dtype.is_floating)
    )


def _value_range(part: tf.TensorSpec, asked: Asked) -> ValueRange:
    """That of the images of a domain; of floats that are in [-1, 1] already, that of 8 bits."""
    dtype = part.dtype.name
    if asked.range is not None:
        return ValueRange.stated(asked.range, dtype)
    if dtype == "uint16":
        raise DataError(
            "a dataset of uint16 images needs the values that are black and white: "
            'range="0:65535", or fewer'
        )
    return EIGHT_BITS


def _check_first(dataset: tf.data.Dataset, ranges: Sequence[ValueRange]) -> None:
    """Raises a DataError if there is no element, or the first floats are not in [-1, 1]."""
    elements = [
        element if isinstance(element, tuple) else (element,)
        for element in dataset.take(_LOOKED_AT)
    ]
    if not elements:
        raise DataError("the given tf.data.Dataset is empty")
    for part, value_range in enumerate(ranges):
        values = np.stack([np.asarray(element[part]) for element in elements])
        if values.dtype != value_range.dtype:
            check_range(values, f"the first {len(values)} images of the dataset")
