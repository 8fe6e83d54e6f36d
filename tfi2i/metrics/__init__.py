"""How good a translation is: against its pair, and as a set of images.

Every metric takes uint8 images (N, H, W, C) or the features of such images. Importing this package
loads numpy only; TensorFlow comes in with the first call that needs it.
"""

from tfi2i.metrics.against_baselines import evaluate, mean_figures
from tfi2i.metrics.colour import colour_distance
from tfi2i.metrics.distances import mean_distance_within
from tfi2i.metrics.distribution import KID, fid, kid
from tfi2i.metrics.efficientnet import efficientnet_lite0, efficientnet_lite0_patches
from tfi2i.metrics.extractors import FeatureExtractor, inception_v3
from tfi2i.metrics.mobilenet import mobilenet_v2
from tfi2i.metrics.pixel import l1, psnr, ssim
from tfi2i.metrics.segmentation import class_figures

__all__ = [
    "KID",
    "FeatureExtractor",
    "class_figures",
    "colour_distance",
    "efficientnet_lite0",
    "efficientnet_lite0_patches",
    "evaluate",
    "fid",
    "inception_v3",
    "kid",
    "l1",
    "mean_distance_within",
    "mean_figures",
    "mobilenet_v2",
    "psnr",
    "ssim",
]
