"""`tfi2i evaluate`: a trained model's figures, beside baselines."""

import enum
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tfi2i.cli.chosen import CheckpointOption, PresetOption, RunOption, choose_model
from tfi2i.cli.console import import_tensorflow, out, show_warning
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, height_and_width, size_in_words
from tfi2i.report.figure_names import FIGURE_NAMES
from tfi2i.whole_files import check_can_write, make_folder, write_json

EXAMPLE = (
    "Example:  tfi2i evaluate --run runs/00000-pix2pix-facades --checkpoint 4000 --json 4000.json"
)

# Whole images are measured, as in the papers, whose load_size is mostly up to this many crops. With
# a larger one the scale that is measured is far from that of training.
MOST_LOADED = 1.25

ROWS = {
    "translated": "this model",
    "copy_input": "baseline: the input itself",
    "mean_colour": "baseline: mean colour",
}
# What each figure of samples says.
SAMPLE_FIGURES = {
    "fid": "FID",
    "kid": "KID",
    "precision": "precision: samples near real images",
    "recall": "recall: real images near samples",
    "density": "density",
    "coverage": "coverage",
    "classes_covered": "classes covered",
    "class_divergence": "divergence of classes, nats",
    "class_accuracy": "class accuracy (of test images in their place)",
    "nearest": "distance to training images (held-out ones: 1)",
}
# The same of an encoder: of reconstructions, and of the classes that latents tell.
RECONSTRUCTION_FIGURES = {
    "reconstruction_l1": "L1",
    "reconstruction_psnr": "PSNR, dB",
    "reconstruction_ssim": "SSIM",
}
LATENT_FIGURES = {
    "nearest_accuracy": "classes by the nearest image",
    "linear_accuracy": "classes by a linear map",
}
GROUP_FIGURES = {"unsupervised_accuracy": "classes by groups, each of the class it has most"}
# What stands beside them.
BESIDE = {"real_images": "training images", "mean_colour": "mean colour", "pixels": "pixels"}


class Extractor(enum.StrEnum):
    """Where the features of FID and KID come from."""

    EFFICIENTNET = "efficientnet"
    MOBILENET = "mobilenet"
    INCEPTION = "inception"
    NONE = "none"


def evaluate(
    run: RunOption = None,
    checkpoint: CheckpointOption = None,
    preset: PresetOption = None,
    data: Annotated[
        str | None, typer.Option(help="Other images than those the model was trained with.")
    ] = None,
    split: Annotated[str, typer.Option(help="test, val or train.")] = "test",
    extractor: Annotated[
        Extractor,
        typer.Option(
            help="Features for FID and KID: EfficientNet-Lite0 from a package, MobileNetV2 from "
            "another as a second opinion, Inception-v3, whose weights Keras downloads, or none."
        ),
    ] = Extractor.EFFICIENTNET,
    measures: Annotated[
        list[str] | None,
        typer.Option("--measure", help="A further measure, such as diversity; may be repeated."),
    ] = None,
    size_text: Annotated[
        str,
        typer.Option(
            "--size",
            help="Pixels of the images that are measured: crop, that of the training crops, as "
            "papers have it; load, that of the images from which they were cut, which is the scale "
            "of translate; or a number, or HEIGHTxWIDTH.",
        ),
    ] = "crop",
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write them to this file, with the run's facts."),
    ] = None,
) -> None:
    """Measure a trained model on test images: FID and KID, L1, PSNR and SSIM for pairs."""
    if json_file is not None:
        _check_json(json_file)
    import_tensorflow()
    from tfi2i.evidence.evaluate import evaluate_model
    from tfi2i.evidence.measures import Subject, check_measures, take_measures
    from tfi2i.metrics import inception_v3, mobilenet_v2
    from tfi2i.training import RunFolder

    check_measures(measures or ())
    chosen = choose_model(run, preset, checkpoint)
    record = None
    if run is not None and json_file is not None:
        # Before the work: a file of the run may be damaged.
        record = RunFolder(run).record(chosen.iteration)
    size = chosen.measured_size(size_text)
    height, width = height_and_width(size)
    source = chosen.open_data(data, size)
    out.print(source.description)
    if source.keeps_scale:
        out.print(f"the middle {height}x{width} pixels of each image are measured, as in training")
    if chosen.data.get("load_size") is not None:
        _warn_of_scale((height, width), chosen.data["load_size"])
    if measures and source.kind == "images" and not chosen.model.measures_one_domain:
        # With one domain only the variant's own measures can say anything.
        test = source.splits.get("test")
        shown = 0 if test is None or not chosen.model.views else len(test.a)
        figures = {"data": source.description, "split": split, "size": size, "translated": {}}
        figures["images_a"] = shown
    else:
        asked = {Extractor.MOBILENET: mobilenet_v2, Extractor.INCEPTION: inception_v3}
        figures = evaluate_model(
            chosen.model,
            source,
            size=size,
            split=split,
            extractor=asked[extractor]() if extractor in asked else None,
            features=extractor is not Extractor.NONE,
        )
        directions = {name: figures[name] for name in chosen.model.views if name in figures}
        _show(figures, "mean of all pairs" if len(directions) > 1 else "a2b")
        for direction, own in directions.items():
            _show(own, direction)
    # Runs side by side share what a measure has to train.
    cache = run.parent if run is not None else None
    folder = RunFolder(run) if run is not None else None
    subject = Subject(chosen.model, source, size, cache, folder)
    figures["measures"] = take_measures(measures or (), subject)
    for measured in figures["measures"].values():
        _show_measured(measured)
    if json_file is not None:
        make_folder(json_file.parent, DataError)
        if record is not None:
            figures["run"] = record
        write_json(json_file, figures, DataError)


def _warn_of_scale(size: tuple[int, int], load_size: Size) -> None:
    """Says so where things are measured much smaller than training saw them."""
    loaded = height_and_width(load_size)
    factor = min(size[0] / loaded[0], size[1] / loaded[1])
    if factor * MOST_LOADED < 1:
        show_warning(
            f"whole images are stretched to {size[0]}x{size[1]} pixels, and training cut crops "
            f"from images of {size_in_words(loaded)}: things are {factor:.2g} times as large here "
            "as they were in training. --size load measures at that scale"
        )


def _check_json(file: Path) -> None:
    """Raises a DataError if the file is there without earlier figures, or has no place."""
    check_can_write(file, DataError)
    if not file.exists():
        return
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict) or not {"data", "split", "size"} <= found.keys():
        raise DataError(
            f"--json {file} is there already and holds no figures of an evaluation: name another"
        )


def _show(figures: dict[str, Any], direction: str) -> None:
    if "samples" in figures:
        _show_samples(figures)
    else:
        _show_translated(figures, direction)
    _show_features(figures)


def _show_translated(figures: dict[str, Any], direction: str) -> None:
    from rich.table import Table

    shown = {key: name for key, name in FIGURE_NAMES.items() if key in figures["translated"]}
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    table.add_column(f"{direction}, {figures['images_a']} images")
    for name in shown.values():
        table.add_column(name, justify="right")
    for key, name in ROWS.items():
        if key in figures:
            table.add_row(name, *(in_words(figures[key].get(column)) for column in shown))
    out.print(table, soft_wrap=False)


def _show_features(figures: dict[str, Any]) -> None:
    features = figures.get("features")
    if features:
        out.print(
            f"FID and KID with {features['extractor']}, {features['fake_images']} made and "
            f"{features['real_images']} real images"
            + (", as 8 bits" if features.get("eight_bits") else "")
        )
        if features["fid_warning"]:
            show_warning(features["fid_warning"])
    for name, reason in figures["skipped"].items():
        out.print(f"no {(FIGURE_NAMES | ROWS).get(name, name)}: {reason}")


def _show_samples(figures: dict[str, Any]) -> None:
    """Samples, and where there is an encoder what it makes of the test images."""
    count = figures["images_a"]
    _show_rows(f"{figures['images_b']} samples", SAMPLE_FIGURES, figures, "real_images")
    _show_rows(f"{count} reconstructions", RECONSTRUCTION_FIGURES, figures, "mean_colour")
    _show_rows(f"{count} latents", LATENT_FIGURES, figures, "pixels")
    _show_rows(f"{count} images in groups", GROUP_FIGURES, figures, "pixels")


def _show_rows(head: str, named: dict[str, str], figures: dict[str, Any], beside: str) -> None:
    """A row for each figure, of which samples have many; nothing where there is none."""
    from rich.table import Table

    if beside not in figures or not any(key in figures["samples"] for key in named):
        return
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    table.add_column(head)
    table.add_column(ROWS["translated"], justify="right")
    table.add_column(BESIDE[beside], justify="right")
    for key, name in named.items():
        if key in figures["samples"]:
            values = (figures[column].get(key) for column in ("samples", beside))
            table.add_row(name, *map(in_words, values))
    out.print(table, soft_wrap=False)


def _show_measured(measured: dict[str, Any]) -> None:
    kinds = {"figures": "", "copy_input": " (the input itself)", "real_images": " (real images)"}
    for kind, label in kinds.items():
        for name, value in measured[kind].items():
            out.print(f"{name.replace('_', ' ')}{label}: {in_words(value)}")
    if measured["note"]:
        out.print(measured["note"])


def in_words(value: float | None) -> str:
    """A figure for a table."""
    return "-" if value is None else f"{value:.4g}"
