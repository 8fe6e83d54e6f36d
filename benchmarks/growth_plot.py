"""Step time and memory against pixels in a step, both axes logarithmic."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from tfi2i.report.html import Html, element

_NAME = re.compile(r"(\w+) (\d+) px, batch (\d+)")
_COLOURS = {"pix2pix": "#2a6fb0", "cyclegan": "#b0552a"}
_SIDE, _LEFT, _TOP, _GAP = 260, 52, 24, 80
_STYLE = "text{font:11px sans-serif;fill:#555}.t{font-weight:bold;fill:#333}path{fill:none}"


def growth_plot(growth: Mapping[str, Mapping[str, Any]]) -> Html:
    """An SVG of two panels; filled points are batches of 1, hollow ones larger batches.

    Args:
        growth: `<variant> <side> px, batch <n>` to `median_s` and `peak_mib`.
    """
    panels = [
        ("step, seconds", lambda outcome: outcome["median_s"]),
        ("peak memory, GiB", lambda outcome: outcome["peak_mib"] / 1024),
    ]
    width = 2 * (_LEFT + _SIDE) + _GAP
    height = _TOP + _SIDE + 60
    drawn = [
        element("g", *_panel(title, growth, value), transform=f"translate({i * (_SIDE + _GAP)} 0)")
        for i, (title, value) in enumerate(panels)
    ]
    return element(
        "svg",
        element("style", Html(_STYLE)),
        element("rect", width="100%", height="100%", fill="#fff"),
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
    )


def _panel(
    title: str, growth: Mapping[str, Mapping[str, Any]], value: Callable[[Mapping[str, Any]], float]
) -> list[Html]:
    points = []
    for name, outcome in growth.items():
        match = _NAME.fullmatch(name)
        assert match is not None, name
        side, batch = int(match[2]), int(match[3])
        points.append((match[1], batch, side * side * batch, value(outcome)))
    widest = max(pixels for _, _, pixels, _ in points)
    sides = [side for side in (64, 128, 256, 512, 1024, 2048) if side * side <= widest]
    right = _scale([pixels for _, _, pixels, _ in points], _LEFT, _LEFT + _SIDE)
    up = _scale([y for *_, y in points], _TOP + _SIDE, _TOP)
    drawn = [
        element("text", title, x=_LEFT, y=14, class_="t"),
        element("path", d=f"M{_LEFT} {_TOP}V{_TOP + _SIDE}H{_LEFT + _SIDE}", stroke="#999"),
        *(_tick_below(side, right(side * side)) for side in sides),
        *(_tick_left(y, up(y)) for y in _round_numbers([y for *_, y in points])),
        *_linear(points, right, up),
    ]
    for variant, batch, pixels, y in points:
        colour = _COLOURS[variant]
        fill = colour if batch == 1 else "#fff"
        x, height = f"{right(pixels):.1f}", f"{up(y):.1f}"
        drawn.append(element("circle", cx=x, cy=height, r=4, fill=fill, stroke=colour))
    for index, (variant, colour) in enumerate(_COLOURS.items()):
        place = {"x": _LEFT + 10, "y": _TOP + 14 + 15 * index}
        drawn.append(element("text", variant, **place, style=f"fill:{colour}"))
    below = _TOP + _SIDE + 34
    drawn.append(
        element("text", "image side at batch 1; dashed: linear in pixels", x=_LEFT, y=below)
    )
    return drawn


def _linear(points: list, right: Callable, up: Callable) -> list[Html]:
    """From each variant's 256 px at batch 1, what would be linear in pixels."""
    lines = []
    most = max(pixels for _, _, pixels, _ in points)
    highest = max(y for *_, y in points)
    for variant, batch, pixels, y in points:
        if batch == 1 and pixels == 256 * 256:
            end = min(most / pixels, highest / y)
            path = f"M{right(pixels):.1f} {up(y):.1f}L{right(pixels * end):.1f} {up(y * end):.1f}"
            colour = _COLOURS[variant]
            lines.append(element("path", d=path, stroke=colour, stroke_dasharray="4 4"))
    return lines


def _scale(values: list[float], start: float, end: float) -> Callable[[float], float]:
    low, high = math.log(min(values)) - 0.2, math.log(max(values)) + 0.2
    return lambda value: start + (math.log(value) - low) / (high - low) * (end - start)


def _round_numbers(values: list[float]) -> list[float]:
    numbers = [base * 10**power for power in range(-3, 4) for base in (1, 2, 5)]
    return [number for number in numbers if min(values) <= number <= max(values)]


def _tick_below(side: int, x: float) -> Html:
    return element("text", f"{side}", x=f"{x:.1f}", y=_TOP + _SIDE + 16, text_anchor="middle")


def _tick_left(value: float, y: float) -> Html:
    return element("text", f"{value:g}", x=_LEFT - 6, y=f"{y + 4:.1f}", text_anchor="end")
