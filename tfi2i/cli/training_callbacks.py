"""What the command line adds to a run: lines of progress, and a soft stop on Ctrl-C."""

import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import keras

from tfi2i.report.run_page import speed_in_words

if TYPE_CHECKING:
    from tfi2i.training.run.training import Training


class EpochLines(keras.callbacks.Callback):
    """One line for each epoch: mean losses, speed, time left."""

    def __init__(self, training: "Training", show: Callable[[str], None]):
        """Takes the run and where lines go."""
        super().__init__()
        self.training = training
        self.show = show

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        """Starts the sums of the epoch."""
        self._sums: dict[str, float] = {}
        self._calls = 0
        self._begun = time.monotonic()
        self._first = self.training.iteration

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        """Adds the losses of an iteration."""
        self._calls += 1
        for name, value in (logs or {}).items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value)

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        """Shows the line."""
        iteration = self.training.iteration
        seconds = time.monotonic() - self._begun
        rate = (iteration - self._first) / max(seconds, 1e-9)
        left = (self.training.total_iterations - iteration) / max(rate, 1e-9)
        means = "  ".join(f"{n} {s / max(self._calls, 1):.3g}" for n, s in self._sums.items())
        self.show(
            f"epoch {epoch + 1}/{self.training.settings.epochs}  iteration {iteration:,}  {means}"
            f"  {speed_in_words(rate * self.training.batch_size)}  {duration(left)} left"
        )


class FirstInterruptStops(keras.callbacks.Callback):
    """Ctrl-C ends the run as SIGTERM does, after a checkpoint; a second Ctrl-C ends it at once."""

    def __init__(self, show: Callable[[str], None]):
        """Takes where to say so."""
        super().__init__()
        self.show = show
        self.interrupted = False

    def on_train_begin(self, logs=None) -> None:
        """Takes over Ctrl-C; comes after the callback that handles SIGTERM."""
        self._previous = signal.signal(signal.SIGINT, self._on_interrupt)

    def on_train_end(self, logs=None) -> None:
        """Gives Ctrl-C back."""
        signal.signal(signal.SIGINT, self._previous)

    def _on_interrupt(self, number, frame) -> None:
        self.interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.show("stopping after this iteration; press Ctrl-C again to stop at once")
        signal.raise_signal(signal.SIGTERM)


def duration(seconds: float) -> str:
    """Such as 45 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
