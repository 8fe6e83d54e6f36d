"""Why G's loss is not the game's own: how large a gradient reaches G from a D that wins.

    python -m tfi2i.evidence.experiments.saturation

Goodfellow et al. 2014 (section 3) say that log(1 - D(G(z))) saturates where D rejects samples with
confidence. Arjovsky and Bottou 2017 (figures 2 and 3) measure it: D learns alone, against a G that
waits, and the length of both gradients is noted on the way. Here G and D are DCGAN's small ones on
digits; a second panel has the same while both play.
"""

import itertools
from typing import Any

import numpy as np
import tensorflow as tf

from tfi2i import losses
from tfi2i.data import open_source, training_batches
from tfi2i.evidence.experiments.page import write_experiment
from tfi2i.recipe import load_recipe
from tfi2i.report.curves import curve_panels
from tfi2i.zoo.catalogue import find_variant

STEPS = 120
OBJECTIVES = {
    "minimax": losses.minimax_generator,
    "non-saturating": losses.non_saturating_generator,
}
WAITS, PLAYS = "G waits while D learns", "both play"


def measure(steps: int = STEPS, seed: int = 0) -> dict[str, Any]:
    """Trains D alone and both players, and notes gradients before every step.

    Args:
        steps: Of D.
        seed: Of the weights, the latents and the order of the images.

    Returns:
        `panels`: title to objective to points (step, length of the gradient of G's weights).
        `rejected`: title to points (step, mean D(G(z))).

    Raises:
        MissingExtraError: The digits are not installed.
    """
    panels: dict[str, dict[str, list]] = {}
    rejected: dict[str, list] = {}
    for title in (WAITS, PLAYS):
        panels[title], rejected[title] = _watched(steps, seed, together=title == PLAYS)
    return {"seed": seed, "steps": steps, "panels": panels, "rejected": rejected}


def _watched(steps: int, seed: int, *, together: bool) -> tuple[dict[str, list], list]:
    variant = find_variant("dcgan")
    recipe = load_recipe(variant.recipe_path("small")).resolve(variant.load_class())
    source = open_source(**{**recipe.arguments_for("data", open_source), "kind": "images"})
    model = variant.load_class()(
        **{**recipe.model_config(variant.load_class()), "seed": seed, "channels": 1}
    )
    model.compile()
    settings = recipe.arguments_for("data", training_batches)
    batches = training_batches(**{**settings, "source": source}, seed=seed)
    if not together:
        model.players["generator"].set_learning_rate(0.0)
    step = tf.function(model.train_step)
    watch = tf.function(_gradients)
    curves: dict[str, list] = {name: [] for name in OBJECTIVES}
    rejected = []
    for number, batch in enumerate(itertools.islice(batches, steps)):
        latents = tf.constant(model.latents(len(batch), seed=seed))
        lengths, believed = watch(model, latents)
        for name, length in lengths.items():
            curves[name].append([number, _short(length)])
        rejected.append([number, _short(believed)])
        step(batch)
    return curves, rejected


def _short(value: tf.Tensor) -> float:
    return float(f"{float(value):.4g}")


def _gradients(model: Any, latents: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """The length of each objective's gradient of G's weights, and the mean D(G(z))."""
    weights = [variable.value for variable in model.generator.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        scores = model.discriminator(model.generator(latents, training=True), training=True)
        values = {name: objective(scores) for name, objective in OBJECTIVES.items()}
    lengths = {
        name: tf.linalg.global_norm(tape.gradient(value, weights)) for name, value in values.items()
    }
    return lengths, tf.reduce_mean(tf.sigmoid(scores))


def sentences(found: dict[str, Any]) -> list[str]:
    """What the page says of the figures."""
    lines = [
        f"Means over the last tenth of {found['steps']} steps, seed {found['seed']}:",
        "",
        "| | mean D(G(z)) | gradient, minimax | gradient, non-saturating | ratio |",
        "|---|---|---|---|---|",
    ]
    for title, curves in found["panels"].items():
        last = slice(-max(1, found["steps"] // 10), None)
        believed = np.mean([y for _, y in found["rejected"][title][last]])
        own, steep = (np.mean([y for _, y in curves[name][last]]) for name in OBJECTIVES)
        lines.append(f"| {title} | {believed:.4f} | {own:.2e} | {steep:.2e} | {steep / own:,.0f} |")
    return lines


def main() -> None:
    """Measures and writes."""
    found = measure()
    picture = curve_panels(
        found["panels"], horizontal="step of D", vertical="gradient of G", logarithmic=True
    )
    write_experiment("saturation", found, picture, sentences(found))


if __name__ == "__main__":
    main()
