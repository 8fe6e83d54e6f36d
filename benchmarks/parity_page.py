"""docs/parity.md, written from the figures of `benchmarks.parity`."""

from typing import Any

from benchmarks.markdown import table

_HEAD = """# Every exported file beside Keras

`python -m benchmarks.parity --page docs/parity.md` exported every view of these presets in every
format, ran each file on a part of a map, and wrote this page. A cell has the largest difference of
any value from what `tfi2i translate` makes, in levels of 256, the dB, and the milliseconds of the
processor for a picture. Pixels are compared as they are saved, in 8 bits; `=` stands for equal
pixels. DCGAN draws images of one size, and is compared with what `decode` makes of the same
latents.

- **SavedModel**: float32, by each signature, a request at a time; `plain` is for converters, and a
  file for each size.
- **LiteRT**: a file for each size (`--size`), calibrated on images of the training where it is of
  uint8. `tfi2i export` refuses int8 below 40 dB and uint8 below 30 dB, unless `--accept-psnr`
  allows it. The small tiles of a training are no large pictures: a file of uint8 for these wants
  `--images` of their size, on which it is calibrated then; here it had the tiles.
- **page**: the float16 file of `--formats web` in headless Chromium, the same for all sizes, by
  WebAssembly, on one thread, and by WebGPU, which a program (SwiftShader) computes on the
  processor, so that its time would say nothing.
- Views that take more than a picture are asked for all of it: `stargan`'s `translate` for every
  domain, `bicyclegan`'s `a2b` for the mean and for latents: the levels are of the worst answer, the
  dB a mean of those that differ. LiteRT files have one domain each, and the mean; a page has them
  all ([web.md](web.md)).
- **Milliseconds** are those of one core, of the best of several runs, or, of the page, of their
  mean, with all that the browser does beside; other work went on. The bytes are those of the first
  size.
"""


def parity_page(results: dict[str, Any]) -> str:
    """The page in Markdown."""
    machine = results["machine"]
    parts = [_HEAD]
    for preset, views in results["presets"].items():
        for view, sizes in views.items():
            parts.append(f"## `{preset}`, {view}\n\n{_of_view(sizes)}\n")
    parts.append(_in_short(results["presets"]))
    versions = machine["versions"]
    parts.append(
        f"Measured on {machine['processor']}, TensorFlow {versions['tensorflow']}, "
        f"Keras {versions['keras']}.\n"
    )
    return "\n".join(parts)


def _of_view(sizes: dict[str, Any]) -> str:
    ways = list(dict.fromkeys(way for found in sizes.values() for way in found))
    rows = []
    for way in ways:
        bytes_ = next(found[way]["bytes"] for found in sizes.values() if way in found)
        cells = [_cell(found[way]) if way in found else "" for found in sizes.values()]
        rows.append([_words(way), f"{bytes_ / 1e6:.2f} MB", *cells])
    return table(["", "size", *sizes], rows)


def _words(way: str) -> str:
    kind, _, rest = way.partition(" ")
    return f"{kind} `{rest}`" if rest.startswith("serving") else way


def _cell(found: dict[str, Any]) -> str:
    parts = ["="] if found["levels"] == 0 else [str(found["levels"]), f"{found['psnr_db']:.1f} dB"]
    if "seconds" in found:
        milliseconds = 1e3 * found["seconds"]
        parts.append(f"{milliseconds:,.{1 if milliseconds < 10 else 0}f} ms")
    return ", ".join(parts)


def _in_short(presets: dict[str, Any]) -> str:
    """The worst of each kind of file over all views and sizes."""
    worst: dict[str, tuple[int, float]] = {}
    for views in presets.values():
        for sizes in views.values():
            for found in sizes.values():
                for way, one in found.items():
                    kind = way if not way.startswith("SavedModel") else "SavedModel, all signatures"
                    levels, decibels = worst.get(kind, (0, float("inf")))
                    least = float("inf") if one["psnr_db"] is None else one["psnr_db"]
                    worst[kind] = max(levels, one["levels"]), min(decibels, least)
    rows = [
        [kind, str(levels), "=" if levels == 0 else f"{decibels:.1f} dB"]
        for kind, (levels, decibels) in worst.items()
    ]
    return f"## The worst of all\n\n{table(['', 'levels', 'dB'], rows)}\n"
