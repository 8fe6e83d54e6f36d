"""VAE: what its one player optimises, against Kingma and Welling 2014."""

import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.generation.vae import VAE

SIZE = 16


def tiny(**changes):
    settings = {
        "crop_size": SIZE,
        "latent_length": 5,
        "filters": 4,
        "encoder_filters": 4,
        "pixel_deviation": 0.7,
        "seed": 4,
    }
    model = VAE(**{**settings, **changes})
    spread_weights(model)
    return model, images(4, SIZE, seed=1)


def bound(model, batch, noise):
    """Minus the bound of each image: both terms of equation 10, averaged over the batch."""
    mean, log_variance = model.encoder(batch, training=True)
    deviation = tf.sqrt(tf.exp(log_variance))
    made = model.generator(mean + deviation * noise, training=True)
    squares = tf.reduce_sum((batch - made) ** 2, axis=[1, 2, 3])
    unlikely = squares / (2 * model.pixel_deviation**2)
    # Appendix B, with its sign turned.
    divergence = -0.5 * tf.reduce_sum(1 + log_variance - mean**2 - deviation**2, axis=1)
    return tf.reduce_mean(unlikely), tf.reduce_mean(divergence)


def noise_of(model, count):
    return tf.random.stateless_normal((count, 5), model.noise_seed(0, per_replica=False))


def test_gradients_are_the_papers():
    model, batch = tiny()
    with replay(model, batch, {"autoencoder": 1e-4}) as step:
        with tf.GradientTape() as tape:
            unlikely, divergence = bound(model, batch, noise_of(model, 4))
            loss = unlikely + divergence
        step.update("autoencoder", [model.encoder, model.generator], loss, tape)
        step.assert_logs(reconstruction_loss=unlikely, kl_loss=divergence)


def test_the_divergence_is_that_of_many_draws():
    """Appendix B's closed form against an estimate of E_q[log q(z) - log p(z)]."""
    model, _ = tiny()
    mean, log_variance = (tf.constant([[0.5, -1.0]]), tf.constant([[-1.0, 0.3]]))
    noise = tf.random.stateless_normal((200_000, 2), (0, 1))
    z = mean + tf.exp(log_variance / 2) * noise
    log_q = -0.5 * tf.reduce_sum(noise**2 + log_variance, axis=1)
    log_p = -0.5 * tf.reduce_sum(z**2, axis=1)
    from tfi2i.losses import kl_to_standard_normal

    estimate = float(tf.reduce_mean(log_q - log_p))
    assert float(kl_to_standard_normal(mean, log_variance)) == pytest.approx(estimate, rel=0.02)


def test_a_step_raises_the_bound():
    model, batch = tiny()
    noise = noise_of(model, 4)
    before = sum(map(float, bound(model, batch, noise)))
    train_alone(model, batch, "autoencoder", rate=1e-5)
    assert sum(map(float, bound(model, batch, noise))) < before


def test_latents_of_images_are_means():
    import numpy as np

    model, _ = tiny()
    pixels = np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8)
    floats = pixels.astype(np.float32) / 127.5 - 1.0
    mean, _ = model.encoder(floats, training=False)
    np.testing.assert_allclose(model.encode(pixels), mean, atol=1e-5)
