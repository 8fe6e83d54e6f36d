"""What layers that look at a whole image have to offer, so that large images go by in strips."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

Facts = tuple[np.ndarray, ...]


class WholeImageLayer(keras.layers.Layer):
    """A layer whose answer at one place depends, in inference, on every place of the image.

    Statistics of normalisation do, and attention does. Where an image is too large to go through at
    once, its strips are looked at one after the other, what they tell is joined, and then the layer
    answers for each strip as it would for the whole image.
    """

    @property
    def looks_at_whole(self) -> bool:
        """Whether this one does, as it is configured."""
        return True

    def facts_of(self, strip: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """What a strip, (1, rows, W, C), tells; it begins at an even row."""
        raise NotImplementedError

    def joined_facts(self, parts: Sequence[Facts]) -> Facts:
        """The facts of an image from those of its strips, which are ordered and have no gaps."""
        raise NotImplementedError

    def with_facts(self, strip: tf.Tensor, facts: Sequence[Any]) -> tf.Tensor:
        """The layer's answer for a strip of an image with these facts."""
        raise NotImplementedError
