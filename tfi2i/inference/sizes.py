"""The sizes that generators compute: one rule, for `translate` and for what is exported."""

# A ResNet takes multiples of 4, but it mirrors feature maps with a quarter of the side, and a map
# of one pixel has nothing to mirror.
SMALLEST_SIDE = 8


def padded_side(side: int, size_multiple: int) -> int:
    """Rounds a height or width in pixels up to one that a generator computes.

    Args:
        side: Side of an image.
        size_multiple: The generator's attribute of this name.
    """
    return -(-max(side, SMALLEST_SIDE) // size_multiple) * size_multiple
