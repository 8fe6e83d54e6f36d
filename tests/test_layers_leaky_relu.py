"""LeakyReLU against Keras' own: numbers, gradients of two orders, and what a penalty leaves out."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.layers import LeakyReLU
from tfi2i.losses.critic import scores_and_slope

IMAGES = tf.random.stateless_normal((2, 6, 6, 3), (0, 1))


def critic(rectifier: type[keras.layers.LeakyReLU]) -> keras.Sequential:
    """Two convolutions and a score; every critic starts from the same weights."""
    start = keras.initializers.RandomNormal(0.0, 1.0, seed=1)
    layers: list[keras.layers.Layer] = [keras.Input(IMAGES.shape[1:])]
    for filters in (4, 5):
        layers += [keras.layers.Conv2D(filters, 3, kernel_initializer=start), rectifier(0.2)]
    return keras.Sequential([*layers, keras.layers.Conv2D(1, 2, kernel_initializer=start)])


def penalised(model: keras.Model, images, *, training: bool = True):
    """Scores, the penalty, and the gradients of the penalty alone."""
    with tf.GradientTape() as tape:
        scores, slope = scores_and_slope(lambda one: model(one, training=training), images)
    kernels = [layer.kernel.value for layer in model.layers if hasattr(layer, "kernel")]
    return scores, slope, *tape.gradient(slope, kernels)


@pytest.mark.parametrize("training", [True, False])
def test_numbers_and_second_gradients_are_those_of_keras(training):
    ours, keras_own = (
        penalised(critic(kind), IMAGES, training=training)
        for kind in (LeakyReLU, keras.layers.LeakyReLU)
    )
    for found, expected in zip(ours, keras_own, strict=True):
        assert np.any(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_values_and_first_gradients_by_hand():
    values = tf.constant([-2.0, -0.0, 0.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(values)
        results = LeakyReLU(0.2)(values, training=True)
    np.testing.assert_allclose(results, [-0.4, 0.0, 0.0, 3.0])
    np.testing.assert_allclose(tape.gradient(results, values), [0.2, 0.2, 0.2, 1.0])


def operators(model: keras.Model, **options) -> list[str]:
    graph = tf.function(lambda images: penalised(model, images, **options)).get_concrete_function(
        tf.TensorSpec(IMAGES.shape)
    )
    return [operator.type for operator in graph.graph.get_operations()]


def test_a_penalty_does_not_go_back_through_the_layers_twice():
    """Of the forward pass that the slope is taken of, only the choice of slopes is needed."""
    ours, keras_own = (operators(critic(kind)) for kind in (LeakyReLU, keras.layers.LeakyReLU))
    # Back to the images through three layers; Keras' goes back once more, through the two above the
    # first.
    assert ours.count("Conv2DBackpropInput") == 3
    assert keras_own.count("Conv2DBackpropInput") == 5
    assert "LeakyReluGrad" in ours


def test_inference_has_the_operator_that_other_runtimes_know():
    layer = LeakyReLU(0.2)
    graph = tf.function(layer).get_concrete_function(tf.TensorSpec(IMAGES.shape)).graph
    assert [one.type for one in graph.get_operations() if "Relu" in one.type] == ["LeakyRelu"]
