"""Where the figures of what a model made stand among all those of an evaluation."""

from collections.abc import Mapping
from typing import Any

# The images that a model was measured by: translations of test images, or samples.
MADE = ("translated", "samples")


def figures_made(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a model's translations, or of its samples; empty where it made neither.

    Args:
        evaluation: What `GAN.measure` or `tfi2i evaluate --json` gave.
    """
    return next((evaluation[name] for name in MADE if name in evaluation), {})
