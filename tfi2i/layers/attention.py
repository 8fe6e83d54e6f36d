"""Self-attention over the places of an image."""

import keras
import numpy as np
import tensorflow as tf

from tfi2i.layers.spectral import SpectralNormalization
from tfi2i.layers.whole_image import WholeImageLayer

# Of one image in inference: 64 MiB in float32.
MOST_SCORES = 1 << 24


@keras.saving.register_keras_serializable(package="tfi2i")
class SelfAttention(WholeImageLayer):
    """`x + gamma * attention(x)`: every place looks at every other (SAGAN, Zhang et al. 2019).

    Queries and keys have C / reduction channels, values have C / 2, all by 1x1 convolutions without
    bias; a last convolution brings the values back to C. Keys and values are max-pooled 2x2 before
    use, as in the authors' code, which takes a quarter of the memory. gamma starts at 0, so that
    the layer starts as the identity. Memory grows with (H W)^2 / 4: at 64x64 places it is 4 million
    floats an image.

    (B, H, W, C) keeps its shape and type; H and W are free.

    Args:
        reduction: By how much queries and keys are narrower than the input.
        spectral: Normalise the four kernels spectrally, as SAGAN does in both players.
    """

    def __init__(self, reduction: int = 8, spectral: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.reduction = reduction
        self.spectral = spectral

    def build(self, input_shape):
        """Creates the four convolutions and the scalar `gamma`."""
        channels = input_shape[-1]
        narrow, half = max(1, channels // self.reduction), max(1, channels // 2)
        self.query = self._convolution("query", narrow, channels)
        self.key = self._convolution("key", narrow, channels)
        self.value = self._convolution("value", half, channels)
        self.output_convolution = self._convolution("output", channels, half)
        self.gamma = self.add_weight(
            name="gamma", shape=(), dtype="float32", autocast=False, initializer="zeros"
        )

    def _convolution(self, name: str, filters: int, channels: int) -> keras.layers.Layer:
        layer = keras.layers.Conv2D(
            filters,
            1,
            use_bias=False,
            dtype=self.dtype_policy,
            name="wrapped" if self.spectral else name,
        )
        if self.spectral:
            layer = SpectralNormalization(layer, name=name)
        layer.build((None, None, None, channels))
        return layer

    def call(self, inputs, training=False):
        """Returns the input plus gamma times what attention gathers."""
        return self._looking_at(inputs, *self._keys_and_values(inputs, training), training)

    def _keys_and_values(self, inputs, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """What queries look at: both (B, places / 4, their channels)."""
        key = _places(_halve(self.key(inputs, training=training)))
        return key, _places(_halve(self.value(inputs, training=training)))

    def _looking_at(self, inputs, key, value, training: bool) -> tf.Tensor:
        query = _places(self.query(inputs, training=training))
        gathered = (_attended if training else _attended_by_blocks)(query, key, value)
        shape = tf.shape(inputs)
        gathered = tf.reshape(gathered, [shape[0], shape[1], shape[2], value.shape[-1]])
        gathered = self.output_convolution(gathered, training=training)
        return inputs + tf.cast(self.gamma, gathered.dtype) * gathered

    def facts_of(self, strip):
        """Keys and values."""
        return self._keys_and_values(strip, training=False)

    def joined_facts(self, parts):
        """Those of all strips: they lie row by row."""
        return tuple(np.concatenate(part, axis=1) for part in zip(*parts, strict=True))

    def with_facts(self, strip, facts):
        """The strip's places look at the whole image."""
        return self._looking_at(strip, *facts, training=False)

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "reduction": self.reduction,
            "spectral": self.spectral,
        }


def _attended(query, key, value) -> tf.Tensor:
    """Mixes values (B, M, C) for each query (B, N, D) by its likeness to the keys (B, M, D)."""
    # No 1/sqrt(d): the paper's scores are plain products. Softmax needs float32 in mixed precision.
    scores = tf.cast(tf.matmul(query, key, transpose_b=True), tf.float32)
    return tf.matmul(tf.cast(tf.nn.softmax(scores), value.dtype), value)


def _attended_by_blocks(query, key, value) -> tf.Tensor:
    """Equals `_attended`, with at most about `MOST_SCORES` scores of an image in memory at once."""
    places, keys = query.shape[1], key.shape[1]
    if places is None or keys is None:
        rows = MOST_SCORES // tf.shape(key)[1]
        return tf.cond(
            rows >= tf.shape(query)[1],
            lambda: _attended(query, key, value),
            lambda: _attended_in_a_loop(query, key, value, tf.maximum(1, rows)),
        )
    rows = max(1, MOST_SCORES // keys)
    if rows >= places:
        return _attended(query, key, value)
    # Sizes that are known become a graph without a loop, which every runtime takes.
    starts = range(0, places, rows)
    return tf.concat([_attended(query[:, i : i + rows], key, value) for i in starts], axis=1)


def _attended_in_a_loop(query, key, value, rows: tf.Tensor) -> tf.Tensor:
    shape = tf.shape(query)
    images, places = shape[0], shape[1]
    blocks = -(-places // rows)
    filled = tf.pad(query, [[0, 0], [0, blocks * rows - places], [0, 0]])
    split = tf.reshape(filled, [images, blocks, rows, query.shape[-1]])
    gathered = tf.map_fn(
        lambda block: _attended(block, key, value),
        tf.transpose(split, [1, 0, 2, 3]),
        fn_output_signature=tf.TensorSpec((None, None, value.shape[-1]), value.dtype),
        parallel_iterations=1,
    )
    joined = tf.transpose(gathered, [1, 0, 2, 3])
    return tf.reshape(joined, [images, blocks * rows, value.shape[-1]])[:, :places]


def _halve(images) -> tf.Tensor:
    """Max-pools 2x2; an odd last row or column is pooled alone, so that one place stays one.

    It takes maxima of slices. Their gradients are those of max pooling (where values are equal, the
    first takes the whole gradient), and a gradient penalty can go through them: the gradient of max
    pooling's own gradient has no kernel in bfloat16 under XLA on GPUs (TensorFlow 2.21).
    """
    sides = images.shape[1:3]
    odd = [side % 2 for side in (tf.unstack(tf.shape(images)[1:3]) if None in sides else sides)]
    if None in sides or any(odd):
        # A row that stands alone is the greater of itself and itself.
        images = tf.pad(images, [[0, 0], [0, odd[0]], [0, odd[1]], [0, 0]], mode="SYMMETRIC")
    upper, lower = images[:, ::2], images[:, 1::2]
    upper = tf.maximum(upper[:, :, ::2], upper[:, :, 1::2])
    lower = tf.maximum(lower[:, :, ::2], lower[:, :, 1::2])
    return tf.maximum(upper, lower)


def _places(images) -> tf.Tensor:
    """(B, H, W, C) -> (B, H * W, C)."""
    _, height, width, channels = images.shape
    if height is None or width is None:
        shape = tf.shape(images)
        return tf.reshape(images, [shape[0], shape[1] * shape[2], channels])
    return tf.reshape(images, [-1, height * width, channels])
