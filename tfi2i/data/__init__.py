"""Images in: folders, built-in Earth maps and digits, TensorFlow Datasets -> batches in [-1, 1].

A public name is imported when it is first used: code that only reads image files needs no
TensorFlow.
"""

from typing import TYPE_CHECKING

from tfi2i.lazy import lazy_names

if TYPE_CHECKING:
    from tfi2i.data.builtin.digits import DigitImages
    from tfi2i.data.builtin.earth import earth_map
    from tfi2i.data.builtin.earth_bands import earth_test_region
    from tfi2i.data.decode.deep import read_pixels
    from tfi2i.data.decode.images import image_size, read_image
    from tfi2i.data.decode.pixels import to_float, to_uint8
    from tfi2i.data.decode.resizing import resize_image
    from tfi2i.data.decode.values import EIGHT_BITS, ValueRange, as_rgb
    from tfi2i.data.decode.writing import write_image, write_pixels
    from tfi2i.data.opening import open_source
    from tfi2i.data.pipeline.batches import (
        check_crop,
        data_error_in,
        steps_per_epoch,
        training_batches,
    )
    from tfi2i.data.pipeline.held_out import (
        at_trained_scale,
        evaluation_arrays,
        evaluation_domains,
        sized,
        spread_evenly,
        training_images,
    )
    from tfi2i.data.source import KINDS, DataSource, Images, Split
    from tfi2i.data.styles import read_style

__all__ = [
    "EIGHT_BITS",
    "KINDS",
    "DataSource",
    "DigitImages",
    "Images",
    "Split",
    "ValueRange",
    "as_rgb",
    "at_trained_scale",
    "check_crop",
    "data_error_in",
    "earth_map",
    "earth_test_region",
    "evaluation_arrays",
    "evaluation_domains",
    "image_size",
    "open_source",
    "read_image",
    "read_pixels",
    "read_style",
    "resize_image",
    "sized",
    "spread_evenly",
    "steps_per_epoch",
    "to_float",
    "to_uint8",
    "training_batches",
    "training_images",
    "write_image",
    "write_pixels",
]

# Public name -> the module that defines it.
_HOMES = {
    "check_crop": "tfi2i.data.pipeline.batches",
    "data_error_in": "tfi2i.data.pipeline.batches",
    "steps_per_epoch": "tfi2i.data.pipeline.batches",
    "training_batches": "tfi2i.data.pipeline.batches",
    "DigitImages": "tfi2i.data.builtin.digits",
    "earth_map": "tfi2i.data.builtin.earth",
    "earth_test_region": "tfi2i.data.builtin.earth_bands",
    "at_trained_scale": "tfi2i.data.pipeline.held_out",
    "evaluation_arrays": "tfi2i.data.pipeline.held_out",
    "evaluation_domains": "tfi2i.data.pipeline.held_out",
    "sized": "tfi2i.data.pipeline.held_out",
    "spread_evenly": "tfi2i.data.pipeline.held_out",
    "training_images": "tfi2i.data.pipeline.held_out",
    "image_size": "tfi2i.data.decode.images",
    "read_image": "tfi2i.data.decode.images",
    "resize_image": "tfi2i.data.decode.resizing",
    "write_image": "tfi2i.data.decode.writing",
    "open_source": "tfi2i.data.opening",
    "read_pixels": "tfi2i.data.decode.deep",
    "EIGHT_BITS": "tfi2i.data.decode.values",
    "ValueRange": "tfi2i.data.decode.values",
    "as_rgb": "tfi2i.data.decode.values",
    "write_pixels": "tfi2i.data.decode.writing",
    "to_float": "tfi2i.data.decode.pixels",
    "to_uint8": "tfi2i.data.decode.pixels",
    "KINDS": "tfi2i.data.source",
    "DataSource": "tfi2i.data.source",
    "Images": "tfi2i.data.source",
    "Split": "tfi2i.data.source",
    "read_style": "tfi2i.data.styles",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
