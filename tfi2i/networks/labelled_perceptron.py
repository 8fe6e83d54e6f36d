"""The networks of the first conditional GAN (Mirza and Osindero 2014, section 4.1)."""

import keras
import numpy as np

from tfi2i.image_sizes import Size, height_and_width
from tfi2i.layers import Dropout, Maxout

# Units of the layers for the latent or the image, for the label, and for both together; and of how
# many pieces D's maxout units are made.
_OF_GENERATOR = (200, 1000, 1200)
_OF_DISCRIMINATOR = ((240, 5), (50, 5), (240, 4))
_DROPOUT = 0.5


def labelled_perceptron_generator(
    *,
    latent_length: int = 100,
    label_length: int = 10,
    image_size: Size = 28,
    channels: int = 1,
    name: str = "generator",
) -> keras.Model:
    """Builds G: [latents (B, latent_length), labels (B, label_length)] -> images in [-1, 1].

    A layer of ReLUs each, a common one behind both, and pixels through a sigmoid, in [0, 1] as in
    the paper, which are brought to [-1, 1]. The paper's dropout of one half in G is left out:
    samples would differ from call to call, and exported files could not draw it. 2,413,984 weights
    by default.

    Args:
        latent_length: Components of the latent.
        label_length: Components of the label.
        image_size: Height and width of the images.
        channels: Channels of the images.
        name: The model's name.
    """
    shape = (*height_and_width(image_size), channels)
    of_latent, of_label, of_both = _OF_GENERATOR
    inputs = [
        keras.Input((latent_length,), name="latent"),
        keras.Input((label_length,), name="label"),
    ]
    hidden = [
        keras.layers.Dense(of_latent, activation="relu", name="latent_hidden")(inputs[0]),
        keras.layers.Dense(of_label, activation="relu", name="label_hidden")(inputs[1]),
    ]
    joined = keras.layers.Concatenate(name="joined")(hidden)
    joined = keras.layers.Dense(of_both, activation="relu", name="joint_hidden")(joined)
    pixels = keras.layers.Dense(
        int(np.prod(shape)), activation="sigmoid", name="pixels", dtype="float32"
    )(joined)
    pixels = keras.layers.Rescaling(2.0, -1.0, dtype="float32", name="rescaled")(pixels)
    images = keras.layers.Reshape(shape, dtype="float32", name="output")(pixels)
    return keras.Model(inputs, images, name=name)


def labelled_maxout_discriminator(
    *,
    label_length: int = 10,
    image_size: Size = 28,
    channels: int = 1,
    name: str = "discriminator",
) -> keras.Model:
    """Builds D: [images (B, H, W, channels), labels (B, label_length)] -> scores (B, 1).

    A layer of maxout units for the image and one for the label, and one behind both; with dropout
    before the last two products, and no sigmoid. Pixels are brought to the paper's [0, 1].
    1,224,351 weights by default.

    Args:
        label_length: Components of the label.
        image_size: Height and width of the images.
        channels: Channels of the images.
        name: The model's name.
    """
    of_image, of_label, of_both = _OF_DISCRIMINATOR
    inputs = [
        keras.Input((*height_and_width(image_size), channels), name="image"),
        keras.Input((label_length,), name="label"),
    ]
    pixels = keras.layers.Flatten(name="pixels")(inputs[0])
    pixels = keras.layers.Rescaling(0.5, 0.5, name="rescaled")(pixels)
    hidden = [_maxout(pixels, *of_image, "image"), _maxout(inputs[1], *of_label, "label")]
    joined = keras.layers.Concatenate(name="joined")(hidden)
    joined = Dropout(_DROPOUT, name="joined_dropout")(joined)
    joined = _maxout(joined, *of_both, "joint")
    joined = Dropout(_DROPOUT, name="joint_dropout")(joined)
    scores = keras.layers.Dense(1, name="scores", dtype="float32")(joined)
    return keras.Model(inputs, scores, name=name)


def _maxout(values, units: int, pieces: int, name: str):
    values = keras.layers.Dense(units * pieces, name=f"{name}_hidden")(values)
    return Maxout(pieces, name=f"{name}_maxout")(values)
