"""BicycleGAN: what each player optimises, against Zhu et al. 2017, sections 3.4 and 4."""

import pytest
import tensorflow as tf

from objectives import images, replay, shrink_scores, spread_weights, train_alone
from tfi2i.zoo.paired.bicyclegan import BicycleGAN

SIZE = 16


def tiny(**changes):
    model = BicycleGAN(
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
            "latent_weight": 3.0,
            "kl_weight": 0.4,
            **changes,
        }
    )
    spread_weights(model)
    return model, (images(4, SIZE, 2, seed=1), images(4, SIZE, seed=2))


def translated(model, a, b):
    """G(a, z) for z ~ E(b) and for z from the prior, with that z and the Gaussian E(b)."""
    noise, z = (
        tf.random.stateless_normal((2, 3), model.noise_seed(site, per_replica=False))
        for site in (0, 1)
    )
    mean, log_variance = model.encoder(b, training=True)
    encoded_latent = mean + tf.sqrt(tf.exp(log_variance)) * noise
    encoded = model.generator([a, encoded_latent], training=True)
    return encoded, model.generator([a, z], training=True), z, mean, log_variance


def squares(scores, target):
    """E[(D - target)^2], summed over the two scales."""
    return tf.add_n([tf.reduce_mean((score - target) ** 2) for score in scores])


@pytest.mark.parametrize("conditional", [True, False])
def test_gradients_are_the_papers(conditional):
    model, batch = tiny(conditional=conditional)
    # Half of a batch is encoded; what D_random takes for real is the other half.
    (a, other_a), (b, other_b) = ((part[0::2], part[1::2]) for part in batch)

    def judge(network, condition, output):
        return network([condition, output] if conditional else output, training=True)

    rates = {
        "generator": 0.1,
        "encoder": 0.05,
        "discriminator": 0.2,
        "random_discriminator": 0.15,
    }
    with replay(model, batch, rates) as step:
        d, d_random = model.discriminator, model.random_discriminator
        with tf.GradientTape(persistent=True) as tape:
            encoded, random, z, mean, log_variance = translated(model, a, b)
            d_loss = squares(judge(d, a, b), 1.0) + squares(judge(d, a, encoded), 0.0)
            d_random_loss = squares(judge(d_random, other_a, other_b), 1.0)
            d_random_loss += squares(judge(d_random, a, random), 0.0)
            adversarial = squares(judge(d, a, encoded), 1.0)
            random_adversarial = squares(judge(d_random, a, random), 1.0)
            l1 = tf.reduce_mean(tf.abs(b - encoded))
            # Of each image the sum over the components of z, Kingma and Welling, appendix B.
            terms = 1.0 + log_variance - mean**2 - tf.exp(log_variance)
            kl = tf.reduce_mean(-0.5 * tf.reduce_sum(terms, axis=1))
            latent = tf.reduce_mean(tf.abs(z - model.encoder(random, training=True)[0]))
            both = adversarial + 7.0 * l1 + 0.4 * kl
            generator_loss = both + random_adversarial + 3.0 * latent
        step.update("generator", [model.generator], generator_loss, tape)
        # "We do not update the encoder" on the latent term (section 4).
        step.update("encoder", [model.encoder], both, tape)
        step.update("discriminator", [d], d_loss, tape)
        step.update("random_discriminator", [d_random], d_random_loss, tape)
        step.assert_logs(
            discriminator_loss=d_loss,
            random_discriminator_loss=d_random_loss,
            adversarial_loss=adversarial,
            random_adversarial_loss=random_adversarial,
            l1_loss=l1,
            kl_loss=kl,
            latent_loss=latent,
            generator_loss=generator_loss,
        )


def scores(model, a, b):
    """Of both discriminators: mean scores of real and of generated images, summed over scales."""
    encoded, random, *_ = translated(model, a[0::2], b[0::2])

    def judge(network, seen):
        return sum(float(tf.reduce_mean(scale)) for scale in network(seen, training=True))

    return {
        "discriminator": [judge(model.discriminator, seen) for seen in (b[0::2], encoded)],
        "random_discriminator": [
            judge(model.random_discriminator, seen) for seen in (b[1::2], random)
        ],
    }


@pytest.mark.parametrize("player", ["discriminator", "random_discriminator"])
def test_a_step_of_a_discriminator_widens_its_gap(player):
    model, batch = tiny()
    shrink_scores(model.discriminator, model.random_discriminator)
    real, fake = scores(model, *batch)[player]
    train_alone(model, batch, player)
    model.iteration.assign(0)  # for the same latents
    real_after, fake_after = scores(model, *batch)[player]
    assert real_after - fake_after > real - fake


def test_a_step_of_the_generator_raises_both_scores_of_its_images():
    model, batch = tiny(l1_weight=0.0, latent_weight=0.0)
    shrink_scores(model.discriminator, model.random_discriminator)
    before = scores(model, *batch)
    train_alone(model, batch, "generator")
    model.iteration.assign(0)
    after = scores(model, *batch)
    for player in ("discriminator", "random_discriminator"):
        assert after[player][1] > before[player][1], player


def test_a_step_of_the_encoder_raises_the_score_of_encoded_images():
    model, batch = tiny(l1_weight=0.0, kl_weight=0.0)
    shrink_scores(model.discriminator, model.random_discriminator)
    before = scores(model, *batch)["discriminator"][1]
    train_alone(model, batch, "encoder")
    model.iteration.assign(0)
    assert scores(model, *batch)["discriminator"][1] > before
