"""One image to many: the latent's layers, networks, objectives, and the BicycleGAN family."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i import losses
from tfi2i.errors import DataError, RecipeError
from tfi2i.evidence.measures.diversity import diversity
from tfi2i.evidence.measures.encoding import encoding_error
from tfi2i.export import export_litert, parity_report
from tfi2i.layers import AppendLatent, FixedLatent
from tfi2i.metrics import efficientnet_lite0_patches, mean_distance_within
from tfi2i.networks import latent_encoder, patchgan, unet
from tfi2i.zoo.paired.bicyclegan import BicycleGAN

SIZE = 32
TINY: dict[str, Any] = {
    "crop_size": SIZE,
    "filters": 4,
    "encoder_filters": 4,
    "discriminator_filters": 4,
    "receptive_field": 16,
    "depth": 3,
}


def trainable(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def pictures(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8)


def test_a_latent_stands_beside_every_pixel():
    images = tf.reshape(tf.range(12.0), (2, 1, 3, 2))
    latents = tf.constant([[7.0], [8.0]])
    together = AppendLatent()([images, latents]).numpy()
    assert np.array_equal(together[..., :2], images)
    assert np.array_equal(together[..., 2], [[[7, 7, 7]], [[8, 8, 8]]])
    assert np.array_equal(FixedLatent([1, 2])(images), [[1, 2], [1, 2]])
    assert FixedLatent.from_config(FixedLatent([1, 2]).get_config()).values == (1.0, 2.0)


@pytest.mark.parametrize("length", [2, 8, 256])
def test_the_latent_enters_at_the_input_or_before_every_encoder_block(length):
    widths = [64, 128, 256, 512, 512, 512, 512, 512]
    plain = trainable(unet(norm="instance", dropout=0.0))
    at_input = trainable(unet(latent_length=length, latent_at="input", norm="instance"))
    at_all = trainable(unet(latent_length=length, norm="instance"))
    # 4x4 kernels see `length` more channels.
    assert at_input - plain == 16 * length * widths[0]
    assert at_all - plain == 16 * length * sum(widths)


def test_unknown_places_and_kinds_are_named():
    with pytest.raises(RecipeError, match="'middle'"):
        unet(latent_length=2, latent_at="middle")  # type: ignore[arg-type]
    with pytest.raises(RecipeError, match="'mlp'"):
        latent_encoder(kind="mlp")  # type: ignore[arg-type]


def test_encoders_give_two_heads_or_one():
    images = tf.random.stateless_normal((2, 64, 64, 3), (0, 0))
    mean, log_variance = latent_encoder(depth=3, filters=4)(images)
    assert mean.shape == log_variance.shape == (2, 8)
    assert latent_encoder(kind="cnn", depth=3, filters=4, variance=False)(images).shape == (2, 8)


def test_weights_of_the_encoders_by_hand():
    heads = 2 * (256 * 8 + 8)
    widths = [64, 128, 256, 256, 256]
    first = 16 * 3 * 64 + 64
    pairs = list(zip(widths, widths[1:], strict=False))
    strided = sum(16 * i * o + 2 * o for i, o in pairs)
    assert trainable(latent_encoder(kind="cnn")) == first + strided + heads
    # Two norms of the width before, two 3x3 convolutions (the second with bias), a 1x1 shortcut.
    residual = sum(4 * i + 9 * i * i + 9 * i * o + o + i * o for i, o in pairs)
    assert trainable(latent_encoder(kind="resnet")) == first + residual + heads


def test_the_residual_encoder_sees_the_mean_colour():
    encoder = latent_encoder(depth=3, filters=8)
    images = tf.random.stateless_uniform((1, 32, 32, 3), (0, 0), -0.2, 0.2)
    dark, light = encoder(images - 0.5)[0], encoder(images + 0.5)[0]
    assert float(tf.norm(dark - light)) > 1e-4 * (1 + float(tf.norm(dark)))


def test_a_discriminator_of_two_scales_is_two_networks():
    both = patchgan(scales=2, norm="instance")
    fine, coarse = both(tf.zeros((1, 256, 256, 3)))
    assert fine.shape == (1, 30, 30, 1) and coarse.shape == (1, 14, 14, 1)
    halves = [patchgan(filters=filters, norm="instance") for filters in (64, 32)]
    assert trainable(both) == sum(map(trainable, halves))
    scores = [[tf.constant([1.0]), tf.constant([3.0])], [tf.constant([0.0]), tf.constant([2.0])]]
    one, two = (losses.least_squares_discriminator(r, f) for r, f in zip(*scores, strict=True))
    assert float(losses.over_scales(losses.least_squares_discriminator, *scores)) == one + two


def test_kl_and_draws_by_hand():
    mean, log_variance = (
        tf.constant([[3.0, 0.0], [0.0, 0.0]]),
        tf.math.log([[1.0, 4.0], [1.0, 1.0]]),
    )
    expected = 0.5 * (9.0 + (4.0 - np.log(4.0) - 1.0)) / 2
    assert float(losses.kl_to_standard_normal(mean, log_variance)) == pytest.approx(expected)
    drawn = losses.reparameterise(mean, log_variance, tf.constant([[2.0, 3.0], [0.0, -1.0]]))
    np.testing.assert_allclose(drawn, [[5.0, 6.0], [0.0, -1.0]], rtol=1e-6)


def test_the_latent_loss_teaches_the_generator_and_never_the_encoder():
    a, b = (tf.random.stateless_uniform((4, SIZE, SIZE, 3), (i, 0), -1, 1) for i in (0, 1))

    def trained(latent_weight):
        keras.utils.set_random_seed(0)
        model = BicycleGAN(**TINY, latent_weight=latent_weight)
        model.compile()
        model.train_step((a, b))
        return model

    without, with_latent = trained(0.0), trained(10.0)
    for network, same in (("encoder", True), ("generator", False)):
        pairs = zip(
            getattr(without, network).weights, getattr(with_latent, network).weights, strict=True
        )
        assert all(np.array_equal(x.numpy(), y.numpy()) for x, y in pairs) is same, network


def test_inference_is_the_prior_s_mean_and_samples_differ():
    model = BicycleGAN(**TINY, latent_length=2)
    for weight in model.generator.trainable_weights:
        if weight.path.endswith("kernel"):
            weight.assign(weight * 10.0)
    images = pictures(3)
    at_mean = model.sample(images, np.zeros((3, 2)))
    assert np.array_equal(model.translate_batch(images), at_mean)
    diverse = model.diverse(images, 4, seed=1)
    assert diverse.shape == (3, 4, SIZE, SIZE, 3)
    assert np.array_equal(diverse, model.diverse(images, 4, seed=1))
    assert (diverse[:, 0] != diverse[:, 1]).any()
    latents = np.random.default_rng(1).standard_normal((4, 2))
    assert np.array_equal(diverse[:, 2], model.sample(images, np.tile(latents[2], (3, 1))))
    with pytest.raises(DataError, match=r"\(3, 2\)"):
        model.sample(images, np.zeros((3, 5)))
    with pytest.raises(DataError, match=r"\(1, 2\)"):
        model.translator_at([0.0])


def test_the_encoder_s_latent_and_its_error_by_hand(paired_folder):
    from tfi2i.data import evaluation_arrays, open_source
    from tfi2i.zoo.paired.clr_gan import LatentRegressorGAN
    from tfi2i.zoo.paired.pix2pix_noise import Pix2PixNoise

    source = open_source(paired_folder)
    a, b, _ = evaluation_arrays(source, size=SIZE)
    assert b is not None
    for variant in (BicycleGAN, LatentRegressorGAN):  # a Gaussian, and a point
        model = variant(**TINY)
        latents = model.encode(b)
        whole = model.encoder(b / np.float32(127.5) - 1)
        mean = whole[0] if variant is BicycleGAN else whole
        np.testing.assert_allclose(latents, mean, rtol=1e-4, atol=1e-5)
        expected = np.abs(model.sample(a, latents).astype(int) - b).mean() / 127.5
        assert encoding_error(model, source)["encoded_l1"] == pytest.approx(expected)
    with pytest.raises(DataError, match="encodes images"):
        model.encode(b[:, :8])
    without = {key: value for key, value in TINY.items() if key != "encoder_filters"}
    with pytest.raises(DataError, match="has no encoder"):
        Pix2PixNoise(**without).encode(b)


def test_any_latent_ships(tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = BicycleGAN(**TINY)
    translator = model.translator_at(np.linspace(-1, 1, 8))
    lite = export_litert(translator, tmp_path / "one.tflite", image_size=(SIZE, SIZE))
    assert parity_report(translator, pictures(2), litert=[lite])["artefacts"]


def test_two_replicas_draw_what_one_device_draws(two_replicas):
    with two_replicas.scope():
        model = BicycleGAN(**TINY)
    alone = model.draw_latents(4, site=0)
    parts = two_replicas.run(lambda: model.draw_latents(2, site=0))
    assert np.array_equal(alone, np.concatenate(two_replicas.experimental_local_results(parts)))


def test_latents_are_drawn_from_the_prior():
    model = BicycleGAN(**TINY)
    draws = [model.draw_latents(2000, site).numpy() for site in (0, 1)]
    for draw in draws:
        assert draw.shape == (2000, 8)
        # Of 16000 draws: a mean of 0 and a deviation of 1 up to some 0.01, one in six beyond it.
        assert abs(draw.mean()) < 0.04 and abs(draw.std() - 1) < 0.03
        assert 0.145 < (draw > 1).mean() < 0.172
    assert abs(np.corrcoef(draws[0].ravel(), draws[1].ravel())[0, 1]) < 0.04


def test_distances_within_rows_by_hand():
    rows = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
    assert mean_distance_within(rows) == pytest.approx((25 + 1 + 18) / 3)


def test_patch_features_grow_apart_with_noise():
    extractor = efficientnet_lite0_patches()
    image = pictures(1)[0] // 2 + 64
    noise = np.random.default_rng(1).normal(0, 1, image.shape)
    images = [np.clip(image + strength * noise, 0, 255).astype(np.uint8) for strength in (0, 9, 50)]
    rows = extractor(np.stack(images))
    assert 0 < np.square(rows[1] - rows[0]).sum() < np.square(rows[2] - rows[0]).sum()
    # Five layers of unit vectors, averaged over places.
    np.testing.assert_allclose(np.square(rows).sum(axis=1), 5.0, rtol=1e-3)


def test_models_without_a_latent_have_no_diversity(paired_folder):
    from tfi2i.data import open_source
    from tfi2i.zoo.paired.pix2pix import Pix2Pix

    source = open_source(paired_folder)
    tiny = Pix2Pix(crop_size=SIZE, filters=4, discriminator_filters=4, receptive_field=16, depth=3)
    with pytest.raises(DataError, match="one translation"):
        diversity(tiny, source)


def test_diversity_is_zero_where_the_latent_does_nothing(paired_folder):
    from tfi2i.data import open_source

    model = BicycleGAN(**TINY)
    for weight in model.generator.trainable_weights:
        if weight.path.startswith("down") and weight.path.endswith("_conv/kernel"):
            latent_channels = weight.numpy()
            latent_channels[:, :, -model.latent_length :] = 0
            weight.assign(latent_channels)
    figures = diversity(model, open_source(paired_folder))
    assert figures["diversity"] == pytest.approx(0.0, abs=1e-6)
    assert figures["real_diversity"] > 0.1
