"""Phosphor's icons as a folder: the same things drawn in several weights.

Phosphor (https://phosphoricons.com, MIT) draws every icon as thin, light, regular and bold lines,
filled, and in two tones. The folder that this makes is read like any folder of labelled images:

    npm pack @phosphor-icons/core@2.1.1 && tar xzf phosphor-icons-core-2.1.1.tgz
    python -m tfi2i.data.make.phosphor package datasets/icon-weights
    tfi2i train stargan --recipe icon_weights
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tfi2i.data.make.drawing import draw, new_folder, one_of, split_of, write_drawing
from tfi2i.errors import DataError, Tfi2iError
from tfi2i.progress import progress_bar

WEIGHTS = ("thin", "light", "regular", "bold", "fill", "duotone")
# Light and regular lines lie between thin and bold ones.
DISTINCT_WEIGHTS = ("thin", "bold", "fill", "duotone")


def write_weights(
    package: Path, out: Path, *, weights: Sequence[str] = DISTINCT_WEIGHTS, size: int = 64
) -> dict[str, int]:
    """Renders icons in several weights, black on white, as a folder of labelled images.

    In training nothing is seen in two weights. In testing everything is there in all of them, under
    the same name: `data.aligned=true` compares translations with the truth. Icons whose names begin
    with the same word (`arrow-left`, `arrow-right`) are all for training or all for testing.

    Args:
        package: The unpacked npm package `@phosphor-icons/core`.
        out: A folder that does not exist yet: gets `train/<weight>` and `test/<weight>`.
        weights: Two or more of `WEIGHTS`.
        size: Side of the pictures in pixels.

    Returns:
        The numbers of pictures in `train` and `test`.

    Raises:
        DataError: The package is not Phosphor's or lacks a drawing, a weight is unknown, or `out`
            exists.
        MissingExtraError: The package that draws SVG is not installed.
    """
    unknown = sorted(set(weights) - set(WEIGHTS))
    if unknown or len(set(weights)) < 2:
        raise DataError(
            f"weights must be two or more of {', '.join(WEIGHTS)}, not {', '.join(weights)}"
        )
    names = _listed(package)
    counts = {"train": 0, "test": 0}
    with new_folder(out) as part, progress_bar("Drawing", len(names)) as advance:
        for name in names:
            advance(1)
            split = split_of(name.split("-")[0])
            chosen = weights if split == "test" else [one_of(list(weights), name)]
            counts[split] += len(chosen)
            for weight in chosen:
                picture = draw(_path(package, name, weight), size, package="@phosphor-icons/core")
                write_drawing(part / split / weight / f"{name}.png", picture)
    return counts


def _listed(package: Path) -> list[str]:
    """Names of all icons, sorted."""
    folder = package / "assets" / "regular"
    if not folder.is_dir():
        raise DataError(
            f"{package} is not the package @phosphor-icons/core: it has no assets/regular. Fetch "
            "it with: npm pack @phosphor-icons/core && tar xzf phosphor-icons-core-*.tgz"
        )
    return sorted(path.stem for path in folder.glob("*.svg"))


def _path(package: Path, name: str, weight: str) -> Path:
    file = name if weight == "regular" else f"{name}-{weight}"
    return package / "assets" / weight / f"{file}.svg"


def main(arguments: list[str] | None = None) -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description="Phosphor's icons in several weights, as a folder of labelled images.",
        epilog="Example:  python -m tfi2i.data.make.phosphor package datasets/weights --size 64",
    )
    parser.add_argument("package", type=Path, help="the unpacked npm package @phosphor-icons/core")
    parser.add_argument("out", type=Path, help="a folder that does not exist yet")
    parser.add_argument("--size", type=int, default=64, help="side in pixels (default: 64)")
    parser.add_argument(
        "--weights",
        nargs="+",
        choices=WEIGHTS,
        default=DISTINCT_WEIGHTS,
        metavar="WEIGHT",
        help=f"of {', '.join(WEIGHTS)} (default: {' '.join(DISTINCT_WEIGHTS)})",
    )
    given = parser.parse_args(arguments)
    try:
        counts = write_weights(given.package, given.out, weights=given.weights, size=given.size)
    except Tfi2iError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{counts['train']} training pictures, {counts['test']} test pictures in {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
