"""WGAN: what each player optimises, against algorithm 1 of Arjovsky et al. 2017."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.generation.wgan import WGAN

SIZE = 16


def tiny(**changes):
    settings = {
        "crop_size": SIZE,
        "latent_length": 5,
        "filters": 4,
        "discriminator_filters": 4,
        "seed": 4,
    }
    model = WGAN(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def test_gradients_are_the_papers():
    model, batch = tiny(critic_steps=2, clip_limit=0.4)
    g, f = model.generator, model.critic
    with replay(model, batch, {"critic": 0.1, "generator": 0.1}) as step:
        # Every other image is in the same mini-batch.
        for t, real in enumerate((batch[0::2], batch[1::2])):
            fake = g(model.draw_latents(len(real), site=t), training=True)
            with tf.GradientTape() as tape:
                real_score = tf.reduce_mean(f(real, training=True))
                distance = real_score - tf.reduce_mean(f(fake, training=True))
                critic_loss = -distance
            step.update("critic", [f], critic_loss, tape)
            assert any(np.abs(v.numpy()).max() > 0.4 for v in f.trainable_variables)
            for variable in f.trainable_variables:
                variable.assign(tf.clip_by_value(variable.value, -0.4, 0.4))
        latents = model.draw_latents(len(real), site=2)
        with tf.GradientTape() as tape:
            generator_loss = -tf.reduce_mean(f(g(latents, training=True), training=True))
        step.update("generator", [g], generator_loss, tape)
        step.assert_logs(distance=distance, generator_loss=generator_loss)


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(WGAN).parameters.items()}
    assert (defaults["critic_steps"], defaults["clip_limit"]) == (5, 0.01)
    model, _ = tiny()
    model.compile()
    for player in model.players.values():
        assert type(player.optimizer) is keras.optimizers.RMSprop
        assert player.learning_rate == pytest.approx(5e-5) and player.optimizer.rho == 0.9


def scores(model, batch, latents):
    """Mean scores of real images and of the samples of latents."""
    pair = (batch, model.generator(latents, training=True))
    return tuple(float(tf.reduce_mean(model.critic(x, training=True))) for x in pair)


def test_a_step_of_the_critic_widens_its_gap():
    model, batch = tiny(critic_steps=1, clip_limit=10.0)
    latents = model.draw_latents(len(batch), site=0)
    real, fake = scores(model, batch, latents)
    train_alone(model, batch, "critic")
    real_after, fake_after = scores(model, batch, latents)
    assert real_after - fake_after > real - fake


def test_a_step_of_the_generator_raises_the_score_of_samples():
    model, batch = tiny(critic_steps=1, clip_limit=10.0)
    latents = model.draw_latents(len(batch), site=1)
    before = scores(model, batch, latents)[1]
    train_alone(model, batch, "generator")
    assert scores(model, batch, latents)[1] > before
