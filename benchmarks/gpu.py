"""A part of the benchmarks: training steps on a GPU, beside PyTorch on the same one."""

from typing import Any

from benchmarks.contestants import BFLOAT16, OURS, ours, run, theirs

# Variant, batch of 256 px images, steps in a round: the paper's batch of one, and one that gives a
# large card something to do.
WORKS = [
    ("pix2pix", 1, 60),
    ("pix2pix", 16, 20),
    ("cyclegan", 1, 30),
    ("cyclegan", 8, 6),
]
STEPS_PER_CALL = 10


def gpu(peers: str, scale: float, works: list[str] | None = None) -> dict[str, Any]:
    """Steps of pix2pix and CycleGAN at 256 px through `fit`, and PyTorch's."""
    results = {}
    for variant, batch, steps in WORKS:
        name = f"{variant} 256 px, batch {batch}"
        if works and f"{variant} {batch}" not in works:
            continue
        work = (variant, "--size", "256", "--batch", str(batch))
        torch = (peers, "train_torch", *work, "--gpu")
        calls = ("--steps", str(STEPS_PER_CALL))
        # All contestants are on the card at once: none may take all of its memory.
        shared = {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
        contestants = [
            ours(OURS, "train_tfi2i", *work, *BFLOAT16, **shared),
            ours(f"{OURS}, XLA", "train_tfi2i", *work, *BFLOAT16, "--xla", **shared),
            ours(f"{OURS}, 10 steps a call", "train_tfi2i", *work, *BFLOAT16, *calls, **shared),
            ours("tfi2i float32", "train_tfi2i", *work, **shared),
            ours("plain Keras float32", "peers.train_keras", *work, **shared),
            theirs("PyTorch float32", *torch),
            theirs("PyTorch bfloat16, channels last", *torch, "--bfloat16"),
            theirs("PyTorch bfloat16, compiled", *torch, "--bfloat16", "--compiled"),
        ]
        steps = -(-steps // STEPS_PER_CALL) * STEPS_PER_CALL
        rounds = max(1, round(3 * scale))
        results[name] = run(contestants, rounds, steps, warm_up=2 * STEPS_PER_CALL, together=True)
    return results
