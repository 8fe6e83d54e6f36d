"""Embeddings of captions: vectors of a sentence encoder, computed once and kept in a file.

The encoder is WordLlama (https://github.com/dleemiller/WordLlama, MIT), whose package brings its
weights: a vector for each token, averaged over those of a caption. Training and sampling from
captions that the file knows need no encoder.
"""

import dataclasses
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.data.decode.images import display_name
from tfi2i.data.source import Split
from tfi2i.errors import DataError, MissingExtraError
from tfi2i.whole_files import replacing

ENCODER = "wordllama-256"
ENCODER_LENGTH = 256
FILE = "embeddings.npz"


@dataclass(frozen=True)
class Embedded:
    """Captions with their embeddings.

    Attributes:
        encoder: Who made the embeddings: `ENCODER`, or a name that the user gave.
        captions: Different ones.
        vectors: float32 (N, L).
    """

    encoder: str
    captions: tuple[str, ...]
    vectors: np.ndarray

    def lookup(self, captions: Sequence[str]) -> np.ndarray:
        """The embeddings of captions that are all among these, float32 (M, L)."""
        places = {caption: place for place, caption in enumerate(self.captions)}
        return self.vectors[[places[caption] for caption in captions]]


def embed(captions: Sequence[str]) -> np.ndarray:
    """The encoder's embeddings of captions, float32 (N, 256) of length 1.

    Raises:
        MissingExtraError: The encoder is not installed.
    """
    found = np.asarray(_encoder().embed(list(captions), norm=True), np.float32)
    # A caption without a known token has no direction.
    return np.nan_to_num(found)


def embedded(captions: Sequence[str], folder: Path) -> Embedded:
    """Captions with embeddings, which are kept in the folder's `embeddings.npz`.

    The file may also be the user's own, by another encoder, if it has all captions:
    `write_embeddings` makes it.

    Args:
        captions: Those that are needed, perhaps some of them twice.
        folder: Where the file is, or will be if that can be written.

    Raises:
        DataError: The file is damaged, or is of another encoder and lacks captions.
        MissingExtraError: New captions need the encoder, and it is not installed.
    """
    wanted = tuple(dict.fromkeys(captions))
    path = folder / FILE
    known = read_embeddings(path) if path.exists() else None
    there = set() if known is None else set(known.captions)
    missing = [one for one in wanted if one not in there]
    if known is not None and not missing:
        return Embedded(known.encoder, wanted, known.lookup(wanted))
    if known is not None and known.encoder != ENCODER:
        raise DataError(
            f"{display_name(path)} has embeddings by {known.encoder}, but none of "
            f"{len(missing)} captions, such as {missing[0]!r}: write it anew with all of them, or "
            f"remove it for embeddings by {ENCODER}"
        )
    found = Embedded(ENCODER, wanted, embed(wanted))
    try:
        write_embeddings(path, found)
    except OSError as error:
        warnings.warn(
            f"{display_name(path)} cannot be written ({error.strerror}): the embeddings of "
            f"{len(wanted)} captions are computed anew each time",
            stacklevel=2,
        )
    return found


def with_embeddings(splits: dict[str, Split], folder: Path) -> tuple[dict[str, Split], str]:
    """Splits that have captions, with the embeddings too, and who made these; see `embedded`."""
    everything = [one for split in splits.values() for one in split.captions or ()]
    found = embedded(everything, folder)
    return {
        name: dataclasses.replace(split, embeddings=found.lookup(split.captions or ()))
        for name, split in splits.items()
    }, found.encoder


def look_up(captions: Sequence[str], *, encoder: str, places: Sequence[Embedded]) -> np.ndarray:
    """The embeddings that an encoder gives captions, float32 (N, L).

    Args:
        captions: In words.
        encoder: Its name.
        places: Captions whose embeddings are known; those of other encoders do not count.

    Raises:
        DataError: A caption is not known, and the encoder is the user's own.
        MissingExtraError: A caption is not known, and the encoder is not installed.
    """
    known: dict[str, np.ndarray] = {}
    for place in places:
        if place.encoder == encoder:
            known |= zip(place.captions, place.vectors, strict=True)
    new = [caption for caption in dict.fromkeys(captions) if caption not in known]
    if new and encoder != ENCODER:
        some = ", ".join(map(repr, list(known)[:3]))
        raise DataError(
            f"{new[0]!r} is not among the {len(known)} captions that are known ({some}, ...), and "
            f"their encoder, {encoder}, is your own: give embeddings in place of words (from "
            "Python: sample(captions=array))"
        )
    if new:
        known |= zip(new, embed(new), strict=True)
    return np.stack([known[caption] for caption in captions]) if captions else np.zeros((0, 0))


def read_embeddings(path: Path) -> Embedded:
    """Reads a file of captions and embeddings.

    Raises:
        DataError: It is none, or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = Embedded(
                str(arrays["encoder"]),
                tuple(arrays["captions"].tolist()),
                np.asarray(arrays["vectors"], np.float32),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{display_name(path)} is not a whole file of embeddings ({error}): remove it, and it "
            "is made again"
        ) from None
    if found.vectors.ndim != 2 or len(found.vectors) != len(found.captions):
        raise DataError(
            f"{display_name(path)} has {len(found.captions)} captions and embeddings of shape "
            f"{found.vectors.shape}: remove it, and it is made again"
        )
    if not np.isfinite(found.vectors).all():
        raise DataError(f"{display_name(path)} has embeddings that are not finite: write it anew")
    return found


def write_embeddings(path: Path, found: Embedded) -> None:
    """Writes captions and their embeddings, such as those of the user's own encoder."""
    with replacing(path, DataError) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(
            file,
            encoder=np.array(found.encoder),
            captions=np.array(found.captions),
            vectors=np.asarray(found.vectors, np.float32),
        )


@cache
def _encoder() -> Any:
    try:
        import wordllama
    except ImportError:
        raise MissingExtraError("the embeddings of new captions", "wordllama", "captions") from None
    # The package looks for its own tokenizer in a folder of another name, unless it is told.
    own_folder = Path(str(wordllama.__file__)).parent
    return wordllama.WordLlama.load(cache_dir=own_folder, disable_download=True)
