"""Style transfer by its own two distances: to the content, and to the style."""

from typing import TYPE_CHECKING

from tfi2i.data import evaluation_arrays
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size
from tfi2i.metrics.style import StyleMeter
from tfi2i.zoo.style._base import MOST_IMAGES, Stylises
from tfi2i.zoo.translating import translator_of

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.training import GAN


def style_transfer(model: "GAN", source: "DataSource", size: Size) -> dict[str, float]:
    """Content and style distance of a variant's own use, and of the untouched content.

    Args:
        model: A model that stylises is measured by its own pictures, see `Stylised`. Any other
            model is measured by test images and the mean style of domain `b`.
        source: The data.
        size: Side of the images in pixels, or (height, width).

    Returns:
        `content_distance`, `style_distance`, `untouched_style_distance` (whose content distance is
        zero).

    Raises:
        DataError: The model has no style, and the source has no domain `b`.
    """
    meter = StyleMeter()
    if isinstance(model, Stylises):
        found = model.stylised(source, size)
        return {
            "content_distance": meter.content_distance(found.made, found.contents),
            "style_distance": meter.style_distance(found.made, found.styles),
            "untouched_style_distance": meter.style_distance(found.contents, found.styles),
        }
    a, b, _ = evaluation_arrays(source, size=size, limit=MOST_IMAGES)
    if b is None:
        raise DataError(f"{model.name} has no style to measure: give data of two domains")
    range_a, range_b = source.value_ranges  # The networks of features take 8 bits.
    made = range_b.to_uint8(translator_of(model).translate_batch(a))
    a, b = range_a.to_uint8(a), range_b.to_uint8(b)
    return {
        "content_distance": meter.content_distance(made, a),
        "style_distance": meter.domain_distance(made, b),
        "untouched_style_distance": meter.domain_distance(a, b),
    }
