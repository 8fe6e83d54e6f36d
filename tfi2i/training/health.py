"""Signs of failed training, in words."""

import math
from collections import deque

import numpy as np

# Thresholds in the [-1, 1] scale of images. Each names a state in which training rarely recovers by
# itself; they are wide enough that the healthy runs of this project's recipes do not cross them.
FLAT_SPREAD = 0.02
COPY_DISTANCE = 0.02
INVERTED_CORRELATION = -0.2
INVERTED_GAP = 0.5
PARTLY_INVERTED_CORRELATION = -0.1
# Mean luminance that makes targets light or dark, and the share of it with the opposite sign.
CLEARLY_LIGHT = 0.3
TURNED_SHARE = -0.3
# How much samples vary, as a share of how much real images do.
COLLAPSED_SHARE = 0.1
WON_FRACTION = 0.02
WON_WINDOW = 200


def first_not_finite(logs: dict[str, float]) -> str | None:
    """Name of the first log that is NaN or infinite; None if all are finite."""
    return next((name for name, value in logs.items() if not math.isfinite(value)), None)


def output_warnings(
    inputs: np.ndarray,
    outputs: np.ndarray,
    *,
    may_copy: bool = False,
    targets: np.ndarray | None = None,
    aligned: bool = False,
) -> list[str]:
    """What is wrong with a batch of translations.

    Args:
        inputs: (N, H, W, C) in [-1, 1], at least two different images.
        outputs: (N, H, W, C_out) in [-1, 1], their translations.
        may_copy: Whether outputs are meant to resemble the inputs.
        targets: (M, H, W, C_out) in [-1, 1], real images of the domain translated to, if any.
        aligned: Whether the targets are the truth, image by image.

    Returns:
        Sentences; empty if nothing is suspicious.
    """
    x, y = inputs, outputs
    found = []
    if len(y) > 1 and y.std(axis=0).mean() < FLAT_SPREAD:
        found.append(
            "the generator's outputs do not vary with the input (mode collapse): lower the "
            "learning rates or raise the weight of the content or reconstruction loss"
        )
    elif not may_copy and x.shape == y.shape and np.abs(x - y).mean() < COPY_DISTANCE:
        found.append(
            "the generator copies its input: lower the weights of the identity and cycle losses, "
            "or train longer"
        )
    elif _is_inverted(x, y, targets, aligned):
        found.append(
            "light and dark are inverted between input and output: an unpaired translator may "
            "settle there; restart with another seed or add the identity loss"
        )
    return found


def sample_warnings(samples: np.ndarray, real: np.ndarray) -> list[str]:
    """What is wrong with images that were drawn from noise.

    Args:
        samples: (N, H, W, C) in [-1, 1], of different latents.
        real: (M, H, W, C) in [-1, 1], at least two.

    Returns:
        Sentences; empty if nothing is suspicious.
    """
    if min(len(samples), len(real)) < 2:
        return []
    share = samples.std(axis=0).mean() / max(float(real.std(axis=0).mean()), 1e-6)
    if share >= COLLAPSED_SHARE:
        return []
    return [
        f"samples of different latents are nearly the same image (they vary {share:.0%} as much as "
        "real ones: mode collapse): go back to an earlier checkpoint, lower the learning rates, or "
        "take a critic whose slope is limited (wgan_gp, sngan)"
    ]


class DiscriminatorWatch:
    """Notices when a discriminator has won: its loss stays close to zero over many iterations."""

    def __init__(self, chance: float):
        """Args: chance: the loss of a discriminator that cannot tell real from fake."""
        self.chance = chance
        self.recent: deque[float] = deque(maxlen=WON_WINDOW)

    def warning(self, loss: float) -> str | None:
        """Takes the newest loss; returns a sentence if it has won over a whole window of losses."""
        self.recent.append(loss)
        if len(self.recent) < WON_WINDOW or max(self.recent) > WON_FRACTION * self.chance:
            return None
        self.recent.clear()
        return (
            f"the discriminator has won: its loss stayed below {WON_FRACTION * self.chance:.2g} "
            f"for {WON_WINDOW} iterations, so the generator gets no useful gradient; lower the "
            "discriminator's learning rate or weaken it"
        )


def _is_inverted(x: np.ndarray, y: np.ndarray, targets: np.ndarray | None, aligned: bool) -> bool:
    """Whether light and dark are inverted in the outputs, and are not in the targets.

    The expected value is the correlation of the inputs with their truths. Without truths it is that
    with every target, which shows what all images of the two domains share, such as a white ground;
    without targets nothing is expected. Where only a part is inverted, such as icons within a white
    border, a weaker correlation counts if outputs are dark and targets light, or the reverse.
    """
    correlation, expected = _luminance_correlation(x, y), 0.0
    if targets is not None:
        pairs = (
            zip(x, targets, strict=False)
            if aligned
            else ((one, other) for one in x for other in targets)
        )
        ours, theirs = (np.stack(images) for images in zip(*pairs, strict=True))
        expected = _luminance_correlation(ours, theirs)
        mean = targets.mean()
        turned = abs(mean) > CLEARLY_LIGHT and y.mean() / mean < TURNED_SHARE
        if turned and correlation < PARTLY_INVERTED_CORRELATION:
            return True
    return correlation < min(INVERTED_CORRELATION, expected - INVERTED_GAP)


def _luminance_correlation(x: np.ndarray, y: np.ndarray) -> float:
    if x.shape[1:3] != y.shape[1:3]:
        return 0.0
    a, b = x.mean(axis=-1).ravel(), y.mean(axis=-1).ravel()
    if a.std() < 1e-6 or b.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
