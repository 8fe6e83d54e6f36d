"""StarGAN: what each player optimises, against equations 2 to 6 and 8 of Choi et al. 2018."""

import numpy as np
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.multidomain.stargan import StarGAN

SIZE = 16
LABELS = tf.constant([0, 2, 1, 1, 2, 0, 0, 2], tf.int32)


def tiny(**changes):
    model = StarGAN(
        **{
            "domains": ("x", "y", "z"),
            "crop_size": SIZE,
            "channels": 2,
            "filters": 4,
            "blocks": 1,
            "discriminator_filters": 4,
            "discriminator_depth": 2,
            "critic_steps": 2,
            "classification_weight": 2.0,
            "cycle_weight": 5.0,
            "gradient_penalty_weight": 3.0,
            "seed": 1,
            **changes,
        }
    )
    spread_weights(model)
    return model, (images(8, SIZE, 2, seed=1), LABELS)


def draws(model, labels, step):
    """The targets, a permutation of the labels, and a share of the real image for each."""
    uniform = [
        tf.random.stateless_uniform((len(labels), *rest), model.noise_seed(site, per_replica=False))
        for site, rest in ((2 * step, ()), (2 * step + 1, (1, 1, 1)))
    ]
    return tf.gather(labels, tf.argsort(uniform[0])), uniform[1]


def translated(model, x, labels):
    return model.generator([x, tf.one_hot(labels, 3)], training=True)


def cross_entropy(logits, labels):
    """E[-log D_cls(label | image)]."""
    return -tf.reduce_mean(tf.reduce_sum(tf.one_hot(labels, 3) * tf.math.log_softmax(logits), 1))


def penalty(model, x, fake, share):
    """E[(|grad D_src| - 1)^2] between a real image and its translation."""
    between = share * x + (1 - share) * fake
    with tf.GradientTape() as inner:
        inner.watch(between)
        score = tf.reduce_sum(model.discriminator(between)[0])
    slopes = tf.norm(tf.reshape(inner.gradient(score, between), (len(x), -1)), axis=1)
    return tf.reduce_mean((slopes - 1.0) ** 2)


def test_gradients_are_the_papers():
    model, (everything, labels) = tiny()
    with replay(model, (everything, labels), {"discriminator": 0.03, "generator": 0.1}) as step:
        # Two mini-batches of four images: D learns from each, then G from the last.
        for number in range(2):
            x, own = everything[number::2], labels[number::2]
            target, share = draws(model, own, number)
            assert not np.array_equal(target, own)  # or their order could not show
            fake = translated(model, x, target)
            with tf.GradientTape() as tape:
                (real_score, logits), (fake_score, _) = map(model.discriminator, (x, fake))
                critic = tf.reduce_mean(fake_score) - tf.reduce_mean(real_score)
                slope, classes = penalty(model, x, fake, share), cross_entropy(logits, own)
                loss = critic + 3.0 * slope + 2.0 * classes
            step.update("discriminator", [model.discriminator], loss, tape)
        with tf.GradientTape() as tape:
            fake = translated(model, x, target)
            score, logits = model.discriminator(fake)
            adversarial, fake_classes = -tf.reduce_mean(score), cross_entropy(logits, target)
            cycle = tf.reduce_mean(tf.abs(x - translated(model, fake, own)))
            loss = adversarial + 2.0 * fake_classes + 5.0 * cycle
        step.update("generator", [model.generator], loss, tape)
        step.assert_logs(
            critic_loss=critic,
            gradient_penalty=slope,
            real_classification_loss=classes,
            adversarial_loss=adversarial,
            classification_loss=fake_classes,
            cycle_loss=cycle,
            generator_loss=loss,
        )


def scores(model, x, labels):
    target, _ = draws(model, labels, 0)
    seen = (x, translated(model, x, target))
    return [float(tf.reduce_mean(model.discriminator(one)[0])) for one in seen]


def test_a_step_of_the_discriminator_widens_its_gap():
    model, batch = tiny(critic_steps=1, classification_weight=0.0, gradient_penalty_weight=0.0)
    real, fake = scores(model, *batch)
    train_alone(model, batch, "discriminator")
    model.iteration.assign(0)  # for the same targets
    real_after, fake_after = scores(model, *batch)
    assert real_after - fake_after > real - fake


def test_a_step_of_the_generator_raises_the_score_of_its_images():
    model, batch = tiny(critic_steps=1, classification_weight=0.0, cycle_weight=0.0)
    _, fake = scores(model, *batch)
    train_alone(model, batch, "generator")
    model.iteration.assign(0)
    assert scores(model, *batch)[1] > fake
