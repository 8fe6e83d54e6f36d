"""The generators among which pix2pix and CycleGAN let their users choose."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.networks import resnet, tutorial_unet, unet
from tfi2i.zoo.paired.pix2pix import Pix2Pix
from tfi2i.zoo.unpaired.cyclegan import CycleGAN

SMALL: dict[str, Any] = {
    "crop_size": 32,
    "filters": 4,
    "discriminator_filters": 4,
    "receptive_field": 16,
}


def trainable(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).integers(0, 256, (2, 4, 32, 32, 3), np.uint8)


def test_weights_of_the_tutorial_s_u_net():
    """4x4 kernels without bias, scale and offset for all maps but the first, a last bias."""
    widths = [64, 128, 256, 512, 512, 512, 512, 512]
    down = sum(16 * a * b for a, b in zip([3, *widths], widths, strict=False))
    joined = [512, 1024, 1024, 1024, 1024, 512, 256]
    up = sum(16 * a * b for a, b in zip(joined, widths[-2::-1], strict=True))
    scales = 2 * (sum(widths[1:]) + sum(widths[:-1]))
    model = tutorial_unet()
    assert trainable(model) == down + up + 16 * 128 * 3 + 3 + scales
    assert trainable(model) == 54_414_979  # as the tutorial's page shows it


def test_skips_of_the_tutorial_carry_what_its_activation_left():
    """With all maps behind the first zero, the image comes back by the outermost skip alone."""
    model = tutorial_unet(depth=2, filters=1, norm="instance", dropout=0.0)
    for layer in model.layers:
        for variable in layer.weights:
            variable.assign(tf.zeros_like(variable))
    first, last = model.get_layer("down1_conv"), model.get_layer("up1_conv")
    first.kernel.assign(tf.reshape([0.0] * 15 + [1.0] + [0.0] * 32, (4, 4, 3, 1)))
    last.kernel.assign(tf.concat([tf.zeros((4, 4, 3, 1)), tf.ones((4, 4, 3, 1))], axis=-1))
    image = np.full((1, 8, 8, 3), -0.5, np.float32)
    inside = np.asarray(model(image))[0, 3:5, 3:5]
    # -0.5 through the slope of 0.3, four times where the 4x4 kernels overlap.
    np.testing.assert_allclose(inside, np.tanh(4 * 0.3 * -0.5), rtol=1e-5)


def test_a_u_net_has_biases_without_norm_if_asked():
    plain = unet(depth=4, filters=2, norm="instance")
    biased = unet(depth=4, filters=2, norm="instance", bias_without_norm=True)
    assert trainable(biased) == trainable(plain) + 2 + 16
    names = [layer.name for layer in biased.layers if getattr(layer, "use_bias", False)]
    assert names == ["down1_conv", "down4_conv", "up1_conv"]


def test_batch_norm_by_the_image_is_instance_norm():
    images = np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 3)).astype(np.float32)
    options: dict[str, Any] = {"blocks": 1, "filters": 2}
    by_image = resnet(norm="batch", statistics_at_inference="image", **options)
    instance = resnet(norm="instance", **options)
    instance.set_weights(by_image.get_weights())
    np.testing.assert_allclose(by_image(images), instance(images), atol=1e-6)


@pytest.mark.parametrize(
    "settings", [{"network": "resnet", "blocks": 1}, {"network": "tutorial_unet", "depth": 3}]
)
def test_pix2pix_trains_with_each(settings: dict[str, Any], pictures):
    model = Pix2Pix(**SMALL, norm="instance", **settings)
    model.compile(run_eagerly=True)
    before = [np.array(one) for one in model.generator.trainable_variables]
    model.fit(*pictures, batch_size=4, verbose=0)
    moved = [
        np.any(np.array(v) != b)
        for v, b in zip(model.generator.trainable_variables, before, strict=True)
    ]
    assert np.mean(moved) > 0.9


def test_cyclegan_trains_with_a_u_net(pictures):
    model = CycleGAN(**SMALL, network="unet", depth=3)
    model.compile(run_eagerly=True)
    model.fit(*pictures, batch_size=4, verbose=0)
    assert model.translate(pictures[0, 0], direction="b2a").shape == (32, 32, 3)
    assert model.get_config()["depth"] == 3 and model.get_config()["blocks"] is None


def test_what_no_network_takes_is_refused():
    with pytest.raises(RecipeError, match="input_skip is for network='unet'; 'resnet' has none"):
        Pix2Pix(**SMALL, network="resnet", input_skip=True)
    with pytest.raises(RecipeError, match="network must be 'unet', 'resnet' or 'tutorial_unet'"):
        CycleGAN(**SMALL, network="vgg")  # type: ignore[arg-type]
    with pytest.raises(RecipeError, match="norm must be 'batch' or 'instance'"):
        tutorial_unet(depth=2, filters=1, norm="none")  # type: ignore[arg-type]
    with pytest.raises(RecipeError, match="at least 2"):
        tutorial_unet(depth=1)
