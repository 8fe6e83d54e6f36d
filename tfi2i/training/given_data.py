"""The data that `fit` is given: checked before the first step, in the form of `train_step`."""

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from tfi2i.data.decode.pixels import check_range, to_float
from tfi2i.errors import DataError, RecipeError
from tfi2i.image_sizes import height_and_width

if TYPE_CHECKING:
    from tfi2i.training.gan import GAN

_FORMS = {
    "images": "images alone",
    "labelled": "(images, integer labels)",
    "captioned": "(images, embeddings of their captions)",
    "paired": "(a, b), two batches of images",
    "unpaired": "(a, b), two batches of images",
}


def complete_batches(
    model: "GAN",
    x: Any,
    y: Any = None,
    *,
    batch_size: int | None = None,
    shuffle: bool = True,
    steps_per_epoch: int | None = None,
) -> tf.data.Dataset:
    """The batches that `fit` trains on, all of the size of the first one.

    A batch of another size, such as a short one at the end, is left out: replicas and XLA need
    known sizes, and an objective over the pairs of a batch needs its images. uint8 pixels become
    floats in [-1, 1]. The first batch is looked at here, and `fit` reads it again.

    Args:
        model: What is trained.
        x: A dataset of batches, or an array of images, or a tuple of two arrays.
        y: The second array: labels, or the images of `b`.
        batch_size: Batch size for arrays.
        shuffle: Whether arrays are shuffled, anew in every epoch.
        steps_per_epoch: The one that `fit` was given.

    Raises:
        DataError: If the data do not have the form, size, channels or range that the model takes.
        RecipeError: If the size of the batches does not suit the model, or no epoch would end.
    """
    dataset = x if isinstance(x, tf.data.Dataset) else _of_arrays(model, x, y, batch_size, shuffle)
    if isinstance(x, tf.data.Dataset) and (y is not None or batch_size is not None):
        raise DataError("a tf.data.Dataset brings both parts and its batches: leave out y and size")
    if not steps_per_epoch and dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise RecipeError(
            "the dataset has no end, and so would the first epoch: give steps_per_epoch, images "
            "divided by the batch size (tfi2i.data.steps_per_epoch computes it)"
        )
    if isinstance(dataset.element_spec, tuple) and len(dataset.element_spec) == 1:
        dataset = dataset.map(lambda *element: element[0])
    single = not isinstance(dataset.element_spec, tuple)
    _check_form(model, dataset.element_spec)
    for element in dataset.take(1):
        first = check_batch(model, element)
        break
    else:
        raise DataError("the dataset is empty")
    if all(
        given.shape.is_fully_defined() and given.dtype == wanted.dtype
        for given, wanted in zip(tf.nest.flatten(dataset.element_spec), first, strict=True)
    ):
        return dataset
    shapes = [part.shape for part in first]

    @tf.autograph.experimental.do_not_convert
    def is_complete(*element: tf.Tensor) -> tf.Tensor:
        return tf.reduce_all([tf.shape(part)[0] == shapes[0][0] for part in element])

    @tf.autograph.experimental.do_not_convert
    def finish(*element: tf.Tensor) -> Any:
        parts = [tf.ensure_shape(p, s) for p, s in zip(_converted(element), shapes, strict=True)]
        return parts[0] if single else tuple(parts)

    return dataset.filter(is_complete).map(finish).prefetch(tf.data.AUTOTUNE)


def check_batch(model: "GAN", element: Any) -> list[tf.Tensor]:
    """Checks one batch; returns its parts in the form of `train_step`.

    Raises:
        DataError: If form, size, channels or range are not what the model takes.
        RecipeError: If the size of the batch does not suit the model.
    """
    given = [tf.convert_to_tensor(part) for part in tf.nest.flatten(element)]
    _check_form(model, tuple(tf.TensorSpec(part.shape, part.dtype) for part in given))
    sizes = [len(part) for part in given]
    if len(set(sizes)) > 1:
        raise DataError(f"the two parts of a batch have {sizes[0]} and {sizes[1]} elements")
    names = ("a", "b") if model.batch_kind in ("paired", "unpaired") else ("images",)
    for name, part, channels in zip(names, given, model.image_channels, strict=False):
        wanted = (*height_and_width(model.crop_size), channels)
        if tuple(part.shape[1:]) != wanted:
            raise DataError(
                f"{model.name} trains on images of {_size(wanted)}, and {name} has "
                f"{_size(part.shape[1:])}: change the images (training_batches has a crop_size "
                "too), or the model's crop_size and channels"
            )
        if part.dtype.is_floating:
            check_range(np.asarray(part, np.float32), f"the first batch of {name}")
    if model.batch_kind == "labelled":
        _check_labels(model, np.asarray(given[1]))
    if model.batch_kind == "captioned":
        _check_embeddings(model, np.asarray(given[1], np.float32))
    check_batch_size(model, sizes[0])
    return _converted(given)


def check_batch_size(
    model: "GAN", size: int, name: str = "the batch size", replicas: int | None = None
) -> None:
    """Raises a RecipeError unless `train_step` can take batches with this number of images.

    Args:
        model: What is trained.
        size: Images of all replicas together.
        name: The name under which the user sets it.
        replicas: Devices that share a batch; None takes those that the model is on.
    """
    parts = model.mini_batch_count
    replicas = replicas or model.distribute_strategy.num_replicas_in_sync
    if size < model.smallest_batch:
        raise RecipeError(
            f"{model.name} compares the images of a batch with each other: set {name} to at least "
            f"{model.smallest_batch}, not {size}"
        )
    if size % (parts * replicas):
        raise RecipeError(
            f"an iteration of {model.name} takes {parts} mini-batches of a batch, on {replicas} "
            f"device(s): set {name} to a multiple of {parts * replicas}, not {size}"
        )


def _converted(parts: Any) -> list[tf.Tensor]:
    """uint8 pixels to [-1, 1], other floats to float32, labels to int32."""
    return [
        tf.cast(part, tf.int32)
        if part.shape.rank == 1
        else to_float(part)
        if part.dtype == tf.uint8
        else tf.cast(part, tf.float32)
        for part in parts
    ]


def _size(shape: Any) -> str:
    return f"{shape[0]}x{shape[1]} pixels and {shape[2]} channels"


def _check_form(model: "GAN", spec: Any) -> None:
    """Raises a DataError unless elements look like batches of the model's kind."""
    parts = list(spec) if isinstance(spec, tuple) else [spec]
    wanted = 1 if model.batch_kind == "images" else 2
    beside = {
        "labelled": lambda part: part.shape.rank in (None, 1) and part.dtype.is_integer,
        "captioned": lambda part: part.shape.rank in (None, 2) and part.dtype.is_floating,
    }.get(model.batch_kind)
    images = parts[:1] if beside else parts
    fits = (
        len(parts) == wanted
        and all(isinstance(part, tf.TensorSpec) for part in parts)
        and all(part.shape.rank in (None, 4) for part in images)
        and all(part.dtype == tf.uint8 or part.dtype.is_floating for part in images)
        and (beside is None or beside(parts[1]))
    )
    if not fits:
        raise DataError(
            f"{model.name} trains on {_FORMS[model.batch_kind]}: images (B, H, W, C), uint8 or "
            f"floats in [-1, 1]; the data have {_in_words(spec)}"
        )


def _check_labels(model: "GAN", labels: np.ndarray) -> None:
    """Raises a DataError unless each label is the place of a name.

    TensorFlow would make NaN of others on a GPU.
    """
    names = model.label_names
    wrong = labels[(labels < 0) | (labels >= len(names))]
    if wrong.size:
        raise DataError(
            f"{model.name} has {len(names)} labels ({', '.join(names)}), so they are from 0 "
            f"to {len(names) - 1}; the data have {wrong[0]}"
        )


def _check_embeddings(model: "GAN", embeddings: np.ndarray) -> None:
    """Raises a DataError unless embeddings are finite and of the model's length."""
    if embeddings.shape[1] != model.caption_length:
        raise DataError(
            f"{model.name} takes captions as {model.caption_length} numbers, and the data have "
            f"{embeddings.shape[1]}: set embedding_length={embeddings.shape[1]}"
        )
    if not np.isfinite(embeddings).all():
        raise DataError("the first batch has embeddings of captions that are not finite")


def _in_words(spec: Any) -> str:
    if isinstance(spec, tf.TensorSpec):
        return f"{spec.dtype.name} {tuple(spec.shape) if spec.shape.rank is not None else '(?)'}"
    if isinstance(spec, tuple):
        return f"({', '.join(_in_words(part) for part in spec)})"
    return str(spec)


def _of_arrays(model: "GAN", x: Any, y: Any, batch_size: int | None, shuffle: bool):
    parts: list[Any] = [x] if y is None else [x, y]
    if y is None and isinstance(x, list | tuple):
        parts = list(x)
    if not all(isinstance(part, np.ndarray | tf.Tensor) for part in parts):
        raise DataError(
            f"{model.name} trains on a tf.data.Dataset of batches or on arrays, not on "
            f"{', '.join(type(part).__name__ for part in parts)}; "
            "tf.data.Dataset.from_generator makes a dataset of a generator"
        )
    if batch_size is None:
        raise RecipeError("fit on arrays needs batch_size: of GANs, papers' range from 1 to 80")
    counts = [len(part) for part in parts]
    if len(set(counts)) > 1:
        raise DataError(
            f"the arrays have {counts[0]} and {counts[1]} images, and fit takes them side by side: "
            "cut the longer one, or zip two shuffled datasets of which the shorter repeats"
        )
    if counts[0] < batch_size:
        raise DataError(f"{counts[0]} images are less than one batch of {batch_size}")
    if model.batch_kind == "labelled" and len(parts) == 2:
        _check_labels(model, np.asarray(parts[1]))
    dataset = tf.data.Dataset.from_tensor_slices(tuple(parts) if len(parts) > 1 else parts[0])
    if shuffle:
        dataset = dataset.shuffle(counts[0], seed=model.seed)
    return dataset.batch(batch_size, drop_remainder=True)
