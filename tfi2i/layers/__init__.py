"""Layers that the variants share, on (B, H, W, C) with H and W free."""

from tfi2i.layers.adaptive import AdaptiveInstanceNormalization, channel_statistics
from tfi2i.layers.attention import SelfAttention
from tfi2i.layers.dropout import Dropout
from tfi2i.layers.normalization import BatchNormalization, InstanceNormalization
from tfi2i.layers.padding import ReflectionPadding2D
from tfi2i.layers.spectral import SpectralNormalization
from tfi2i.layers.upsampling import NearestUpsampling2D

__all__ = [
    "AdaptiveInstanceNormalization",
    "BatchNormalization",
    "Dropout",
    "InstanceNormalization",
    "NearestUpsampling2D",
    "ReflectionPadding2D",
    "SelfAttention",
    "SpectralNormalization",
    "channel_statistics",
]
