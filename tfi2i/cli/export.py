"""`tfi2i export`."""

EXAMPLE = "Example:  tfi2i export"


def export() -> None:
    """Not yet written."""
    raise NotImplementedError
