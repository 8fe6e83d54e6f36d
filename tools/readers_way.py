"""Goes a new reader's way from the README to a served model, and notes how long each step takes.

Run: python -m tools.readers_way [--python python3.12]

Everything happens in a temporary folder: a clone, an environment of its own, a short training. The
last step wants the environment of `make test`, whose small server stands in for TF Serving's image.
Writes docs/guide/to_a_server.json and the table of docs/guide/to_a_server.md.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tfi2i.evidence.cards import replace_section
from tfi2i.machine import processor_name

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "guide" / "to_a_server.md"
BEGIN, END = "<!-- steps: begin -->", "<!-- steps: end -->"
ASK = """
import sys, time
from pathlib import Path
from small_server import SmallServer
from tfi2i.export.serving.rest import RestClient
with SmallServer(Path("shipped/saved_model")).running() as server:
    begun = time.monotonic()
    png = RestClient("pix2pix-a2b", server.rest).translate("map.png")
    Path("served.png").write_bytes(png)
    print(f"{len(png):,} bytes of PNG in {time.monotonic() - begun:.2f} s")
"""
PICTURE = (
    "from PIL import Image; Image.open('docs/demo.jpg').crop((0, 0, 128, 128)).save('map.png')"
)


def steps(python: str) -> list[tuple[str, list[str]]]:
    """What a reader does, in words, and the command."""
    tfi2i = ".venv/bin/tfi2i"
    preset = ["--preset", "pix2pix-relief2elevation-64"]
    return [
        ("an environment", [python, "-m", "venv", ".venv"]),
        ("install", [".venv/bin/pip", "install", "-q", ".[earth,litert,metrics]"]),
        ("a picture to try", [".venv/bin/python", "-c", PICTURE]),
        ("a first translation", [tfi2i, "translate", *preset, "--out", "translated", "map.png"]),
        (
            "train, 4 epochs of 28",
            [tfi2i, "train", "pix2pix", "--recipe", "small", "--run", "runs/first"]
            + ["train.epochs=4", "train.decay_epochs=2"],
        ),
        ("measure", [tfi2i, "evaluate", "--run", "runs/first"]),
        ("export", [tfi2i, "export", "runs/first", "--out", "shipped"]),
        ("serve, and ask once", [sys.executable, "-c", ASK]),
    ]


def taken(command: list[str], folder: Path) -> dict[str, Any]:
    """Seconds of the clock and of the processor that a command takes, and its last line."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    variables = {**os.environ, **(paths if command[0] == sys.executable else {})}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    return {
        "seconds": round(time.monotonic() - begun, 1),
        "processor_s": round(processor, 1),
        "says": lines[-1] if lines else "",
    }


def main() -> None:
    """Takes all steps, one after the other."""
    parser = argparse.ArgumentParser(description="A new reader's way, timed.")
    parser.add_argument("--python", default="python3")
    python = parser.parse_args().python
    found: dict[str, Any] = {
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "steps": {},
    }
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "tfi2i"
        clone = ["git", "clone", "-q", str(ROOT), str(folder)]
        for words, command in [("clone", clone), *steps(python)]:
            print(f"==> {words}", file=sys.stderr, flush=True)
            found["steps"][words] = taken(command, folder if folder.exists() else folder.parent)
    PAGE.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    replace_section(PAGE, BEGIN, END, steps_section(found))


def steps_section(found: dict[str, Any]) -> str:
    """The table of the page, between its markers."""
    lines = ["| step | seconds | of the processor |", "|---|---:|---:|"]
    for words, step in found["steps"].items():
        lines.append(f"| {words} | {step['seconds']:,.0f} | {step['processor_s']:,.0f} |")
    total = [
        sum(step[key] for step in found["steps"].values()) for key in ("seconds", "processor_s")
    ]
    lines.append(f"| all | {total[0]:,.0f} | {total[1]:,.0f} |")
    machine = (
        f"{found['processor']}, {found['cores']} cores, {found['date']}; {found['load']} processes "
        "waited for them when it began, so that a quiet machine is quicker."
    )
    return "\n".join([BEGIN, *lines, "", machine, END])


if __name__ == "__main__":
    main()
