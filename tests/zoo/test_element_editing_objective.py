"""Element editing: what each player optimises, against the objective of its card and StarGAN's."""

import numpy as np
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.multidomain.element_editing import ElementEditing

SIZE = 16
LABELS = tf.constant([0, 1, 1, 0, 0, 1, 1, 0], tf.int32)


def tiny(**changes):
    model = ElementEditing(
        **{
            "domains": ("without", "with"),
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
            "outside_weight": 7.0,
            "area_weight": 4.0,
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


def edited(model, x, labels):
    """M * C + (1 - M) * x, C and M."""
    _, content, mask = model.generator([x, tf.one_hot(labels, 2)], training=True)
    return mask * content + (1.0 - mask) * x, content, mask


def cross_entropy(logits, labels):
    """E[-log D_cls(label | image)]."""
    return -tf.reduce_mean(tf.reduce_sum(tf.one_hot(labels, 2) * tf.math.log_softmax(logits), 1))


def penalty(model, x, fake, share):
    """E[(|grad D_src| - 1)^2] between a real image and its edit."""
    between = share * x + (1 - share) * fake
    with tf.GradientTape() as inner:
        inner.watch(between)
        score = tf.reduce_sum(model.discriminator(between)[0])
    slopes = tf.norm(tf.reshape(inner.gradient(score, between), (len(x), -1)), axis=1)
    return tf.reduce_mean((slopes - 1.0) ** 2)


def test_gradients_are_those_of_the_objective():
    model, (everything, labels) = tiny()
    with replay(model, (everything, labels), {"discriminator": 0.001, "generator": 0.1}) as step:
        # Two mini-batches of four images: D learns from each, then G from the last.
        for number in range(2):
            x, own = everything[number::2], labels[number::2]
            target, share = draws(model, own, number)
            assert not np.array_equal(target, own)  # or their order could not show
            fake, _, _ = edited(model, x, target)
            with tf.GradientTape() as tape:
                (real_score, logits), (fake_score, _) = map(model.discriminator, (x, fake))
                critic = tf.reduce_mean(fake_score) - tf.reduce_mean(real_score)
                slope, classes = penalty(model, x, fake, share), cross_entropy(logits, own)
                loss = critic + 3.0 * slope + 2.0 * classes
            step.update("discriminator", [model.discriminator], loss, tape)
        with tf.GradientTape() as tape:
            there, content, mask = edited(model, x, target)
            back, content_back, mask_back = edited(model, there, own)
            score, logits = model.discriminator(there)
            adversarial, fake_classes = -tf.reduce_mean(score), cross_entropy(logits, target)
            cycle = tf.reduce_mean(tf.abs(x - back))
            outside = tf.reduce_mean((1 - mask) * tf.abs(content - x))
            outside += tf.reduce_mean((1 - mask_back) * tf.abs(content_back - there))
            area = tf.reduce_mean(mask) + tf.reduce_mean(mask_back)
            loss = adversarial + 2.0 * fake_classes + 5.0 * cycle + 7.0 * outside + 4.0 * area
        step.update("generator", [model.generator], loss, tape)
        step.assert_logs(
            critic_loss=critic,
            gradient_penalty=slope,
            real_classification_loss=classes,
            adversarial_loss=adversarial,
            classification_loss=fake_classes,
            cycle_loss=cycle,
            outside_loss=outside,
            area_loss=area,
            generator_loss=loss,
        )


def scores(model, x, labels):
    target, _ = draws(model, labels, 0)
    seen = (x, edited(model, x, target)[0])
    return [float(tf.reduce_mean(model.discriminator(one)[0])) for one in seen]


def test_a_step_of_the_discriminator_widens_its_gap():
    model, batch = tiny(critic_steps=1, classification_weight=0.0, gradient_penalty_weight=0.0)
    real, fake = scores(model, *batch)
    train_alone(model, batch, "discriminator")
    model.iteration.assign(0)  # for the same targets
    real_after, fake_after = scores(model, *batch)
    assert real_after - fake_after > real - fake


def test_a_step_of_the_generator_raises_the_score_of_its_images():
    other_weights = ("classification", "cycle", "outside", "area")
    model, batch = tiny(critic_steps=1, **{f"{name}_weight": 0.0 for name in other_weights})
    _, fake = scores(model, *batch)
    train_alone(model, batch, "generator")
    model.iteration.assign(0)
    assert scores(model, *batch)[1] > fake
