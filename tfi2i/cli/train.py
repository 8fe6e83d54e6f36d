"""`tfi2i train`: a run from a recipe, new or resumed."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfi2i.cli.console import import_tensorflow, out, plain_warnings, show_facts
from tfi2i.errors import RecipeError

if TYPE_CHECKING:
    from tfi2i.cli.plan import Plan

EXAMPLE = (
    "Example:  tfi2i train cyclegan --data photos/horse2zebra train.epochs=100\n\n"
    "Example:  tfi2i train pix2pix --data photos train.start_from=pix2pix-relief2elevation-64\n\n"
    "Example:  tfi2i train --resume runs/00000-cyclegan-horse2zebra train.epochs=300"
)


def train(
    variant: Annotated[
        str | None,
        typer.Argument(metavar="VARIANT", help="A variant of the zoo; see `tfi2i list`."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SECTION.KEY=VALUE",
            help="Change settings of model, data or train, as model.cycle_weight=5.",
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="A recipe of the variant or a .yaml file; else the published one, cut to the "
            "images (see below)."
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="A folder of images, earth:<map>[-<map>], digits:<a>[-<b>], or tfds:<name>."
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(help="The run folder. If this run began there already, it goes on."),
    ] = None,
    runs: Annotated[
        Path, typer.Option(help="Where a numbered run folder is made, without --run.")
    ] = Path("runs"),
    resume: Annotated[
        Path | None,
        typer.Option(
            help="Go on with the run in this folder; needs nothing else, but for --data where its "
            "images were moved. With train.epochs=N it gets more epochs, finished or not."
        ),
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

    Without --recipe the published recipe applies (paper_*, else full_*), with
    three changes where they are needed: the crop is halved while most images
    are smaller, down to 64 px; a batch is no larger than the number of images;
    and with other train.epochs the same part of them decays. --dry-run shows
    what was changed; settings that you give stay as they are.

    train.start_from=WEIGHTS begins from trained weights, with their networks and
    size of images: a preset, the folder of a run or of a saved model, or
    hf://OWNER/REPO. See docs/fine_tuning.md.
    """
    options = {"--recipe": recipe, "--run": run, "--skip-bad": skip_bad or None}
    given = [word for word in (variant, *(overrides or [])) if word is not None]
    if resume is not None:
        wrong = [word for word in given if not word.startswith("train.epochs=")]
        wrong += [name for name, value in options.items() if value is not None]
        if wrong:
            raise RecipeError(
                f"--resume takes all but train.epochs from the run folder; leave out "
                f"{', '.join(wrong)}"
            )
    if resume is None and variant is None:
        raise RecipeError("say which variant to train (`tfi2i list` shows them), or --resume")

    import_tensorflow()
    from tfi2i.cli.plan import plan_new, plan_resume

    if resume is not None:
        plan = plan_resume(resume, data, given)
    else:
        assert variant is not None
        settings: dict[str, object] = {"source": data} if data is not None else {}
        if skip_bad:
            settings["skip_bad"] = True
        plan = plan_new(
            variant, recipe, data=settings, overrides=overrides or [], run=run, runs=runs
        )
    if dry_run:
        _show_plan(plan)
        return
    from tfi2i.cli.training_run import carry_out

    training = carry_out(plan)
    if training.finished:
        out.print(f"look       {plan.folder.page_path}")
        if training.model.views:
            folder = shlex.quote(str(plan.folder.path))
            draws = "latents" in next(iter(training.model.views.values())).takes
            use = f"sample --run {folder}" if draws else f"translate --run {folder} PHOTOS"
            out.print(f"use        tfi2i {use} --out FOLDER")


def _show_plan(plan: "Plan") -> None:
    """Finds the same mistakes as a real run would, and leaves no trace."""
    from tfi2i.cli.training_run import length_in_words, skipped_in_words

    with plain_warnings():
        prepared, start = plan.rehearse()
    out.print(plan.recipe.to_yaml())
    show_facts(
        {
            "recipe": plan.recipe_words,
            "data": prepared.source.description,
            "run": f"{plan.folder.path} ({'goes on' if plan.goes_on else 'new'})",
            "length": length_in_words(plan.recipe, prepared.steps_per_epoch),
            **({} if start is None else {"start": start.words}),
            "dry run": "nothing was written",
        }
    )
    if prepared.source.skipped:
        out.print(skipped_in_words(prepared.source))
