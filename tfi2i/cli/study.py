"""`tfi2i study`: a page on which people tell real images from generated ones."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfi2i.cli.chosen import Chosen, choose_model
from tfi2i.cli.console import import_tensorflow, out
from tfi2i.errors import DataError
from tfi2i.whole_files import check_can_write, make_folder, write_json

if TYPE_CHECKING:
    from tfi2i.evidence.study import Pairs

EXAMPLE = (
    "Example:  tfi2i study runs/00000-dcgan-faces runs/00001-r3gan-faces --out study.html\n\n"
    "Example:  tfi2i study --count answers-*.json"
)


def study(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN",
            help="Run folders, or presets; their images are mixed. With --count: saved answers.",
        ),
    ],
    out_file: Annotated[Path, typer.Option("--out", help="The page.")] = Path("study.html"),
    data: Annotated[
        str | None, typer.Option(help="Other images than those the models were trained with.")
    ] = None,
    images: Annotated[int, typer.Option(min=1, help="Pairs of each model, at most.")] = 60,
    seconds: Annotated[float, typer.Option(min=0.05, help="How long a pair is seen.")] = 1.0,
    practice: Annotated[int, typer.Option(min=0, help="Trials with feedback, at first.")] = 10,
    trials: Annotated[int, typer.Option(min=1, help="Trials that count.")] = 40,
    same_input: Annotated[
        bool,
        typer.Option(
            "--same-input", help="Show a translation beside the truth of its own input (pairs)."
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="Of which images stand side by side.")] = 0,
    count: Annotated[
        bool, typer.Option("--count", help="Count saved answers, in place of writing a page.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="With --count: write the table to this file too.")
    ] = None,
) -> None:
    """Write a page that asks people which image is real, or count their answers.

    The page is one file that needs no server: open it, or send it. It shows a
    real and a generated image for a second and asks which was real; the first
    ten trials are practice. At the end a participant saves a file of answers.

    --count says how often the images of each model were taken for real ones,
    with an interval of 95 %: from participant to participant where there are
    several. What cannot be told from real images is so in half of the trials.
    """
    if count:
        _count([Path(name) for name in runs], json_file)
        return
    if json_file is not None:
        raise DataError("--json goes with --count")
    check_can_write(out_file, DataError)
    names = [Path(name).name for name in runs]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise DataError(f"two models are called {sorted(twice)}: participants' answers need names")

    import_tensorflow()
    from tfi2i.evidence.study import pairs_of, study_identity
    from tfi2i.report.study_page import write_study_page

    pairs = {}
    for name, run in zip(names, runs, strict=True):
        chosen = _chosen(run)
        source = chosen.open_data(data)
        out.print(f"{name}: {source.description}")
        pairs[name] = pairs_of(
            chosen.model,
            source,
            size=chosen.size,
            count=images,
            seed=seed,
            same_input=same_input,
        )
    _check_numbers(pairs, practice, trials)
    shown = {name: (one.generated, one.real) for name, one in pairs.items()}
    identity = study_identity(pairs)
    make_folder(out_file.parent, DataError)
    write_study_page(
        out_file, shown, identity=identity, seconds=seconds, practice=practice, trials=trials
    )
    out.print(f"open       {out_file} ({out_file.stat().st_size / 2**20:.1f} MiB)")
    out.print("then       tfi2i study --count answers-*.json")


def _chosen(name: str) -> Chosen:
    folder = Path(name)
    return choose_model(folder, None) if folder.is_dir() else choose_model(None, name)


def _check_numbers(pairs: "dict[str, Pairs]", practice: int, trials: int) -> None:
    """Raises an error where a session would have to show a pair twice."""
    sizes = {one.real.shape[1:] for one in pairs.values()}
    if len(sizes) > 1:
        raise DataError(
            "all models of a study must make images of one size; these make "
            f"{sorted(f'{height}x{width}' for height, width, _ in sizes)}"
        )
    wanted = math.ceil(practice / len(pairs)) + math.ceil(trials / len(pairs))
    for name, one in pairs.items():
        if len(one.real) < wanted:
            raise DataError(
                f"{name} has {len(one.real)} pairs, but {practice} + {trials} trials need {wanted} "
                "of each: lower --trials and --practice, or raise --images where there are more "
                "test images"
            )


def _count(paths: list[Path], json_file: Path | None) -> None:
    from tfi2i.evidence.study_answers import count_answers

    if json_file is not None:
        check_can_write(json_file, DataError)
    found = count_answers(paths)
    for name, one in found.items():
        low, high = one["interval"]
        out.print(
            f"{name}: taken for real in {one['labelled_real']:.1%} of {one['trials']} trials "
            f"(95 % interval {low:.1%} to {high:.1%}; participants: {one['participants']})"
        )
    if json_file is not None:
        write_json(json_file, found)
