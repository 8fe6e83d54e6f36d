"""docs/packages.md, made of what was tried."""

from typing import Any

_HEAD = """\
# The package, installed

`python -m tools.packages` makes this page. It builds sdist and wheel from what is committed, checks
them with `twine check --strict`, installs them by uv into clean environments on Linux (x86), uses
them in an empty folder, and removes them. "Oldest" are the lowest versions that `pyproject.toml`
allows of each package it names, "newest" what came on that day. TensorFlow 2.21 and Keras 3.15.1
are the oldest that are allowed; where both rows have them, there were no newer ones. A row stands
until it is tried again (`--only`)."""
_USED = """\
Each of these prints its version, translates a picture with a preset, and trains pix2pix for an
epoch on a folder of pairs."""
_EXTRAS = """\
Each extra alone, beside the wheel and what that needs. What it brings is used once: a source is
opened, a file written and read, a network built, a caption encoded. Of `tfds`, `hub`,
`tensorboard`, `beam` and `music` the packages are only imported. `music` wants the headers of
portaudio (`apt-get install portaudio19-dev`), only to play aloud; without them its three packages
work when they are installed with `pip install --no-deps`."""
_SHOWN = {"tensorflow": "TensorFlow", "keras": "Keras", "numpy": "NumPy", "pillow": "Pillow"}


def packages_page(results: dict[str, Any]) -> str:
    """The page, Markdown."""
    built, tried = results["built"], dict(sorted(results["environments"].items()))
    sizes = [f"{name} has {size / 1e6:.1f} MB" for name, size in built["bytes"].items()]
    whole = {name: row for name, row in tried.items() if not name.startswith("extra ")}
    extras = {name: row for name, row in tried.items() if name.startswith("extra ")}
    parts = [
        _HEAD,
        f"Commit {built['commit']}: {', '.join(sizes)}; {built['twine_passed']} of 2 passed twine.",
        "## The package",
        _USED,
        _table(
            ["", "TensorFlow", "Keras", "NumPy", "Pillow", "MiB", "packages", ""], whole, _whole
        ),
        "## Extras",
        _EXTRAS,
        _table(["", "MiB", "packages", ""], extras, _extra),
        *_failures(tried),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: list[str], rows: dict[str, Any], cells: Any) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join([name, *cells(row), _outcome(row)])} |" for name, row in rows.items()]
    return "\n".join(lines)


def _whole(row: dict[str, Any]) -> list[str]:
    versions = row.get("versions", {})
    return [*(versions.get(name, "") for name in _SHOWN), *_extra(row)]


def _extra(row: dict[str, Any]) -> list[str]:
    return [f"{row[key]:,}" if key in row else "" for key in ("mebibytes", "packages")]


def _outcome(row: dict[str, Any]) -> str:
    return "**failed**, see below" if "failed" in row else "works"


def _failures(tried: dict[str, Any]) -> list[str]:
    failed = {name: row["failed"] for name, row in tried.items() if "failed" in row}
    parts = ["## What failed"] if failed else []
    for name, said in failed.items():
        parts += [f"{name}:", f"```text\n{said}\n```"]
    return parts
