"""One CycleGAN for every pair of domains: what StarGAN takes the place of, trained and measured.

    python -m tfi2i.evidence.stargan_beside_cyclegans --out runs/cyclegans
    python -m tfi2i.evidence.stargan_beside_cyclegans --recipe icon_weights --epochs 1

trains CycleGAN's small recipe on all pairs of the domains of one of StarGAN's recipes and writes
`cyclegans.json` (or `cyclegans_<recipe>.json`) beside this file: figures of the same test images
and the same classifier as StarGAN's, and what the networks cost together. A CycleGAN sees all
training images of a folder's two domains. Of the Earth's maps it sees half of the training
longitudes in each, where StarGAN sees a third.
"""

import argparse
import itertools
import json
import statistics
from functools import partial
from pathlib import Path
from typing import Any

from tfi2i.data import DataSource, evaluation_domains, open_source
from tfi2i.data.builtin.earth import PREFIX as EARTH_PREFIX
from tfi2i.evidence.results import FIGURES, rounded
from tfi2i.evidence.trial import run_command, training_cost
from tfi2i.machine import describe_machine
from tfi2i.metrics import evaluate
from tfi2i.metrics.classifier import DomainClassifier
from tfi2i.recipe import Recipe, load_recipe
from tfi2i.training import RunFolder
from tfi2i.whole_files import write_json
from tfi2i.zoo.catalogue import find_variant, load
from tfi2i.zoo.translating import translator_of

SMALL = "small"
EPOCHS = 4


def compare(recipe_name: str, out: Path, *, epochs: int, seed: int) -> dict[str, Any]:
    """Trains and measures one CycleGAN for each pair of domains.

    Args:
        recipe_name: Name of StarGAN's recipe, which says what the domains are.
        out: Where the runs go; finished ones are not repeated.
        epochs: Epochs of each CycleGAN; the last half brings its rates to zero.
        seed: Seed of each run.

    Returns:
        `mean` figures over all directions, those of each direction, `seconds` and `parameters`
        of all runs together, and the machine.

    Raises:
        DataError: The recipe's images are not there.
        TrainingError: If a run fails; its own message is in its log.
    """
    stargan = find_variant("stargan")
    recipe = load_recipe(stargan.recipe_path(recipe_name)).resolve(stargan.load_class())
    source = open_source(**{**recipe.arguments_for("data", open_source), "kind": "labelled"})
    size = recipe.data["crop_size"]
    test = evaluation_domains(source, size=size)
    classifier = DomainClassifier(evaluation_domains(source, split="train", size=size))
    directions: dict[str, dict[str, float | None]] = {}
    seconds, parameters = 0.0, 0
    for first, second in itertools.combinations(source.class_names, 2):
        folder = RunFolder(out / recipe_name / f"{first}-{second}-seed{seed}")
        pair = _pair_source(recipe, first, second, folder.path.with_name(f"{first}-{second}"))
        _train(folder, pair, recipe, epochs, seed)
        model = translator_of(load(folder.path))
        for direction, origin, target in (("a2b", first, second), ("b2a", second, first)):
            translate = partial(model.translate_batch, direction=direction)
            found = _measure(translate, test[origin], test[target], source)
            accuracy = classifier.share(translate(test[origin]), target)
            directions[f"{origin} to {target}"] = {**found, "accuracy": rounded(accuracy)}
        seconds += training_cost(folder)["seconds"]
        parameters += sum(folder.facts()["parameters"].values())
    names = [*FIGURES, "accuracy"]
    return {
        **describe_machine(),
        "command": "python -m tfi2i.evidence.stargan_beside_cyclegans"
        + ("" if recipe_name == SMALL else f" --recipe {recipe_name}")
        + ("" if epochs == EPOCHS else f" --epochs {epochs}"),
        "epochs": epochs,
        "seed": seed,
        "mean": {name: _mean([one[name] for one in directions.values()]) for name in names},
        "seconds": round(seconds),
        "parameters": parameters,
        "directions": directions,
    }


def _pair_source(recipe: Recipe, first: str, second: str, links: Path) -> str:
    """Two domains of the recipe's images in CycleGAN's form: a name, or a folder of links."""
    name = recipe.data["source"]
    if name.startswith(EARTH_PREFIX):
        return f"{EARTH_PREFIX}{first}-{second}"
    for split, (letter, domain) in itertools.product(
        ("train", "test"), (("A", first), ("B", second))
    ):
        link = links / f"{split}{letter}"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(Path(name).absolute() / split / domain)
    return str(links)


def _train(folder: RunFolder, pair: str, recipe: Recipe, epochs: int, seed: int) -> None:
    print(f"{folder.path.name} ...", flush=True)
    channels, size = recipe.data["channels"], recipe.data["crop_size"]
    overrides = [
        f"data.source={json.dumps(pair)}",
        f"data.load_size={recipe.data['load_size']}",
        f"data.crop_size={size}",
        f"data.channels={channels}",
        f"model.a_channels={channels}",
        f"model.b_channels={channels}",
        f"train.epochs={epochs}",
        f"train.decay_epochs={epochs // 2}",
        f"train.seed={seed}",
    ]
    run = ("--run", str(folder.path))
    run_command("train", "cyclegan", "--recipe", SMALL, *overrides, *run, log=folder.path)


def _measure(translate, images, truth, source: DataSource) -> dict[str, float | None]:
    found = evaluate(translate, images, truth, paired=source.aligned_test)["translated"]
    return {key: rounded(found.get(key)) for key in FIGURES}


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.mean(known), 4) if known else None


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="One CycleGAN for every pair of StarGAN's domains")
    parser.add_argument("--recipe", default=SMALL, help="of StarGAN: small, skin_tones, ...")
    parser.add_argument("--out", type=Path, default=Path("runs/cyclegans"))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    found = compare(given.recipe, given.out, epochs=given.epochs, seed=given.seed)
    name = "cyclegans.json" if given.recipe == SMALL else f"cyclegans_{given.recipe}.json"
    path = find_variant("stargan").folder / name
    write_json(path, found)
    print(json.dumps(found["mean"]), f"{found['seconds']} s, {found['parameters']:,} weights")


if __name__ == "__main__":
    main()
