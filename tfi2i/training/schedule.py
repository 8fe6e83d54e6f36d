"""Learning rates over a run."""

import math
from typing import TYPE_CHECKING, cast

import keras

if TYPE_CHECKING:
    from tfi2i.recipe import TrainSettings
    from tfi2i.training.gan import GAN


def lengthened_in_words(*, before: int | None, settings: "TrainSettings", trained: float) -> str:
    """What becomes of the learning rates of a run that gets more epochs.

    Args:
        before: Epochs that the run was to have; None if it is not known.
        settings: Of the run, with the epochs that it will have.
        trained: Epochs that are over, with the part of the present one.

    Returns:
        A sentence, empty where the run will be the same as if it had had these epochs from the
        start.
    """
    epochs, decay_epochs = settings.epochs, settings.decay_epochs
    if before is None or before == epochs:
        return ""
    old = LinearDecay(epochs=before, decay_epochs=decay_epochs)
    new = LinearDecay(epochs=epochs, decay_epochs=decay_epochs)
    last = math.ceil(trained) - 1
    if last < 0 or old.factor(last) == new.factor(last):
        return ""
    return (
        f"the learning rates had decayed to {old.factor(last):.0%} by epoch {last + 1} of "
        f"{before}. They go on at {new.factor(int(trained)):.0%} and decay to zero over the last "
        f"{decay_epochs} of now {epochs} epochs: not the same as a run that had {epochs} epochs "
        "from the start"
    )


class LinearDecay(keras.callbacks.Callback):
    """Constant learning rates, then linear to zero epoch by epoch (CycleGAN, section 7.1).

    The rate is a function of the epoch alone, so that a resumed run needs no state for it. An
    optimizer that carries its own schedule is left alone.
    """

    def __init__(self, *, epochs: int, decay_epochs: int):
        """Takes the length of the run and of its last, decaying part, in epochs."""
        super().__init__()
        self.epochs = epochs
        self.decay_epochs = decay_epochs

    def factor(self, epoch: int) -> float:
        """The factor of the learning rates in an epoch (counted from 0)."""
        if epoch < self.epochs - self.decay_epochs:
            return 1.0
        return max(0.0, (self.epochs - epoch) / (self.decay_epochs + 1))

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        """Sets the rates of the epoch."""
        for player in cast("GAN", self.model).players.values():
            player.set_learning_rate(player.learning_rate * self.factor(epoch))
