"""What replicas share and what each has for itself, against the same on one device."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.training.replicas import (
    batch_means,
    clip_weights,
    draw_seed,
    gather_replicas,
    mean_over_replicas,
    mini_batches,
    own_share,
    random_order,
    uniform_for_each,
)
from tfi2i.zoo.paired.pix2pix import Pix2Pix

SEED = tf.constant([5, 7])


def on_both(strategy, function, whole: tf.Tensor) -> list:
    """Runs a function on the halves of a batch; its results, replica by replica."""
    halves = strategy.experimental_distribute_values_from_function(
        lambda context: tf.split(whole, 2)[context.replica_id_in_sync_group]
    )
    found = strategy.run(tf.function(function), args=(halves,))
    values = [strategy.experimental_local_results(value) for value in tf.nest.flatten(found)]
    return [tf.nest.pack_sequence_as(found, both) for both in zip(*values, strict=True)]


def test_gathered_rows_stand_in_the_order_of_replicas_and_go_back(two_replicas):
    rows = tf.constant([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])

    def there_and_back(share):
        everyone = gather_replicas(share)
        return everyone, own_share(everyone, 3)

    for replica, (everyone, own) in enumerate(on_both(two_replicas, there_and_back, rows)):
        np.testing.assert_array_equal(everyone, rows)
        np.testing.assert_array_equal(own, rows[3 * replica : 3 * replica + 3])
    assert gather_replicas(rows) is rows and own_share(rows, 3) is rows


def test_the_gradient_of_a_gathered_batch_reaches_the_rows_it_came_from(two_replicas):
    rows = tf.constant([1.0, 2.0, 3.0, 4.0])

    def gradient(share):
        with tf.GradientTape() as tape:
            tape.watch(share)
            everyone = gather_replicas(share)
            # Couples all rows: of the i-th, 2 (i + 1) sum (j + 1) r_j = 60 (i + 1).
            loss = tf.reduce_sum(everyone * tf.constant([1.0, 2.0, 3.0, 4.0])) ** 2
        return tape.gradient(loss, share) / 2.0  # each replica has the whole loss

    found = np.concatenate(on_both(two_replicas, gradient, rows))
    np.testing.assert_allclose(found, [60.0, 120.0, 180.0, 240.0], rtol=1e-6)


def test_means_of_batches_by_hand(two_replicas):
    rows = tf.constant([[1.0], [2.0], [3.0], [6.0]], tf.bfloat16)
    for found in on_both(two_replicas, batch_means, rows):
        np.testing.assert_array_equal(found, [[1.5], [4.5]])
        assert found.dtype == tf.float32
    np.testing.assert_array_equal(batch_means(rows), [[3.0]])


def test_mini_batches_take_every_so_many_th_image():
    parts = mini_batches(tf.range(6), 3)
    assert [part.numpy().tolist() for part in parts] == [[0, 3], [1, 4], [2, 5]]
    with pytest.raises(RecipeError, match="a batch of 6 images cannot be divided into 4"):
        mini_batches(tf.range(6), 4)


def test_every_image_has_its_own_draw_the_same_on_any_number_of_replicas(two_replicas):
    images = tf.zeros((4, 2, 2, 1))
    alone = uniform_for_each(images, SEED)
    assert alone.shape == (4, 1, 1, 1) and len(np.unique(alone)) == 4
    assert np.all((alone >= 0) & (alone < 1))
    both = on_both(two_replicas, lambda share: uniform_for_each(share, SEED), images)
    np.testing.assert_array_equal(np.concatenate(both), alone)


def test_logs_are_means_over_replicas(two_replicas):
    def log(share):
        return mean_over_replicas({"loss": tf.reduce_mean(share)})

    rows = tf.constant([1.0, 2.0, 3.0, 6.0])
    assert [float(logs["loss"]) for logs in on_both(two_replicas, log, rows)] == [3.0, 3.0]
    assert float(log(rows)["loss"]) == 3.0


def test_a_report_counts_one_iteration_and_means_of_all(two_replicas):
    with two_replicas.scope():
        model = Pix2Pix(crop_size=16, filters=2, discriminator_filters=2, receptive_field=16)

    def report(share):
        return model.report(loss=tf.reduce_mean(share))

    rows = tf.constant([1.0, 2.0, 3.0, 6.0])
    assert [float(logs["loss"]) for logs in on_both(two_replicas, report, rows)] == [3.0, 3.0]
    assert int(model.iteration.numpy()) == 1


@pytest.mark.parametrize("replicas", [1, 2])
def test_weights_are_cut_at_the_limit_on_both_sides(replicas, two_replicas):
    strategy = two_replicas if replicas == 2 else tf.distribute.get_strategy()
    with strategy.scope():
        variables = [keras.Variable([-2.0, -0.01, 0.004]), keras.Variable([[0.5], [0.01]])]
    strategy.run(tf.function(lambda: clip_weights(variables, 0.01)))
    for variable, clipped in zip(variables, ([-0.01, -0.01, 0.004], [[0.01], [0.01]]), strict=True):
        for copy in strategy.experimental_local_results(variable.value):
            np.testing.assert_allclose(copy, clipped, rtol=1e-6)


def test_draws_differ_by_seed_iteration_and_site_and_by_nothing_else():
    def draw(seed=3, iteration=5, site=1):
        found = draw_seed(seed, tf.constant(iteration, tf.int64), site, per_replica=False)
        return tuple(found.numpy().tolist())

    assert draw() == draw()
    others = {draw(seed=4), draw(iteration=6), draw(site=2), draw(seed=1, site=3)}
    assert len(others | {draw()}) == 5


def test_orders_are_permutations_without_a_favourite():
    orders = np.array([random_order(3, tf.constant([9, n])) for n in range(300)])
    assert all(sorted(order) == [0, 1, 2] for order in orders)
    # Six orders of about 50 each.
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 6 and counts.min() > 25
