"""Which devices a run trains on."""

import tensorflow as tf

from tfi2i.errors import RecipeError


def make_strategy(name: str) -> tf.distribute.Strategy:
    """Builds the strategy that `train.strategy` names.

    Args:
        name: `one`, `mirrored` (all GPUs of this host; without GPUs its logical CPU devices), or
            `multiworker` (the cluster of the environment variable TF_CONFIG, one process a worker).

    Raises:
        RecipeError: If the name is unknown, or `multiworker` is asked for without TF_CONFIG.
    """
    if name == "one":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        devices = [device.name for device in tf.config.list_logical_devices(kind)]
        # On one processor a ring between devices would only copy what one sum can read in place.
        to_one = tf.distribute.ReductionToOneDevice() if kind == "CPU" else None
        return tf.distribute.MirroredStrategy(devices, cross_device_ops=to_one)
    if name == "multiworker":
        _workers()
        return tf.distribute.MultiWorkerMirroredStrategy()
    raise RecipeError(f"unknown strategy {name!r}: one, mirrored or multiworker")


def expected_replicas(name: str) -> int:
    """How many replicas `make_strategy` would make, without making them.

    Args:
        name: The same as for `make_strategy`.

    Raises:
        RecipeError: As `make_strategy` would.
    """
    if name == "multiworker":
        workers = _workers().cluster_spec().num_tasks("worker")
        # Each worker is taken for a machine like this one.
        return workers * max(1, len(tf.config.list_physical_devices("GPU")))
    return make_strategy(name).num_replicas_in_sync


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the run folder: worker 0, or the only one there is."""
    resolver = strategy.cluster_resolver
    return (
        resolver is None
        or resolver.task_type in (None, "", "chief")
        or (resolver.task_type == "worker" and resolver.task_id == 0)
    )


def _workers() -> tf.distribute.cluster_resolver.ClusterResolver:
    """Who trains together, as the environment says."""
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    if not resolver.cluster_spec().jobs:
        raise RecipeError(
            "train.strategy=multiworker needs the environment variable TF_CONFIG, which lists "
            "the workers; see tensorflow.org/guide/distributed_training"
        )
    return resolver
