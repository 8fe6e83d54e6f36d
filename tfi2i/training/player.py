"""A player: one side of the adversarial game, and how one update of it goes."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.training.optimizers import FusedAdam
from tfi2i.training.replicas import replica_count
from tfi2i.training.schedule import Schedule, ScheduledRate

if TYPE_CHECKING:
    from tfi2i.training.gan import GAN


class Player:
    """Networks that share one objective and one optimizer.

    A GAN is a game between named players. Two players with two learning rates are TTUR (Heusel et
    al. 2017). An update scales the loss for the replicas and for mixed precision, steps the
    optimizer, and moves the running average.

    Attributes:
        networks: The networks this player owns, in a fixed order.
        optimizer: After `build` wrapped in a loss scale under the policy `mixed_float16`.
        learning_rate: What the optimizer started with; schedules multiply it.
        schedule: Of the learning rate, None for a constant rate.
        has_own_schedule: Whether the rate follows a schedule, this one or one that the optimizer
            came with.
    """

    learning_rate: float
    has_own_schedule: bool
    _rests: Callable[[], bool]
    _now: Callable[[Schedule], tf.Tensor]

    def __init__(
        self,
        networks: Sequence[keras.Model],
        optimizer: keras.optimizers.Optimizer,
        *,
        ema_decay: float | None = None,
        schedule: Schedule | None = None,
        half_life: Schedule | None = None,
        beta_2: Schedule | None = None,
    ):
        """States a player; `GAN.compile` builds it.

        Args:
            networks: The networks that this player updates.
            optimizer: An optimizer that no other player uses.
            ema_decay: Decay of the running average of the weights per update, from 0 to below 1;
                None for no average.
            schedule: Of the learning rate, None for a constant rate.
            half_life: Factor of the average's half-life, of which `ema_decay` is that at 1; None
                for 1. At 0 the average is the newest weights.
            beta_2: The second-moment decay of a `FusedAdam`, in place of its own; None for its own.

        Raises:
            RecipeError: If there is no such decay.
        """
        number = isinstance(ema_decay, int | float)
        if ema_decay is not None and not (number and 0.0 <= ema_decay < 1.0):
            raise RecipeError(f"ema_decay={ema_decay!r} is not possible: it is from 0 to below 1")
        self.networks = list(networks)
        self.optimizer = optimizer
        self.ema_decay = ema_decay
        self.schedule = schedule
        self.half_life = half_life
        self.beta_2 = beta_2
        # Pairs, for a layer that is frozen later changes the order of a network's variables.
        self._averaged: list[tuple[keras.Variable, keras.Variable]] = []

    def build(self, name: str, game: "GAN") -> None:
        """Makes the optimizer's state and the averages; call inside the strategy's scope.

        Args:
            name: The role, as the paper has it: `generator`, `discriminator`, `critic`, `encoder`.
            game: The model that it plays in.
        """
        optimizer = self.optimizer
        self.learning_rate = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
        self.has_own_schedule = isinstance(optimizer.get_config()["learning_rate"], dict)
        if self.schedule is not None and not self.has_own_schedule:
            optimizer.learning_rate = ScheduledRate(self.learning_rate, self.schedule, game)
            self.has_own_schedule = True
        self._rests = functools.partial(game.rests, name)
        self._now = lambda schedule: schedule.factor(tf.cast(game.time(schedule.by), tf.float32))
        if self.beta_2 is not None and isinstance(optimizer, FusedAdam):
            optimizer.beta_2_now = functools.partial(self._now, self.beta_2)
        if keras.config.dtype_policy().name == "mixed_float16":
            self.optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        self.optimizer.build(self.variables)
        if self.ema_decay is not None:
            self._averaged = [
                (variable, _average_of(variable, name)) for variable in self.averaged_variables
            ]

    @property
    def variables(self) -> list[keras.Variable]:
        """The trainable variables of all networks of this player."""
        return [v for network in self.networks for v in network.trainable_variables]

    @property
    def averaged_variables(self) -> list[keras.Variable]:
        """The averaged variables: `variables`, and the moving statistics of batch norm.

        Statistics belong to the weights with which they were gathered: averaged weights with the
        statistics of the newest weights would be another network.
        """
        return self.variables + [
            variable
            for network in self.networks
            for variable in network.non_trainable_variables
            if keras.backend.is_float_dtype(variable.dtype)
        ]

    @property
    def averages(self) -> list[keras.Variable]:
        """The running averages alone."""
        return [average for _, average in self._averaged]

    def averaged(self) -> list[tuple[keras.Variable, keras.Variable]]:
        """Each variable with its running average; empty without `ema_decay`."""
        return list(self._averaged)

    def take(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Takes another optimizer, which brings rates and decays of its own; before `build`."""
        self.optimizer, self.schedule, self.beta_2 = optimizer, None, None

    def set_learning_rate(self, value: float) -> None:
        """Changes the learning rate, unless the optimizer came with a schedule of its own."""
        if not self.has_own_schedule:
            self.optimizer.learning_rate = value

    def forget(self) -> None:
        """Starts the optimizer anew: no moments, no updates so far, the learning rate as it is.

        Where networks grow, moments that smaller ones have gathered are of another problem.
        """
        # A loss scale goes on.
        optimizer = getattr(self.optimizer, "inner_optimizer", self.optimizer)
        for variable in optimizer.variables:
            if variable.name != "learning_rate":
                variable.assign(keras.ops.zeros_like(variable))

    def minimize(self, loss: tf.Tensor, tape: tf.GradientTape) -> None:
        """One update of this player's networks; none where it rests in the present stage.

        Args:
            loss: float32 scalar, the mean over this replica's share of the batch.
            tape: The (persistent) tape that recorded it.
        """
        if self._rests():
            return
        # The factor enters as the gradient's seed, so that the tape need not record it: 1 /
        # replicas because apply_gradients sums over replicas, and the loss scale under
        # mixed_float16.
        factor = self.optimizer.scale_loss(tf.ones_like(loss)) / replica_count()
        gradients = tape.gradient(
            loss,
            [v.value for v in self.variables],
            output_gradients=factor,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        self.optimizer.apply(gradients, self.variables)
        if self.ema_decay is not None:
            decay = self._decay(self.ema_decay)
            for variable, average in self.averaged():
                average.assign(average + (1.0 - decay) * (variable - average))

    def _decay(self, decay: float) -> float | tf.Tensor:
        """That of the average at this time."""
        if self.half_life is None or not decay:
            return decay
        # Half as long a half-life is the square of the decay. A float32 near 1 would be imprecise.
        return tf.exp(math.log(decay) / tf.maximum(self._now(self.half_life), 1e-6))


def _average_of(variable: keras.Variable, player: str) -> keras.Variable:
    name = "average_" + variable.path.replace("/", "_")
    # A copy on the host: given the variable itself, Keras (3.15) would share its storage.
    return keras.Variable(
        np.array(keras.ops.convert_to_numpy(variable)),
        trainable=False,
        name=f"{player}_{name}",
        aggregation="only_first_replica",
    )
