"""PatchGAN: what a score can see, found by its gradient, and the published weights."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.networks import patchgan


def trainable(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def test_weights_of_the_published_network():
    widths = [6, 64, 128, 256, 512, 1]
    kernels = sum(16 * inside * out for inside, out in zip(widths, widths[1:], strict=False))
    published = kernels + 64 + 1 + 2 * (128 + 256 + 512)
    assert published == 2_768_705
    assert trainable(patchgan(channels=(3, 3))) == published
    # Of colours alone: 1x1 kernels to 64, 128 and the score.
    pixels = 6 * 64 + 64 + 64 * 128 + 2 * 128 + 128 + 1
    assert trainable(patchgan(channels=(3, 3), receptive_field=1)) == pixels


def seen(model, size):
    """Height and width of what the score in the middle depends on."""
    images = tf.random.stateless_normal((1, size, size, 1), (0, 0))
    with tf.GradientTape() as tape:
        tape.watch(images)
        scores = model(images, training=False)
        height, width = scores.shape[1] // 2, scores.shape[2] // 2
        score = scores[0, height, width, 0]
    gradient = np.abs(tf.convert_to_tensor(tape.gradient(score, images)))[0, :, :, 0]
    rows, columns = np.nonzero(gradient.sum(axis=1))[0], np.nonzero(gradient.sum(axis=0))[0]
    assert rows[0] > 0 and rows[-1] < size - 1, "the image is too small to tell"
    return rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


@pytest.mark.parametrize("receptive_field", [1, 16, 34, 70, 142, 286])
def test_receptive_field(receptive_field):
    model = patchgan(channels=(1,), receptive_field=receptive_field, filters=2)
    size = 64 if receptive_field < 50 else 192 if receptive_field < 150 else 512
    assert seen(model, size) == (receptive_field, receptive_field)


@pytest.mark.parametrize(
    ("receptive_field", "scores"), [(1, 256), (16, 126), (34, 62), (70, 30), (142, 14), (286, 6)]
)
def test_scores_of_a_256_pixel_image(receptive_field, scores):
    model = patchgan(receptive_field=receptive_field, filters=1)
    assert model(tf.zeros((1, 256, 256, 3))).shape == (1, scores, scores, 1)


@pytest.mark.parametrize("receptive_field", [1, 70])
def test_first_and_last_layer_are_not_normalised(receptive_field):
    model = patchgan(receptive_field=receptive_field, filters=2)
    names = {layer.name for layer in model.layers if layer.name.endswith("_norm")}
    last = 2 if receptive_field == 1 else 4
    assert names == {f"block{block}_norm" for block in range(2, last + 1)}
    assert model.get_layer("block1_conv").use_bias
    assert not model.get_layer("block2_conv").use_bias
    assert model.layers[-1].name == "scores"
    assert model.layers[-1].activation is keras.activations.linear


def test_several_inputs_of_any_channels_and_sizes():
    model = patchgan(channels=(1, 4), receptive_field=16, filters=2)
    source = tf.random.stateless_normal((2, 24, 40, 1), (0, 0))
    image = tf.random.stateless_normal((2, 24, 40, 4), (0, 1))
    scores = model([source, image])
    assert scores.shape == (2, 10, 18, 1)
    assert np.abs(scores - model([-source, image])).max() > 0.0
    assert np.abs(scores - model([source, -image])).max() > 0.0


def test_attention_and_spectral_normalisation():
    model = patchgan(filters=2, attention=True, spectral=True)
    names = [layer.name for layer in model.layers]
    assert names[names.index("block3_relu") + 1] == "attention"
    convolutions = [layer for layer in model.layers if layer.name.endswith(("_conv", "scores"))]
    assert len(convolutions) == 5
    assert {type(layer).__name__ for layer in convolutions} == {"SpectralNormalization"}


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("spectral", [True, False])
def test_mixed_precision_scores_in_float32(policy, spectral):
    keras.config.set_dtype_policy(policy)
    try:
        model = patchgan(filters=4, receptive_field=16, spectral=spectral)
    finally:
        keras.config.set_dtype_policy("float32")
    output: Any = model.output
    assert output.dtype == "float32"
    assert model(tf.zeros((1, 16, 16, 3)), training=True).dtype == tf.float32


def test_impossible_options_are_errors_in_words():
    with pytest.raises(RecipeError, match="one of 1, 16, 34, 70, 142, 286, got 128"):
        patchgan(receptive_field=128)
    with pytest.raises(RecipeError, match="receptive field of one pixel"):
        patchgan(receptive_field=1, attention=True)
