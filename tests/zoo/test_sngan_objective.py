"""SN-GAN: what each player optimises, against equations 14 to 17 of Miyato et al. 2018."""

import inspect

import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.layers import SpectralNormalization
from tfi2i.zoo.generation.sngan import SNGAN

SIZE = 16


def tiny(**changes):
    settings = {
        "crop_size": SIZE,
        "latent_length": 5,
        "filters": 4,
        "discriminator_filters": 4,
        "seed": 4,
    }
    model = SNGAN(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def mean(x):
    return tf.reduce_mean(x)


GAMES = {
    "hinge": (
        lambda real, fake: mean(tf.maximum(0.0, 1 - real)) + mean(tf.maximum(0.0, 1 + fake)),
        lambda fake: -mean(fake),
    ),
    "non_saturating": (
        lambda real, fake: (
            -mean(tf.math.log(tf.sigmoid(real))) - mean(tf.math.log(1 - tf.sigmoid(fake)))
        ),
        lambda fake: -mean(tf.math.log(tf.sigmoid(fake))),
    ),
}


@pytest.mark.parametrize("objective", GAMES)
def test_gradients_are_the_papers(objective):
    model, batch = tiny(objective=objective, discriminator_steps=2)
    g, d = model.generator, model.discriminator
    of_d, of_g = GAMES[objective]
    with replay(model, batch, {"discriminator": 0.1, "generator": 0.1}) as step:
        # Every other image is in the same mini-batch.
        for t, real in enumerate((batch[0::2], batch[1::2])):
            fake = g(model.draw_latents(len(real), site=t), training=True)
            with tf.GradientTape() as tape:
                scores = d(tf.concat([real, fake], axis=0), training=True)
                discriminator_loss = of_d(scores[: len(real)], scores[len(real) :])
            step.update("discriminator", [d], discriminator_loss, tape)
        # "G batch x2" of the authors' configuration.
        latents = model.draw_latents(2 * len(real), site=2)
        with tf.GradientTape() as tape:
            generator_loss = of_g(d(g(latents, training=True), training=True))
        step.update("generator", [g], generator_loss, tape)
        step.assert_logs(discriminator_loss=discriminator_loss, generator_loss=generator_loss)


def test_every_kernel_of_the_discriminator_is_normalised():
    model, _ = tiny()
    layers = [layer for layer in model.discriminator.layers if layer.weights]
    assert layers and all(type(layer) is SpectralNormalization for layer in layers)
    plain, _ = tiny(spectral=False)
    assert not any(type(layer) is SpectralNormalization for layer in plain.discriminator.layers)


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(SNGAN).parameters.items()}
    assert (defaults["discriminator_steps"], defaults["latent_length"]) == (5, 128)
    assert defaults["objective"] == "hinge"
    model, _ = tiny()
    model.compile()
    for player in model.players.values():
        adam = player.optimizer
        assert player.learning_rate == pytest.approx(2e-4)
        assert (adam.beta_1, adam.beta_2) == (0.0, 0.9)
        assert player.schedule is None
    model.compile(decay_until=50_000)
    schedule = model.players["generator"].schedule
    assert schedule is not None and float(schedule.factor(tf.constant(12_500.0))) == 0.75


def settled(model, batch):
    """Power iteration until the singular values are exact: else every pass sees another D."""
    for _ in range(30):
        model.discriminator(batch, training=True)
    return model, batch


def scores(model, batch, latents):
    """Mean scores of real images and of the samples of latents."""
    fake = model.generator(latents, training=True)
    return tuple(
        float(tf.reduce_mean(model.discriminator(x, training=True))) for x in (batch, fake)
    )


def test_a_step_of_the_discriminator_widens_its_gap():
    model, batch = settled(*tiny(discriminator_steps=1))
    latents = model.draw_latents(len(batch), site=0)
    real, fake = scores(model, batch, latents)
    train_alone(model, batch, "discriminator")
    real_after, fake_after = scores(model, batch, latents)
    assert real_after - fake_after > real - fake


def test_a_step_of_the_generator_raises_the_score_of_samples():
    model, batch = settled(*tiny(discriminator_steps=1))
    latents = model.draw_latents(2 * len(batch), site=1)
    before = scores(model, batch, latents)[1]
    train_alone(model, batch, "generator")
    assert scores(model, batch, latents)[1] > before
