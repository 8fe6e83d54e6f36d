"""Progressive GAN: what each player optimises in each stage, against Karras et al. 2018."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.generation.progressive_gan import ProgressiveGAN

SIZE = 16


def tiny(level=2, **changes):
    """A model in the stage of a size, whose newest layers count for half."""
    settings = {
        "crop_size": SIZE,
        "latent_length": 5,
        "filters": 4,
        "discriminator_filters": 4,
        "fade_iterations": 4,
        "seed": 4,
    }
    model = ProgressiveGAN(**{**settings, **changes})
    spread_weights(model)
    for network in model.networks:
        for variable in network.trainable_variables:
            if variable.path.endswith("kernel"):  # it is scaled where it is used
                variable.assign(variable * np.sqrt(np.prod(variable.shape[:-1]) / 2))
    if model.growing:
        model.stage_number.assign(level)
        for below in range(1, level + 1):
            for network, name in ((model.generator, "image"), (model.discriminator, "fade")):
                network.get_layer(f"{name}{below}").seen.assign(2 if below == level else 9)
    return model, images(4, SIZE, seed=1)


def halved(x):
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def doubled(x):
    return tf.image.resize(x, (2 * x.shape[1], 2 * x.shape[2]), method="nearest")


def drawn(g, z, level, share):
    """A sample of a size: the newest image, mixed with the enlarged one of the size before."""
    names = ["level0_conv_norm", *(f"level{n}_conv1_norm" for n in range(1, level + 1))]
    through = keras.Model(g.input, [g.get_layer(name).output for name in names])
    maps = through(z)
    maps = maps if isinstance(maps, list) else [maps]
    newer = g.get_layer(f"image{level}_conv" if level else "image0")(maps[-1])
    if not level:
        return newer
    older = g.get_layer(f"image{level - 1}_conv" if level > 1 else "image0")(maps[-2])
    return (1 - share) * doubled(older) + share * newer


def judged(d, x, level, share):
    """A score: from the newest layers, mixed with what the older ones see of the halved image."""
    maps = d.get_layer(f"from_image{level}")(x)
    for below in range(level, 0, -1):
        maps = d.get_layer(f"down{below}")(maps)
        if below == level:
            older = d.get_layer(f"from_image{below - 1}")(halved(x))
            maps = (1 - share) * older + share * maps
    return d.get_layer("scores")(maps)


@pytest.mark.parametrize(
    ("level", "growing", "share"), [(0, True, 0), (1, True, 0.5), (2, True, 0.5), (2, False, 1)]
)
def test_gradients_are_the_papers(level, growing, share):
    model, batch = tiny(level, growing=growing, penalty_weight=3.0, drift_weight=0.2)
    g, d = model.generator, model.discriminator
    real = batch
    for _ in range(level, 2):
        real = halved(real)
    if share < 1 and level:
        real = (1 - share) * doubled(halved(real)) + share * real

    with replay(model, batch, {"discriminator": 0.01, "generator": 0.1}) as step:
        fake = drawn(g, model.draw_latents(4, site=0), level, share)
        seed = model.noise_seed(1, per_replica=False)
        mixing = tf.random.stateless_uniform((4, 1, 1, 1), seed)
        with tf.GradientTape() as tape:
            real_scores, fake_scores = judged(d, real, level, share), judged(d, fake, level, share)
            distance = tf.reduce_mean(real_scores) - tf.reduce_mean(fake_scores)
            between = mixing * real + (1 - mixing) * fake
            with tf.GradientTape() as inner:
                inner.watch(between)
                score = tf.reduce_sum(judged(d, between, level, share))
            lengths = tf.sqrt(tf.reduce_sum(inner.gradient(score, between) ** 2, axis=(1, 2, 3)))
            penalty = tf.reduce_mean((lengths - 1) ** 2)
            loss = -distance + 3.0 * penalty + 0.2 * tf.reduce_mean(real_scores**2)
        step.update("discriminator", [d], loss, tape)
        latents = model.draw_latents(4, site=2)
        with tf.GradientTape() as tape:
            fake = drawn(g, latents, level, share)
            generator_loss = -tf.reduce_mean(judged(d, fake, level, share))
        step.update("generator", [g], generator_loss, tape)
        step.assert_logs(distance=distance, gradient_penalty=penalty, generator_loss=generator_loss)


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(ProgressiveGAN).parameters.items()}
    assert (defaults["penalty_weight"], defaults["drift_weight"]) == (10.0, 1e-3)
    assert (defaults["latent_length"], defaults["group_size"]) == (512, 4)
    model, _ = tiny()
    model.compile()
    for player in model.players.values():
        adam = player.optimizer
        assert player.learning_rate == pytest.approx(1e-3)
        assert (adam.beta_1, adam.beta_2) == (0.0, 0.99)


def test_sizes_fade_in_and_optimizers_start_anew():
    model = ProgressiveGAN(
        crop_size=SIZE, latent_length=5, filters=4, discriminator_filters=4, stage_epochs=1,
        fade_iterations=4,
    )  # fmt: skip
    assert [stage.name for stage in model.stages] == ["4x4", "8x8", "16x16"]
    model.compile()
    photos = np.random.default_rng(0).integers(0, 256, (12, SIZE, SIZE, 3), dtype=np.uint8)
    model.fit(photos, batch_size=4, epochs=3, verbose=0)
    for network, name in ((model.generator, "image"), (model.discriminator, "fade")):
        shares = [float(network.get_layer(f"{name}{level}").share) for level in (1, 2)]
        assert shares == [0.75, 0.75]  # three iterations of each size
    for player in model.players.values():
        assert int(player.optimizer.iterations) == 3


def test_two_replicas_grow_like_one(two_replicas):
    def grown(start=None):
        model = ProgressiveGAN(
            crop_size=8, latent_length=4, filters=4, discriminator_filters=4, stage_epochs=1,
            fade_iterations=2, group_size=2,
        )  # fmt: skip
        if start:
            for key, variable in model.network_state().items():
                variable.assign(start[key])
        model.compile()
        return model

    photos = np.asarray(images(8, 8, seed=2))
    batches = tf.data.Dataset.from_tensor_slices(photos).batch(4, drop_remainder=True)
    one = grown()
    start = {key: np.array(value) for key, value in one.network_state().items()}
    one.fit(batches, epochs=2, verbose=0)
    with two_replicas.scope():
        two = grown(start)
    two.fit(batches, epochs=2, verbose=0)
    other = two.state()
    for key, value in one.state().items():
        found = keras.ops.convert_to_numpy(other[key])
        np.testing.assert_allclose(found, np.array(value), atol=5e-4, rtol=1e-3, err_msg=key)


def test_a_size_that_has_not_begun_shows_the_one_before():
    model, _ = tiny(level=0)
    latents = model.draw_latents(3, site=0)
    small = model.grown[0][0](latents)
    np.testing.assert_allclose(model.generator(latents), doubled(doubled(small)), atol=1e-6)


def scores(model, batch, latents):
    """Mean scores of real images and of the samples of latents."""
    generator, discriminator = model.grown[model.level]
    pair = (model.at_present_size(batch), generator(latents, training=True))
    return tuple(float(tf.reduce_mean(discriminator(x, training=True))) for x in pair)


def test_a_step_of_the_discriminator_widens_its_gap():
    model, batch = tiny(growing=False, penalty_weight=0.0, drift_weight=0.0)
    latents = model.draw_latents(len(batch), site=0)
    real, fake = scores(model, batch, latents)
    train_alone(model, batch, "discriminator")
    real_after, fake_after = scores(model, batch, latents)
    assert real_after - fake_after > real - fake


def test_a_step_of_the_generator_raises_the_score_of_samples():
    model, batch = tiny(growing=False)
    latents = model.draw_latents(len(batch), site=2)
    before = scores(model, batch, latents)[1]
    train_alone(model, batch, "generator")
    assert scores(model, batch, latents)[1] > before
