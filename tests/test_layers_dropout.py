"""Dropout: its rate, its saved randomness, its one mask at inference."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.layers import Dropout

ONES = tf.ones((2, 32, 32, 16))


def built(*args, **options):
    layer = Dropout(*args, **options)
    layer.build((None, None, None, 16))
    return layer


def test_rate_and_scale():
    result = np.asarray(built(0.3, seed=1)(ONES, training=True))
    assert set(np.unique(result)) == {np.float32(0.0), np.float32(1.0 / 0.7)}
    assert (result == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert result.mean() == pytest.approx(1.0, abs=0.02)


def test_every_call_draws_anew_and_the_saved_counter_repeats_it():
    layer = built(0.5, seed=1)
    first = layer(ONES, training=True)
    state = layer.get_weights()
    second = layer(ONES, training=True)
    assert 0.45 < (np.asarray(first) == np.asarray(second)).mean() < 0.55
    resumed = built(0.5, seed=99)
    resumed.set_weights(state)
    np.testing.assert_array_equal(resumed(ONES, training=True), second)
    np.testing.assert_array_equal(resumed.state, [1, 2])


def test_counts_inside_a_compiled_step():
    layer = built(0.5, seed=1)
    step = tf.function(lambda: layer(ONES, training=True))
    assert np.abs(step() - step()).max() == 2.0
    np.testing.assert_array_equal(layer.state, [1, 2])


def test_layers_draw_different_seeds_that_follow_the_global_one():
    def seeds():
        keras.utils.set_random_seed(5)
        return [Dropout(0.5).seed for _ in range(3)]

    assert seeds() == seeds()
    assert len(set(seeds())) == 3


def test_off_at_inference_unless_asked():
    layer = built(0.5)
    np.testing.assert_array_equal(layer(ONES, training=False), ONES)
    np.testing.assert_array_equal(layer(ONES), ONES)


def test_one_mask_at_inference_for_every_image_and_batch():
    layer = built(0.5, at_inference=True, seed=2)
    before = layer(ONES, training=False)
    trained = layer(ONES, training=True)
    after = np.asarray(layer(ONES, training=False))
    np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(after[0], after[1])
    np.testing.assert_array_equal(layer(ONES[:1], training=False), after[:1])
    assert (after == 0).mean() == pytest.approx(0.5, abs=0.02)
    assert 0.45 < (after[0] == np.asarray(trained)[0]).mean() < 0.55
    np.testing.assert_array_equal(layer.state, [2, 1])


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_draws_the_same_mask(policy):
    half = built(0.5, seed=1, dtype=policy)(ONES, training=True)
    assert half.dtype == policy.removeprefix("mixed_")
    full = built(0.5, seed=1, dtype="float32")(ONES, training=True)
    np.testing.assert_array_equal(tf.cast(half, tf.float32), full)


def test_rates_that_make_no_sense():
    for rate in (-0.1, 1.0):
        with pytest.raises(ValueError, match="at least 0 and below 1"):
            Dropout(rate)


def test_configuration_comes_back_with_the_seed():
    layer = Dropout(0.4, at_inference=True)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert copy.get_config() == layer.get_config()
    assert copy.seed == layer.seed
