"""pix2pix: what each player optimises, against equations 1 to 4 of Isola et al. 2017."""

import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.paired.pix2pix import Pix2Pix

SIZE = 16


def tiny(**changes):
    model = Pix2Pix(
        **{
            "crop_size": SIZE,
            "input_channels": 2,
            "filters": 4,
            "depth": 3,
            "discriminator_filters": 4,
            "receptive_field": 16,
            "adversarial_weight": 3.0,
            "l1_weight": 7.0,
            **changes,
        }
    )
    spread_weights(model)
    return model, (images(2, SIZE, 2, seed=1), images(2, SIZE, seed=2))


@pytest.mark.parametrize("conditional", [True, False])
def test_gradients_are_the_papers(conditional):
    model, (a, b) = tiny(conditional=conditional)

    def probability(condition, output):
        seen = [condition, output] if conditional else output
        return tf.sigmoid(model.discriminator(seen, training=True))

    with replay(model, (a, b), {"discriminator": 0.2, "generator": 0.1}) as step:
        with tf.GradientTape(persistent=True) as tape:
            y = model.generator(a, training=True)  # with the same dropout: its state is put back
            real, fake = probability(a, b), probability(a, y)
            log = tf.math.log
            # "We divide the objective by 2 while optimizing D" (section 3.3).
            discriminator_loss = -(tf.reduce_mean(log(real)) + tf.reduce_mean(log(1 - fake))) / 2
            adversarial, l1 = -tf.reduce_mean(log(fake)), tf.reduce_mean(tf.abs(b - y))
            generator_loss = 3.0 * adversarial + 7.0 * l1
        step.update("discriminator", [model.discriminator], discriminator_loss, tape)
        step.update("generator", [model.generator], generator_loss, tape)
        step.assert_logs(
            discriminator_loss=discriminator_loss,
            adversarial_loss=adversarial,
            l1_loss=l1,
            generator_loss=generator_loss,
        )


def scores(model, a, b):
    fake = model.discriminator([a, model.generator(a, training=True)], training=True)
    real = model.discriminator([a, b], training=True)
    return float(tf.reduce_mean(real)), float(tf.reduce_mean(fake))


def test_a_step_of_the_discriminator_widens_its_gap():
    model, (a, b) = tiny(dropout=0.0)
    real, fake = scores(model, a, b)
    train_alone(model, (a, b), "discriminator")
    real_after, fake_after = scores(model, a, b)
    assert real_after - fake_after > real - fake


def test_a_step_of_the_generator_raises_the_score_of_its_images():
    model, (a, b) = tiny(dropout=0.0, l1_weight=0.0)
    _, fake = scores(model, a, b)
    train_alone(model, (a, b), "generator")
    assert scores(model, a, b)[1] > fake
