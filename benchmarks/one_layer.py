"""A contestant: one layer of a generator at 256 px, forwards and backwards."""

import argparse
from collections.abc import Callable

import keras
import tensorflow as tf

from benchmarks.worker import take_turns
from tfi2i.layers import BlockConv2D, ProductConv2DTranspose
from tfi2i.layers.moments import normalise_batch, normalise_image

# Of a ResNet-9: the last convolution, and the map before it.
SIDE, CHANNELS, KERNEL = 256, 64, 7
# Of a U-Net: the map that its fourth decoder block from the inside doubles.
INNER = (1, 8, 8, 1024)


def _last(kind: type[keras.layers.Conv2D]) -> tuple[Callable, tuple[int, ...]]:
    side = SIDE + KERNEL - 1
    return _built(kind(3, KERNEL, dtype="mixed_bfloat16"), (1, side, side, CHANNELS))


def _inner(kind: type[keras.layers.Conv2DTranspose]) -> tuple[Callable, tuple[int, ...]]:
    return _built(kind(512, 4, strides=2, padding="same", dtype="mixed_bfloat16"), INNER)


def _built(layer: keras.layers.Layer, shape: tuple[int, ...]) -> tuple[Callable, tuple[int, ...]]:
    layer.build(shape)
    return layer, shape


def _norm(normalise: Callable) -> tuple[Callable, tuple[int, ...]]:
    scale, offset = tf.ones([CHANNELS]), tf.zeros([CHANNELS])
    return lambda images: normalise(images, scale, offset, 1e-5), (1, SIDE, SIDE, CHANNELS)


LAYERS = {
    "last-blocks": lambda: _last(BlockConv2D),
    "last-plain": lambda: _last(keras.layers.Conv2D),
    "inner-product": lambda: _inner(ProductConv2DTranspose),
    "inner-plain": lambda: _inner(keras.layers.Conv2DTranspose),
    # Over a batch of one image: its own moments.
    "norm-fused": lambda: _norm(lambda *arguments: normalise_batch(*arguments)[0]),
    "norm-plain": lambda: _norm(normalise_image),
}


def main() -> None:
    """Runs the layer and its gradient again and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layer", choices=list(LAYERS))
    layer, shape = LAYERS[parser.parse_args().layer]()
    images = tf.cast(tf.random.stateless_normal(shape, (0, 0)), tf.bfloat16)

    @tf.function
    def forwards_and_backwards(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = layer(images)
        variables = getattr(layer, "trainable_weights", [])
        return tape.gradient(outputs, [images, *(v.value for v in variables)], outputs)

    take_turns(lambda: [gradient.shape for gradient in forwards_and_backwards(images)])


if __name__ == "__main__":
    main()
