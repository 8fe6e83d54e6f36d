"""InfoGAN: what each player optimises, against Chen et al. 2016, equations 5 and 6."""

import inspect
import math

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.errors import DataError, RecipeError
from tfi2i.zoo.generation.infogan import InfoGAN

SIZE = 16
CODES = 3


def tiny(**changes):
    settings = {
        "codes": CODES,
        "continuous_codes": 2,
        "crop_size": SIZE,
        "channels": 3,
        "latent_length": 5,
        "filters": 4,
        "discriminator_filters": 4,
        "seed": 4,
    }
    model = InfoGAN(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def drawn(model):
    """What the iteration draws: latents, and the values of the categorical code."""
    return model.draw_latents(4, site=0), model.draw_labels(4, site=1).numpy()


def bound(logits, means, numbers, continuous):
    """L_I = H(c) + E[log Q(c | x)], by its definition."""
    total = 0.0
    for row, number in enumerate(numbers):
        total += tf.math.log(tf.nn.softmax(logits[row])[int(number)])
        for place in range(means.shape[1]):
            away = continuous[row, place] - means[row, place]
            total += tf.math.log(tf.exp(-0.5 * away**2) / math.sqrt(2 * math.pi))
    return math.log(CODES) + means.shape[1] * math.log(2) + total / len(numbers)


@pytest.mark.parametrize("changes", [{}, {"information_weight": 0.3}, {"continuous_codes": 0}])
def test_gradients_are_the_papers(changes):
    model, real = tiny(**changes)
    g, d = model.generator, model.discriminator
    weight = changes.get("information_weight", 1.0)
    with replay(model, real, {"discriminator": 0.02, "generator": 0.1}) as step:
        z, numbers = drawn(model)
        c = tf.constant(np.eye(CODES)[numbers], tf.float32)
        continuous = z[:, 5 - model.continuous_codes :]
        fake = g([z, c], training=True)
        with tf.GradientTape() as tape:
            of_real, _, _ = d(real, training=True)
            of_fake, logits, means = d(fake, training=True)
            game = -tf.reduce_mean(tf.math.log(tf.sigmoid(of_real)))
            game -= tf.reduce_mean(tf.math.log(1 - tf.sigmoid(of_fake)))
            discriminator_loss = game - weight * bound(logits, means, numbers, continuous)
        step.update("discriminator", [d], discriminator_loss, tape)
        with tf.GradientTape() as tape:
            of_fake, logits, means = d(g([z, c], training=True), training=True)
            information = bound(logits, means, numbers, continuous)
            generator_loss = -tf.reduce_mean(tf.math.log(tf.sigmoid(of_fake)))
            generator_loss -= weight * information
        step.update("generator", [g], generator_loss, tape)
        step.assert_logs(
            generator_loss=generator_loss, adversarial_loss=game, information=information
        )


def test_defaults_are_the_authors():
    defaults = {k: v.default for k, v in inspect.signature(InfoGAN).parameters.items()}
    assert (defaults["codes"], defaults["continuous_codes"], defaults["latent_length"]) == (
        10, 2, 62 + 2,
    )  # fmt: skip
    assert (defaults["information_weight"], defaults["latent_prior"]) == (1.0, "uniform")
    model, _ = tiny()
    model.compile()
    rates = {name: player.learning_rate for name, player in model.players.items()}
    assert rates == pytest.approx({"generator": 1e-3, "discriminator": 2e-4})
    assert all(player.optimizer.beta_1 == 0.5 for player in model.players.values())


def test_a_step_of_the_generator_makes_its_codes_clearer():
    model, real = tiny(information_weight=10.0)
    z, numbers = drawn(model)
    c = model.one_hot(numbers)

    def known() -> float:
        _, logits, means = model.discriminator(
            model.generator([z, c], training=True), training=True
        )
        return float(model.information([logits, means], tf.constant(numbers), z))

    before = known()
    train_alone(model, real, "generator", rate=1e-4)
    assert known() > before


def test_what_cannot_be_a_code_is_refused():
    for changes, words in {
        ("codes", 1): "2 values or more",
        ("latent_length", 2): "leaves no noise beside 2 continuous codes",
        ("latent_prior", "normal"): "continuous codes are uniform",
    }.items():
        with pytest.raises(RecipeError, match=words):
            tiny(**dict([changes]))
    InfoGAN(crop_size=SIZE, continuous_codes=0, latent_prior="normal", filters=4)


def test_q_sorts_images():
    model, real = tiny()
    pixels = np.round((real.numpy() + 1) * 127.5).astype(np.uint8)
    logits = model.discriminator(pixels / np.float32(127.5) - 1, training=False)[1]
    np.testing.assert_array_equal(model.group(pixels), np.argmax(logits, axis=1))
    with pytest.raises(DataError, match=r"sorts images \(N, 16, 16, 3\)"):
        model.group(pixels[:, :8])
    code = model.sample(2, labels=1)
    np.testing.assert_array_equal(code, model.sample(2, labels="1"))
