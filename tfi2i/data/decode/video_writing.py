"""Videos out: frames in segments, which are joined with the sound of another file.

A segment begins with a frame of its own and refers to no later ones, so that the packets of all
segments one after the other are one video: nothing is encoded twice.
"""

import heapq
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.data.decode.clips import Frame
from tfi2i.data.decode.images import display_name
from tfi2i.data.decode.videos import WRITTEN_SUFFIXES, Video, require_av
from tfi2i.errors import DataError

# Encoder and its settings, of high quality; `bf` and `auto-alt-ref`: no frame refers to later ones.
_H264 = ("libx264", {"crf": "16", "preset": "medium", "bf": "0"})
_VP9 = ("libvpx-vp9", {"crf": "24", "b": "0", "auto-alt-ref": "0", "row-mt": "1"})
_FORMATS = {".mkv": "matroska", ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".webm": "webm"}


def written_suffix(path: Path) -> str:
    """The suffix of a translation of a video."""
    suffix = path.suffix.lower()
    return suffix if suffix in WRITTEN_SUFFIXES else WRITTEN_SUFFIXES[0]


class VideoClip(Video):
    """A video, and how a translation of it is written."""

    segment_suffix = ".nut"

    def write_segment(self, path: Path, frames: Iterable[Frame]) -> None:
        """Encodes frames, uint8 (H, W, 1 or 3), of even size or brought to it, with their times."""
        av = require_av()
        encoder, options = _VP9 if written_suffix(self.path) == ".webm" else _H264
        with av.open(os.fspath(path), "w", format="nut") as container:
            stream: Any = None
            for frame in frames:
                pixels = _even(frame.pixels)
                if stream is None:
                    stream = container.add_stream(encoder, rate=self.rate, options=options)
                    stream.height, stream.width = pixels.shape[:2]
                    stream.pix_fmt = "yuv420p"
                    context = stream.codec_context
                    context.time_base = self.unit
                    context.sample_aspect_ratio = self.pixel_shape
                    context.colorspace = 1 if self.colours == "ITU709" else 6
                    context.color_range = 1  # 16..235, as players expect.
                picture = _picture(av, pixels, self.colours)
                picture.pts, picture.time_base = frame.start, self.unit
                picture.duration = frame.duration
                container.mux(stream.encode(picture))
            if stream is not None:
                container.mux(stream.encode())

    def join(self, segments: Sequence[Path], target: Path) -> None:
        """Writes the packets of segments, and the sound of a video, to a file.

        Raises:
            DataError: The kind of file does not hold the sound, or it cannot be written.
        """
        av = require_av()
        suffix = written_suffix(self.path)
        options = {"movflags": "+faststart"} if suffix in (".mp4", ".m4v", ".mov") else {}
        try:
            with (
                av.open(os.fspath(self.path)) as source,
                av.open(os.fspath(segments[0])) as first,
                av.open(os.fspath(target), "w", format=_FORMATS[suffix], options=options) as made,
            ):
                made.metadata.update(_kept(source.metadata))
                picture = made.add_stream_from_template(first.streams.video[0])
                picture.time_base = self.unit
                if not self.varies:
                    picture.codec_context.framerate = self.rate
                sounds = {
                    one.index: made.add_stream_from_template(one) for one in source.streams.audio
                }
                streams = [_packets(av, segments, picture)]
                if sounds:
                    streams.append(_sound(source, sounds))
                for _, packet in heapq.merge(*streams, key=lambda pair: pair[0]):
                    made.mux(packet)
        except (av.error.FFmpegError, ValueError) as error:
            raise DataError(
                f"{display_name(self.path)}: its translation cannot be written as {suffix} "
                f"({getattr(error, 'strerror', None) or error}); convert it to .mkv first"
            ) from error


def _packets(av: Any, segments: Sequence[Path], stream: Any) -> Iterator[tuple[float, Any]]:
    for path in segments:
        with av.open(os.fspath(path)) as container:
            for packet in container.demux(container.streams.video[0]):
                if packet.size:
                    packet.stream = stream
                    packet.dts = packet.pts  # No frame refers to a later one.
                    yield _time(packet), packet


def _sound(source: Any, streams: dict[int, Any]) -> Iterator[tuple[float, Any]]:
    for packet in source.demux(*source.streams.audio):
        if packet.size and packet.dts is not None:
            packet.stream = streams[packet.stream.index]
            yield _time(packet), packet


def _time(packet: Any) -> float:
    return float(packet.dts * packet.time_base)


def _kept(metadata: dict[str, str]) -> dict[str, str]:
    """Title, author, date and place; not what the old file's writer said of itself."""
    own = ("major_brand", "minor_version", "compatible_brands", "encoder")
    return {key: value for key, value in metadata.items() if key.lower() not in own}


def _even(pixels: np.ndarray) -> np.ndarray:
    """Repeats the last row and column of an odd height and width."""
    beyond = [(0, side % 2) for side in pixels.shape[:2]]
    return np.pad(pixels, [*beyond, (0, 0)], mode="edge")


def _picture(av: Any, pixels: np.ndarray, colours: str) -> Any:
    if pixels.shape[-1] == 1:
        pixels = np.repeat(pixels, 3, axis=-1)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    return frame.reformat(
        format="yuv420p", dst_colorspace=colours, src_color_range="JPEG", dst_color_range="MPEG"
    )
