"""What the participants of a perceptual study answered, counted from the files that they saved."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfi2i.errors import DataError
from tfi2i.metrics.proportions import participants_interval
from tfi2i.whole_files import read_json


def count_answers(paths: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """Counts the files that participants saved.

    Args:
        paths: One file of each session.

    Returns:
        For each algorithm `labelled_real`, the share of its images that were taken for the real
        one, its `interval` of 95 %, and the numbers of `trials` and `participants`. Practice does
        not count.

    Raises:
        DataError: A file is no session of a study, is of another study than the first, or is there
            twice.
    """
    sessions = {path: _session(path) for path in paths}
    seen: dict[str, Path] = {}
    first = next(iter(sessions))
    for path, session in sessions.items():
        if session["study"] != sessions[first]["study"]:
            raise DataError(f"{path} has answers to other images than {first}: count them apart")
        if session["session"] in seen:
            raise DataError(f"{path} and {seen[session['session']]} are the same session")
        seen[session["session"]] = path
    answers: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for session in sessions.values():
        fooled: dict[str, list[bool]] = defaultdict(list)
        for trial in session["trials"]:
            if not trial["practice"]:
                fooled[trial["algorithm"]].append(trial["labelled_real"] == "generated")
        for name, found in fooled.items():
            answers[name].append((sum(found), len(found)))
    return {
        name: {
            "labelled_real": sum(yes for yes, _ in each) / sum(count for _, count in each),
            "interval": participants_interval(each),
            "trials": sum(count for _, count in each),
            "participants": len(each),
        }
        for name, each in sorted(answers.items())
    }


def _session(path: Path) -> dict[str, Any]:
    """A file that the page saved, checked."""
    found = read_json(path, DataError)
    try:
        good = all(isinstance(found[key], str) for key in ("study", "session")) and all(
            isinstance(trial["algorithm"], str)
            and isinstance(trial["practice"], bool)
            and trial["labelled_real"] in ("real", "generated")
            for trial in found["trials"]
        )
    except (KeyError, TypeError):
        good = False
    if not good:
        raise DataError(f"{path} is no session that the page of a study saved")
    return found
