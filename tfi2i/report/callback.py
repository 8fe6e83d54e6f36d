"""Keeps a run's page up to date while it trains."""

import time

import keras

from tfi2i.report.run_page import State, write_run_page
from tfi2i.training.run.folder import RunFolder

_LEAST_SECONDS = 2.0


class RefreshRunPage(keras.callbacks.Callback):
    """Writes the page of a run at its start, after epochs, and at its end.

    Give it to `fit` after the callbacks that write the samples.
    """

    def __init__(self, folder: RunFolder, total_iterations: int):
        """Takes the run folder and the iterations that the whole run has."""
        super().__init__()
        self.folder = folder
        self.total_iterations = total_iterations
        self._written = 0.0

    def on_train_begin(self, logs=None) -> None:
        """Writes the first page, which a browser may keep open."""
        self._write("training")

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        """Writes the page, unless epochs are so short that it has just been written."""
        if time.monotonic() - self._written > _LEAST_SECONDS:
            self._write("training")

    def on_train_end(self, logs=None) -> None:
        """Writes the last page of this process."""
        done = int(keras.ops.convert_to_numpy(self.model.iteration))
        self._write("finished" if done >= self.total_iterations else "stopped")

    def _write(self, state: State) -> None:
        write_run_page(self.folder, state=state, total_iterations=self.total_iterations)
        self._written = time.monotonic()
