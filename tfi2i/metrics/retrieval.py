"""Whether an image shows what its caption says, told by a regression from images to embeddings."""

import numpy as np

# Of features with a variance of 1: from hardly any to so many that a thousand images count little.
_PENALTIES = (1e1, 1e2, 1e3, 1e4, 1e5)
# Each that many-th image is held back to choose the penalty.
_HELD_BACK = 5


class CaptionJudge:
    """Predicts the embedding of an image's caption from the image's features, by ridge regression.

    It is trained on real images, and knows no generator.

    Attributes:
        penalty: The one that predicted held-back training images best.
    """

    def __init__(self, features: np.ndarray, embeddings: np.ndarray):
        """Learns from real images.

        Args:
            features: (N, F).
            embeddings: Of their captions, (N, L).
        """
        features, embeddings = np.asarray(features, np.float64), np.asarray(embeddings, np.float64)
        self._mean, self._spread = features.mean(axis=0), features.std(axis=0) + 1e-9
        self._middle = embeddings.mean(axis=0)
        inputs, targets = (features - self._mean) / self._spread, embeddings - self._middle
        held = np.arange(len(inputs)) % _HELD_BACK == 0
        errors = [
            np.mean((inputs[held] @ weights - targets[held]) ** 2)
            for weights in _ridge(inputs[~held], targets[~held], _PENALTIES)
        ]
        self.penalty = _PENALTIES[int(np.argmin(errors))]
        (self._weights,) = _ridge(inputs, targets, (self.penalty,))

    def ranks(self, features: np.ndarray, embeddings: np.ndarray) -> np.ndarray:
        """How many other captions seem to fit each image better than its own: int64 (N,).

        Args:
            features: Of images, (N, F).
            embeddings: Of their captions, (N, L); all of them are candidates for each image.
        """
        predicted = (np.asarray(features, np.float64) - self._mean) / self._spread @ self._weights
        candidates = np.asarray(embeddings, np.float64) - self._middle
        likeness = _directions(predicted) @ _directions(candidates).T
        own = np.diag(likeness)[:, None]
        # The same caption of another image is no better and no worse.
        _, alike = np.unique(np.asarray(embeddings), axis=0, return_inverse=True)
        return ((likeness > own) & (alike[:, None] != alike[None])).sum(axis=1)


def retrieval_of(ranks: np.ndarray, *, candidates: int = 10) -> float:
    """How often an image's own caption fits it best among some: its own and others, drawn evenly.

    The mean over all draws is computed, none is made. Chance is 1 / `candidates`.

    Args:
        ranks: As of `CaptionJudge.ranks`.
        candidates: Captions in each draw; fewer where there are fewer.
    """
    others = len(ranks) - 1
    drawn = min(candidates - 1, others)
    worse = others - np.asarray(ranks, np.float64)
    chances = np.ones(len(ranks))
    for place in range(drawn):
        chances *= np.maximum(worse - place, 0.0) / (others - place)
    return float(chances.mean())


def _ridge(
    inputs: np.ndarray, targets: np.ndarray, penalties: tuple[float, ...]
) -> list[np.ndarray]:
    left, values, right = np.linalg.svd(inputs, full_matrices=False)
    projected = left.T @ targets
    return [
        right.T @ ((values / (values**2 + penalty))[:, None] * projected) for penalty in penalties
    ]


def _directions(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
