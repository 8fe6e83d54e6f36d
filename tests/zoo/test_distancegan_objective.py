"""DistanceGAN: what each player optimises, against equations 4 and 6 of Benaim and Wolf 2017.

The games around the distances are CycleGAN's and DiscoGAN's.
"""

import inspect
from itertools import combinations

import numpy as np
import pytest
import tensorflow as tf

from objectives import ImageHistory, images, replay, spread_weights, train_alone
from tfi2i.zoo.unpaired.distancegan import DistanceGAN, games

SIZE, BATCH, KEPT = 16, 3, 3
DISTANCE, CYCLE = 1.6, 2.5
# Mean and deviation of distances, per domain.
SCALES = {"a": (0.5, 0.3), "b": (0.43, 0.25)}


def tiny(**changes):
    model = DistanceGAN(
        **{
            "crop_size": SIZE,
            "blocks": 1,
            "depth": 2,
            "filters": 4,
            "receptive_field": 16,
            "discriminator_filters": 4,
            "one_sided": False,
            "distance_weight": DISTANCE,
            "cycle_weight": CYCLE,
            "pool_size": KEPT,
            "first_rate": 0.3,
            "later_rate": 0.8,
            "switch_update": 6,
            "seed": 5,
            **changes,
        }
    )
    spread_weights(model)
    for domain, (mean, deviation) in SCALES.items():
        model.statistics[domain].mean.assign(mean)
        model.statistics[domain].deviation.assign(deviation)
    # Of different contrast, so that some distances have to grow and some to shrink.
    contrast_a, contrast_b = (np.reshape(x, (3, 1, 1, 1)) for x in ([1, 0.3, 0.6], [0.2, 0.9, 0.5]))
    return model, (
        images(BATCH, SIZE, seed=1) * contrast_a,
        images(BATCH, SIZE, seed=2) * contrast_b,
    )


def l1(x, y):
    return tf.reduce_mean(tf.abs(x - y))


def distance(kind, source, x, target, y):
    """How far the normalised distances of images x are from those of their translations y."""

    def normal(domain, value):
        mean, deviation = SCALES[domain]
        return (value - mean) / deviation

    if kind == "pairs":
        before = [l1(x[i], x[j]) for i, j in combinations(range(BATCH), 2)]
        after = [l1(y[i], y[j]) for i, j in combinations(range(BATCH), 2)]
    else:  # the upper half of an image from its lower half
        half = SIZE // 2
        before = [l1(one[:half], one[half:]) for one in x]
        after = [l1(one[:half], one[half:]) for one in y]
    pairs = zip(before, after, strict=True)
    return tf.reduce_mean([abs(normal(source, d) - normal(target, e)) for d, e in pairs])


@pytest.mark.parametrize(("kind", "one_sided"), [("pairs", True), ("self", False)])
def test_gradients_in_cyclegans_game(kind, one_sided):
    cycle_weight = 0.0 if one_sided else CYCLE
    model, (a, b) = tiny(distance=kind, one_sided=one_sided, cycle_weight=cycle_weight)
    history = {domain: ImageHistory(KEPT) for domain in model.generators}
    real, source_of = {"a": a, "b": b}, {"a": "b", "b": "a"}
    generators, discriminators = model.generators, model.discriminators
    both = [list(networks.values()) for networks in (generators, discriminators)]

    def show(fake):
        sites = {"b": 0, "a": 1}
        return {
            domain: history[domain].show(x, model.noise_seed(sites[domain], per_replica=False))
            for domain, x in fake.items()
        }

    show({domain: g(real[source_of[domain]]) for domain, g in generators.items()})
    train_alone(model, (a, b), "nobody")  # fills the history

    with replay(model, (a, b), {"generator": 0.1, "discriminator": 0.1}) as step:
        with tf.GradientTape() as tape:
            fake = {domain: g(real[source_of[domain]]) for domain, g in generators.items()}
            adversarial = distances = cycle = tf.zeros(())
            for target, x in fake.items():
                source = source_of[target]
                adversarial += tf.reduce_mean((discriminators[target](x) - 1) ** 2)
                distances += distance(kind, source, real[source], target, x)
                if not one_sided:
                    cycle += l1(generators[source](x), real[source])
            generator_loss = adversarial + DISTANCE * distances + CYCLE * cycle
        step.update("generator", both[0], generator_loss, tape)
        shown = show(fake)
        assert all(0 < sum(one.exchanged) < BATCH for one in history.values())
        with tf.GradientTape() as tape:
            losses = {
                domain: (tf.reduce_mean((d(real[domain]) - 1) ** 2) + tf.reduce_mean(d(x) ** 2)) / 2
                for (domain, x), d in zip(shown.items(), discriminators.values(), strict=True)
            }
            loss = sum(losses.values())
        step.update("discriminator", both[1], loss, tape)
        step.assert_logs(
            generator_loss=generator_loss,
            adversarial_loss=adversarial,
            distance_loss=distances,
            cycle_loss=cycle,
            **{f"discriminator_{domain}_loss": value for domain, value in losses.items()},
        )


# The authors switch at an iteration, of which one in three is the discriminators'.
@pytest.mark.parametrize(("iteration", "r"), [(1, 0.3), (2, 0.8)])
def test_gradients_in_discogans_game(iteration, r, monkeypatch):
    monkeypatch.setattr(games, "_WEIGHT_DECAY", 0.05)  # 1e-5 does not show in one gradient
    model, (a, b) = tiny(game="discogan")
    model.iteration.assign(iteration)
    g_ab, g_ba = model.generators["b"], model.generators["a"]
    d_a, d_b = model.discriminators["a"], model.discriminators["b"]
    mean, log = tf.reduce_mean, tf.math.log

    def decay(*networks):
        weights = [v.value for network in networks for v in network.trainable_variables]
        return 0.05 * tf.add_n([tf.reduce_sum(w * w) / 2 for w in weights])

    def judged(d, real, fake):
        """0.1 of the cross-entropy and 0.9 of the feature matching."""
        _, *real_features = d(real, training=True)
        score, *fake_features = d(fake, training=True)
        features = [
            mean((mean(one, axis=0) - mean(other, axis=0)) ** 2)
            for one, other in zip(real_features, fake_features, strict=True)
        ]
        return -0.1 * mean(log(tf.sigmoid(score))) + 0.9 * sum(features)

    with replay(model, (a, b), {"generator": 0.05, "discriminator": 0.05}) as step:
        for _ in range(2):
            with tf.GradientTape() as tape:
                fake_a, fake_b = g_ba(b, training=True), g_ab(a, training=True)
                distances = distance("pairs", "a", a, "b", fake_b)
                distances += distance("pairs", "b", b, "a", fake_a)
                # Of images in [0, 1].
                reconstruction = mean(((g_ba(fake_b, training=True) - a) / 2) ** 2)
                reconstruction += mean(((g_ab(fake_a, training=True) - b) / 2) ** 2)
                kept = DISTANCE * distances + CYCLE * reconstruction
                loss = (1 - r) * (judged(d_a, a, fake_a) + judged(d_b, b, fake_b)) + r * kept
                loss += decay(g_ab, g_ba)
            step.update("generator", [g_ab, g_ba], loss, tape)
        with tf.GradientTape() as tape:
            loss = decay(d_a, d_b)
            for d, real, fake in ((d_a, a, fake_a), (d_b, b, fake_b)):
                loss -= mean(log(tf.sigmoid(d(real, training=True)[0]))) / 2
                loss -= mean(log(1 - tf.sigmoid(d(fake, training=True)[0]))) / 2
        step.update("discriminator", [d_a, d_b], loss, tape)
        step.assert_logs(distance_loss=distances, cycle_loss=reconstruction)


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(DistanceGAN).parameters.items()}
    published = {
        "distance_weight": 1.0,
        "cycle_weight": 0.0,
        "pool_size": 50,
        "first_rate": 0.01,
        "later_rate": 0.5,
        "switch_update": 10_000,
        "statistics_images": 900,
    }
    assert {name: defaults[name] for name in published} == published
    assert games._WEIGHT_DECAY == 1e-5


def scores(model, game, a, b):
    """Mean scores of b and of G(a)."""
    fake_b = model.generators["b"](a, training=True)
    found = [model.discriminators["b"](x, training=True) for x in (b, fake_b)]
    return [float(np.mean(one[0] if game == "discogan" else one)) for one in found]


@pytest.mark.parametrize("game", ["cyclegan", "discogan"])
def test_a_step_of_the_discriminator_widens_its_gap(game):
    model, (a, b) = tiny(game=game, one_sided=True, cycle_weight=0.0, pool_size=0)
    real, fake = scores(model, game, a, b)
    train_alone(model, (a, b), "discriminator")
    real_after, fake_after = scores(model, game, a, b)
    assert real_after - fake_after > real - fake


def test_a_step_of_the_generator_raises_the_score_of_its_images():
    model, (a, b) = tiny(one_sided=True, cycle_weight=0.0, distance_weight=0.0)
    _, fake = scores(model, "cyclegan", a, b)
    train_alone(model, (a, b), "generator")
    assert scores(model, "cyclegan", a, b)[1] > fake
