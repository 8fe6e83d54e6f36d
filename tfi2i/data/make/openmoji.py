"""OpenMoji's drawings as folders: outline and colour in pairs, captioned, or in three skin tones.

OpenMoji (https://openmoji.org, CC BY-SA 4.0) is a set of emoji; every drawing comes as an outline
and in colour. The folders that this makes are read like any others of their form:

    npm pack openmoji@17.0.0 && tar xzf openmoji-17.0.0.tgz
    python -m tfi2i.data.make.openmoji package datasets/outlines
    python -m tfi2i.data.make.openmoji package datasets/skin-tones --skin-tones
    python -m tfi2i.data.make.openmoji package datasets/captioned-icons --captions
    tfi2i train pix2pix --recipe outline2colour
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.data.make.drawing import draw, new_folder, one_of, split_of, write_drawing
from tfi2i.errors import DataError, Tfi2iError
from tfi2i.progress import progress_bar
from tfi2i.whole_files import write_text

# Grey levels by which a drawing must differ from its outline on average; below that it has no
# colour.
_LEAST_COLOUR = 2.0
# OpenMoji's numbers of the lightest, the middle and the darkest tone.
_TONES = {1: "light", 3: "medium", 5: "dark"}


def write_pairs(package: Path, out: Path, *, size: int = 64) -> dict[str, int]:
    """Renders all drawings that have a colour, on white.

    Flags are left out, as nothing in an outline tells their colours. Skin tones are left out too:
    they are the same drawing five times more.

    Args:
        package: The unpacked npm package `openmoji`.
        out: A folder that does not exist yet: gets `A/train`, `A/test` (outlines), `B/train` and
            `B/test` (colours), PNG, named by code points.
        size: Side of the pictures in pixels.

    Returns:
        The numbers of pairs in `train` and `test`. One of them has all the drawings of a subgroup.

    Raises:
        DataError: The package is not OpenMoji's or lacks a drawing, or `out` exists.
        MissingExtraError: The package that draws SVG is not installed.
    """
    drawings = [one for one in _listed(package) if one["group"] != "flags" and not one["skintone"]]
    counts = {"train": 0, "test": 0}
    with new_folder(out) as part, progress_bar("Drawing", len(drawings)) as advance:
        for drawing in drawings:
            advance(1)
            name = f"{drawing['hexcode']}.svg"
            outline = draw(package / "black" / "svg" / name, size, package="openmoji")
            colour = draw(package / "color" / "svg" / name, size, package="openmoji")
            if np.abs(colour.astype(int) - outline).mean() < _LEAST_COLOUR:
                continue
            split = split_of(drawing["subgroups"])
            counts[split] += 1
            for domain, picture in (("A", outline), ("B", colour)):
                write_drawing(part / domain / split / f"{drawing['hexcode']}.png", picture)
    return counts


def write_captioned(package: Path, out: Path, *, size: int = 64) -> dict[str, int]:
    """Renders all drawings in colour, on white, with their annotations as captions.

    Flags and skin tones are left out, as for `write_pairs`. Here one in eight drawings of every
    subgroup is for testing, not whole subgroups: a caption such as "green heart" should be drawn by
    who has seen "green apple" and "red heart". One more in eight is for tuning. No caption is in
    two parts.

    Args:
        package: The unpacked npm package `openmoji`.
        out: A folder that does not exist yet: gets `train`, `val` and `test`, each with PNG named
            by code points and `captions.jsonl`.
        size: Side of the pictures in pixels.

    Returns:
        The numbers of pictures in `train`, `val` and `test`.

    Raises:
        DataError: As `write_pairs`.
        MissingExtraError: As `write_pairs`.
    """
    drawings = [one for one in _listed(package) if one["group"] != "flags" and not one["skintone"]]
    lines: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    with new_folder(out) as part, progress_bar("Drawing", len(drawings)) as advance:
        for drawing in drawings:
            advance(1)
            path = package / "color" / "svg" / f"{drawing['hexcode']}.svg"
            split, name = split_of(drawing["annotation"], tuning=True), f"{drawing['hexcode']}.png"
            write_drawing(part / split / name, draw(path, size, package="openmoji"))
            entry = {"file_name": name, "caption": drawing["annotation"]}
            lines[split].append(json.dumps(entry, ensure_ascii=False))
        for split, entries in lines.items():
            if entries:
                write_text(part / split / "captions.jsonl", "\n".join(entries) + "\n")
    return {split: len(entries) for split, entries in lines.items()}


def write_skin_tones(package: Path, out: Path, *, size: int = 64) -> dict[str, int]:
    """Renders people in three skin tones, on white, as a folder of labelled images.

    In training nobody is seen in two tones. In testing everybody is there in all three, under the
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
    counts = {"train": 0, "test": 0}
    with new_folder(out) as part, progress_bar("Drawing", len(drawings)) as advance:
        for drawing in drawings:
            advance(1)
            base, split = drawing["skintone_base_hexcode"], split_of(drawing["subgroups"])
            tone = _TONES[drawing["skintone"]]
            if split == "train" and tone != one_of(list(_TONES.values()), base):
                continue
            counts[split] += 1
            path = package / "color" / "svg" / f"{drawing['hexcode']}.svg"
            picture = draw(path, size, package="openmoji")
            write_drawing(part / split / tone / f"{base}.png", picture)
    return counts


def _listed(package: Path) -> list[dict[str, Any]]:
    path = package / "data" / "openmoji.json"
    if not path.exists():
        raise DataError(
            f"{package} is not the package openmoji: it has no data/openmoji.json. Fetch it with: "
            "npm pack openmoji && tar xzf openmoji-*.tgz"
        )
    return json.loads(path.read_text(encoding="utf-8"))


def main(arguments: list[str] | None = None) -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description="OpenMoji's drawings as a folder: pairs of outline and colour, skin tones, or "
        "with captions.",
        epilog="Example:  python -m tfi2i.data.make.openmoji package datasets/outlines --size 64",
    )
    parser.add_argument("package", type=Path, help="the unpacked npm package openmoji")
    parser.add_argument("out", type=Path, help="a folder that does not exist yet")
    parser.add_argument("--size", type=int, default=64, help="side in pixels (default: 64)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--skin-tones", action="store_true", help="people in three skin tones, as labelled images"
    )
    form.add_argument("--captions", action="store_true", help="all in colour, with captions")
    given = parser.parse_args(arguments)
    try:
        write = write_pairs
        if given.skin_tones:
            write = write_skin_tones
        elif given.captions:
            write = write_captioned
        counts = write(given.package, given.out, size=given.size)
    except Tfi2iError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    what = "pairs" if write is write_pairs else "pictures"
    words = {"train": "training", "val": "tuning", "test": "test"}
    parts = ", ".join(f"{count} {words[split]} {what}" for split, count in counts.items())
    print(f"{parts} in {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
