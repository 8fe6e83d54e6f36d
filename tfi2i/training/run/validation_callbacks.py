"""Figures while a model trains, on images that it does not train on, and its best checkpoint."""

from typing import Any

from tfi2i.data import DataSource
from tfi2i.image_sizes import Size
from tfi2i.metrics.made import figures_made
from tfi2i.training.files.checkpoints import Checkpoints
from tfi2i.training.run.callbacks import RunCallback
from tfi2i.training.run.events import Events
from tfi2i.training.run.folder import RunFolder
from tfi2i.training.run.metrics_file import FIGURE, append_metrics, best_figure

# Images of each domain: enough to see a curve, and few enough to cost little.
MOST_IMAGES = 64
# Samples are compared as sets, of which the spread is larger, and need no translation.
MOST_SAMPLES = 400
# The figures that are kept, and how each is judged. FID is left out: with so few images it is
# mostly bias.
LOWER_IS_BETTER = ("l1", "kid", "colour", "objective", "content_loss", "style_loss")
HIGHER_IS_BETTER = ("psnr", "ssim")


class WriteFigures(RunCallback):
    """Measures the model at intervals of epochs, as `tfi2i evaluate` does, on the part `val`.

    The figures join `metrics.jsonl`, under names that begin with `val_`. The checkpoint with the
    best main figure stays: L1 where images have a truth, KID where they have a second domain or are
    drawn, else the objective.
    """

    def __init__(
        self,
        folder: RunFolder,
        checkpoints: Checkpoints,
        source: DataSource,
        *,
        size: Size,
        every: int,
    ):
        """Takes the images.

        Args:
            folder: Of the run.
            checkpoints: Of the run.
            source: The images, with a part `val`.
            size: Side of the images in pixels, or (height, width).
            every: Epochs between two measurements.
        """
        super().__init__()
        self.folder = folder
        self.checkpoints = checkpoints
        self.source = source
        self.size = size
        self.every = every
        self._events = Events(folder)

    def on_train_begin(self, logs=None) -> None:
        if self.iteration() == 0:
            self._measure(0)

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        if (epoch + 1) % self.every == 0:
            figures = self._measure(epoch)
            if logs is not None:
                logs.update(figures)

    def _measure(self, epoch: int) -> dict[str, float]:
        earlier = best_figure(self.folder.figures())
        limit = MOST_SAMPLES if "sample" in self.gan.views else MOST_IMAGES
        found = self.gan.measure(self.source, split="val", size=self.size, limit=limit)
        figures = kept_figures(figures_made(found))
        line = {"iteration": self.iteration(), "epoch": epoch, **figures}
        append_metrics(self.folder.metrics_path, line)
        self._events.write(line)
        if earlier is None or line[earlier.name] < earlier.value:
            self.checkpoints.save_best(self.gan)
        return figures


def kept_figures(made: dict[str, Any]) -> dict[str, float]:
    """The figures that a curve is drawn of, by their names in `metrics.jsonl`."""
    return {
        FIGURE + name: made[name]
        for name in (*LOWER_IS_BETTER, *HIGHER_IS_BETTER)
        if made.get(name) is not None
    }
