"""The way back from an image to its latent, by the convolutions of DCGAN's discriminator."""

import keras

from tfi2i.image_sizes import Size
from tfi2i.networks.blocks import Norm
from tfi2i.networks.dcgan import dcgan_depth, dcgan_discriminator


def dcgan_encoder(
    *,
    latent_length: int = 100,
    image_size: Size = 64,
    channels: int = 3,
    depth: int | None = None,
    filters: int = 64,
    norm: Norm = "batch",
    name: str = "encoder",
) -> keras.Model:
    """Builds an encoder: images (B, H, W, channels) -> [mean, log_variance] of their latents.

    Both are (B, latent_length), unbounded, float32. All convolutions of `dcgan_discriminator` but
    the last, which gives a score there, and two dense layers on what is left of the image.

    Args:
        latent_length: Components of the latent.
        image_size: Height and width of the images, multiples of 2**depth.
        channels: Channels of the images.
        depth: How many times the images are halved; None takes `dcgan_depth`.
        filters: Channels after the first convolution.
        norm: "batch", "instance" or "none".
        name: The model's name.

    Raises:
        RecipeError: The size cannot be halved that often.
    """
    depth = dcgan_depth(image_size) if depth is None else depth
    trunk = dcgan_discriminator(
        image_size=image_size, channels=channels, depth=depth, filters=filters, norm=norm
    )
    maps = trunk.get_layer(f"down{depth}_relu").output
    values = keras.layers.Flatten(name="flat")(maps)
    heads = [_head(values, latent_length, part) for part in ("mean", "log_variance")]
    return keras.Model(trunk.inputs[0], heads, name=name)


def _head(values, latent_length: int, name: str):
    """In float32: the variance is the exponential of what comes out."""
    layer = keras.layers.Dense(
        latent_length,
        kernel_initializer=keras.initializers.RandomNormal(0.0, 0.02),
        dtype="float32",
        name=name,
    )
    return layer(values)
