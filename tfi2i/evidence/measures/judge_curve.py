"""What a discriminator or critic says of samples while it trains, beside their quality."""

from typing import TYPE_CHECKING

import numpy as np

from tfi2i.errors import DataError
from tfi2i.metrics.distances import rank_correlation

if TYPE_CHECKING:
    from tfi2i.training import GAN, RunFolder

_ESTIMATE, _QUALITY = "distance", "val_kid"
_FEWEST = 3


def judge_curve(model: "GAN", run: "RunFolder") -> tuple[float | None, list[list[float]]]:
    """Spearman's correlation of the game's own estimate of a distance with KID, over a training.

    WGAN's claim (Arjovsky et al. 2017, section 4.2): the critic's estimate falls as samples get
    better, which no other game's loss does. A critic logs its estimate as `distance`. The loss of a
    discriminator is read as an estimate too: by how much it is below that of one that cannot tell,
    which for the cross-entropy is twice the Jensen-Shannon distance (Goodfellow et al. 2014,
    theorem 1).

    Args:
        model: The model that was trained.
        run: Its folder, with figures of `train.evaluate_every`.

    Returns:
        The correlation, None where all of one side are equal, and a point (estimate, KID) for each
        measurement; the estimate is the mean since the one before.

    Raises:
        DataError: The run has fewer than three measurements, or its game has no such estimate.
    """
    measured = [line for line in run.figures() if _QUALITY in line and line["iteration"] > 0]
    if len(measured) < _FEWEST:
        raise DataError(
            f"{run.path.name} has {len(measured)} measurements of KID while it trained, and "
            f"{_FEWEST} are needed: train it with train.evaluate_every=1"
        )
    points, before = [], 0.0
    for line in measured:
        now = line["iteration"]
        losses = [one for one in run.metrics() if before < one["iteration"] <= now]
        if losses:
            estimates = [_estimate(model, one) for one in losses]
            points.append([float(np.mean(estimates)), float(line[_QUALITY])])
        before = now
    estimates, kids = np.array(points).T
    return rank_correlation(estimates, kids), np.round(points, 5).tolist()


def _estimate(model: "GAN", losses: dict[str, float]) -> float:
    if _ESTIMATE in losses:
        return losses[_ESTIMATE]
    if model.discriminator_game is None:
        raise DataError(f"{model.name} logs no estimate of a distance: it has none")
    name, cannot_tell = model.discriminator_game
    return cannot_tell - losses[name]
