"""The functions that a served generator answers: arrays, and files in bytes."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import tensorflow as tf

from tfi2i.export.beside_images import decoded_style, one_for_each, requirements
from tfi2i.export.encoded import decode_checked
from tfi2i.export.encoded_deep import decode_deep
from tfi2i.export.generator import InferenceGenerator
from tfi2i.export.graph import in_shape, pad_by_reflection, require, require_pixels
from tfi2i.export.scale import at_scale, scaled_sides

# The channels that both the decoders and the PNG encoder of TensorFlow take.
ENCODABLE_CHANNELS = (1, 3)

# From an image's index in its batch, float32 (H, W, C), and what stands beside it where the
# generator takes that, to float32 (H, W, C_out); images are on the scale of pixels.
Translate = Callable[..., tf.Tensor]


def signatures_of(
    generators: Sequence[InferenceGenerator], max_pixels: int, scale: float
) -> dict[str, Any]:
    """Builds the functions of `export_saved_model`; all of a generator share one graph.

    Args:
        generators: One, or that of images alone and then one that takes more; what the latter
            answers has the name of what it takes at its end.
        max_pixels: See `export_saved_model`.
        scale: See `export_saved_model`.
    """
    found = _signatures(generators[0], max_pixels, scale)
    for generator in generators[1:]:
        assert generator.condition is not None
        for name, function in _signatures(generator, max_pixels, scale).items():
            found[f"{name.removesuffix('_default')}_{generator.condition.kind}"] = function
    return found


def _signatures(generator: InferenceGenerator, max_pixels: int, scale: float) -> dict[str, Any]:
    """Those of one generator."""
    translate = _translate(generator, max_pixels, scale)

    def of_arrays(taken: str, made: str) -> Any:
        return _of_arrays(generator, translate, max_pixels, taken, made)

    if generator.is_plain:
        signatures = {
            "serving_default": of_arrays("float32", "float32"),
            "serving_uint8": of_arrays("uint8", "uint8"),
        }
    else:
        dtypes = generator.takes.dtype, generator.gives.dtype
        signatures = {"serving_default": of_arrays(*dtypes)}
        if "uint16" in dtypes:
            signatures["serving_float32"] = of_arrays("float32", "float32")
    whole = generator.takes.is_whole and generator.gives.is_whole
    if whole and {generator.input_channels, generator.output_channels} <= {*ENCODABLE_CHANNELS}:
        signatures["serving_bytes"] = _of_files(generator, translate, max_pixels)
    return signatures


def translated_pixels(
    generator: InferenceGenerator, image: tf.Tensor, *beside: tf.Tensor
) -> tf.Tensor:
    """What all signatures compute for one image.

    Args:
        generator: gives the value ranges of both sides.
        image: float32 (H, W, C) on the scale of the pixels that go in.
        *beside: what a client gives with it, where the generator takes more than images.

    Returns:
        float32 (H, W, C_out) on the scale of those that come out, in their range, not rounded
        unless images are resized to the one size that the generator takes.
    """
    if generator.only_size is not None:
        ranges = generator.takes, generator.gives
        compute = partial(_computed, generator, beside)
        return at_scale(compute, image, generator.only_size, ranges)
    return _computed(generator, beside, image)


def _computed(
    generator: InferenceGenerator, beside: tuple[tf.Tensor, ...], image: tf.Tensor
) -> tf.Tensor:
    """`translated_pixels` of an image whose size the generator takes or is padded to."""
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    padded = pad_by_reflection(generator.takes.to_float(image[tf.newaxis]), generator)
    inputs: Any = padded
    if generator.condition is not None:
        inputs = [padded, generator.condition.as_input(*beside)]
    output = generator.model(inputs, training=False)[0, :height, :width]
    low, high = generator.gives.low, generator.gives.high
    scaled = (output + 1.0) * ((high - low) / 2)
    return tf.clip_by_value(scaled + low if low else scaled, low, high)


def _translate(generator: InferenceGenerator, max_pixels: int, scale: float) -> Translate:
    """`translated_pixels` at a scale, traced once."""
    shape = (None, None, generator.input_channels)
    specs = [tf.TensorSpec((), tf.int32), tf.TensorSpec(shape, tf.float32)]
    if generator.condition is not None:
        specs.append(generator.condition.spec(()))

    @tf.function(input_signature=specs, autograph=False)
    def translated(index: tf.Tensor, image: tf.Tensor, *beside: tf.Tensor) -> tf.Tensor:
        if scale == 1:
            return translated_pixels(generator, image, *beside)
        height, width = tf.unstack(scaled_sides(tf.shape(image)[:2], scale))
        where = "the image at index ", index, f", with its sides times {scale:g}: "
        fits = require_pixels(height, width, 1, generator, max_pixels, *where)
        with tf.control_dependencies([fits]):
            image = tf.identity(image)
        ranges, sides = (generator.takes, generator.gives), tf.stack([height, width])
        return at_scale(partial(_computed, generator, beside), image, sides, ranges)

    return translated


def _of_arrays(
    generator: InferenceGenerator, translate: Translate, max_pixels: int, taken: str, made: str
) -> Any:
    """From images in one dtype to images in another: whole numbers are rounded."""
    shape = (None, None, None, generator.input_channels)
    specs = {"images": tf.TensorSpec(shape, taken, name="images")}
    if generator.condition is not None:
        specs[generator.condition.kind] = generator.condition.spec()

    def serving(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        images, *beside = in_shape(given, specs)
        count, height, width, _ = tf.unstack(tf.shape(images))
        checks = [require_pixels(height, width, count, generator, max_pixels)]
        if taken == "float32" and not generator.is_plain:
            checks.append(_require_finite(images))
        for one in beside:
            checks += requirements(one, count, generator, max_pixels)
        with tf.control_dependencies(checks):
            elements = tf.range(count), tf.identity(images), *beside

        def one(index: tf.Tensor, image: tf.Tensor, *beside: tf.Tensor) -> tf.Tensor:
            return _in_dtype(translate(index, tf.cast(image, tf.float32), *beside), made)

        return {"images": _one_by_one(one, elements, made)}

    return tf.function(serving, autograph=False).get_concrete_function(**specs)


def _of_files(generator: InferenceGenerator, translate: Translate, max_pixels: int) -> Any:
    """From encoded images to PNGs; a style is an encoded image too."""
    decode = decode_deep if generator.takes.dtype == "uint16" else decode_checked
    condition = generator.condition
    specs = {"encoded": tf.TensorSpec((None,), tf.string, name="encoded")}
    of_style = condition is not None and condition.kind == "style"
    if condition is not None:
        file = tf.TensorSpec((None,), tf.string, name="style")
        specs[condition.kind] = file if of_style else condition.spec()

    def serving_bytes(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        encoded, *beside = in_shape(given, specs)
        count, checks = tf.size(encoded), []
        if condition is not None and of_style:
            checks = [one_for_each(beside[0], count, condition)]
        elif condition is not None:
            checks = requirements(beside[0], count, generator, max_pixels)
        with tf.control_dependencies(checks):
            elements = tf.range(count), tf.identity(encoded), *beside

        def one(index: tf.Tensor, file: tf.Tensor, *beside: tf.Tensor) -> tf.Tensor:
            if of_style:
                beside = (decoded_style(beside[0], index, generator, max_pixels),)
            pixels = tf.cast(decode(file, index, generator, max_pixels), tf.float32)
            translated = translate(index, pixels, *beside)
            return tf.io.encode_png(_in_dtype(translated, generator.gives.dtype))

        return {"png_bytes": _one_by_one(one, elements, "string")}

    return tf.function(serving_bytes, autograph=False).get_concrete_function(**specs)


def _require_finite(images: tf.Tensor) -> tf.Operation:
    broken = tf.math.count_nonzero(~tf.math.is_finite(images))
    return require(broken == 0, "images have ", broken, " values that are not finite: fill them")


def _in_dtype(pixels: tf.Tensor, dtype: str) -> tf.Tensor:
    return pixels if dtype == "float32" else tf.cast(tf.round(pixels), dtype)


def _one_by_one(function: Translate, elements: tuple[tf.Tensor, ...], dtype: str) -> Any:
    """Maps one image after the other: one fills every core by the fused kernels, which take one."""
    return tf.map_fn(
        lambda one: function(*one),
        elements,
        fn_output_signature=tf.as_dtype(dtype),
        parallel_iterations=1,
    )
