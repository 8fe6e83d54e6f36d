"""Builds sdist and wheel, checks them, and tries them in clean environments.

Run: python -m tools.packages [--pythons 3.11 3.12 3.13] [--only NAME...]

It needs uv, build and twine (`pip install uv build twine`) and the Pythons. It writes
docs/packages.json after each environment, and docs/packages.md at the end; rows that are not asked
for stay as they are. Every environment is removed once it has been used.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

from tools.packages.environments import Failed, environment, install, run, use
from tools.packages.page import packages_page
from tools.packages.uses import COMMANDS, EXTRAS, PICTURES

ROOT = Path(__file__).parents[2]
RESULTS, PAGE = ROOT / "docs" / "packages.json", ROOT / "docs" / "packages.md"
EXTRAS_ON = "3.12"


def main() -> None:
    """Builds once, then goes through the environments one by one."""
    parser = argparse.ArgumentParser(description="The package in clean environments.")
    parser.add_argument("--pythons", nargs="+", default=["3.11", "3.12", "3.13"])
    parser.add_argument("--only", nargs="+", help="rows by their names, such as 'extra earth'")
    asked = parser.parse_args()
    uv = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    if uv is None:
        parser.error("uv is missing: pip install uv build twine")
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        wheel, sdist, results["built"] = build(place)
        for name, (python, *what) in rows(asked.pythons, wheel, sdist).items():
            if asked.only and name not in asked.only:
                continue
            print(f"==> {name}", file=sys.stderr, flush=True)
            row = tried(uv, place, what, python, name)
            results.setdefault("environments", {})[name] = row
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(packages_page(results), encoding="utf-8")


def build(place: Path) -> tuple[Path, Path, dict[str, Any]]:
    """Sdist and, from it, the wheel, of what is committed; what twine says; their sizes."""
    source, made = place / "source", place / "made"
    source.mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "x"], cwd=source, input=archive.stdout, check=True)
    run([sys.executable, "-m", "build", "--outdir", made, source], place)
    (wheel,), (sdist,) = made.glob("*.whl"), made.glob("*.tar.gz")
    said = run([sys.executable, "-m", "twine", "check", "--strict", wheel, sdist], place)
    passed = said.count("PASSED")
    commit = run(["git", "rev-parse", "--short", "HEAD"], ROOT).strip()
    files = {path.name: path.stat().st_size for path in (wheel, sdist)}
    return wheel, sdist, {"commit": commit, "bytes": files, "twine_passed": passed}


def rows(pythons: list[str], wheel: Path, sdist: Path) -> dict[str, list[str]]:
    """Name -> the Python, and what uv is asked to install on it."""
    found = {}
    for python in pythons:
        # The lowest versions are those of what is named, so that dependencies are named here.
        lowest = ["--resolution", "lowest-direct", "--no-build", *dependencies()]
        found[f"wheel, Python {python}, oldest"] = [python, str(wheel), *lowest]
        found[f"wheel, Python {python}, newest"] = [python, str(wheel)]
    found[f"sdist, Python {EXTRAS_ON}, newest"] = [EXTRAS_ON, str(sdist)]
    for extra in EXTRAS:
        found[f"extra {extra}"] = [EXTRAS_ON, f"tfi2i[{extra}] @ {wheel.as_uri()}"]
    return found


def dependencies() -> list[str]:
    """What pyproject.toml names, with its lower bounds."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]


def tried(uv: str, place: Path, what: list[str], python: str, name: str) -> dict[str, Any]:
    """Installs into a fresh environment and uses it there; `failed` says where that ended."""
    row: dict[str, Any] = {"python": python, "date": time.strftime("%Y-%m-%d", time.gmtime())}
    extra = name.removeprefix("extra ") if name.startswith("extra ") else None
    with environment(uv, python, place) as folder, tempfile.TemporaryDirectory() as empty:
        try:
            row |= install(uv, folder, what)
            if extra is not None:
                use(folder, Path(empty), [("python", "-c", EXTRAS[extra])])
            else:
                use(folder, Path(empty), [("python", "-c", PICTURES)])
                row["used_s"] = use(folder, Path(empty), COMMANDS)
        except Failed as failure:
            row["failed"] = str(failure)
    return row


if __name__ == "__main__":
    main()
