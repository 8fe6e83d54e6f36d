"""ImageNet classifiers made of inverted residual blocks, with weights that PyTorch files bring.

MobileNetV2 (Sandler et al. 2018, section 3) is the first; EfficientNet-Lite has the same parts.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from tfi2i.errors import WeightsError
from tfi2i.metrics.precision import single_precision

if TYPE_CHECKING:
    import keras

# Expansion, kernel, stride, output channels, repeats.
Stage = tuple[int, int, int, int, int]


@single_precision()
def build_classifier(
    name: str,
    stages: Sequence[Stage],
    *,
    image_size: int,
    scale: float | list[float],
    offset: float | list[float],
    epsilon: float,
    padding: Literal["same", "symmetric"],
) -> "keras.Model":
    """Builds a classifier with random weights.

    Args:
        name: Of the model.
        stages: Its blocks, from the image on.
        image_size: Side of the images.
        scale: Pixels of 0..255 are multiplied by this, for each channel or for all.
        offset: And this is added.
        epsilon: Of the batch norms.
        padding: How a convolution of stride 2 pads: as TensorFlow, whose `same` puts less at the
            top and the left, or `symmetric` as PyTorch.

    Returns:
        float32 (B, image_size, image_size, 3) in 0..255 -> logits (B, 1000). Its layer "features"
        gives the global averages, (B, 1280).
    """
    from keras import Input, Model, layers

    def padded(x, kernel: int, stride: int):
        """The maps and how the convolution pads them."""
        if padding == "same" or stride == 1:
            return x, "same"
        return layers.ZeroPadding2D(kernel // 2)(x), "valid"

    def normalised(x, layer_name: str):
        return layers.BatchNormalization(epsilon=epsilon, name=f"{layer_name}_norm")(x)

    def convolve(x, channels: int, kernel: int, stride: int, layer_name: str):
        x, pad = padded(x, kernel, stride)
        x = layers.Conv2D(channels, kernel, stride, pad, use_bias=False, name=layer_name)(x)
        return normalised(x, layer_name)

    def block(x, index: int, expansion: int, kernel: int, stride: int, channels: int):
        shortcut, width = x, x.shape[-1]
        if expansion > 1:
            x = layers.ReLU(6.0)(convolve(x, width * expansion, 1, 1, f"block{index}_expand"))
        depthwise = f"block{index}_depthwise"
        x, pad = padded(x, kernel, stride)
        x = layers.DepthwiseConv2D(kernel, stride, pad, use_bias=False, name=depthwise)(x)
        x = layers.ReLU(6.0)(normalised(x, depthwise))
        x = convolve(x, channels, 1, 1, f"block{index}_project")
        return layers.Add()([x, shortcut]) if stride == 1 and width == channels else x

    images = Input((image_size, image_size, 3), name="images")
    x = layers.Rescaling(scale, offset)(images)
    x = layers.ReLU(6.0)(convolve(x, 32, 3, 2, "stem"))
    index = 0
    for expansion, kernel, stride, channels, repeats in stages:
        for repeat in range(repeats):
            x = block(x, index, expansion, kernel, stride if repeat == 0 else 1, channels)
            index += 1
    x = layers.ReLU(6.0)(convolve(x, 1280, 1, 1, "head"))
    x = layers.GlobalAveragePooling2D(name="features")(x)
    return Model(images, layers.Dense(1000, name="logits")(x), name=name)


def assign(
    model: "keras.Model", arrays: dict[str, np.ndarray], source_name: Callable[[str], str]
) -> None:
    """Moves every array of a file into a classifier.

    Args:
        model: What `build_classifier` gives.
        arrays: Name in the file to the array, kernels as PyTorch has them.
        source_name: The name of a layer in the file.

    Raises:
        WeightsError: The file has arrays that the model does not.
    """
    rest = {
        name: array
        for name, array in arrays.items()
        if not name.endswith(".num_batches_tracked")  # PyTorch's step counter: no part of inference
    }
    for layer in model.layers:
        if not layer.weights:
            continue
        source = source_name(layer.name)
        if layer.name == "logits":
            values = [rest.pop(f"{source}.weight").T, rest.pop(f"{source}.bias")]
        elif layer.name.endswith("_norm"):
            kinds = ("weight", "bias", "running_mean", "running_var")
            values = [rest.pop(f"{source}.{kind}") for kind in kinds]
        elif layer.name.endswith("_depthwise"):  # (C, 1, h, w) -> (h, w, C, 1)
            values = [rest.pop(f"{source}.weight").transpose(2, 3, 0, 1)]
        else:  # (out, in, h, w) -> (h, w, in, out)
            values = [rest.pop(f"{source}.weight").transpose(2, 3, 1, 0)]
        layer.set_weights(values)
    if rest:
        raise WeightsError(f"The weight file has arrays that the model does not: {sorted(rest)}")
