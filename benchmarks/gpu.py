"""A part of the benchmarks: training steps on a GPU, beside PyTorch on the same one."""

from typing import Any

from benchmarks.contestants import BFLOAT16, OURS, ours, run, theirs, times

STEPS_PER_CALL = 10
# Variant, batch of 256 px images, calls in a round: the paper's batch of one, and one that gives a
# large card something to do.
WORKS = [
    ("pix2pix", 1, 6),
    ("pix2pix", 16, 2),
    ("cyclegan", 1, 3),
    ("cyclegan", 8, 1),
]


def gpu(peers: str, scale: float, works: list[str] | None = None) -> dict[str, Any]:
    """Steps of pix2pix and CycleGAN at 256 px through `fit`, and PyTorch's."""
    results = {}
    for variant, batch, calls in WORKS:
        name = f"{variant} 256 px, batch {batch}"
        if works and f"{variant} {batch}" not in works:
            continue
        work = (variant, "--size", "256", "--batch", str(batch))
        torch = (peers, "train_torch", *work, "--gpu")
        several = ("--steps", str(STEPS_PER_CALL))
        # All contestants are on the card at once: none may take all of its memory.
        shared = {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
        contestants = [
            ours(OURS, "train_tfi2i", *work, *BFLOAT16, **shared),
            ours(f"{OURS}, XLA", "train_tfi2i", *work, *BFLOAT16, "--xla", **shared),
            ours(f"{OURS}, 10 steps a call", "train_tfi2i", *work, *BFLOAT16, *several, **shared),
            ours("tfi2i float32", "train_tfi2i", *work, **shared),
            ours("plain Keras float32", "peers.train_keras", *work, **shared),
            theirs("PyTorch float32", *torch),
            theirs("PyTorch bfloat16, channels last", *torch, "--bfloat16"),
            theirs("PyTorch bfloat16, compiled", *torch, "--bfloat16", "--compiled"),
            theirs("PyTorch bfloat16, CUDA graphs", *torch, "--bfloat16", "--graphs"),
        ]
        steps, warm_up = calls * STEPS_PER_CALL, 2 * STEPS_PER_CALL
        results[name] = run(contestants, times(3, scale), steps, warm_up=warm_up, together=True)
    return results
