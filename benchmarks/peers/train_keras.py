"""A contestant: the same networks as Keras' and TensorFlow's tutorials formulate them.

Plain Keras layers (BatchNormalization, GroupNormalization), Keras' Adam, float32, one compiled
step: for pix2pix two tapes over one pass of G, as tensorflow.org's tutorial; for CycleGAN one
persistent tape over everything, as keras.io's example, which keeps no history of images. Written
anew from that description.
"""

import argparse
from collections.abc import Callable

import keras
import tensorflow as tf
from keras import layers

from benchmarks.worker import peak_mib, take_turns, tensorflow_gpu


def _adam() -> keras.optimizers.Adam:
    return keras.optimizers.Adam(2e-4, beta_1=0.5)


def unet(depth: int) -> keras.Model:
    """The U-Net of pix2pix."""
    inputs = images = keras.Input((None, None, 3))
    widths = [min(64 * 2**level, 512) for level in range(depth)]
    skips = []
    for level, width in enumerate(widths):
        if level:
            images = layers.LeakyReLU(negative_slope=0.2)(images)
        images = layers.Conv2D(width, 4, 2, "same", use_bias=False)(images)
        if 0 < level < depth - 1:
            images = layers.BatchNormalization()(images)
        skips.append(images)
    skips.pop()
    for level in range(depth - 2, -1, -1):
        images = layers.ReLU()(images)
        images = layers.Conv2DTranspose(widths[level], 4, 2, "same", use_bias=False)(images)
        images = layers.BatchNormalization()(images)
        if level > depth - 5:
            images = layers.Dropout(0.5)(images)
        images = layers.Concatenate()([images, skips.pop()])
    images = layers.ReLU()(images)
    images = layers.Conv2DTranspose(3, 4, 2, "same", activation="tanh")(images)
    return keras.Model(inputs, images)


class _ReflectionPad(layers.Layer):
    def __init__(self, size: int):
        super().__init__()
        self.sides = [[0, 0], [size, size], [size, size], [0, 0]]

    def call(self, inputs):
        return tf.pad(inputs, self.sides, mode="REFLECT")


def resnet(blocks: int) -> keras.Model:
    """The residual generator of CycleGAN."""

    def norm_relu(images):
        return layers.ReLU()(layers.GroupNormalization(groups=-1, epsilon=1e-5)(images))

    inputs = keras.Input((None, None, 3))
    images = layers.Conv2D(64, 7, use_bias=False)(_ReflectionPad(3)(inputs))
    images = norm_relu(images)
    for width in (128, 256):
        images = norm_relu(layers.Conv2D(width, 3, 2, "same", use_bias=False)(images))
    for _ in range(blocks):
        branch = layers.Conv2D(256, 3, use_bias=False)(_ReflectionPad(1)(images))
        branch = layers.Conv2D(256, 3, use_bias=False)(_ReflectionPad(1)(norm_relu(branch)))
        branch = layers.GroupNormalization(groups=-1, epsilon=1e-5)(branch)
        images = layers.Add()([images, branch])
    for width in (128, 64):
        images = norm_relu(layers.Conv2DTranspose(width, 3, 2, "same", use_bias=False)(images))
    images = layers.Conv2D(3, 7, activation="tanh")(_ReflectionPad(3)(images))
    return keras.Model(inputs, images)


def patchgan(channels: int, norm: Callable[[], layers.Layer]) -> keras.Model:
    """The PatchGAN that sees 70 pixels."""
    inputs = keras.Input((None, None, channels))
    images = layers.Conv2D(64, 4, 2, "same")(inputs)
    for width, stride in ((128, 2), (256, 2), (512, 1)):
        images = layers.LeakyReLU(negative_slope=0.2)(images)
        images = layers.ZeroPadding2D(1)(images) if stride == 1 else images
        padding = "valid" if stride == 1 else "same"
        images = layers.Conv2D(width, 4, stride, padding, use_bias=False)(images)
        images = norm()(images)
    images = layers.ZeroPadding2D(1)(layers.LeakyReLU(negative_slope=0.2)(images))
    return keras.Model(inputs, layers.Conv2D(1, 4)(images))


def pix2pix(depth: int) -> tuple[Callable, int]:
    """The step and the number of weights."""
    g, d = unet(depth), patchgan(6, layers.BatchNormalization)
    g_adam, d_adam = _adam(), _adam()
    bce = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function
    def step(a, b):
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = g(a, training=True)
            real_scores = d(tf.concat([a, b], -1), training=True)
            fake_scores = d(tf.concat([a, fake], -1), training=True)
            l1 = tf.reduce_mean(tf.abs(b - fake))
            g_loss = bce(tf.ones_like(fake_scores), fake_scores) + 100 * l1
            d_loss = bce(tf.ones_like(real_scores), real_scores)
            d_loss += bce(tf.zeros_like(fake_scores), fake_scores)
        for tape, loss, model, adam in ((g_tape, g_loss, g, g_adam), (d_tape, d_loss, d, d_adam)):
            gradients = tape.gradient(loss, model.trainable_variables)
            adam.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return g_loss, d_loss

    return step, _trained(g, d)


def cyclegan(blocks: int) -> tuple[Callable, int]:
    """The step and the number of weights."""

    def norm() -> layers.Layer:
        return layers.GroupNormalization(groups=-1, epsilon=1e-5)

    g_ab, g_ba = resnet(blocks), resnet(blocks)
    d_a, d_b = patchgan(3, norm), patchgan(3, norm)
    models = (g_ab, g_ba, d_a, d_b)
    adams = [_adam() for _ in models]
    square, absolute = keras.losses.MeanSquaredError(), keras.losses.MeanAbsoluteError()

    @tf.function
    def step(a, b):
        with tf.GradientTape(persistent=True) as tape:
            fake_b, fake_a = g_ab(a, training=True), g_ba(b, training=True)
            cycled_a, cycled_b = g_ba(fake_b, training=True), g_ab(fake_a, training=True)
            same_a, same_b = g_ba(a, training=True), g_ab(b, training=True)
            scores = {"fake_a": d_a(fake_a, training=True), "fake_b": d_b(fake_b, training=True)}
            scores |= {"a": d_a(a, training=True), "b": d_b(b, training=True)}
            g_losses, d_losses = [], []
            pairs = (("b", cycled_a, a, same_b, b), ("a", cycled_b, b, same_a, a))
            for domain, cycled, source, same, target in pairs:
                fake, real = scores["fake_" + domain], scores[domain]
                cycle, identity = absolute(source, cycled), absolute(target, same)
                g_losses.append(square(tf.ones_like(fake), fake) + 10 * cycle + 5 * identity)
                d_loss = square(tf.ones_like(real), real) + square(tf.zeros_like(fake), fake)
                d_losses.append(0.5 * d_loss)
            losses = (sum(g_losses), sum(g_losses), d_losses[1], d_losses[0])
        for model, adam, loss in zip(models, adams, losses, strict=True):
            gradients = tape.gradient(loss, model.trainable_variables)
            adam.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return losses

    return step, _trained(*models)


def _trained(*models: keras.Model) -> int:
    return sum(int(tf.size(v)) for model in models for v in model.trainable_variables)


def main() -> None:
    """Trains on one batch of noise again and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=["pix2pix", "cyclegan"])
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=1)
    arguments = parser.parse_args()
    libraries = round(peak_mib())
    if arguments.work == "pix2pix":
        step, count = pix2pix(min(8, arguments.size.bit_length() - 1))
    else:
        step, count = cyclegan(9 if arguments.size >= 256 else 6)
    shape = (arguments.batch, arguments.size, arguments.size, 3)
    a, b = (tf.random.uniform(shape, -1, 1) for _ in range(2))
    take_turns(lambda: step(a, b), tensorflow_gpu(), weights=count, libraries_mib=libraries)


if __name__ == "__main__":
    main()
