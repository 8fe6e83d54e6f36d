"""Images in: folders, built-in Earth maps and digits, TensorFlow Datasets -> batches in [-1, 1]."""

from tfi2i.data.batches import (
    check_crop,
    data_error_in,
    steps_per_epoch,
    training_batches,
)
from tfi2i.data.digits import DigitImages
from tfi2i.data.earth import earth_map
from tfi2i.data.earth_bands import earth_test_region
from tfi2i.data.evaluation import evaluation_arrays, evaluation_domains, spread_evenly
from tfi2i.data.images import image_size, read_image, resize_image, write_image
from tfi2i.data.opening import open_source
from tfi2i.data.pixels import as_rgb, to_float, to_uint8
from tfi2i.data.source import KINDS, DataSource, Images, Split
from tfi2i.data.styles import read_style

__all__ = [
    "KINDS",
    "DataSource",
    "DigitImages",
    "Images",
    "Split",
    "as_rgb",
    "check_crop",
    "data_error_in",
    "earth_map",
    "earth_test_region",
    "evaluation_arrays",
    "evaluation_domains",
    "image_size",
    "open_source",
    "read_image",
    "read_style",
    "resize_image",
    "spread_evenly",
    "steps_per_epoch",
    "to_float",
    "to_uint8",
    "training_batches",
    "write_image",
]
