"""The one way in: whatever the user names becomes a DataSource."""

import dataclasses
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfi2i.data.aligned import aligned_classes
from tfi2i.data.builtin.digits import PREFIX as DIGITS_PREFIX
from tfi2i.data.builtin.digits import open_digits
from tfi2i.data.builtin.earth import PREFIX as EARTH_PREFIX
from tfi2i.data.builtin.earth import open_earth
from tfi2i.data.builtin.earth_domains import SIGN as DOMAINS_SIGN
from tfi2i.data.builtin.earth_domains import open_earth_domains
from tfi2i.data.builtin.music import PREFIX as MUSIC_PREFIX
from tfi2i.data.builtin.music import open_music
from tfi2i.data.builtin.tfds import PREFIX as TFDS_PREFIX
from tfi2i.data.builtin.tfds import open_tfds
from tfi2i.data.decode.files import Side
from tfi2i.data.decode.values import AS_EIGHT_BITS, EIGHT_BITS
from tfi2i.data.derive import DerivedImages, derived_pairs, grey
from tfi2i.data.domains import AskedOfDomains
from tfi2i.data.fingerprint import fingerprint
from tfi2i.data.folders.folder import open_folder
from tfi2i.data.folders.idx import open_idx
from tfi2i.data.folders.idx_names import find_idx_files
from tfi2i.data.limits import limited
from tfi2i.data.pipeline.datasets import open_dataset
from tfi2i.data.source import DataSource, Images, Split, check_kind
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, WrittenSize, as_size

_NO_FOLDERS = (EARTH_PREFIX, DIGITS_PREFIX, MUSIC_PREFIX, TFDS_PREFIX)


def open_source(
    source: str | Path | tf.data.Dataset,
    *,
    kind: str | None = None,
    direction: str = "a2b",
    load_size: Size | None = None,
    channels: int = 3,
    skip_bad: bool = False,
    derive: str | None = None,
    limit: int | None = None,
    aligned: bool = False,
    a_channels: int | None = None,
    b_channels: int | None = None,
    range: str | None = None,
    a_range: str | None = None,
    b_range: str | None = None,
    side: Side | None = None,
    licence: str | None = None,
) -> DataSource:
    """Finds the images and says in words what was found.

    Args:
        source: a folder, of image files or of idx files as MNIST's; `earth:<a>-<b>` (two of bmng,
            etopo1, shadedrelief, labels), or one of them alone for kind "images"; labelled
            `earth:<a>+<b>+<c>`, or `earth:<a>+<element>` (borders, coastlines, rivers); any of
            these with `@tuning` at the end, which holds out another band than the test band, for
            choosing recipes; `digits:handwritten-printed`, or one of the two alone, which has a
            part "val" too, for kinds "labelled" and "images";
            `music:<a>-<b>` (two instruments, as `tfi2i.data.builtin.music` lists them);
            `tfds:<builder>[/<config>]`; or a tf.data.Dataset of unbatched elements.
        kind: "images", "labelled", "captioned" (images and embeddings of their captions), "paired"
            or "unpaired"; None takes what is detected.
        direction: "a2b", or "b2a" to exchange the two domains.
        load_size: size of the tiles of `earth:` sources, a square's side or (height, width);
            others resize when batches are made.
        channels: 3 for RGB, 1 for grey, which any picture becomes; or as many as the files have.
        skip_bad: leave out files that cannot be read, and list them in `skipped`, instead of
            raising; every file is then decoded once here.
        derive: makes pairs from single images (a folder of them, one Earth map as `earth:bmng`, a
            tfds builder): domain b is the image, domain a its "grey", "lowres:<factor>" or "edges"
            at `load_size`; see `tfi2i.data.derive`.
        limit: how many training images of each domain at most, spread evenly over all; None for
            all.
        aligned: for a labelled folder: test images of equal names show the same thing in every
            class, such as one face at several ages, so that a translation can be compared with the
            truth.
        a_channels: channels of the images of domain a, where they differ from `channels`.
        b_channels: channels of the images of domain b, where they differ from `channels`.
        range: the values that are black and white, as "0:4095": needed for files of 16 bits and of
            floats, which then keep their depth. "8bit" reads pictures of 16 bits as 8 bits.
        a_range: the range of domain a, where it differs from `range`.
        b_range: the range of domain b, where it differs from `range`.
        side: for a folder whose files hold two images side by side: which half is `a`, "left" or
            "right". Without it such files are recognised if they are two squares, and `a` is on the
            left; with it the two images may have any one shape.
        licence: of the images, such as "CC0-1.0", where the source itself does not know it; it is
            kept with the run and beside the weights that are made from them.

    Raises:
        DataError: the source cannot be used as asked; the message names it, with counts and a fix.
        MissingExtraError: a package for `earth:`, `digits:` or `tfds:` is not installed.
    """
    load_size = None if load_size is None else as_size(load_size, "load_size")
    asked = AskedOfDomains.of(channels, a_channels, b_channels, range, a_range, b_range)
    if derive is not None:
        if (
            kind not in (None, "paired")
            or asked.channels != 3
            or isinstance(source, tf.data.Dataset)
        ):
            raise DataError(
                "derive makes pairs of colour images in files: leave kind and channels as they are"
            )
        images = _open_whole(source, "images", "a2b", load_size, asked, skip_bad, side)
        if images.value_ranges[0] != EIGHT_BITS:
            raise DataError(
                f"derive makes pairs of images of 8 bits: set data.range={AS_EIGHT_BITS}"
            )
        found = derived_pairs(images, derive, size=load_size, reverse=direction == "b2a")
    else:
        found = _open_whole(source, kind, direction, load_size, asked, skip_bad, side)
    if aligned:
        found = aligned_classes(found)
    if licence is not None:
        found = dataclasses.replace(found, licence=licence)
    return found if limit is None else limited(found, limit)


def open_noted(table: Mapping[str, Any], *, kind: str, load_size: WrittenSize) -> DataSource:
    """Opens images that a run noted, such as in the section `data` of its recipe.

    Args:
        table: Names of arguments of `open_source` and their values, `source` among them; others are
            left out.
        kind: In place of the one noted.
        load_size: In place of the one noted.

    Raises:
        DataError: See `open_source`.
    """
    known = inspect.signature(open_source).parameters
    noted = {name: value for name, value in table.items() if name in known}
    return open_source(**{**noted, "kind": kind, "load_size": load_size})


def _open_whole(
    source: str | Path | tf.data.Dataset,
    kind: str | None,
    direction: str,
    load_size: Size | None,
    asked: AskedOfDomains,
    skip_bad: bool,
    side: Side | None,
) -> DataSource:
    check_kind(kind)
    if direction not in ("a2b", "b2a"):
        raise DataError(f"direction={direction!r} is neither a2b nor b2a")
    name = str(source)
    no_folder = isinstance(source, tf.data.Dataset) or name.startswith(_NO_FOLDERS)
    if side is not None and (no_folder or kind in ("images", "labelled", "captioned")):
        raise DataError(
            f"side={side} is for folders whose files hold two images side by side, a and b: leave "
            "it out"
        )
    if isinstance(source, tf.data.Dataset):
        return open_dataset(source, kind=kind, direction=direction, asked=asked)
    if name.startswith(TFDS_PREFIX):
        return open_tfds(name, kind=kind, direction=direction, asked=asked)
    if name.startswith(_NO_FOLDERS):
        return _open_builtin(name, kind, direction, load_size, asked)
    idx_files = find_idx_files(Path(source))
    if idx_files is not None:
        if side is not None:
            raise DataError(f"side={side} is for files of two images side by side: leave it out")
        return open_idx(Path(source), idx_files, kind=kind, asked=asked)
    return open_folder(
        Path(source),
        kind=kind,
        direction=direction,
        asked=asked,
        skip_bad=skip_bad,
        side=side,
    )


def _open_builtin(
    name: str, kind: str | None, direction: str, load_size: Size | None, asked: AskedOfDomains
) -> DataSource:
    """A built-in set; where one domain alone is grey, the set is opened in colour."""
    wanted = (asked.a.channels, asked.b.channels)
    if not {*wanted} <= {1, 3}:
        odd = max(wanted)
        raise DataError(f"channels={odd} is not possible for {name}: 3 is RGB, 1 is grey")
    asked.refuse_ranges(name)
    found = _open_alike(name, kind, direction, load_size, max(wanted))
    if wanted[0] == wanted[1] or found.kind in ("images", "labelled"):
        return found

    def in_channels(images: Images, channels: int) -> Images:
        return (
            images if channels == images.channels else DerivedImages(images, grey, None, channels)
        )

    splits = {
        split: Split(in_channels(part.a, wanted[0]), in_channels(part.b, wanted[1]))
        for split, part in found.splits.items()
        if part.b is not None
    }
    return dataclasses.replace(
        found, splits=splits, fingerprint=fingerprint(found.fingerprint, wanted)
    )


def _open_alike(
    name: str, kind: str | None, direction: str, load_size: Size | None, channels: int
) -> DataSource:
    if name.startswith(EARTH_PREFIX) and DOMAINS_SIGN in name:
        return open_earth_domains(name, kind=kind, load_size=load_size, channels=channels)
    if name.startswith(EARTH_PREFIX):
        return open_earth(
            name, kind=kind, direction=direction, load_size=load_size, channels=channels
        )
    if name.startswith(DIGITS_PREFIX):
        return open_digits(name, kind=kind, direction=direction, channels=channels)
    if channels != 1:
        raise DataError(f"{name} is pictures of one channel: set data.channels=1")
    return open_music(name, kind=kind, direction=direction)
