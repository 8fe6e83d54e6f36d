"""LAPGAN: what each player optimises, against Denton et al. 2015, section 3.2 and equation 2."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.generation.lapgan import LAPGAN

SIZE = 16


def tiny(**changes):
    settings = {
        "crop_size": SIZE,
        "depth": 2,
        "latent_length": 5,
        "filters": 4,
        "discriminator_filters": 4,
        "units": 8,
        "discriminator_units": 8,
        "dropout": 0.0,
        "seed": 4,
    }
    model = LAPGAN(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def halved(x):
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def enlarged(x):
    return tf.image.resize(x, (2 * x.shape[1], 2 * x.shape[2]))


def log_sigmoid(x):
    return tf.math.log(tf.sigmoid(x))


def samples(model, pyramid, latents):
    """G_K(z_K), and l_k + G_k(z_k, l_k) with l_k from the real smaller image."""
    g4, g8, g16 = (model.generator.get_layer(f"generator_{s}x{s}") for s in (4, 8, 16))
    i4, i8, _ = pyramid
    return [
        g4(latents[:, :5]),
        enlarged(i4) + g8([enlarged(i4), latents[:, 5 : 5 + 64]]),
        enlarged(i8) + g16([enlarged(i8), latents[:, 69:]]),
    ]


def test_gradients_are_the_papers():
    model, batch = tiny()
    pyramid = [halved(halved(batch)), halved(batch), batch]
    rates = {"discriminator": 0.01, "generator": 0.01}
    with replay(model, batch, rates) as step:
        fakes = samples(model, pyramid, model.draw_latents(4, site=0))
        with tf.GradientTape() as tape:
            loss = tf.zeros(())
            for d, real, fake in zip(model.discriminators, pyramid, fakes, strict=True):
                loss -= tf.reduce_mean(log_sigmoid(d(real)))
                loss -= tf.reduce_mean(tf.math.log(1 - tf.sigmoid(d(fake))))
        step.update("discriminator", model.discriminators, loss, tape)
        latents = model.draw_latents(4, site=1)
        with tf.GradientTape() as tape:
            generator_loss = tf.zeros(())
            for d, fake in zip(model.discriminators, samples(model, pyramid, latents), strict=True):
                generator_loss -= tf.reduce_mean(log_sigmoid(d(fake)))
        step.update("generator", [model.generator], generator_loss, tape)
        step.assert_logs(discriminator_loss=loss / 3, generator_loss=generator_loss / 3)


def test_a_sample_goes_through_all_sizes():
    model, _ = tiny()
    g4, g8, g16 = model.levels
    drawn = model.latents(3, seed=1)
    assert drawn.shape == (3, 5 + 64 + 256) and np.abs(drawn).max() <= 1
    latents = tf.constant(drawn)
    small = g4(latents[:, :5])
    low = enlarged(small)
    middle = low + g8([low, latents[:, 5:69]])
    low = enlarged(middle)
    expected = low + g16([low, latents[:, 69:]])
    np.testing.assert_allclose(model.generator(latents), expected, atol=1e-5)


def test_no_size_learns_from_another():
    """The gradient of one size's loss is nothing for the networks of the others."""
    model, batch = tiny()
    pyramid = [halved(halved(batch)), halved(batch), batch]
    with tf.GradientTape() as tape:
        score = tf.reduce_sum(samples(model, pyramid, model.draw_latents(4, site=0))[2])
    weights = [model.levels[place].trainable_variables[0].value for place in range(3)]
    found = tape.gradient(score, weights)
    assert found[:2] == [None, None] and found[2] is not None


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(LAPGAN).parameters.items()}
    published = {"filters": 64, "units": 8000, "discriminator_units": 1600, "dropout": 0.5}
    assert published.items() <= defaults.items() and defaults["latent_prior"] == "uniform"
    model, _ = tiny()
    model.compile()
    for player in model.players.values():
        assert player.learning_rate == pytest.approx(0.02) and player.optimizer.momentum == 0.5


def scores(model, batch):
    """Mean scores of real images and of samples, over all sizes."""
    pyramid = model.pyramid(batch)
    pairs = (pyramid, model.draw_each(pyramid, site=0)), (None, model.draw_each(pyramid, site=1))
    judges = model.discriminators
    return [
        sum(float(tf.reduce_mean(d(x))) for d, x in zip(judges, each, strict=True))
        for each in (pairs[0][0], pairs[0][1], pairs[1][1])
    ]


def test_a_step_of_the_discriminator_widens_its_gap():
    model, batch = tiny()
    iteration = int(model.iteration)
    real, fake, _ = scores(model, batch)
    train_alone(model, batch, "discriminator")
    model.iteration.assign(iteration)
    real_after, fake_after, _ = scores(model, batch)
    assert real_after - fake_after > real - fake


def test_a_step_of_the_generator_raises_the_score_of_samples():
    model, batch = tiny()
    before = scores(model, batch)[2]
    train_alone(model, batch, "generator")
    model.iteration.assign(0)
    assert scores(model, batch)[2] > before
