"""Scatter plots of distances before and after a translation, one panel for each arm."""

from collections.abc import Mapping, Sequence

from tfi2i.report.html import Html, element

_SIDE, _MARGIN, _HEAD = 180, 34, 22
_COLUMNS = 4
_STYLE = (
    "text{font:11px sans-serif;fill:#555}.title{font-weight:bold;fill:#333}"
    "path{fill:none;stroke:#999}circle{fill:#2a6fb0;fill-opacity:.35}rect{fill:#fff}"
)


def scatter_panels(
    panels: Mapping[str, Sequence[Sequence[float]]], *, horizontal: str, vertical: str
) -> Html:
    """An SVG picture of several scatter plots, each scaled to its own points.

    Args:
        panels: Title to points (x, y), at least one each.
        horizontal: What x is.
        vertical: What y is.
    """
    width, height = _SIDE + _MARGIN + 10, _SIDE + _MARGIN + _HEAD
    columns = min(len(panels), _COLUMNS)
    rows = -(-len(panels) // _COLUMNS)
    drawn = [
        element(
            "g",
            *_panel(title, points, horizontal, vertical),
            transform=f"translate({index % _COLUMNS * width} {index // _COLUMNS * height})",
        )
        for index, (title, points) in enumerate(panels.items())
    ]
    return element(
        "svg",
        element("style", Html(_STYLE)),
        element("rect", width="100%", height="100%"),
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {columns * width} {rows * height}",
        width=columns * width,
        height=rows * height,
    )


def _panel(
    title: str, points: Sequence[Sequence[float]], horizontal: str, vertical: str
) -> list[Html]:
    (left, right), (low, high) = (_range([p[axis] for p in points]) for axis in (0, 1))
    bottom = _HEAD + _SIDE
    dots = [
        element(
            "circle",
            cx=f"{_MARGIN + (x - left) / (right - left) * _SIDE:.1f}",
            cy=f"{bottom - (y - low) / (high - low) * _SIDE:.1f}",
            r=1.6,
        )
        for x, y in points
    ]
    end = _MARGIN + _SIDE
    return [
        element("text", title, x=_MARGIN, y=14, class_="title"),
        element("path", d=f"M{_MARGIN} {_HEAD}V{bottom}H{end}"),
        *dots,
        element("text", f"{left:.2f}", x=_MARGIN, y=bottom + 13),
        element("text", f"{right:.2f}", x=end, y=bottom + 13, text_anchor="end"),
        element("text", horizontal, x=_MARGIN + _SIDE / 2, y=bottom + 13, text_anchor="middle"),
        element("text", f"{high:.2f}", x=_MARGIN - 4, y=_HEAD + 8, text_anchor="end"),
        element("text", f"{low:.2f}", x=_MARGIN - 4, y=bottom, text_anchor="end"),
        element(
            "text",
            vertical,
            x=-(_HEAD + _SIDE / 2),
            y=_MARGIN - 6,
            text_anchor="middle",
            transform="rotate(-90)",
        ),
    ]


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high - low > 1e-9 else (low - 0.5, high + 0.5)
