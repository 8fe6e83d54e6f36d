"""AC-GAN: what each player optimises, against Odena et al. 2017, equations 2 and 3."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.generation.acgan import ACGAN

SIZE = 16
CLASSES = 3


def tiny(**changes):
    settings = {
        "classes": ("cat", "dog", "cow"),
        "crop_size": SIZE,
        "latent_length": 5,
        "filters": 4,
        "discriminator_filters": 4,
        "seed": 4,
    }
    model = ACGAN(**{**settings, **changes})
    spread_weights(model)
    return model, (images(4, SIZE, seed=1), tf.constant([2, 0, 1, 2]))


def drawn(model):
    """What the iteration draws: latents and classes."""
    return model.draw_latents(4, site=0), model.draw_labels(4, site=1).numpy()


def heads(model, x):
    """P(S = real | x), (B,), and P(C | x), (B, classes)."""
    outputs = model.discriminator(x, training=True)
    return tf.sigmoid(outputs[:, 0]), tf.nn.softmax(outputs[:, 1:], axis=1)


def mean_log(chances, numbers):
    """E[log P(C = c)]."""
    chosen = [chances[row, int(number)] for row, number in enumerate(numbers)]
    return tf.add_n([tf.math.log(one) for one in chosen]) / len(chosen)


@pytest.mark.parametrize("weight", [1.0, 0.3])
def test_gradients_are_the_papers(weight):
    model, batch = tiny(classification_weight=weight)
    g, d = model.generator, model.discriminator
    real, real_numbers = batch
    with replay(model, batch, {"discriminator": 0.1, "generator": 0.1}) as step:
        z, numbers = drawn(model)
        c = tf.constant(np.eye(CLASSES)[numbers], tf.float32)
        fake = g([z, c], training=True)
        with tf.GradientTape() as tape:
            of_real, classes_of_real = heads(model, real)
            of_fake, classes_of_fake = heads(model, fake)
            source = tf.reduce_mean(tf.math.log(of_real)) + tf.reduce_mean(tf.math.log(1 - of_fake))
            classes = mean_log(classes_of_real, real_numbers) + mean_log(classes_of_fake, numbers)
            discriminator_loss = -source - weight * classes
        step.update("discriminator", [d], discriminator_loss, tape)
        with tf.GradientTape() as tape:
            of_fake, classes_of_fake = heads(model, g([z, c], training=True))
            named = mean_log(classes_of_fake, numbers)
            generator_loss = -tf.reduce_mean(tf.math.log(of_fake)) - weight * named
        step.update("generator", [g], generator_loss, tape)
        step.assert_logs(
            generator_loss=generator_loss, classification_loss=-named, adversarial_loss=-source
        )


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(ACGAN).parameters.items()}
    assert defaults["classification_weight"] == 1.0
    model, _ = tiny()
    model.compile()
    for player in model.players.values():
        assert player.learning_rate == pytest.approx(2e-4) and player.optimizer.beta_1 == 0.5


def test_the_discriminator_is_not_told_the_class():
    model, _ = tiny()
    assert len(model.discriminator.inputs) == 1
    assert model.discriminator.output_shape == (None, 1 + CLASSES)


def test_a_step_of_the_generator_makes_its_classes_clearer():
    model, batch = tiny(classification_weight=10.0)
    z, numbers = drawn(model)
    c = model.one_hot(numbers)

    def named() -> float:
        _, chances = heads(model, model.generator([z, c], training=True))
        return float(mean_log(chances, numbers))

    before = named()
    train_alone(model, batch, "generator", rate=1e-4)
    assert named() > before
