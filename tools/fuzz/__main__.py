"""`python -m tools.fuzz`: all readers in turn, within a time limit; counts in docs/fuzzing.json."""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tfi2i.whole_files import read_json, write_json, write_text
from tools.faults.marked import marked_tests
from tools.faults.outcomes import kept
from tools.faults.table import COUNTS, PAGE, page
from tools.fuzz import MEGABYTES
from tools.fuzz.readers import readers, seeds

ROOT = Path(__file__).parents[2]
# Inputs that once broke a reader; tests/faults/test_fuzzed.py feeds them again.
FOUND = ROOT / "tests" / "data" / "fuzz"
_DRAWN_SHARE = 0.2


def main() -> int:
    """Returns 1 if an input was found that breaks a reader."""
    given = _arguments()
    names = [name for name in readers() if given.only in name]
    left, found, counts = given.seconds * (1 - _DRAWN_SHARE), 0, {}
    for name in names:
        runs, broken = _guided(name, left / len(names))
        counts[name], found = runs, found + broken
        print(f"{name}: {runs:,} inputs, {broken} that break it")
    if given.only in "drawn":
        counts |= _drawn(given.seconds * _DRAWN_SHARE)
    total = {"inputs": sum(counts.values()), "seconds": given.seconds, "found": found}
    earlier = read_json(COUNTS) if COUNTS.exists() else {}
    write_json(COUNTS, {**earlier, **{name: {"inputs": n} for name, n in counts.items()}})
    write_text(PAGE, page(marked_tests(), kept()))
    print(f"fuzz: {total['inputs']:,} inputs in {given.seconds} s, {found} that break a reader")
    return found > 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="for all together")
    parser.add_argument("--only", default="", help="readers whose name has this in it")
    return parser.parse_args()


def _guided(name: str, seconds: float) -> tuple[int, int]:
    """Runs one reader under atheris; returns how many inputs it got, and how many broke it."""
    with tempfile.TemporaryDirectory(prefix="tfi2i-fuzz-") as folder:
        corpus = Path(folder)
        for number, content in enumerate(seeds()[name]):
            (corpus / f"seed{number}").write_bytes(content)
        place = FOUND / name.replace(" ", "_")
        place.mkdir(parents=True, exist_ok=True)
        done, runs, broken = time.monotonic() + seconds, 0, 0
        while (left := int(done - time.monotonic())) > 0 and broken < 5:
            output = subprocess.run(
                [
                    *(sys.executable, "-m", "tools.fuzz.guided", name, str(corpus), str(place)),
                    *(f"-max_total_time={left}", "-timeout=60", "-max_len=4096", "-verbosity=1"),
                    *(f"-rss_limit_mb={4 * MEGABYTES}", f"-artifact_prefix={place}/"),
                    *("-print_final_stats=1", "-close_fd_mask=1"),
                ],
                cwd=ROOT, capture_output=True, text=True, errors="replace",
            )  # fmt: skip
            executed = re.search(r"number_of_executed_units: (\d+)", output.stderr)
            runs += int(executed[1]) if executed else 0
            if output.returncode == 0:
                break
            broken += 1
            print(output.stderr[-3000:], file=sys.stderr)
        if not any(place.iterdir()):
            place.rmdir()
    return runs, broken


def _drawn(seconds: float) -> dict[str, int]:
    """Draws, some at a time, until the time is over."""
    from tools.fuzz.drawn import run_all

    counts: dict[str, int] = {}
    done = time.monotonic() + seconds
    while time.monotonic() < done:
        for name, count in run_all(300).items():
            counts[name] = counts.get(name, 0) + count
    return counts


if __name__ == "__main__":
    sys.exit(main())
