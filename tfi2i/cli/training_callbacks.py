"""What the command line adds to a run: lines of progress, and a soft stop on Ctrl-C."""

import signal
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import keras

from tfi2i.report.run_page import speed_in_words

if TYPE_CHECKING:
    from tfi2i.training.run.training import Training

# Of a long epoch somebody who looks into the output, or a log, should see that it gets on.
WITHIN_SECONDS = 30.0


class ProgressLines(keras.callbacks.Callback):
    """One line for each epoch: mean losses, speed, time left; and more within long epochs."""

    def __init__(
        self,
        training: "Training",
        show: Callable[[str], None],
        *,
        seconds: float | None = WITHIN_SECONDS,
    ):
        """Takes the run, where lines go, and how to show an epoch that takes long.

        Args:
            training: The run.
            show: Shows one line.
            seconds: The least time between a line and the next one within an epoch; None shows
                lines of whole epochs only.
        """
        super().__init__()
        self.training = training
        self.show = show
        self.seconds = seconds
        self._newest: _Stretch | None = None

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        """Begins the means of the epoch."""
        self._epoch = epoch
        self._whole = _Stretch(self.training.iteration)
        if self._newest is not None:
            self._newest = _Stretch(self.training.iteration)

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        """Adds the losses of an iteration; shows a line when it is time."""
        self._whole.add(logs or {})
        if self.seconds is None:
            return
        iteration = self.training.iteration
        if self._newest is None:
            # The first iteration of a process takes the time of compiling too.
            self._newest = _Stretch(iteration)
            return
        self._newest.add(logs or {})
        if self._newest.seconds() >= self.seconds and self._done() < 1:
            self.show(self._line(self._newest))
            self._newest = _Stretch(iteration)

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        """Shows the line of the epoch, or of as much of it as there was before a stop."""
        self.show(self._line(self._whole))

    def _done(self) -> float:
        """The part of the epoch that is over."""
        return self.training.iteration / self.training.steps_per_epoch - self._epoch

    def _line(self, stretch: "_Stretch") -> str:
        iteration, done = self.training.iteration, self._done()
        epoch = f"epoch {self._epoch + 1}/{self.training.settings.epochs}"
        epoch += f" ({int(100 * done)}%)" if done < 1 else ""
        rate = (iteration - stretch.first) / max(stretch.seconds(), 1e-9)
        left = (self.training.total_iterations - iteration) / max(rate, 1e-9)
        means = "  ".join(f"{name} {mean:.3g}" for name, mean in stretch.means().items())
        speed = speed_in_words(rate * self.training.batch_size)
        return f"{epoch}  iteration {iteration:,}  {means}  {speed}  {duration(left)} left"


class _Stretch:
    """Some iterations in a row: their mean losses, and the time since they began."""

    def __init__(self, first: int):
        self.first = first
        self._begun = time.monotonic()
        self._sums: dict[str, float] = {}
        self._calls = 0

    def add(self, logs: Mapping[str, float]) -> None:
        self._calls += 1
        for name, value in logs.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value)

    def means(self) -> dict[str, float]:
        return {name: total / self._calls for name, total in self._sums.items()}

    def seconds(self) -> float:
        return time.monotonic() - self._begun


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
