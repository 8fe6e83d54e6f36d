"""Layers that the variants share, on (B, H, W, C) with H and W free."""

from tfi2i.layers.adaptive import AdaptiveInstanceNormalization, channel_statistics
from tfi2i.layers.attention import SelfAttention
from tfi2i.layers.augmentation import DifferentiableAugmentation
from tfi2i.layers.basis import LearnedBasis
from tfi2i.layers.blend import Blend
from tfi2i.layers.block_convolution import BlockConv2D
from tfi2i.layers.deviation import MinibatchDeviation
from tfi2i.layers.dropout import Dropout
from tfi2i.layers.equalized import EqualizedConv2D, PixelNormalization
from tfi2i.layers.fade import FadeIn
from tfi2i.layers.grouped_convolution import GroupedConv2D
from tfi2i.layers.labels import ConcatenateLabel, FixedLabel
from tfi2i.layers.latent import AppendLatent, DrawVector, FixedLatent, VectorPart
from tfi2i.layers.leaky_relu import LeakyReLU
from tfi2i.layers.maxout import Maxout
from tfi2i.layers.minibatch import MinibatchDiscrimination
from tfi2i.layers.normalization import BatchNormalization, InstanceNormalization
from tfi2i.layers.padding import CropFirst2D, ReflectionPadding2D
from tfi2i.layers.phase_convolution import PhaseConv2DTranspose
from tfi2i.layers.product_convolution import ProductConv2D, ProductConv2DTranspose
from tfi2i.layers.resampling import LinearUpsampling2D
from tfi2i.layers.spectral import SpectralNormalization
from tfi2i.layers.upsampling import NearestUpsampling2D
from tfi2i.layers.virtual_batch import (
    DropReference,
    PrependReference,
    VirtualBatchNormalization,
)
from tfi2i.layers.whole_image import WholeImageLayer

__all__ = [
    "EqualizedConv2D",
    "FadeIn",
    "MinibatchDeviation",
    "PixelNormalization",
    "AdaptiveInstanceNormalization",
    "AppendLatent",
    "BatchNormalization",
    "Blend",
    "BlockConv2D",
    "ConcatenateLabel",
    "CropFirst2D",
    "DifferentiableAugmentation",
    "DropReference",
    "DrawVector",
    "Dropout",
    "FixedLabel",
    "FixedLatent",
    "GroupedConv2D",
    "InstanceNormalization",
    "LeakyReLU",
    "LearnedBasis",
    "LinearUpsampling2D",
    "Maxout",
    "MinibatchDiscrimination",
    "NearestUpsampling2D",
    "PhaseConv2DTranspose",
    "PrependReference",
    "ProductConv2D",
    "ProductConv2DTranspose",
    "ReflectionPadding2D",
    "SelfAttention",
    "SpectralNormalization",
    "VirtualBatchNormalization",
    "VectorPart",
    "WholeImageLayer",
    "channel_statistics",
]
