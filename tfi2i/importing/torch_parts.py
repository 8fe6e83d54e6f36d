"""The files of a training by the PyTorch reference implementation: which there are, what is in."""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tfi2i.errors import WeightsError
from tfi2i.importing.parts import Part, Role
from tfi2i.importing.torch_arrays import arrays_for
from tfi2i.importing.torch_keys import in_words, norm_of, recognise, without_wrappers
from tfi2i.torch_files import read_torch_file

# EPOCH_net_ROLE.pth, as the implementation calls them.
_NAME = re.compile(r"(?:(?P<epoch>\w+)_)?net_(?P<role>[GD](?:_[AB])?)\.pth", re.ASCII)
_NEWEST = "latest"


def torch_files_in(folder: Path) -> list[Path]:
    """The files of the newest networks in a folder of a training.

    Raises:
        WeightsError: There are none.
    """
    named = [(path, match) for path in sorted(folder.iterdir()) if (match := _match(path))]
    newest = [path for path, match in named if match["epoch"] == _NEWEST]
    if newest:
        return newest
    others = ", ".join(path.name for path, _ in named[:4]) or "no file EPOCH_net_G.pth"
    raise WeightsError(
        f"{folder} has no {_NEWEST}_net_G.pth or {_NEWEST}_net_G_A.pth, and no checkpoint of "
        f"TensorFlow; there is {others}. Name the files themselves"
    )


def torch_parts(paths: Sequence[Path]) -> list[Part]:
    """Reads files, each of one network.

    A file with another name than the implementation gives is what its keys say: the first generator
    is G_A, a second one G_B; so are discriminators.

    Raises:
        WeightsError: A file is damaged, not of a known network, or its name says otherwise.
    """
    parts: list[Part] = []
    for path in paths:
        state = without_wrappers(read_torch_file(path))
        found = recognise(state, path)
        letter = "G" if found.is_generator else "D"
        match = _match(path)
        if match and match["role"][0] != letter:
            raise WeightsError(
                f"{path} holds a {found.kind}, which does not fit its name net_{match['role']}: it "
                "is another file"
            )
        taken = [part.role for part in parts]
        role: Role = match["role"] if match else _free_role(letter, taken)  # type: ignore[assignment]
        if role in taken:
            raise WeightsError(f"{path}: there are two files of {role}; name one of each")
        norm = norm_of(state, found, path)
        count = sum(array.size for array in state.values())
        arrays = partial(arrays_for, found=found, state=state, path=path)
        parts.append(
            Part(
                role,
                path,
                found.kind,
                found.size,
                found.channels,
                found.filters,
                norm,
                in_words(found, norm, count),
                arrays,
            )
        )
    return parts


def _match(path: Path) -> re.Match[str] | None:
    return _NAME.fullmatch(path.name)


def _free_role(letter: str, taken: Sequence[str]) -> str:
    first, second = f"{letter}_A", f"{letter}_B"
    return second if first in taken else first
