"""Convolutions as products of matrices against Keras': numbers, gradients, when they are taken."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.export.generator import inference_generator
from tfi2i.layers import ProductConv2D, ProductConv2DTranspose, SpectralNormalization
from tfi2i.layers import product_convolution as module
from tfi2i.networks import unet

PLAIN = {
    ProductConv2D: keras.layers.Conv2D,
    ProductConv2DTranspose: keras.layers.Conv2DTranspose,
}


@pytest.fixture
def always(monkeypatch):
    """Products for kernels of any size."""
    monkeypatch.setattr(module, "_WEIGHTS_A_PIXEL", {"float32": 0, "bfloat16": 0})


def pair(kind, channels: int, *arguments, **options):
    """A layer by products and Keras' own, with the same weights."""
    layers = [
        one(*arguments, bias_initializer="random_normal", **options) for one in (kind, PLAIN[kind])
    ]
    for layer in layers:
        layer.build((None, None, None, channels))
    layers[1].set_weights(layers[0].get_weights())
    return layers


def outputs_and_gradients(layer, images):
    """What it gives, its gradients, and the gradient of a gradient penalty."""
    weights = [weight.value for weight in layer.trainable_weights]
    with tf.GradientTape() as outer:
        outer.watch([images, *weights])
        with tf.GradientTape() as tape:
            tape.watch([images, *weights])
            outputs = layer(images)
            loss = tf.reduce_sum(tf.sin(outputs))
        gradients = tape.gradient(loss, [images, *weights])
        penalty = tf.reduce_sum(tf.square(gradients[0]))
    return [outputs, *gradients, *outer.gradient(penalty, [images, *weights])]


def operators(layer, *shape, dtype="float32") -> set[str]:
    """Types of the operators of a layer's graph for images of a shape."""
    spec = tf.TensorSpec(shape, dtype)
    graph = tf.function(lambda images: layer(images)).get_concrete_function(spec).graph
    return {operator.type for operator in graph.get_operations()}


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("side", "stride"), [(4, 2), (4, 1), (3, 1), (2, 2), (6, 3), (1, 1)])
@pytest.mark.parametrize("size", [(8, 12), (7, 9)])
def test_numbers_and_gradients_are_those_of_a_convolution(always, side, stride, padding, size):
    layers = pair(ProductConv2D, 3, 5, side, strides=stride, padding=padding, activation="tanh")
    assert "MatMul" in operators(layers[0], 2, *size, 3)
    images = tf.random.stateless_normal((2, *size, 3), (0, 0))
    ours, keras_own = (outputs_and_gradients(layer, images) for layer in layers)
    for found, expected in zip(ours, keras_own, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 4)])
def test_numbers_and_gradients_are_those_of_a_transposed_convolution(always, size, use_bias):
    options = {"strides": 2, "padding": "same", "use_bias": use_bias, "activation": "tanh"}
    layers = pair(ProductConv2DTranspose, 3, 5, 4, **options)
    assert "MatMul" in operators(layers[0], 2, *size, 3)
    images = tf.random.stateless_normal((2, *size, 3), (0, 0))
    ours, keras_own = (outputs_and_gradients(layer, images) for layer in layers)
    assert ours[0].shape == (2, 2 * size[0], 2 * size[1], 5)
    for found, expected in zip(ours, keras_own, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("side", "stride"), [(4, 2), (3, 1)])
@pytest.mark.parametrize("kind", [ProductConv2D, ProductConv2DTranspose])
def test_a_kernels_gradient_alone_is_a_product(monkeypatch, kind, side, stride):
    """The second gradients too, each of which is made of the three kinds of products."""
    monkeypatch.setattr(module, "_product_is_faster", lambda *_: False)
    monkeypatch.setattr(module, "kernel_gradient_is_faster", lambda *_: True)
    layers = pair(kind, 3, 5, side, strides=stride, padding="same", activation="tanh")
    images = tf.random.stateless_normal((2, 4, 6, 3), (0, 0))
    step = tf.function(outputs_and_gradients)
    ours, keras_own = (step(layer, images) for layer in layers)
    for found, expected in zip(ours, keras_own, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    kinds = {
        one.type for one in step.get_concrete_function(layers[0], images).graph.get_operations()
    }
    by_product = kind is ProductConv2D or side == 4
    assert ("MatMul" in kinds and "Conv2DBackpropFilter" not in kinds) is by_product


@pytest.mark.parametrize(
    ("dtype", "shape", "product"),
    [
        ("bfloat16", (64, 8, 8, 64), True),
        ("float32", (64, 8, 8, 64), False),
        ("bfloat16", (32, 4, 4, 64), False),  # Little work.
        ("bfloat16", (64, 8, 32, 64), False),  # Rows of 16.
        ("bfloat16", (None, 8, 8, 64), False),
    ],
)
def test_which_kernels_have_their_gradient_as_a_product(dtype, shape, product):
    layer = ProductConv2D(128, 4, strides=2, padding="same", dtype=dtype)
    layer.build(shape)
    kernel = tf.cast(layer.kernel, dtype)
    narrow = layer.compute_output_shape(shape)[:3]
    assert module.kernel_gradient_is_faster(kernel, list(narrow)) is product


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (ProductConv2D, {"padding": "same", "groups": 2}),
        (ProductConv2D, {"padding": "same", "dilation_rate": 2}),
        (ProductConv2D, {"strides": 3}),
        (ProductConv2DTranspose, {"strides": 2, "padding": "valid"}),
        (ProductConv2DTranspose, {"strides": 2, "padding": "same", "output_padding": 1}),
        (ProductConv2DTranspose, {"strides": 1, "padding": "same"}),
        (ProductConv2DTranspose, {"strides": 4, "padding": "same"}),
    ],
)
def test_what_has_no_product_is_a_convolution(always, kind, options):
    ours, keras_own = pair(kind, 4, 6, 4, **options)
    assert "MatMul" not in operators(ours, 1, 8, 8, 4)
    images = tf.random.stateless_normal((1, 8, 8, 4), (0, 0))
    np.testing.assert_allclose(ours(images), keras_own(images), atol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "shape", "product"),
    [
        # A kernel of 131,072 weights.
        ("float32", (1, 2, 2, 64), True),
        ("float32", (2, 2, 2, 64), False),
        ("bfloat16", (1, 8, 8, 64), True),
        ("bfloat16", (1, 8, 10, 64), False),
        ("bfloat16", (1, None, None, 64), False),
        ("bfloat16", (None, 8, 8, 64), False),
    ],
)
def test_products_are_for_large_kernels_on_small_maps(monkeypatch, dtype, shape, product):
    down = ProductConv2D(128, 4, strides=2, padding="same", dtype=dtype)
    up = ProductConv2DTranspose(128, 4, strides=2, padding="same", dtype=dtype)
    half = tuple(size and size // 2 for size in shape[1:3])
    assert ("MatMul" in operators(down, *shape, dtype=dtype)) is product
    assert ("MatMul" in operators(up, shape[0], *half, 64, dtype=dtype)) is product
    monkeypatch.setattr(module, "has_gpu", lambda: True)
    assert "MatMul" not in operators(down, *shape, dtype=dtype)


def test_with_spectral_normalisation(always):
    images = tf.random.stateless_normal((1, 4, 4, 3), (0, 0))
    layers = [
        SpectralNormalization(kind(5, 4, strides=2, padding="same"), name="spectral")
        for kind in (ProductConv2D, keras.layers.Conv2D)
    ]
    for layer in layers:
        layer.build(images.shape)
    layers[1].set_weights(layers[0].get_weights())
    assert "Conv2D" not in operators(layers[0], *images.shape)
    np.testing.assert_allclose(layers[0](images), layers[1](images), atol=1e-6)


def test_saved_models_load_and_exports_have_keras_layers(tmp_path):
    generator = unet(depth=3, filters=4, norm="instance")
    kinds = {type(layer) for layer in generator.layers}
    assert {ProductConv2D, ProductConv2DTranspose} <= kinds
    generator.save(tmp_path / "generator.keras")
    images = tf.random.stateless_uniform((1, 16, 24, 3), (0, 1), -1, 1)
    copy = keras.saving.load_model(tmp_path / "generator.keras")
    np.testing.assert_array_equal(copy(images), generator(images))
    exported = inference_generator(generator).model
    kinds = {type(layer) for layer in exported.layers}
    assert not {ProductConv2D, ProductConv2DTranspose} & kinds
    assert {keras.layers.Conv2D, keras.layers.Conv2DTranspose} <= kinds
    np.testing.assert_allclose(exported(images), generator(images), atol=1e-6)
