"""Training batches: shuffled, cropped, flipped, in [-1, 1]; batch k follows from (seed, k) alone.

There is no state between batches. The order of the images in an epoch is a permutation that
`index_shuffle` computes from the seed and the epoch; crops and flips are drawn by stateless
operations from the seed and the step. A run that stopped after k steps goes on with
`start_step=k` and sees exactly the batches that it would have seen.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import tensorflow as tf

from tfi2i.data.decode.pixels import to_float
from tfi2i.data.decode.values import ValueRange
from tfi2i.data.pipeline import draws
from tfi2i.data.pipeline.augment import Augmenter
from tfi2i.data.pipeline.datasets import user_batches
from tfi2i.data.pipeline.grids import pairs_on_one_grid
from tfi2i.data.pipeline.process_end import while_the_process_lives
from tfi2i.data.pipeline.store import CACHE_BYTES, ImageStore, MemoryBudget, random_crops
from tfi2i.data.source import DataSource
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, as_size, height_and_width, size_in_words


def steps_per_epoch(source: DataSource, batch_size: int) -> int:
    """Full batches in one epoch: `max(|A|, |B|) // batch_size`.

    Raises:
        DataError: there are fewer images than one batch, or the source is a dataset of unknown
            length.
    """
    if batch_size < 1:
        raise DataError(f"batch_size={batch_size} is not possible: it is 1 or more")
    if source.dataset is not None:
        count = int(source.dataset.cardinality())
        if count < 0:
            raise DataError(
                f"{source.name} does not know its length; state the number of steps per epoch"
            )
    else:
        train = source.splits["train"]
        count = max(len(train.a), len(train.b) if train.b is not None else 0)
    if count < batch_size:
        raise DataError(
            f"{source.name} has {count} training images, which is less than one batch of "
            f"{batch_size}; use a batch size of at most {count} or add images"
        )
    return count // batch_size


def training_batches(
    source: DataSource,
    *,
    batch_size: int = 1,
    load_size: Size | None = 286,
    crop_size: Size = 256,
    flip: bool = True,
    augment: Sequence[Any] = (),
    seed: int = 0,
    start_step: int = 0,
    cache: bool = True,
) -> tf.data.Dataset:
    """Endless complete batches of the training images.

    Every image is visited once before any is visited again; an epoch's last images and the next
    one's first may share a batch. `a` and `b` of an unpaired source have their own order and
    their own draws; a pair shares its order, crop, flip and augmentation.

    Args:
        source: the images.
        batch_size: images per batch (per domain).
        load_size: images are stretched to this size (bicubic) before the crop: to a square with a
            number, as in the papers, or to (height, width); None crops from the original size.
        crop_size: side of the random square crop, or (height, width).
        flip: mirror left to right with probability 1/2.
        augment: Keras (or KerasCV) layers, called in turn on float32 batches in 0..255 after crop
            and flip, with `training=True`; the result is clipped to 0..255. For a pair, every
            random generator in the layers starts from the same state for a and for b. Layers whose
            draws cannot be repeated are refused for pairs, and otherwise warned about.
        seed: chooses order and draws.
        start_step: number of batches to leave out: those that a stopped run has seen.
        cache: keep decoded, resized images in memory, up to 2 GiB; the others are decoded anew.

    Returns:
        A dataset without end. Elements: (a, b) for paired and unpaired, (image, int32 label) for
        labelled, (image, float32 embedding) for captioned, image otherwise; images are float32
        (batch_size, height, width, C) of the crop, in [-1, 1]. With a `tf.data.Dataset` as source
        only batching, augmentation and the conversion are done here: size, order and flips are the
        user's, and `start_step` skips its elements.

    Raises:
        DataError: fewer images than one batch, or images smaller than the crop.
    """
    start = batches_from(
        source,
        batch_size=batch_size,
        load_size=load_size,
        crop_size=crop_size,
        flip=flip,
        augment=augment,
        seed=seed,
        cache=cache,
    )
    return start(start_step)


def batches_from(
    source: DataSource,
    *,
    batch_size: int,
    load_size: Size | None,
    crop_size: Size,
    flip: bool,
    augment: Sequence[Any] = (),
    seed: int,
    cache: bool,
) -> Callable[[int], tf.data.Dataset]:
    """The function from a step to the batches from there on; see `training_batches`.

    All that it returns share one cache: images are decoded once, wherever training is taken up.
    """
    load = None
    if source.dataset is None:
        steps_per_epoch(source, batch_size)
        check_crop(source, load_size, crop_size)
        source = source if load_size is not None else pairs_on_one_grid(source)
        budget = MemoryBudget(CACHE_BYTES if cache else 0)
        load = _loader(source, load_size, batch_size, crop_size, flip, seed, budget)

    def batches(start_step: int) -> tf.data.Dataset:
        if start_step < 0:
            raise DataError(f"start_step={start_step} is not possible: it is 0 or more")
        # Not range(): Keras would take its huge length for the number of batches in an epoch.
        steps = tf.data.Dataset.counter(start=start_step)
        if load is None:
            loaded = user_batches(source.dataset, batch_size, start_step)
        else:
            loaded = steps.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        finish = _finisher(source, augment, seed, loaded.element_spec)
        return (
            tf.data.Dataset.zip(steps, loaded)
            # The layers' random generators are variables that every step sets: one at a time.
            .map(finish, num_parallel_calls=None if augment else tf.data.AUTOTUNE)
            .prefetch(tf.data.AUTOTUNE)
            .with_options(_options())
        )

    return batches


def check_crop(source: DataSource, load_size: Size | None, crop_size: Size) -> None:
    """Raises a DataError if an image would be smaller than the crop."""
    crop = height_and_width(as_size(crop_size, "crop_size"))
    if load_size is not None:
        load = height_and_width(as_size(load_size, "load_size"))
        if not _contains(load, crop):
            larger = size_in_words((max(load[0], crop[0]), max(load[1], crop[1])))
            raise DataError(
                f"load_size={size_in_words(load)} is smaller than crop_size={size_in_words(crop)}: "
                f"a crop is cut from the loaded image. Set load_size to {larger} or more"
            )
        return
    train = pairs_on_one_grid(source).splits["train"]
    for images in (train.a, train.b) if train.b is not None else (train.a,):
        sizes = zip(images.names, images.sizes, strict=True)
        small = [(name, size) for name, size in sizes if not _contains(size, crop)]
        if small:
            name, (height, width) = small[0]
            raise DataError(
                f"{source.name}: {len(small)} of {len(images)} training images are smaller than "
                f"crop_size={size_in_words(crop)}, such as {name} (height {height}, width "
                f"{width}); use a smaller crop_size, or a load_size, which resizes them"
            )


def _contains(size: tuple[int, int], crop: tuple[int, int]) -> bool:
    return size[0] >= crop[0] and size[1] >= crop[1]


def data_error_in(error: tf.errors.OpError) -> DataError | None:
    """The DataError that a batch failed with, taken from the error that TensorFlow made from it.

    Damage in a file can show only when it is decoded, in the middle of training. What `fit` then
    raises is TensorFlow's error, with the message about the file somewhere inside.
    """
    found = re.search(r"DataError: (.*?)\n(?:Traceback|\s*\[\[)", error.message, re.DOTALL)
    return DataError(found.group(1).strip()) if found else None


def _loader(
    source: DataSource,
    load_size: Size | None,
    batch_size: int,
    crop_size: Size,
    flip: bool,
    seed: int,
    budget: MemoryBudget,
) -> Callable[[tf.Tensor], Any]:
    """The function from a step to its element, with pixels."""
    height, width = height_and_width(crop_size)
    train = source.splits["train"]
    # What an image brings along: the number of its class, or the embedding of its caption.
    beside = {
        "labelled": lambda: tf.constant(train.labels, tf.int32),
        "captioned": lambda: tf.constant(train.embeddings, tf.float32),
    }.get(source.kind, lambda: None)()
    # Images in one group share their order and draws.
    groups = [[train.a]]
    if source.kind in ("paired", "unpaired") and train.b is not None:
        groups = [[train.a, train.b]] if source.kind == "paired" else [[train.a], [train.b]]
    stores = [[ImageStore(images, load_size, budget) for images in group] for group in groups]
    purposes = [(draws.ORDER_A, draws.CROP_A), (draws.ORDER_B, draws.CROP_B)]

    @tf.autograph.experimental.do_not_convert
    def load(step: tf.Tensor) -> Any:
        parts = []
        for group, (order, crop) in zip(stores, purposes, strict=False):
            count = len(group[0])
            indices = draws.visited(seed, order, step, batch_size=batch_size, count=count)
            random = tf.random.stateless_uniform([batch_size, 3], draws.key(seed, crop, step))
            crops = tf.numpy_function(
                while_the_process_lives(
                    partial(random_crops, group, size=(height, width), flip=flip)
                ),
                [indices, random],
                [tf.as_dtype(store.dtype) for store in group],
            )
            for store, pixels in zip(group, crops, strict=True):
                pixels.set_shape((batch_size, height, width, store.channels))
                parts.append(pixels)
            if beside is not None:
                parts.append(tf.gather(beside, indices))
        return tuple(parts) if len(parts) > 1 else parts[0]

    return load


def _finisher(
    source: DataSource, augment: Sequence[Any], seed: int, spec: Any
) -> Callable[[tf.Tensor, Any], Any]:
    """The function that augments the images of an element and brings them to [-1, 1]."""
    kind = source.kind
    range_a, range_b = source.value_ranges
    domains = 2 if kind in ("paired", "unpaired") else 1
    augmenter = Augmenter(augment, seed) if augment else None
    if augmenter is not None:
        for part in (spec if isinstance(spec, tuple) else (spec,))[:domains]:
            augmenter.check(part.shape[1:], paired=kind == "paired")

    def finish_image(
        step: tf.Tensor, images: tf.Tensor, value_range: ValueRange, purpose: int
    ) -> tf.Tensor:
        if images.dtype == value_range.dtype:
            floats = value_range.to_float(images)
        else:
            floats = tf.cast(images, tf.float32)  # A dataset's, in [-1, 1] already.
        if augmenter is None:
            return floats
        return to_float(augmenter((floats + 1.0) * 127.5, step=step, purpose=purpose))

    @tf.autograph.experimental.do_not_convert
    def finish(step: tf.Tensor, element: Any) -> Any:
        if kind == "images":
            return finish_image(step, element, range_a, draws.AUGMENT_A)
        first, second = element
        first = finish_image(step, first, range_a, draws.AUGMENT_A)
        if kind == "labelled":
            return first, tf.cast(second, tf.int32)
        if kind == "captioned":
            return first, tf.cast(second, tf.float32)
        purpose = draws.AUGMENT_A if kind == "paired" else draws.AUGMENT_B
        return first, finish_image(step, second, range_b, purpose)

    return finish


def _options() -> tf.data.Options:
    options = tf.data.Options()
    options.deterministic = True
    # Several workers see the same stream and each takes its part of every batch.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return options
