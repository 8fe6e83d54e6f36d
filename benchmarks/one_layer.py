"""A contestant: one layer of a ResNet-9 at 256 px, forwards and backwards."""

import argparse
from collections.abc import Callable

import keras
import tensorflow as tf

from benchmarks.worker import take_turns
from tfi2i.layers import BlockConv2D
from tfi2i.layers.moments import normalise_batch, normalise_image

SIDE, CHANNELS, KERNEL = 256, 64, 7


def _convolution(kind: type[keras.layers.Conv2D]) -> tuple[Callable, int]:
    layer = kind(3, KERNEL, dtype="mixed_bfloat16")
    layer.build((None, None, None, CHANNELS))
    return layer, SIDE + KERNEL - 1


def _norm(normalise: Callable) -> tuple[Callable, int]:
    scale, offset = tf.ones([CHANNELS]), tf.zeros([CHANNELS])
    return lambda images: normalise(images, scale, offset, 1e-5), SIDE


LAYERS = {
    "last-blocks": lambda: _convolution(BlockConv2D),
    "last-plain": lambda: _convolution(keras.layers.Conv2D),
    # Over a batch of one image: its own moments.
    "norm-fused": lambda: _norm(lambda *arguments: normalise_batch(*arguments)[0]),
    "norm-plain": lambda: _norm(normalise_image),
}


def main() -> None:
    """Runs the layer and its gradient again and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layer", choices=list(LAYERS))
    layer, side = LAYERS[parser.parse_args().layer]()
    images = tf.cast(tf.random.stateless_normal((1, side, side, CHANNELS), (0, 0)), tf.bfloat16)

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
