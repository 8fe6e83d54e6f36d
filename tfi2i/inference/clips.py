"""Videos and animations through a generator, frame by frame, in segments that outlive a crash.

Beside the translation, `.NAME.segments` has the segments that are whole and `facts.json`, which
says of which file and which network they are. A call that finds the same facts goes on after the
last segment; another begins anew. The folder goes when the clip is complete.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfi2i import __version__
from tfi2i.data.decode.animations import Animation
from tfi2i.data.decode.clips import Clip, Frame
from tfi2i.data.decode.images import display_name
from tfi2i.data.decode.values import EIGHT_BITS
from tfi2i.data.decode.video_writing import VideoClip, written_suffix
from tfi2i.data.decode.videos import is_video
from tfi2i.errors import DataError
from tfi2i.inference.flicker import Flicker
from tfi2i.inference.sizes import SMALLEST_SIDE, only_size, padded_side
from tfi2i.whole_files import make_folder, read_json, replacing, write_json

# In a segment: no more work than that of so many frames is lost.
SEGMENT_FRAMES = 48
FIGURES_SUFFIX = ".flicker.json"

# Pixels of a frame to others.
Change = Callable[[np.ndarray], np.ndarray]


class UnreadableError(Exception):
    """A file cannot be read.

    Attributes:
        reason: What is wrong with it.
    """

    def __init__(self, reason: DataError):
        super().__init__(str(reason))
        self.reason = reason


def open_clip(path: Path) -> Clip | None:
    """The file as a clip; None for what is read as a picture.

    Raises:
        DataError: It is a video that cannot be read as one.
        MissingExtraError: It is a video, and PyAV is not installed.
    """
    return VideoClip.opened(path) if is_video(path) else Animation.opened(path)


def clip_suffix(clip: Clip) -> str:
    """The suffix of its translation."""
    return clip.path.suffix if isinstance(clip, Animation) else written_suffix(clip.path)


def figures_path(target: Path) -> Path:
    """Where the figures of a translated clip are."""
    return target.with_name(target.name + FIGURES_SUFFIX)


def translate_clip(
    clip: Clip,
    target: Path,
    translate: Change,
    *,
    channels: int,
    prepare: Change,
    facts: dict[str, Any],
    report: Callable[[float], None],
) -> dict[str, Any]:
    """Translates a clip into a file, with its figures beside it.

    Args:
        clip: What is translated.
        target: The file to write, of the suffix `clip_suffix`.
        translate: Translates the pixels of a frame.
        channels: Of the frames.
        prepare: Makes of a frame what is translated of it.
        facts: What the translation depends on beside the file.
        report: Called with the finished share after each frame, in (0, 1].

    Returns:
        The figures: those of `Flicker`, and the number of frames.

    Raises:
        UnreadableError: The clip is damaged.
        DataError: Nothing can be written.
    """
    segments = _Segments(target, clip, facts)
    flicker = Flicker(segments.told)
    frames = _prepared(clip.frames(channels), prepare)
    last = None
    for _ in range(segments.frames):
        last = next(frames, None)
    if last is not None and segments.last is not None:
        flicker.begin_after(last.pixels, segments.last)

    def made(some: Iterable[Frame]) -> Iterator[Frame]:
        for done, frame in enumerate(some, segments.frames + 1):
            pixels = translate(frame.pixels)
            flicker.look_at(frame.pixels, pixels)
            report(min(1.0, done / max(1, clip.count)))
            yield frame._replace(pixels=pixels)

    while (first := next(frames, None)) is not None:
        segments.add(made(chain([first], islice(frames, SEGMENT_FRAMES - 1))), flicker)
    figures = {"frames": segments.frames, **flicker.figures()}
    with replacing(target, DataError) as temporary:
        clip.join(segments.paths, temporary)
    write_json(figures_path(target), figures, DataError)
    segments.remove()
    return figures


def _prepared(frames: Iterator[Frame], prepare: Change) -> Iterator[Frame]:
    try:
        for frame in frames:
            yield frame._replace(pixels=prepare(frame.pixels))
    except DataError as error:
        raise UnreadableError(error) from error


def network_facts(generator: keras.Model) -> dict[str, Any]:
    """What tells a network from others: its weights, and its answer to one picture.

    The answer tells latents, labels and styles apart that are no weights.
    """
    digest = hashlib.sha256()
    for weight in generator.weights:
        digest.update(np.ascontiguousarray(weight.numpy()).view(np.uint8).data)
    side = padded_side(SMALLEST_SIDE, getattr(generator, "size_multiple", 1))
    size = only_size(generator) or (side, side)
    ramp = np.linspace(-1, 1, int(np.prod(size)) * generator.input_shape[-1], dtype=np.float32)
    picture = ramp.reshape(1, *(size if isinstance(size, tuple) else (size, size)), -1)
    answer = np.asarray(generator(picture, training=False), np.float64)
    return {"weights": digest.hexdigest(), "answer": round(float(np.abs(answer).mean()), 3)}


class _Segments:
    """The segments of one translation, in a folder beside it.

    Attributes:
        frames: In whole segments.
        told: What `Flicker` told of them.
        last: The last frame of the last of them.
    """

    def __init__(self, target: Path, clip: Clip, facts: dict[str, Any]):
        stat = clip.path.stat()
        source = {"size": stat.st_size, "changed": stat.st_mtime_ns, "frames": clip.count}
        facts = {"source": source, "tfi2i": __version__, **facts}
        self._folder = target.with_name(f".{target.name}.segments")
        self._clip = clip
        self.frames, self.told, self.last = 0, [], None
        self.paths: list[Path] = []
        if self._folder.is_dir() and not self._goes_on(facts):
            shutil.rmtree(self._folder)
        make_folder(self._folder, DataError)
        write_json(self._folder / "facts.json", facts, DataError)

    def _goes_on(self, facts: dict[str, Any]) -> bool:
        """Takes what is there, if it belongs to the same translation."""
        try:
            if read_json(self._folder / "facts.json", DataError) != facts:
                return False
        except DataError:
            return False
        while self._note(len(self.paths)).is_file():
            found = read_json(self._note(len(self.paths)), DataError)
            self.frames += found["frames"]
            self.told = found["told"]
            self.paths.append(self._segment(len(self.paths)))
        if self.paths:
            self.last = np.load(self._last_frame(len(self.paths) - 1))
        return True

    def add(self, frames: Iterator[Frame], flicker: Flicker) -> None:
        """Writes a segment; its note comes last and says that it is whole."""
        number, last, count = len(self.paths), None, 0

        def counted() -> Iterator[Frame]:
            nonlocal last, count
            for frame in frames:
                last, count = frame.pixels, count + 1
                yield frame

        with replacing(self._segment(number), DataError) as temporary:
            self._clip.write_segment(temporary, counted())
        assert last is not None
        with replacing(self._last_frame(number), DataError) as temporary:
            with open(temporary, "wb") as file:
                np.save(file, last)
        write_json(self._note(number), {"frames": count, "told": flicker.told}, DataError)
        if number:
            self._last_frame(number - 1).unlink(missing_ok=True)
        self.paths.append(self._segment(number))
        self.frames += count

    def remove(self) -> None:
        """The translation is complete."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _segment(self, number: int) -> Path:
        return self._folder / f"{number:05d}{self._clip.segment_suffix}"

    def _note(self, number: int) -> Path:
        return self._folder / f"{number:05d}.json"

    def _last_frame(self, number: int) -> Path:
        return self._folder / f"{number:05d}.npy"


def check_depth(clip: Clip, value_ranges: Any) -> None:
    """Raises a DataError if a network does not read and make 8 bits, which clips have."""
    if value_ranges != (EIGHT_BITS, EIGHT_BITS):
        raise DataError(
            f"{display_name(clip.path)} has frames of 8 bits, and this model translates "
            f"{value_ranges[0].words()} to {value_ranges[1].words()}"
        )
