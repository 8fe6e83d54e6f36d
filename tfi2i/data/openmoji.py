"""OpenMoji's drawings as a folder of pairs: black outline and colour, exactly aligned.

OpenMoji (https://openmoji.org, CC BY-SA 4.0) is a set of emoji whose every drawing comes as an
outline and in colour. The folder that this makes is read like any folder of pairs:

    npm pack openmoji@17.0.0 && tar xzf openmoji-17.0.0.tgz
    python -m tfi2i.data.openmoji package datasets/outlines
    tfi2i train pix2pix --recipe outline2colour
"""

import argparse
import io
import json
import shutil
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tfi2i.data.images import write_image
from tfi2i.errors import DataError, MissingExtraError, Tfi2iError
from tfi2i.metrics.progress import progress_bar

# One subgroup of emoji in so many is for testing: drawings of a subgroup are often variations.
_TEST_SHARE = 8
# Grey levels, on average, by which a drawing must differ from its outline: others have no colour.
_LEAST_COLOUR = 2.0


def write_pairs(package: Path, out: Path, *, size: int = 64) -> dict[str, int]:
    """Renders all drawings that have a colour, on white.

    Flags are left out, as nothing in an outline tells their colours, and so are skin tones, which
    are the same drawing five times more.

    Args:
        package: The unpacked npm package `openmoji`.
        out: A folder that does not exist yet: gets `A/train`, `A/test` (outlines), `B/train` and
            `B/test` (colours), PNG, named by code points.
        size: Side of the pictures in pixels.

    Returns:
        The numbers of pairs in `train` and `test`. All of one subgroup are in one of them.

    Raises:
        DataError: The package is not OpenMoji's or lacks a drawing, or `out` exists.
        MissingExtraError: The package that draws SVG is not installed.
    """
    drawings = _drawings(package)
    if out.exists():
        raise DataError(f"{out} exists already: give a folder that does not")
    # Under its name only when it is complete.
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    counts = {"train": 0, "test": 0}
    with progress_bar("Drawing", len(drawings)) as advance:
        for drawing in drawings:
            advance(1)
            name = f"{drawing['hexcode']}.svg"
            outline = _drawn(package / "black" / "svg" / name, size)
            colour = _drawn(package / "color" / "svg" / name, size)
            if np.abs(colour.astype(int) - outline).mean() < _LEAST_COLOUR:
                continue
            test = zlib.crc32(drawing["subgroups"].encode()) % _TEST_SHARE == 0
            split = "test" if test else "train"
            counts[split] += 1
            for domain, picture in (("A", outline), ("B", colour)):
                path = part / domain / split / f"{drawing['hexcode']}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_image(path, picture)
    part.rename(out)
    return counts


def _drawings(package: Path) -> list[dict[str, Any]]:
    path = package / "data" / "openmoji.json"
    if not path.exists():
        raise DataError(
            f"{package} is not the package openmoji: it has no data/openmoji.json. Fetch it with: "
            "npm pack openmoji && tar xzf openmoji-*.tgz"
        )
    listed = json.loads(path.read_text(encoding="utf-8"))
    return [one for one in listed if one["group"] != "flags" and not one["skintone"]]


def _drawn(path: Path, size: int) -> np.ndarray:
    """A drawing on white, uint8 (size, size, 3)."""
    try:
        import resvg_py
    except ImportError:
        raise MissingExtraError("drawing OpenMoji's pictures", "resvg-py", "openmoji") from None
    if not path.exists():
        raise DataError(f"{path} is missing: unpack the package openmoji again")
    try:
        png = resvg_py.svg_to_bytes(
            svg_path=str(path), background="white", width=size, height=size, skip_system_fonts=True
        )
    except ValueError as error:
        raise DataError(f"{path} cannot be drawn: {error}") from None
    return np.asarray(Image.open(io.BytesIO(png), formats=["PNG"]).convert("RGB"))


def main(arguments: list[str] | None = None) -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description="OpenMoji's drawings as a folder of pairs, outline and colour.",
        epilog="Example:  python -m tfi2i.data.openmoji package datasets/outlines --size 64",
    )
    parser.add_argument("package", type=Path, help="the unpacked npm package openmoji")
    parser.add_argument("out", type=Path, help="a folder that does not exist yet")
    parser.add_argument("--size", type=int, default=64, help="side in pixels (default: 64)")
    given = parser.parse_args(arguments)
    try:
        counts = write_pairs(given.package, given.out, size=given.size)
    except Tfi2iError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{counts['train']} training pairs, {counts['test']} test pairs in {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
