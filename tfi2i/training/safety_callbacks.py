"""What keeps a run's work safe: checkpoints in time, and a stop before a broken one."""

import signal
import time

from tfi2i.errors import TrainingError
from tfi2i.training.callbacks import RunCallback
from tfi2i.training.checkpoints import Checkpoints
from tfi2i.training.health import first_not_finite

# Without a number of iterations, the seconds of work that a crash may cost, and the share of the
# time that saving may take: large networks on a fast device would spend most of it so.
CHECKPOINT_SECONDS = 60.0
CHECKPOINT_SHARE = 0.05


class WriteCheckpoints(RunCallback):
    """Saves all state every so many iterations or every minute, at the end, and on SIGTERM.

    After SIGTERM the current iteration ends, one checkpoint is written and training stops, so that
    a preempted machine loses nothing.
    """

    def __init__(self, checkpoints: Checkpoints, *, every: int | None):
        """Takes the iterations between two checkpoints; None goes by the clock."""
        super().__init__()
        self.checkpoints = checkpoints
        self.every = every
        self.stopped_by_signal = False
        self._last_saved = -1
        self._last_time = time.perf_counter()
        self._cost = 0.0

    def on_train_begin(self, logs=None) -> None:
        self._previous = signal.signal(signal.SIGTERM, self._on_signal)
        if self.checkpoints.files():
            self._last_saved = self.iteration()
        else:
            # Proves that the folder can be written before any time is spent.
            self._save()

    def on_train_end(self, logs=None) -> None:
        self._save()
        signal.signal(signal.SIGTERM, self._previous)

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        if self._is_due() or self.stopped_by_signal:
            self._save()
        if self.stopped_by_signal:
            self.gan.stop_training = True

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
        self.checkpoints.save(self.gan)
        self._last_saved, self._last_time = iteration, time.perf_counter()
        self._cost = self._last_time - start

    def _on_signal(self, number, frame) -> None:
        self.stopped_by_signal = True


class StopWhenNotFinite(RunCallback):
    """Raises as soon as a loss is NaN or infinite."""

    def __init__(self, checkpoints: Checkpoints):
        super().__init__()
        self.checkpoints = checkpoints

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        broken = first_not_finite(logs or {})
        if broken is None:
            return
        good = self.checkpoints.newest()
        raise TrainingError(
            f"{broken} is {(logs or {})[broken]} at iteration {self.iteration()}. The last good "
            f"checkpoint is {good}. Lower the learning rates, or set train.precision=float32 if it "
            "was a mixed one"
        )
