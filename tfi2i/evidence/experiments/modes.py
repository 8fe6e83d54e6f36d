"""Which games find all modes: eight Gaussians on a ring, drawn by perceptrons.

    python -m tfi2i.evidence.experiments.modes

Every game is the variant's own `train_step`, with networks of two hidden layers in place of
convolutions; a point of the plane is an image of one pixel and two channels. The ring is that of
Metz et al. 2017 ("Unrolled GANs", section 3.3.1), with wider modes. A mode is found if a tenth of
its share of the samples lies within three standard deviations of its middle.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfi2i.evidence.experiments.page import write_experiment
from tfi2i.layers import SpectralNormalization
from tfi2i.report.points import point_panels
from tfi2i.zoo.catalogue import find_variant

MODES, RADIUS, DEVIATION = 8, 2.0, 0.05
ITERATIONS, BATCH, UNITS, RATE = 2000, 128, 128, 1e-3
SEEDS = (0, 1, 2)
SAMPLES, SHOWN = 2000, 150
_TENTH = 0.1
# Name of a game to the variant and its arguments.
GAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "minimax": ("dcgan", {"objective": "minimax"}),
    "non-saturating": ("dcgan", {}),
    "WGAN-GP": ("wgan_gp", {}),
    "SN-GAN": ("sngan", {}),
    "R3GAN": ("r3gan", {"penalty_weight": 0.05}),
    "Siamese GAN": ("siamese_gan", {"vector_length": 2}),
}


def measure(iterations: int = ITERATIONS, seeds: tuple[int, ...] = SEEDS) -> dict[str, Any]:
    """Plays every game with every seed.

    Args:
        iterations: Updates of G.
        seeds: Of weights, latents and points.

    Returns:
        `games`: name to `modes`, `near` and `divergence`, each a list over seeds (`coverage`).
        `points`: title to `real` and `generated` points of the first seed.
    """
    games: dict[str, dict[str, list[float]]] = {}
    points: dict[str, dict[str, list]] = {}
    for name in GAMES:
        games[name] = {"modes": [], "near": [], "divergence": []}
        for seed in seeds:
            drawn = play(name, iterations, seed)
            for key, value in coverage(drawn).items():
                games[name][key].append(round(value, 4))
            if seed == seeds[0]:
                real = ring(SHOWN, np.random.default_rng(seed))
                shown = {"real": real, "generated": drawn[:SHOWN]}
                points[name] = {key: cloud.round(2).tolist() for key, cloud in shown.items()}
    facts = {"iterations": iterations, "seeds": list(seeds), "batch": BATCH, "rate": RATE}
    return {**facts, "games": games, "points": points}


def ring(count: int, draw: np.random.Generator) -> np.ndarray:
    """Points of the ring, float32 (count, 2)."""
    noise = draw.normal(0.0, DEVIATION, (count, 2))
    return (middles()[draw.integers(0, MODES, count)] + noise).astype(np.float32)


def middles() -> np.ndarray:
    """The middles of the modes, (MODES, 2)."""
    angles = 2 * np.pi * np.arange(MODES) / MODES
    return RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def coverage(points: np.ndarray) -> dict[str, float]:
    """How well points cover the ring.

    Args:
        points: (N, 2).

    Returns:
        `modes`, how many are found; `near`, the share of points within three standard deviations of
        one; `divergence`, the Kullback-Leibler divergence in nats of the points' nearest modes from
        all modes alike.
    """
    distances = np.linalg.norm(points[:, None] - middles()[None], axis=-1)
    nearest, near = distances.argmin(axis=1), distances.min(axis=1) <= 3 * DEVIATION
    found = np.bincount(nearest[near], minlength=MODES) / len(points)
    shares = np.bincount(nearest, minlength=MODES) / len(points)
    there = shares[shares > 0]
    return {
        "modes": float(np.sum(found >= _TENTH / MODES)),
        "near": float(near.mean()),
        "divergence": float(np.sum(there * np.log(there * MODES))),
    }


def play(name: str, iterations: int, seed: int) -> np.ndarray:
    """Trains one game and draws from it: (SAMPLES, 2)."""
    variant, arguments = GAMES[name]
    keras.utils.set_random_seed(seed)
    # One pixel is no image that could be halved.
    settings = {"crop_size": 1, "channels": 2, "latent_length": 8, "depth": 0, "seed": seed}
    plane = _in_the_plane(find_variant(variant).load_class())
    model = plane(**settings, **arguments, name=variant)
    rival = next(player for player in ("discriminator", "critic") if hasattr(model, player))
    model.compile(**{f"{rival}_learning_rate": RATE, "generator_learning_rate": RATE})
    step = tf.function(model.train_step)
    draw = np.random.default_rng(seed)
    for _ in range(iterations):
        points = ring(BATCH * model.mini_batch_count, draw)
        step(tf.constant(points[:, None, None]))
    latents = model.latents(SAMPLES, seed=seed + 1)
    return np.asarray(model.generator(latents, training=False))[:, 0, 0]


def _in_the_plane(variant: Any) -> Any:
    """The variant with perceptrons for networks."""

    class Plane(variant):
        def make_generator(self, depth: int, filters: int) -> keras.Model:
            del depth, filters
            latents = keras.Input((self.latent_length,))
            hidden = _hidden(latents, spectral=False)
            points = keras.layers.Dense(2)(hidden)
            images = keras.layers.Reshape((1, 1, 2))(points)
            return keras.Model(latents, images, name="generator")

        def make_rival(self, depth: int, filters: int) -> keras.Model:
            del depth, filters
            images = keras.Input((1, 1, 2))
            spectral = getattr(self, "spectral", False)
            hidden = _hidden(keras.layers.Flatten()(images), spectral=spectral)
            scores = _dense(getattr(self, "vector_length", 1), spectral)(hidden)
            return keras.Model(images, scores, name=self.rival)

    return Plane


def _hidden(rows: Any, *, spectral: bool) -> Any:
    for _ in range(2):
        rows = keras.layers.LeakyReLU(negative_slope=0.2)(_dense(UNITS, spectral)(rows))
    return rows


def _dense(units: int, spectral: bool) -> keras.layers.Layer:
    layer = keras.layers.Dense(units)
    return SpectralNormalization(layer) if spectral else layer


def sentences(found: dict[str, Any]) -> list[str]:
    """What the page says of the figures."""
    seeds = ", ".join(map(str, found["seeds"]))
    lines = [
        f"{found['iterations']} updates of G, {found['batch']} points a mini-batch, Adam of "
        f"{found['rate']}, seeds {seeds} (the picture: {found['seeds'][0]}). Of {MODES} modes:",
        "",
        "| game | modes found | samples near one | divergence from all alike, nats |",
        "|---|---|---|---|",
    ]
    for name, figures in found["games"].items():
        modes = ", ".join(f"{value:.0f}" for value in figures["modes"])
        near = ", ".join(f"{value:.2f}" for value in figures["near"])
        divergence = ", ".join(f"{value:.2f}" for value in figures["divergence"])
        lines.append(f"| {name} | {modes} | {near} | {divergence} |")
    return lines


def main() -> None:
    """Measures and writes."""
    found = measure()
    picture = point_panels(found.pop("points"))
    write_experiment("modes", found, picture, sentences(found))


if __name__ == "__main__":
    main()
