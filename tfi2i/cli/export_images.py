"""Images for `tfi2i export`: those that files are compared on, and those that scales come from."""

from typing import TYPE_CHECKING

from tfi2i.cli.chosen import Chosen
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size

if TYPE_CHECKING:
    import numpy as np

MOST_IMAGES = 16


def calibration_images(
    chosen: Chosen, inputs: list[str] | None, directions: list[str], size: Size
) -> dict[str, "np.ndarray"]:
    """Images of the training for each direction, or the given ones, on which scales are found."""
    from tfi2i.export.integer import CALIBRATION_IMAGES

    return {
        name: real_images(chosen, inputs, name, size, ("train", "test"), CALIBRATION_IMAGES)
        for name in directions
    }


def real_images(
    chosen: Chosen,
    inputs: list[str] | None,
    direction: str,
    size: Size,
    parts: tuple[str, ...] = ("test", "train"),
    most: int = MOST_IMAGES,
) -> "np.ndarray":
    """Images of the domain that the direction translates, pixels (N, H, W, C), N at most `most`.

    They are of the first of the parts that the model's own images have, if none are given.
    """
    import numpy as np

    from tfi2i.data import read_pixels, sized
    from tfi2i.inference.file_names import find_images

    model = chosen.translator()
    alone = direction if direction in model.translators else None
    channels, takes = model.translator(alone).input_shape[-1], model.ranges_of(alone)[0]
    keeps_scale = False
    if inputs:
        files = find_images(inputs)[:most]
        pictures = [read_pixels(file, channels=channels, value_range=takes) for file in files]
    else:
        source = chosen.open_data(None)
        keeps_scale = source.keeps_scale
        part = model.image_view(alone).reads or "a"
        splits = [source.splits[name] for name in parts if name in source.splits]
        domain = next((one for split in splits if (one := getattr(split, part))), None)
        if domain is None:
            raise DataError(f"{source.name} has no images of domain {part}; give --images")
        chosen_indices = np.linspace(0, len(domain) - 1, min(len(domain), most))
        pictures = [domain.load(int(index)) for index in chosen_indices]
    fitting = [sized(picture, size, keeps_scale=keeps_scale) for picture in pictures]
    return takes.clipped(np.stack(fitting))
