"""What happens besides the updates of a run: logs, samples, alarms."""

import json
import time
from collections.abc import Callable

import keras
import numpy as np

from tfi2i.data import DataSource, write_image
from tfi2i.data.decode.tags import COLUMNS, Tags
from tfi2i.image_sizes import Size
from tfi2i.training.gan import GAN
from tfi2i.training.health import DiscriminatorWatch
from tfi2i.training.run.events import Events
from tfi2i.training.run.folder import RunFolder
from tfi2i.training.run.metrics_file import append_metrics
from tfi2i.training.sheet import Panel, all_columns, grid

LOG_EVERY = 20


class RunCallback(keras.callbacks.Callback):
    """A callback that knows the iteration, which Keras' batch index is not after a resume."""

    def iteration(self) -> int:
        return int(keras.ops.convert_to_numpy(self.gan.iteration))

    @property
    def gan(self) -> GAN:
        assert isinstance(self.model, GAN)
        return self.model


class WriteMetrics(RunCallback):
    """Appends the mean of every log over some iterations to `metrics.jsonl`.

    TensorBoard gets the same numbers where it is installed.
    """

    def __init__(self, folder: RunFolder, *, batch_size: int):
        super().__init__()
        self.folder = folder
        self.batch_size = batch_size
        self._window: list[dict[str, float]] = []
        self._epoch = 0
        self._events = Events(folder)

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        self._epoch = epoch
        self._since, self._first = time.perf_counter(), self.iteration()

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        self._window.append(dict(logs or {}))
        if len(self._window) == LOG_EVERY:
            self._write()

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        if self._window:
            self._write()

    def _write(self) -> None:
        seconds = time.perf_counter() - self._since
        iteration = self.iteration()
        means = {n: float(np.mean([w[n] for w in self._window])) for n in self._window[0]}
        # It does not count the calls in the window: with `steps_per_execution` each is several
        # iterations.
        rate = (iteration - self._first) * self.batch_size / seconds
        line = {
            "iteration": iteration,
            "epoch": self._epoch,
            "images_per_second": round(rate, 3),
            **means,
        }
        append_metrics(self.folder.metrics_path, line)
        self._events.write(line)
        self._window.clear()
        self._since, self._first = time.perf_counter(), iteration


class WriteSamples(RunCallback):
    """Shows what the model makes of the same few images at intervals of epochs, and looks at it.

    The pictures come first, because losses of a GAN say little.
    """

    def __init__(
        self,
        folder: RunFolder,
        source: DataSource,
        *,
        size: Size,
        limit: int,
        every: int,
        warn: Callable[[str], None],
    ):
        """Takes the images and how to show a warning.

        Args:
            folder: Of the run.
            source: The images; of their test part, or of the training part where there is none.
            size: Side of the pictures in pixels.
            limit: Pictures of each domain at most.
            every: Epochs between two grids.
            warn: Shows a sentence.
        """
        super().__init__()
        self.folder = folder
        self.source = source
        self.size = size
        self.limit = limit
        self.every = every
        self.warn = warn
        self._said: set[str] = set()

    def on_train_begin(self, logs=None) -> None:
        if self.iteration() == 0:
            self._write()

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        if (epoch + 1) % self.every == 0:
            found = {sentence for panel in self._write() for sentence in panel.warnings()}
            for sentence in sorted(found - self._said):
                self.warn(sentence)
                self._said.add(sentence)

    def _write(self) -> list[Panel]:
        split = "test" if "test" in self.source.splits else "train"
        panels = self.gan.sheet(self.source, split=split, size=self.size, limit=self.limit)
        columns = all_columns(panels)
        # The run's page reads the names of the columns from the file.
        names = json.dumps([column.name for column in columns])
        tags = Tags(texts={COLUMNS: names}).save_options(".png")
        path = self.folder.samples / f"{self.iteration():09d}.png"
        write_image(path, grid(columns), tags=tags)
        return panels


class WarnWhenDiscriminatorWins(RunCallback):
    """Watches the log that shows how the game stands."""

    def __init__(self, *, warn: Callable[[str], None]):
        super().__init__()
        self.warn = warn

    def on_train_begin(self, logs=None) -> None:
        assert self.gan.discriminator_game is not None
        self._log, chance = self.gan.discriminator_game
        self._watch = DiscriminatorWatch(chance)

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        sentence = self._watch.warning((logs or {})[self._log])
        if sentence:
            self.warn(sentence)
