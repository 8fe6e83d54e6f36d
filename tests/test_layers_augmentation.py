"""Differentiable augmentation: hand-worked values, pairs, draws, gradients, saved state."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i import networks
from tfi2i.errors import RecipeError
from tfi2i.layers import DifferentiableAugmentation
from tfi2i.layers.augmentation import _cut_out, _recolour, _shift
from tiny_models import SIZE, batch_specs, tiny_model


def drawn(*rows):
    return tf.constant(rows, tf.float32)


def test_colours_by_hand():
    """One pixel (0.2, 0.4, 0.9) and one (0, 0, 0): the mean grey of the first is 0.5."""
    image = tf.constant([[[[0.2, 0.4, 0.9], [0.0, 0.0, 0.0]]]])
    # Brightness +0.1, saturation 1.5, contrast 1.
    draws = drawn([0.6], [0.75], [0.5])[..., None, None, None]
    expected = [[[[0.15, 0.45, 1.2], [0.1, 0.1, 0.1]]]]
    np.testing.assert_allclose(_recolour(image, draws), expected, atol=1e-6)
    # Contrast 0.75 pulls everything towards the mean of all six values, 0.35.
    draws = drawn([0.6], [0.75], [0.25])[..., None, None, None]
    expected = [[[[0.2, 0.425, 0.9875], [0.1625, 0.1625, 0.1625]]]]
    np.testing.assert_allclose(_recolour(image, draws), expected, atol=1e-6)


def test_shifts_by_hand():
    """Of eight pixels one at most: the lowest draw shows what lies before, the highest after."""
    row = tf.reshape(tf.range(1.0, 9.0), (1, 1, 8, 1))
    left = _shift(row, drawn([0.5], [0.0]))[0, 0, :, 0]
    right = _shift(row, drawn([0.5], [0.99]))[0, 0, :, 0]
    stays = _shift(row, drawn([0.5], [0.5]))[0, 0, :, 0]
    np.testing.assert_array_equal(left, [0, 1, 2, 3, 4, 5, 6, 7])
    np.testing.assert_array_equal(right, [2, 3, 4, 5, 6, 7, 8, 0])
    np.testing.assert_array_equal(stays, [1, 2, 3, 4, 5, 6, 7, 8])
    column = tf.transpose(row, (0, 2, 1, 3))
    np.testing.assert_array_equal(_shift(column, drawn([0.0], [0.5]))[0, :, 0, 0], left)


@pytest.mark.parametrize("shape", [(2, 8, 16, 3), (None, None, None, 3)])
def test_each_image_of_a_batch_is_shifted_in_its_own_way_and_so_is_its_gradient(shape):
    """One pixel down and two left, and one up and two right, also where no side is known."""
    images = np.random.default_rng(0).normal(size=(2, 8, 16, 3)).astype(np.float32)
    draws = drawn([0.0, 0.99], [0.99, 0.0])

    @tf.function(input_signature=[tf.TensorSpec(shape)], autograph=False)
    def shifted(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            made = _shift(images, draws)
        return made, tape.gradient(made, images, made)

    made, gradient = shifted(images)
    expected, kept = np.zeros_like(images), np.zeros_like(images)
    expected[0, 1:, :-2], expected[1, :-1, 2:] = images[0, :-1, 2:], images[1, 1:, :-2]
    kept[0, :-1, 2:], kept[1, 1:, :-2] = images[0, :-1, 2:], images[1, 1:, :-2]
    np.testing.assert_array_equal(made, expected)
    np.testing.assert_array_equal(gradient, kept)
    holes = tf.function(_cut_out, input_signature=[tf.TensorSpec(shape), tf.TensorSpec((2, 2))])
    np.testing.assert_array_equal(holes(images, draws), _cut_out(tf.constant(images), draws))


def test_holes_by_hand():
    """Half of four pixels, around the drawn one; at the border a part of the hole is cut off."""
    image = tf.ones((1, 4, 4, 1))
    made = _cut_out(image, drawn([0.5], [0.0]))[0, :, :, 0].numpy()
    expected = np.ones((4, 4))
    expected[1:3, 0:1] = 0.0
    np.testing.assert_array_equal(made, expected)


def test_images_of_a_pair_change_alike_and_images_of_a_batch_differently():
    layer = DifferentiableAugmentation(("colour", "translation", "cutout"), seed=1)
    image = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 3)).astype(np.float32)
    batch = np.repeat(image, 3, axis=0)
    first, second = layer([batch, batch], training=True)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first[0], first[1])
    again = layer(batch, training=True)
    assert not np.array_equal(first, again)
    np.testing.assert_array_equal(layer(batch, training=False), batch)


def test_the_same_seed_and_count_draw_the_same():
    layers = [DifferentiableAugmentation(("colour",), seed=3) for _ in range(2)]
    images = np.ones((2, 8, 8, 3), np.float32) * 0.3
    for layer in layers:
        layer(images, training=True)
    layers[1].state.assign([3, 0])
    first = layers[1](images, training=True)
    layers[0].state.assign([3, 0])
    np.testing.assert_array_equal(layers[0](images, training=True), first)


def test_gradients_reach_the_images():
    """What is not cut out or shifted out has the gradient that the colours' formula gives."""
    images = tf.constant(np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 3)), tf.float32)
    weights = tf.constant(np.random.default_rng(1).normal(size=(2, 8, 8, 3)), tf.float32)
    draws = drawn(
        [0.1, 0.9], [0.3, 0.8], [0.2, 0.7], [0.1, 0.9], [0.8, 0.2], [0.3, 0.6], [0.9, 0.1]
    )
    layer = DifferentiableAugmentation(("colour", "translation", "cutout"), seed=0)

    def value(x):
        return tf.reduce_sum(weights * layer._change(x, draws))

    with tf.GradientTape() as tape:
        tape.watch(images)
        out = value(images)
    gradient = tape.gradient(out, images).numpy()
    direction = np.random.default_rng(2).normal(size=images.shape).astype(np.float32)
    step = 1e-2  # The operation is linear in the images, so that the step may be large.
    numeric = (value(images + step * direction) - value(images - step * direction)) / (2 * step)
    assert float(numeric) == pytest.approx(float((gradient * direction).sum()), rel=1e-3)


def test_a_discriminator_keeps_its_name_and_weights():
    plain = networks.patchgan(channels=(3, 3), receptive_field=16, filters=4, norm="instance")
    wrapped = networks.augmented(plain, ("translation",))
    assert wrapped.name == plain.name
    assert {v.path for v in wrapped.trainable_variables} == {
        v.path for v in plain.trainable_variables
    }
    pair = [np.random.default_rng(s).uniform(-1, 1, (2, 16, 16, 3)) for s in (0, 1)]
    np.testing.assert_array_equal(wrapped(pair, training=False), plain(pair, training=False))
    assert not np.array_equal(wrapped(pair, training=True), plain(pair, training=True))
    assert networks.augmented(plain, ()) is plain
    with pytest.raises(RecipeError, match="'colours'; there are colour, translation, cutout"):
        networks.augmented(plain, ("colours",))


@pytest.mark.parametrize("name", ["wgan_gp", "progressive_gan", "r3gan"])
def test_penalties_see_images_augmented_as_the_scores_do(name, monkeypatch):
    """R1 and R2 come with the scores themselves: without `training` no score was augmented."""
    seen, call = [], DifferentiableAugmentation.call

    def noted(self, inputs, training=False):
        seen.append(training)
        return call(self, inputs, training=training)

    monkeypatch.setattr(DifferentiableAugmentation, "call", noted)
    model = tiny_model(name, diff_augment=("colour",))
    model.compile()
    seen.clear()
    tf.function(model.train_step).get_concrete_function(*batch_specs(model, SIZE, 4))
    assert seen == [True] * 4


def test_a_layer_comes_back_from_its_configuration():
    layer = DifferentiableAugmentation(("cutout",), seed=5)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert (again.policy, again.seed) == (("cutout",), 5)
    with pytest.raises(ValueError, match="there is no 'blur'"):
        DifferentiableAugmentation(("blur",))
