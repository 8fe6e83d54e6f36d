"""A generator that says where it edits: an image, and the mask through which it is laid over.

After GANimation (Pumarola et al. 2018, section 4.1), on the body of StarGAN's generator.
"""

import keras

from tfi2i.layers import Blend
from tfi2i.networks.blocks import Upsampling
from tfi2i.networks.stargan import labelled_features, stargan_convolution


def editing_generator(
    *,
    domains: int,
    channels: int = 3,
    blocks: int = 6,
    filters: int = 64,
    upsampling: Upsampling = "transposed",
    name: str = "generator",
) -> keras.Model:
    """Builds [images (B, H, W, C), labels (B, domains)] -> [edited, content, mask].

    `content` (B, H, W, C) in [-1, 1] is the image redrawn, `mask` (B, H, W, 1) in [0, 1] the edited
    region, and `edited` is `mask * content + (1 - mask) * image`. H and W are multiples of 4.

    Args:
        domains: Entries of a label.
        channels: Channels of the images, in and out.
        blocks: Residual blocks at a quarter of the size.
        filters: Channels after the first convolution.
        upsampling: See `stargan_generator`.
        name: The model's name.
    """
    inputs, features = labelled_features(domains, channels, blocks, filters, upsampling)
    content = stargan_convolution(features, channels, 7, name="content_conv", use_bias=False)
    content = keras.layers.Activation("tanh", dtype="float32", name="content")(content)
    mask = stargan_convolution(features, 1, 7, name="mask_conv")
    mask = keras.layers.Activation("sigmoid", dtype="float32", name="mask")(mask)
    edited = Blend(name="edited")([inputs[0], content, mask])
    model = keras.Model(inputs, [edited, content, mask], name=name)
    model.size_multiple = 4
    return model
