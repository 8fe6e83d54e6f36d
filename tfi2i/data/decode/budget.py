"""How much memory decoding takes in all threads together: large pictures wait for each other."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """An amount that threads share; what is larger than all of it is let in alone."""

    def __init__(self, amount: int):
        """Takes how much there is."""
        self._amount, self._taken = amount, 0
        self._changed = threading.Condition()

    @contextmanager
    def taking(self, amount: int) -> Iterator[None]:
        """Waits until there is so much left, or nothing is taken, and takes it for the block."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + amount <= self._amount)
            self._taken += amount
        try:
            yield
        finally:
            with self._changed:
                self._taken -= amount
                self._changed.notify_all()


# In bytes.
DECODING = Budget(512 << 20)
