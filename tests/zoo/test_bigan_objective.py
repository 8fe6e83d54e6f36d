"""BiGAN: what each player optimises, against Donahue et al. 2017."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.generation.bigan import BiGAN

SIZE = 12


def tiny(**changes):
    settings = {
        "crop_size": SIZE,
        "channels": 3,
        "latent_length": 5,
        "units": 8,
        "weight_decay": 0.01,
        "seed": 4,
    }
    model = BiGAN(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def scores(model, batch, z):
    """Of images with their inferred latents, and of latents with their images."""
    inferred = model.encoder(batch, training=True)
    made = model.generator(z, training=True)
    d = model.discriminator
    return d([batch, inferred], training=True), d([made, z], training=True)


def value(model, batch, z):
    """V(D, E, G) of equation 3."""
    real, fake = scores(model, batch, z)
    return tf.reduce_mean(tf.math.log(tf.sigmoid(real))) + tf.reduce_mean(
        tf.math.log(1 - tf.sigmoid(fake))
    )


def exchanged(model, batch, z):
    """What E and G minimise: the value with the labels of pairs exchanged (section 3.4)."""
    real, fake = scores(model, batch, z)
    return -tf.reduce_mean(tf.math.log(1 - tf.sigmoid(real))) - tf.reduce_mean(
        tf.math.log(tf.sigmoid(fake))
    )


def decay(*networks):
    """Half the squares of all matrices, of which there are three in each network."""
    matrices = [v for n in networks for v in n.trainable_variables if v.path.endswith("kernel")]
    assert len(matrices) == 3 * len(networks)
    return 0.01 * sum(tf.reduce_sum(tf.convert_to_tensor(v) ** 2) for v in matrices) / 2


def test_gradients_are_the_papers():
    model, batch = tiny()
    e, g, d = model.encoder, model.generator, model.discriminator
    z = model.draw_latents(4, site=0)
    with replay(model, batch, dict.fromkeys(("encoder", "generator", "discriminator"), 0.05)) as s:
        with tf.GradientTape() as tape:
            discriminator_loss = -value(model, batch, z)
            decayed = discriminator_loss + decay(d)
        s.update("discriminator", [d], decayed, tape)
        with tf.GradientTape(persistent=True) as tape:
            inference_loss = exchanged(model, batch, z)
            decayed = inference_loss + decay(e, g)
        s.update("encoder", [e], decayed, tape)
        s.update("generator", [g], decayed, tape)
        s.assert_logs(discriminator_loss=discriminator_loss, inference_loss=inference_loss)


def latent_loss(model, z):
    """What the encoder says of the latents of samples: cross-entropy, or half the squares."""
    found = model.encoder(model.generator(z, training=True), training=True)
    if model.latent_prior == "normal":
        return tf.reduce_mean((found - z) ** 2) / 2
    latents, logits = found
    p, u = tf.sigmoid(logits), (z + 1) / 2
    np.testing.assert_allclose(latents, 2 * p - 1, atol=1e-5)
    return -tf.reduce_mean(u * tf.math.log(p) + (1 - u) * tf.math.log(1 - p))


@pytest.mark.parametrize(
    ("objective", "prior", "share"),
    [
        ("regression", "uniform", 0.0),
        ("joint_regression", "uniform", 0.25),
        ("joint_regression", "normal", 0.25),
    ],
)
def test_latent_regressors_never_see_a_real_image(objective, prior, share):
    model, batch = tiny(encoder_objective=objective, latent_prior=prior)
    e, g, d = model.encoder, model.generator, model.discriminator
    z = model.draw_latents(4, site=0)
    with replay(model, batch, dict.fromkeys(("encoder", "generator", "discriminator"), 0.05)) as s:
        with tf.GradientTape() as tape:
            made = g(z, training=True)
            real, fake = d(batch, training=True), d(made, training=True)
            discriminator_loss = -tf.reduce_mean(tf.math.log(tf.sigmoid(real))) - tf.reduce_mean(
                tf.math.log(1 - tf.sigmoid(fake))
            )
            decayed = discriminator_loss + decay(d)
        s.update("discriminator", [d], decayed, tape)
        with tf.GradientTape(persistent=True) as tape:
            of_latents = latent_loss(model, z)
            fooled = d(g(z, training=True), training=True)
            generator_loss = -tf.reduce_mean(tf.math.log(tf.sigmoid(fooled)))
            of_encoder = of_latents + decay(e)
            of_generator = generator_loss + share * of_latents + decay(g)
        s.update("encoder", [e], of_encoder, tape)
        s.update("generator", [g], of_generator, tape)
        s.assert_logs(latent_loss=of_latents, generator_loss=generator_loss)
    assert model.encode(np.zeros((2, SIZE, SIZE, 3), np.uint8)).shape == (2, 5)


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(BiGAN).parameters.items()}
    assert (defaults["latent_length"], defaults["latent_prior"]) == (50, "uniform")
    assert (defaults["units"], defaults["weight_decay"]) == (1024, 2.5e-5)
    model, _ = tiny()
    model.compile()
    for player in model.players.values():
        assert player.learning_rate == pytest.approx(2e-4) and player.optimizer.beta_1 == 0.5


@pytest.mark.parametrize("player", ["encoder", "generator"])
def test_a_step_of_either_makes_its_pairs_less_telling(player):
    model, batch = tiny(weight_decay=0.0)
    place = ("encoder", "generator").index(player)
    z = model.draw_latents(4, site=0)
    before = np.mean(scores(model, batch, z)[place])
    train_alone(model, batch, player, rate=1e-2)
    change = np.mean(scores(model, batch, z)[place]) - before
    assert change < 0 if player == "encoder" else change > 0


def test_a_step_of_the_discriminator_raises_the_value():
    model, batch = tiny(weight_decay=0.0)
    z = model.draw_latents(4, site=0)
    before = float(value(model, batch, z))
    train_alone(model, batch, "discriminator", rate=1e-3)
    assert float(value(model, batch, z)) > before
