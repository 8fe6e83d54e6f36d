"""Images for `tfi2i export`: those that files are compared on, and those that scales come from."""

from typing import TYPE_CHECKING

from tfi2i.cli.chosen import Chosen
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size

if TYPE_CHECKING:
    import numpy as np

    from tfi2i.data.source import DataSource, Images, Split

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
        reads = model.image_view(alone).reads or "a"
        pictures = _spread(getattr(_part(source, reads, parts), reads), most)
    fitting = [sized(picture, size, keeps_scale=keeps_scale) for picture in pictures]
    return takes.clipped(np.stack(fitting))


def target_images(chosen: Chosen, directions: list[str], size: Size) -> dict[str, "np.ndarray"]:
    """What the images of `real_images` should become, for directions between paired images."""
    import numpy as np

    from tfi2i.data import sized

    if not directions:  # A generator of latents translates nothing.
        return {}
    model, found = chosen.translator(), {}
    if model.batch_kind != "paired":
        return found
    source = chosen.open_data(None)
    for name in directions:
        reads = model.image_view(name if name in model.translators else None).reads or "a"
        split = _part(source, reads, ("test", "train"))
        targets = split.b if reads == "a" else split.a
        if targets is not None:  # There may be inputs whose truth is not there.
            pictures = _spread(targets, MOST_IMAGES)
            fitting = [sized(one, size, keeps_scale=source.keeps_scale) for one in pictures]
            found[name] = model.ranges_of(name)[1].clipped(np.stack(fitting))
    return found


def _part(source: "DataSource", domain: str, parts: tuple[str, ...]) -> "Split":
    """The first of the parts of the model's own images that has some of a domain."""
    splits = [source.splits[name] for name in parts if name in source.splits]
    found = next((one for one in splits if getattr(one, domain) is not None), None)
    if found is None:
        raise DataError(f"{source.name} has no images of domain {domain}; give --images")
    return found


def _spread(images: "Images", most: int) -> "list[np.ndarray]":
    """At most so many of them, from all over the set: neighbours are often alike."""
    import numpy as np

    indices = np.linspace(0, len(images) - 1, min(len(images), most))
    return [images.load(int(index)) for index in indices]
