"""The functions that a served generator answers: arrays, and files in bytes."""

from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf

from tfi2i.export.encoded import decode_checked
from tfi2i.export.encoded_deep import decode_deep
from tfi2i.export.generator import InferenceGenerator
from tfi2i.export.graph import pad_by_reflection, require, require_pixels
from tfi2i.export.scale import at_scale, scaled_sides

# The channels that both the decoders and the PNG encoder of TensorFlow take.
ENCODABLE_CHANNELS = (1, 3)

# From an image's index in its batch and float32 (H, W, C) to float32 (H, W, C_out), both on the
# scale of pixels.
Translate = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def signatures_of(generator: InferenceGenerator, max_pixels: int, scale: float) -> dict[str, Any]:
    """Builds the tf.functions of `export_saved_model`; all share one graph and its variables."""
    translate = _translate(generator, max_pixels, scale)
    floats = _of_arrays(generator, translate, max_pixels, "float32", "float32")
    if generator.is_plain:
        signatures: dict[str, Any] = {"serving_default": floats}
    else:
        dtypes = generator.takes.dtype, generator.gives.dtype
        signatures = {"serving_default": _of_arrays(generator, translate, max_pixels, *dtypes)}
        if "uint16" in dtypes:
            signatures["serving_float32"] = floats
    whole = generator.takes.is_whole and generator.gives.is_whole
    if whole and {generator.input_channels, generator.output_channels} <= {*ENCODABLE_CHANNELS}:
        signatures["serving_bytes"] = _of_files(generator, translate, max_pixels)
    return signatures


def translated_pixels(generator: InferenceGenerator, image: tf.Tensor) -> tf.Tensor:
    """What all signatures compute for one image.

    Args:
        generator: gives the value ranges of both sides.
        image: float32 (H, W, C) on the scale of the pixels that go in.

    Returns:
        float32 (H, W, C_out) on the scale of those that come out, in their range, not rounded
        unless images are resized to the one size that the generator takes.
    """
    if generator.only_size is not None:
        ranges = generator.takes, generator.gives
        return at_scale(partial(_computed, generator), image, generator.only_size, ranges)
    return _computed(generator, image)


def _computed(generator: InferenceGenerator, image: tf.Tensor) -> tf.Tensor:
    """`translated_pixels` of an image whose size the generator takes or is padded to."""
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    padded = pad_by_reflection(generator.takes.to_float(image[tf.newaxis]), generator)
    output = generator.model(padded, training=False)[0, :height, :width]
    low, high = generator.gives.low, generator.gives.high
    scaled = (output + 1.0) * ((high - low) / 2)
    return tf.clip_by_value(scaled + low if low else scaled, low, high)


def _translate(generator: InferenceGenerator, max_pixels: int, scale: float) -> Translate:
    """`translated_pixels` at a scale, traced once."""
    shape = (None, None, generator.input_channels)

    @tf.function(input_signature=[tf.TensorSpec((), tf.int32), tf.TensorSpec(shape, tf.float32)])
    def translated(index: tf.Tensor, image: tf.Tensor) -> tf.Tensor:
        if scale == 1:
            return translated_pixels(generator, image)
        height, width = tf.unstack(scaled_sides(tf.shape(image)[:2], scale))
        where = "the image at index ", index, f", with its sides times {scale:g}: "
        fits = require_pixels(height, width, 1, generator, max_pixels, *where)
        with tf.control_dependencies([fits]):
            image = tf.identity(image)
        ranges, sides = (generator.takes, generator.gives), tf.stack([height, width])
        return at_scale(partial(_computed, generator), image, sides, ranges)

    return translated


def _of_arrays(
    generator: InferenceGenerator, translate: Translate, max_pixels: int, taken: str, made: str
) -> Any:
    """From images in one dtype to images in another: whole numbers are rounded."""
    shape = (None, None, None, generator.input_channels)

    @tf.function(input_signature=[tf.TensorSpec(shape, taken, name="images")])
    def serving(images: tf.Tensor) -> dict[str, tf.Tensor]:
        count, height, width, _ = tf.unstack(tf.shape(images))
        checks = [require_pixels(height, width, count, generator, max_pixels)]
        if taken == "float32" and not generator.is_plain:
            checks.append(_require_finite(images))
        with tf.control_dependencies(checks):
            numbered = tf.range(count), tf.identity(images)

        def one(index: tf.Tensor, image: tf.Tensor) -> tf.Tensor:
            return _in_dtype(translate(index, tf.cast(image, tf.float32)), made)

        return {"images": _one_by_one(one, numbered, made)}

    return serving


def _of_files(generator: InferenceGenerator, translate: Translate, max_pixels: int) -> Any:
    """From encoded images to PNGs."""
    decode = decode_deep if generator.takes.dtype == "uint16" else decode_checked

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="encoded")])
    def serving_bytes(encoded: tf.Tensor) -> dict[str, tf.Tensor]:
        def one(index: tf.Tensor, file: tf.Tensor) -> tf.Tensor:
            pixels = tf.cast(decode(file, index, generator, max_pixels), tf.float32)
            return tf.io.encode_png(_in_dtype(translate(index, pixels), generator.gives.dtype))

        numbered = tf.range(tf.size(encoded)), encoded
        return {"png_bytes": _one_by_one(one, numbered, "string")}

    return serving_bytes


def _require_finite(images: tf.Tensor) -> tf.Operation:
    broken = tf.math.count_nonzero(~tf.math.is_finite(images))
    return require(broken == 0, "images have ", broken, " values that are not finite: fill them")


def _in_dtype(pixels: tf.Tensor, dtype: str) -> tf.Tensor:
    return pixels if dtype == "float32" else tf.cast(tf.round(pixels), dtype)


def _one_by_one(function: Translate, numbered: tuple[tf.Tensor, tf.Tensor], dtype: str) -> Any:
    """Maps one image after the other: one fills every core by the fused kernels, which take one."""
    return tf.map_fn(
        lambda one: function(*one),
        numbered,
        fn_output_signature=tf.as_dtype(dtype),
        parallel_iterations=1,
    )
