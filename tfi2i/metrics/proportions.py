"""Shares of answers and how sure they are: of one participant, and of several."""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

_RESAMPLES = 10_000


def wilson_interval(
    successes: int, trials: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Wilson's score interval of a share (E. B. Wilson 1927, JASA 22, 209), also of 0 and of 1.

    Args:
        successes: Of the trials; 0 to `trials`.
        trials: Independent trials, at least 1.
        confidence: How often such an interval holds the true share.

    Returns:
        Its lower and upper end, in [0, 1].

    Raises:
        ValueError: If there are no trials, or more successes than trials.
    """
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"{successes} of {trials} trials is no share")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def participants_interval(
    answers: Sequence[tuple[int, int]], *, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of the share of all answers, by drawing participants with replacement.

    Answers of one participant resemble each other: an interval that took all of them for
    independent would be too narrow. One participant alone has Wilson's.

    Args:
        answers: Successes and trials of each participant.
        confidence: As for `wilson_interval`.

    Returns:
        Its lower and upper end, in [0, 1]; the same for the same answers.
    """
    if len(answers) == 1:
        return wilson_interval(*answers[0], confidence=confidence)
    counts = np.asarray(answers)
    random = np.random.default_rng(0)
    drawn = counts[random.integers(len(counts), size=(_RESAMPLES, len(counts)))].sum(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [tail, 1 - tail])
    return float(low), float(high)
