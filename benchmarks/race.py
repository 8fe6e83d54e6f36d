"""Contestants that take turns: a process each, rounds interleaved, disturbed rounds run again.

A contestant is a program that speaks one JSON line when it is ready, then reads numbers from its
standard input: for n it does n units of work and answers with their seconds; at the end of input
it answers with its peak memory. `worker.py` holds its side of this conversation.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Share of the processors that others may take before a round is run again: the machine's own
# clockwork stays below it.
FOREIGN_LOAD = 0.06
ATTEMPTS = 4
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Contestant:
    """A name and the command that runs it.

    Attributes:
        name: In the table.
        command: Program and arguments.
        environment: Added to this process's.
    """

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class Outcome:
    """What a contestant did.

    Attributes:
        facts: What it said when it was ready: `build_s` and what else it knows of itself.
        seconds: Seconds of every unit of work in rounds without foreign load.
        round_medians: Median seconds of each such round.
        peak_mib: Largest memory of its process.
    """

    facts: dict[str, Any]
    seconds: list[float] = field(default_factory=list)
    round_medians: list[float] = field(default_factory=list)
    peak_mib: float = 0.0

    def summary(self) -> dict[str, Any]:
        """For the results file."""
        return {
            "median_s": round(statistics.median(self.seconds), 5),
            "fastest_s": round(min(self.seconds), 5),
            "rounds": len(self.round_medians),
            "peak_mib": round(self.peak_mib),
            **self.facts,
        }


class Runner:
    """One contestant's process."""

    def __init__(self, contestant: Contestant):
        """Starts it; returns when it is ready.

        Raises:
            RuntimeError: With the end of its messages, if it fails.
        """
        self.name = contestant.name
        self._messages = tempfile.TemporaryFile("w+")
        root = str(Path(__file__).parent.parent)
        environment = {**os.environ, "PYTHONPATH": root, **contestant.environment}
        start = time.perf_counter()
        self._process = subprocess.Popen(
            list(contestant.command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            text=True,
            env=environment,
            cwd=tempfile.gettempdir(),
            # Its processes are told from others' by their session.
            start_new_session=True,
        )
        facts = self._answer()
        self.outcome = Outcome({"build_s": round(time.perf_counter() - start, 1), **facts})

    def round(self, units: int) -> tuple[list[float], float]:
        """Does some units of work: their seconds, and the share of processors others had."""
        before, own, start = _busy_seconds(), self.own_seconds(), time.perf_counter()
        seconds = self._ask(units)["seconds"]
        elapsed = time.perf_counter() - start
        foreign = (_busy_seconds() - before) - (self.own_seconds() - own)
        return seconds, foreign / (elapsed * (os.cpu_count() or 1))

    def finish(self) -> Outcome:
        """Asks for the peak memory and ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self.outcome.peak_mib = self._answer()["peak_mib"]
        # TensorFlow takes up to 20 seconds to take its graphs apart.
        self.stop()
        return self.outcome

    def stop(self) -> None:
        """Kills the process if it still runs."""
        self._process.kill()
        self._process.wait()

    def _ask(self, units: int) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{units}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("@@"):
                return json.loads(line[2:])
        self._process.wait()
        self._messages.seek(0)
        raise RuntimeError(f"{self.name} failed:\n{self._messages.read()[-3000:]}")

    def own_seconds(self) -> float:
        """Processor time of the contestant's processes that live."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue  # It ended between the listing and the reading.
            if int(fields[3]) == self._process.pid:
                # With those of its children that ended.
                total += sum(int(ticks) for ticks in fields[11:15])
        return total / _TICKS


def race(
    contestants: Sequence[Contestant],
    *,
    rounds: int,
    units: int,
    warm_up: int = 2,
    together: bool = False,
) -> dict[str, Outcome]:
    """Lets contestants take turns.

    Args:
        contestants: All are in memory at once.
        rounds: Turns of each that must count.
        units: Units of work in a turn.
        warm_up: Units before the first turn.
        together: Start all at the same time, where there are cores for all of them.

    Returns:
        Name to outcome. A round that was disturbed `ATTEMPTS` times is counted all the same, and
        says so in `facts["disturbed_rounds"]`.
    """
    runners: list[Runner] = []
    try:
        if together:
            print(f"    starting all {len(contestants)}", file=sys.stderr, flush=True)
            runners += _started_together(contestants)
        for contestant in contestants[len(runners) :]:
            print(f"    starting {contestant.name}", file=sys.stderr, flush=True)
            runners.append(Runner(contestant))
        for runner in runners:
            runner.round(warm_up)
        for turn in range(rounds):
            for runner in runners:
                _counted_round(runner, units)
            print(f"    round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
        return {runner.name: runner.finish() for runner in runners}
    finally:
        for runner in runners:
            runner.stop()


def _started_together(contestants: Sequence[Contestant]) -> list[Runner]:
    with ThreadPoolExecutor(len(contestants)) as starters:
        started = [starters.submit(Runner, contestant) for contestant in contestants]
    if any(future.exception() for future in started):
        for future in started:
            if not future.exception():
                future.result().stop()
    return [future.result() for future in started]


def _counted_round(runner: Runner, units: int) -> None:
    foreign, seconds = 1.0, []
    for _ in range(ATTEMPTS):
        seconds, foreign = runner.round(units)
        if foreign <= FOREIGN_LOAD:
            break
    else:
        facts = runner.outcome.facts
        facts["disturbed_rounds"] = facts.get("disturbed_rounds", 0) + 1
    runner.outcome.seconds += seconds
    runner.outcome.round_medians.append(statistics.median(seconds))


def _busy_seconds() -> float:
    """Processor time that all processes of this machine have used so far."""
    numbers = [int(n) for n in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _, _, irq, softirq, *_ = numbers
    return (user + nice + system + irq + softirq) / _TICKS
