"""What was read from somebody's files: networks with their arrays, before there is a model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

Role = Literal["G", "G_A", "G_B", "D", "D_A", "D_B"]


@dataclass(frozen=True)
class Part:
    """One network of a file.

    Attributes:
        role: What it is in its training, as the files of the PyTorch implementation are called:
            G_A and the G of pix2pix translate from A to B, G_B from B to A.
        path: Where it comes from.
        network: Of a generator: `unet`, `resnet` or `tutorial_unet`; of a discriminator `patchgan`.
        size: `depth`, `blocks` or `receptive_field`.
        channels: In and out.
        filters: Channels after the first convolution.
        norm: `batch` or `instance`.
        words: One line on it.
        arrays_for: Its arrays for a network of ours, by `layer/variable`; raises a WeightsError
            that names what does not fit.
    """

    role: Role
    path: Path
    network: str
    size: dict[str, int]
    channels: tuple[int, int]
    filters: int
    norm: Literal["batch", "instance"]
    words: str
    arrays_for: Callable[[keras.Model], dict[str, np.ndarray]]

    @property
    def form(self) -> tuple[Any, ...]:
        """What two generators of one model must have in common."""
        return self.network, tuple(self.size.items()), self.filters
