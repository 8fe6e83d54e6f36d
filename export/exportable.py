"""What cannot be exported, refused before anything is made."""

import keras
import numpy as np
import tensorflow as tf

from tfi2i.errors import DataError, ExportError
from tfi2i.inference.sizes import only_size, padded_side


def check_form(generator: keras.Model) -> None:
    """Refuses generators that are not from one batch of images to one.

    Raises:
        ExportError: It has several inputs or outputs, unknown channels, or no size_multiple though
            it takes several sizes.
    """
    if len(generator.inputs) != 1 or len(generator.outputs) != 1:
        raise ExportError(
            f"{generator.name!r} has {len(generator.inputs)} inputs and {len(generator.outputs)} "
            "outputs; only generators from one image to one image can be exported."
        )
    for role, tensor in (("input", generator.inputs[0]), ("output", generator.outputs[0])):
        if len(tensor.shape) != 4 or tensor.shape[-1] is None:
            raise ExportError(
                f"The {role} of {generator.name!r} has shape {tuple(tensor.shape)}; "
                "an image batch (B, H, W, C) with a known C is needed."
            )
    size_multiple = getattr(generator, "size_multiple", None)
    if only_size(generator) is not None:
        return
    if not isinstance(size_multiple, int) or size_multiple < 1:
        raise ExportError(
            f"{generator.name!r} has no attribute size_multiple. Set it to the number that "
            "height and width must be multiples of (1 for a network that keeps the size)."
        )


def check_finite(generator: keras.Model) -> None:
    """Raises an ExportError if a weight is not finite."""
    for variable in generator.variables:
        values = keras.ops.convert_to_numpy(keras.ops.cast(variable, "float32"))
        broken = int(values.size - np.isfinite(values).sum())
        if broken:
            raise ExportError(
                f"{generator.name!r} cannot be exported: {broken} of the {values.size} weights "
                f"{variable.path!r} are not finite. Take an earlier checkpoint."
            )


def check_repeatable(model: keras.Model) -> None:
    """Refuses generators that no file can agree with, because they do not agree with themselves.

    Raises:
        ExportError: It fails on the smallest images, or answers one image in two ways.
    """
    size = only_size(model) or 2 * (padded_side(1, model.size_multiple),)
    image = tf.random.stateless_uniform((1, *size, model.inputs[0].shape[-1]), (0, 0), -1, 1)
    try:
        first, second = model(image, training=False), model(image, training=False)
    except (tf.errors.InvalidArgumentError, DataError) as error:
        raise ExportError(
            f"{model.name!r} fails on images of {size[1]} x {size[0]} pixels, the smallest "
            "multiple of its size_multiple; set it to a number that it computes."
        ) from error
    # Kernels that add in another order on every run stay far below this.
    if tf.reduce_max(tf.abs(first - second)) > 1e-3:
        raise ExportError(
            f"{model.name!r} answers the same image differently every time: a layer draws random "
            "numbers at inference, so no exported file could agree with Keras. For dropout at "
            "test time use tfi2i.layers.Dropout, whose mask is fixed."
        )
