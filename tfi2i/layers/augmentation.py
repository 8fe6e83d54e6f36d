"""Augmentation of what a discriminator sees, through which the generator still learns.

Source: Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training".
"""

import random
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfi2i.layers.dropout import replica

POLICIES = ("colour", "translation", "cutout")
# Section 4 of the paper: shifts of up to an eighth of the image, a hole of half its side.
_SHIFT = 0.125
_HOLE = 0.5


@keras.saving.register_keras_serializable(package="tfi2i")
class DifferentiableAugmentation(keras.layers.Layer):
    """Changes colours, shifts, and cuts a hole into images, each image in its own way.

    All images of a pair are changed alike. The draws are a pure function of the layer's seed, a
    counter of training calls, and the replica; seed and counter are saved as the weight `state`.
    At inference it does nothing.

    Args:
        policy: Some of `colour` (brightness by up to 0.5 in the [-1, 1] scale, saturation by 0 to
            2, contrast by 0.5 to 1.5), `translation` (by up to an eighth of the image, filled with
            zeros) and `cutout` (a square of half the image's sides is set to zero).
        seed: Drawn from Python's generator (see `keras.utils.set_random_seed`) when not given.

    Raises:
        ValueError: There is no such policy.
    """

    def __init__(self, policy: Sequence[str], seed: int | None = None, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        unknown = [name for name in policy if name not in POLICIES]
        if unknown:
            raise ValueError(f"there is no {unknown[0]!r}; there are {', '.join(POLICIES)}")
        self.policy = tuple(policy)
        self.seed = random.randrange(2**31) if seed is None else seed

    def build(self, input_shape):
        """Creates `state`: the seed and the number of training calls so far."""
        self.state = self.add_weight(
            name="state",
            shape=(2,),
            dtype="int64",
            autocast=False,
            initializer=lambda shape, dtype: tf.constant([self.seed, 0], dtype),
            trainable=False,
            aggregation="only_first_replica",
        )

    def call(self, inputs, training=False):
        """Returns the images changed, float32 (B, H, W, C), or a list of them."""
        if not training:
            return inputs
        state = tf.convert_to_tensor(self.state) + tf.constant([0, 1], tf.int64)
        self.state.assign(state)
        images = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        count = tf.shape(images[0])[0]
        drawn = tf.random.stateless_uniform(
            (7, count), tf.random.fold_in(state, replica()), alg="philox"
        )
        changed = [self._change(image, drawn) for image in images]
        return changed if isinstance(inputs, list | tuple) else changed[0]

    def _change(self, images: tf.Tensor, drawn: tf.Tensor) -> tf.Tensor:
        """Args: drawn: uniform in [0, 1), (7, B)."""
        if "colour" in self.policy:
            images = _recolour(images, drawn[:3, :, None, None, None])
        if "translation" in self.policy:
            images = _shift(images, drawn[3:5])
        if "cutout" in self.policy:
            images = _cut_out(images, drawn[5:7])
        return images

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "policy": list(self.policy), "seed": self.seed}


def _recolour(images: tf.Tensor, drawn: tf.Tensor) -> tf.Tensor:
    images += drawn[0] - 0.5
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    images = grey + (images - grey) * (2.0 * drawn[1])
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (images - mean) * (0.5 + drawn[2])


def _shift(images: tf.Tensor, drawn: tf.Tensor) -> tf.Tensor:
    """One gather out of the images with a border of zeros, whose gradient is one kernel too."""
    sides = _sides(images)
    most = [_share_of(side, _SHIFT) for side in sides]
    bordered = tf.pad(images, [[0, 0], *([border, border] for border in most), [0, 0]])
    height, width = (side + 2 * border for side, border in zip(sides, most, strict=True))
    rows, columns = (
        tf.range(side)[None] + _whole(one, 2 * border + 1)[:, None]
        for side, border, one in zip(sides, most, tf.unstack(drawn), strict=True)
    )
    corners = tf.range(tf.shape(images)[0]) * (height * width)
    places = (corners[:, None] + rows * width)[:, :, None] + columns[:, None, :]
    return tf.gather(tf.reshape(bordered, [-1, images.shape[-1]]), places)


def _cut_out(images: tf.Tensor, drawn: tf.Tensor) -> tf.Tensor:
    """The middle of the hole may lie anywhere in the image, so that the hole may be cut off."""
    outside = []
    for side, one in zip(_sides(images), tf.unstack(drawn), strict=True):
        hole = _share_of(side, _HOLE)
        first = _whole(one, side + 1 - hole % 2) - hole // 2
        within = tf.range(side)[None] - first[:, None]
        outside.append((within < 0) | (within >= hole))
    kept = outside[0][:, :, None] | outside[1][:, None, :]
    return images * tf.cast(kept[..., None], images.dtype)


def _sides(images: tf.Tensor) -> tuple[Any, Any]:
    """Height and width: whole numbers where the graph knows them."""
    known = images.shape[1:3]
    return known if None not in known else tuple(tf.unstack(tf.shape(images)[1:3]))


def _share_of(side: Any, share: float) -> Any:
    """Rounded, a half to the even number."""
    if isinstance(side, int):
        return round(share * side)
    return tf.cast(tf.round(share * tf.cast(side, tf.float32)), tf.int32)


def _whole(drawn: tf.Tensor, count: Any) -> tf.Tensor:
    """Whole numbers from 0 to below `count`."""
    return tf.cast(drawn * tf.cast(count, tf.float32), tf.int32)
