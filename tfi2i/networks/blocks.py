"""What networks are made of: convolutions that start as in the papers, norms, a size check."""

from typing import Any, Literal

import keras

from tfi2i.errors import DataError, RecipeError
from tfi2i.image_sizes import Size, height_and_width, size_in_words
from tfi2i.layers import (
    BatchNormalization,
    BlockConv2D,
    CropFirst2D,
    InstanceNormalization,
    LeakyReLU,
    NearestUpsampling2D,
    ProductConv2D,
    ProductConv2DTranspose,
    ReflectionPadding2D,
    SpectralNormalization,
)

Norm = Literal["batch", "instance", "none"]
Upsampling = Literal["transposed", "nearest"]
Padding = Literal["same", "reflect"]


def convolution(
    images,
    filters: int,
    kernel_size: int | tuple[int, int],
    *,
    name: str,
    stride: int = 1,
    padding: str = "same",
    use_bias: bool = True,
    spectral: bool = False,
    blockwise: bool = False,
    dtype: str | None = None,
):
    """Convolution with kernels ~ N(0, 0.02), as pix2pix and CycleGAN start them.

    Args:
        images: (B, H, W, C).
        filters: Channels out.
        kernel_size: Height and width of the kernel; one number with "reflect".
        name: The layer's name.
        stride: Step in pixels. "same" with a kernel of 4 and a stride of 2 pads one pixel on each
            side.
        padding: "same", "valid", or "reflect": as many pixels as "same", mirrored at the border.
        use_bias: False where a normalisation follows, which would take the bias out again.
        spectral: Divide the kernel by its largest singular value.
        blockwise: Compute 2x2 pixels at a time, which is faster where `filters` is 3: see
            `BlockConv2D`. It has no spectral form and is left out with `spectral`.
        dtype: Computation type where it is not the global policy's.
    """
    if padding == "reflect":
        assert isinstance(kernel_size, int)
        mirrored = ReflectionPadding2D((kernel_size - 1) // 2, name=f"{name}_pad")
        images, padding = mirrored(images), "valid"
    kind = BlockConv2D if blockwise and not spectral else ProductConv2D
    layer = kind(
        filters,
        kernel_size,
        strides=stride,
        padding=padding,
        use_bias=use_bias,
        kernel_initializer=_start_values(),
        name="wrapped" if spectral else name,
        dtype=dtype,
    )
    return _maybe_spectral(layer, spectral, name)(images)


def _start_values() -> Any:
    """A new initializer for every kernel: one object would give equal kernels equal values."""
    return keras.initializers.RandomNormal(0.0, 0.02)


def transposed_convolution(
    images, filters: int, kernel_size: int, *, name: str, use_bias: bool = True, spectral=False
):
    """Doubles height and width by a transposed convolution of stride 2, kernels ~ N(0, 0.02).

    It is the adjoint of the strided convolution that pads as many pixels on each side. With 4x4
    kernels that is Keras' "same". With odd kernels "same" lies one pixel off, and the full result
    is cropped instead.

    Args:
        images: (B, H, W, C).
        filters: Channels out.
        kernel_size: 3, 4 or 5.
        name: The layer's name.
        use_bias: False where a normalisation follows.
        spectral: Divide the kernel by its largest singular value.
    """
    layer = ProductConv2DTranspose(
        filters,
        kernel_size,
        strides=2,
        padding="same" if kernel_size == 4 else "valid",
        use_bias=use_bias,
        kernel_initializer=_start_values(),
        name="wrapped" if spectral else name,
    )
    images = _maybe_spectral(layer, spectral, name)(images)
    if kernel_size == 3:
        images = CropFirst2D(name=f"{name}_crop")(images)
    elif kernel_size % 2:
        border = (kernel_size // 2, kernel_size // 2 - 1)
        images = keras.layers.Cropping2D((border, border), name=f"{name}_crop")(images)
    return images


def double(
    images,
    filters: int,
    upsampling: Upsampling,
    *,
    name: str,
    use_bias: bool = True,
    spectral=False,
    padding: Padding = "same",
    beside=None,
):
    """Doubles height and width by a transposed 4x4 convolution, or by repetition and a 3x3 one.

    Args:
        images: (B, H, W, C).
        filters: Channels out.
        upsampling: "transposed", or "nearest", which draws no checkerboard.
        name: The convolution's name.
        use_bias: False where a normalisation follows.
        spectral: Divide the kernel by its largest singular value.
        padding: For the 3x3 convolution: "same" or "reflect". The transposed one has none.
        beside: A map (B, 2H, 2W, C') that the 3x3 convolution sees beside the doubled one, for
            "nearest" only. The four pixels that repeat one pixel differ only through their
            neighbours: finer detail has to come from this map.

    Raises:
        RecipeError: There is no such upsampling, or none that could see `beside`.
    """
    options = {"name": name, "use_bias": use_bias, "spectral": spectral}
    if upsampling == "transposed":
        if beside is not None:
            raise RecipeError("a skip of the input needs upsampling 'nearest', got 'transposed'")
        return transposed_convolution(images, filters, 4, **options)
    if upsampling == "nearest":
        larger = NearestUpsampling2D(name=f"{name}_up")(images)
        if beside is not None:
            larger = keras.layers.Concatenate(name=f"{name}_skip")([larger, beside])
        return convolution(larger, filters, 3, padding=padding, **options)
    raise RecipeError(f"upsampling is 'transposed' or 'nearest', got {upsampling!r}")


def _maybe_spectral(layer, spectral: bool, name: str) -> keras.layers.Layer:
    return SpectralNormalization(layer, name=name) if spectral else layer


def normalisation(
    images,
    norm: Norm,
    *,
    name: str,
    statistics_at_inference: Literal["moving", "image"] = "moving",
):
    """Batch or instance normalisation; with "none" the images as they are.

    Args:
        images: (B, H, W, C).
        norm: "batch", "instance" or "none".
        name: The layer's name.
        statistics_at_inference: For "batch": see `tfi2i.layers.BatchNormalization`.
    """
    if norm == "batch":
        layer = BatchNormalization(statistics_at_inference=statistics_at_inference, name=name)
    elif norm == "instance":
        layer = InstanceNormalization(name=name)
    elif norm == "none":
        return images
    else:
        raise RecipeError(f"norm must be 'batch', 'instance' or 'none', got {norm!r}.")
    return layer(images)


def leaky_relu(images, name: str):
    """LeakyReLU with the papers' slope of 0.2."""
    return LeakyReLU(negative_slope=0.2, name=name)(images)


def generator_model(inputs, images, *, size_multiple: int, name: str) -> keras.Model:
    """Ends a generator with tanh in float32; notes which multiples its image sizes must be."""
    images = keras.layers.Activation("tanh", dtype="float32", name="output")(images)
    model = keras.Model(inputs, images, name=name)
    model.size_multiple = size_multiple
    return model


def halved_size(image_size: Size, depth: int, name: str = "model.depth") -> tuple[int, int]:
    """Height and width of what images are halved to.

    Args:
        image_size: Of the images.
        depth: How often they are halved.
        name: What the user calls the depth.

    Raises:
        RecipeError: They cannot be halved so often without a rest.
    """
    height, width = height_and_width(image_size)
    if height % 2**depth or width % 2**depth:
        raise RecipeError(
            f"images are halved {depth} times, so height and width must be multiples of {2**depth} "
            f"pixels, not {size_in_words(image_size)}: change data.crop_size or {name}"
        )
    return height // 2**depth, width // 2**depth


def check_image_size(network: keras.Model, height: int, width: int) -> None:
    """Raises an error in words if a network cannot take images of this size.

    Args:
        network: Any network of this package; of a generator, `size_multiple` is looked at too.
        height: Pixels.
        width: Pixels.

    Raises:
        DataError: Height or width is not a multiple of what a generator needs, or so small that
            nothing is left behind the network's convolutions.
    """
    images = f"images of {height}x{width} (height x width)"
    multiple = getattr(network, "size_multiple", 1)
    if height % multiple or width % multiple:
        below = [max(1, side // multiple) * multiple for side in (height, width)]
        above = [side + multiple for side in below]
        raise DataError(
            f"{images} do not fit the network {network.name!r}: both must be multiples of "
            f"{multiple}, such as {size_in_words(below)} and {size_in_words(above)}. Resize, crop "
            "or pad them (data.crop_size), or choose a network with fewer downsampling steps "
            "(model.depth)"
        )
    try:
        network.compute_output_spec(_inputs_of_size(network, height, width))
    except (ValueError, DataError) as error:
        raise DataError(
            f"{images} are too small for the network {network.name!r}: nothing is left behind its "
            "convolutions. Take larger images (data.crop_size), or a network that looks at less "
            "(model.receptive_field, model.depth)"
        ) from error


def _inputs_of_size(network: keras.Model, height: int, width: int) -> Any:
    """Tensors without values, in which the sizes that the network leaves open are these."""

    def sized(shape: tuple) -> tuple:
        if len(shape) != 4:
            return (1, *shape[1:])
        return 1, shape[1] or height, shape[2] or width, shape[3]

    specs = [keras.KerasTensor(sized(one.shape), dtype=one.dtype) for one in network.inputs]
    return specs if len(specs) > 1 else specs[0]
