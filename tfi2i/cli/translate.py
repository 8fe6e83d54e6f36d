"""`tfi2i translate`."""

EXAMPLE = "Example:  tfi2i translate"


def translate() -> None:
    """Not yet written."""
    raise NotImplementedError
