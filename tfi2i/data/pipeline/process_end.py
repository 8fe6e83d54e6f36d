"""Batches are no longer loaded when the process ends, which else could wait for ever.

TensorFlow's threads load images ahead by calling Python. Once the interpreter shuts down such a
call never returns, and what still holds an iterator (a global name, the traceback of an error in
`fit`) waits for its threads. So at exit the calls that run are waited for, and later ones do
nothing: then the buffers are full and no more follow.
"""

import atexit
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

# A call decodes the images of one batch.
_MOST_SECONDS = 30.0
_PAUSE_SECONDS = 0.05


class _Calls:
    """The calls of all loaders of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended = False
        self._running = self._begun = 0

    def __enter__(self) -> None:
        with self._lock:
            self._begun += 1
            if self._ended:
                raise StopIteration
            self._running += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._running -= 1

    def end(self) -> None:
        """Lets no more calls begin, and waits until none has for a moment and all have ended."""
        seen, deadline = -1, time.monotonic() + _MOST_SECONDS
        while time.monotonic() < deadline:
            with self._lock:
                self._ended = True
                if self._running == 0 and self._begun == seen:
                    return
                seen = self._begun
            time.sleep(_PAUSE_SECONDS)


_CALLS = _Calls()
atexit.register(_CALLS.end)


def while_the_process_lives(load: Callable[..., Any]) -> Callable[..., Any]:
    """A function for `tf.numpy_function` that does nothing more once the process ends."""

    @wraps(load)
    def guarded(*arguments: Any) -> Any:
        with _CALLS:
            return load(*arguments)

    return guarded
