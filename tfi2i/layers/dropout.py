"""Dropout whose randomness is saved state and differs between replicas."""

import random
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfi2i")
class Dropout(keras.layers.Layer):
    """Zeroes each value with probability `rate` and scales the others by `1 / (1 - rate)`.

    The mask is a pure function of three things: the layer's seed, a counter of training calls and
    the replica. Seed and counter are saved as the weight `state`, so that a resumed run draws what
    an uninterrupted one would.

    At inference it does nothing. With `at_inference` it applies one mask, which depends only on the
    seed and the size of the image and is the same for the whole batch. pix2pix keeps dropout on as
    its noise (section 3.1); here this noise z is drawn once, so that an image translates to the
    same result in any batch, and after export.

    Args:
        rate: Probability of a zero, in [0, 1).
        at_inference: Keep dropout on in inference.
        seed: Drawn from Python's generator (see `keras.utils.set_random_seed`) when not given.
    """

    def __init__(self, rate: float, at_inference: bool = False, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"rate must be at least 0 and below 1, got {rate}.")
        self.rate = rate
        self.at_inference = at_inference
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
        """Returns the images with some values zeroed."""
        state = tf.convert_to_tensor(self.state)
        shape = tf.shape(inputs)
        if training:
            self.state.assign(state + tf.constant([0, 1], tf.int64))
            # Counters start at 1 in training; 0 belongs to the mask of inference.
            seed: Any = tf.random.fold_in(state + tf.constant([0, 1], tf.int64), replica())
        elif self.at_inference:
            seed = self._seed_of_inference()
            shape = tf.concat([[1], shape[1:]], axis=0)
        else:
            return inputs
        return self._masked(inputs, self._kept(shape, seed))

    def on_strip(self, strip, first_row, height):
        """Does to rows of a map what inference with `at_inference` does to the whole map.

        Args:
            strip: (1, rows, W, C).
            first_row: Its first row in the map, int32 scalar.
            height: Rows of the map, int32 scalar.
        """
        _, rows, width, channels = tf.unstack(tf.shape(strip))
        keep = self._kept(tf.stack([1, height, width, channels]), self._seed_of_inference())
        return self._masked(strip, keep[:, first_row : first_row + rows])

    def _seed_of_inference(self) -> tf.Tensor:
        return tf.convert_to_tensor(self.state) * tf.constant([1, 0], tf.int64)

    def _kept(self, shape, seed) -> tf.Tensor:
        return tf.random.stateless_uniform(shape, seed, alg="philox") >= self.rate

    def _masked(self, inputs, keep) -> tf.Tensor:
        return inputs * tf.cast(keep, inputs.dtype) * (1.0 / (1.0 - self.rate))

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "rate": self.rate,
            "at_inference": self.at_inference,
            "seed": self.seed,
        }


def replica() -> int:
    """Number of the running replica; 0 while a model is being built."""
    context = tf.distribute.get_replica_context()
    return 0 if context is None else context.replica_id_in_sync_group
