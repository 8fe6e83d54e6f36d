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

# What Keras imports where it is installed, and tfi2i does not use through Keras.
_UNUSED = ("matplotlib", "pandas", "sklearn")


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
    with _stderr_set_aside(), quick_import():
        import tensorflow  # noqa: F401


@contextmanager
def quick_import() -> Iterator[None]:
    """Within the context, TensorFlow is imported in 0.7 of the time where `_UNUSED` is installed.

    Keras takes them for wrappers and plots that no command uses, and does without where they are
    missing.
    """
    hidden = [name for name in _UNUSED if name not in sys.modules]
    # As Python documents it: an import of what is None here is an ImportError.
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


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
