"""Writes networks of the zoo that draw from latents, for PyTorch to compute the same with them.

DCGAN's generator is exported as well, in two precisions.

Run: python -m benchmarks.given_networks FOLDER
"""

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfi2i.data.decode.values import EIGHT_BITS
from tfi2i.export.drawing import Drawing
from tfi2i.export.drawing_saved_model import write_saved_model
from tfi2i.zoo.catalogue import find_variant

# Of the published networks; a progressive GAN at its last size has no older images to mix in.
OPTIONS: dict[str, dict[str, Any]] = {
    "dcgan": {},
    "wgan_gp": {},
    "progressive_gan": {"growing": False},
}
_BATCH, _SIDE = 4, 64


def make(variant: str) -> Any:
    """The model at 64 px, as all contestants of a race have it."""
    keras.utils.set_random_seed(0)
    return find_variant(variant).load_class()(crop_size=_SIDE, **OPTIONS[variant])


def facts(model: Any) -> dict[str, np.ndarray]:
    """Both networks' weights in PyTorch's layouts, and what they give for a batch."""
    random = np.random.default_rng(0)
    given = {
        "latents": random.normal(size=(_BATCH, model.latent_length)).astype(np.float32),
        "images": random.uniform(-1, 1, (_BATCH, _SIDE, _SIDE, 3)).astype(np.float32),
    }
    judge = getattr(model, model.rival)
    written: dict[str, Any] = {
        "latents": given["latents"][:, :, None, None],
        "images": _channels_first(given["images"]),
    }
    networks = {"generator": (model.generator, "latents"), "judge": (judge, "images")}
    for name, (network, source) in networks.items():
        layers = _layers(network)
        weights = [weight.numpy() for layer in layers for weight in layer.trainable_variables]
        written[f"{name}_count"] = len(weights)
        for number, weight in enumerate(weights):
            # Kernels are (H, W, in, out) here, (out, in, H, W) there; transposed ones alike.
            turned = weight.transpose(3, 2, 0, 1) if weight.ndim == 4 else weight
            written[f"{name}_{number}"] = turned
        gives = np.asarray(network(given[source], training=True))
        written[f"{name}_gives"] = (
            _channels_first(gives) if gives.ndim == 4 else gives[:, :, None, None]
        )
    return written


def _layers(network: keras.Model) -> list[keras.layers.Layer]:
    """Those with weights that count, from the input to the output."""
    names = [layer.name for layer in network.layers]
    depth = sum(name.startswith("fade") or name.endswith("_up") for name in names)
    if "project_map" in names:  # The progressive generator: two of its layers enlarge a size.
        depth //= 2
        inner = [f"level{level}_conv{one}" for level in range(1, depth + 1) for one in (0, 1)]
        names = ["project_conv", "level0_conv", *inner, f"image{depth}_conv"]
    elif depth:  # Its discriminator.
        names = [f"from_image{depth}", *(f"down{level}" for level in range(depth, 0, -1)), "scores"]
    return [network.get_layer(name) for name in names]


def _channels_first(images: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def main() -> None:
    """Writes `<variant>.npz` for every one, and `dcgan/<precision>`, two SavedModels."""
    folder = Path(sys.argv[1])
    for variant in OPTIONS:
        np.savez(folder / f"{variant}.npz", allow_pickle=False, **facts(make(variant)))
    generator = make("dcgan").generator
    for precision in ("float32", "bfloat16"):
        drawing = Drawing.of(
            generator, prior="normal", gives=EIGHT_BITS, precision=precision, fused=True
        )
        write_saved_model(drawing, folder / "dcgan" / precision, {})


if __name__ == "__main__":
    main()
