"""OpenMoji's drawings as folders: outline and colour in pairs, or people in three skin tones.

OpenMoji (https://openmoji.org, CC BY-SA 4.0) is a set of emoji whose every drawing comes as an
outline and in colour. The folder that this makes is read like any folder of pairs:

    npm pack openmoji@17.0.0 && tar xzf openmoji-17.0.0.tgz
    python -m tfi2i.data.openmoji package datasets/outlines
    python -m tfi2i.data.openmoji package datasets/skin-tones --skin-tones
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
# OpenMoji's numbers of the lightest, the middle and the darkest tone.
_TONES = {1: "light", 3: "medium", 5: "dark"}


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
    drawings = [one for one in _listed(package) if one["group"] != "flags" and not one["skintone"]]
    part = _part(out)
    counts = {"train": 0, "test": 0}
    with progress_bar("Drawing", len(drawings)) as advance:
        for drawing in drawings:
            advance(1)
            name = f"{drawing['hexcode']}.svg"
            outline = _drawn(package / "black" / "svg" / name, size)
            colour = _drawn(package / "color" / "svg" / name, size)
            if np.abs(colour.astype(int) - outline).mean() < _LEAST_COLOUR:
                continue
            split = _split(drawing)
            counts[split] += 1
            for domain, picture in (("A", outline), ("B", colour)):
                path = part / domain / split / f"{drawing['hexcode']}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_image(path, picture)
    part.rename(out)
    return counts


def write_skin_tones(package: Path, out: Path, *, size: int = 64) -> dict[str, int]:
    """Renders people in three skin tones, on white, as a folder of labelled images.

    In training nobody is seen in two tones; in testing everybody is there in all three, under the
    same name: `data.aligned=true` compares translations with the truth.

    Args:
        package: The unpacked npm package `openmoji`.
        out: A folder that does not exist yet: gets `train/<tone>` and `test/<tone>`.
        size: Side of the pictures in pixels.

    Returns:
        The numbers of pictures in `train` and `test`.

    Raises:
        DataError: As `write_pairs`.
        MissingExtraError: As `write_pairs`.
    """
    drawings = [one for one in _listed(package) if one["skintone"] in _TONES]
    part = _part(out)
    counts = {"train": 0, "test": 0}
    with progress_bar("Drawing", len(drawings)) as advance:
        for drawing in drawings:
            advance(1)
            base, split = drawing["skintone_base_hexcode"], _split(drawing)
            own = list(_TONES)[zlib.crc32(base.encode()) % len(_TONES)]
            if split == "train" and drawing["skintone"] != own:
                continue
            counts[split] += 1
            path = part / split / _TONES[drawing["skintone"]] / f"{base}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_image(path, _drawn(package / "color" / "svg" / f"{drawing['hexcode']}.svg", size))
    part.rename(out)
    return counts


def _part(out: Path) -> Path:
    """An empty place to write to: `out` gets its name only when it is complete."""
    if out.exists():
        raise DataError(f"{out} exists already: give a folder that does not")
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    return part


def _split(drawing: dict[str, Any]) -> str:
    test = zlib.crc32(drawing["subgroups"].encode()) % _TEST_SHARE == 0
    return "test" if test else "train"


def _listed(package: Path) -> list[dict[str, Any]]:
    path = package / "data" / "openmoji.json"
    if not path.exists():
        raise DataError(
            f"{package} is not the package openmoji: it has no data/openmoji.json. Fetch it with: "
            "npm pack openmoji && tar xzf openmoji-*.tgz"
        )
    return json.loads(path.read_text(encoding="utf-8"))


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
        description="OpenMoji's drawings as a folder: pairs of outline and colour, or skin tones.",
        epilog="Example:  python -m tfi2i.data.openmoji package datasets/outlines --size 64",
    )
    parser.add_argument("package", type=Path, help="the unpacked npm package openmoji")
    parser.add_argument("out", type=Path, help="a folder that does not exist yet")
    parser.add_argument("--size", type=int, default=64, help="side in pixels (default: 64)")
    parser.add_argument(
        "--skin-tones", action="store_true", help="people in three skin tones, as labelled images"
    )
    given = parser.parse_args(arguments)
    try:
        write = write_skin_tones if given.skin_tones else write_pairs
        counts = write(given.package, given.out, size=given.size)
    except Tfi2iError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    what = "pictures" if given.skin_tones else "pairs"
    print(f"{counts['train']} training {what}, {counts['test']} test {what} in {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
