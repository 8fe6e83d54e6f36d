"""`tfi2i evaluate`."""

EXAMPLE = "Example:  tfi2i evaluate"


def evaluate() -> None:
    """Not yet written."""
    raise NotImplementedError
