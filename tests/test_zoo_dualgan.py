"""DualGAN: its U-Net by hand, its algorithm, and what keeps its critics smooth."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.networks import dual_unet
from tfi2i.networks.blocks import transposed_convolution
from tfi2i.training.replicas import clip_weights, mini_batches, uniform_for_each
from tfi2i.zoo.unpaired.dualgan import DualGAN

TINY: dict[str, Any] = {
    "crop_size": 16,
    "filters": 2,
    "discriminator_filters": 2,
    "depth": 2,
    "receptive_field": 16,
    "dropout": 0.0,
}


def test_weights_by_hand():
    widths = [64, 128, 256, 512, 512, 512, 512, 512]
    inner = list(zip(widths, widths[1:], strict=False))
    encoder = 25 * 3 * 64 + 64 + sum(9 * i * o for i, o in inner) + 512
    encoder += 2 * sum(widths[1:-1])
    # A skip doubles what goes into every decoder block but the innermost.
    decoder = sum(
        (9 * o * (1 if number == 6 else 2) + 2) * i for number, (i, o) in enumerate(inner)
    )
    decoder += 25 * 2 * 64 * 3 + 3
    model = dual_unet()
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == encoder + decoder


def test_the_last_convolution_is_the_adjoint_of_the_first():
    """What a 5x5 convolution gathers from a place, the transposed one puts back there."""
    inputs = keras.Input((8, 12, 3))
    down = keras.layers.Conv2D(4, 5, strides=2, use_bias=False)
    there = keras.Model(inputs, down(keras.layers.ZeroPadding2D(2)(inputs)))
    maps = keras.Input((4, 6, 4))
    back = keras.Model(maps, transposed_convolution(maps, 3, 5, name="up", use_bias=False))
    back.get_layer("up").kernel.assign(down.kernel.value)
    image, weights = tf.Variable(tf.random.normal((1, 8, 12, 3))), tf.random.normal((1, 4, 6, 4))
    with tf.GradientTape() as tape:
        product = tf.reduce_sum(there(image.value()) * weights)
    gradient = tf.convert_to_tensor(tape.gradient(product, image))
    np.testing.assert_allclose(back(weights), gradient, atol=1e-5)


def test_an_iteration_updates_the_critics_on_each_mini_batch():
    model = DualGAN(critic_updates=3, **TINY)
    model.compile()
    images = tf.random.stateless_uniform((6, 16, 16, 3), (0, 0), -1.0, 1.0)
    model.fit(tf.data.Dataset.from_tensors((images, -images)), verbose=0)
    updates = {name: int(player.optimizer.iterations) for name, player in model.players.items()}
    assert updates == {"generator": 1, "critic": 3}
    largest = max(float(np.abs(v).max()) for v in map(np.array, model.players["critic"].variables))
    assert largest == pytest.approx(0.01)


def test_the_gradient_penalty_trains_without_clipping():
    model = DualGAN(smoothness="gradient", critic_updates=1, **TINY)
    model.compile()
    images = tf.random.stateless_uniform((2, 16, 16, 3), (0, 0), -1.0, 1.0)
    logs = model.fit(tf.data.Dataset.from_tensors((images, -images)), verbose=0).history
    assert all(np.isfinite(values).all() for values in logs.values())
    largest = max(float(np.abs(v).max()) for v in map(np.array, model.players["critic"].variables))
    assert largest > 0.5  # the norms' scales stay near one


def test_what_cannot_be():
    with pytest.raises(RecipeError, match="model.smoothness is"):
        DualGAN(smoothness="both", **TINY)  # type: ignore[arg-type]
    with pytest.raises(RecipeError, match="cannot be divided into 2"):
        mini_batches(tf.zeros((3, 1)), 2)
    # What `Training` checks the size of a batch against, before any step.
    assert DualGAN(critic_updates=3, **TINY).mini_batch_count == 3


def test_mini_batches_of_replicas_are_those_of_the_global_batch(two_replicas):
    images = tf.reshape(tf.range(8.0), (8, 1, 1, 1))
    whole = [part.numpy().ravel().tolist() for part in mini_batches(images, 2)]
    dataset = two_replicas.experimental_distribute_dataset(
        tf.data.Dataset.from_tensors(images).unbatch().batch(8)
    )
    seed = tf.constant([1, 2])

    @tf.function
    def parts(batch):
        return two_replicas.run(
            lambda one: (*mini_batches(one, 2), uniform_for_each(one, seed)), args=(batch,)
        )

    *found, draws = parts(next(iter(dataset)))
    together = [sorted(np.concatenate([v.numpy().ravel() for v in p.values])) for p in found]
    assert together == [sorted(part) for part in whole]
    drawn = np.concatenate([v.numpy() for v in draws.values])
    assert np.array_equal(drawn, uniform_for_each(images, seed))


def test_weights_are_clipped_on_every_replica(two_replicas):
    with two_replicas.scope():
        weight = keras.Variable([-3.0, 0.005, 3.0])

    @tf.function
    def clip():
        two_replicas.run(lambda: clip_weights([weight], 0.01))

    clip()
    for value in weight.value.values:
        np.testing.assert_allclose(value, [-0.01, 0.005, 0.01])
