"""Stages of a training: who learns first, and who after that.

A progressive GAN, StackGAN and LAPGAN train one part of their networks after the other. The stage
is a function of the epoch, and a saved variable beside the weights that it led to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import keras

from tfi2i.errors import RecipeError

if TYPE_CHECKING:
    from tfi2i.training.gan import GAN


@dataclass(frozen=True)
class Stage:
    """A part of a training.

    Attributes:
        name: What a variant's `train_step` asks for.
        epochs: Its length; the last stage has the rest of the training, whatever stands here.
        players: Those that learn in it; the others rest. None for all.
    """

    name: str
    epochs: int = 0
    players: Sequence[str] | None = None


def stage_at(stages: Sequence[Stage], epoch: int) -> int:
    """The number of the stage that an epoch (counted from 0) belongs to."""
    ends = [sum(stage.epochs for stage in stages[: n + 1]) for n in range(len(stages) - 1)]
    return sum(epoch >= end for end in ends)


def check_epochs(stages: Sequence[Stage], epochs: int) -> None:
    """Refuses a run that would end before its last stage begins.

    Raises:
        RecipeError: `train.epochs` is too small.
    """
    before = sum(stage.epochs for stage in stages[:-1])
    if epochs <= before:
        raise RecipeError(
            f"train.epochs is {epochs}, but the stage {stages[-1].name!r} begins after epoch "
            f"{before}: set train.epochs to at least {before + 1}, or shorten the stages before"
        )


class FollowEpochs(keras.callbacks.Callback):
    """Tells the model of every epoch that begins."""

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        """As in the class."""
        cast("GAN", self.model).begin_epoch(epoch)
