"""The lines of a training run: on the screen, and in the run folder's log.txt."""

import time
from typing import TYPE_CHECKING

from tfi2i.cli.console import out, show_warning
from tfi2i.errors import RunError
from tfi2i.whole_files import append_text

if TYPE_CHECKING:
    from tfi2i.training import RunFolder


class RunLog:
    """Shows lines and keeps them; until `open`, when the run folder exists, in memory only."""

    def __init__(self, folder: "RunFolder"):
        """Takes the run folder, whose number is certain only when it exists."""
        self._folder = folder
        self._waiting: list[str] | None = []

    def open(self) -> None:
        """Writes what has waited; from now on every line goes to the file at once."""
        waiting, self._waiting = self._waiting or [], None
        self._append("".join(waiting))

    def note(self, line: str) -> None:
        """Writes a line to the file only."""
        stamped = f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {line}\n"
        if self._waiting is not None:
            self._waiting.append(stamped)
        else:
            self._append(stamped)

    def line(self, line: str) -> None:
        """Shows a line and writes it to the file."""
        out.print(line)
        self.note(line)

    def warn(self, sentence: str) -> None:
        """Shows a warning and writes it to the file."""
        show_warning(sentence)
        self.note(f"warning: {sentence}")

    def _append(self, text: str) -> None:
        append_text(self._folder.log_path, text, RunError)
