"""Clouds of points in the plane, real and generated ones in one panel, all on one scale."""

from collections.abc import Mapping, Sequence

from tfi2i.report.html import Html, element

Cloud = Sequence[Sequence[float]]

_SIDE, _GAP, _HEAD, _FOOT = 180, 14, 22, 20
_COLUMNS = 3
_COLOURS = ("#2a6fb0", "#c0562a")
_STYLE = "text{font:11px sans-serif;fill:#555}.title{font-weight:bold;fill:#333}"


def point_panels(panels: Mapping[str, Mapping[str, Cloud]], *, own_scale: bool = False) -> Html:
    """An SVG picture of clouds of points.

    Args:
        panels: Title to name of a cloud to its points (x, y); the same names in every panel.
        own_scale: Whether each panel has the scale of its own points and of the origin, which a
            cross marks; its side is then written below it. Otherwise all have that of the first
            cloud of the first panel.
    """
    columns = min(len(panels), _COLUMNS)
    rows = -(-len(panels) // _COLUMNS)
    side, height = _SIDE + _GAP, _SIDE + _HEAD + _FOOT
    first = next(iter(next(iter(panels.values())).values()))
    drawn = []
    for number, (title, clouds) in enumerate(panels.items()):
        own = [[0.0, 0.0], *(point for cloud in clouds.values() for point in cloud)]
        every = own if own_scale else first
        place = f"translate({number % columns * side} {number // columns * height})"
        drawn.append(element("g", *_panel(title, clouds, every, own_scale), transform=place))
    names = next(iter(panels.values()))
    legend = [
        element("text", name, x=4 + 90 * n, y=rows * height + 12, style=f"fill:{colour}")
        for n, (name, colour) in enumerate(zip(names, _COLOURS, strict=False))
    ]
    return element(
        "svg",
        element("style", Html(_STYLE)),
        element("rect", width="100%", height="100%", fill="#fff"),
        *drawn,
        *legend,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {columns * side} {rows * height + _FOOT}",
        width=columns * side,
        height=rows * height + _FOOT,
    )


def _panel(title: str, clouds: Mapping[str, Cloud], every: Cloud, own_scale: bool) -> list[Html]:
    lows, highs = ([end(p[axis] for p in every) for axis in (0, 1)] for end in (min, max))
    span = 1.15 * max(high - low for low, high in zip(lows, highs, strict=True)) or 1.0
    middle = [(low + high) / 2 for low, high in zip(lows, highs, strict=True)]
    drawn = [
        element("text", title, x=4, y=14, class_="title"),
        element("rect", x=0, y=_HEAD, width=_SIDE, height=_SIDE, fill="#f6f6f6"),
    ]
    if own_scale:
        drawn.append(element("text", f"side {span:.3g}", x=4, y=_HEAD + _SIDE + 13))
        x, y = _SIDE * (0.5 - middle[0] / span), _HEAD + _SIDE * (0.5 + middle[1] / span)
        cross = f"M{x - 6:.1f} {y:.1f}h12M{x:.1f} {y - 6:.1f}v12"
        drawn.append(element("path", d=cross, stroke="#333"))
    for cloud, colour in zip(clouds.values(), _COLOURS, strict=False):
        for x, y in cloud:
            across, down = 0.5 + (x - middle[0]) / span, 0.5 - (y - middle[1]) / span
            if 0.0 <= across <= 1.0 and 0.0 <= down <= 1.0:
                drawn.append(
                    element(
                        "circle",
                        cx=f"{_SIDE * across:.1f}",
                        cy=f"{_HEAD + _SIDE * down:.1f}",
                        r=1.3,
                        fill=colour,
                        fill_opacity=0.5,
                    )
                )
    return drawn
