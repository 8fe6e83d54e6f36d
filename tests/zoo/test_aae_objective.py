"""AAE: what each player optimises, against Makhzani et al. 2016, section 2."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.generation.aae import AAE

SIZE = 12


def tiny(**changes):
    settings = {
        "crop_size": SIZE,
        "channels": 3,
        "latent_length": 5,
        "units": 8,
        "discriminator_units": 7,
        "seed": 4,
    }
    model = AAE(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def cross_entropy(scores, real):
    probability = tf.sigmoid(scores) if real else 1 - tf.sigmoid(scores)
    return -tf.reduce_mean(tf.math.log(probability))


def test_gradients_are_the_papers():
    model, batch = tiny()
    e, g, d = model.encoder, model.generator, model.discriminator
    rates = {"autoencoder": 1e-3, "discriminator": 0.05, "encoder": 0.05}
    with replay(model, batch, rates) as step:
        with tf.GradientTape() as tape:
            squares = tf.reduce_sum((batch - g(e(batch))) ** 2, axis=[1, 2, 3])
            euclidean = tf.reduce_mean(squares) / 2
        step.update("autoencoder", [e, g], euclidean, tape)
        with tf.GradientTape() as tape:
            drawn = d(model.draw_latents(4, site=0))
            discriminator_loss = cross_entropy(drawn, True) + cross_entropy(d(e(batch)), False)
        step.update("discriminator", [d], discriminator_loss, tape)
        with tf.GradientTape() as tape:
            encoder_loss = cross_entropy(d(e(batch)), True)
        step.update("encoder", [e], encoder_loss, tape)
        step.assert_logs(
            reconstruction_loss=euclidean,
            discriminator_loss=discriminator_loss,
            encoder_loss=encoder_loss,
        )


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(AAE).parameters.items()}
    assert (defaults["latent_length"], defaults["latent_deviation"]) == (8, 5.0)
    assert (defaults["units"], defaults["discriminator_units"]) == (1000, 1000)
    model, _ = tiny()
    model.compile()
    found = {
        name: (player.learning_rate, player.optimizer.momentum)
        for name, player in model.players.items()
    }
    assert found == {
        "autoencoder": (pytest.approx(0.01), 0.9),
        "discriminator": (pytest.approx(0.1), 0.1),
        "encoder": (pytest.approx(0.1), 0.1),
    }


def test_the_code_is_so_many_times_the_latent():
    """The authors' networks see codes of N(0, 5^2): those of tfi2i have latents of N(0, I)."""
    one, five = tiny(latent_deviation=1.0)[0], tiny(latent_deviation=5.0)[0]
    pictures = images(4, SIZE, seed=1)
    latents = tf.constant(np.random.default_rng(0).normal(size=(3, 5)), tf.float32)
    np.testing.assert_allclose(one.encoder(pictures), 5 * five.encoder(pictures), rtol=1e-4)
    np.testing.assert_allclose(one.generator(5 * latents), five.generator(latents), atol=1e-5)
    np.testing.assert_allclose(
        one.discriminator(5 * latents), five.discriminator(latents), atol=1e-4
    )


def test_a_step_of_the_encoder_brings_latents_nearer_to_the_prior():
    model, batch = tiny()
    before = float(cross_entropy(model.discriminator(model.encoder(batch)), True))
    train_alone(model, batch, "encoder", rate=1e-3)
    assert float(cross_entropy(model.discriminator(model.encoder(batch)), True)) < before
