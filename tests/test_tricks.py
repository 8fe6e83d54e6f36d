"""The tricks of Salimans et al. 2016 as switches of DCGAN: by hand, saved, on two replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights
from tfi2i import losses
from tfi2i.errors import RecipeError
from tfi2i.layers import (
    BatchNormalization,
    DropReference,
    MinibatchDiscrimination,
    PrependReference,
    VirtualBatchNormalization,
)
from tfi2i.training import HistoricalAverage
from tfi2i.zoo.generation._latents import Prior
from tfi2i.zoo.generation.dcgan import DCGAN

TRICKS = {
    "feature matching": {"objective": "feature_matching"},
    "historical averaging": {"history_weight": 0.5},
    "label smoothing": {"real_label": 0.9},
    "virtual batch norm": {"reference_batch": 4},
    "minibatch discrimination": {"minibatch_kernels": 3},
}
tricks = pytest.mark.parametrize("trick", TRICKS)
NARROW = {"crop_size": 16, "latent_length": 5, "filters": 4, "discriminator_filters": 4}


def model_with(trick, **changes):
    return DCGAN(**{**NARROW, "seed": 4, **TRICKS[trick], **changes})


def mean(x):
    return tf.reduce_mean(x)


# --- by hand ---


def test_smoothed_labels_by_hand():
    # D(real) = 1/2 and 3/4, D(fake) = 1/4.
    real, fake = tf.constant([0.0, np.log(3.0)]), tf.constant([-np.log(3.0)])
    of_half, of_three = np.log(2.0), -(0.9 * np.log(0.75) + 0.1 * np.log(0.25))
    expected = (of_half + of_three) / 2 - np.log(0.75)
    given = losses.smoothed_discriminator(real, fake, real_label=0.9)
    assert float(given) == pytest.approx(expected, rel=1e-6)
    whole = losses.smoothed_discriminator(real, fake, real_label=1.0)
    assert float(whole) == pytest.approx(float(losses.minimax_discriminator(real, fake)))


def test_minibatch_discrimination_by_hand():
    layer = MinibatchDiscrimination(2, kernel_length=1)
    layer.build((None, 2))
    layer.kernel.assign([[1.0, 0.0], [0.0, 2.0]])
    rows = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], np.float32)
    near, far = np.exp(-1.0), np.exp(-2.0)
    # First kernel: |x_i - x_j| of the first component; second: twice that of the second.
    expected = [[2 + near, 2 + far], [1 + 2 * near, 2 + far], [2 + near, 1 + 2 * far]]
    result = np.asarray(layer(rows))
    np.testing.assert_array_equal(result[:, :2], rows)
    np.testing.assert_allclose(result[:, 2:], expected, rtol=1e-6)
    again = MinibatchDiscrimination.from_config(layer.get_config())
    assert (again.kernels, again.kernel_length) == (2, 1)
    assert again.compute_output_shape((None, 7)) == (None, 9)


def test_virtual_batch_norm_by_hand():
    layer = VirtualBatchNormalization(2, epsilon=0.0)
    layer.build((None, None, None, 1))
    layer.gamma.assign([2.0])
    layer.beta.assign([1.0])
    # Two images of the reference with values 0 and 2, and two samples of one pixel each.
    values = tf.reshape(tf.constant([0.0, 2.0, 4.0, 1.0]), (4, 1, 1, 1))
    result = np.asarray(layer(values)).ravel()
    # The reference has mean 1 and mean square 2. With 4 beside it: 2 and 20 / 3.
    deviation = np.sqrt(20 / 3 - 4)
    np.testing.assert_allclose(
        result, [-1.0, 3.0, 1 + 2 * 2 / deviation, 1.0], rtol=1e-5, atol=1e-6
    )
    assert VirtualBatchNormalization.from_config(layer.get_config()).count == 2


def test_a_sample_of_virtual_batch_norm_does_not_depend_on_its_neighbours():
    layer = VirtualBatchNormalization(3)
    batch = np.random.default_rng(0).normal(1, 2, (8, 4, 4, 2)).astype(np.float32)
    whole, alone = np.asarray(layer(batch)), np.asarray(layer(batch[:4]))
    np.testing.assert_allclose(whole[3], alone[3], rtol=1e-5, atol=1e-6)
    # The reference alone is normalised as a batch.
    plain = BatchNormalization()
    plain.build((None, 4, 4, 2))
    plain.gamma.assign(layer.gamma)
    np.testing.assert_allclose(whole[:3], plain(batch[:3], training=True), rtol=1e-4, atol=1e-5)


def test_the_reference_comes_first_and_goes_again():
    priors: tuple[tuple[Prior, float], ...] = (("normal", 9.0), ("uniform", 1.0))
    for prior, largest in priors:
        layer = PrependReference(50, prior, seed=3)
        latents = np.random.default_rng(0).normal(0, 1, (2, 5)).astype(np.float32)
        joined = np.asarray(layer(latents))
        assert joined.shape == (52, 5) and np.abs(joined[:50]).max() <= largest
        assert joined[:50].std() == pytest.approx({"normal": 1.0, "uniform": 0.577}[prior], abs=0.1)
        np.testing.assert_array_equal(DropReference(50)(joined), latents)
        again = PrependReference.from_config(layer.get_config())
        np.testing.assert_array_equal(again(latents), joined)


def test_historical_averages_by_hand():
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    (weight,) = network.trainable_variables
    history = HistoricalAverage(network, "history")
    distances = []
    for iteration, value in enumerate((4.0, 1.0, 1.0)):
        weight.assign([[value]])
        history.note(network, tf.constant(iteration, tf.int64))
        distances.append(float(history.distance(network)))
    # Means 4, 2.5 and 2.
    assert distances == pytest.approx([0.0, 1.5**2, 1.0])
    with tf.GradientTape() as tape:
        distance = history.distance(network)
    gradient = np.asarray(tape.gradient(distance, weight.value)).item()
    assert gradient == pytest.approx(2 * (1.0 - 2.0))


# --- in DCGAN ---


@tricks
def test_gradients_are_the_papers(trick):
    model = model_with(trick)
    spread_weights(model)
    batch = images(4, 16, seed=1)
    g, d = model.generator, model.discriminator
    pasts = {}
    if trick == "historical averaging":
        # An earlier iteration with other weights: the mean of two is half of the way.
        model.iteration.assign(1)
        for name, history in model.histories.items():
            pasts[name] = [np.array(v) + 0.1 for v in getattr(model, name).trainable_variables]
            for average, past in zip(history.weights, pasts[name], strict=True):
                average.assign(past)

    def scores(x):
        judged = d(x, training=True)
        return judged[0] if trick == "feature matching" else judged

    def penalty(name, network):
        """0.5 |theta - (theta' + theta_0) / 2|^2, theta_0 the weights before the iteration."""
        if name not in pasts:
            return 0.0
        terms = [
            tf.reduce_sum(tf.square(v.value - (past + first) / 2))
            for v, past, first in zip(
                network.trainable_variables, pasts[name], before[name], strict=True
            )
        ]
        return 0.5 * tf.add_n(terms)

    before = {
        name: [np.array(v) for v in network.trainable_variables]
        for name, network in (("generator", g), ("discriminator", d))
    }
    with replay(model, batch, {"discriminator": 0.1, "generator": 0.1}) as step:
        latents = model.draw_latents(len(batch), site=0)
        fake = g(latents, training=True)
        label = 0.9 if trick == "label smoothing" else 1.0
        with tf.GradientTape() as tape:
            real = tf.sigmoid(scores(batch))
            of_real = label * tf.math.log(real) + (1 - label) * tf.math.log(1 - real)
            game = -mean(of_real) - mean(tf.math.log(1 - tf.sigmoid(scores(fake))))
            loss = game + penalty("discriminator", d)
        step.update("discriminator", [d], loss, tape)
        with tf.GradientTape() as tape:
            if trick == "feature matching":
                real_map, fake_map = (
                    tf.reduce_mean(d(x, training=True)[1], axis=0)
                    for x in (batch, g(latents, training=True))
                )
                goal = mean(tf.square(real_map - fake_map))
            else:
                goal = -mean(tf.math.log(tf.sigmoid(scores(g(latents, training=True)))))
            loss = goal + penalty("generator", g)
        step.update("generator", [g], loss, tape)
        step.assert_logs(discriminator_loss=game, generator_loss=goal)


def all_tricks(**changes):
    settings = {key: value for trick in TRICKS.values() for key, value in trick.items()}
    return DCGAN(**{**NARROW, "seed": 4, **settings, **changes})


def test_two_replicas_equal_one(two_replicas):
    batches = tf.data.Dataset.from_tensor_slices(np.asarray(images(12, 16, seed=2))).batch(4)
    one = all_tricks()
    start = {key: np.array(value) for key, value in one.network_state().items()}
    with two_replicas.scope():
        two = all_tricks()
        for key, variable in two.network_state().items():
            variable.assign(start[key])
        two.compile()
    one.compile()
    for model in (one, two):
        model.fit(batches, epochs=1, verbose=0)
    for key, variable in one.state().items():
        np.testing.assert_allclose(
            np.array(two.state()[key]), np.array(variable), atol=5e-4, rtol=1e-3, err_msg=key
        )


def test_what_they_keep_is_saved_state(tmp_path):
    """Two epochs equal one, saved weights and another one; augmentation stands before all."""
    batches = tf.data.Dataset.from_tensor_slices(np.asarray(images(8, 16, seed=2))).batch(4)
    whole, again = (all_tricks(diff_augment=("colour",)) for _ in range(2))
    for model in (whole, again):
        model.compile(ema_decay=0.5)
    kept = [key for key in whole.state() if "history" in key or key.endswith("/reference")]
    assert len(kept) == 1 + 1 + sum(len(n.trainable_variables) for n in whole.networks)
    whole.fit(batches, epochs=1, verbose=0)
    whole.save_weights(tmp_path / "state.weights.h5")
    again.load_weights(tmp_path / "state.weights.h5")
    for model in (whole, again):
        model.fit(batches, epochs=1, verbose=0)
    for key, variable in whole.state().items():
        np.testing.assert_array_equal(np.array(again.state()[key]), np.array(variable), key)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_they_train_in_half_precision(precision):
    keras.config.set_dtype_policy(precision)
    model = all_tricks()
    model.compile(run_eagerly=precision == "mixed_bfloat16")
    logs = model.fit(np.asarray(images(8, 16, seed=2)), batch_size=4, verbose=0).history
    assert all(np.isfinite(values).all() for values in logs.values())


def test_they_compile_with_xla_and_the_generator_ships(tmp_path):
    from tfi2i.export.drawing_shipping import ship_drawing
    from tfi2i.export.shipping import Wanted

    model = all_tricks()
    model.compile(jit_compile=True)
    model.fit(np.asarray(images(4, 16, seed=2)), batch_size=4, verbose=0)
    wanted = Wanted(formats=("saved_model", "litert"), size=16, metadata={})
    assert len(ship_drawing(model, tmp_path / "shipped", wanted)["sample"]["artefacts"]) == 2


def test_the_hinge_has_no_labels():
    with pytest.raises(RecipeError, match="real_label"):
        DCGAN(**NARROW, objective="hinge", real_label=0.9)
