"""DCGAN: what each player optimises, against Goodfellow et al. 2014 and Radford et al. 2016."""

import inspect

import pytest
import tensorflow as tf

from objectives import images, replay, shrink_scores, spread_weights, train_alone
from tfi2i.zoo.generation.dcgan import DCGAN

SIZE = 16


def tiny(**changes):
    settings = {
        "crop_size": SIZE,
        "latent_length": 5,
        "filters": 4,
        "discriminator_filters": 4,
        "seed": 4,
    }
    model = DCGAN(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def log_sigmoid(x):
    return tf.math.log(tf.sigmoid(x))


def mean(x):
    return tf.reduce_mean(x)


# Loss of D from scores of real and generated images, and of G from those of generated ones.
GAMES = {
    "non_saturating": (
        lambda real, fake: -mean(log_sigmoid(real)) - mean(tf.math.log(1 - tf.sigmoid(fake))),
        lambda fake: -mean(log_sigmoid(fake)),
    ),
    "minimax": (
        lambda real, fake: -mean(log_sigmoid(real)) - mean(tf.math.log(1 - tf.sigmoid(fake))),
        lambda fake: mean(tf.math.log(1 - tf.sigmoid(fake))),
    ),
    "hinge": (
        lambda real, fake: mean(tf.maximum(0.0, 1 - real)) + mean(tf.maximum(0.0, 1 + fake)),
        lambda fake: -mean(fake),
    ),
}


@pytest.mark.parametrize("objective", GAMES)
def test_gradients_are_the_papers(objective):
    model, batch = tiny(objective=objective)
    g, d = model.generator, model.discriminator
    of_d, of_g = GAMES[objective]
    with replay(model, batch, {"discriminator": 0.1, "generator": 0.1}) as step:
        latents = model.draw_latents(len(batch), site=0)
        fake = g(latents, training=True)
        with tf.GradientTape() as tape:
            discriminator_loss = of_d(d(batch, training=True), d(fake, training=True))
        step.update("discriminator", [d], discriminator_loss, tape)
        with tf.GradientTape() as tape:
            generator_loss = of_g(d(g(latents, training=True), training=True))
        step.update("generator", [g], generator_loss, tape)
        step.assert_logs(discriminator_loss=discriminator_loss, generator_loss=generator_loss)


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(DCGAN).parameters.items()}
    assert (defaults["crop_size"], defaults["latent_length"], defaults["filters"]) == (64, 100, 64)
    model, _ = tiny()
    model.compile()
    for player in model.players.values():
        assert player.learning_rate == pytest.approx(2e-4) and player.optimizer.beta_1 == 0.5


def scores(model, batch, latents):
    """Mean scores of real images and of the samples of latents."""
    fake = model.generator(latents, training=True)
    return tuple(
        float(tf.reduce_mean(model.discriminator(x, training=True))) for x in (batch, fake)
    )


def test_a_step_of_the_discriminator_widens_its_gap():
    model, batch = tiny()
    shrink_scores(model.discriminator)
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
