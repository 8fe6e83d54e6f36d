"""How much memory decoding takes in all threads together: large pictures wait for each other."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LEAST_BYTES = 512 << 20


class Budget:
    """An amount that threads share; what is larger than all of it is let in alone.

    Attributes:
        amount: How much there is.
    """

    def __init__(self, amount: int):
        """Takes how much there is."""
        self.amount, self._taken = amount, 0
        self._changed = threading.Condition()

    @contextmanager
    def taking(self, amount: int) -> Iterator[None]:
        """Waits until there is so much left, or nothing is taken, and takes it for the block."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + amount <= self.amount)
            self._taken += amount
        try:
            yield
        finally:
            with self._changed:
                self._taken -= amount
                self._changed.notify_all()


def _memory() -> int:
    """Bytes of this machine's memory; 0 where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


# In bytes; half a gigabyte is three photographs of 24 million pixels at a time.
DECODING = Budget(max(LEAST_BYTES, _memory() // 8))
