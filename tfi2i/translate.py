"""Images of any size through a generator: whole, or by tiles that blend without seams."""

import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from tfi2i.data import read_image, write_image
from tfi2i.data.images import display_name
from tfi2i.data.pixels import to_float, to_uint8
from tfi2i.errors import DataError
from tfi2i.padding import SMALLEST_SIDE, padded_side
from tfi2i.tiling import blend_weights, tile_starts
from tfi2i.translation_files import find_images, output_paths

# One traced graph a generator, for as long as the generator lives.
_GRAPHS: weakref.WeakKeyDictionary[keras.Model, Callable] = weakref.WeakKeyDictionary()


def translate_image(
    generator: keras.Model,
    image: np.ndarray,
    *,
    tile: int | None,
    overlap: float = 0.5,
    batch_size: int = 8,
    report: Callable[[float], None] | None = None,
) -> np.ndarray:
    """Translates one image of any size.

    What the generator needs beyond the image's lower and right border (up to a multiple of
    `size_multiple`, or up to a whole tile) is the image mirrored there, and is cut off again.

    Args:
        generator: (B, H, W, C) to (B, H, W, C_out) in [-1, 1], with the attribute `size_multiple`.
        image: uint8 (H, W, C).
        tile: Side of the square tiles in pixels, best the size the generator was trained at; a
            multiple of `size_multiple`. None puts the whole image through at once, which takes
            memory in proportion to its pixels.
        overlap: Least share of a tile that its neighbour covers too, 0 to 0.9.
        batch_size: Tiles in one call of the generator.
        report: Called now and then with the finished share of the image, in (0, 1].

    Returns:
        uint8 (H, W, C_out).

    Raises:
        DataError: The image is not uint8 (H, W, C) of the generator's channels, or the tile, the
            overlap or the batch size is impossible.
    """
    _check_image(generator, image)
    if tile is not None:
        return _translate_tiles(generator, image, tile, overlap, batch_size, report)
    height, width = image.shape[:2]
    multiple = generator.size_multiple
    padded = _mirrored(image, *(padded_side(side, multiple) for side in (height, width)))
    translated = to_uint8(_graph(generator)(to_float(padded)[None])[0, :height, :width].numpy())
    if report is not None:
        report(1.0)
    return translated


def translate_files(
    generator: keras.Model,
    inputs: Sequence[str | Path],
    out_dir: str | Path,
    *,
    tile: int | None,
    overlap: float = 0.5,
    skip_bad: bool = False,
    progress: bool = True,
) -> list[Path]:
    """Translates image files into a folder, under their own names.

    A name keeps its suffix if it is PNG, JPEG or WebP; others become `.png`. Files of equal name
    from several folders keep as much of their path as tells them apart. No input is ever
    overwritten; results of an earlier call are.

    Args:
        generator: See `translate_image`.
        inputs: Files, folders (the images directly in them) and globs (`photos/**/*.jpg`).
        out_dir: Is made if need be.
        tile: See `translate_image`.
        overlap: See `translate_image`.
        skip_bad: Leave out files that cannot be read, and list them on stderr in the end, instead
            of stopping at the first.
        progress: Show a bar on stderr.

    Returns:
        The written files, in the order of the inputs.

    Raises:
        DataError: An input does not exist or holds no image, an output would overwrite an input or
            another output, a file cannot be read (without `skip_bad`, or all of them) or written.
    """
    files = find_images(inputs, out_dir)
    targets = output_paths(files, out_dir)
    channels = generator.input_shape[-1]
    written, unreadable = [], []
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn()
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not progress) as bar:
        task = bar.add_task("translating", total=len(files))
        for index, file in enumerate(files):
            bar.update(task, description=display_name(file.name), completed=index)
            try:
                image = read_image(file, channels=channels)
            except DataError as error:
                if not skip_bad:
                    raise
                unreadable.append(str(error))
                continue
            translated = translate_image(
                generator,
                image,
                tile=tile,
                overlap=overlap,
                report=lambda share, done=index: bar.update(task, completed=done + share),
            )
            _write(targets[file], translated)
            written.append(targets[file])
        bar.update(task, completed=len(files))
    if not written:
        raise DataError(f"none of the {len(files)} files can be read: {unreadable[0]}")
    if unreadable:
        console.print(f"left out {len(unreadable)} of {len(files)} files:", *unreadable, sep="\n  ")
    return written


def _translate_tiles(
    generator: keras.Model,
    image: np.ndarray,
    tile: int,
    overlap: float,
    batch_size: int,
    report: Callable[[float], None] | None,
) -> np.ndarray:
    """Adds up weighted tiles row by row; only one row of tiles is held as floats."""
    multiple = generator.size_multiple
    fitting = padded_side(tile, multiple)
    if tile != fitting:
        raise DataError(
            f"tile={tile} does not fit {generator.name!r}: it takes multiples of {multiple} from "
            f"{SMALLEST_SIDE}, for example {fitting}"
        )
    if batch_size < 1:
        raise DataError(f"batch_size={batch_size} is not possible: a batch has at least 1 tile")
    height, width = image.shape[:2]
    image = _mirrored(image, max(height, tile), max(width, tile))
    rows = tile_starts(image.shape[0], tile, overlap)
    columns = tile_starts(image.shape[1], tile, overlap)
    row_weights, column_weights = blend_weights(rows, tile), blend_weights(columns, tile)
    translate = _graph(generator)
    translated = np.empty((*image.shape[:2], generator.output_shape[-1]), np.uint8)
    strip = np.zeros((tile, *translated.shape[1:]), np.float32)
    for row, (top, bottom) in enumerate(zip(rows, [*rows[1:], len(image)], strict=True)):
        for first in range(0, len(columns), batch_size):
            batch = range(first, min(first + batch_size, len(columns)))
            lefts = [columns[column] for column in batch]
            tiles = np.stack([image[top : top + tile, left : left + tile] for left in lefts])
            for column, left, part in zip(
                batch, lefts, translate(to_float(tiles)).numpy(), strict=True
            ):
                weights = np.outer(row_weights[row], column_weights[column])
                strip[:, left : left + tile] += part * weights[..., None]
        # The rows above the next tiles are complete.
        done = bottom - top
        translated[top:bottom] = to_uint8(strip[:done])
        strip[: tile - done] = strip[done:].copy()
        strip[tile - done :] = 0.0
        if report is not None:
            report((row + 1) / len(rows))
    return translated[:height, :width]


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


def _check_image(generator: keras.Model, image: np.ndarray) -> None:
    channels = generator.input_shape[-1]
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != channels or not image.size:
        raise DataError(
            f"{generator.name!r} translates uint8 images (H, W, {channels}), "
            f"not {image.dtype} {image.shape}"
        )


def _mirrored(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Continues an image below and to the right; back and forth where it is shorter than that."""
    beyond = [(0, height - image.shape[0]), (0, width - image.shape[1]), (0, 0)]
    return np.pad(image, beyond, mode="reflect")


def _write(target: Path, image: np.ndarray) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{display_name(target.parent)} cannot be made: {error}") from error
    write_image(target, image)
