"""Parts of the benchmarks: generators from latents, their training and their samples."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.contestants import BFLOAT16, FROZEN, OURS, ours, run, theirs, times

# Variant, batch, rounds and steps in a round, at 64 px with the published networks. WGAN-GP's batch
# is five mini-batches. The progressive GAN, at its last size, has a quarter of the paper's batch:
# one step of 16 images takes 20 seconds.
GAMES = [("dcgan", 64, 4, 4), ("wgan_gp", 320, 2, 2), ("progressive_gan", 4, 2, 2)]


def generation(peers: str, scale: float) -> dict[str, Any]:
    """Steps of DCGAN, WGAN-GP and the progressive GAN through `fit`, beside PyTorch.

    PyTorch's networks have the zoo's weights and are held against the zoo's numbers first.
    """
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        _write_networks(folder)
        for variant, batch, rounds, steps in GAMES:
            work = (variant, "--size", "64", "--batch", str(batch))
            torch = (peers, "train_torch", *work, "--like", str(Path(folder) / f"{variant}.npz"))
            contestants = [
                ours(OURS, "train_tfi2i", *work, *BFLOAT16),
                ours("tfi2i float32", "train_tfi2i", *work),
                theirs("PyTorch float32", *torch),
                theirs("PyTorch bfloat16, channels last", *torch, "--bfloat16"),
                theirs("PyTorch bfloat16, compiled", *torch, "--bfloat16", "--compiled"),
            ]
            raced = run(contestants, times(rounds, scale), steps, warm_up=1)
            results[f"{variant} 64 px, batch {batch}"] = raced
    return results


def game_levers(peers: str, scale: float) -> dict[str, Any]:
    """What the levers of DCGAN's networks give: the whole, and the whole without one."""
    results = {}
    for variant, batch, rounds, steps in GAMES[:2]:
        work = (variant, "--size", "64", "--batch", str(batch), *BFLOAT16)
        variations = {
            OURS: (),
            "kernels' gradients as convolutions": ("--plain", "narrow"),
            "Keras' LeakyReLU": ("--plain", "rectifier"),
        }
        contestants = [ours(name, "train_tfi2i", *work, *more) for name, more in variations.items()]
        results[f"{variant} 64"] = run(contestants, times(rounds, scale), steps, warm_up=1)
    return results


def sampling(peers: str, scale: float) -> dict[str, Any]:
    """A thousand images of DCGAN's generator at 64 px through its SavedModel, beside PyTorch."""
    with tempfile.TemporaryDirectory() as folder:
        _write_networks(folder)
        torch = (peers, "sample_torch", "--like", str(Path(folder) / "dcgan.npz"))
        contestants = [
            *(
                ours(
                    f"tfi2i SavedModel {precision}",
                    "sample_tfi2i",
                    str(Path(folder) / "dcgan" / precision),
                    **FROZEN,
                )
                for precision in ("bfloat16", "float32")
            ),
            theirs("PyTorch float32", *torch),
            theirs("PyTorch bfloat16, channels last", *torch, "--bfloat16"),
            theirs("PyTorch bfloat16, compiled", *torch, "--bfloat16", "--compiled"),
        ]
        return {"dcgan": run(contestants, times(4, scale), 2)}


def _write_networks(folder: str) -> None:
    command = [sys.executable, "-m", "benchmarks.given_networks", folder]
    subprocess.run(command, check=True)
