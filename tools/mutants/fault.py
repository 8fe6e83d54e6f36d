"""A fault: a piece of a file, and what stands there instead."""

import difflib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class StaleError(Exception):
    """The list of faults does not fit the code any more."""


@dataclass(frozen=True)
class Fault:
    """One fault, planted by replacing a piece of a file.

    Attributes:
        path: The file, relative to the repository.
        where: Name of the function, with its class.
        kind: What is done to it: `sign`, `drop`, `swap`, ...
        start: Offset of the piece in the file, in bytes.
        old: The piece.
        new: What stands there instead.
        tests: Test files or test ids that should notice, from the repository.
    """

    path: str
    where: str
    kind: str
    start: int
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def line(self) -> int:
        """Number of the line where the piece begins."""
        return (ROOT / self.path).read_bytes()[: self.start].count(b"\n") + 1

    @property
    def source_line(self) -> str:
        """The line where the piece begins."""
        return (ROOT / self.path).read_text(encoding="utf-8").splitlines()[self.line - 1]

    @property
    def title(self) -> str:
        """One line that names the fault; `--only` searches it."""
        return f"{self.path}:{self.line} {self.where} [{self.kind}] {_flat(self.old)} -> " + (
            _flat(self.new) or "(nothing)"
        )

    @property
    def module(self) -> str:
        """The file's name as an import: `zoo/` and `export/` are parts of `tfi2i`."""
        parts = Path(self.path).with_suffix("").parts
        if parts[0] != "tfi2i":
            parts = ("tfi2i", *parts)
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def planted(self) -> bytes:
        """The file's content with the fault in it.

        Raises:
            StaleError: If the file was changed since the fault was made.
        """
        source = (ROOT / self.path).read_bytes()
        end = self.start + len(self.old.encode())
        if source[self.start : end] != self.old.encode():
            raise StaleError(f"{self.path} was changed while faults were planted: begin again")
        return source[: self.start] + self.new.encode() + source[end:]

    def diff(self) -> str:
        """The fault as a diff of its file."""
        before = (ROOT / self.path).read_text(encoding="utf-8").splitlines()
        after = self.planted().decode().splitlines()
        lines = difflib.unified_diff(before, after, self.path, self.path, n=1, lineterm="")
        return "\n".join(list(lines)[2:])


def _flat(text: str) -> str:
    return " ".join(text.split())
