"""The one way in: whatever the user names becomes a DataSource."""

from pathlib import Path

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
from tfi2i.data.derive import derived_pairs
from tfi2i.data.folders.folder import open_folder
from tfi2i.data.limits import limited
from tfi2i.data.pipeline.datasets import open_dataset
from tfi2i.data.source import DataSource, check_kind
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, as_size


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
) -> DataSource:
    """Finds the images and says in words what was found.

    Args:
        source: a folder; `earth:<a>-<b>` (two of bmng, etopo1, shadedrelief, labels), or one of
            them alone for kind "images"; labelled `earth:<a>+<b>+<c>`, or `earth:<a>+<element>`
            (borders, coastlines, rivers); any of these with `@tuning` at the end, which holds out
            another band than the test band, for choosing recipes; `digits:handwritten-printed`;
            `music:<a>-<b>` (two instruments, as `tfi2i.data.builtin.music` lists them);
            `tfds:<builder>[/<config>]`; or a tf.data.Dataset of unbatched elements.
        kind: "images", "labelled", "paired" or "unpaired"; None takes what is detected.
        direction: "a2b", or "b2a" to exchange the two domains.
        load_size: size of the tiles of `earth:` sources, a square's side or (height, width);
            others resize when batches are made.
        channels: 3 for RGB, 1 for grey.
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

    Raises:
        DataError: the source cannot be used as asked; the message names it, with counts and a fix.
        MissingExtraError: a package for `earth:`, `digits:` or `tfds:` is not installed.
    """
    load_size = None if load_size is None else as_size(load_size, "load_size")
    if derive is not None:
        if kind not in (None, "paired") or channels != 3 or isinstance(source, tf.data.Dataset):
            raise DataError(
                "derive makes pairs of colour images in files: leave kind and channels as they are"
            )
        images = _open_whole(source, "images", "a2b", load_size, channels, skip_bad)
        found = derived_pairs(images, derive, size=load_size, reverse=direction == "b2a")
    else:
        found = _open_whole(source, kind, direction, load_size, channels, skip_bad)
    if aligned:
        found = aligned_classes(found)
    return found if limit is None else limited(found, limit)


def _open_whole(
    source: str | Path | tf.data.Dataset,
    kind: str | None,
    direction: str,
    load_size: Size | None,
    channels: int,
    skip_bad: bool,
) -> DataSource:
    check_kind(kind)
    if direction not in ("a2b", "b2a"):
        raise DataError(f"direction={direction!r} is neither a2b nor b2a")
    if channels not in (1, 3):
        raise DataError(f"channels={channels} is not possible: images have 3 (RGB) or 1 (grey)")
    if isinstance(source, tf.data.Dataset):
        return open_dataset(source, kind=kind, direction=direction)
    name = str(source)
    if name.startswith(EARTH_PREFIX) and DOMAINS_SIGN in name:
        return open_earth_domains(name, kind=kind, load_size=load_size, channels=channels)
    if name.startswith(EARTH_PREFIX):
        return open_earth(
            name, kind=kind, direction=direction, load_size=load_size, channels=channels
        )
    if name.startswith(DIGITS_PREFIX):
        return open_digits(name, kind=kind, direction=direction, channels=channels)
    if name.startswith(MUSIC_PREFIX):
        if channels != 1:
            raise DataError(f"{name} is pictures of one channel: set data.channels=1")
        return open_music(name, kind=kind, direction=direction)
    if name.startswith(TFDS_PREFIX):
        return open_tfds(name, kind=kind, direction=direction, channels=channels)
    return open_folder(
        Path(source), kind=kind, direction=direction, channels=channels, skip_bad=skip_bad
    )
