"""Image files through a generator, into a folder, under their own names."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import keras
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from tfi2i.data import read_pixels, write_pixels
from tfi2i.data.decode.files import Side, half_of
from tfi2i.data.decode.images import display_name
from tfi2i.data.decode.rows import Rows, RowStore
from tfi2i.data.decode.tags import Tags, read_tags
from tfi2i.data.decode.values import EIGHT_BITS, ValueRanges
from tfi2i.data.decode.writing import check_can_write, suffixes_for
from tfi2i.data.scale import Scale, TrainedScale, scale_factor, unlike_training
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size
from tfi2i.inference.file_names import find_images, left_alone, output_paths
from tfi2i.inference.translate import translate_image


def translate_files(
    generator: keras.Model,
    inputs: Sequence[str | Path],
    out_dir: str | Path,
    *,
    tile: Size | None = None,
    scale: Scale = 1.0,
    trained: TrainedScale | None = None,
    domain: str = "a",
    value_ranges: ValueRanges = (EIGHT_BITS, EIGHT_BITS),
    overlap: float = 0.5,
    overwrite: bool = False,
    skip_bad: bool = False,
    side: Side | None = None,
    may_be_pairs: bool = False,
    progress: bool = True,
) -> list[Path]:
    """Translates image files into a folder, under their own names.

    A name keeps its suffix if such a file holds the translation; others become `.png`, or `.tif`
    where a PNG does not hold it (`tfi2i.data.decode.writing.suffixes_for`). Files with
    equal names from several folders keep as much of their path as tells them apart. Captions,
    author, camera and resolution are kept (`tfi2i.data.decode.tags`). Stderr names what a
    translation cannot show: further frames or pages, and transparency, which is laid over white.

    Args:
        generator: See `translate_image`.
        inputs: Files, folders (the images directly in them) and globs (`photos/**/*.jpg`).
        out_dir: Where the translations go; it is made if need be.
        tile: See `translate_image`.
        scale: See `tfi2i.data.scale.scale_factor`; each image comes back in its own size.
        trained: The scale that the generator was trained at, for scales that have a name.
        domain: The domain that the images belong to, `a` or `b`.
        value_ranges: Of the files that are read, and of those that are written.
        overlap: See `translate_image`.
        overwrite: Replace files that are in `out_dir` already. An input is never overwritten.
        skip_bad: Leave out files that cannot be read and list them on stderr at the end, instead of
            stopping at the first.
        side: Of files that hold two images side by side, such as pix2pix' data sets: translate the
            left or the right one alone.
        may_be_pairs: Whether files with the shape of two squares may hold an input and its truth;
            without a `side`, stderr then names them.
        progress: Show a bar on stderr.

    Returns:
        The written files, in the order of the inputs.

    Raises:
        DataError: An input does not exist or holds no image, an output would overwrite an input,
            another output or (without `overwrite`) any file, a file cannot be read (without
            `skip_bad`, or all of them) or written, or an option is impossible.
    """
    scale_factor(scale, trained, height=1, width=1, domain=domain)
    files = find_images(inputs, out_dir)
    possible = suffixes_for(value_ranges[1].dtype, generator.output_shape[-1])
    targets = output_paths(files, out_dir, possible, overwrite=overwrite)
    for suffix in {target.suffix.lower() for target in targets.values()}:
        check_can_write(suffix)
    channels = generator.input_shape[-1]
    written, unreadable, remarks = [], [], Remarks()
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn()
    with (
        warnings.catch_warnings(),
        Progress(*columns, TimeRemainingColumn(), console=console, disable=not progress) as bar,
    ):
        # Pillow warns of pictures that are larger than usual; those beyond a limit are refused.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        task = bar.add_task("translating", total=len(files))
        for index, file in enumerate(files):
            bar.update(task, description=display_name(file.name), completed=index)
            # Rows of large pictures are in files, so that memory does not grow with them.
            with RowStore() as store:
                try:
                    image = read_pixels(
                        file, channels=channels, value_range=value_ranges[0], room=store.room
                    )
                    if side is not None:
                        image = half_of(image, side, display_name(file))
                except DataError as error:
                    if not skip_bad:
                        raise
                    unreadable.append(str(error))
                    continue
                tags = read_tags(file)
                height, width = image.shape[:2]
                unlike = unlike_training(trained, height, width, domain=domain)
                pair = may_be_pairs and side is None and width == 2 * height
                remarks.look_at(file, tags, unlike=unlike, pair=pair)
                translated = translate_image(
                    generator,
                    image,
                    tile=tile,
                    scale=scale_factor(scale, trained, height=height, width=width, domain=domain),
                    overlap=overlap,
                    value_ranges=value_ranges,
                    report=lambda share, done=index: bar.update(task, completed=done + share),
                    room=store.room,
                )
                _write(targets[file], translated, tags)
            written.append(targets[file])
        bar.update(task, completed=len(files))
    if not written:
        raise DataError(f"none of the {len(files)} files can be read: {unreadable[0]}")
    if unreadable:
        console.print(f"left out {len(unreadable)} of {len(files)} files:", *unreadable, sep="\n  ")
    for sentence in [*remarks.sentences(scale), *left_alone(inputs, files, out_dir)]:
        console.print(sentence)
    return written


class Remarks:
    """What users should know about their files, gathered while these are translated."""

    def __init__(self):
        """Starts with no notes."""
        self._several: list[str] = []
        self._transparent: list[str] = []
        self._unlike: list[str] = []
        self._pairs: list[str] = []

    def look_at(self, file: Path, tags: Tags, *, unlike: bool, pair: bool = False) -> None:
        """Notes what is special about one file.

        Args:
            file: The file.
            tags: What it says beside its pixels.
            unlike: Its size differs much from training.
            pair: It may hold an input and its truth side by side.
        """
        name = display_name(file)
        self._several += [name] if tags.frames > 1 else []
        self._transparent += [name] if tags.transparent else []
        self._unlike += [name] if unlike else []
        self._pairs += [name] if pair else []

    def sentences(self, scale: Scale) -> list[str]:
        """One sentence for each kind, with the number of files and the first of them."""
        kinds = [
            (self._several, "more than one frame or page: the first of each is translated"),
            (self._transparent, "transparent parts: they are laid over white"),
            (
                self._pairs,
                "the shape of two squares side by side: if these are an input and its truth, "
                "--side left translates the left one alone",
            ),
        ]
        if scale == "trained":
            kinds.append(
                (
                    self._unlike,
                    "a size far from that of the training photos: if they show as much as those "
                    "do, --scale fit brings them to the size that training saw",
                )
            )
        return [
            f"{len(names)} {'file has' if len(names) == 1 else 'files have'} {what} "
            f"({names[0]}{', ...' if len(names) > 1 else ''})"
            for names, what in kinds
            if names
        ]


def _write(target: Path, image: Rows, tags: Tags) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{display_name(target.parent)} cannot be made: {error}") from error
    write_pixels(target, image, tags=tags.save_options(target.suffix.lower()))
