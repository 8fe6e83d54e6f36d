"""WGAN-GP: what each player optimises, against algorithm 1 of Gulrajani et al. 2017."""

import inspect

import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.generation.wgan_gp import WGANGP

SIZE = 16


def tiny(**changes):
    settings = {
        "crop_size": SIZE,
        "latent_length": 5,
        "filters": 4,
        "discriminator_filters": 4,
        "seed": 4,
    }
    model = WGANGP(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def test_gradients_are_the_papers():
    model, batch = tiny(critic_steps=2, penalty_weight=3.0)
    g, f = model.generator, model.critic
    with replay(model, batch, {"critic": 0.05, "generator": 0.1}) as step:
        # Every other image is in the same mini-batch.
        for t, real in enumerate((batch[0::2], batch[1::2])):
            fake = g(model.draw_latents(len(real), site=2 * t), training=True)
            share = tf.random.stateless_uniform(
                (len(real), 1, 1, 1), model.noise_seed(2 * t + 1, per_replica=False)
            )
            with tf.GradientTape() as tape:
                distance = tf.reduce_mean(f(real)) - tf.reduce_mean(f(fake))
                between = share * real + (1 - share) * fake
                with tf.GradientTape() as inner:
                    inner.watch(between)
                    score = tf.reduce_sum(f(between))
                slope = inner.gradient(score, between)
                lengths = tf.sqrt(tf.reduce_sum(slope**2, axis=(1, 2, 3)))
                penalty = tf.reduce_mean((lengths - 1) ** 2)
                critic_loss = -distance + 3.0 * penalty
            step.update("critic", [f], critic_loss, tape)
        latents = model.draw_latents(len(real), site=4)
        with tf.GradientTape() as tape:
            generator_loss = -tf.reduce_mean(f(g(latents, training=True)))
        step.update("generator", [g], generator_loss, tape)
        step.assert_logs(distance=distance, gradient_penalty=penalty, generator_loss=generator_loss)


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(WGANGP).parameters.items()}
    assert (defaults["critic_steps"], defaults["penalty_weight"]) == (5, 10.0)
    assert defaults["latent_length"] == 128
    model, _ = tiny()
    assert not any("norm" in layer.name for layer in model.critic.layers)
    model.compile()
    for player in model.players.values():
        adam = player.optimizer
        assert player.learning_rate == pytest.approx(1e-4)
        assert (adam.beta_1, adam.beta_2) == (0.5, 0.9)


def scores(model, batch, latents):
    """Mean scores of real images and of the samples of latents."""
    pair = (batch, model.generator(latents, training=True))
    return tuple(float(tf.reduce_mean(model.critic(x, training=True))) for x in pair)


def test_a_step_of_the_critic_widens_its_gap():
    model, batch = tiny(critic_steps=1, penalty_weight=0.0)
    latents = model.draw_latents(len(batch), site=0)
    real, fake = scores(model, batch, latents)
    train_alone(model, batch, "critic")
    real_after, fake_after = scores(model, batch, latents)
    assert real_after - fake_after > real - fake


def test_a_step_of_the_generator_raises_the_score_of_samples():
    model, batch = tiny(critic_steps=1, penalty_weight=0.0)
    latents = model.draw_latents(len(batch), site=2)
    before = scores(model, batch, latents)[1]
    train_alone(model, batch, "generator")
    assert scores(model, batch, latents)[1] > before
