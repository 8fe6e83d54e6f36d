"""Images in: folders, built-in Earth maps, TensorFlow Datasets -> batches in [-1, 1]."""

from tfi2i.data.pixels import to_float, to_uint8

__all__ = ["to_float", "to_uint8"]
