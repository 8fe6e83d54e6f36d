"""The faults that `make mutants` plants: they fit the code, and they are really planted."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def mutants(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "tools.mutants", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_no_fault_is_stale_and_none_is_forgotten():
    done = mutants("--list")
    assert done.returncode == 0, done.stderr + "\nmake mutants says the same"
    steps = [path for path in ROOT.glob("zoo/*/*/model.py") if "def train_step" in path.read_text()]
    assert len(steps) > 10
    for path in (*steps, *ROOT.glob("tfi2i/losses/[a-z]*.py"), ROOT / "tfi2i/training/pool.py"):
        assert f"{path.relative_to(ROOT)}:" in done.stdout, path


def test_a_fault_is_noticed_and_one_that_changes_nothing_is_not():
    # Within a function that tf.function compiles from its source.
    noticed = mutants("--only", r"pool.py.*\[drop\] stored \+ count -> \(count\)")
    assert noticed.returncode == 0, noticed.stdout + noticed.stderr
    assert "\n1 faults, 1 noticed, 0 survived" in noticed.stdout

    survives = mutants("--equivalents", "--only", r"pool.py.*\[boundary\]")
    assert survives.returncode == 1, survives.stdout + survives.stderr
    assert "\n1 faults, 0 noticed, 1 survived" in survives.stdout
    assert "\n-        coin = " in survives.stdout and "\n+        coin = " in survives.stdout


def test_a_fault_that_fits_nothing_is_stale(tmp_path):
    """In a copy, whose pool has lost the line that a fault by hand begins from."""
    for name in ("tools", "tfi2i", "zoo"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("weights"))
    pool = tmp_path / "tfi2i" / "training" / "pool.py"
    pool.write_text(pool.read_text().replace("tf.bitwise.invert(seed)", "-seed"))
    command = [sys.executable, "-m", "tools.mutants", "--list"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "stale: tfi2i/training/pool.py" in done.stderr and "0 times, not once" in done.stderr
