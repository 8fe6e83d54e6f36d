"""What variants of style transfer have in common: a picture has a content and a style."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from tfi2i.image_sizes import Size

if TYPE_CHECKING:
    from tfi2i.data import DataSource

# Test images that are stylised to be measured.
MOST_IMAGES = 32


@dataclass(frozen=True)
class Stylised:
    """What a variant makes in its own use.

    Attributes:
        made: Stylised images, uint8 (N, H, W, 3).
        contents: What they were made from, uint8 (N, H, W, 3).
        styles: One style image for all, or one for each; uint8 (H, W, 3) of any size.
    """

    made: np.ndarray
    contents: np.ndarray
    styles: list[np.ndarray]


@runtime_checkable
class Stylises(Protocol):
    """A model that paints contents in styles of its own choice."""

    def stylised(self, source: "DataSource", size: Size) -> Stylised:
        """Some of its pictures, with what they were made from.

        Args:
            source: The images; the variant says which part of them it uses.
            size: Side of the images in pixels, or (height, width).
        """
        ...


@runtime_checkable
class TakesStyle(Protocol):
    """A model that is given a style after training."""

    def set_style(self, image: np.ndarray | str | Path, *, strength: float = 1.0) -> None:
        """Sets the style of all translations from now on.

        Args:
            image: uint8 (H, W, 3), the path of an image file, or `earth:<map>`.
            strength: 0 leaves the content as it is, 1 is the whole style.
        """
        ...
