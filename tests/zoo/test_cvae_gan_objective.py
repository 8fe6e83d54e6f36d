"""cVAE-GAN: what each player optimises, against Zhu et al. 2017, section 3.2."""

import pytest
import tensorflow as tf

from objectives import images, replay, shrink_scores, spread_weights, train_alone
from tfi2i.zoo.paired.cvae_gan import ConditionalVAEGAN

SIZE = 16


def tiny(**changes):
    model = ConditionalVAEGAN(
        **{
            "crop_size": SIZE,
            "input_channels": 2,
            "filters": 4,
            "depth": 3,
            "encoder_filters": 4,
            "discriminator_filters": 4,
            "receptive_field": 16,
            "latent_length": 3,
            "l1_weight": 7.0,
            "kl_weight": 0.4,
            **changes,
        }
    )
    spread_weights(model)
    return model, (images(2, SIZE, 2, seed=1), images(2, SIZE, seed=2))


def translated(model, a, b):
    """G(a, z) with z ~ E(b), and the Gaussian E(b)."""
    noise = tf.random.stateless_normal((2, 3), model.noise_seed(0, per_replica=False))
    mean, log_variance = model.encoder(b, training=True)
    latent = mean + tf.sqrt(tf.exp(log_variance)) * noise
    return model.generator([a, latent], training=True), mean, log_variance


def squares(scores, target):
    """E[(D - target)^2], summed over the two scales."""
    return tf.add_n([tf.reduce_mean((score - target) ** 2) for score in scores])


@pytest.mark.parametrize("conditional", [True, False])
def test_gradients_are_the_papers(conditional):
    model, (a, b) = tiny(conditional=conditional)

    def judge(condition, output):
        return model.discriminator([condition, output] if conditional else output, training=True)

    rates = {"generator": 0.1, "encoder": 0.05, "discriminator": 0.2}
    with replay(model, (a, b), rates) as step:
        with tf.GradientTape(persistent=True) as tape:
            y, mean, log_variance = translated(model, a, b)
            discriminator_loss = squares(judge(a, b), 1.0) + squares(judge(a, y), 0.0)
            adversarial, l1 = squares(judge(a, y), 1.0), tf.reduce_mean(tf.abs(b - y))
            # Of each image the sum over the components of z, Kingma and Welling, appendix B.
            terms = 1.0 + log_variance - mean**2 - tf.exp(log_variance)
            kl = tf.reduce_mean(-0.5 * tf.reduce_sum(terms, axis=1))
            loss = adversarial + 7.0 * l1 + 0.4 * kl
        step.update("generator", [model.generator], loss, tape)
        step.update("encoder", [model.encoder], loss, tape)
        step.update("discriminator", [model.discriminator], discriminator_loss, tape)
        step.assert_logs(
            discriminator_loss=discriminator_loss,
            adversarial_loss=adversarial,
            l1_loss=l1,
            kl_loss=kl,
            generator_loss=loss,
        )


def scores(model, a, b):
    """Sums over the scales of the mean scores of real and of generated images."""
    fake, _, _ = translated(model, a, b)
    judged = (model.discriminator(seen, training=True) for seen in (b, fake))
    return [sum(float(tf.reduce_mean(scale)) for scale in scales) for scales in judged]


def test_a_step_of_the_discriminator_widens_its_gap():
    model, batch = tiny()
    shrink_scores(model.discriminator)
    real, fake = scores(model, *batch)
    train_alone(model, batch, "discriminator")
    model.iteration.assign(0)  # for the same draw of z
    real_after, fake_after = scores(model, *batch)
    assert real_after - fake_after > real - fake


@pytest.mark.parametrize("player", ["generator", "encoder"])
def test_a_step_of_either_maker_raises_the_score_of_its_images(player):
    model, batch = tiny(l1_weight=0.0, kl_weight=0.0)
    shrink_scores(model.discriminator)
    _, fake = scores(model, *batch)
    train_alone(model, batch, player)
    model.iteration.assign(0)
    assert scores(model, *batch)[1] > fake
