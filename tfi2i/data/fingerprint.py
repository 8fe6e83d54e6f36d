"""Fingerprints of images: they tell whether a resumed run has the images it began with.

A fingerprint of files has the form `2:<names>:<content>`. The first digest sees names and sizes in
bytes, as fingerprints of tfi2i 0.1 did. The second sees the content: all of it if the files have at
most 64 MiB together, else the first, middle and last 1,024 bytes of every file. The end of a PNG
carries checksums of its pixels, and the end of a JPEG depends on all before it. So another picture
of the same size is noticed, in a tenth of the time that the first look at all headers takes. Times
of files are not seen: a copy is the same data.
"""

import hashlib
import io
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from tfi2i.data.decode.images import display_name
from tfi2i.errors import DataError

WHOLE_BYTES = 64 * 1024**2
_SAMPLE = 1024
_CHUNK = 1 << 20
_VERSION = "2"


def fingerprint(*parts: Iterable[object] | object) -> str:
    """A short digest of nested names and numbers."""
    digest = hashlib.sha256()
    for part in parts:
        text = part if isinstance(part, str) else repr(part)
        digest.update(text.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()[:32]


def with_content(names: str, contents: Sequence[tuple[Path | bytes, int]]) -> str:
    """A fingerprint that sees content.

    Args:
        names: A `fingerprint` of names, sizes and use.
        contents: Files, or what they would contain, in an order that the names decide, with the
            number of bytes.

    Raises:
        DataError: If a file cannot be read.
    """
    whole = sum(size for _, size in contents) <= WHOLE_BYTES
    batches = [contents[start : start + 256] for start in range(0, len(contents), 256)]

    def digests(batch: Sequence[tuple[Path | bytes, int]]) -> bytes:
        return b"".join(_digest(content, size, whole) for content, size in batch)

    with ThreadPoolExecutor(max_workers=8) as pool:
        content = hashlib.sha256(names.encode() + b"".join(pool.map(digests, batches))).hexdigest()[
            :32
        ]
    return f"{_VERSION}:{names}:{content}"


def derived_fingerprint(source: str, make: Callable[[str], str]) -> str:
    """The fingerprint of what is made from images: `make` turns their digest into another."""
    if ":" not in source:
        return make(source)
    version, names, content = source.split(":")
    return f"{version}:{make(names)}:{make(content)}"


def same_images(begun: str, now: str) -> bool:
    """Whether images are the same, as far as an earlier fingerprint saw them.

    Args:
        begun: The earlier fingerprint, perhaps from a version of tfi2i that saw only names and
            sizes.
        now: The fingerprint that this version gives.
    """
    if ":" in now and ":" not in begun:
        return begun == now.split(":")[1]
    return begun == now


def is_known(begun: str) -> bool:
    """Whether this version of tfi2i can compare a fingerprint."""
    return ":" not in begun or begun.startswith(f"{_VERSION}:")


def _digest(content: Path | bytes, size: int, whole: bool) -> bytes:
    if isinstance(content, bytes):
        return _of_file(io.BytesIO(content), size, whole)
    try:
        with open(content, "rb", buffering=0) as file:
            return _of_file(file, size, whole)
    except OSError as error:
        raise DataError(f"{display_name(content)} cannot be read: {error.strerror}") from error


def _of_file(file: IO[bytes], size: int, whole: bool) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    if whole or size <= 3 * _SAMPLE:
        while part := file.read(_CHUNK):
            digest.update(part)
    else:
        for place in (0, size // 2, size - _SAMPLE):
            file.seek(place)
            digest.update(file.read(_SAMPLE))
    return digest.digest()
