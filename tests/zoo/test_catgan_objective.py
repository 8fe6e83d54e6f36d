"""CatGAN: what each player optimises, against Springenberg 2016, equations 3 to 7."""

import inspect
import math

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i import losses
from tfi2i.zoo.generation.catgan import CatGAN

SIZE = 16
K = 3


def tiny(**changes):
    settings = {
        "categories": K,
        "noise": 0.0,
        "crop_size": SIZE,
        "latent_length": 5,
        "filters": 4,
        "discriminator_filters": 4,
        "seed": 4,
    }
    model = CatGAN(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def entropy(chances):
    """H of one distribution (K,)."""
    return -tf.add_n([chances[k] * tf.math.log(chances[k]) for k in range(K)])


def entropies(logits):
    """H(E[p(y | x)]) and E[H(p(y | x))]."""
    chances = tf.exp(logits) / tf.reduce_sum(tf.exp(logits), axis=1, keepdims=True)
    rows = [chances[row] for row in range(len(chances))]
    whole = tf.add_n(rows) / len(rows)
    return entropy(whole), tf.add_n([entropy(row) for row in rows]) / len(rows)


@pytest.mark.parametrize("changes", [{}, {"fake_weight": 0.0}, {"noise": 0.3}])
def test_gradients_are_the_papers(changes):
    model, real = tiny(**changes)
    g, d = model.generator, model.discriminator
    weight, deviation = changes.get("fake_weight", 1.0), changes.get("noise", 0.0)
    with replay(model, real, {"discriminator": 0.1, "generator": 0.1}) as step:
        z = model.draw_latents(len(real), site=0)
        noise = [
            deviation
            * tf.random.stateless_normal(real.shape, model.noise_seed(n, per_replica=False))
            for n in (1, 2, 3)
        ]
        fake = g(z, training=True)
        with tf.GradientTape() as tape:
            even, sure = entropies(d(real + noise[0], training=True))
            _, unsure = entropies(d(fake + noise[1], training=True))
            discriminator_loss = -(even - sure + weight * unsure)
        step.update("discriminator", [d], discriminator_loss, tape)
        with tf.GradientTape() as tape:
            even, sure_of_fake = entropies(d(g(z, training=True) + noise[2], training=True))
            generator_loss = -even + sure_of_fake
        step.update("generator", [g], generator_loss, tape)
        step.assert_logs(
            discriminator_loss=discriminator_loss,
            generator_loss=generator_loss,
            real_entropy=sure,
            fake_entropy=unsure,
        )


def test_entropies_at_their_ends():
    sure = tf.constant([[50.0, 0, 0], [0, 50, 0], [0, 0, 50]])
    unsure = tf.zeros((3, 3))
    assert float(losses.conditional_entropy(sure)) == pytest.approx(0, abs=1e-5)
    assert float(losses.conditional_entropy(unsure)) == pytest.approx(math.log(3))
    even, one = tf.nn.softmax(sure), tf.nn.softmax(sure[:1])
    assert float(losses.marginal_entropy(even)) == pytest.approx(math.log(3))
    assert float(losses.marginal_entropy(one)) == pytest.approx(0, abs=1e-5)


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(CatGAN).parameters.items()}
    assert (defaults["categories"], defaults["fake_weight"]) == (10, 1.0)
    model, _ = tiny()
    model.compile()
    for player in model.players.values():
        assert player.learning_rate == pytest.approx(2e-4) and player.optimizer.beta_1 == 0.5


def test_a_step_of_the_discriminator_lowers_its_loss():
    model, real = tiny()
    fake = model.generator(model.draw_latents(4, site=0), training=True)

    def loss() -> float:
        even, sure = entropies(model.discriminator(real, training=True))
        return float(sure - even - entropies(model.discriminator(fake, training=True))[1])

    before = loss()
    train_alone(model, real, "discriminator")
    assert loss() < before


def test_images_are_sorted():
    model, real = tiny()
    pixels = np.round((real.numpy() + 1) * 127.5).astype(np.uint8)
    logits = model.discriminator(pixels / np.float32(127.5) - 1, training=False)
    np.testing.assert_array_equal(model.group(pixels), np.argmax(logits, axis=1))
