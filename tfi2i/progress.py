"""A progress bar for work that may take long, without a flicker for work that does not."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

_PATIENCE_SECONDS = 2.0


class Advance(Protocol):
    """Says that some more images are done."""

    def __call__(self, images: int, /) -> None:
        """Moves the bar on by a number of images."""
        ...


@contextmanager
def progress_bar(description: str, total: int) -> Iterator[Advance]:
    """Shows a bar on stderr, if that is a terminal and the work takes more than two seconds.

    Args:
        description: What is going on.
        total: Number of images to do.

    Yields:
        A function to call with the number of images just done.
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    progress = Progress(console=console, transient=True)
    task = progress.add_task(description, total=total)
    begin = time.monotonic()

    def advance(images: int, /) -> None:
        progress.advance(task, images)
        if console.is_terminal and time.monotonic() - begin > _PATIENCE_SECONDS:
            progress.start()  # does nothing when it runs already

    try:
        yield advance
    finally:
        if progress.live.is_started:  # stopping prints a line even if nothing was shown
            progress.stop()
