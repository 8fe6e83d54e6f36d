"""Images of any size through a generator: as one, or by tiles that blend without seams."""

import weakref
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfi2i.data.decode.images import MAX_PIXELS
from tfi2i.data.decode.resizing import resized_rows
from tfi2i.data.decode.rows import MirroredRows, Room, Rows, blocks, part_of
from tfi2i.data.decode.values import EIGHT_BITS, ValueRange, ValueRanges
from tfi2i.data.scale import scale_factor, scaled_size
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, sides_of, size_in_words
from tfi2i.inference.passes import planned
from tfi2i.inference.sizes import SMALLEST_SIDE, only_size, padded_side
from tfi2i.inference.steps import NotInStrips, laid_open
from tfi2i.inference.strips import StripNetwork
from tfi2i.inference.tiles import blend_weights, tile_starts
from tfi2i.layers import SelfAttention

# Larger images go through by strips. One of this size takes 1.4 GB in CycleGAN's ResNet.
MOST_PIXELS_AT_ONCE = 1 << 20

# One traced graph for each generator, for as long as the generator lives.
_GRAPHS: weakref.WeakKeyDictionary[keras.Model, Callable] = weakref.WeakKeyDictionary()
# The same by strips; None for a network of which that cannot be done.
_BY_STRIPS: weakref.WeakKeyDictionary[keras.Model, StripNetwork | None] = (
    weakref.WeakKeyDictionary()
)


def translate_image(
    generator: keras.Model,
    image: Rows,
    *,
    tile: Size | None = None,
    scale: float = 1.0,
    overlap: float = 0.5,
    batch_size: int = 8,
    report: Callable[[float], None] | None = None,
    value_ranges: ValueRanges = (EIGHT_BITS, EIGHT_BITS),
    room: Room = np.empty,
) -> Any:
    """Translates one image of any size.

    The answer is the generator's for the whole image, as exported files give it: normalisation has
    the statistics of the whole image, attention looks at all of it. Images of more than
    `MOST_PIXELS_AT_ONCE` go through by strips, with the same result (`tfi2i.inference.strips`), if
    the generator is made of layers that the zoo uses; others take memory in proportion to the
    pixels.

    With a `tile` each tile is translated as an image of its own, and the tiles are blended. That is
    another picture, because statistics and borders are each tile's own.

    A generator of images of one size, as one with dense layers is, gets the image resized to that
    size, and its answer is brought back to the image's; there is nothing to choose.

    What the generator needs beyond the image's lower and right border (up to a multiple of
    `size_multiple`, or up to a whole tile) is filled with the mirrored image, and is cut off again.

    Args:
        generator: (B, H, W, C) to (B, H, W, C_out) in [-1, 1], with the attribute `size_multiple`,
            or with H and W known: of one size.
        image: (H, W, C), pixels of the first value range, an array or rows.
        tile: Size of tiles in pixels, the side of a square or (height, width), multiples of
            `size_multiple`; None for the image as one.
        scale: Factor for the image's sides before the translation (bicubic, antialiased); the
            result is brought back to the image's size. 1 translates the image's own pixels.
        overlap: Least share of a tile that its neighbour covers too, 0 to 0.9.
        batch_size: Tiles in one call of the generator.
        report: Called now and then with the finished share of the image, in (0, 1].
        value_ranges: Of the pixels that go in, and of those that come out.
        room: Makes the place for the result: an array, or rows in a file (`RowStore.room`).

    Returns:
        (H, W, C_out), pixels of the second value range, where `room` put them.

    Raises:
        DataError: The image is not (H, W, C) of the first range's dtype and the generator's
            channels; the tile, the scale, the overlap or the batch size is impossible, or given for
            a generator of one size; or there is no place for the temporary files of a large image.
    """
    _check_image(generator, image, value_ranges[0])
    height, width = image.shape[:2]
    size = only_size(generator)
    if size is None:
        size = _checked_size(height, width, scale)
    elif tile is not None or scale != 1.0:
        raise DataError(
            f"{generator.name!r} takes images of {size_in_words(size)} px alone, and every image "
            "is resized to that: leave the tile and the scale out"
        )
    scaled = resized_rows(image, *size)
    if tile is None:
        translated = _translate_as_one(generator, scaled, report, value_ranges, room)
    else:
        translated = _translate_tiles(
            generator, scaled, tile, overlap, batch_size, report, value_ranges, room
        )
    if tuple(translated.shape[:2]) == (height, width):
        return translated
    back = resized_rows(translated, height, width)
    made = room(tuple(back.shape), back.dtype)
    for rows in blocks(back.shape, back.shape[-1] * back.dtype.itemsize):
        made[rows] = value_ranges[1].clipped(back[rows])
    return made


def _translate_as_one(
    generator: keras.Model,
    image: Rows,
    report: Callable[[float], None] | None,
    value_ranges: ValueRanges,
    room: Room,
) -> Rows:
    height, width = image.shape[:2]
    sides = height, width
    if only_size(generator) is None:
        sides = tuple(padded_side(side, generator.size_multiple) for side in sides)
    large = sides[0] * sides[1] > MOST_PIXELS_AT_ONCE
    by_strips = _by_strips(generator) if large else None
    if by_strips is not None:
        made = by_strips.translate(
            MirroredRows(image, *sides), report=report, value_ranges=value_ranges, room=room
        )
        return part_of(made, height, 0, width)
    taken, made = value_ranges
    pixels = MirroredRows(image, *sides)[:]
    translated = made.to_pixels(_graph(generator)(taken.to_float(pixels)[None])[0].numpy())
    if report is not None:
        report(1.0)
    return translated[:height, :width]


def pairs_of_places(generator: keras.Model, pixels: int) -> float:
    """Pairs of places that the generator's attention compares in an image of so many pixels.

    Their number grows with the square of the pixels. 0 without attention, and for generators whose
    layers are not known.
    """
    try:
        steps = laid_open(generator).steps
    except NotInStrips:
        return 0.0
    strides = [s.sources[0].stride or 1 for s in steps if isinstance(s.layer, SelfAttention)]
    # Keys and values are pooled 2x2.
    return sum((pixels / stride**2) ** 2 / 4 for stride in strides)


def _by_strips(generator: keras.Model) -> StripNetwork | None:
    if generator not in _BY_STRIPS:
        try:
            _BY_STRIPS[generator] = StripNetwork(planned(laid_open(generator)))
        except NotInStrips:
            _BY_STRIPS[generator] = None
    return _BY_STRIPS[generator]


def _translate_tiles(
    generator: keras.Model,
    image: Rows,
    tile: Size,
    overlap: float,
    batch_size: int,
    report: Callable[[float], None] | None,
    value_ranges: ValueRanges,
    room: Room,
) -> Rows:
    """Adds up weighted tiles row by row; only one row of tiles is held as floats."""
    down, right = _checked_tile(generator, tile)
    taken, made = value_ranges
    if batch_size < 1:
        raise DataError(f"batch_size={batch_size} is not possible: a batch has at least 1 tile")
    height, width = image.shape[:2]
    image = MirroredRows(image, max(height, down), max(width, right))
    rows = tile_starts(image.shape[0], down, overlap)
    columns = tile_starts(image.shape[1], right, overlap)
    row_weights, column_weights = blend_weights(rows, down), blend_weights(columns, right)
    translate = _graph(generator)
    translated = room((*image.shape[:2], generator.output_shape[-1]), made.dtype)
    strip = np.zeros((down, *translated.shape[1:]), np.float32)
    for row, (top, bottom) in enumerate(zip(rows, [*rows[1:], image.shape[0]], strict=True)):
        seen = image[top : top + down]
        for first in range(0, len(columns), batch_size):
            batch = range(first, min(first + batch_size, len(columns)))
            lefts = [columns[column] for column in batch]
            tiles = np.stack([seen[:, left : left + right] for left in lefts])
            for column, left, part in zip(
                batch, lefts, translate(taken.to_float(tiles)).numpy(), strict=True
            ):
                weights = np.outer(row_weights[row], column_weights[column])
                strip[:, left : left + right] += part * weights[..., None]
        # The rows above the next tiles are complete.
        done = bottom - top
        translated[top:bottom] = made.to_pixels(strip[:done])
        strip[: down - done] = strip[done:].copy()
        strip[down - done :] = 0.0
        if report is not None:
            report((row + 1) / len(rows))
    return part_of(translated, height, 0, width)


def _checked_tile(generator: keras.Model, tile: Size) -> tuple[int, int]:
    """Height and width of a tile that the generator computes."""
    multiple = generator.size_multiple
    sides = sides_of(tile)
    if sides is None:
        raise DataError(
            f"tile={tile!r} is not possible: it is a number of pixels, or height and width; None "
            "translates the image as one"
        )
    fitting = padded_side(sides[0], multiple), padded_side(sides[1], multiple)
    if sides != fitting:
        raise DataError(
            f"tile={tile} does not fit {generator.name!r}: it takes multiples of {multiple} from "
            f"{SMALLEST_SIDE}, for example {size_in_words(fitting)}"
        )
    return sides


def _graph(generator: keras.Model) -> Callable[[np.ndarray], tf.Tensor]:
    """The generator as one graph for batches and images of all sizes: traced once."""
    if generator not in _GRAPHS:
        # A strong reference from the value to its key would keep both alive for ever.
        model = weakref.proxy(generator)
        shape = (None, None, None, generator.input_shape[-1])

        @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32)])
        def translate(images):
            return model(images, training=False)

        _GRAPHS[generator] = translate
    return _GRAPHS[generator]


def _check_image(generator: keras.Model, image: Rows, taken: ValueRange) -> None:
    channels = generator.input_shape[-1]
    fits = image.dtype == taken.dtype and len(image.shape) == 3 and image.shape[-1] == channels
    if not fits or 0 in image.shape:
        raise DataError(
            f"{generator.name!r} translates {taken.dtype} images (H, W, {channels}), "
            f"not {image.dtype} {image.shape}"
        )


def _checked_size(height: int, width: int, scale: float) -> tuple[int, int]:
    size = scaled_size(height, width, scale_factor(scale, None, height=height, width=width))
    if size[0] * size[1] > MAX_PIXELS:
        raise DataError(
            f"scale={scale:g} would make {size[1]}x{size[0]} pixels of an image of "
            f"{width}x{height}; the limit is {MAX_PIXELS:,}"
        )
    return size
