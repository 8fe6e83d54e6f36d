"""Several curves in one SVG chart, with a logarithmic scale where values differ by orders."""

import math
from collections.abc import Mapping, Sequence

from tfi2i.report.html import Html, element

Points = Sequence[Sequence[float]]

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM, _GAP = 300, 190, 56, 26, 34, 30
_COLOURS = ("#2a6fb0", "#b0552a", "#3a8f4d", "#7a4fa3", "#777777")
_STYLE = "text{font:11px sans-serif;fill:#555}.title{font-weight:bold;fill:#333}path{fill:none}"


def curve_panels(
    panels: Mapping[str, Mapping[str, Points]],
    *,
    horizontal: str,
    vertical: str,
    logarithmic: bool = False,
) -> Html:
    """An SVG picture of several charts side by side, each scaled to its own curves.

    Args:
        panels: Title to name of a curve to its points (x, y), at least two each; with a logarithmic
            scale y is above 0.
        horizontal: What x is.
        vertical: What y is.
        logarithmic: Whether the scale of y is.
    """
    width, height = _LEFT + _WIDTH + _GAP, _TOP + _HEIGHT + _BOTTOM
    drawn = [
        element(
            "g",
            *_panel(title, curves, horizontal, vertical, logarithmic),
            transform=f"translate({number * width} 0)",
        )
        for number, (title, curves) in enumerate(panels.items())
    ]
    return element(
        "svg",
        element("style", Html(_STYLE)),
        element("rect", width="100%", height="100%", fill="#fff"),
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {len(panels) * width} {height}",
        width=len(panels) * width,
        height=height,
    )


def _panel(
    title: str, curves: Mapping[str, Points], horizontal: str, vertical: str, logarithmic: bool
) -> list[Html]:
    scale = math.log10 if logarithmic else float
    rows = {name: [(x, scale(y)) for x, y in points] for name, points in curves.items()}
    (left, right), (low, high) = (
        _range([point[axis] for points in rows.values() for point in points]) for axis in (0, 1)
    )
    bottom, end = _TOP + _HEIGHT, _LEFT + _WIDTH

    def place(x: float, y: float) -> str:
        across = _LEFT + (x - left) / (right - left) * _WIDTH
        return f"{across:.1f},{bottom - (y - low) / (high - low) * _HEIGHT:.1f}"

    def shown(y: float) -> str:
        return f"{10**y:.1e}" if logarithmic else f"{y:.3g}"

    drawn = [
        element("text", title, x=_LEFT, y=14, class_="title"),
        element("path", d=f"M{_LEFT} {_TOP}V{bottom}H{end}", stroke="#999"),
        element("text", f"{left:g}", x=_LEFT, y=bottom + 13),
        element("text", f"{right:g}", x=end, y=bottom + 13, text_anchor="end"),
        element("text", horizontal, x=_LEFT + _WIDTH / 2, y=bottom + 13, text_anchor="middle"),
        element("text", shown(high), x=_LEFT - 4, y=_TOP + 8, text_anchor="end"),
        element("text", shown(low), x=_LEFT - 4, y=bottom, text_anchor="end"),
        element(
            "text", vertical, x=-(_TOP + _HEIGHT / 2), y=_LEFT - 8, text_anchor="middle",
            transform="rotate(-90)",
        ),
    ]  # fmt: skip
    for number, (name, points) in enumerate(rows.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(place(x, y) for x, y in points)
        drawn += [
            element("polyline", points=path, fill="none", stroke=colour, stroke_width=1.5),
            element(
                "text", name, x=_LEFT + 8 + 120 * number, y=bottom + 29, style=f"fill:{colour}"
            ),
        ]
    return drawn


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high - low > 1e-9 else (low - 0.5, high + 0.5)
