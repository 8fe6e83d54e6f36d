"""GAN: what each player optimises, against algorithm 1 of Goodfellow et al. 2014."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, shrink_scores, spread_weights, train_alone
from tfi2i.zoo.generation.gan import OriginalGAN

SIZE = 16


def tiny(**changes):
    settings = {
        "crop_size": SIZE,
        "latent_length": 5,
        "units": 8,
        "discriminator_units": 6,
        "channels": 3,
        "seed": 4,
    }
    model = OriginalGAN(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def mean(x):
    return tf.reduce_mean(x)


GENERATORS = {
    "non_saturating": lambda fake: -mean(tf.math.log(tf.sigmoid(fake))),
    "minimax": lambda fake: mean(tf.math.log(1 - tf.sigmoid(fake))),
}


@pytest.mark.parametrize("objective", GENERATORS)
def test_gradients_are_the_papers(objective):
    model, batch = tiny(objective=objective, discriminator_steps=2)
    g, d = model.generator, model.discriminator
    with replay(model, batch, {"discriminator": 0.1, "generator": 0.1}) as step:
        # Every other image is in the same mini-batch; dropout draws anew at each call.
        for k, real in enumerate((batch[0::2], batch[1::2])):
            fake = g(model.draw_latents(len(real), site=k), training=True)
            with tf.GradientTape() as tape:
                real_scores, fake_scores = d(real, training=True), d(fake, training=True)
                discriminator_loss = -mean(tf.math.log(tf.sigmoid(real_scores)))
                discriminator_loss -= mean(tf.math.log(1 - tf.sigmoid(fake_scores)))
            step.update("discriminator", [d], discriminator_loss, tape)
        latents = model.draw_latents(len(real), site=2)
        with tf.GradientTape() as tape:
            generator_loss = GENERATORS[objective](d(g(latents, training=True), training=True))
        step.update("generator", [g], generator_loss, tape)
        step.assert_logs(discriminator_loss=discriminator_loss, generator_loss=generator_loss)


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(OriginalGAN).parameters.items()}
    assert (defaults["units"], defaults["discriminator_units"]) == (1200, 240)
    assert (defaults["latent_length"], defaults["latent_prior"]) == (100, "normal")
    assert (defaults["discriminator_steps"], defaults["dropout"]) == (1, 0.5)
    model, _ = tiny()
    model.compile()
    for name, rate in (("generator", 0.1), ("discriminator", 0.05)):
        player = model.players[name]
        assert player.learning_rate == pytest.approx(rate) and player.optimizer.momentum == 0.5


def scores(model, batch, latents):
    """Mean scores of real images and of the samples of latents."""
    fake = model.generator(latents, training=True)
    return tuple(
        float(tf.reduce_mean(model.discriminator(x, training=True))) for x in (batch, fake)
    )


def test_a_step_of_the_discriminator_widens_its_gap():
    model, batch = tiny(dropout=0.0, input_dropout=0.0)
    shrink_scores(model.discriminator, factor=0.02)
    latents = model.draw_latents(len(batch), site=0)
    real, fake = scores(model, batch, latents)
    train_alone(model, batch, "discriminator")
    real_after, fake_after = scores(model, batch, latents)
    assert real_after - fake_after > real - fake


def test_a_step_of_the_generator_raises_the_score_of_samples():
    model, batch = tiny(dropout=0.0, input_dropout=0.0)
    latents = model.draw_latents(len(batch), site=1)
    before = scores(model, batch, latents)[1]
    train_alone(model, batch, "generator")
    assert scores(model, batch, latents)[1] > before


def test_the_generator_begins_with_the_mean_of_the_images():
    model = OriginalGAN(crop_size=8, units=4, discriminator_units=4, latent_length=3, channels=1)
    images = np.random.default_rng(0).integers(30, 220, (50, 8, 8, 1)).astype(np.uint8)
    model.begin_with_mean_of(images)
    drawn = model.sample(20).astype(np.float64)
    assert np.abs(drawn.mean(axis=0) - images.mean(axis=0)).max() < 6
    black = np.zeros((2, 8, 8, 1), np.uint8)
    model.begin_with_mean_of(black)
    assert model.sample(4).max() <= 1 and np.isfinite(model.generator.get_weights()[-1]).all()
