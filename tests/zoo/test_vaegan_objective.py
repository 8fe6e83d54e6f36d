"""VAE-GAN: what each player optimises, against algorithm 1 of Larsen et al. 2016."""

import inspect

import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.errors import RecipeError
from tfi2i.zoo.generation.vaegan import VAEGAN

SIZE = 16


def tiny(**changes):
    settings = {
        "crop_size": SIZE,
        "latent_length": 5,
        "filters": 4,
        "encoder_filters": 4,
        "discriminator_filters": 4,
        "reconstruction_weight": 0.3,
        "seed": 4,
    }
    model = VAEGAN(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def mean(x):
    return tf.reduce_mean(x)


def draws(model, batch):
    """The noise of q(z|x) and the latents of the prior in the present iteration."""
    noise = tf.random.stateless_normal((len(batch), 5), model.noise_seed(0, per_replica=False))
    return noise, model.draw_latents(len(batch), site=1)


def terms(model, batch, drawn):
    """L_prior, L_features and L_GAN, the last with its three parts."""
    e, g, d = model.encoder, model.generator, model.discriminator
    noise, latents = drawn
    mu, log_variance = e(batch, training=True)
    copies = g(mu + tf.sqrt(tf.exp(log_variance)) * noise, training=True)
    samples = g(latents, training=True)
    (real, f_real), (copied, f_copied) = d(batch, training=True), d(copies, training=True)
    sampled, _ = d(samples, training=True)
    prior = mean(-0.5 * tf.reduce_sum(1 + log_variance - mu**2 - tf.exp(log_variance), axis=1))
    features = mean(0.5 * tf.reduce_sum((f_real - f_copied) ** 2, axis=[1, 2, 3]))
    parts = [
        mean(tf.math.log(tf.sigmoid(real))),
        mean(tf.math.log(1 - tf.sigmoid(copied))),
        mean(tf.math.log(1 - tf.sigmoid(sampled))),
    ]
    return prior, features, parts


@pytest.mark.parametrize("level", [1, None])
def test_gradients_are_the_papers(level):
    model, batch = tiny(feature_level=level)
    e, g, d = model.encoder, model.generator, model.discriminator
    with replay(model, batch, {"encoder": 1e-3, "generator": 0.01, "discriminator": 0.05}) as step:
        # All gradients are those of the weights before: the one tape knows them.
        with tf.GradientTape(persistent=True) as tape:
            prior, features, parts = terms(model, batch, draws(model, batch))
            game = tf.add_n(parts)
            of_encoder, of_discriminator = prior + features, -game
            of_generator = 0.3 * features + game
        step.update("encoder", [e], of_encoder, tape)
        step.update("generator", [g], of_generator, tape)
        step.update("discriminator", [d], of_discriminator, tape)
        step.assert_logs(
            kl_loss=prior,
            feature_loss=features,
            generator_loss=0.3 * features + parts[1] + parts[2],
            discriminator_loss=-game,
        )


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(VAEGAN).parameters.items()}
    assert (defaults["latent_length"], defaults["crop_size"]) == (128, 64)
    model, _ = tiny()
    model.compile()
    for player in model.players.values():
        assert player.learning_rate == pytest.approx(3e-4)
    # The map before the score.
    assert model.discriminator.output_shape[1] == (None, 4, 4, 8)
    assert model.get_config()["feature_level"] == 2


def test_a_layer_that_is_not_there_is_named():
    with pytest.raises(RecipeError, match="feature_level is 3, but D has 2 convolutions"):
        tiny(feature_level=3)


def test_a_step_of_the_encoder_brings_features_nearer():
    model, batch = tiny()
    drawn = draws(model, batch)
    prior, features, _ = terms(model, batch, drawn)
    train_alone(model, batch, "encoder", rate=1e-5)
    assert sum(map(float, terms(model, batch, drawn)[:2])) < float(prior + features)


def test_a_step_of_the_discriminator_widens_its_gap():
    model, batch = tiny()
    drawn = draws(model, batch)
    before = float(tf.add_n(terms(model, batch, drawn)[2]))
    train_alone(model, batch, "discriminator", rate=1e-3)
    assert float(tf.add_n(terms(model, batch, drawn)[2])) > before
