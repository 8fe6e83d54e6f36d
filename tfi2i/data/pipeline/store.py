"""Decoded and resized images, kept in memory as far as a budget allows, and crops of them."""

import threading
from collections.abc import Sequence

import numpy as np

from tfi2i.data.decode.resizing import resize_image
from tfi2i.data.source import Images
from tfi2i.image_sizes import Size, height_and_width

CACHE_BYTES = 2 * 1024**3


class MemoryBudget:
    """Bytes that several stores may use together."""

    def __init__(self, limit: int):
        """Takes the limit in bytes."""
        self._left = limit
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Reserves `size` bytes; False if they are not left."""
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True


class ImageStore:
    """Images at their loading size; each is decoded when first asked for and kept if it fits."""

    def __init__(self, images: Images, load_size: Size | None, budget: MemoryBudget):
        """Images come out at the loading size, or in their own size where that is None."""
        self.channels = images.channels
        self.dtype = images.value_range.dtype
        self._images = images
        self._load_size = None if load_size is None else height_and_width(load_size)
        self._budget = budget
        self._kept: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        """The number of images."""
        return len(self._images)

    def get(self, index: int) -> np.ndarray:
        """The image, (H, W, C) of its depth; not to be written to."""
        image = self._kept.get(index)
        if image is None:
            image = self._images.load(index)
            if self._load_size is not None:
                image = resize_image(image, *self._load_size)
            # Two threads may decode the same image at once; the budget then counts it twice.
            if self._budget.take(image.nbytes):
                self._kept[index] = image
        return image


def random_crops(
    stores: Sequence[ImageStore],
    indices: np.ndarray,
    draws: np.ndarray,
    *,
    size: tuple[int, int],
    flip: bool,
) -> list[np.ndarray]:
    """Cuts one piece from every chosen image; the images of all stores share the draws.

    Args:
        stores: one, or two that hold the two sides of pairs.
        indices: int64 (B,), the chosen images.
        draws: float32 (B, 3) in [0, 1): place from the top, from the left, and mirrored if < 0.5.
        size: height and width of the pieces.
        flip: whether to mirror at all.

    Returns:
        One (B, height, width, C) for every store, in the depth of its images.
    """
    height, width = size
    batches: list[list[np.ndarray]] = [[] for _ in stores]
    for index, (down, right, mirror) in zip(indices.tolist(), draws.tolist(), strict=True):
        for batch, store in zip(batches, stores, strict=True):
            image = store.get(index)
            top = int(down * (image.shape[0] - height + 1))
            left = int(right * (image.shape[1] - width + 1))
            crop = image[top : top + height, left : left + width]
            batch.append(crop[:, ::-1] if flip and mirror < 0.5 else crop)
    return [np.stack(batch) for batch in batches]
