"""Mean and deviation of a domain's distances, as part of the saved state."""

import keras
import numpy as np

from tfi2i.errors import DataError
from tfi2i.losses import DistanceScale


class DistanceStatistics(keras.layers.Layer):
    """Two numbers that are measured once and kept: they say which distances are large in a domain.

    Until they are measured, distances are taken as they are (mean 0, deviation 1).
    """

    def __init__(self, name: str):
        """Takes a name that is unique within the model."""
        super().__init__(name=name, trainable=False, dtype="float32")
        self.mean = self._number("mean", "zeros")
        self.deviation = self._number("deviation", "ones")
        self.built = True

    def _number(self, name: str, initializer: str) -> keras.Variable:
        return self.add_weight(
            name=name,
            shape=(),
            initializer=initializer,
            trainable=False,
            aggregation="only_first_replica",
        )

    def measure(self, distances: np.ndarray) -> None:
        """Takes both numbers from a domain's distances.

        Raises:
            DataError: If the distances are all equal.
        """
        deviation = float(distances.std())
        if deviation < 1e-6:
            raise DataError(
                "the training images of a domain are all equally far from each other "
                f"({float(distances.mean()):.3g}): there are no distances to keep"
            )
        self.mean.assign(float(distances.mean()))
        self.deviation.assign(deviation)

    @property
    def scale(self) -> DistanceScale:
        """What the losses normalise with."""
        return DistanceScale(self.mean.value, self.deviation.value)
