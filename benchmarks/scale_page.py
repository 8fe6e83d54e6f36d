"""docs/scale.md: the scale of translation, with the figures of `benchmarks.scale`."""

from typing import Any


def scale_page(results: dict[str, Any]) -> str:
    return "\n\n".join(_table(name, table) for name, table in results["figures"].items()) + "\n"


def _table(name: str, table: dict[str, Any]) -> str:
    """One line for each kind of photo, one column for each way."""
    ways = list(next(iter(table.values())))
    lines = [f"| trained on {name}, tested on | {' | '.join(ways)} |", "|---|" + "---|" * len(ways)]
    for photos, by_way in table.items():
        cells = [
            f"{f['l1']:.3f}, {f['psnr_db']:.1f} dB, {f['right_colours']:.0%}"
            for f in by_way.values()
        ]
        lines.append(f"| {photos} | {' | '.join(cells)} |")
    return "\n".join(lines)
