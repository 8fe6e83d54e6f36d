"""A folder of idx files, the form of MNIST, Fashion-MNIST, KMNIST and EMNIST, becomes a source."""

import hashlib
from pathlib import Path

import numpy as np

from tfi2i.data.decode.idx import read_idx
from tfi2i.data.decode.images import display_name
from tfi2i.data.decode.values import EIGHT_BITS
from tfi2i.data.derive import grey
from tfi2i.data.domains import AskedOfDomains
from tfi2i.data.fingerprint import fingerprint
from tfi2i.data.folders.idx_names import IdxFiles
from tfi2i.data.folders.scan import LEAST_SIDE
from tfi2i.data.source import DataSource, Split, counts_in_words
from tfi2i.errors import DataError

_KINDS = ("labelled", "images")


class IdxImages:
    """Images of one file.

    Attributes:
        names: the part and the place in the file.
        sizes: height and width of each, which are those of all.
        channels: 3 for RGB, 1 for grey, which both can become.
    """

    value_range = EIGHT_BITS

    def __init__(self, part: str, pixels: np.ndarray, channels: int):
        """Takes uint8 pixels, grey (N, H, W) or in colour (N, H, W, 3)."""
        height, width = pixels.shape[1:3]
        self.names = [f"{part}-{number:06d}" for number in range(len(pixels))]
        self.sizes = [(height, width)] * len(pixels)
        self.channels = channels
        self._pixels = pixels

    def __len__(self) -> int:
        """The number of images."""
        return len(self._pixels)

    def load(self, index: int) -> np.ndarray:
        """One image, uint8 (H, W, channels)."""
        image = self._pixels[index]
        if image.ndim == 2:
            return np.repeat(image[..., None], self.channels, axis=-1)
        return image if self.channels == 3 else grey(image)


def open_idx(
    folder: Path, files: IdxFiles, *, kind: str | None, asked: AskedOfDomains
) -> DataSource:
    """Reads the files of a folder.

    The classes are the labels of the training part. Their names are the lines of `labels.txt` (the
    first is that of label 0) or what a `mapping.txt` such as EMNIST's says, else the labels
    themselves. EMNIST's images, which are stored transposed, come upright.

    Args:
        folder: what the user named.
        files: what was found there.
        kind: "labelled", also None where there are labels; or "images".
        asked: channels, 1 or 3.

    Raises:
        DataError: another kind, channels or a range is asked for, labels are missing, or a file
            cannot be used.
    """
    name = display_name(folder)
    kind = _decide_kind(name, files, kind)
    asked.refuse_ranges(name)
    channels = asked.a.channels
    if channels not in (1, 3):
        raise DataError(f"channels={channels} is not possible for {name}: 3 is RGB, 1 is grey")
    pixels = {part: _read_images(files, part) for part in files.parts()}
    labels = _read_labels(files, pixels)
    classes = np.unique(labels["train"]) if labels else np.zeros(0, np.uint8)
    splits = {
        part: Split(
            IdxImages(part, images.swapaxes(1, 2) if files.transposed else images, channels),
            labels=_numbers(files, part, labels[part], classes) if part in labels else None,
        )
        for part, images in pixels.items()
    }
    words = files.words() + (f", {len(classes)} classes" if labels else "")
    if "test" not in splits and "val" in splits:
        splits["test"] = splits.pop("val")
        note = "; val serves as test"
    else:
        note = ""
    unused = str(files.unused())
    return DataSource(
        kind=kind,
        name=name,
        description=f"found {kind} ({words}{note}): {counts_in_words(kind, splits)}"
        + (f"; NOT used: {unused}" if unused else ""),
        splits=splits,
        fingerprint=fingerprint(
            kind, channels, files.transposed, _digests(pixels), _digests(labels)
        ),
        class_names=_class_names(files, classes.tolist()),
    )


def _decide_kind(name: str, files: IdxFiles, asked: str | None) -> str:
    without = [part for part in files.parts() if (part, "labels") not in files.paths]
    kind = asked or ("images" if "train" in without else "labelled")
    if kind not in _KINDS:
        raise DataError(
            f"{name} is idx files of images and their classes: kind is {' or '.join(_KINDS)}, not "
            f"{kind}"
        )
    if kind == "labelled" and without:
        raise DataError(
            f"{name} has no labels for {display_name(files.paths[without[0], 'images'].name)}: add "
            f"{display_name(files.label_file(without[0]))}, or state kind=images"
        )
    return kind


def _read_images(files: IdxFiles, part: str) -> np.ndarray:
    """uint8 (N, H, W) or (N, H, W, 3), as they are stored."""
    path = files.paths[part, "images"]
    pixels = read_idx(path, (3, 4))
    if pixels.ndim == 4 and pixels.shape[3] != 3:
        raise DataError(
            f"{display_name(path)} is {' x '.join(map(str, pixels.shape))}: images in colour are "
            "number x height x width x 3"
        )
    if not len(pixels) or min(pixels.shape[1:3]) < LEAST_SIDE:
        raise DataError(
            f"{display_name(path)} holds {len(pixels)} images of {pixels.shape[2]}x"
            f"{pixels.shape[1]} pixels; one or more of {LEAST_SIDE}x{LEAST_SIDE} or larger are "
            "needed"
        )
    return pixels


def _read_labels(files: IdxFiles, pixels: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """uint8 (N,) for each part that has labels; none if the training part, which decides, has none.

    Args:
        files: what was found.
        pixels: the images of each part.
    """
    if ("train", "labels") not in files.paths:
        return {}
    found = {}
    for part, images in pixels.items():
        path = files.paths.get((part, "labels"))
        if path is None:
            continue
        found[part] = read_idx(path, (1,))
        if len(found[part]) != len(images):
            raise DataError(
                f"{display_name(path)} has {len(found[part])} labels for the {len(images)} images "
                f"of {display_name(files.paths[part, 'images'].name)}: both must be of one set, "
                "download them again"
            )
    return found


def _numbers(
    files: IdxFiles, part: str, labels: np.ndarray, classes: np.ndarray
) -> tuple[int, ...]:
    """The class number of every image: the place of its label among those of the training part."""
    unknown = np.setdiff1d(labels, classes)
    if len(unknown):
        raise DataError(
            f"{display_name(files.paths[part, 'labels'])} has the label {unknown[0]}, which no "
            "training image has"
        )
    return tuple(np.searchsorted(classes, labels).tolist())


def _class_names(files: IdxFiles, classes: list[int]) -> tuple[str, ...]:
    names = files.class_names()
    if names is None:
        return tuple(map(str, classes))
    path, known = names
    missing = [label for label in classes if label not in known]
    if missing:
        raise DataError(
            f"{display_name(path)} has no name for the label {missing[0]}; it needs one for each "
            "label"
        )
    found = tuple(known[label] for label in classes)
    twice = next((name for name in found if found.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{display_name(path)} gives two labels the name {twice!r}")
    return found


def _digests(arrays: dict[str, np.ndarray]) -> list[tuple[object, ...]]:
    return [
        (part, array.shape, hashlib.blake2b(array.data, digest_size=16).hexdigest())
        for part, array in arrays.items()
    ]
