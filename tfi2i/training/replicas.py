"""What a train step needs to know about the replicas that run beside it.

Outside `tf.distribute` every function here is the identity, so a variant's `train_step` reads the
same on one device and on many.
"""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from tfi2i.errors import RecipeError


def replica_count() -> int:
    """Number of replicas that work on one global batch."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def replica_id() -> tf.Tensor:
    """Index of this replica in its global batch, an int32 scalar."""
    context = tf.distribute.get_replica_context()
    if context is None:
        raise RuntimeError("replica_id() is known only inside a replica: call it from train_step")
    return tf.convert_to_tensor(context.replica_id_in_sync_group, tf.int32)


def gather_replicas(tensor: tf.Tensor) -> tf.Tensor:
    """Concatenates a per-replica tensor along the batch, in replica order.

    The gradient flows back to the replica that each row came from, so that a loss over the gathered
    batch, divided by the number of replicas, has the gradient of the same loss on one device.
    """
    if replica_count() == 1:
        return tensor
    gathered = tf.distribute.get_replica_context().all_gather(tensor, axis=0)
    return tf.ensure_shape(gathered, (replica_count() * tensor.shape[0], *tensor.shape[1:]))


def batch_means(tensor: tf.Tensor) -> tf.Tensor:
    """(B, ...) -> (replicas, ...) float32: means whose mean is that over the global batch.

    Gradients flow as through `gather_replicas`, which would send many times as much.
    """
    return gather_replicas(tf.reduce_mean(tf.cast(tensor, tf.float32), axis=0, keepdims=True))


def own_share(gathered: tf.Tensor, local_batch: int) -> tf.Tensor:
    """The rows of a gathered batch that belong to this replica: `gather_replicas` undone."""
    if replica_count() == 1:
        return gathered
    start = replica_id() * local_batch
    return gathered[start : start + local_batch]


def mini_batches(images: tf.Tensor, count: int) -> list[tf.Tensor]:
    """(B, ...) -> `count` times (B / count, ...), for several updates in one iteration.

    Each part has every `count`-th image, not a run of them: so the parts of all replicas together
    are the parts of the global batch on one device.

    Raises:
        RecipeError: If this replica's batch cannot be divided.
    """
    size = images.shape[0]
    if size is None or size % count:
        raise RecipeError(
            f"a batch of {size} images cannot be divided into {count} mini-batches: set "
            f"data.batch_size to a multiple of {count} per device"
        )
    return [images[number::count] for number in range(count)]


def uniform_for_each(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """(B, H, W, C) -> (B, 1, 1, 1) in [0, 1): one draw for each image of the global batch.

    Args:
        images: This replica's images.
        seed: int32 (2,), equal on all replicas.
    """
    size = images.shape[0]
    if size is None:
        raise RuntimeError("draws for each image need a batch of known size")
    return draws_for_each(size, (1, 1, 1), seed, tf.random.stateless_uniform)


def draws_for_each(
    count: int,
    shape: Sequence[int],
    seed: tf.Tensor,
    draw: Callable[..., tf.Tensor] = tf.random.stateless_normal,
) -> tf.Tensor:
    """This replica's share of draws for the global batch: `(count, *shape)`.

    Every replica draws the whole and takes its rows, so that several equal one device.

    Args:
        count: Draws for this replica.
        shape: Of one of them.
        seed: int32 (2,), equal on all replicas.
        draw: The distribution, a stateless operation of a shape and a seed.
    """
    return own_share(draw((replica_count() * count, *shape), seed), count)


def clip_weights(variables: Sequence[keras.Variable], limit: float) -> None:
    """Cuts weights to [-limit, limit], on all replicas (WGAN, Arjovsky et al. 2017, algorithm 1).

    Args:
        variables: Trainable ones, equal on all replicas.
        limit: The paper's c.
    """

    def clip(strategy: tf.distribute.Strategy, *values: tf.Variable) -> None:
        for value in values:
            strategy.extended.update(
                value, lambda one: one.assign(tf.clip_by_value(one, -limit, limit)), group=False
            )

    # A variable without aggregation can only be set from outside of the replicas.
    tf.distribute.get_replica_context().merge_call(
        clip, args=tuple(variable.value for variable in variables)
    )


def mean_over_replicas(values: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Averages scalars over the replicas: a log shows the global batch, not one replica's."""
    if replica_count() == 1:
        return values
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, values)


def draw_seed(seed: int, iteration: tf.Tensor, site: int, *, per_replica: bool) -> tf.Tensor:
    """A seed for stateless random operations, a pure function of its arguments and the replica.

    Args:
        seed: The seed of the run.
        iteration: int64 scalar, the training iteration.
        site: Distinguishes several draws in one iteration.
        per_replica: True where each replica must draw its own noise; False where all must agree.

    Returns:
        int32 tensor of shape (2,).
    """
    key = tf.stack([tf.constant(seed, tf.int32), tf.constant(site, tf.int32)])
    key = tf.random.experimental.stateless_fold_in(key, iteration)
    if per_replica:
        key = tf.random.experimental.stateless_fold_in(key, replica_id())
    return key


def random_order(count: int, seed: tf.Tensor) -> tf.Tensor:
    """The numbers 0 to count - 1 in an order drawn by the seed: int32 (count,).

    XLA compiles it, where it has no form of TensorFlow's own stateless shuffle.
    """
    return tf.argsort(tf.random.stateless_uniform([count], seed))
