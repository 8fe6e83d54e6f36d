"""What packages of SVG drawings have in common on their way into a folder of images."""

import io
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from tfi2i.data.decode.writing import write_image
from tfi2i.errors import DataError, MissingExtraError

# One in this many families of drawings is for testing: the drawings of a family are often
# variations.
_TEST_SHARE = 8


def split_of(family: str, *, tuning: bool = False) -> str:
    """The part of all drawings of a family, whatever other families there are.

    Args:
        family: What drawings that resemble each other have in common.
        tuning: Hold out as many again as `val`, on which recipes are chosen.

    Returns:
        `train`, `test` or `val`.
    """
    share = zlib.crc32(family.encode()) % _TEST_SHARE
    return "test" if share == 0 else "val" if tuning and share == 1 else "train"


def one_of(choices: list[str], name: str) -> str:
    """One of several choices for a name, always the same one."""
    return choices[zlib.crc32(name.encode()) % len(choices)]


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """An empty folder to write to, which gets the name `out` only if the block ends well.

    Raises:
        DataError: `out` exists.
    """
    if out.exists():
        raise DataError(f"{out} exists already: give a folder that does not")
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    yield part
    part.rename(out)


def draw(path: Path, size: int, *, package: str) -> np.ndarray:
    """A drawing on white, uint8 (size, size, 3).

    Args:
        path: An SVG file.
        size: Height and width in pixels.
        package: The package it comes from, for messages.

    Raises:
        DataError: The file is missing or damaged.
        MissingExtraError: The package that draws SVG is not installed.
    """
    try:
        import resvg_py
    except ImportError:
        raise MissingExtraError(f"drawing {package}'s pictures", "resvg-py", "drawings") from None
    if not path.exists():
        raise DataError(f"{path} is missing: unpack the package {package} again")
    try:
        png = resvg_py.svg_to_bytes(
            svg_path=str(path), background="white", width=size, height=size, skip_system_fonts=True
        )
    except ValueError as error:
        raise DataError(f"{path} cannot be drawn: {error}") from None
    return np.asarray(Image.open(io.BytesIO(png), formats=["PNG"]).convert("RGB"))


def write_drawing(path: Path, image: np.ndarray) -> None:
    """Writes an image, uint8 (H, W, 3), and the folders that lead to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, image)
