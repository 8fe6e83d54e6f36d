"""`tfi2i train`: a run from a recipe, new or resumed."""

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfi2i.cli.console import import_tensorflow, out, show_facts
from tfi2i.cli.run_log import RunLog
from tfi2i.errors import RecipeError, Tfi2iError

if TYPE_CHECKING:
    from tfi2i.cli.plan import Plan
    from tfi2i.data import DataSource
    from tfi2i.training.train import Training

EXAMPLE = (
    "Example:  tfi2i train cyclegan --data photos/horse2zebra data.batch_size=2 train.epochs=100"
)
EXIT_INTERRUPTED = 128 + signal.SIGINT


def train(
    variant: Annotated[
        str | None,
        typer.Argument(metavar="VARIANT", help="A variant of the zoo; see `tfi2i list`."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SECTION.KEY=VALUE]...",
            help="Change settings of model, data or train, as model.cycle_weight=5.",
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="A recipe of the variant or a .yaml file; else the paper's defaults."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="A folder of images, earth:<map>-<map>, or tfds:<name>."),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(help="The run folder. If this run began there already, it goes on."),
    ] = None,
    runs: Annotated[
        Path, typer.Option(help="Where a numbered run folder is made, without --run.")
    ] = Path("runs"),
    resume: Annotated[
        Path | None, typer.Option(help="Go on with the run in this folder; needs nothing else.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out damaged images and list them.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show recipe, data and folder; write nothing.")
    ] = False,
) -> None:
    """Train a variant, with checkpoints, sample pictures and a page that shows how it goes.

    The same command with the same --run, or --resume, goes on where a stopped run ended.
    """
    options = {"--recipe": recipe, "--data": data, "--run": run, "--skip-bad": skip_bad or None}
    given = [name for name, value in {"VARIANT": variant, **options}.items() if value is not None]
    if resume is not None and given:
        raise RecipeError(f"--resume takes all from the run folder; leave out {', '.join(given)}")
    if resume is None and variant is None:
        raise RecipeError("say which variant to train (`tfi2i list` shows them), or --resume")

    import_tensorflow()
    from tfi2i.cli.plan import plan_new, plan_resume

    if variant is None:
        assert resume is not None
        plan = plan_resume(resume)
    else:
        settings: dict[str, object] = {"source": data} if data is not None else {}
        if skip_bad:
            settings["skip_bad"] = True
        plan = plan_new(
            variant, recipe, data=settings, overrides=overrides or [], run=run, runs=runs
        )
    if dry_run:
        _show_plan(plan)
        return
    log = RunLog(plan.folder.log_path)
    with log.catching_warnings():
        try:
            _train(plan, log)
        except Tfi2iError as error:
            log.note(f"error: {error}")
            raise


def _show_plan(plan: "Plan") -> None:
    """Finds the same mistakes as a real run would, and leaves no trace."""
    source, steps = plan.check_data()
    out.print(plan.recipe.to_yaml())
    show_facts(
        {
            "data": source.description,
            "run": f"{plan.folder.path} ({'goes on' if plan.folder.exists else 'new'})",
            "length": _length(
                plan.recipe.train_settings().epochs, steps, plan.recipe.data["batch_size"]
            ),
            "dry run": "nothing was written",
        }
    )
    _show_skipped(source, out.print)


def _train(plan: "Plan", log: RunLog) -> None:
    log.line(f"{plan.recipe.variant}: finding images, building networks ...")

    from tfi2i.cli.training_callbacks import EpochLines, FirstInterruptStops
    from tfi2i.report.callback import RefreshRunPage
    from tfi2i.training.train import Training

    begun = time.monotonic()
    training = Training(plan.recipe, plan.variant_class, plan.folder)
    if training.is_chief:
        log.open()
    to_resume = f"tfi2i train --resume {plan.folder.path}"
    for name, value in _facts(training, to_resume).items():
        log.line(f"{name:<10} {value}")
    _show_skipped(training.source, log.warn)

    interrupts = FirstInterruptStops(log.line)
    shows_bar = out.is_terminal
    callbacks = [interrupts, EpochLines(training, log.note if shows_bar else log.line)]
    if training.is_chief:
        callbacks.append(RefreshRunPage(plan.folder, training.total_iterations))
    try:
        training.fit(warn=log.warn, callbacks=callbacks, verbose=1 if shows_bar else 0)
    except KeyboardInterrupt:
        log.line(f"stopped at once; to go on from the last checkpoint: {to_resume}")
        raise SystemExit(EXIT_INTERRUPTED) from None

    if training.finished:
        minutes = (time.monotonic() - begun) / 60
        log.line(f"finished   {training.iteration:,} iterations, {minutes:.1f} min")
        log.line(f"look       {plan.folder.page_path}")
        log.line(f"use        tfi2i translate --run {plan.folder.path} PHOTOS --out FOLDER")
        return
    log.line(f"stopped after iteration {training.iteration:,}; all is saved")
    log.line(f"to go on   {to_resume}")
    if interrupts.interrupted:
        raise SystemExit(EXIT_INTERRUPTED)


def _facts(training: "Training", to_resume: str) -> dict[str, str]:
    networks = [f"{n.name} {n.count_params():,}" for n in training.model.networks]
    facts = {
        "data": training.source.description,
        "run": str(training.folder.path),
        "length": _length(
            training.settings.epochs, training.steps_per_epoch, training.batch_size
        ),
        "devices": _devices(training),
        "parameters": ", ".join(networks),
        "page": str(training.folder.page_path),
        "to resume": to_resume,
    }
    if training.resumed_from is not None:
        facts["resumed"] = f"from iteration {training.iteration:,} ({training.resumed_from.name})"
    return facts


def _devices(training: "Training") -> str:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu).get("device_name") for gpu in gpus]
    replicas = training.strategy.num_replicas_in_sync
    where = ", ".join(filter(None, names)) or f"CPU with {os.cpu_count()} cores"
    if not gpus and Path("/proc/driver/nvidia").exists():
        where += " (TensorFlow cannot use the GPU; with TF_CPP_MIN_LOG_LEVEL=0 it says why)"
    return where + (f", {replicas} replicas" if replicas > 1 else "")


def _length(epochs: int, steps: int, batch_size: int) -> str:
    return (
        f"{epochs} epochs of {steps:,} iterations = {epochs * steps:,}, batches of {batch_size}"
    )


def _show_skipped(source: "DataSource", show) -> None:
    if source.skipped:
        show(f"{len(source.skipped)} damaged files are left out: {'; '.join(source.skipped)}")
