"""cLR-GAN: what each player optimises, against Zhu et al. 2017, section 3.3."""

import pytest
import tensorflow as tf

from objectives import images, replay, shrink_scores, spread_weights, train_alone
from tfi2i.zoo.paired.clr_gan import LatentRegressorGAN

SIZE = 16


def tiny(**changes):
    model = LatentRegressorGAN(
        **{
            "crop_size": SIZE,
            "input_channels": 2,
            "filters": 4,
            "depth": 3,
            "encoder_filters": 4,
            "discriminator_filters": 4,
            "receptive_field": 16,
            "latent_length": 3,
            "latent_weight": 3.0,
            **changes,
        }
    )
    spread_weights(model)
    return model, (images(2, SIZE, 2, seed=1), images(2, SIZE, seed=2))


def latents(model):
    return tf.random.stateless_normal((2, 3), model.noise_seed(0, per_replica=False))


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
            z = latents(model)
            y = model.generator([a, z], training=True)
            discriminator_loss = squares(judge(a, b), 1.0) + squares(judge(a, y), 0.0)
            # E gives a point, and is trained here, unlike in BicycleGAN.
            recovered = model.encoder(y, training=True)
            adversarial, latent = squares(judge(a, y), 1.0), tf.reduce_mean(tf.abs(z - recovered))
            loss = adversarial + 3.0 * latent
        step.update("generator", [model.generator], loss, tape)
        step.update("encoder", [model.encoder], loss, tape)
        step.update("discriminator", [model.discriminator], discriminator_loss, tape)
        step.assert_logs(
            discriminator_loss=discriminator_loss,
            adversarial_loss=adversarial,
            latent_loss=latent,
            generator_loss=loss,
        )


def scores(model, a, b):
    """Sums over the scales of the mean scores of real and of generated images."""
    fake = model.generator([a, latents(model)], training=True)
    judged = (model.discriminator([a, seen], training=True) for seen in (b, fake))
    return [sum(float(tf.reduce_mean(scale)) for scale in scales) for scales in judged]


def test_a_step_of_the_discriminator_widens_its_gap():
    model, batch = tiny()
    shrink_scores(model.discriminator)
    real, fake = scores(model, *batch)
    train_alone(model, batch, "discriminator")
    model.iteration.assign(0)  # for the same latents
    real_after, fake_after = scores(model, *batch)
    assert real_after - fake_after > real - fake


def test_a_step_of_the_generator_raises_the_score_of_its_images():
    model, batch = tiny(latent_weight=0.0)
    shrink_scores(model.discriminator)
    _, fake = scores(model, *batch)
    train_alone(model, batch, "generator")
    model.iteration.assign(0)
    assert scores(model, *batch)[1] > fake


def test_a_step_of_the_encoder_finds_the_latent_better():
    model, (a, b) = tiny()
    z = latents(model)
    made = model.generator([a, z], training=True)

    def error():
        return float(tf.reduce_mean(tf.abs(z - model.encoder(made, training=True))))

    before = error()
    train_alone(model, (a, b), "encoder")
    assert error() < before
