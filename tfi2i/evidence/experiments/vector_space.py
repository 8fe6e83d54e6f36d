"""The space of the Siamese GAN's vectors before, during and after a training, in the plane.

    python -m tfi2i.evidence.experiments.vector_space

trains the small recipe with vectors of two components. Real images should gather at the origin, and
generated ones stay a margin away, until G brings them there too.
"""

import itertools
from typing import Any

import numpy as np
import tensorflow as tf

from tfi2i.data import evaluation_arrays, open_source, training_batches
from tfi2i.evidence.experiments.page import write_experiment
from tfi2i.recipe import load_recipe
from tfi2i.report.points import point_panels
from tfi2i.zoo.catalogue import find_variant

MOMENTS = (0, 100, 1200)
COUNT = 200


def measure(
    moments: tuple[int, ...] = MOMENTS, count: int = COUNT, seed: int = 0
) -> dict[str, Any]:
    """Trains, and looks at the vectors at some moments.

    Args:
        moments: Completed iterations, in their order.
        count: Held-out images and samples that are looked at.
        seed: Of weights, latents and the order of the images.

    Returns:
        `points`: moment to `real` and `generated` vectors. `distances`: moment to the mean squared
        distances of both from the origin.

    Raises:
        MissingExtraError: The digits are not installed.
    """
    variant = find_variant("siamese_gan")
    recipe = load_recipe(variant.recipe_path("small")).resolve(variant.load_class())
    source = open_source(**{**recipe.arguments_for("data", open_source), "kind": "images"})
    config = recipe.model_config(variant.load_class())
    model = variant.load_class()(**{**config, "seed": seed, "channels": 1, "vector_length": 2})
    model.compile()
    held_out, _, _ = evaluation_arrays(source, size=model.crop_size, limit=count)
    real = tf.constant(source.value_ranges[0].to_float(held_out))
    latents = tf.constant(model.latents(count, seed=seed))
    settings = recipe.arguments_for("data", training_batches)
    batches = iter(training_batches(**{**settings, "source": source}, seed=seed))
    step = tf.function(model.train_step)
    points, distances, done = {}, {}, 0
    for moment in moments:
        for batch in itertools.islice(batches, moment - done):
            step(batch)
        done = moment
        # As the losses see them: batch norm by the statistics of the batch.
        vectors = {
            "real": model.discriminator(real, training=True),
            "generated": model.discriminator(
                model.generator(latents, training=True), training=True
            ),
        }
        title = f"iteration {moment}"
        points[title] = {name: np.asarray(v).round(4).tolist() for name, v in vectors.items()}
        distances[title] = {
            name: float(f"{float(tf.reduce_mean(tf.reduce_sum(v**2, axis=1))):.4g}")
            for name, v in vectors.items()
        }
    return {"seed": seed, "margin": model.margin, "distances": distances, "points": points}


def sentences(found: dict[str, Any]) -> list[str]:
    """What the page says of the figures."""
    lines = [
        f"Mean squared distances from the origin, the margin being {found['margin']:g}:",
        "",
        "| | held-out images | samples |",
        "|---|---|---|",
    ]
    for title, mean in found["distances"].items():
        lines.append(f"| {title} | {mean['real']:.3g} | {mean['generated']:.3g} |")
    return lines


def main() -> None:
    """Measures and writes."""
    found = measure()
    picture = point_panels(found.pop("points"), own_scale=True)
    write_experiment("vector_space", found, picture, sentences(found))


if __name__ == "__main__":
    main()
