"""The U-Net: weights by hand from the paper's description, its blocks, sizes and channels."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import DataError, RecipeError
from tfi2i.networks import check_image_size, unet


def trainable(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def paper_weights(widths, skips):
    """4x4 kernels without bias, scale and offset for each normalised channel, a last bias."""
    total, inside = 0, 3
    for level, width in enumerate(widths):
        total += 16 * inside * width + (2 * width if 0 < level < len(widths) - 1 else 0)
        inside = width
    for level in range(len(widths) - 1, 0, -1):
        width = widths[level - 1]
        total += 16 * inside * width + 2 * width
        inside = width * 2 if skips else width
    return total + 16 * inside * 3 + 3


@pytest.mark.parametrize(
    ("depth", "skips", "published"),
    [(8, True, 54_413_955), (7, True, 41_828_995), (8, False, None)],
)
def test_weights_of_the_published_networks(depth, skips, published):
    widths = [64, 128, 256, 512, 512, 512, 512, 512][:depth]
    count = trainable(unet(depth=depth, skips=skips))
    assert count == paper_weights(widths, skips)
    assert published in (None, count)


def test_blocks_are_the_paper_s():
    model = unet(depth=5, filters=2)
    names = {layer.name for layer in model.layers}
    assert {name for name in names if name.startswith("down") and "norm" in name} == {
        "down2_norm",
        "down3_norm",
        "down4_norm",
    }
    assert {name for name in names if name.startswith("up") and "norm" in name} == {
        "up5_norm",
        "up4_norm",
        "up3_norm",
        "up2_norm",
    }
    assert {name for name in names if "dropout" in name} == {
        "up5_dropout",
        "up4_dropout",
        "up3_dropout",
    }
    assert model.get_layer("down2_relu").negative_slope == pytest.approx(0.2)
    assert isinstance(model.get_layer("up2_relu"), keras.layers.ReLU)
    assert model.get_layer("up4_dropout").rate == 0.5
    for name in ("down3_conv", "up3_conv"):
        assert model.get_layer(name).kernel_size == (4, 4)
        assert model.get_layer(name).strides == (2, 2)


def test_kernels_start_small_and_different():
    model = unet(depth=8, filters=16, max_filters=64)
    first, second = (np.asarray(model.get_layer(f"down{n}_conv").kernel) for n in (5, 6))
    assert first.shape == second.shape
    assert np.abs(first - second).max() > 0.01
    assert first.std() == pytest.approx(0.02, rel=0.05)
    assert abs(first.mean()) < 1e-3
    assert not np.array_equal(*(model.get_layer(f"up{n}_norm").gamma for n in (5, 6)))


@pytest.mark.parametrize("channels", [(1, 3), (3, 1), (4, 4)])
@pytest.mark.parametrize("skips", [True, False])
def test_any_size_that_the_depth_allows_and_any_channels(channels, skips):
    model = unet(
        input_channels=channels[0], output_channels=channels[1], depth=3, filters=4, skips=skips
    )
    assert model.output_shape == (None, None, None, channels[1])
    assert model.size_multiple == 8
    for size in ((8, 8), (16, 40)):
        check_image_size(model, *size)
        images = tf.random.stateless_normal((2, *size, channels[0]), (0, 0))
        result = model(images, training=True)
        assert result.shape == (2, *size, channels[1])
        assert np.abs(result).max() <= 1.0
        assert np.std(result) > 0.0


def test_size_that_does_not_fit_names_the_multiple():
    model = unet(depth=3, filters=4, name="sketch")
    with pytest.raises(DataError, match="20x16 .*'sketch'.* multiples of 8"):
        check_image_size(model, 20, 16)


def test_paper_protocol_at_inference_treats_each_image_alone():
    model = unet(depth=3, filters=4, dropout_at_inference=True, statistics_at_inference="image")
    images = tf.random.stateless_normal((3, 16, 16, 3), (0, 0))
    together = model(images, training=False)
    for number in range(3):
        alone = model(images[number : number + 1], training=False)
        np.testing.assert_allclose(together[number : number + 1], alone, atol=1e-5)
    quiet = unet(depth=3, filters=4, statistics_at_inference="image")
    quiet.set_weights(model.get_weights())
    assert np.abs(quiet(images) - together).max() > 1e-3


def test_every_weight_gets_a_gradient():
    model = unet(depth=4, filters=4, attention_at=(2,), spectral=True, norm="instance")
    model.get_layer("down2_attention").gamma.assign(0.5)
    with tf.GradientTape() as tape:
        result = model(tf.random.stateless_normal((1, 32, 32, 3), (0, 0)), training=True)
        loss = tf.reduce_sum(tf.square(result - 0.3))
    gradients: Any = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
        assert gradient is not None and np.abs(gradient).max() > 0.0, weight.path


def test_attention_and_spectral_normalisation_where_asked():
    model = unet(depth=4, filters=4, attention_at=(2, 3), spectral=True)
    names = [layer.name for layer in model.layers if "attention" in layer.name]
    assert names == ["down2_attention", "down3_attention"]
    convolutions = [layer for layer in model.layers if layer.name.endswith("_conv")]
    assert len(convolutions) == 8
    assert {type(layer).__name__ for layer in convolutions} == {"SpectralNormalization"}
    # The attended map is what the skip connection carries.
    assert model.get_layer("up3_skip").input[1] is model.get_layer("down2_attention").output
    plain = unet(depth=4, filters=4)
    assert trainable(model) - trainable(plain) == sum(
        # Query and key with C / 8 channels, value with C / 2, output from C / 2, gamma.
        2 * width * (width // 8) + 2 * width * (width // 2) + 1
        for width in (8, 16)
    )


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
def test_bias_only_where_no_norm_takes_it_out(norm):
    model = unet(depth=3, filters=4, norm=norm)
    biased = {layer.name for layer in model.layers if getattr(layer, "use_bias", False)}
    everywhere = {"down1_conv", "down2_conv", "down3_conv", "up3_conv", "up2_conv"}
    assert biased == ({"up1_conv"} | everywhere if norm == "none" else {"up1_conv"})


def test_weight_paths_are_stable():
    first, second = (unet(depth=3, filters=4, attention_at=(1,), spectral=True) for _ in range(2))
    paths = [weight.path for weight in first.weights]
    assert paths == [weight.path for weight in second.weights]
    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_ends_in_float32(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = unet(depth=3, filters=8, attention_at=(1,), spectral=True)
    finally:
        keras.config.set_dtype_policy("float32")
    exact = unet(depth=3, filters=8, attention_at=(1,), spectral=True)
    exact.set_weights(model.get_weights())
    images = tf.random.stateless_normal((2, 16, 16, 3), (0, 0))
    result = model(images)
    assert result.dtype == tf.float32
    assert model.get_layer("up2_conv").compute_output_spec(
        keras.KerasTensor((1, 2, 2, 32))
    ).dtype == (policy.removeprefix("mixed_"))
    assert all(weight.dtype == "float32" for weight in model.trainable_weights)
    np.testing.assert_allclose(result, exact(images), atol=0.05)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 1}, "depth of at least 2, got 1"),
        ({"depth": 4, "attention_at": (5,)}, "levels 1 to 4"),
        ({"input_skip": True}, "needs upsampling 'nearest', got 'transposed'"),
        ({"norm": "layer"}, "'batch', 'instance' or 'none', got 'layer'"),
    ],
)
def test_impossible_options_are_errors_in_words(options, message):
    with pytest.raises(RecipeError, match=message):
        unet(filters=4, **options)


def test_reflecting_convolutions_draw_no_frame_on_a_flat_image():
    flat = tf.fill((1, 32, 32, 3), 0.5)
    results = {}
    for padding in ("same", "reflect"):
        model = unet(depth=3, filters=4, norm="none", upsampling="nearest", padding=padding)
        results[padding] = np.asarray(model(flat))
    # Without zeros beyond the border, nothing tells one place from another.
    assert np.ptp(results["reflect"], axis=(1, 2)).max() < 1e-5
    assert np.ptp(results["same"], axis=(1, 2)).max() > 1e-3


def test_only_a_skip_of_the_input_brings_single_pixels_through_nearest_upsampling():
    """A chequered image, whose signs change from pixel to pixel."""
    board = np.indices((32, 32)).sum(axis=0) % 2 * 2.0 - 1.0
    image = tf.constant(np.repeat(board[None, :, :, None], 3, axis=3), tf.float32)
    amplitudes = {}
    for skip in (False, True):
        model = unet(depth=3, filters=4, norm="none", upsampling="nearest", input_skip=skip)
        result = np.asarray(model(image))[0, 8:24, 8:24, 0]
        # What changes sign from pixel to pixel, of all that the network draws.
        amplitudes[skip] = abs((result * board[8:24, 8:24]).mean())
    assert amplitudes[True] > 1e-3 > 100 * amplitudes[False]
    plain, skipping = (
        trainable(unet(depth=3, filters=4, upsampling="nearest", input_skip=skip))
        for skip in (False, True)
    )
    assert skipping - plain == 3 * 3 * 3 * 3
