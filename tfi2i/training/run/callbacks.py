"""What happens besides the updates of a run: logs, samples, alarms."""

import json
import time
from collections.abc import Callable, Iterable, Mapping

import keras
import numpy as np

from tfi2i.data import as_rgb, write_image
from tfi2i.data.decode.tags import COLUMNS, Tags
from tfi2i.training.gan import GAN
from tfi2i.training.health import DiscriminatorWatch, output_warnings
from tfi2i.training.run.folder import RunFolder
from tfi2i.zoo.translation import TranslationGAN, domain_read

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
        self._writer = _tensorboard_writer(folder)

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
        with open(self.folder.metrics_path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if self._writer is not None:
            _write_scalars(self._writer, line)
        self._window.clear()
        self._since, self._first = time.perf_counter(), iteration


class WriteSamples(RunCallback):
    """Translates the same few test images at intervals of epochs, writes a grid, and looks at it.

    A row of the grid is the input, its translation in each direction of the variant, and the ground
    truth where the data has one. Where a domain has fewer images, the rest stays white. The
    pictures come first, because losses of a GAN say little.
    """

    def __init__(
        self,
        folder: RunFolder,
        inputs: dict[str, np.ndarray],
        *,
        every: int,
        warn: Callable[[str], None],
        targets: Mapping[str, np.ndarray] | None = None,
        aligned: bool = False,
    ):
        """Takes the images and how to show a warning.

        Args:
            folder: Of the run.
            inputs: uint8 (N, S, S, C) by domain (`a`, `b`).
            every: Epochs between two grids.
            warn: Shows a sentence.
            targets: Direction to real images of the domain that it translates to.
            aligned: Whether the targets are the truths of the inputs, in their order.
        """
        super().__init__()
        self.folder = folder
        self.inputs = inputs
        self.targets = targets or {}
        self.aligned = aligned
        self.every = every
        self.warn = warn
        self._said: set[str] = set()

    def on_train_begin(self, logs=None) -> None:
        if self.iteration() == 0:
            self._write()

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        if (epoch + 1) % self.every == 0:
            for sentence in sorted(set(self._write()) - self._said):
                self.warn(sentence)
                self._said.add(sentence)

    def _write(self) -> list[str]:
        translator = self.gan
        assert isinstance(translator, TranslationGAN)
        columns, names, found, shown = [], [], [], ""
        for direction in translator.translators:
            domain = domain_read(direction)
            source = self.inputs[domain]
            translated = translator.translate_batch(source, direction=direction)
            if domain != shown:
                columns.append(source)
                names.append(domain if "b" in self.inputs else "input")
            columns.append(translated)
            names.append(_in_words(direction))
            found += output_warnings(
                source,
                translated,
                may_copy=translator.keeps_most,
                targets=self.targets.get(direction),
                aligned=self.aligned,
            )
            shown = domain
        if len(translator.translators) == 1 and self.inputs.get("b") is not None:
            columns.append(self.inputs["b"])
            names.append("b (truth)" if self.aligned else "b (real)")
        grid = np.concatenate(_of_equal_length(as_rgb(column) for column in columns), axis=2)
        # The run's page reads the names of the columns from the file.
        tags = Tags(texts={COLUMNS: json.dumps(names)}).save_options(".png")
        path = self.folder.samples / f"{self.iteration():09d}.png"
        write_image(path, np.concatenate(grid), tags=tags)
        return found


def _in_words(direction: str) -> str:
    """Such as: a to b, to etopo1."""
    return {"a2b": "a to b", "b2a": "b to a"}.get(direction, direction.replace("_", " ", 1))


def _of_equal_length(columns: Iterable[np.ndarray]) -> list[np.ndarray]:
    """Columns (N, H, W, C), each with its own N, filled up with white to the longest."""
    columns = list(columns)
    rows = max(map(len, columns))
    return [
        np.pad(one, [(0, rows - len(one)), (0, 0), (0, 0), (0, 0)], constant_values=255)
        for one in columns
    ]


class WritePicture(RunCallback):
    """Writes the picture of a variant that optimises one picture, every so many epochs."""

    def __init__(self, folder: RunFolder, picture: Callable[[], np.ndarray | None], *, every: int):
        super().__init__()
        self.folder = folder
        self.picture = picture
        self.every = every

    def on_train_begin(self, logs=None) -> None:
        if self.iteration() == 0:
            self._write()

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        if (epoch + 1) % self.every == 0:
            self._write()

    def _write(self) -> None:
        picture = self.picture()
        assert picture is not None
        write_image(self.folder.samples / f"{self.iteration():09d}.png", picture)


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


def _tensorboard_writer(folder: RunFolder):
    try:
        import tensorboard  # noqa: F401  (an extra: TensorFlow itself can write without it)
    except ImportError:
        return None
    import tensorflow as tf

    return tf.summary.create_file_writer(str(folder.path / "tensorboard"))


def _write_scalars(writer, line: dict[str, float]) -> None:
    import tensorflow as tf

    with writer.as_default(step=int(line["iteration"])):
        for name, value in line.items():
            if name not in ("iteration", "epoch"):
                tf.summary.scalar(name, value)
