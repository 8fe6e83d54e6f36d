"""Decides which of Keras' callbacks work for a model of several players; others are refused."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import keras

from tfi2i.errors import RecipeError
from tfi2i.training.schedule import LinearDecay

if TYPE_CHECKING:
    from tfi2i.training.gan import GAN

_CALLBACKS = keras.callbacks


def check_callbacks(model: "GAN", callbacks: Iterable[keras.callbacks.Callback]) -> None:
    """Refuses, before the first step, callbacks that would fail after an epoch or do nothing.

    Args:
        model: A compiled model.
        callbacks: The callbacks that `fit` was given.

    Raises:
        RecipeError: A callback cannot work; the message names it and the way that works.
    """
    callbacks = list(callbacks)
    decays = any(isinstance(callback, LinearDecay) for callback in callbacks)
    for callback in callbacks:
        problem = _problem(model, callback)
        if decays and isinstance(callback, _CALLBACKS.ReduceLROnPlateau):
            problem = "LinearDecay sets the learning rates anew in every epoch"
        if problem:
            raise RecipeError(f"{type(callback).__name__}: {problem}")


def _problem(model: "GAN", callback: keras.callbacks.Callback) -> str | None:
    """What is wrong with a callback; None if nothing is."""
    # All three that look at a log have these two, and monitor "val_loss" unless told otherwise.
    watches = not isinstance(callback, _CALLBACKS.ModelCheckpoint) or callback.save_best_only
    monitor, mode = getattr(callback, "monitor", None), getattr(callback, "mode", None)
    if watches and monitor is not None:
        if monitor == "loss" or monitor.startswith("val_"):
            return (
                f"there is no log {monitor!r}: a model of several players has one for each of "
                "their losses, such as monitor='generator_loss', and none of validation"
            )
        if mode == "auto":
            return f"say whether {monitor!r} shall fall or rise: mode='min' or mode='max'"
    if isinstance(callback, _CALLBACKS.ModelCheckpoint) and not callback.save_weights_only:
        return (
            "a .keras file would lose the optimizers and running averages: use "
            "save_weights_only=True and a file *.weights.h5, which holds all state of training"
        )
    if isinstance(callback, _CALLBACKS.EarlyStopping) and callback.restore_best_weights:
        return (
            "restore_best_weights would restore networks without optimizers and running averages: "
            "use ModelCheckpoint(save_best_only=True, save_weights_only=True), then load_weights"
        )
    if isinstance(callback, _CALLBACKS.BackupAndRestore) and callback.save_freq != "epoch":
        return (
            "Keras resumes at the start of an epoch, whatever the batch: use save_freq='epoch', or "
            "tfi2i train, which resumes at any iteration"
        )
    if isinstance(callback, _CALLBACKS.TerminateOnNaN):
        return (
            "it looks at a log named 'loss' alone, which is not there; "
            "tfi2i.training.StopWhenNotFinite() looks at all"
        )
    if isinstance(callback, _CALLBACKS.SwapEMAWeights):
        return (
            "running averages are kept by compile(ema_decay=...), and translate and save use them"
        )
    if isinstance(callback, _CALLBACKS.LearningRateScheduler | _CALLBACKS.ReduceLROnPlateau):
        return _fixed_rate(model)
    return None


def _fixed_rate(model: "GAN") -> str | None:
    scheduled = [name for name, player in model.players.items() if player.has_own_schedule]
    if scheduled:
        return (
            f"the optimizer of {' and '.join(scheduled)} has a schedule of its own: compile with a "
            "learning rate that is a number"
        )
    return None


def watched_logs(callbacks: Iterable[keras.callbacks.Callback]) -> list[tuple[str, str]]:
    """The callbacks that look at a log, by the name of their class, and the log."""
    return [
        (type(callback).__name__, callback.monitor)
        for callback in callbacks
        if isinstance(getattr(callback, "monitor", None), str)
        and getattr(callback, "save_best_only", True)
    ]


def check_watched(watched: Iterable[tuple[str, str]], logs: Collection[str]) -> None:
    """Raises a RecipeError if a callback watches a log that is not there.

    Args:
        watched: What `watched_logs` found.
        logs: The names of the logs that there are.
    """
    for name, monitor in watched:
        if monitor not in logs:
            raise RecipeError(f"{name}: there is no log {monitor!r}, but {', '.join(sorted(logs))}")
