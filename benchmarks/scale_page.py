"""docs/scale.md: the scale of translation, with the figures of `benchmarks.scale`."""

from typing import Any

import numpy as np

_ABOVE = """# The scale of translation

A generator sees objects at one scale in training: whole images are stretched to `data.load_size`
before crops are cut. A run notes that scale, in `model.json` as `scale`: the loading size, and the
median side of the training images of each domain (the root of the area where they are not square).
`translate` multiplies the sides of every picture by the quotient of the two, translates, and
brings the result back to the picture's own size; its last line says so. A SavedModel does the same
in its graph (`tfi2i export --scale` chooses another). A LiteRT file takes pixels that have the
scale already: resize by the `scale` in `parity.json` before, and enlarge after. Nothing is resized
where training resized nothing: with `data.load_size=null`, with built-in tiles, with images that
have the loading size already, and with presets and runs that note no scale.

`tfi2i translate --scale`, and `scale=` in Python, choose another:

| scale | the sides of a picture are multiplied by |
|---|---|
| `trained` | the factor of the training images: `load_size` / their median side |
| `fit` | the factor that gives it as many pixels as every whole image had in training |
| a number | that number; `1` translates its own pixels |

`fit` is right for pictures of the same kind of scene from another camera, such as phone photos for
a model that trained on photos of 256 px; `translate` says so where a picture is more than twice as
large as those of training, or less than half. `trained` is right for larger and smaller parts of
the same world: maps, textures, crops.

The sample grids of a run show whole test images at `data.load_size`, which is the scale of training
and of `translate`. `evaluate` stretches them to the crop, as the papers do, so that figures compare
with published ones: with load 286 and crop 256 objects are a tenth smaller there than in training.
`evaluate --size load` measures at the scale of training, and `evaluate` says so where the load size
is more than 1.25 times the crop; `train.sample_size=crop` shows grids as `evaluate` measures. With
`data.load_size=null` both cut the middle of each image at its own pixels, as training saw it.

## Which scale is best

`python -m benchmarks.scale --page docs/scale.md` made these figures and
`benchmarks/results_scale.json`. The photos show white discs. The small ones turn red and the large
ones blue, so that the right colour depends on the scale. pix2pix in small trains with load_size 36
and crops of 32 px, {steps:,} steps, {seeds} seeds. Each cell has L1 (in the [-1, 1] scale) and
PSNR against the truth at the picture's own size, and the share of discs in the right colour.
"""

_BELOW = """
`1` translates discs that are larger than training saw them: it keeps the ground's detail, so its L1
is low, but most colours are wrong. The two others are right where they keep what training saw, and
each is wrong where the other is right. Where `fit` is wrong, on larger crops, it loses more than
colours, because the picture becomes too small for its detail. Of these two `trained` has the
smaller error over all kinds of picture, in L1 and in PSNR, so it is the default.
"""


def scale_page(results: dict[str, Any]) -> str:
    """The page, from what `benchmarks.scale` wrote."""
    settings = results["settings"]
    above = _ABOVE.format(steps=settings["steps"], seeds=len(settings["seeds"]))
    tables = [_table(name, table) for name, table in results["figures"].items()]
    return "\n".join([above, "\n\n".join(tables), _BELOW])


def _table(name: str, table: dict[str, Any]) -> str:
    """One line for each kind of photo, one column for each way."""
    ways = list(next(iter(table.values())))
    mean = {
        way: {key: np.mean([by_way[way][key] for by_way in table.values()]) for key in _SHOWN}
        for way in ways
    }
    lines = [f"| trained on {name}, tested on | {' | '.join(ways)} |", "|---|" + "---|" * len(ways)]
    for photos, by_way in {**table, "mean": mean}.items():
        cells = (
            f"{f['l1']:.3f}, {f['psnr_db']:.1f} dB, {f['right_colours']:.0%}"
            for f in by_way.values()
        )
        lines.append(f"| {photos} | {' | '.join(cells)} |")
    return "\n".join(lines)


_SHOWN = ("l1", "psnr_db", "right_colours")
