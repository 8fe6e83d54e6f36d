"""Conditional GAN: what each player optimises, against Mirza and Osindero 2014, equation 2."""

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.errors import DataError, RecipeError
from tfi2i.zoo.generation.cgan import ConditionalGAN

SIZE = 16


def tiny(**changes):
    settings = {
        "classes": ("cat", "dog", "cow"),
        "crop_size": SIZE,
        "latent_length": 5,
        "filters": 4,
        "discriminator_filters": 4,
        "seed": 4,
    }
    model = ConditionalGAN(**{**settings, **changes})
    spread_weights(model)
    return model, (images(4, SIZE, seed=1), tf.constant([2, 0, 1, 2]))


def test_gradients_are_the_papers():
    model, batch = tiny()
    g, d = model.generator, model.discriminator
    real = batch[0]
    y = tf.constant([[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]], tf.float32)

    def odds(x):
        return tf.sigmoid(d([x, y], training=True))

    with replay(model, batch, {"discriminator": 0.1, "generator": 0.1}) as step:
        z = model.draw_latents(len(real), site=0)
        fake = g([z, y], training=True)
        with tf.GradientTape() as tape:
            discriminator_loss = -tf.reduce_mean(
                tf.math.log(odds(real)) + tf.math.log(1 - odds(fake))
            )
        step.update("discriminator", [d], discriminator_loss, tape)
        with tf.GradientTape() as tape:
            generator_loss = -tf.reduce_mean(tf.math.log(odds(g([z, y], training=True))))
        step.update("generator", [g], generator_loss, tape)
        step.assert_logs(discriminator_loss=discriminator_loss, generator_loss=generator_loss)


def scores(model, real, labels, latents):
    """Mean scores of real images and of samples, under the same labels."""
    y = model.one_hot(labels)
    fake = model.generator([latents, y], training=True)
    return tuple(
        float(tf.reduce_mean(model.discriminator([x, y], training=True))) for x in (real, fake)
    )


def test_a_step_of_the_generator_raises_the_score_of_samples():
    model, batch = tiny()
    latents = model.draw_latents(4, site=0)
    before = scores(model, *batch, latents)[1]
    train_alone(model, batch, "generator")
    assert scores(model, *batch, latents)[1] > before


def test_both_networks_see_the_label():
    model, (real, _) = tiny()
    latents = model.draw_latents(4, site=0)
    one, other = (tf.one_hot([number] * 4, 3) for number in (0, 1))
    samples = [model.generator([latents, y], training=False) for y in (one, other)]
    assert np.abs(samples[0] - samples[1]).max() > 1e-3
    judged = [model.discriminator([real, y], training=False) for y in (one, other)]
    assert np.abs(judged[0] - judged[1]).max() > 1e-3


def test_the_papers_perceptrons():
    model = ConditionalGAN(
        classes=tuple("0123456789"), form="perceptrons", crop_size=28, channels=1
    )
    shapes = [tuple(v.shape) for v in model.generator.trainable_variables[::2]]
    assert shapes == [(100, 200), (10, 1000), (1200, 1200), (1200, 784)]
    shapes = [tuple(v.shape) for v in model.discriminator.trainable_variables[::2]]
    assert shapes == [(784, 1200), (10, 250), (290, 960), (240, 1)]
    model.compile(momentum=0.5, decay=0.9, generator_learning_rate=0.1)
    assert model.players["generator"].optimizer.momentum == 0.5
    assert float(model.players["generator"].optimizer.learning_rate) == pytest.approx(0.1)
    model.iteration.assign(2)
    assert float(model.players["generator"].optimizer.learning_rate) == pytest.approx(0.081)
    digits = np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1), dtype=np.uint8)
    model.fit(digits, np.arange(8), batch_size=4, verbose=0)
    # No dropout in G: equal latents and labels give equal images.
    assert (model.sample(3, labels=7) == model.sample(3, labels="7")).all()


def test_classes_are_checked():
    for classes in ((), ("cat",), ("cat", "cat")):
        with pytest.raises(RecipeError, match="two or more different classes"):
            ConditionalGAN(classes=classes)
    model, batch = tiny()
    model.compile()
    with pytest.raises(DataError, match="so they are from 0 to 2; the data have 3"):
        model.fit(batch[0], tf.constant([0, 1, 2, 3]), batch_size=4)
