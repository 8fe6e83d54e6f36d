"""Samples of a generator in files: one by one, as a grid, as a walk, beside what they resemble."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image

from tfi2i.data.decode.images import display_name
from tfi2i.data.decode.values import ValueRange, as_rgb
from tfi2i.data.decode.writing import suffixes_for, write_image, write_pixels
from tfi2i.data.pipeline.held_out import evaluation_arrays
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size
from tfi2i.metrics.neighbours import nearest
from tfi2i.progress import progress_bar
from tfi2i.whole_files import make_folder, refuse_file

if TYPE_CHECKING:
    from tfi2i.data import DataSource

_BATCH_SIZE = 64
# Pictures on the way from one latent to the next: in a file of frames, and in a row of a picture.
_FRAMES, _STEPS = 24, 8
_FRAME_MILLISECONDS = 60
# Small samples are enlarged by whole numbers until a grid is about as wide as a page's text.
_WIDTH = 800
_MOST_COMPARED = 20_000


class Draws(Protocol):
    """What a model does that draws images from latents."""

    crop_size: Size
    value_ranges: dict[str, ValueRange]

    def latents(self, count: int, *, seed: int = 0, truncation: float | None = None) -> np.ndarray:
        """Latents from the prior, (count, latent_length)."""
        ...

    def between(self, one: np.ndarray, other: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Latents on the way from one to another, (steps, latent_length)."""
        ...

    def conditions(self, count: int) -> np.ndarray | None:
        """What the generator takes beside as many latents, (count, L); None for nothing."""
        ...

    def decode(self, latents: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
        """Their images, pixels (N, H, W, C)."""
        ...


def write_samples(
    model: Draws,
    folder: Path,
    *,
    count: int,
    seed: int = 0,
    truncation: float | None = None,
    condition: np.ndarray | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Writes samples as files of their own, `000000.png` and so on, with progress.

    Args:
        model: Draws them.
        folder: It is made if need be.
        count: How many.
        seed: Of the latents: without a truncation the first are the same for every count.
        truncation: See `GenerationGAN.latents`.
        condition: For each sample, as `GenerationGAN.decode` takes it; None: evenly.
        overwrite: Replace files that are there.

    Returns:
        The files.

    Raises:
        DataError: A file is there already, the folder cannot be made, or a number is impossible.
    """
    latents = model.latents(count, seed=seed, truncation=truncation)
    refuse_file(folder, DataError)
    value_range = model.value_ranges["a"]
    condition = model.conditions(count) if condition is None else condition
    first = model.decode(latents[:1], _part(condition, slice(1)))
    suffix = suffixes_for(value_range.dtype, first.shape[-1])[0]
    files = [folder / f"{number:06d}{suffix}" for number in range(count)]
    _check_free(files, overwrite)
    make_folder(folder, DataError)
    with progress_bar("Sampling", count) as advance:
        for start in range(0, count, _BATCH_SIZE):
            part = slice(start, start + _BATCH_SIZE)
            images = model.decode(latents[part], _part(condition, part))
            for file, pixels in zip(files[part], images, strict=True):
                write_pixels(file, pixels)
            advance(len(files[part]))
    return files


def write_grid(
    model: Draws,
    path: Path,
    *,
    count: int,
    seed: int = 0,
    truncation: float | None = None,
    condition: np.ndarray | None = None,
    overwrite: bool = False,
) -> None:
    """Writes one picture of samples, in as many columns as rows or one more.

    With conditions it has a row for each, in which all `count` latents are drawn under it.

    Args:
        model: Draws them.
        path: Of the picture.
        count: How many samples; with conditions, in each row.
        seed: Of the latents.
        truncation: See `GenerationGAN.latents`.
        condition: One for each row, (rows, L); None for a generator of latents alone.
        overwrite: Replace a file that is there.

    Raises:
        DataError: The file is there already or cannot be written, or a number is impossible.
    """
    _check_free([path], overwrite)
    latents = model.latents(count, seed=seed, truncation=truncation)
    if condition is None:
        images, columns = model.decode(latents), math.ceil(math.sqrt(count))
        rows = [images[start : start + columns] for start in range(0, count, columns)]
    else:
        rows = [model.decode(latents, np.repeat(one[None], count, axis=0)) for one in condition]
    _write_rows(path, rows, model.value_ranges["a"])


def write_walk(
    model: Draws,
    path: Path,
    *,
    count: int,
    seed: int = 0,
    truncation: float | None = None,
    condition: np.ndarray | None = None,
    overwrite: bool = False,
) -> None:
    """Writes a walk through the latents: from each of `count` to the next, and back to the first.

    A `.gif` shows it in time. In another picture each row is the way from one latent to the next: a
    model that has learnt a space, and not a list, changes smoothly there (DCGAN, section 6.1).

    Args:
        model: Draws the images.
        path: Of the picture.
        count: How many latents; with several conditions there is one, and a stop at each condition.
        seed: Of the latents.
        truncation: See `GenerationGAN.latents`.
        condition: (M, L): the one that holds all the way, or those between which the way goes, each
            component straight; None for a generator of latents alone.
        overwrite: Replace a file that is there.

    Raises:
        DataError: The file is there already or cannot be written, or there are fewer than two
            latents to walk between.
    """
    _check_free([path], overwrite)
    if condition is not None and len(condition) > 1:
        stops = model.latents(1, seed=seed, truncation=truncation).repeat(len(condition), axis=0)
    elif count < 2:
        raise DataError(f"a walk goes between latents: --count is 2 or more, not {count}")
    else:
        stops = model.latents(count, seed=seed, truncation=truncation)
        condition = None if condition is None else condition.repeat(count, axis=0)
    moving = path.suffix.lower() == ".gif"
    shares = np.linspace(0.0, 1.0, _FRAMES if moving else _STEPS, endpoint=not moving)
    ways = []
    for number, stop in enumerate(stops):
        after = (number + 1) % len(stops)
        under = None
        if condition is not None:
            under = condition[number] + shares[:, None] * (condition[after] - condition[number])
        ways.append(model.decode(model.between(stop, stops[after], shares), under))
    if moving:
        _write_frames(path, np.concatenate(ways), model.value_ranges["a"])
    else:
        _write_rows(path, ways, model.value_ranges["a"])


def write_nearest(
    model: Draws,
    source: "DataSource",
    path: Path,
    *,
    count: int,
    seed: int = 0,
    truncation: float | None = None,
    condition: np.ndarray | None = None,
    overwrite: bool = False,
) -> None:
    """Writes samples, and below each the training image whose pixels are nearest to it.

    Args:
        model: Draws the samples.
        source: The images that it was trained on.
        path: Of the picture.
        count: How many samples.
        seed: Of the latents.
        truncation: See `GenerationGAN.latents`.
        condition: For each sample, as `GenerationGAN.decode` takes it; None: evenly.
        overwrite: Replace a file that is there.

    Raises:
        DataError: The file is there already or cannot be written, or a number is impossible.
    """
    _check_free([path], overwrite)
    made = model.decode(model.latents(count, seed=seed, truncation=truncation), condition)
    training, _, _ = evaluation_arrays(
        source, split="train", size=model.crop_size, limit=_MOST_COMPARED
    )
    numbers, _ = nearest(made, training)
    columns = math.ceil(math.sqrt(2 * count))
    rows = [
        part
        for start in range(0, count, columns)
        for part in (made[start : start + columns], training[numbers[start : start + columns]])
    ]
    _write_rows(path, rows, model.value_ranges["a"])


def _part(condition: np.ndarray | None, part: slice) -> np.ndarray | None:
    return None if condition is None else condition[part]


def _write_rows(path: Path, rows: list[np.ndarray], value_range: ValueRange) -> None:
    """One picture of rows of images; a shorter last row ends in white."""
    widest = max(map(len, rows))
    shown = []
    for row in rows:
        images = as_rgb(row, value_range)
        missing = [(0, widest - len(images)), (0, 0), (0, 0), (0, 0)]
        shown.append(np.concatenate(np.pad(images, missing, constant_values=255), axis=1))
    picture = np.concatenate(shown)
    if rows[0].shape[-1] == 1:
        picture = picture[..., :1]
    write_image(path, _enlarged(picture, max(1, _WIDTH // picture.shape[1])))


def _write_frames(path: Path, images: np.ndarray, value_range: ValueRange) -> None:
    factor = max(1, 256 // images.shape[2])
    frames = [Image.fromarray(_enlarged(image, factor)) for image in as_rgb(images, value_range)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        frames[0].save(
            path, save_all=True, append_images=frames[1:], duration=_FRAME_MILLISECONDS, loop=0
        )
    except OSError as error:
        raise DataError(f"{display_name(path)} cannot be written: {error}") from error


def _enlarged(image: np.ndarray, factor: int) -> np.ndarray:
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def _check_free(files: list[Path], overwrite: bool) -> None:
    there = [file for file in files if file.exists()]
    if there and not overwrite:
        raise DataError(
            f"{display_name(there[0])} is there already: name another --out, or give --overwrite"
        )
