"""Base of the GANs whose discriminator sorts images into groups that nobody named."""

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from tfi2i.data import evaluation_arrays, spread_evenly
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, height_and_width
from tfi2i.metrics.clusters import cluster_accuracy, k_means
from tfi2i.zoo.generation._base import GenerationGAN

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.metrics import FeatureExtractor

_BATCH_SIZE = 64
# Training images that say which class a group stands for, spread evenly over all.
_MOST_NAMED = 10_000


class GroupingGAN(GenerationGAN):
    """A GAN whose discriminator learns groups of images without labels; `group` sorts into them."""

    discriminator: keras.Model

    @property
    def shipped_networks(self) -> list[keras.Model]:
        """Both: the discriminator is what sorts."""
        return [self.generator, self.discriminator]

    @property
    def group_count(self) -> int:
        """How many groups there are."""
        raise NotImplementedError(f"{type(self).__name__} does not say how many groups it has")

    def group_logits(self, images: tf.Tensor) -> tf.Tensor:
        """Logits of the groups, (B, group_count), of images in [-1, 1] after training."""
        raise NotImplementedError(f"{type(self).__name__} does not sort images")

    def group(self, images: np.ndarray) -> np.ndarray:
        """The group of each image: int64 (N,).

        Args:
            images: Pixels (N, H, W, channels) of the training's size and depth.

        Raises:
            DataError: They have another shape or depth.
        """
        self._range.require(images, "group")
        wanted = (*height_and_width(self.crop_size), self.channels)
        if images.ndim != 4 or images.shape[1:] != wanted or not len(images):
            shape = ", ".join(map(str, ("N", *wanted)))
            raise DataError(f"{self.name} sorts images ({shape}), not {images.shape}")
        floats = self._range.to_float(images)
        parts = [
            np.asarray(self.group_logits(floats[start : start + _BATCH_SIZE]))
            for start in range(0, len(floats), _BATCH_SIZE)
        ]
        return np.concatenate(parts).argmax(axis=1)

    def measure(
        self,
        source: "DataSource",
        *,
        split: str,
        size: Size,
        limit: int | None = None,
        extractor: "FeatureExtractor | None" = None,
        features: bool = True,
    ) -> dict[str, Any]:
        """Figures of samples, and of what groups know of classes.

        Where classes are known `samples` also has `unsupervised_accuracy`, that of held-out images
        by `cluster_accuracy`; as many groups of pixels, by K-means, stand beside it in `pixels`.

        Raises:
            DataError: See `GenerationGAN.measure`.
        """
        figures = super().measure(
            source, split=split, size=size, limit=limit, extractor=extractor, features=features
        )
        named, asked = source.splits["train"].labels, source.splits[split].labels
        if named is None or asked is None:
            figures["skipped"]["unsupervised_accuracy"] = "the classes of images are not known"
            return figures
        real, _, _ = evaluation_arrays(source, split=split, size=size, limit=limit)
        training, _, _ = evaluation_arrays(source, split="train", size=size, limit=_MOST_NAMED)
        named = [named[place] for place in spread_evenly(len(named), _MOST_NAMED)]
        asked = [asked[place] for place in spread_evenly(len(asked), limit)]
        rows = (one.reshape(len(one), -1) for one in (training, real))
        groups = {
            "samples": (self.group(training), self.group(real)),
            "pixels": k_means(*rows, groups=min(self.group_count, len(training))),
        }
        for name, (known, unknown) in groups.items():
            accuracy = cluster_accuracy(known, named, unknown, asked)
            figures[name] = figures.get(name, {}) | {"unsupervised_accuracy": accuracy}
        return figures
