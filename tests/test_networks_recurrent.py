"""The network of GRAN: the published widths, any size that can be halved."""

import numpy as np
import pytest

from tfi2i.networks import recurrent_generator


def test_the_published_weights():
    """By hand: 4x4 kernels between 1024, 512, 256 and 3 channels, and twice back."""
    network = recurrent_generator()
    sizes = {
        layer.name: layer.count_params()
        for layer in network.layers
        if layer.weights and "norm" not in layer.name
    }
    assert sizes == {
        "latent_dense": 101 * 100,
        "decoder_dense": 200 * 16 * 1024,
        "decoder_up1_conv": 16 * 1024 * 512,
        "decoder_up2_conv": 16 * 512 * 256,
        "decoder_up3_conv": 16 * 256 * 3,
        "encoder_down1_conv": 16 * 3 * 256,
        "encoder_down2_conv": 16 * 256 * 512,
        "encoder_down3_conv": 16 * 512 * 1024,
        "encoder_dense": (16 * 1024 + 1) * 100,
    }
    norms = [layer.name for layer in network.layers if layer.name.endswith("norm")]
    assert len(norms) == 5 * 3 + 4 * 2


@pytest.mark.parametrize("size", [28, 32, (32, 64)])
def test_sizes(size):
    network = recurrent_generator(latent_length=3, image_size=size, channels=1, filters=2, steps=2)
    images = np.asarray(network(np.random.default_rng(0).normal(0, 9, (2, 3))))
    height, width = size if isinstance(size, tuple) else (size, size)
    assert images.shape == (2, height, width, 1) and np.abs(images).max() <= 1.0
