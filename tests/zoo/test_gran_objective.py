"""GRAN: what each player optimises, and how it draws, against Im et al. 2016, section 4."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.generation.gran import GRAN

SIZE = 16


def tiny(**changes):
    settings = {
        "crop_size": SIZE,
        "latent_length": 5,
        "filters": 4,
        "discriminator_filters": 4,
        "steps": 3,
        "seed": 4,
    }
    model = GRAN(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def log_sigmoid(x):
    return tf.math.log(tf.sigmoid(x))


def drawn(g, z, steps, training=True):
    """Equations 4 to 8; the canvas is [0, 1] in the paper, and images are [-1, 1] here."""

    def norm(step, place, x):
        return g.get_layer(f"step{step}_{place}_norm")(x, training=training)

    h_z = tf.tanh(z @ g.get_layer("latent_dense").kernel + g.get_layer("latent_dense").bias)
    h_c, canvas, added = tf.zeros_like(h_z), 0.0, h_z
    for t in range(1, steps + 1):
        if t > 1:
            maps = g.get_layer("encoder_down1_conv")(added)
            maps = tf.nn.leaky_relu(maps, 0.2)
            maps = norm(t, "down2", g.get_layer("encoder_down2_conv")(maps))
            maps = tf.reshape(tf.nn.leaky_relu(maps, 0.2), (len(z), -1))
            h_c = g.get_layer("encoder_dense")(maps)
        maps = tf.concat([h_z, h_c], axis=1) @ g.get_layer("decoder_dense").kernel
        maps = tf.reshape(maps, (-1, 4, 4, 8))
        maps = tf.nn.relu(norm(t, "up1", maps))
        maps = tf.nn.relu(norm(t, "up2", g.get_layer("decoder_up1_conv")(maps)))
        added = g.get_layer("decoder_up2_conv")(maps)
        canvas += added
    return 2 * tf.sigmoid(canvas) - 1


@pytest.mark.parametrize("steps", [1, 3])
def test_gradients_are_the_papers(steps):
    model, batch = tiny(steps=steps, weight_decay=0.3)
    g, d = model.generator, model.discriminator
    with replay(model, batch, {"discriminator": 0.1, "generator": 0.1}) as step:
        latents = model.draw_latents(len(batch), site=0)
        fake = drawn(g, latents, steps)
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(log_sigmoid(d(batch, training=True)))
            loss -= tf.reduce_mean(tf.math.log(1 - tf.sigmoid(d(fake, training=True))))
        step.update("discriminator", [d], loss, tape)
        with tf.GradientTape() as tape:
            fake = drawn(g, latents, steps)
            generator_loss = -tf.reduce_mean(log_sigmoid(d(fake, training=True)))
            kernels = [g.get_layer(f"decoder_up{level}_conv").kernel for level in (1, 2)]
            decay = 0.15 * sum(tf.reduce_sum(kernel.value**2) for kernel in kernels)
            decayed = generator_loss + decay
        step.update("generator", [g], decayed, tape)
        step.assert_logs(discriminator_loss=loss, generator_loss=generator_loss)


def test_a_sample_is_drawn_step_by_step():
    model, _ = tiny()
    latents = tf.constant(model.latents(3, seed=1))
    expected = drawn(model.generator, latents, 3, training=False)
    np.testing.assert_allclose(model.generator(latents), expected, atol=1e-5)


def test_steps_share_all_weights_but_those_of_norms():
    def weights(steps):
        found = tiny(steps=steps)[0].generator.trainable_variables
        return [v.path for v in found if "norm" not in v.path]

    assert weights(3) == weights(5)
    assert not any("encoder" in path for path in weights(1))


def test_defaults_are_the_authors():
    defaults = {k: v.default for k, v in inspect.signature(GRAN).parameters.items()}
    published = {"steps": 5, "filters": 256, "latent_length": 100, "weight_decay": 5e-6}
    assert published.items() <= defaults.items()
    model, _ = tiny()
    model.compile()
    rates = {name: player.learning_rate for name, player in model.players.items()}
    assert rates == pytest.approx({"generator": 1e-4, "discriminator": 4e-5})
    model.epoch.assign(50)
    for name, player in model.players.items():
        assert float(player.optimizer.learning_rate) == pytest.approx(rates[name] / 2)
        assert player.optimizer.beta_1 == 0.0


def scores(model, batch, latents):
    """Mean scores of real images and of the samples of latents."""
    pair = (batch, model.generator(latents, training=True))
    return tuple(float(tf.reduce_mean(model.discriminator(x, training=True))) for x in pair)


def test_a_step_of_the_discriminator_widens_its_gap():
    model, batch = tiny()
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
