"""`tfi2i demo`."""

EXAMPLE = "Example:  tfi2i demo"


def demo() -> None:
    """Not yet written."""
    raise NotImplementedError
