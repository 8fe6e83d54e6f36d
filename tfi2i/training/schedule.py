"""Learning rates, and other numbers of a player, over a run.

A schedule is the factor of a learning rate as a function of the iteration or of the epoch alone, so
that a resumed run needs no state for it. A variant states it with its player, such as
`Player(..., schedule=Halving(50, by="epochs"))`; `LinearDecay` is for all players of a run.
"""

import math
from typing import TYPE_CHECKING, Literal, cast

import keras
import tensorflow as tf

if TYPE_CHECKING:
    from tfi2i.recipe import TrainSettings
    from tfi2i.training.gan import GAN

Unit = Literal["iterations", "epochs"]


class Schedule:
    """The factor of a player's learning rate.

    Attributes:
        by: What its time is counted in, from 0: `iterations` of `train_step`, however many updates
            of the player each of them has, or `epochs`.
    """

    def __init__(self, *, by: Unit):
        """Takes the unit of its time."""
        self.by: Unit = by

    def factor(self, time: tf.Tensor) -> tf.Tensor:
        """The factor at a time; both are float32 scalars."""
        raise NotImplementedError


class LinearToZero(Schedule):
    """1 until the time `first`, then linear to 0 at the time `last`."""

    def __init__(self, first: float, last: float, *, by: Unit = "iterations"):
        """Takes the two times, the first before the last."""
        super().__init__(by=by)
        self.first, self.last = first, last

    def factor(self, time: tf.Tensor) -> tf.Tensor:
        """As in the class."""
        return tf.clip_by_value((self.last - time) / (self.last - self.first), 0.0, 1.0)


class Exponential(Schedule):
    """`base` to the power of the time."""

    def __init__(self, base: float, *, by: Unit = "iterations"):
        """Takes the base, above 0 and below 1."""
        super().__init__(by=by)
        self.base = base

    def factor(self, time: tf.Tensor) -> tf.Tensor:
        """As in the class."""
        # A base near 1 is not a float32: its power over a long run would be off by percents.
        return tf.exp(time * math.log(self.base))


class Halving(Schedule):
    """Half as much after each `every`, counted from the time `first`."""

    def __init__(self, every: int, *, first: int = 0, by: Unit = "epochs"):
        """Takes the time between two halvings, from 1, and that from which they are counted."""
        super().__init__(by=by)
        self.every, self.first = every, first

    def factor(self, time: tf.Tensor) -> tf.Tensor:
        """As in the class."""
        return 0.5 ** (tf.maximum(time - self.first, 0.0) // self.every)


class Tenths(Schedule):
    """A tenth as much after each of some times."""

    def __init__(self, *times: float, by: Unit = "epochs"):
        """Takes the times."""
        super().__init__(by=by)
        self.times = times

    def factor(self, time: tf.Tensor) -> tf.Tensor:
        """As in the class."""
        over = tf.add_n([tf.cast(time >= one, tf.float32) for one in self.times])
        return 0.1**over


class InverseTime(Schedule):
    """1 / (1 + rate * time)."""

    def __init__(self, rate: float, *, by: Unit = "iterations"):
        """Takes the rate, from 0."""
        super().__init__(by=by)
        self.rate = rate

    def factor(self, time: tf.Tensor) -> tf.Tensor:
        """As in the class."""
        return 1.0 / (1.0 + self.rate * time)


class HalfCosine(Schedule):
    """From `start` along half a cosine to `end`, which is reached at the time `over` and stays."""

    def __init__(self, start: float, end: float, *, over: float, by: Unit = "iterations"):
        """Takes both values, and how long the way between them is, above 0."""
        super().__init__(by=by)
        self.start, self.end, self.over = start, end, over

    def factor(self, time: tf.Tensor) -> tf.Tensor:
        """As in the class."""
        share = (1.0 - tf.cos(math.pi * tf.clip_by_value(time / self.over, 0.0, 1.0))) / 2.0
        return self.start + (self.end - self.start) * share


class ScheduledRate(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that follows a model's iterations or epochs, in its graph.

    Keras' own schedules count the updates of the optimizer, and know no epochs.
    """

    def __init__(self, rate: float, schedule: Schedule, game: "GAN"):
        """Takes the rate at the start, its schedule, and the model whose time counts."""
        self._rate, self._schedule, self._game = rate, schedule, game

    def __call__(self, step) -> tf.Tensor:
        """The rate at this time, float32."""
        time = tf.cast(self._game.time(self._schedule.by), tf.float32)
        return self._rate * self._schedule.factor(time)


class LinearDecay(keras.callbacks.Callback):
    """Constant learning rates, then linear to zero epoch by epoch (CycleGAN, section 7.1).

    A player with a schedule of its own is left alone.
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


def run_schedule(settings: "TrainSettings", steps_per_epoch: int) -> Schedule | None:
    """The schedule of all players of a run whose rates decay at every iteration; else None."""
    if settings.decay_by == "epochs" or not settings.decay_epochs:
        return None
    first = settings.epochs - settings.decay_epochs
    return LinearToZero(first * steps_per_epoch, settings.epochs * steps_per_epoch)


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
    if before is None or before == epochs or not decay_epochs:
        return ""
    last = math.ceil(trained) - 1
    if settings.decay_by == "epochs":
        old = LinearDecay(epochs=before, decay_epochs=decay_epochs).factor(last)
        whole = LinearDecay(epochs=epochs, decay_epochs=decay_epochs)
        new, next_one = whole.factor(last), whole.factor(int(trained))
    else:
        now = tf.constant(trained, tf.float32)
        old = float(LinearToZero(before - decay_epochs, before).factor(now))
        new = next_one = float(LinearToZero(epochs - decay_epochs, epochs).factor(now))
    if last < 0 or old == new:
        return ""
    return (
        f"the learning rates had decayed to {old:.0%} by epoch {last + 1} of {before}. They go on "
        f"at {next_one:.0%} and decay to zero over the last {decay_epochs} of now {epochs} epochs: "
        f"not the same as a run that had {epochs} epochs from the start"
    )
