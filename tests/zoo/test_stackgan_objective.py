"""StackGAN: what each player optimises in either stage, against Zhang et al. 2017, section 3."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, shrink_scores, spread_weights, train_alone
from tfi2i.errors import RecipeError
from tfi2i.zoo.generation.stackgan import StackGAN

SIZE = 16
LENGTH = 6
STAGES = pytest.mark.parametrize("stage", ["stage_one", "stage_two"])


def tiny(stage="stage_one", **changes):
    """The model in a stage, and four images with embeddings."""
    settings = {
        "crop_size": SIZE,
        "enlargement": 2,
        "stage_one_epochs": 1,
        "embedding_length": LENGTH,
        "latent_length": 11,
        "augmented_length": 3,
        "filters": 4,
        "discriminator_filters": 4,
        "compressed_length": 5,
        "blocks": 1,
        "seed": 4,
    }
    model = StackGAN(**{**settings, **changes})
    spread_weights(model)
    model.stage_number.assign(0 if stage == "stage_one" else 1)
    captions = tf.constant(np.random.default_rng(2).normal(size=(4, LENGTH)), tf.float32)
    return model, (images(4, SIZE, seed=1), captions)


def log(x):
    return tf.math.log(x)


def drawn(model, stage, latents, captions):
    """An image of a stage, and the mean and deviation of its condition, step by step."""
    z, first, second = latents[:, :5], latents[:, 5:8], latents[:, 8:]
    epsilon = first if stage == "stage_one" else second
    mean, log_variance = getattr(model, f"{stage}_conditioning")(captions)
    deviation = tf.sqrt(tf.exp(log_variance))
    condition = mean + deviation * epsilon
    if stage == "stage_one":
        image = model.stage_one_generator([z, condition], training=True)
    else:
        small_mean, small_log_variance = model.stage_one_conditioning(captions)
        small_condition = small_mean + tf.sqrt(tf.exp(small_log_variance)) * first
        small = model.stage_one_generator([z, small_condition], training=False)
        image = model.stage_two_generator([small, condition], training=True)
    return image, mean, deviation


def divergence(mean, deviation):
    """KL(N(mean, deviation^2) || N(0, I)), the mean over components (the authors' code)."""
    return tf.reduce_mean(-log(deviation) + (deviation**2 + mean**2 - 1) / 2)


@STAGES
def test_gradients_are_the_papers(stage):
    model, (large, captions) = tiny(stage)
    d = getattr(model, f"{stage}_discriminator")
    rates = {name: 0.1 for name in ("stage_one_generator", "stage_one_discriminator")}
    rates |= {name: 0.1 for name in ("stage_two_generator", "stage_two_discriminator")}
    own = [getattr(model, f"{stage}_{part}") for part in ("conditioning", "generator")]
    others = tf.concat([captions[1:], captions[:1]], axis=0)
    with replay(model, (large, captions), rates) as step:
        real = large
        if stage == "stage_one":
            real = (large[:, ::2, ::2] + large[:, 1::2, ::2] + large[:, ::2, 1::2]) / 4
            real += large[:, 1::2, 1::2] / 4
        latents = model.draw_latents(len(large), site=0)
        fake, _, _ = drawn(model, stage, latents, captions)

        def believed(seen, text):
            return tf.sigmoid(d([seen, text], training=True))

        with tf.GradientTape() as tape:
            refused = log(1 - believed(real, others)) + log(1 - believed(fake, captions))
            discriminator_loss = -tf.reduce_mean(log(believed(real, captions)) + refused / 2)
        step.update(f"{stage}_discriminator", [d], discriminator_loss, tape)
        with tf.GradientTape() as tape:
            fake, mean, deviation = drawn(model, stage, latents, captions)
            kl_loss = divergence(mean, deviation)
            generator_loss = -tf.reduce_mean(log(believed(fake, captions))) + 2.0 * kl_loss
        step.update(f"{stage}_generator", own, generator_loss, tape)
        step.assert_logs(
            discriminator_loss=discriminator_loss, generator_loss=generator_loss, kl_loss=kl_loss
        )


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(StackGAN).parameters.items()}
    assert (defaults["crop_size"], defaults["enlargement"]) == (256, 4)
    assert (defaults["augmented_length"], defaults["compressed_length"]) == (128, 128)
    assert (defaults["filters"], defaults["discriminator_filters"]) == (128, 64)
    assert (defaults["kl_weight"], defaults["stage_one_epochs"]) == (2.0, 600)
    model, _ = tiny(latent_length=None, augmented_length=128)
    assert model.noise_length == 100 and model.latent_length == 100 + 2 * 128
    model.compile()
    for name, player in model.players.items():
        assert player.learning_rate == pytest.approx(2e-4) and player.optimizer.beta_1 == 0.5
        assert player.schedule is not None
        halved = 50 if name.startswith("stage_one") else 101  # stage II begins after an epoch
        for epoch, factor in ((halved - 1, 1.0), (halved, 0.5)):
            assert float(player.schedule.factor(tf.constant(float(epoch)))) == factor


@STAGES
def test_the_other_stage_rests(stage):
    model, batch = tiny(stage)
    model.compile()
    before = {name: np.array(v) for name, v in model.network_state().items()}
    model.train_step(batch)
    changed = {
        name.split("/")[0]
        for name, v in model.network_state().items()
        if not np.array_equal(v, before[name]) and "seed" not in name
    }
    parts = ("conditioning", "generator", "discriminator")
    assert changed - {"iteration"} == {f"{stage}_{part}" for part in parts}


def test_the_latent_has_all_that_is_drawn():
    model, (_, captions) = tiny("stage_two")
    latents = model.draw_latents(4, site=0)
    made = model.generator([latents, captions], training=False)
    assert np.array_equal(made, model.generator([latents, captions], training=False))
    for part in (slice(0, 5), slice(5, 8), slice(8, 11)):
        other = latents.numpy()
        other[:, part] += 1.0
        changed = model.generator([tf.constant(other), captions], training=False)
        assert not np.allclose(made, changed)


@STAGES
def test_a_step_of_the_discriminator_tells_pairs_apart(stage):
    model, (large, captions) = tiny(stage)
    d = getattr(model, f"{stage}_discriminator")
    shrink_scores(d)
    real = tf.nn.avg_pool2d(large, 2, 2, "VALID") if stage == "stage_one" else large
    others = tf.roll(captions, -1, axis=0)

    def gap():
        right, wrong = (d([real, text], training=True) for text in (captions, others))
        return float(tf.reduce_mean(right - wrong))

    before = gap()
    for _ in range(3):
        train_alone(model, (large, captions), f"{stage}_discriminator", rate=1e-2)
    assert gap() > before


def test_one_stage_alone_is_stage_i_at_full_size():
    model, batch = tiny(enlargement=1, latent_length=8)
    assert [stage.name for stage in model.stages] == ["stage_one"]
    assert list(model.views) == ["sample"] and model.generator.output_shape[1:3] == (SIZE, SIZE)
    model.compile()
    assert list(model.players) == ["stage_one_generator", "stage_one_discriminator"]
    assert np.isfinite([float(value) for value in model.train_step(batch).values()]).all()


def test_sizes_that_are_not_possible():
    with pytest.raises(RecipeError, match="power of two"):
        tiny(enlargement=3)
    with pytest.raises(RecipeError, match=r"leaves nothing for z.*at least 7"):
        tiny(latent_length=6)
    with pytest.raises(RecipeError, match=r"multiples of 4.*model\.enlargement"):
        tiny(crop_size=18, enlargement=4)
