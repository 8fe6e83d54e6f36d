"""Files of pictures and clips through a generator, into a folder, under their own names."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import keras
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from tfi2i.data.decode.clips import Clip
from tfi2i.data.decode.files import Side
from tfi2i.data.decode.images import display_name
from tfi2i.data.decode.values import EIGHT_BITS, ValueRanges
from tfi2i.data.decode.videos import is_video
from tfi2i.data.decode.writing import check_can_write, suffixes_for
from tfi2i.data.scale import Scale, TrainedScale, scale_factor
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size
from tfi2i.inference.clips import (
    UnreadableError,
    clip_suffix,
    open_clip,
)
from tfi2i.inference.file_names import find_images, left_alone, output_paths
from tfi2i.inference.one_file import FileTranslator
from tfi2i.inference.remarks import Remarks
from tfi2i.progress import progress_bar


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
    resume: bool = False,
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
    translation cannot show: further pages, and transparency, which is laid over white.

    Videos (extra `video`) and animated GIF, WebP and PNG files are translated frame by frame
    (`tfi2i.inference.clips`), with their times, their sound and their loops. Figures of how much
    they flicker are in `NAME.flicker.json` beside each. A call that was stopped goes on with the
    segments that it left.

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
        resume: Leave files that are in `out_dir` already as they are, and translate the others.
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
    found = find_images(inputs, out_dir, videos=True)
    clips, unreadable = _opened_clips(found, skip_bad)
    files = [file for file in found if file not in unreadable]
    possible = suffixes_for(value_ranges[1].dtype, generator.output_shape[-1])
    suffixes = {file: clip_suffix(clip) for file, clip in clips.items()}
    targets = output_paths(
        files, out_dir, possible, overwrite=overwrite, resume=resume, clips=suffixes
    )
    for suffix in {target.suffix.lower() for file, target in targets.items() if file not in clips}:
        check_can_write(suffix)
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    way = FileTranslator(
        generator,
        tile,
        scale,
        trained,
        domain,
        value_ranges,
        overlap,
        side,
        may_be_pairs,
        Remarks(),
        console,
    )
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn()
    written = []
    with (
        warnings.catch_warnings(),
        Progress(*columns, TimeRemainingColumn(), console=console, disable=not progress) as bar,
    ):
        # Pillow warns of pictures that are larger than usual; those beyond a limit are refused.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        task = bar.add_task("translating", total=len(targets))
        for index, (file, target) in enumerate(targets.items()):
            bar.update(task, description=display_name(file.name), completed=index)

            def report(share: float, done: int = index) -> None:
                bar.update(task, completed=done + share)

            try:
                way.translate(file, target, clips.get(file), report)
            except UnreadableError as error:
                if not skip_bad:
                    raise _stopped(error.reason, len(found), len(written)) from None
                unreadable[file] = str(error.reason)
                continue
            written.append(target)
        bar.update(task, completed=len(targets))
    if len(unreadable) == len(found):
        reason = next(iter(unreadable.values()))
        raise DataError(f"none of the {len(found)} files can be read: {reason}")
    _say(console, way, unreadable, found, inputs, out_dir)
    return written


def _opened_clips(
    files: Sequence[Path], skip_bad: bool
) -> tuple[dict[Path, Clip], dict[Path, str]]:
    """Files that become another kind of file, as clips; and those that cannot be read, with why."""
    clips: dict[Path, Clip] = {}
    unreadable: dict[Path, str] = {}
    others = [one for one in files if is_video(one) or one.suffix.lower() in (".gif", ".apng")]
    with progress_bar("looking at clips", len(others)) as advance:
        for file in others:
            try:
                clip = open_clip(file)
            except DataError as error:
                if not skip_bad:
                    raise _stopped(error, len(files), 0) from None
                unreadable[file] = str(error)
            else:
                clips |= {file: clip} if clip is not None else {}
            advance(1)
    if files and len(unreadable) == len(files):
        reason = next(iter(unreadable.values()))
        raise DataError(f"none of the {len(files)} files can be read: {reason}")
    return clips, unreadable


def _stopped(reason: DataError, files: int, written: int) -> DataError:
    """Why a call stops at a file, and how to go on with the others."""
    if files == 1:
        return reason
    done = f", and --resume keeps the {written} that are done" if written else ""
    return DataError(f"{reason}; --skip-bad leaves out such files and lists them{done}")


def _say(
    console: Console,
    way: FileTranslator,
    unreadable: dict[Path, str],
    found: Sequence[Path],
    inputs: Sequence[str | Path],
    out_dir: str | Path,
) -> None:
    """Tells what users should know."""
    if unreadable:
        reasons = unreadable.values()
        console.print(f"left out {len(reasons)} of {len(found)} files:", *reasons, sep="\n  ")
    for sentence in [*way.remarks.sentences(way.scale), *left_alone(inputs, found, out_dir)]:
        console.print(sentence)
