"""What the commands show, and where."""

import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

# Messages contain paths and users' words, in which square brackets are not markup.
out = Console(highlight=False, markup=False, soft_wrap=True)
err = Console(highlight=False, markup=False, soft_wrap=True, stderr=True)


def show_error(message: str) -> None:
    """One red line on stderr."""
    err.print(Text(f"error: {message}", style="red"))


def show_warning(message: str) -> None:
    """One yellow line on stderr."""
    err.print(Text(f"warning: {message}", style="yellow"))


@contextmanager
def plain_warnings(show: Callable[[str], None] = show_warning) -> Iterator[None]:
    """Within the context, Python's own warnings are shown as one plain line each."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: show(str(message))
        yield


def show_facts(facts: dict[str, str]) -> None:
    """Lines with a name and a value each; the values stand below each other."""
    width = max(map(len, facts))
    for name, value in facts.items():
        out.print(Text.assemble((name.ljust(width), "bold"), "  ", value))


def import_tensorflow() -> None:
    """Imports TensorFlow; its remarks stay off stderr unless TF_CPP_MIN_LOG_LEVEL=0 asks for them.

    Errors in TensorFlow come as exceptions too. The level alone does not silence what is written
    before TensorFlow reads it, so stderr goes to a file meanwhile.
    """
    if "tensorflow" in sys.modules or os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") == "0":
        return
    with _stderr_set_aside():
        import tensorflow  # noqa: F401


@contextmanager
def _stderr_set_aside() -> Iterator[None]:
    """Keeps what is written to file descriptor 2, and shows it only if something goes wrong."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as aside:
        stderr = os.dup(2)
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            aside.seek(0)
            os.write(stderr, aside.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
