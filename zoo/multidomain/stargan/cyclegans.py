"""One CycleGAN for every pair of domains: what StarGAN takes the place of, trained and measured.

    python -m tfi2i.zoo.multidomain.stargan.cyclegans --out runs/cyclegans

trains CycleGAN's small recipe on the three pairs of the small recipe's Earth maps and writes
`cyclegans.json` beside this file: figures of the same test images and the same classifier as
StarGAN's, and what the networks cost together. A CycleGAN sees half of the training longitudes in
each domain, where StarGAN sees a third.
"""

import argparse
import itertools
import json
import statistics
from pathlib import Path
from typing import Any

from tfi2i.data import evaluation_domains, open_source
from tfi2i.measured_run import measured_run
from tfi2i.metrics.classifier import DomainClassifier
from tfi2i.results import FIGURES, rounded
from tfi2i.training import RunFolder, TranslationGAN
from tfi2i.training.run_folder import describe_machine
from tfi2i.zoo.catalogue import find_variant, load

SOURCE = "earth:bmng+etopo1+shadedrelief"
SIZE = 64
EPOCHS = 4


def compare(out: Path, *, epochs: int, seed: int) -> dict[str, Any]:
    """Trains and measures one CycleGAN for each pair of maps.

    Args:
        out: Where the runs go; finished ones are not repeated.
        epochs: Of each CycleGAN; the last half brings its rates to zero.
        seed: Of each run.

    Returns:
        `mean` figures over the six directions, those of each direction, `seconds` and `parameters`
        of all runs together, and the machine.
    """
    source = open_source(SOURCE)
    test = evaluation_domains(source, size=SIZE)
    classifier = DomainClassifier(evaluation_domains(source, split="train", size=SIZE))
    directions: dict[str, dict[str, float | None]] = {}
    seconds, parameters = 0.0, 0
    for first, second in itertools.combinations(source.class_names, 2):
        folder = RunFolder(out / f"{first}-{second}-seed{seed}")
        record = _trained(folder, f"earth:{first}-{second}", epochs, seed)
        figures = record["evaluation"]
        model = load(folder.path)
        assert isinstance(model, TranslationGAN)
        there = {"a2b": (first, second), "b2a": (second, first)}
        for direction, (origin, target) in there.items():
            own = figures[direction] if direction in figures else figures
            made = model.translate_batch(test[origin], direction=direction)
            directions[f"{origin} to {target}"] = {
                **{key: rounded(own["translated"].get(key)) for key in FIGURES},
                "accuracy": rounded(classifier.share(made, target)),
            }
        seconds += record["seconds"]
        parameters += sum(folder.facts()["parameters"].values())
    names = [*FIGURES, "accuracy"]
    return {
        **describe_machine(),
        "command": "python -m tfi2i.zoo.multidomain.stargan.cyclegans",
        "epochs": epochs,
        "seed": seed,
        "mean": {name: _mean([one[name] for one in directions.values()]) for name in names},
        "seconds": round(seconds),
        "parameters": parameters,
        "directions": directions,
    }


def _trained(folder: RunFolder, source: str, epochs: int, seed: int) -> dict[str, Any]:
    """What `measured_run` gives of one CycleGAN."""
    overrides = [
        f"data.source={source}",
        f"train.epochs={epochs}",
        f"train.decay_epochs={epochs // 2}",
        f"train.seed={seed}",
    ]
    return measured_run(folder, ["cyclegan", "--recipe", "small", *overrides], label=source, jobs=1)


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.mean(known), 4) if known else None


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="One CycleGAN for every pair of StarGAN's domains")
    parser.add_argument("--out", type=Path, default=Path("runs/cyclegans"))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    found = compare(arguments.out, epochs=arguments.epochs, seed=arguments.seed)
    path = find_variant("stargan").folder / "cyclegans.json"
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found["mean"]), f"{found['seconds']} s, {found['parameters']:,} weights")


if __name__ == "__main__":
    main()
