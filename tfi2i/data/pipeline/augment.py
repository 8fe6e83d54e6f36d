"""The user's augmentation layers, with draws that follow from the seed and the step.

Keras layers draw from random generators that carry state; KerasCV's draw from TensorFlow's
generator, by default the global one. Here every generator is set anew before each use, from the
seed, the step and its place. So a resumed run repeats what an unbroken one does, and both images of
a pair are changed alike.
"""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfi2i.data.pipeline import draws
from tfi2i.errors import DataError


class Augmenter:
    """Layers applied in turn to batches of pixels in 0..255."""

    def __init__(self, layers: Sequence[Any], seed: int):
        """Takes Keras or KerasCV layers, and the seed from which their draws follow."""
        for layer in layers:
            if not isinstance(layer, keras.layers.Layer):
                raise DataError(f"augment: {layer!r} is not a Keras layer")
        self._layers = list(layers)
        self._seed = seed
        found = {id(generator): generator for generator in _generators(self._layers, set())}
        self._generators = list(found.values())

    def check(self, shape: Sequence[int], *, paired: bool) -> None:
        """Calls the layers on noise, which builds them, and sees whether draws can be repeated.

        Args:
            shape: (H, W, C) of the images.
            paired: whether two images have to be changed alike.

        Raises:
            DataError: the layers change the shape of the images; or the images are pairs, and a
                layer draws in a way that cannot be repeated (several of KerasCV's do).
        """
        noise = tf.random.stateless_uniform((8, *shape), [0, 0], 0.0, 255.0)
        step = tf.constant(0, tf.int64)
        once, again = (self(noise, step=step, purpose=draws.AUGMENT_A) for _ in range(2))
        if once.shape != noise.shape:
            raise DataError(
                f"the augment layers turn images of shape {tuple(noise.shape[1:])} into "
                f"{tuple(once.shape[1:])}; they must keep the shape"
            )
        if not np.array_equal(once, again):
            names = ", ".join(type(layer).__name__ for layer in self._layers)
            problem = f"among the augment layers ({names}) is one whose draws cannot be repeated"
            if paired:
                raise DataError(
                    f"{problem}: it would change the two images of a pair differently. "
                    "Use a layer of keras.layers instead"
                )
            warnings.warn(
                f"{problem}: a resumed run will differ from an unbroken one", stacklevel=4
            )

    def __call__(self, images: tf.Tensor, *, step: tf.Tensor, purpose: int) -> tf.Tensor:
        """Augments one batch.

        Args:
            images: float32 (B, H, W, C) in 0..255.
            step: int64 scalar, the number of the batch.
            purpose: equal purposes draw equally at equal steps.

        Returns:
            float32 (B, H, W, C), clipped to 0..255.
        """
        start = draws.key(self._seed, purpose, step)
        for place, generator in enumerate(self._generators):
            place_key: Any = tf.random.fold_in(start, place)
            state = generator.state
            value = tf.random.stateless_uniform(
                state.shape, place_key, maxval=2**31 - 1, dtype=tf.int64
            )
            state.assign(tf.cast(value, state.dtype))
        for layer in self._layers:
            images = layer(images, training=True)
        return tf.clip_by_value(tf.cast(images, tf.float32), 0.0, 255.0)


def _generators(value: Any, seen: set[int]) -> Iterator[Any]:
    """Every random generator in the layers, in the layers inside them, and in their containers."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, keras.random.SeedGenerator | tf.random.Generator):
        yield value
    elif isinstance(value, keras.layers.Layer):
        for attribute in vars(value).values():
            yield from _generators(attribute, seen)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _generators(item, seen)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _generators(item, seen)
