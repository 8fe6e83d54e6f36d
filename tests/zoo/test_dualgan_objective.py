"""DualGAN: what each player optimises, against equations 1 to 3 and algorithm 1 of Yi et al. 2017.

The other way to keep the critics smooth is WGAN-GP's (Gulrajani et al. 2017, algorithm 1).
"""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.unpaired.dualgan import DualGAN

SIZE, CLIP, PENALTY = 16, 0.2, 3.0


def tiny(**changes):
    model = DualGAN(
        **{
            "crop_size": SIZE,
            "depth": 2,
            "filters": 4,
            "dropout": 0.0,
            "receptive_field": 16,
            "discriminator_filters": 4,
            "reconstruction_weight": 7.0,
            "critic_updates": 2,
            "clip_limit": CLIP,
            "gradient_weight": PENALTY,
            **changes,
        }
    )
    spread_weights(model)
    return model, (images(4, SIZE, seed=1), images(4, SIZE, seed=2))


@pytest.mark.parametrize("smoothness", ["clip", "gradient"])
def test_gradients_are_the_papers(smoothness):
    model, (a, b) = tiny(smoothness=smoothness)
    g_ab, g_ba, c_a, c_b = model.generator_ab, model.generator_ba, model.critic_a, model.critic_b
    mean = tf.reduce_mean

    def penalty(critic, real, fake, site):
        """How far the gradients between real and generated images are from a length of one."""
        seed = model.noise_seed(site, per_replica=False)
        epsilon = tf.random.stateless_uniform([2, 1, 1, 1], seed)
        squares = []
        for one in epsilon * real + (1 - epsilon) * fake:
            with tf.GradientTape() as inner:
                inner.watch(one)
                score = mean(critic(one[None]))
            squares.append((tf.norm(inner.gradient(score, one)) - 1) ** 2)
        return mean(squares)

    with replay(model, (a, b), {"critic": 0.05, "generator": 0.05}) as step:
        for part in range(2):
            # A mini-batch of its own for each of the critics' updates.
            u, v = a[part::2], b[part::2]
            fake_u, fake_v = g_ba(v), g_ab(u)
            with tf.GradientTape() as tape:
                loss_a = mean(c_a(fake_u)) - mean(c_a(u))
                loss_b = mean(c_b(fake_v)) - mean(c_b(v))
                loss = loss_a + loss_b
                if smoothness == "gradient":
                    sites = 2 * part, 2 * part + 1
                    loss += PENALTY * penalty(c_a, u, fake_u, sites[0])
                    loss += PENALTY * penalty(c_b, v, fake_v, sites[1])
            step.update("critic", [c_a, c_b], loss, tape)
            if smoothness == "clip":
                for weight in (*c_a.trainable_variables, *c_b.trainable_variables):
                    weight.assign(np.clip(weight, -CLIP, CLIP))

        with tf.GradientTape() as tape:
            fake_u, fake_v = g_ba(v), g_ab(u)
            adversarial = -mean(c_a(fake_u)) - mean(c_b(fake_v))
            reconstruction = mean(abs(u - g_ba(fake_v))) + mean(abs(v - g_ab(fake_u)))
            generator_loss = 7.0 * reconstruction + adversarial
        step.update("generator", [g_ab, g_ba], generator_loss, tape)
        step.assert_logs(
            critic_a_loss=loss_a,
            critic_b_loss=loss_b,
            adversarial_loss=adversarial,
            reconstruction_loss=reconstruction,
            generator_loss=generator_loss,
        )


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(DualGAN).parameters.items()}
    assert 2 <= defaults["critic_updates"] <= 4  # section 3.4
    assert 100 <= defaults["reconstruction_weight"] <= 1000
    assert 0.01 <= defaults["clip_limit"] <= 0.1
    assert defaults["smoothness"] == "clip"


def estimates(model, a, b):
    """The distances that the critics see between real and generated images."""
    fake_a, fake_b = model.generator_ba(b), model.generator_ab(a)
    pairs = ((model.critic_a, a, fake_a), (model.critic_b, b, fake_b))
    return [
        tuple(float(tf.reduce_mean(critic(x))) for x in (real, fake))
        for critic, real, fake in pairs
    ]


def test_a_step_of_the_critics_raises_their_estimates():
    model, (a, b) = tiny(clip_limit=10.0)
    before = estimates(model, a, b)
    train_alone(model, (a, b), "critic")
    for (real, fake), (real_after, fake_after) in zip(before, estimates(model, a, b), strict=True):
        assert real_after - fake_after > real - fake


def test_a_step_of_the_generators_raises_the_scores_of_their_images():
    model, (a, b) = tiny(reconstruction_weight=0.0, clip_limit=10.0)
    before = estimates(model, a[1::2], b[1::2])
    train_alone(model, (a, b), "generator")
    for (_, fake), (_, fake_after) in zip(before, estimates(model, a[1::2], b[1::2]), strict=True):
        assert fake_after > fake
