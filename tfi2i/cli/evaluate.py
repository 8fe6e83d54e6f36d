"""`tfi2i evaluate`: a trained model's figures, beside baselines."""

import enum
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tfi2i.cli.chosen import PresetOption, RunOption, choose_model
from tfi2i.cli.console import import_tensorflow, out, show_warning

EXAMPLE = "Example:  tfi2i evaluate --run runs/00000-pix2pix-facades --json figures.json"

ROWS = {
    "translated": "this model",
    "copy_input": "baseline: the input itself",
    "mean_colour": "baseline: mean colour",
}
COLUMNS = {"l1": "L1", "psnr": "PSNR", "ssim": "SSIM", "fid": "FID", "kid": "KID"}


class Extractor(enum.StrEnum):
    """Where the features of FID and KID come from."""

    EFFICIENTNET = "efficientnet"
    INCEPTION = "inception"
    NONE = "none"


def evaluate(
    run: RunOption = None,
    preset: PresetOption = None,
    data: Annotated[
        str | None, typer.Option(help="Other images than those the model was trained with.")
    ] = None,
    split: Annotated[str, typer.Option(help="test, val or train.")] = "test",
    extractor: Annotated[
        Extractor,
        typer.Option(
            help="Features for FID and KID: EfficientNet-Lite0 from a package, or Inception-v3, "
            "whose weights Keras downloads, or none."
        ),
    ] = Extractor.EFFICIENTNET,
    measure: Annotated[
        list[str] | None,
        typer.Option(help="A measure of the variant's own, as reproduce.yaml names them; repeat."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures to this file as well.")
    ] = None,
) -> None:
    """Measure a trained model on test images: L1, PSNR, SSIM for pairs; FID and KID."""
    import_tensorflow()
    from tfi2i.evaluation import evaluate_model
    from tfi2i.metrics import inception_v3
    from tfi2i.metrics.measures import find_measure

    measures = [find_measure(name) for name in measure or ()]
    chosen = choose_model(run, preset)
    size = chosen.size
    source = chosen.open_data(data)
    out.print(source.description)
    if measures and source.kind == "images":
        # Of one domain: nothing but the variant's own measures can be said.
        test = source.splits.get("test")
        figures = {"data": source.description, "split": split, "size": size, "translated": {}}
        figures["images_a"] = (
            0 if test is None or chosen.model.picture() is not None else len(test.a)
        )
    else:
        figures = evaluate_model(
            chosen.translator(),
            source,
            size=size,
            split=split,
            extractor=inception_v3() if extractor is Extractor.INCEPTION else None,
            features=extractor is not Extractor.NONE,
        )
        _show(figures, "a to b")
        if "b2a" in figures:
            _show(figures["b2a"], "b to a")
    for one in measures:
        own = one(chosen.model, source, size)
        figures.setdefault("measures", {}).update(own)
        out.print(", ".join(f"{name} {in_words(value)}" for name, value in own.items()))
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _show(figures: dict[str, Any], direction: str) -> None:
    from rich.table import Table

    shown = {key: name for key, name in COLUMNS.items() if key in figures["translated"]}
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    table.add_column(f"{direction}, {figures['images_a']} images")
    for name in shown.values():
        table.add_column(name, justify="right")
    for key, name in ROWS.items():
        if key in figures:
            table.add_row(name, *(in_words(figures[key].get(column)) for column in shown))
    out.print(table, soft_wrap=False)
    features = figures.get("features")
    if features:
        out.print(
            f"FID and KID with {features['extractor']}, {features['fake_images']} translated and "
            f"{features['real_images']} real images"
        )
        if features["fid_warning"]:
            show_warning(features["fid_warning"])
    for name, reason in figures["skipped"].items():
        out.print(f"no {COLUMNS.get(name, name)}: {reason}")


def in_words(value: float | None) -> str:
    """A figure for a table."""
    return "-" if value is None else f"{value:.4g}"
