"""Neural style transfer beside CycleGAN: what each needs, costs and reaches, on the same images.

`python -m tfi2i.evidence.style_beside_cyclegan zoo/style` measures the presets of fast_style, adain
and cyclegan and an optimisation by gatys on the same test tiles, writes `comparison.json` and the
table in the cards. Run it after `tfi2i reproduce` of the variants: seconds of training come from
their results.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.errors import WeightsError
from tfi2i.evidence.cards import cores_in_words, replace_section
from tfi2i.machine import describe_machine
from tfi2i.whole_files import read_json, write_json
from tfi2i.zoo.catalogue import find_variant

BEGIN, END = "<!-- comparison: begin -->", "<!-- comparison: end -->"
SOURCE, STYLE = "earth:shadedrelief-etopo1", "earth:etopo1"
SIZE = 64
IMAGES = 8
CARDS = ("gatys", "fast_style", "adain")
# In the order of the table: variant -> images needed, and what can be chosen.
NEEDS = {
    "gatys": ("one content, one style", "weights, layers and style for every picture"),
    "fast_style": ("contents, one style", "one style for each training"),
    "adain": ("contents, many styles", "any style afterwards, and its strength"),
    "cyclegan": ("many of both domains", "none: the whole domain is the style"),
}
_COLUMNS = {
    "training_images": ("training images", "{}"),
    "training_seconds": ("training, s", "{:.0f}"),
    "seconds_per_image": ("s per image", "{:.3f}"),
    "content_distance": ("content distance", "{:.3f}"),
    "style_distance": ("distance to the style image", "{:.3f}"),
    "domain_distance": ("distance to the domain", "{:.3f}"),
}


def compare() -> dict[str, Any]:
    """Measures all four methods.

    Returns:
        What `comparison.json` holds: the setting, and one record for each method and for the
        untouched content.

    Raises:
        WeightsError: If a variant has no preset yet.
    """
    from tfi2i.data import evaluation_arrays, open_source, read_style
    from tfi2i.metrics.style import StyleMeter

    source = open_source(SOURCE, kind="unpaired", load_size=SIZE)
    contents, domain, _ = evaluation_arrays(source, size=SIZE, limit=IMAGES)
    assert domain is not None
    _, whole_domain, _ = evaluation_arrays(source, size=SIZE)
    assert whole_domain is not None
    style = read_style(STYLE, SIZE)
    meter = StyleMeter()

    def record(images: np.ndarray, **facts: Any) -> dict[str, Any]:
        figures = {
            "content_distance": meter.content_distance(images, contents),
            "style_distance": meter.style_distance(images, [style]),
            "domain_distance": meter.domain_distance(images, whole_domain),
        }
        return {**facts, **{name: round(value, 4) for name, value in figures.items()}}

    methods = {"the untouched content": record(contents)}
    for name in NEEDS:
        stylise, facts = _optimiser() if name == "gatys" else _trained(name)
        stylise(contents[:1])  # graphs are traced here
        begun = time.perf_counter()
        images = np.concatenate([stylise(content[None]) for content in contents])
        seconds = (time.perf_counter() - begun) / len(contents)
        methods[name] = record(images, **facts, seconds_per_image=round(seconds, 4))
    machine = describe_machine()
    return {
        "command": "python -m tfi2i.evidence.style_beside_cyclegan zoo/style",
        "source": SOURCE,
        "style": STYLE,
        "images": IMAGES,
        "size": SIZE,
        "processor": machine["processor"],
        "cores": machine["cores"],
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "methods": methods,
    }


def section(comparison: dict[str, Any] | None) -> str:
    """The section of a card, markers included; None if nothing has been measured."""
    if comparison is None:
        return f"{BEGIN}\nNot measured yet.\n{END}"
    headings = ["", "needs", "control", *(heading for heading, _ in _COLUMNS.values())]
    lines = [_row(headings), _row(["---"] * len(headings))]
    for name, record in comparison["methods"].items():
        cells = [
            form.format(record[key]) if record.get(key) is not None else ""
            for key, (_, form) in _COLUMNS.items()
        ]
        lines.append(_row([name, *NEEDS.get(name, ("", "")), *cells]))
    note = (
        f"{comparison['images']} held-out tiles of `{comparison['source']}`, {comparison['size']} "
        f"px, in the style of `{comparison['style']}`. Distances are relative squared differences "
        "of activations and of Gram matrices, at the layers that gatys optimises. Seconds of "
        "training are at the median pace of `tfi2i reproduce`. Command: "
        f"`{comparison['command']}` on {comparison['processor']}, "
        f"{cores_in_words(comparison['cores'])}, {comparison['date']}."
    )
    return "\n".join([BEGIN, *lines, "", note, END])


def read_comparison(folder: Path) -> dict[str, Any] | None:
    """`comparison.json` of a folder, or None if there is none."""
    path = folder / "comparison.json"
    return read_json(path) if path.exists() else None


def _trained(name: str) -> tuple[Callable[[np.ndarray], np.ndarray], dict[str, Any]]:
    """The preset of a variant as a function of images, and the cost of its training."""
    from tfi2i.zoo.catalogue import from_preset
    from tfi2i.zoo.style._base import TakesStyle
    from tfi2i.zoo.translating import translator_of

    variant = find_variant(name)
    results = variant.results()
    if results is None or not variant.presets:
        raise WeightsError(f"{name} has no preset yet: run `tfi2i reproduce {name}` first")
    model = translator_of(from_preset(variant.presets[0]))
    if isinstance(model, TakesStyle):
        from tfi2i.data import read_style

        model.set_style(read_style(STYLE, SIZE))
    facts = {
        "training_images": _training_images(model.batch_kind),
        "training_seconds": next(iter(results["arms"].values()))["seconds"],
    }
    return model.translate_batch, facts


def _training_images(kind: str) -> str:
    """How many images of either domain a variant of this kind of batch was trained on."""
    from tfi2i.data import open_source

    # With one domain it is the map that is translated.
    source = SOURCE.split("-")[0] if kind == "images" else SOURCE
    train = open_source(source, kind=kind, load_size=SIZE).splits["train"]
    return f"{len(train.a)} + {1 if train.b is None else len(train.b)}"


def _optimiser() -> tuple[Callable[[np.ndarray], np.ndarray], dict[str, Any]]:
    """Optimisation with the settings of the small recipe of gatys."""
    from tfi2i.recipe import load_recipe
    from tfi2i.zoo.style.gatys import Gatys

    recipe = load_recipe(find_variant("gatys").recipe_path("small")).resolve(Gatys)
    model = Gatys(**recipe.model_config(Gatys))
    model.compile(**recipe.arguments_for("train", Gatys.make_players))
    iterations = recipe.train_settings().epochs

    def stylise(images: np.ndarray) -> np.ndarray:
        return model.stylise(images[0], iterations=iterations)[None]

    return stylise, {"training_images": "none", "training_seconds": 0}


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def main(folder: Path) -> None:
    """Measures, writes `comparison.json` and the cards."""
    comparison = compare()
    write_json(folder / "comparison.json", comparison)
    for name in CARDS:
        replace_section(folder / name / "README.md", BEGIN, END, section(comparison))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
