"""The history of generated images, against its rule in plain Python."""

import numpy as np
import pytest
import tensorflow as tf

from tfi2i.training import ImagePool, draw_seed
from tfi2i.training.replicas import random_order


def numbered(numbers) -> tf.Tensor:
    """Images (N, 2, 2, 1) whose pixels all carry the image's number."""
    return tf.tile(tf.constant(numbers, tf.float32)[:, None, None, None], [1, 2, 2, 1])


def numbers_of(images) -> list[int]:
    return [int(v) for v in np.asarray(images)[:, 0, 0, 0]]


def seed_of(iteration: int) -> tf.Tensor:
    return draw_seed(3, tf.constant(iteration, tf.int64), 1, per_replica=False)


def by_the_rule(kept: list[int], newest: list[int], size: int, seed: tf.Tensor) -> list[int]:
    """What the discriminator is shown (Shrivastava et al. 2017, section 2.3); changes `kept`.

    The slots and the coins are the program's draws; what is done with them is told here.
    """
    if len(kept) < size:
        kept += newest[: size - len(kept)]
        return newest
    slots = random_order(size, seed).numpy()
    coins = tf.random.stateless_uniform([len(newest)], tf.bitwise.invert(seed)).numpy()
    shown = []
    for image, slot, coin in zip(newest, slots, coins, strict=False):
        if coin < 0.5:
            shown.append(kept[slot])
            kept[slot] = image
        else:
            shown.append(image)
    return shown


@pytest.mark.parametrize(("size", "batch"), [(4, 1), (6, 2), (5, 3), (3, 3)])
def test_the_pool_is_its_rule(size, batch):
    pool = ImagePool(size, (2, 2, 1), name="pool")
    exchange = tf.function(pool.exchange)
    kept: list[int] = []
    for iteration in range(40):
        newest = list(range(batch * iteration + 1, batch * (iteration + 1) + 1))
        shown = numbers_of(exchange(numbered(newest), seed_of(iteration)))
        assert shown == by_the_rule(kept, newest, size, seed_of(iteration)), iteration
        assert numbers_of(pool.images.value)[: len(kept)] == kept, iteration
        assert int(pool.stored.numpy()) == len(kept)


def test_no_gradient_passes_the_pool():
    pool = ImagePool(4, (2, 2, 1), name="pool")
    images = numbered([1, 2])
    with tf.GradientTape() as tape:
        tape.watch(images)
        shown = pool.exchange(images, seed_of(0))
    assert tape.gradient(shown, images) is None


def test_two_replicas_share_one_pool(two_replicas):
    alone = ImagePool(4, (2, 2, 1), name="alone")
    with two_replicas.scope():
        shared = ImagePool(4, (2, 2, 1), name="shared")
    exchange = tf.function(shared.exchange)

    for iteration in range(8):
        numbers = [4 * iteration + n for n in (1, 2, 3, 4)]
        wanted = numbers_of(alone.exchange(numbered(numbers), seed_of(iteration)))
        halves = two_replicas.experimental_distribute_values_from_function(
            lambda context, numbers=numbers: numbered(
                numbers[2 * context.replica_id_in_sync_group :][:2]
            )
        )
        found = two_replicas.run(exchange, args=(halves, seed_of(iteration)))
        parts = two_replicas.experimental_local_results(found)
        assert [n for part in parts for n in numbers_of(part)] == wanted
        for copy in two_replicas.experimental_local_results(shared.images.value):
            assert numbers_of(copy) == numbers_of(alone.images.value)
