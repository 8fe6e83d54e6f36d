"""The section of docs/speed.md on generators from latents beside PyTorch, and their limit."""

from typing import Any

from benchmarks.contestants import OURS
from benchmarks.markdown import table

_READING = """The last column divides PyTorch's best time by what the products of our step would
take at the peak, all else for nothing: no step of this library can be further ahead on this
machine. PyTorch's convolutions are oneDNN's too, and most of them run near the peak in both; "Where
the time goes" lists ours kernel by kernel. With networks as wide as these, little is spent
elsewhere: Adam, norms and casts, which decide the races of translators with a batch of one, are a
few percent here. What is left to win is in kernels with three channels on one side, and in
gradients of kernels.

DCGAN's step draws its latents' images twice, once for each network's step, so that batch norm's
averages move as in the paper's algorithm; PyTorch's, as its users write it, draws them once.
PyTorch cannot compile a network that a gradient penalty differentiates twice: of WGAN-GP and the
progressive GAN it compiles all but the penalty."""


def generation_section(results: dict[str, Any]) -> str:
    """Each race in bfloat16, and how far ahead a step could be at the machine's peak."""
    shares = results["shares"]
    peak = shares["peak_gflops"]["bfloat16"]
    rows = []
    for work, outcomes in results["generation"].items():
        mine = outcomes[OURS]["median_s"]
        best = min(one["median_s"] for name, one in outcomes.items() if name.startswith("PyTorch"))
        row = [work, f"{mine:.2f}", f"{best:.2f}", f"{best / mine:.2f}"]
        measured = shares.get(f"{work} step")
        least = measured and measured["gflop"] / peak
        rows.append([*row, *([f"{least:.2f}", f"{best / least:.2f}"] if least else ["", ""])])
    head = ["training step", "tfi2i, s", "PyTorch's best, s", "times as fast"]
    head += ["products at the peak, s", "times as fast at most"]
    return table(head, rows) + "\n\n" + _READING
