"""The page of a perceptual study: one file that shows pairs, asks, and saves the answers."""

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import numpy as np

from tfi2i.report.html import Html, data_uri, element, join, page, write_page

# Milliseconds: of the empty places before a pair, and of a pair that is shown again in practice.
_BETWEEN = 500
_FEEDBACK = 1500
# Smaller images are shown with their pixels: smoothing would hide what tells them apart.
_SMOOTH = 128
_SIDES = ("left", "right")

_LEAD = (
    "You will see two images for a moment, side by side. One of them is real, the other was made "
    "by a computer. Say which one was the real one; guess where you do not know."
)


def write_study_page(
    path: Path,
    pairs: Mapping[str, tuple[np.ndarray, np.ndarray]],
    *,
    identity: str,
    seconds: float = 1.0,
    practice: int = 10,
    trials: int = 40,
) -> Path:
    """Writes the page; it needs no server and nothing beside it.

    Args:
        path: Path of the page.
        pairs: Name of an algorithm to what it made and real images, both uint8 (N, H, W, 3).
        identity: Name of these pairs, which stands in the answers.
        seconds: How long a pair is seen.
        practice: Trials with feedback, which do not count.
        trials: Trials without.

    Returns:
        The path.
    """
    first = next(iter(pairs.values()))[0]
    height, width = first.shape[1:3]
    study = {
        "id": identity,
        "seconds": seconds,
        "practice": practice,
        "trials": trials,
        "between": _BETWEEN,
        "feedback": _FEEDBACK,
        "algorithms": [
            {
                "name": name,
                "pairs": [
                    {"generated": data_uri(fake), "real": data_uri(true)}
                    for fake, true in zip(generated, real, strict=True)
                ],
            }
            for name, (generated, real) in pairs.items()
        ],
    }
    places = [element("div", element("img", id=side, alt=""), class_="place") for side in _SIDES]
    smooth = max(height, width) >= _SMOOTH
    body = [
        element("style", _part("study.css")),
        element("h1", "Real or fake?"),
        _start(seconds, practice, trials),
        element(
            "section",
            element("p", id="count"),
            element("div", element("div", id="progress"), class_="bar"),
            element(
                "div",
                *places,
                id="pair",
                class_="pair" if smooth else "pair pixels",
                style=f"--shape:{width}/{height}",
            ),
            element("p", id="words", aria_live="polite"),
            element(
                "div",
                element("button", "← Left", id="choose-left"),
                element("button", "Right →", id="choose-right"),
                class_="choices",
            ),
            id="trial",
            hidden="",
        ),
        _end(),
        # "</" would end the script: JSON has another way to write it.
        element(
            "script",
            Html(json.dumps(study).replace("</", "<\\/")),
            id="study",
            type="application/json",
        ),
        element("script", join([_part("study_plan.js"), _part("study.js")])),
    ]
    write_page(path, page("Real or fake?", *body))
    return path


def _part(name: str) -> Html:
    return Html(resources.files("tfi2i.report").joinpath(name).read_text(encoding="utf-8"))


def _start(seconds: float, practice: int, trials: int) -> Html:
    moment = "one second" if seconds == 1 else f"{seconds:g} seconds"
    minutes = max(1, round((practice + trials) * (seconds + 2) / 60))
    first = f" The first {practice} are practice and tell you the answer." if practice else ""
    words = (
        f"There are {practice + trials} pairs, and each is seen for {moment}.{first} All of it "
        f"takes about {minutes} min. Choose with the buttons, or with the arrow keys. Nothing "
        "leaves this device: at the end you can save your answers as a file."
    )
    return element(
        "section",
        element("p", _LEAD, class_="headline"),
        element("p", words),
        element("button", "Begin", id="begin"),
        id="start",
    )


def _end() -> Html:
    head = ("made by", "taken for real", "share", "95 % interval")
    return element(
        "section",
        element("p", "Thank you. This is how often you took what was made for the real image:"),
        element(
            "div",
            element(
                "table",
                element("tr", *(element("th", cell, scope="col") for cell in head)),
                id="shares",
            ),
            class_="scroll",
        ),
        element("p", "Half of the trials would mean that you could not tell them apart."),
        element("a", "Save the answers", id="save", class_="button", href="#"),
        id="end",
        hidden="",
    )
