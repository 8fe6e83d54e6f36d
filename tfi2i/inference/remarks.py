"""What users should know about the files that they translated, said once for all of a kind."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tfi2i.data.decode.images import display_name
from tfi2i.data.decode.tags import Tags
from tfi2i.data.scale import Scale

_SEVERAL = "more than one frame or page: the first of each is translated"
_TRANSPARENT = "transparent parts: they are laid over white"
_PAIRS = (
    "the shape of two squares side by side: if these are an input and its truth, --side left "
    "translates the left one alone"
)
_UNLIKE = (
    "a size far from that of the training photos: if they show as much as those do, --scale fit "
    "brings them to the size that training saw"
)


class Remarks:
    """What is special about files, gathered while these are translated."""

    def __init__(self):
        """Starts with no notes."""
        self._found: dict[str, list[str]] = defaultdict(list)
        self._told: list[str] = []

    def look_at(self, file: Path, tags: Tags, *, unlike: bool, pair: bool = False) -> None:
        """Notes what is special about one picture.

        Args:
            file: The file.
            tags: What it says beside its pixels.
            unlike: Its size differs much from training.
            pair: It may hold an input and its truth side by side.
        """
        kinds = {
            _SEVERAL: tags.frames > 1,
            _TRANSPARENT: tags.transparent,
            _PAIRS: pair,
            _UNLIKE: unlike,
        }
        self.note(file, (kind for kind, is_so in kinds.items() if is_so))

    def note(self, file: Path, kinds: Iterable[str]) -> None:
        """Notes that a file has something, in words that follow the number of files."""
        for kind in kinds:
            self._found[kind].append(display_name(file))

    def tell(self, sentence: str) -> None:
        """Notes a sentence about one file."""
        self._told.append(sentence)

    def sentences(self, scale: Scale) -> list[str]:
        """One sentence for each kind, with the number of files and the first of them."""
        found = [
            f"{len(names)} {'file has' if len(names) == 1 else 'files have'} {what} "
            f"({names[0]}{', ...' if len(names) > 1 else ''})"
            for what, names in self._found.items()
            if scale == "trained" or what != _UNLIKE
        ]
        return [*found, *self._told]
