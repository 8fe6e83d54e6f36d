"""Carries out a planned run on the command line: its lines, its stop on a signal, its page."""

import shlex
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from tfi2i.cli.console import out, plain_warnings
from tfi2i.cli.plan import Plan
from tfi2i.cli.run_log import RunLog
from tfi2i.cli.training_callbacks import FirstInterruptStops, ProgressLines
from tfi2i.errors import Tfi2iError
from tfi2i.machine import available_cores
from tfi2i.report import write_run_page
from tfi2i.report.callback import RefreshRunPage
from tfi2i.training.run.training import Training

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.recipe import Recipe

EXIT_INTERRUPTED = 128 + signal.SIGINT


def carry_out(plan: Plan, *, to_resume: str | None = None) -> Training:
    """Trains to the end of the run, or to SIGTERM.

    Args:
        plan: Plan of a new run, or of one that goes on.
        to_resume: The command that goes on with it; None for `train --resume`.

    Returns:
        The run; `finished` is False after SIGTERM.

    Raises:
        Tfi2iError: What `Training` and its `fit` raise; an error in `fit` is noted in the run's
            log.
        SystemExit: After Ctrl-C.
    """
    log = RunLog(plan.folder)
    with plain_warnings(log.warn):
        return _train(plan, log, to_resume)


def length_in_words(recipe: "Recipe", steps: int) -> str:
    """Such as: 200 epochs of 1,067 iterations = 213,400, batches of 1."""
    epochs = recipe.train_settings().epochs
    total = f"{epochs} epochs of {steps:,} iterations = {epochs * steps:,}"
    return f"{total}, batches of {recipe.data['batch_size']}"


def skipped_in_words(source: "DataSource") -> str:
    """Which files were left out."""
    return f"{len(source.skipped)} damaged files are left out: {'; '.join(source.skipped)}"


def _train(plan: Plan, log: RunLog, to_resume: str | None) -> Training:
    log.line(f"{plan.recipe.variant}: finding images, building networks ...")
    begun = time.monotonic()
    training = Training(plan.recipe, plan.variant_class, plan.folder, source=plan.source)
    to_resume = to_resume or f"tfi2i train --resume {shlex.quote(str(training.folder.path))}"
    if training.is_chief:
        log.open()
    for name, value in {"recipe": plan.recipe_words, **_facts(training, to_resume)}.items():
        log.line(f"{name:<10} {value}")
    if training.source.skipped:
        log.warn(skipped_in_words(training.source))

    if training.is_chief and training.iteration >= training.total_iterations:
        # It was killed as it wrote this page.
        write_run_page(training.folder, total_iterations=training.total_iterations)
    interrupts = FirstInterruptStops(log.line)
    try:
        _fit(training, log, interrupts)
    except KeyboardInterrupt:
        log.line(f"stopped at once; to go on from the last checkpoint: {to_resume}")
        _show_stopped(training)
        raise SystemExit(EXIT_INTERRUPTED) from None
    except Tfi2iError as error:
        with suppress(Tfi2iError):  # The disk may be full, which is the error then.
            log.note(f"error: {error}")
            _show_stopped(training)
        raise

    if training.finished:
        minutes = (time.monotonic() - begun) / 60
        log.line(f"finished   {training.iteration:,} iterations; {minutes:.1f} min this time")
        return training
    log.line(f"stopped after iteration {training.iteration:,}; all is saved")
    log.line(f"to go on   {to_resume}")
    if interrupts.interrupted:
        raise SystemExit(EXIT_INTERRUPTED)
    return training


def _fit(training: Training, log: RunLog, interrupts: FirstInterruptStops) -> None:
    shows_bar = out.is_terminal
    # A bar shows how an epoch gets on; where there is none, lines do.
    lines = (
        ProgressLines(training, log.note, seconds=None)
        if shows_bar
        else ProgressLines(training, log.line)
    )
    callbacks: list[keras.callbacks.Callback] = [interrupts, lines]
    if training.is_chief:
        callbacks.append(RefreshRunPage(training.folder, training.total_iterations))
    training.fit(warn=log.warn, callbacks=callbacks, verbose=1 if shows_bar else 0)


def _show_stopped(training: Training) -> None:
    """The last page of a run that did not come to an orderly end."""
    if training.is_chief:
        write_run_page(training.folder, state="stopped", total_iterations=training.total_iterations)


def _facts(training: Training, to_resume: str) -> dict[str, str]:
    networks = [f"{n.name} {n.count_params():,}" for n in training.model.networks]
    facts = {
        "data": training.source.description,
        "run": str(training.folder.path),
        "length": length_in_words(training.recipe, training.steps_per_epoch),
        "devices": _devices(training),
        "parameters": ", ".join(networks),
        "page": str(training.folder.page_path),
        "to resume": to_resume,
    }
    if training.start is not None:
        facts["start"] = training.start.words
    if training.resumed_from is not None:
        facts["resumed"] = f"from iteration {training.iteration:,} ({training.resumed_from.name})"
    return facts


def _devices(training: Training) -> str:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu).get("device_name") for gpu in gpus]
    replicas = training.strategy.num_replicas_in_sync
    where = ", ".join(filter(None, names)) or f"CPU with {available_cores()} cores"
    if not gpus and Path("/proc/driver/nvidia").exists():
        where += " (TensorFlow cannot use the GPU; with TF_CPP_MIN_LOG_LEVEL=0 it says why)"
    return where + (f", {replicas} replicas" if replicas > 1 else "")
