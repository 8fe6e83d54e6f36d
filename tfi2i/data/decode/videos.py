"""Videos: what a file has, checked before any work, and its frames.

What becomes of the less usual kinds:

- Rotation (phones note how they were held) is applied, so that frames are upright.
- Every frame keeps its time, with a variable frame rate too. Sound is copied as it is.
- Pixels that are not square keep their shape.
- Frames of more than 8 bits give their upper 8. High dynamic range is not compressed to the usual.
- A picture of a cover is no video. Subtitles and data are left out.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np

from tfi2i.data.decode.clips import Frame
from tfi2i.data.decode.images import MAX_ASPECT, MAX_PIXELS, check_limits, display_name
from tfi2i.errors import DataError, MissingExtraError

# The first four are written too. What comes as another becomes .mkv, which holds every sound.
WRITTEN_SUFFIXES = (".mkv", ".mp4", ".mov", ".webm", ".m4v")
VIDEO_SUFFIXES = (
    *WRITTEN_SUFFIXES,
    *(".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts", ".wmv", ".flv", ".ogv", ".3gp"),
)
# A file that is whole may end this much before what its header says.
_SPARE_SECONDS, _SPARE_SHARE = 0.5, 0.02
_HIGH_RANGE = (16, 18)  # Transfer characteristics of ITU-T H.273: PQ and HLG.
_WIDE_ENOUGH_FOR_709 = 720  # Rows from which on players take unstated colours for BT.709.


def is_video(path: str | Path) -> bool:
    """Whether a file is one by its name."""
    return os.fspath(path).lower().endswith(VIDEO_SUFFIXES)


def require_av() -> Any:
    """The package PyAV.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import av
    except ImportError:
        raise MissingExtraError("Translating videos", "av", "video") from None
    return av


@dataclass(frozen=True)
class Video:
    """A video file whose packets have all been looked at.

    Attributes:
        path: The file.
        count: Number of its frames.
        unit: Seconds of the unit of its frames' times.
        rate: Frames in a second, on average.
        height: Of the upright frames, in pixels.
        width: The same.
        pixel_shape: Width of an upright pixel over its height.
        colours: Matrix of its colours: "ITU709" or "ITU601".
        left_out: Kinds of streams that a translation does not have.
        varies: Whether its frames are shown for different times.
        high_range: Whether its brightness goes beyond the usual.
    """

    path: Path
    count: int
    unit: Fraction
    rate: Fraction
    height: int
    width: int
    pixel_shape: Fraction
    colours: str
    left_out: tuple[str, ...] = ()
    varies: bool = False
    high_range: bool = False

    @classmethod
    def opened(cls, path: Path) -> Self:
        """Reads all packets of a file, and decodes its first frame.

        Raises:
            DataError: It is no video, has no frames, is cut short or damaged, or beyond the limits.
            MissingExtraError: PyAV is not installed.
        """
        with _reading(path) as container:
            stream = _video_stream(path, container)
            times = _times(path, container, stream)
            kinds = {one.type for one in container.streams} - {"video", "audio"}
            rate = stream.average_rate or stream.guessed_rate
        with _reading(path) as container:
            stream = _video_stream(path, container)
            first = next(container.decode(stream), None)
            if first is None:
                raise DataError(f"{display_name(path)} has no frame that can be decoded")
            check_limits(display_name(path), (first.width, first.height), MAX_PIXELS, MAX_ASPECT)
            unit = stream.time_base or 1 / Fraction(rate or 25)
            shape = Fraction(stream.sample_aspect_ratio or 1) or Fraction(1)
        height, width = first.height, first.width
        if _quarter_turns(first) % 2:
            height, width, shape = width, height, 1 / shape
        gaps = np.diff(sorted(times)) if len(times) > 2 else np.zeros(1)
        # Containers round times to their own unit.
        varies = bool(len(times) > 2 and np.ptp(gaps) > max(2, 0.1 * float(np.median(gaps))))
        found = Fraction(rate) if rate else 1 / (unit * max(1, int(np.median(gaps))))
        return cls(
            path=path,
            count=len(times),
            unit=Fraction(unit),
            rate=found,
            height=height,
            width=width,
            pixel_shape=shape,
            colours=_colours(first),
            left_out=tuple(sorted(kinds)),
            varies=varies,
            high_range=first.color_trc in _HIGH_RANGE,
        )

    def frames(self, channels: int) -> Iterator[Frame]:
        """All frames in order, upright, uint8 (H, W, channels).

        Raises:
            DataError: The file is damaged in the middle.
        """
        done, after = 0, 0
        with _reading(self.path, lambda: f" after frame {done} of {self.count}") as container:
            stream = _video_stream(self.path, container)
            stream.thread_type = "AUTO"
            for frame in container.decode(stream):
                start = after if frame.pts is None else max(frame.pts, after)
                lasts = int(frame.duration or round(1 / (self.rate * self.unit)))
                after = start + 1
                yield Frame(_pixels(frame, channels, self.colours), start, lasts)
                done += 1
        if not done:
            raise DataError(f"{display_name(self.path)} has no frame that can be decoded")

    def remarks(self) -> list[str]:
        """What a translation of it does not have."""
        found = []
        if self.left_out:
            found.append(f"{' and '.join(self.left_out)} beside picture and sound: left out")
        if self.height % 2 or self.width % 2:
            found.append(
                "an odd height or width: the last row or column is repeated, since players take "
                "even ones"
            )
        if self.high_range:
            found.append("a high dynamic range: its colours are taken for ordinary ones")
        return found


@contextmanager
def _reading(path: Path, where: Any = lambda: "") -> Iterator[Any]:
    av = require_av()
    if not path.is_file():
        raise DataError(f"{display_name(path)}: there is no such file")
    try:
        with av.open(os.fspath(path)) as container:
            yield container
    except (av.error.FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if path.stat().st_size == 0:
            reason = "it is empty (0 bytes)"
        raise DataError(
            f"{display_name(path)} is damaged, or no video that can be read{where()}: {reason}"
        ) from error


def _video_stream(path: Path, container: Any) -> Any:
    av = require_av()
    cover = av.stream.Disposition.attached_pic
    found = [one for one in container.streams.video if not one.disposition & cover]
    if not found:
        kinds = sorted({one.type for one in container.streams}) or ["nothing"]
        raise DataError(f"{display_name(path)} has no video stream; it has {', '.join(kinds)}")
    return found[0]


def _times(path: Path, container: Any, stream: Any) -> list[int]:
    """When the frames of a video are shown, from its packets.

    Raises:
        DataError: There are none, or fewer than the header says.
    """
    times, ends = [], 0.0
    for packet in container.demux():
        if not packet.size:
            continue
        if packet.is_corrupt:
            raise DataError(f"{display_name(path)} is damaged in packet {len(times)} of its video")
        if packet.pts is not None and packet.time_base:
            ends = max(ends, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        if packet.stream.index == stream.index and not packet.is_discard:
            times.append(packet.pts if packet.pts is not None else len(times))
    name = display_name(path)
    if not times:
        raise DataError(f"{name} has no frames")
    stated = stream.frames
    if stated and len(times) < stated * (1 - _SPARE_SHARE):
        raise DataError(f"{name} is cut short: it has {len(times)} of {stated} frames")
    start = (container.start_time or 0) / 1e6
    lasts = start + (container.duration or 0) / 1e6
    if ends and lasts - ends > max(_SPARE_SECONDS, _SPARE_SHARE * lasts):
        raise DataError(f"{name} is cut short: it ends at {ends:.1f} s of {lasts:.1f} s")
    return times


def _quarter_turns(frame: Any) -> int:
    return round((frame.rotation or 0) / 90) % 4


def _colours(frame: Any) -> str:
    matrices = {1: "ITU709", 5: "ITU601", 6: "ITU601"}  # Numbers of ITU-T H.273.
    unstated = "ITU709" if frame.height >= _WIDE_ENOUGH_FOR_709 else "ITU601"
    return matrices.get(int(frame.colorspace), unstated)


def _pixels(frame: Any, channels: int, colours: str) -> np.ndarray:
    kind = "rgb24" if channels == 3 else "gray"
    known = {} if frame.format.is_rgb else {"src_colorspace": colours}
    pixels = frame.reformat(format=kind, dst_color_range="JPEG", **known).to_ndarray()
    upright = np.rot90(pixels.reshape(frame.height, frame.width, channels), _quarter_turns(frame))
    return np.ascontiguousarray(upright)
