"""The discriminator of InfoGAN, which also tells what an image was made of."""

import keras

from tfi2i.image_sizes import Size, height_and_width
from tfi2i.networks.blocks import convolution, leaky_relu, normalisation
from tfi2i.networks.dcgan import dcgan_discriminator

_HIDDEN = 128


def information_discriminator(
    *,
    codes: int,
    continuous_codes: int,
    image_size: Size,
    channels: int = 1,
    depth: int | None = None,
    filters: int = 64,
    name: str = "discriminator",
) -> keras.Model:
    """Builds D and Q: images -> [scores (B, 1), logits (B, codes), means (B, continuous_codes)].

    Q shares all convolutions of D, and adds a layer of 128 units and one that draws its
    distribution (Chen et al. 2016, section 6 and appendix C.1). D is DCGAN's.

    Args:
        codes: Values of the categorical code.
        continuous_codes: How many continuous ones there are; 0 leaves the means empty.
        image_size: Height and width of the images.
        channels: Channels of the images.
        depth: See `dcgan_discriminator`.
        filters: See `dcgan_discriminator`.
        name: The model's name.
    """
    trunk = dcgan_discriminator(
        image_size=image_size,
        channels=channels,
        depth=depth,
        filters=filters,
        with_features=True,
        name="trunk",
    )
    images = keras.Input((*height_and_width(image_size), channels), name="image")
    scores, features = trunk(images)
    covered = (features.shape[1], features.shape[2])
    hidden = convolution(
        features, _HIDDEN, covered, padding="valid", name="code_hidden_conv", use_bias=False
    )
    hidden = leaky_relu(normalisation(hidden, "batch", name="code_norm"), "code_relu")
    found = convolution(
        hidden, codes + continuous_codes, 1, padding="valid", name="code_conv", dtype="float32"
    )
    found = keras.layers.Flatten(dtype="float32", name="code")(found)
    return keras.Model(images, [scores, found[:, :codes], found[:, codes:]], name=name)
