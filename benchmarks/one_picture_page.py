"""docs/one_picture.md: one picture by every route, and the ways to translate a large one."""

from collections.abc import Iterator
from typing import Any

from benchmarks.markdown import table

# Below this a difference is worth a word: a mean error of about one and a half of 256 levels.
LEAST_DB = 45.0
# An L1 that rises by more than this with the size of the image is worth a word too.
WORSE_L1 = 0.05
PIXELS = "192x384 px"
_LINK = "[docs/one_picture.md](../../../docs/one_picture.md)"
_NOT_ASKED = "LiteRT int8"  # The one format that `tfi2i export` writes only if it is named.

_ABOVE = """# One picture, one answer

`tfi2i translate`, the SavedModel and the LiteRT files give the same picture. All of them translate
an image as one: instance normalisation and attention see all of it, at every size. Sides that a
network cannot compute are continued by mirroring, below and to the right, and cut off again; a
LiteRT file of a fixed size does that itself (`tfi2i export --size 300x401`).

`python -m benchmarks.one_picture --page docs/one_picture.md` made the figures: every preset
translates a picture of the domain that it reads, at three sizes, by what `tfi2i export` writes. A
cell has the PSNR in dB against `translate`, of pixels in 256 levels, at {sizes};
`=` stands for equal pixels. Pictures are parts of the maps of the Earth, digits side by side, and
for music 64 rows of sound as many columns long. Of many domains two directions are shown. No preset
notes a scale of training (docs/scale.md), so the pictures keep their pixels.
"""

_WHOLE = """
## Whole, or by tiles

A network that was trained on 64 px sees larger images in use. The table has the L1 error against
the truth, in the [-1, 1] scale, on {pixels} of the held-out band: cut into images of the
training's size, as one image, and by tiles of that size that are blended (`translate --tile`).

{table}

Tiles are a little nearer to the truth in most rows, by less than 0.02. StarGAN differs most: its
generator pads with zeros and normalises by the image's statistics, so that what it makes depends on
the size of the image. Its whole pictures have the right shapes and no seams, but other colours than
in training.

Whole images are the default all the same, for every preset. Tiles are many pictures in place of
one: each is lit by its own statistics, so that even ground shows their grid. `translate --tile 64`
makes them, and a page in the browser of pictures that need too much memory; exported files never
do. For faithful colours of larger pictures train at their size
(`data.crop_size`).
"""

_LARGE = """
## Large images

`translate` takes an image of up to a million pixels as one. Larger ones go through by strips, with
the same answer. All strips go as far as the next layer that needs to know the whole image, what
they tell of it is joined, and then all of them go on; maps in between wait in temporary files.
Memory grows with the width of the image alone.

Other ways that were looked at:

- **Tiles with their own statistics** need little memory. Each tile has other statistics than the
  image, so it is another picture ({tiles} dB from the whole, where the network normalises).
- **Statistics of a reduced copy** (512 px): one pass, no files. A small copy has other texture than
  the image, so its statistics are others: {reduced} dB.
- **Two passes**, statistics first and then pixels, are what strips do for a network with one layer
  that normalises. With more layers each waits for the one before, so there are at least as many
  passes as such layers.

`python -m benchmarks.large_images` measured them, each in a process of its own: memory beyond the
loaded model, time on one core that others used too, and PSNR against the whole image. Strips may
use 256 MiB at a time, so that they save nothing where a small network needs no more for the whole;
the whole image's memory grows with the pixels and with the filters (a published ResNet of 9 blocks
takes 1.4 GB for a million). What strips differ by is rounding: the whole image adds up millions of
pixels in float32 in one go, and strips join shorter sums in float64.

{table}

Served graphs translate whole images, and refuse those that would not fit (`max_pixels`).
"""


def one_picture_page(results: dict[str, Any], large: dict[str, Any]) -> str:
    """The page, from what `benchmarks.one_picture` and `benchmarks.large_images` wrote."""
    presets = results["presets"]
    sizes = ", ".join(next(iter(_agreements(presets)))[2])
    machine = results["machine"]
    by_route = _by_route(presets)
    parts = [
        _ABOVE.format(sizes=f"{sizes} px"),
        by_route,
        "",
        _lowest_in_words(presets),
        *_skipped(presets),
        f"Measured on {machine['processor']}, TensorFlow {machine['versions']['tensorflow']}.",
        _WHOLE.format(pixels=PIXELS, table=_errors(presets)),
        _LARGE.format(
            table=_large(large), tiles=_range(large, "tiles"), reduced=_range(large, "reduced")
        ),
    ]
    return "\n".join(parts)


def card_sentences(results: dict[str, Any]) -> dict[str, list[str]]:
    """Preset -> what its card says of files, and of sizes, that give other pictures."""
    said: dict[str, list[str]] = {}
    for preset, facts in results["presets"].items():
        far: dict[str, list[tuple[str, float | str | None]]] = {}
        for _, route, size, found in _figures(results["presets"], preset):
            if _is_low(found):
                far.setdefault(route, []).append((size, found))
        words = [_far_in_words(*one) for one in far.items()]
        for direction, errors in facts.get("truth", {}).items():
            if errors["whole"] > errors["cut"] + WORSE_L1:
                words.append(_worse_in_words(direction, errors, facts["crop_size"]))
        if words:
            said[preset] = [f"`{preset}`: {sentence}" for sentence in words]
    return said


def _worse_in_words(direction: str, errors: dict[str, float], side: int) -> str:
    cut, whole, tiles = (f"{errors[way]:.3f}" for way in ("cut", "whole", "tiles"))
    return (
        f"{direction} has an L1 of {cut} on images of {side} px, {whole} on one of {PIXELS}, and "
        f"{tiles} on that with `translate --tile {side}` ({_LINK})."
    )


def _far_in_words(route: str, low: list[tuple[str, float | str | None]]) -> str:
    figures = [found for _, found in low if isinstance(found, float)]
    refused = dict.fromkeys(size for size, found in low if isinstance(found, str))
    words = [f"is {min(figures):.1f} dB from `translate`"] if figures else []
    if refused:
        words.append(f"is refused at {', '.join(refused)} px, where it is not within 40 dB")
    why = ": 8 bits hold less" if route == _NOT_ASKED else ""
    return f"its {route} file {' and '.join(words)}{why} ({_LINK})."


def _agreements(presets: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Preset, direction, and size -> route -> figure."""
    for preset, facts in presets.items():
        for direction, by_size in facts.get("agreement", {}).items():
            yield preset, direction, by_size


def _figures(
    presets: dict[str, Any], only: str | None = None
) -> Iterator[tuple[str, str, str, float | str | None]]:
    """Preset and direction, route, size, figure."""
    for preset, direction, by_size in _agreements(presets):
        if only in (None, preset):
            for size, by_route in by_size.items():
                for route, found in by_route.items():
                    yield f"`{preset}` {direction}", route, size, found


def _by_route(presets: dict[str, Any]) -> str:
    routes = list(next(iter(next(_agreements(presets))[2].values())))
    lowest = {route: _lowest(presets, route)[0] for route in routes}
    rows = []
    for preset, direction, by_size in _agreements(presets):
        cells = [
            " / ".join(_cell(found[route], lowest[route]) for found in by_size.values())
            for route in routes
        ]
        rows.append([f"`{preset}` {direction}", *cells])
    return table(["", *routes], rows)


def _cell(found: float | str | None, lowest: float) -> str:
    if found is None:
        return "="
    if isinstance(found, str):
        return "refused"
    return f"**{found:.1f}**" if found == lowest else f"{found:.1f}"


def _lowest(presets: dict[str, Any], route: str) -> tuple[float, str]:
    """The lowest figure of a route, and where it is."""
    found = [
        (figure, f"{name} at {size}")
        for name, one, size, figure in _figures(presets)
        if one == route and isinstance(figure, float)
    ]
    return min(found)


def _lowest_in_words(presets: dict[str, Any]) -> str:
    routes = dict.fromkeys(route for _, route, _, _ in _figures(presets))
    usual = [(*_lowest(presets, route), route) for route in routes if route != _NOT_ASKED]
    figure, where, route = min(usual)
    low = {name.split()[0] for name, *_, found in _figures(presets) if _is_low(found)}
    names = ", ".join(sorted(low))
    return (
        "The lowest figure of each column stands out. Of what `tfi2i export` writes unless it is "
        f"told otherwise the lowest is {figure:.1f} dB: {route}, {where}. Eight bits hold less: "
        f"int8 files are below {LEAST_DB:.0f} dB, or refused because they are below 40 dB, for "
        f"{names}; their cards say so.\n"
    )


def _is_low(found: float | str | None) -> bool:
    return isinstance(found, str) or (found is not None and found < LEAST_DB)


def _skipped(presets: dict[str, Any]) -> list[str]:
    return [
        f"`{name}` was left out: {facts['skipped']}\n"
        for name, facts in presets.items()
        if "skipped" in facts
    ]


def _errors(presets: dict[str, Any]) -> str:
    head = ["", "cut", "whole", "tiles", "the input itself"]
    rows = []
    for preset, facts in presets.items():
        for direction, errors in facts.get("truth", {}).items():
            least = min(errors["whole"], errors["tiles"])
            cells = [
                f"**{errors[way]:.3f}**" if errors[way] == least else f"{errors[way]:.3f}"
                for way in ("whole", "tiles")
            ]
            row = [f"{errors['cut']:.3f}", *cells, f"{errors['untouched']:.3f}"]
            rows.append([f"`{preset}` {direction}", *row])
    return table(head, rows)


def _large(large: dict[str, Any]) -> str:
    ways = {"whole": "whole", "strips": "strips", "reduced": "reduced copy", "tiles": "tiles"}
    rows = []
    for kind, facts in large.items():
        for side, found in facts["sides"].items():
            cells = [_way(found[way], way) for way in ways]
            rows.append([f"{kind}, {side}x{side} px", *cells])
    return table(["MiB, seconds, dB", *ways.values()], rows)


def _range(large: dict[str, Any], way: str) -> str:
    """The lowest and highest figure of a way, for networks that look at the whole image."""
    found = [
        ways[way]["psnr_db"]
        for facts in large.values()
        for ways in facts["sides"].values()
        if ways["reduced"]["psnr_db"] is not None
    ]
    return f"{min(found):.0f} to {max(found):.0f}"


def _way(found: dict[str, Any], way: str) -> str:
    text = f"{found['peak_mib']:,}, {found['seconds']:.0f} s"
    if way == "whole":
        return text
    return text + (", =" if found["psnr_db"] is None else f", {found['psnr_db']:.1f} dB")
