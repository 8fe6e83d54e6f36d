"""What a trained model can be used for: its views, each a network and what that takes."""

from dataclasses import dataclass
from typing import Literal

import keras

Taken = Literal["images", "latents", "labels", "captions", "style", "domain"]


@dataclass(frozen=True)
class View:
    """One use of a model after training.

    `translate` wants a view that takes an image; a view that takes none draws images from noise,
    labels or captions; an export looks at what a view takes.

    Attributes:
        network: A functional model to images, float in [-1, 1]; its inputs are `takes`, in order.
        takes: What the network's inputs are.
        reads: The part of a source, `a` or `b`, that its images come from; None without images.
        makes: The part of a source, `a` or `b`, that what it makes resembles.
    """

    network: keras.Model
    takes: tuple[Taken, ...]
    reads: Literal["a", "b"] | None = None
    makes: Literal["a", "b"] = "a"
