"""CycleGAN: what each player optimises, against sections 3, 4 and 5.2 of Zhu et al. 2017."""

import inspect

import pytest
import tensorflow as tf

from objectives import ImageHistory, images, replay, spread_weights, train_alone
from tfi2i.zoo.unpaired.cyclegan import CycleGAN

SIZE, KEPT = 16, 3


def tiny(**changes):
    model = CycleGAN(
        **{
            "crop_size": SIZE,
            "blocks": 1,
            "filters": 4,
            "receptive_field": 16,
            "discriminator_filters": 4,
            "cycle_weight": 3.0,
            "identity_weight": 0.7,
            "pool_size": KEPT,
            "seed": 4,
            **changes,
        }
    )
    spread_weights(model)
    return model, [(images(2, SIZE, seed=n), images(2, SIZE, seed=n + 50)) for n in range(4)]


def square(x):
    return tf.reduce_mean(tf.square(x))


def distance(x, y):
    return tf.reduce_mean(tf.abs(x - y))


@pytest.mark.parametrize(("identity_weight", "kept"), [(0.7, KEPT), (0.0, 0)])
def test_gradients_are_the_papers(identity_weight, kept):
    model, (*earlier, (a, b)) = tiny(identity_weight=identity_weight, pool_size=kept)
    g_ab, g_ba = model.generator_ab, model.generator_ba
    d_a, d_b = model.discriminator_a, model.discriminator_b
    history_a, history_b = ImageHistory(kept), ImageHistory(kept)
    for earlier_a, earlier_b in earlier if kept else []:
        history_a.show(g_ba(earlier_b), model.noise_seed(0, per_replica=False))
        history_b.show(g_ab(earlier_a), model.noise_seed(1, per_replica=False))
        train_alone(model, (earlier_a, earlier_b), "nobody")

    with replay(model, (a, b), {"generator": 0.1, "discriminator": 0.1}) as step:
        with tf.GradientTape() as tape:
            fake_a, fake_b = g_ba(b), g_ab(a)
            adversarial = square(d_b(fake_b) - 1) + square(d_a(fake_a) - 1)
            cycle = distance(g_ba(fake_b), a) + distance(g_ab(fake_a), b)
            # "Identity mapping loss ... 0.5 lambda" (section 5.2).
            identity = distance(g_ab(b), b) + distance(g_ba(a), a)
            generator_loss = adversarial + 3.0 * cycle + identity_weight * 3.0 * identity
        step.update("generator", [g_ab, g_ba], generator_loss, tape)

        shown_a = history_a.show(fake_a, model.noise_seed(0, per_replica=False))
        shown_b = history_b.show(fake_b, model.noise_seed(1, per_replica=False))
        if kept:  # this draw exchanges one image and shows the other as it is
            assert sorted(history_a.exchanged) == sorted(history_b.exchanged) == [False, True]
        with tf.GradientTape() as tape:
            # "We divide the objective by 2 while optimizing D" (appendix 7.1).
            loss_a = (square(d_a(a) - 1) + square(d_a(shown_a))) / 2
            loss_b = (square(d_b(b) - 1) + square(d_b(shown_b))) / 2
            discriminator_loss = loss_a + loss_b
        step.update("discriminator", [d_a, d_b], discriminator_loss, tape)
        step.assert_logs(
            generator_loss=generator_loss,
            adversarial_loss=adversarial,
            cycle_loss=cycle,
            identity_loss=identity if identity_weight else 0.0,
            discriminator_a_loss=loss_a,
            discriminator_b_loss=loss_b,
        )


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(CycleGAN).parameters.items()}
    assert (defaults["cycle_weight"], defaults["identity_weight"]) == (10.0, 0.5)
    assert (defaults["pool_size"], defaults["receptive_field"]) == (50, 70)


def scores(model, a, b):
    """Mean scores of real and of generated images in both domains."""
    fake_a, fake_b = model.generator_ba(b), model.generator_ab(a)
    pairs = ((model.discriminator_a, a, fake_a), (model.discriminator_b, b, fake_b))
    return [
        tuple(float(tf.reduce_mean(discriminator(x))) for x in (real, fake))
        for discriminator, real, fake in pairs
    ]


def test_a_step_of_the_discriminators_widens_their_gaps():
    model, ((a, b), *_) = tiny(pool_size=0)
    before = scores(model, a, b)
    train_alone(model, (a, b), "discriminator")
    for (real, fake), (real_after, fake_after) in zip(before, scores(model, a, b), strict=True):
        assert real_after - fake_after > real - fake


def test_a_step_of_the_generators_raises_the_scores_of_their_images():
    model, ((a, b), *_) = tiny(cycle_weight=0.0)
    before = scores(model, a, b)
    train_alone(model, (a, b), "generator")
    for (_, fake), (_, fake_after) in zip(before, scores(model, a, b), strict=True):
        assert fake_after > fake
