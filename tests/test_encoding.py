"""Generators with an encoder: latents of images, reconstructions, and their figures."""

import numpy as np
import pytest

from tfi2i.data import evaluation_arrays, open_source
from tfi2i.errors import DataError
from tfi2i.metrics.codes import class_accuracies
from tfi2i.training.sheet import all_columns
from tfi2i.zoo.generation.vae import VAE

SIZE = 16


def tiny(**changes) -> VAE:
    return VAE(crop_size=SIZE, filters=4, encoder_filters=4, latent_length=6, **changes)


def pixels(count: int, channels: int = 3) -> np.ndarray:
    shape = (count, SIZE, SIZE, channels)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


# --- latents and reconstructions ---


def test_images_go_to_latents_and_back():
    model, images = tiny(), pixels(70)
    latents = model.encode(images)
    assert latents.shape == (70, 6) and latents.dtype == np.float32
    np.testing.assert_allclose(model.encode(images[65:]), latents[65:], atol=1e-5)
    np.testing.assert_array_equal(model.reconstruct(images), model.decode(latents))
    view = model.views["reconstruct"]
    assert view.takes == ("images",) and next(iter(model.views)) == "sample"
    floats = images[:4].astype(np.float32) / 127.5 - 1.0
    made = np.asarray(view.network(floats, training=False))
    np.testing.assert_allclose((made + 1) * 127.5, model.reconstruct(images[:4]), atol=1.0)
    # The view is none of the networks that are saved.
    assert [network.name for network in model.networks] == ["encoder", "generator"]


def test_running_averages_encode():
    model, images = tiny(), pixels(8)
    model.compile(ema_decay=0.5, autoencoder_learning_rate=0.02)
    model.fit(images, batch_size=4, verbose=0)
    averaged = model.encode(images)
    newest = np.asarray(model.encoder(images.astype(np.float32) / 127.5 - 1.0)[0])
    assert np.abs(averaged - newest).max() > 1e-3
    with model.averaged_weights():
        expected = np.asarray(model.encoder(images.astype(np.float32) / 127.5 - 1.0)[0])
    np.testing.assert_allclose(averaged, expected, atol=1e-4)


def test_what_cannot_be_encoded_is_named():
    model = tiny()
    with pytest.raises(DataError, match=r"encodes images \(N, 16, 16, 3\), not \(2, 8, 16, 3\)"):
        model.encode(pixels(2)[:, :8])
    with pytest.raises(DataError, match="uint8"):
        model.reconstruct(pixels(2).astype(np.float32))


def test_a_sheet_shows_reconstructions_beside_their_images(images_folder):
    model = tiny()
    source = open_source(images_folder, kind="images")
    columns = all_columns(model.sheet(source, split="test", size=SIZE, limit=3))
    assert [one.name for one in columns] == ["samples", "", "", "", "real", "reconstructed"]
    real, _, _ = evaluation_arrays(source, size=SIZE, limit=3)
    np.testing.assert_array_equal(columns[4].images, real)
    np.testing.assert_array_equal(columns[5].images, model.reconstruct(real))


# --- figures ---


def test_classes_of_clouds_are_told_and_of_noise_are_not():
    draw = np.random.default_rng(0)
    labels = np.arange(300) % 3
    middles = np.array([[4.0, 0.0], [0.0, 4.0], [-4.0, -4.0]])
    known, unknown = (middles[labels] + draw.normal(0, 0.5, (300, 2)) for _ in range(2))
    assert class_accuracies(known, labels, unknown, labels) == {
        "nearest_accuracy": 1.0,
        "linear_accuracy": 1.0,
    }
    # Rings: the nearest neighbour tells them apart, and no line does.
    radius = np.where(labels % 2, 1.0, 5.0)[:, None]
    turns = draw.uniform(0, 2 * np.pi, (2, 300))
    ring, other = (radius * np.stack([np.cos(t), np.sin(t)], axis=1) for t in turns)
    found = class_accuracies(ring, labels % 2, other, labels % 2)
    assert found["nearest_accuracy"] > 0.95 > 0.75 > found["linear_accuracy"]
    noise = class_accuracies(draw.normal(size=(300, 2)), labels, draw.normal(size=(300, 2)), labels)
    assert max(noise.values()) < 0.5


def test_a_linear_map_is_that_of_least_squares():
    """Classes by a regression with a constant, to which the weak ridge is no hindrance."""
    draw = np.random.default_rng(1)
    inputs, labels = draw.normal(size=(400, 5)) * [1, 9, 1, 1, 0.1], draw.integers(0, 4, 400)
    inputs[:, 1] += 30.0 + 8.0 * labels
    unknown = inputs + draw.normal(0, 0.01, inputs.shape)
    with_constant = np.concatenate([inputs, np.ones((400, 1))], axis=1)
    weights, *_ = np.linalg.lstsq(with_constant, np.eye(4)[labels], rcond=None)
    given = np.concatenate([unknown, np.ones((400, 1))], axis=1)
    expected = np.mean((given @ weights).argmax(axis=1) == labels)
    found = class_accuracies(inputs, labels, unknown, labels)["linear_accuracy"]
    assert found == pytest.approx(expected, abs=0.02)


def test_components_that_never_vary_say_nothing():
    labels = np.arange(20) % 2
    vectors = np.stack([labels * 2.0 - 1.0, np.full(20, 7.0)], axis=1)
    assert class_accuracies(vectors, labels, vectors + [0.0, 3.0], labels)["linear_accuracy"] == 1.0


def test_digits_have_figures_of_reconstructions_and_of_classes():
    digits = open_source("digits:handwritten", kind="images", channels=1, limit=500)
    model = VAE(crop_size=32, channels=1, filters=4, encoder_filters=4, latent_length=6)
    figures = model.measure(digits, split="test", size=32, limit=100)
    made, pixels_alone = figures["samples"], figures["pixels"]
    # Of a network that has learnt nothing.
    assert made["reconstruction_l1"] > figures["mean_colour"]["reconstruction_l1"] > 0.2
    assert pixels_alone["nearest_accuracy"] > 0.75 and pixels_alone["linear_accuracy"] > 0.65
    assert 0.1 <= made["nearest_accuracy"] < pixels_alone["nearest_accuracy"]
    assert {"kid", "recall", "nearest"} <= made.keys()


def test_images_without_classes_have_no_accuracy(images_folder):
    model = tiny()
    source = open_source(images_folder, kind="images")

    class Means:
        name = "mean colours"

        def __call__(self, images: np.ndarray, /) -> np.ndarray:
            return images.mean(axis=(1, 2)) / 128.0

    figures = model.measure(source, split="test", size=SIZE, extractor=Means())
    assert "pixels" not in figures and "nearest_accuracy" not in figures["samples"]
    assert figures["samples"]["reconstruction_psnr"] > 0
