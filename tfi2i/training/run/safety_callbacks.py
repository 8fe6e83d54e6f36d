"""What keeps a run's work safe: checkpoints in time, and a stop before a broken checkpoint."""

import signal
import threading
import time
from collections.abc import Callable

import tensorflow as tf

from tfi2i.errors import NotFiniteError, TrainingError
from tfi2i.training.files.checkpoints import Checkpoints
from tfi2i.training.health import first_not_finite
from tfi2i.training.run.callbacks import RunCallback

# Without a number of iterations these decide: the seconds of work that a crash may cost, and the
# share of the time that saving may take. Large networks on a fast device would spend most of the
# time on saving.
CHECKPOINT_SECONDS = 60.0
CHECKPOINT_SHARE = 0.05


class StopOnSignal(RunCallback):
    """Stops training after the current iteration when SIGTERM comes, so that all can be saved.

    As a context it listens; afterwards, whatever happened, SIGTERM ends the process as it did
    before. Several workers all stop at the same iteration, whichever of them got the signal:
    otherwise they would wait for each other for ever.

    Attributes:
        stopped: Whether training was stopped in this way.
    """

    def __init__(self):
        super().__init__()
        self.stopped = False
        self._got_signal = False

    def __enter__(self) -> "StopOnSignal":
        """Listens, where it can: only the main thread of a process gets signals."""
        self._listens = threading.current_thread() is threading.main_thread()
        if self._listens:
            self._previous = signal.signal(signal.SIGTERM, self._on_signal)
        return self

    def __exit__(self, *exception) -> None:
        """Gives the signal back to its former handler."""
        if self._listens:
            signal.signal(signal.SIGTERM, self._previous)

    def on_train_begin(self, logs=None) -> None:
        strategy = self.gan.distribute_strategy
        several = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        self._count = _sum_over_workers(strategy) if several else None

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        got = self._got_signal
        if self._count is not None:
            got = float(self._count(tf.constant(float(got)))) > 0
        if got:
            self.stopped = True
            self.gan.stop_training = True

    def _on_signal(self, number, frame) -> None:
        self._got_signal = True


def _sum_over_workers(strategy: tf.distribute.Strategy) -> Callable[[tf.Tensor], tf.Tensor]:
    @tf.function
    def total(number: tf.Tensor) -> tf.Tensor:
        return strategy.reduce("SUM", strategy.run(tf.identity, args=(number,)), axis=None)

    return total


class WriteCheckpoints(RunCallback):
    """Saves all state every so many iterations or every minute, at the end, and before a stop.

    Where that is due at the end of an epoch it waits until the epoch's lines and grids are written:
    a process that is killed between them would leave them out for good.
    """

    def __init__(self, checkpoints: Checkpoints, *, every: int | None, steps_per_epoch: int):
        """Takes the place and the times.

        Args:
            checkpoints: Of the run.
            every: Iterations between two checkpoints; None goes by the clock.
            steps_per_epoch: Iterations in an epoch.
        """
        super().__init__()
        self.checkpoints = checkpoints
        self.every = every
        self.steps_per_epoch = steps_per_epoch
        self._last_saved = -1
        self._last_time = time.perf_counter()
        self._cost = 0.0

    def on_train_begin(self, logs=None) -> None:
        if self.checkpoints.files():
            self._last_saved = self.iteration()
        else:
            # Proves that the folder can be written before any time is spent.
            self._save()

    def on_train_end(self, logs=None) -> None:
        self._save()

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        ends_epoch = self.iteration() % self.steps_per_epoch == 0
        if not ends_epoch and (self._is_due() or self.gan.stop_training):
            self._save()

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        if self._is_due() or self.gan.stop_training:
            self._save()

    def _is_due(self) -> bool:
        if self.every is not None:
            return self.iteration() // self.every > self._last_saved // self.every
        seconds = time.perf_counter() - self._last_time
        return seconds > max(CHECKPOINT_SECONDS, self._cost / CHECKPOINT_SHARE)

    def _save(self) -> None:
        iteration = self.iteration()
        if iteration == self._last_saved:
            return
        start = time.perf_counter()
        try:
            self.checkpoints.save(self.gan)
        except NotFiniteError as error:
            reason = f"{error}, at iteration {iteration:,}"
            raise TrainingError(f"{reason}. {_advice(self.checkpoints)}") from error
        self._last_saved, self._last_time = iteration, time.perf_counter()
        self._cost = self._last_time - start


class StopWhenNotFinite(RunCallback):
    """Raises as soon as a loss is NaN or infinite."""

    def __init__(self, checkpoints: Checkpoints | None = None):
        """Takes the run's checkpoints, to name the last good one."""
        super().__init__()
        self.checkpoints = checkpoints

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        broken = first_not_finite(logs or {})
        if broken is None:
            return
        raise TrainingError(
            f"{broken} is {(logs or {})[broken]} at iteration {self.iteration()}. "
            f"{_advice(self.checkpoints)}"
        )


def _advice(checkpoints: Checkpoints | None) -> str:
    """What is left of a training whose numbers broke, and what to do."""
    newest = None if checkpoints is None else checkpoints.newest()
    good = "" if newest is None else f"The last good checkpoint is {newest}. "
    return f"{good}Lower the learning rates, or set train.precision=float32 if it was a mixed one"
