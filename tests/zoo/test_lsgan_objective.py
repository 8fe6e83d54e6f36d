"""LSGAN: what each player optimises, against equation 9 of Mao et al. 2017."""

import inspect

import tensorflow as tf

from objectives import images, replay, shrink_scores, spread_weights, train_alone
from tfi2i.zoo.generation.lsgan import LSGAN

SIZE = 16


def tiny(**changes):
    settings = {
        "crop_size": SIZE,
        "latent_length": 5,
        "filters": 4,
        "discriminator_filters": 4,
        "seed": 4,
    }
    model = LSGAN(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def test_gradients_are_the_papers():
    model, batch = tiny()
    g, d = model.generator, model.discriminator
    with replay(model, batch, {"discriminator": 0.1, "generator": 0.1}) as step:
        latents = model.draw_latents(len(batch), site=0)
        fake = g(latents, training=True)
        with tf.GradientTape() as tape:
            real_error = tf.reduce_mean((d(batch, training=True) - 1) ** 2)
            discriminator_loss = real_error / 2 + tf.reduce_mean(d(fake, training=True) ** 2) / 2
        step.update("discriminator", [d], discriminator_loss, tape)
        with tf.GradientTape() as tape:
            scores = d(g(latents, training=True), training=True)
            generator_loss = tf.reduce_mean((scores - 1) ** 2) / 2
        step.update("generator", [g], generator_loss, tape)
        step.assert_logs(discriminator_loss=discriminator_loss, generator_loss=generator_loss)


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(LSGAN.make_players).parameters.items()}
    assert (defaults["generator_learning_rate"], defaults["beta_1"]) == (2e-4, 0.5)


def scores(model, batch, latents):
    """Mean scores of real images and of the samples of latents."""
    fake = model.generator(latents, training=True)
    return tuple(
        float(tf.reduce_mean(model.discriminator(x, training=True))) for x in (batch, fake)
    )


def test_a_step_of_the_discriminator_widens_its_gap():
    model, batch = tiny()
    shrink_scores(model.discriminator, factor=0.02)
    latents = model.draw_latents(len(batch), site=0)
    real, fake = scores(model, batch, latents)
    train_alone(model, batch, "discriminator")
    real_after, fake_after = scores(model, batch, latents)
    assert real_after - fake_after > real - fake


def test_a_step_of_the_generator_raises_the_score_of_samples():
    model, batch = tiny()
    latents = model.draw_latents(len(batch), site=0)
    before = scores(model, batch, latents)[1]
    train_alone(model, batch, "generator")
    assert scores(model, batch, latents)[1] > before
