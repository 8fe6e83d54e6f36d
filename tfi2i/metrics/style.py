"""How much of the content a stylised image keeps, and how close it comes to a style.

Both are relative squared differences of activations of the VGG-shaped network, at the layers of
Gatys et al. 2016: 0 is the image itself, or its style exactly. An optimisation for these very
layers lowers them best. Methods that were trained for other layers, or with a discriminator, are
judged by a measure that they were not trained for.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfi2i.data import to_float
from tfi2i.losses import gram_matrix
from tfi2i.networks import PerceptualFeatures

CONTENT_LAYER = "relu4_2"
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


class StyleMeter:
    """Measures stylised images; loads the network once."""

    def __init__(self):
        """Loads the network.

        Raises:
            MissingExtraError: The package with its weights is not installed.
        """
        self._features = PerceptualFeatures((CONTENT_LAYER, *STYLE_LAYERS))

    def content_distance(self, images: np.ndarray, contents: np.ndarray) -> float:
        """`|phi(images) - phi(contents)|^2 / |phi(contents)|^2`, mean over images.

        Args:
            images: Stylised, uint8 (N, H, W, 3).
            contents: The images from which they were made, uint8 (N, H, W, 3).
        """
        made = self._activations(images, CONTENT_LAYER)
        real = self._activations(contents, CONTENT_LAYER)
        return float(np.mean(_relative(made, real)))

    def style_distance(self, images: np.ndarray, styles: Sequence[np.ndarray]) -> float:
        """`|gram(images) - gram(styles)|^2 / |gram(styles)|^2`, mean over layers and images.

        Args:
            images: Stylised, uint8 (N, H, W, 3).
            styles: One style image for all, or one for each; uint8 (H, W, 3), any size.
        """
        made = self._grams(images)
        targets = [self._grams(style[None]) for style in styles]
        return float(
            np.mean(
                [
                    _relative(made[layer], np.concatenate([grams[layer] for grams in targets]))
                    for layer in STYLE_LAYERS
                ]
            )
        )

    def domain_distance(self, images: np.ndarray, domain: np.ndarray) -> float:
        """The style distance to a set of images: to their mean Gram matrix.

        Args:
            images: Stylised, uint8 (N, H, W, 3).
            domain: uint8 (M, H, W, 3).
        """
        made, targets = self._grams(images), self._grams(domain)
        return float(
            np.mean(
                [
                    _relative(made[layer], targets[layer].mean(axis=0, keepdims=True))
                    for layer in STYLE_LAYERS
                ]
            )
        )

    def _activations(self, images: np.ndarray, layer: str) -> np.ndarray:
        return np.concatenate(
            [self._features(to_float(part))[layer].numpy() for part in _batches(images)]
        )

    def _grams(self, images: np.ndarray) -> dict[str, np.ndarray]:
        batches = [self._features(to_float(part)) for part in _batches(images)]
        return {
            layer: tf.concat([gram_matrix(batch[layer]) for batch in batches], axis=0).numpy()
            for layer in STYLE_LAYERS
        }


def _batches(images: np.ndarray) -> list[np.ndarray]:
    return [images[start : start + 8] for start in range(0, len(images), 8)]


def _relative(made: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Squared difference of each image, relative to the square of its target."""
    axes = tuple(range(1, made.ndim))
    return np.sum((made - target) ** 2, axis=axes) / np.sum(target**2, axis=axes)
