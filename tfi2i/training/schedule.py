"""Learning rates over a run."""

from typing import TYPE_CHECKING, cast

import keras

if TYPE_CHECKING:
    from tfi2i.training.gan import GAN


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
