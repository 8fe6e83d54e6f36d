"""Siamese GAN: what each player optimises, as the article says it."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i import losses
from tfi2i.zoo.generation.siamese_gan import SiameseGAN

SIZE = 16


def tiny(**changes):
    settings = {
        "crop_size": SIZE,
        "latent_length": 5,
        "filters": 4,
        "discriminator_filters": 4,
        "vector_length": 3,
        "seed": 4,
    }
    model = SiameseGAN(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def from_anchor(vectors, anchor):
    return tf.reduce_sum((vectors - anchor) ** 2, axis=1)


# Loss of S from squared distances of real and of generated images.
GAMES = {
    "triplet": lambda real, fake, margin: tf.reduce_mean(tf.maximum(0.0, real - fake + margin)),
    "least_squares": lambda real, fake, margin: (
        tf.reduce_mean(real) + tf.reduce_mean((tf.sqrt(fake) - margin) ** 2)
    ),
}


@pytest.mark.parametrize("objective", GAMES)
def test_gradients_are_the_articles(objective):
    # A margin that some triplets of these weights reach, and some do not.
    model, batch = tiny(objective=objective, margin=2.0, anchor=0.3)
    g, s = model.generator, model.discriminator
    with replay(model, batch, {"discriminator": 0.01, "generator": 0.01}) as step:
        latents = model.draw_latents(len(batch), site=0)
        fake = g(latents, training=True)
        with tf.GradientTape() as tape:
            real_distance = from_anchor(s(batch, training=True), 0.3)
            fake_distance = from_anchor(s(fake, training=True), 0.3)
            discriminator_loss = GAMES[objective](real_distance, fake_distance, 2.0)
        step.update("discriminator", [s], discriminator_loss, tape)
        with tf.GradientTape() as tape:
            vectors = s(g(latents, training=True), training=True)
            generator_loss = tf.reduce_mean(from_anchor(vectors, 0.3))
        step.update("generator", [g], generator_loss, tape)
        step.assert_logs(discriminator_loss=discriminator_loss, generator_loss=generator_loss)


def test_lsgan_is_its_edge_case():
    """One component, the anchor 1 and margin 1: LSGAN's losses for scores up to 1."""
    model, batch = tiny(vector_length=1, anchor=1.0, margin=1.0, objective="least_squares")
    real, fake = (np.array([[0.2], [0.9]], np.float32), np.array([[-0.4], [0.7]], np.float32))
    lsgan = losses.least_squares_discriminator(real, fake)
    own = losses.least_squares_vector_discriminator(real, fake, margin=1.0, anchor=1.0)
    assert float(own) == pytest.approx(float(lsgan), rel=1e-6)
    generators = losses.vector_generator(fake, anchor=1.0), losses.least_squares_generator(fake)
    assert float(generators[0]) == pytest.approx(float(generators[1]), rel=1e-6)
    assert model.discriminator(batch).shape == (4, 1)


def distances(model, batch, latents):
    """Mean squared distances from the anchor, of real images and of samples of latents."""
    fake = model.generator(latents, training=True)
    vectors = (model.discriminator(x, training=True) for x in (batch, fake))
    return tuple(float(tf.reduce_mean(from_anchor(one, 0.0))) for one in vectors)


def test_a_step_of_the_discriminator_widens_its_gap():
    model, batch = tiny(margin=50.0)
    latents = model.draw_latents(len(batch), site=0)
    real, fake = distances(model, batch, latents)
    train_alone(model, batch, "discriminator", 1e-4)
    real_after, fake_after = distances(model, batch, latents)
    assert fake_after - real_after > fake - real


def test_a_step_of_the_generator_brings_samples_to_the_anchor():
    model, batch = tiny()
    latents = model.draw_latents(len(batch), site=0)
    before = distances(model, batch, latents)[1]
    train_alone(model, batch, "generator", 1e-4)
    assert distances(model, batch, latents)[1] < before


def test_defaults_are_the_articles():
    defaults = {k: v.default for k, v in inspect.signature(SiameseGAN).parameters.items()}
    assert (defaults["anchor"], defaults["objective"]) == (0.0, "triplet")
