"""DiscoGAN: what each player optimises, against section 3 of Kim et al. 2017 and the authors' code.

The authors' code adds the feature matching, the rates and the weight decay to the paper.
"""

import inspect

import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.unpaired.discogan import DiscoGAN

SIZE = 16


def tiny(**changes):
    model = DiscoGAN(
        **{
            "crop_size": SIZE,
            "depth": 2,
            "filters": 4,
            "discriminator_filters": 4,
            "first_rate": 0.3,
            "later_rate": 0.8,
            "switch_update": 6,
            "feature_weight": 0.6,
            "weight_decay": 0.05,
            **changes,
        }
    )
    spread_weights(model)
    return model, (images(2, SIZE, seed=1), images(2, SIZE, seed=2))


def decay(*networks):
    """L2 decay as PyTorch's Adam has it: w is added to the gradient of w."""
    weights = [v.value for network in networks for v in network.trainable_variables]
    return 0.05 * tf.add_n([tf.reduce_sum(w * w) / 2 for w in weights])


# The authors switch at an iteration, of which one in three is the discriminators'.
@pytest.mark.parametrize(("iteration", "r"), [(1, 0.3), (2, 0.8)])
def test_gradients_are_the_papers(iteration, r):
    model, (a, b) = tiny()
    model.iteration.assign(iteration)
    g_ab, g_ba = model.generator_ab, model.generator_ba
    d_a, d_b = model.discriminator_a, model.discriminator_b

    def judged(discriminator, x):
        """The probability that x is real, and what the discriminator sees in it."""
        score, *features = discriminator(x, training=True)
        return tf.sigmoid(score), features

    def cross_entropy(probability, label):
        return -tf.reduce_mean(tf.math.log(probability if label else 1 - probability))

    def matching(real_features, fake_features):
        means = [
            tf.reduce_mean(real, axis=0) - tf.reduce_mean(fake, axis=0)
            for real, fake in zip(real_features, fake_features, strict=True)
        ]
        return tf.add_n([tf.reduce_mean(difference**2) for difference in means])

    def reconstruction(x, back):
        """The mean squared error of images in [0, 1]."""
        return tf.reduce_mean(((x + 1) / 2 - (back + 1) / 2) ** 2)

    with replay(model, (a, b), {"discriminator": 0.05, "generator": 0.05}) as step:
        fake_a, fake_b = g_ba(b, training=True), g_ab(a, training=True)
        with tf.GradientTape() as tape:
            loss_a, loss_b = (
                cross_entropy(judged(d, real)[0], 1) / 2 + cross_entropy(judged(d, fake)[0], 0) / 2
                for d, real, fake in ((d_a, a, fake_a), (d_b, b, fake_b))
            )
            loss = loss_a + loss_b + decay(d_a, d_b)
        step.update("discriminator", [d_a, d_b], loss, tape)

        for _ in range(2):
            with tf.GradientTape() as tape:
                fake_a, fake_b = g_ba(b, training=True), g_ab(a, training=True)
                to_a, to_b = (
                    0.4 * cross_entropy(judged(d, fake)[0], 1)
                    + 0.6 * matching(judged(d, real)[1], judged(d, fake)[1])
                    for d, real, fake in ((d_a, a, fake_a), (d_b, b, fake_b))
                )
                kept = reconstruction(a, g_ba(fake_b, training=True))
                kept += reconstruction(b, g_ab(fake_a, training=True))
                generator_loss = (1 - r) * (to_a + to_b) + r * kept
                loss = generator_loss + decay(g_ab, g_ba)
            step.update("generator", [g_ab, g_ba], loss, tape)
        step.assert_logs(
            discriminator_a_loss=loss_a,
            discriminator_b_loss=loss_b,
            generator_loss=generator_loss,
            reconstruction_loss=kept,
            reconstruction_rate=r,
        )


def test_defaults_are_the_authors():
    defaults = {k: v.default for k, v in inspect.signature(DiscoGAN).parameters.items()}
    published = {
        "generator_updates": 2,
        "first_rate": 0.01,
        "later_rate": 0.5,
        "switch_update": 10_000,
        "feature_weight": 0.9,
        "weight_decay": 1e-5,
    }
    assert {name: defaults[name] for name in published} == published


def scores(model, a, b):
    """Mean scores of real and of generated images in both domains."""
    fake_a = model.generator_ba(b, training=True)
    fake_b = model.generator_ab(a, training=True)
    pairs = ((model.discriminator_a, a, fake_a), (model.discriminator_b, b, fake_b))
    return [
        tuple(float(tf.reduce_mean(discriminator(x, training=True)[0])) for x in (real, fake))
        for discriminator, real, fake in pairs
    ]


def test_a_step_of_the_discriminators_widens_their_gaps():
    model, (a, b) = tiny(weight_decay=0.0)
    before = scores(model, a, b)
    train_alone(model, (a, b), "discriminator")
    for (real, fake), (real_after, fake_after) in zip(before, scores(model, a, b), strict=True):
        assert real_after - fake_after > real - fake


def test_a_step_of_the_generators_raises_the_scores_of_their_images():
    model, (a, b) = tiny(weight_decay=0.0, feature_weight=0.0, first_rate=0.0)
    before = scores(model, a, b)
    train_alone(model, (a, b), "generator")
    for (_, fake), (_, fake_after) in zip(before, scores(model, a, b), strict=True):
        assert fake_after > fake
