"""How the rows that a layer makes lie beside those that it reads, and how far around it looks."""

from dataclasses import dataclass
from typing import Any

import keras

from tfi2i.layers import (
    AdaptiveInstanceNormalization,
    AppendLatent,
    BatchNormalization,
    Blend,
    ConcatenateLabel,
    CropFirst2D,
    Dropout,
    FixedLabel,
    FixedLatent,
    InstanceNormalization,
    NearestUpsampling2D,
    ReflectionPadding2D,
    SelfAttention,
    SpectralNormalization,
)

# Each place of what they make depends on that place alone, and on facts of the whole image.
_POINTWISE = (
    AdaptiveInstanceNormalization,
    AppendLatent,
    BatchNormalization,
    Blend,
    ConcatenateLabel,
    Dropout,
    FixedLabel,
    FixedLatent,
    InstanceNormalization,
    SelfAttention,
    keras.layers.Activation,
    keras.layers.Add,
    keras.layers.BatchNormalization,
    keras.layers.Concatenate,
    keras.layers.Dropout,
    keras.layers.LeakyReLU,
    keras.layers.ReLU,
    keras.layers.Rescaling,
)


@dataclass(frozen=True)
class Reach:
    """A layer along the height of an image.

    Of `down` rows that it reads it makes `up`. For these it looks at some more before and after.

    Attributes:
        down: 1, or the step of a convolution.
        up: 1, or by how much the layer enlarges.
        before: Rows that it looks at before those of which it makes rows; negative where it cuts
            off.
        after: The same after them.
        lost: Rows at the end of which it makes none, since it looks at nothing beyond the end.
        added: Rows that it makes beside these.
    """

    down: int = 1
    up: int = 1
    before: int = 0
    after: int = 0
    lost: int = 0
    added: int = 0

    @property
    def looks_around(self) -> bool:
        """Whether a place depends on others than itself."""
        return bool(self.before or self.after)

    def surplus(self, surplus: int) -> int:
        """Rows that its result has beyond the image's at that scale, from those that it reads."""
        return self.up * ((surplus - self.lost) // self.down) + self.added


def reach_of(layer: Any) -> Reach | None:
    """The reach of a layer; None where it is not known."""
    if isinstance(layer, SpectralNormalization):
        return reach_of(layer.layer)
    if isinstance(layer, _POINTWISE):
        return Reach()
    if isinstance(layer, ReflectionPadding2D):
        return _framed(layer.padding, layer.padding)
    if isinstance(layer, keras.layers.ZeroPadding2D):
        return _framed(*layer.padding[0])
    if isinstance(layer, keras.layers.Cropping2D):
        first, last = layer.cropping[0]
        return _framed(-first, -last)
    if isinstance(layer, CropFirst2D):
        return _framed(-1, 0)
    if isinstance(layer, NearestUpsampling2D):
        return Reach(up=2)
    if isinstance(layer, keras.layers.MaxPooling2D):
        return _of_kernel(layer.pool_size[0], layer.strides[0], layer.padding)
    if not isinstance(layer, keras.layers.Conv2D | keras.layers.Conv2DTranspose):
        return None
    if layer.data_format != "channels_last" or layer.dilation_rate[0] != 1:
        return None
    if isinstance(layer, keras.layers.Conv2D):
        return _of_kernel(layer.kernel_size[0], layer.strides[0], layer.padding)
    return _of_transposed_kernel(layer.kernel_size[0], layer.strides[0], layer.padding)


def _framed(first: int, last: int) -> Reach:
    """Rows added at the beginning and at the end."""
    return Reach(before=first, after=-first, added=first + last)


def _of_kernel(side: int, stride: int, padding: str) -> Reach:
    beyond = side - stride
    if padding == "valid":
        return Reach(down=stride, after=beyond, lost=beyond)
    before = beyond // 2
    return Reach(down=stride, before=before, after=beyond - before)


def _of_transposed_kernel(side: int, stride: int, padding: str) -> Reach:
    # It is the adjoint of the convolution that cuts `first` rows off.
    first = (side - stride) // 2 if padding == "same" else 0
    before, after = (side - 1 - first) // stride, (stride - 1 + first) // stride
    added = side - stride if padding == "valid" else 0
    return Reach(up=stride, before=before, after=after, added=added)
