"""Line charts as inline SVG."""

import math
from collections.abc import Sequence

import numpy as np

from tfi2i.report.html import Html, element

_WIDTH, _HEIGHT = 320, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 8, 20
_MOST_POINTS = 400


def line_chart(title: str, points: Sequence[tuple[float, float]]) -> Html:
    """One value over iterations: faint as it was, bold as a running mean.

    Args:
        title: What the value is; its last mean is shown beside it.
        points: (iteration, value), in order; values that are not finite are left out.
    """
    finite = [(x, y) for x, y in points if math.isfinite(y)]
    if not finite:
        return element("figure", element("figcaption", title, ": no finite value"), class_="chart")
    x, y = np.array(_thinned(finite)).T
    mean = _running_mean(y)
    # A few outliers at the start shall not flatten the rest.
    low, high = float(min(y.min(), mean.min())), float(np.quantile(y, 0.99))
    high = max(high, float(mean[len(mean) // 10 :].max()))
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    caption = element("figcaption", element("span", title), element("b", f"{mean[-1]:.3g}"))
    labels = [
        _text(_LEFT - 4, _TOP + 8, f"{high:.3g}", "end"),
        _text(_LEFT - 4, _HEIGHT - _BOTTOM, f"{low:.3g}", "end"),
        _text(_LEFT, _HEIGHT - 5, f"{int(x[0]):,}", "start"),
        _text(_WIDTH - _RIGHT, _HEIGHT - 5, f"{int(x[-1]):,}", "end"),
    ]
    frame = element(
        "path", d=f"M{_LEFT} {_TOP}V{_HEIGHT - _BOTTOM}H{_WIDTH - _RIGHT}", class_="axis"
    )
    drawing = element(
        "svg",
        frame,
        element("polyline", points=_path(x, y, low, high), class_="raw"),
        element("polyline", points=_path(x, mean, low, high), class_="mean"),
        *labels,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=f"{title} over iterations, last {mean[-1]:.3g}",
    )
    return element("figure", caption, drawing, class_="chart")


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most this many points, each the mean of its neighbours."""
    if len(points) <= _MOST_POINTS:
        return points
    groups = np.array_split(np.array(points), _MOST_POINTS)
    return [tuple(group.mean(axis=0)) for group in groups]


def _running_mean(values: np.ndarray) -> np.ndarray:
    """The mean over a twentieth of the run to both sides, over less at the ends."""
    reach = max(1, len(values) // 20)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    first = np.maximum(np.arange(len(values)) - reach, 0)
    last = np.minimum(np.arange(len(values)) + reach + 1, len(values))
    return (sums[last] - sums[first]) / (last - first)


def _path(x: np.ndarray, y: np.ndarray, low: float, high: float) -> str:
    right = (x - x[0]) / max(x[-1] - x[0], 1e-9) * (_WIDTH - _LEFT - _RIGHT) + _LEFT
    up = np.clip((y - low) / (high - low), 0.0, 1.0) * (_HEIGHT - _TOP - _BOTTOM)
    return " ".join(f"{a:.1f},{_HEIGHT - _BOTTOM - b:.1f}" for a, b in zip(right, up, strict=True))


def _text(x: float, y: float, text: str, anchor: str) -> Html:
    return element("text", text, x=x, y=y, text_anchor=anchor)
