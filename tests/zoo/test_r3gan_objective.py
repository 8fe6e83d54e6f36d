"""R3GAN: what each player optimises, against Huang et al. 2024, equation 2 and section 3.2."""

import inspect

import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.errors import RecipeError
from tfi2i.zoo.generation.r3gan import R3GAN

SIZE = 16


def tiny(**changes):
    settings = {
        "crop_size": SIZE,
        "latent_length": 5,
        "filters": 16,
        "discriminator_filters": 16,
        "blocks": 1,
        "widest_map": 8,
        "seed": 4,
    }
    model = R3GAN(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def f(t):
    return -tf.math.log(1 + tf.exp(-t))


def squared_gradient(network, x):
    with tf.GradientTape() as inner:
        inner.watch(x)
        score = tf.reduce_sum(network(x))
    return tf.reduce_mean(tf.reduce_sum(inner.gradient(score, x) ** 2, axis=(1, 2, 3)))


def test_gradients_are_the_papers():
    model, batch = tiny(penalty_weight=0.7)
    g, d = model.generator, model.discriminator
    with replay(model, batch, {"discriminator": 0.01, "generator": 0.1}) as step:
        fake = g(model.draw_latents(len(batch), site=0), training=True)
        with tf.GradientTape() as tape:
            game = -tf.reduce_mean(f(d(batch) - d(fake)))
            slope = squared_gradient(d, batch) + squared_gradient(d, fake)
            loss = game + 0.35 * slope
        step.update("discriminator", [d], loss, tape)
        latents = model.draw_latents(len(batch), site=1)
        with tf.GradientTape() as tape:
            generator_loss = -tf.reduce_mean(f(d(g(latents, training=True)) - d(batch)))
        step.update("generator", [g], generator_loss, tape)
        step.assert_logs(discriminator_loss=game, slope=slope, generator_loss=generator_loss)


def test_the_burn_in_moves_rates_penalty_and_average():
    """As the authors' training has it; all at their start, on half of the way, and at the end."""
    model, batch = tiny(penalty_weight=2.0, burn_in=8)
    model.compile(ema_decay=0.99)
    adam, average = model.players["discriminator"].optimizer, model.players["generator"]
    for iteration, rate, beta_2, decay in (
        (0, 2e-4, 0.9, 0.0),
        (4, 1.25e-4, 0.945, 0.99**2),
        (8, 5e-5, 0.99, 0.99),
        (90, 5e-5, 0.99, 0.99),
    ):
        model.iteration.assign(iteration)
        assert float(adam.learning_rate) == pytest.approx(rate, rel=1e-5)
        assert float(adam.beta_2_now()) == pytest.approx(beta_2, rel=1e-6)
        assert float(average._decay(0.99)) == pytest.approx(decay, abs=1e-6)
    assert model.players["discriminator"].ema_decay is None

    model, batch = tiny(penalty_weight=2.0, burn_in=8)
    model.iteration.assign(4)
    with replay(model, batch, {"discriminator": 0.01, "generator": 0.1}) as step:
        g, d = model.generator, model.discriminator
        fake = g(model.draw_latents(len(batch), site=0), training=True)
        with tf.GradientTape() as tape:
            slope = squared_gradient(d, batch) + squared_gradient(d, fake)
            # 2 at the beginning and 0.2 at the end: 1.1, of which the half counts.
            loss = -tf.reduce_mean(f(d(batch) - d(fake))) + 0.55 * slope
        step.update("discriminator", [d], loss, tape)
        latents = model.draw_latents(len(batch), site=1)
        with tf.GradientTape() as tape:
            generator_loss = -tf.reduce_mean(f(d(g(latents, training=True)) - d(batch)))
        step.update("generator", [g], generator_loss, tape)


def test_a_negative_burn_in_is_refused():
    with pytest.raises(RecipeError, match="burn_in=-1 is not possible"):
        tiny(burn_in=-1)


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(R3GAN).parameters.items()}
    published = {"latent_length": 64, "filters": 768, "blocks": 2, "widest_map": 32}
    assert published.items() <= defaults.items() and defaults["penalty_weight"] == 2.0
    model, _ = tiny()
    assert not any("norm" in layer.name for network in model.networks for layer in network.layers)
    model.compile()
    for player in model.players.values():
        adam = player.optimizer
        assert player.learning_rate == pytest.approx(2e-4)
        assert (adam.beta_1, adam.beta_2) == (0.0, 0.9)


def gaps(model, batch, latents):
    """Mean score of real images above that of the samples of latents."""
    fake = model.generator(latents, training=True)
    return float(tf.reduce_mean(model.discriminator(batch) - model.discriminator(fake)))


def test_a_step_of_the_discriminator_widens_its_gap():
    model, batch = tiny(penalty_weight=0.0)
    latents = model.draw_latents(len(batch), site=0)
    before = gaps(model, batch, latents)
    train_alone(model, batch, "discriminator")
    assert gaps(model, batch, latents) > before


def test_a_step_of_the_generator_narrows_the_gap():
    model, batch = tiny()
    latents = model.draw_latents(len(batch), site=1)
    before = gaps(model, batch, latents)
    train_alone(model, batch, "generator")
    assert gaps(model, batch, latents) < before
