"""A user's own tf.data.Dataset as a source: checked, batched, otherwise left as it is."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfi2i.data.decode.pixels import check_range
from tfi2i.data.fingerprint import fingerprint
from tfi2i.data.source import KINDS, DataSource
from tfi2i.errors import DataError

# Elements whose values are looked at: one image alone may well be bright all over.
_LOOKED_AT = 8
_FORM = (
    "a dataset source yields single, unbatched elements: an image (H, W, C) for kind images, "
    "(image, integer label) for labelled, (a, b) for paired and unpaired; images are uint8, or "
    "floats in [-1, 1], with fixed height, width and channels"
)


def open_dataset(dataset: tf.data.Dataset, *, kind: str | None, direction: str) -> DataSource:
    """Checks what a dataset yields, by its element_spec and its first element.

    Args:
        dataset: unbatched elements: an image for kind images, (image, integer label) for labelled,
            (a, b) for paired and unpaired. Images are uint8 or floats in [-1, 1], of fixed size.
        kind: must be given, because two images may be a pair or not.
        direction: "b2a" exchanges a and b.

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
    if kind == "labelled" and not (parts[1].shape == () and parts[1].dtype.is_integer):
        raise DataError(f"kind {kind} does not fit elements of {spec}; {_FORM}")
    _check_first(dataset, len(images))
    count = int(dataset.cardinality())
    length = f"{count} elements" if count >= 0 else "a length that is not known beforehand"
    return DataSource(
        kind=kind,
        name="the given tf.data.Dataset",
        description=f"given {kind}: a tf.data.Dataset with {length}, no test part",
        splits={},
        fingerprint=fingerprint("tf.data.Dataset", kind, direction, str(spec), count),
        dataset=dataset,
    )


def user_batches(dataset: tf.data.Dataset, batch_size: int, start_step: int) -> tf.data.Dataset:
    """Endless complete batches in the user's order, without the first `start_step` ones."""
    return dataset.repeat().skip(start_step * batch_size).batch(batch_size, drop_remainder=True)


def _is_image(part: Any) -> bool:
    return (
        isinstance(part, tf.TensorSpec)
        and part.shape.rank == 3
        and part.shape.is_fully_defined()
        and part.shape[-1] in (1, 3)
        and (part.dtype == tf.uint8 or part.dtype.is_floating)
    )


def _check_first(dataset: tf.data.Dataset, images: int) -> None:
    """Raises a DataError if there is no element, or the first floats are not in [-1, 1]."""
    elements = [
        element if isinstance(element, tuple) else (element,)
        for element in dataset.take(_LOOKED_AT)
    ]
    if not elements:
        raise DataError("the given tf.data.Dataset is empty")
    for part in range(images):
        values = np.stack([np.asarray(element[part]) for element in elements])
        if values.dtype != np.uint8:
            check_range(values, f"the first {len(values)} images of the dataset")
