"""Faults by hand: what no operator makes."""

from dataclasses import dataclass

from tools.mutants.targets import (
    FILES,
    LATENTS,
    NOISE,
    RESUMED,
    objective_tests,
)


@dataclass(frozen=True)
class Declared:
    """A fault by hand.

    Attributes:
        path: The file.
        says: What is wrong then, in words.
        old: A piece of the file that occurs exactly once.
        new: What stands there instead.
        tests: The tests that should notice.
    """

    path: str
    says: str
    old: str
    new: str
    tests: tuple[str, ...]


_POOL = ("tests/test_training_pool.py",)
_PLAYER = ("tests/test_training_player.py",)
_REPLICAS = ("tests/test_training_replicas.py", NOISE)
_LOGS = ("tests/test_training_logs.py",)
_OPTIMIZERS = ("tests/test_optimizers.py",)

DECLARED: tuple[Declared, ...] = (
    Declared(
        "tfi2i/training/pool.py", "coins from the slots' seed",
        "tf.bitwise.invert(seed)", "seed", _POOL,
    ),
    Declared(
        "tfi2i/training/pool.py", "the pool is bypassed",
        "return own_share(shown, images.shape[0])", "return images", _POOL,
    ),
    Declared(
        "tfi2i/training/pool.py", "each replica fills its own pool",
        "gather_replicas(tf.stop_gradient(images))", "tf.stop_gradient(images)", _POOL,
    ),
    Declared(
        "tfi2i/training/player.py", "decay for rate",
        "1.0 - decay", "decay", _PLAYER,
    ),
    Declared(
        "tfi2i/training/player.py", "gradients without a scale",
        "output_gradients=factor,", "", _PLAYER,
    ),
    Declared(
        "tfi2i/training/player.py", "no scale under mixed_float16",
        "self.optimizer.scale_loss(tf.ones_like(loss))", "tf.ones_like(loss)", _PLAYER,
    ),
    Declared(
        "tfi2i/training/player.py", "the first network only",
        "return [v for network in self.networks for v",
        "return [v for network in self.networks[:1] for v",
        objective_tests("cyclegan"),
    ),
    Declared(
        "tfi2i/training/player.py", "a running average for no player",
        "self.ema_decay = ema_decay", "self.ema_decay = None", _PLAYER,
    ),
    Declared(
        "tfi2i/training/player.py", "running averages for every player",
        "self.ema_decay = ema_decay", "self.ema_decay = ema_decay or 0.9", _PLAYER,
    ),
    Declared(
        "tfi2i/training/gan.py", "one seed for all runs",
        "draw_seed(self.seed,", "draw_seed(0,", objective_tests("cyclegan"),
    ),
    Declared(
        "tfi2i/training/gan.py", "logs of one replica",
        "logs = mean_over_replicas(logs)", "pass", _REPLICAS,
    ),
    Declared(
        "tfi2i/training/replicas.py", "gathered rows are a replica's own",
        "return tf.ensure_shape(gathered,",
        "return tf.ensure_shape(tf.concat([tensor] * replica_count(), axis=0),", _REPLICAS,
    ),
    Declared(
        "tfi2i/training/replicas.py", "means in the images' precision",
        "tf.reduce_mean(tf.cast(tensor, tf.float32), axis=0, keepdims=True)",
        "tf.reduce_mean(tensor, axis=0, keepdims=True)", _REPLICAS,
    ),
    Declared(
        "tfi2i/training/replicas.py", "runs of images for every so-many-th",
        "[images[number::count] for number in range(count)]", "tf.split(images, count)", _REPLICAS,
    ),
    Declared(
        "tfi2i/training/replicas.py", "one mini-batch for all",
        "images[number::count]", "images[0::count]", _REPLICAS,
    ),
    Declared(
        "tfi2i/training/replicas.py", "clipped above only",
        "tf.clip_by_value(one, -limit, limit)", "tf.minimum(one, limit)", _REPLICAS,
    ),
    Declared(
        "tfi2i/training/replicas.py", "a sum of logs",
        "tf.distribute.ReduceOp.MEAN", "tf.distribute.ReduceOp.SUM", _REPLICAS,
    ),
    Declared(
        "tfi2i/training/replicas.py", "a draw that knows no run",
        "tf.constant(seed, tf.int32), tf.constant(site",
        "tf.constant(0, tf.int32), tf.constant(site", _REPLICAS,
    ),
    Declared(
        "tfi2i/training/replicas.py", "a draw that knows no site",
        "tf.constant(site, tf.int32)", "tf.constant(0, tf.int32)", _REPLICAS,
    ),
    Declared(
        "tfi2i/training/replicas.py", "a draw that knows no iteration",
        "tf.random.experimental.stateless_fold_in(key, iteration)", "key", _REPLICAS,
    ),
    Declared(
        "tfi2i/training/replicas.py", "a draw that knows no replica",
        "tf.random.experimental.stateless_fold_in(key, replica_id())", "key", _REPLICAS,
    ),
    Declared(
        "tfi2i/training/replicas.py", "no order at all",
        "tf.argsort(tf.random.stateless_uniform([count], seed))", "tf.range(count)", _REPLICAS,
    ),
    Declared(
        "tfi2i/training/optimizers.py", "the moments exchanged",
        "m=_handle(self._momentums[index]),\n            v=_handle(self._velocities[index])",
        "m=_handle(self._velocities[index]),\n            v=_handle(self._momentums[index])",
        _OPTIMIZERS,
    ),
    Declared(
        "tfi2i/training/optimizers.py", "the betas exchanged",
        '"beta1": beta_1,', '"beta1": beta_2,', _OPTIMIZERS,
    ),
    Declared(
        "tfi2i/training/optimizers.py", "a bias correction of the other moment",
        '"beta2_power": tf.pow(beta_2, step)', '"beta2_power": tf.pow(beta_1, step)', _OPTIMIZERS,
    ),
    Declared(
        "tfi2i/training/optimizers.py", "gradients of one replica",
        "return super()._all_reduce_sum_gradients(grads_and_vars)", "return grads_and_vars",
        _OPTIMIZERS,
    ),
    Declared(
        "tfi2i/training/files/checkpoints.py", "the oldest for the newest",
        "files[-1] if files", "files[0] if files", FILES,
    ),
    Declared(
        "tfi2i/training/files/checkpoints.py", "restored from the oldest",
        "for path in reversed(files)", "for path in files", FILES,
    ),
    Declared(
        "tfi2i/training/files/checkpoints.py", "networks saved without the optimizers",
        "variables_to_arrays(model.state())", "variables_to_arrays(model.network_state())", RESUMED,
    ),
    Declared(
        "tfi2i/training/files/arrays.py", "a transposed array is taken",
        "tuple(array.shape) != tuple(variable.shape)",
        "sorted(array.shape) != sorted(variable.shape)", FILES,
    ),
    Declared(
        "tfi2i/training/run/training.py", "a resumed run begins the data again",
        "self._batches_from(self.iteration)", "self._batches_from(0)", RESUMED,
    ),
    Declared(
        "tfi2i/training/run/training.py", "a resumed run begins its epochs again",
        "initial_epoch=first,", "initial_epoch=0,", RESUMED,
    ),
    Declared(
        "tfi2i/training/run/training.py", "no decay of the rates",
        "LinearDecay(epochs=self.settings.epochs, decay_epochs=self.settings.decay_epochs),", "",
        ("tests/test_training_schedule.py",),
    ),
    Declared(
        "tfi2i/training/run/training.py", "broken losses are not looked for",
        "StopWhenNotFinite(self.checkpoints),", "", _LOGS,
    ),
    Declared(
        "tfi2i/training/run/preparation.py", "mixed_bfloat16 whatever the machine",
        "return \"mixed_bfloat16\" if computes_bfloat16() else \"float32\"",
        "return \"mixed_bfloat16\"", _LOGS,
    ),
    Declared(
        "tfi2i/training/run/callbacks.py", "calls for iterations",
        "(iteration - self._first) * self.batch_size", "len(self._window) * self.batch_size", _LOGS,
    ),
    Declared(
        "tfi2i/training/run/callbacks.py", "the last of a window for its mean",
        "float(np.mean([w[n] for w in self._window]))", "float(self._window[-1][n])", _LOGS,
    ),
    Declared(
        "tfi2i/training/health.py", "infinite counts as finite",
        "not math.isfinite(value)", "math.isnan(value)", _LOGS,
    ),
    Declared(
        "tfi2i/training/replicas.py", "uniform draws for normal ones",
        "= tf.random.stateless_normal,", "= tf.random.stateless_uniform,", LATENTS,
    ),
    Declared(
        "zoo/paired/_base.py", "one draw for all sites",
        "self.noise_seed(site, per_replica=False)", "self.noise_seed(0, per_replica=False)",
        LATENTS,
    ),
    Declared(
        "zoo/paired/_base.py", "a discriminator that sees b twice",
        "return [a, b] if self.conditional", "return [b, b] if self.conditional",
        objective_tests("bicyclegan"),
    ),
    Declared(
        "zoo/multidomain/_base.py", "targets are the labels",
        "tf.gather(everyone, order)", "everyone", objective_tests("stargan"),
    ),
)  # fmt: skip
