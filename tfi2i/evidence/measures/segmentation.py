"""Do generated images show what their labels say? This is pix2pix' FCN-score, with our own network.

Isola et al. 2017, section 3.4: a segmentation network that was trained on real images reads the
classes off generated ones. If these look real, it finds the classes that they were made from.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, size_in_words
from tfi2i.metrics.precision import single_precision
from tfi2i.metrics.segmentation import class_figures

if TYPE_CHECKING:
    import keras

    from tfi2i.data import DataSource
    from tfi2i.training import GAN

_STEPS = 500
_BATCH_SIZE = 16
_WIDTHS = (24, 48, 96)


def segmentation_score(
    model: "GAN", source: "DataSource", cache: Path | None = None
) -> dict[str, float]:
    """Scores translations of label maps of the Earth, `earth:labels-<b>`.

    The network, a small U-Net, is trained on the training images of b and their labels. It is
    always trained in the same way, in less than a minute, so that all models that are compared meet
    the same network.

    Args:
        model: Translates label maps.
        source: The model's data; the test images are translated and scored, at the model's training
            size.
        cache: A folder where the trained network is kept for the next model, or None.

    Returns:
        `pixel_accuracy`, `class_accuracy` and `class_iou` of the translations (see
        `class_figures`), and the same for the real images, with `real_` before the name: the
        ceiling.

    Raises:
        DataError: Domain a is not the Earth's label map.
    """
    from tfi2i.data import evaluation_arrays
    from tfi2i.data.builtin.land_cover import CLASSES, classes_of_colours

    if not source.name.startswith("earth:labels-") or source.kind != "paired":
        raise DataError(
            f"{source.name} has no label maps; segmentation is scored on earth:labels-*"
        )
    size = model.crop_size
    labels, real, _ = evaluation_arrays(source, size=size)
    assert real is not None
    segmenter = _trained_segmenter(source, size, len(CLASSES), cache)
    truth = classes_of_colours(labels)
    figures = {}
    for prefix, images in (("", model.translate_batch(labels)), ("real_", real)):
        found = _segment(segmenter, images)
        figures |= {prefix + key: value for key, value in class_figures(truth, found).items()}
    return figures


def _trained_segmenter(
    source: "DataSource", size: Size, classes: int, cache: Path | None
) -> "keras.Model":
    from tfi2i.training.files.array_file import read_arrays
    from tfi2i.training.files.arrays import assign_arrays, variables_to_arrays, write_arrays

    model = _build(classes)
    variables = {variable.path: variable for variable in model.variables}
    kept = (
        cache / f"segmenter-{source.fingerprint[-12:]}-{size_in_words(size)}.npz" if cache else None
    )
    if kept is not None and kept.exists():
        assign_arrays(variables, read_arrays(kept), source=kept)
        return model
    _train(model, source, size)
    if kept is not None:
        write_arrays(kept, variables_to_arrays(variables))
    return model


def _train(model: "keras.Model", source: "DataSource", size: Size) -> None:
    """Adam with a rate that falls to zero; tiles turned and mirrored, which maps of land allow."""
    import keras

    from tfi2i.data import evaluation_arrays, to_float
    from tfi2i.data.builtin.land_cover import classes_of_colours

    labels, images, _ = evaluation_arrays(source, split="train", size=size)
    assert images is not None
    classes, floats = classes_of_colours(labels), to_float(images)
    random = np.random.default_rng(0)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, _STEPS)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    # Else the first step makes the moments, and the second is traced anew without that.
    model.optimizer.build(model.trainable_variables)
    for _ in range(_STEPS):
        chosen = random.choice(len(floats), min(_BATCH_SIZE, len(floats)), replace=False)
        turns, mirrored = (int(random.integers(choices)) for choices in (4, 2))
        batch = [np.rot90(array[chosen], turns, axes=(1, 2)) for array in (floats, classes)]
        x, y = (np.ascontiguousarray(part[:, :: 1 - 2 * mirrored]) for part in batch)
        model.train_on_batch(x, y)


def _segment(model: "keras.Model", images: np.ndarray) -> np.ndarray:
    from tfi2i.data import to_float

    logits = [
        model.predict_on_batch(to_float(images[first : first + _BATCH_SIZE]))
        for first in range(0, len(images), _BATCH_SIZE)
    ]
    return np.concatenate(logits).argmax(axis=-1).astype(np.uint8)


@single_precision()
def _build(classes: int) -> "keras.Model":
    """A U-Net with three halvings; every kernel starts from a seed of its own."""
    from keras import Input, Model, initializers, layers

    def convolve(x, width: int, name: str, stride: int = 1):
        # The name gives each layer its own first weights, always the same.
        kernel = initializers.HeUniform(seed=sum(map(ord, name)))
        x = layers.Conv2D(
            width, 3, stride, "same", use_bias=False, kernel_initializer=kernel, name=name
        )(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x))

    images = Input((None, None, 3), name="images")
    x = convolve(images, 16, "first")
    levels = []
    for level, width in enumerate(_WIDTHS):
        levels.append(x)
        x = convolve(x, width, f"down{level}", 2)
        x = convolve(x, width, f"wide{level}")
    for level, (skip, width) in enumerate(zip(levels[::-1], (48, 24, 16), strict=True)):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), skip])
        x = convolve(x, width, f"up{level}")
    logits = layers.Conv2D(
        classes, 1, kernel_initializer=initializers.GlorotUniform(seed=0), name="logits"
    )(x)
    return Model(images, logits, name="segmenter")
