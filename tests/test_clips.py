"""Videos and animations: times, sound and rotation are kept, and a stopped call goes on."""

import json
import os
import resource
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from tfi2i.data.decode.animations import Animation
from tfi2i.data.decode.video_writing import VideoClip
from tfi2i.data.decode.videos import Video
from tfi2i.errors import DataError, MissingExtraError
from tfi2i.inference import clips
from tfi2i.inference.files import translate_files
from tfi2i.inference.flicker import Flicker

av = pytest.importorskip("av", reason="videos need the package av (extra video)")

NTSC = Fraction(30000, 1001)
GREEN, RED = (20, 220, 30), (200, 40, 90)


@pytest.fixture(scope="module")
def negative():
    images = keras.Input((None, None, 3))
    model = keras.Model(images, keras.layers.Rescaling(-1.0)(images), name="negative")
    model.size_multiple = 1
    return model


def picture(index, size):
    """Red, the upper left quarter green, and a white line that moves down."""
    pixels = np.full((*size, 3), RED, np.uint8)
    pixels[: size[0] // 2, : size[1] // 2] = GREEN
    pixels[(4 * index) % size[0]] = 255
    return pixels


def film(
    path: Path,
    *,
    frames=10,
    size=(32, 48),
    sound: str | None = "aac",
    turn=0,
    times: list[int] | None = None,
    codec="libx264",
):
    """A video of pictures and a tone; `times` in milliseconds, else NTSC's rate."""
    unit = Fraction(1, 1000) if times else 1 / NTSC
    with av.open(os.fspath(path), "w") as container:
        video = container.add_stream(codec, rate=NTSC, options={"crf": "4"})
        video.height, video.width = size
        video.pix_fmt = "yuv444p" if size[0] % 2 or size[1] % 2 else "yuv420p"
        video.codec_context.time_base = unit
        if turn:
            video.set_display_rotation(turn)
        audio = container.add_stream(sound, rate=48000) if sound else None
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(index, size), format="rgb24")
            frame.pts, frame.time_base = times[index] if times else index, unit
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio is not None:
            tone = np.sin(np.arange(48000 * frames // 30) / 20).astype(np.float32)[None] / 3
            for first in range(0, tone.shape[1], 960):
                part = np.ascontiguousarray(tone[:, first : first + 960])
                frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
                frame.rate, frame.pts, frame.time_base = 48000, first, Fraction(1, 48000)
                container.mux(audio.encode(frame))
            container.mux(audio.encode())
    return path


def translate(generator, inputs, out, **options):
    return translate_files(generator, inputs, out, progress=False, **options)


def frames_of(path):
    return list(Video.opened(path).frames(3))


def sound_of(path):
    with av.open(os.fspath(path)) as container:
        packets = container.demux(audio=0)
        return [(bytes(one), float(one.pts * one.time_base)) for one in packets if one.size]


def assert_negative(made, taken):
    """But for what H.264 takes away."""
    difference = np.abs(made.pixels.astype(int) - (255 - taken.pixels.astype(int)))
    assert difference.mean() < 8


# --- what is kept ---


def test_frames_times_and_sound_are_kept(tmp_path, negative, capsys):
    source = film(tmp_path / "a.mp4")
    (written,) = translate(negative, [tmp_path], tmp_path / "out")
    assert written == tmp_path / "out" / "a.mp4"
    made, taken = Video.opened(written), Video.opened(source)
    assert (made.count, made.height, made.width) == (10, 32, 48)
    assert made.rate == taken.rate == NTSC
    for after, before in zip(made.frames(3), taken.frames(3), strict=True):
        assert after.start * made.unit == before.start * taken.unit
        assert_negative(after, before)
    assert sound_of(written) == sound_of(source) and len(sound_of(source)) > 5
    assert sorted(os.listdir(tmp_path / "out")) == ["a.mp4", "a.mp4.flicker.json"]
    figures = json.loads((tmp_path / "out" / "a.mp4.flicker.json").read_text())
    # A negative changes as much as its input.
    assert figures["frames"] == 10 and figures["pairs_of_frames"] == 9
    assert figures["flicker"] == pytest.approx(1, abs=0.02)
    assert "a.mp4: its translation changes 1.0" in capsys.readouterr().err


@pytest.mark.parametrize(("turn", "corner"), [(-90, (0, -1)), (90, (-1, 0)), (180, (-1, -1))])
def test_frames_are_turned_as_players_turn_them(turn, corner, tmp_path, negative):
    """A quarter counterclockwise brings the upper left corner to the lower left."""
    source = film(tmp_path / "a.mov", sound=None, turn=turn)
    (written,) = translate(negative, [source], tmp_path / "out")
    with av.open(os.fspath(written)) as container:
        frame = next(container.decode(video=0))
        assert not frame.rotation
        pixels = frame.to_ndarray(format="rgb24")
    assert pixels.shape == ((32, 48, 3) if turn == 180 else (48, 32, 3))
    # Away from the white line, which begins in the first row.
    inner = tuple(5 if place == 0 else -6 for place in corner)
    np.testing.assert_allclose(pixels[inner], 255 - np.array(GREEN), atol=12)


def test_a_variable_rate_keeps_every_time(tmp_path, negative):
    times = [0, 40, 80, 200, 240, 500, 900]
    source = film(tmp_path / "a.mp4", frames=7, times=times, sound=None)
    assert Video.opened(source).varies
    (written,) = translate(negative, [source], tmp_path / "out")
    made = Video.opened(written)
    found = [round(float(frame.start * made.unit * 1000)) for frame in made.frames(3)]
    assert found == times


def test_other_kinds_become_matroska_and_odd_sizes_even_ones(tmp_path, negative, capsys):
    film(tmp_path / "a.avi", size=(31, 47), sound="mp3", frames=4)
    film(tmp_path / "b.webm", codec="libvpx-vp9", sound="libopus", frames=4)
    written = translate(negative, [tmp_path], tmp_path / "out")
    assert [path.name for path in written] == ["a.mkv", "b.webm"]
    made = Video.opened(written[0])
    assert (made.count, made.height, made.width, made.rate) == (4, 32, 48, NTSC)
    assert [packet for packet, _ in sound_of(written[0])] == [
        packet for packet, _ in sound_of(tmp_path / "a.avi")
    ]
    assert "1 file has an odd height or width" in capsys.readouterr().err
    assert Video.opened(written[1]).count == 4


def test_grey_models_and_halves(tmp_path):
    images = keras.Input((None, None, 1))
    grey = keras.Model(images, keras.layers.Rescaling(-1.0)(images), name="grey")
    grey.size_multiple = 1
    source = film(tmp_path / "a.mp4", frames=3, sound=None)
    (written,) = translate(grey, [source], tmp_path / "out", side="left")
    (frame, *_) = frames_of(written)
    assert frame.pixels.shape == (32, 24, 3)
    luma = np.array(GREEN) @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(frame.pixels[8, 8], 255 - luma, atol=8)


# --- a stopped call ---


def test_a_stopped_call_goes_on_with_whole_segments(tmp_path, negative, monkeypatch):
    monkeypatch.setattr(clips, "SEGMENT_FRAMES", 4)
    source = film(tmp_path / "a.mp4")
    (whole,) = translate(negative, [source], tmp_path / "whole")
    seen = []
    from tfi2i.inference import one_file as files

    ordinary = files.translate_image

    def until(limit):
        def translated(generator, pixels, **options):
            if len(seen) == limit:
                raise KeyboardInterrupt
            seen.append(1)
            return ordinary(generator, pixels, **options)

        return translated

    monkeypatch.setattr(files, "translate_image", until(6))
    with pytest.raises(KeyboardInterrupt):
        translate(negative, [source], tmp_path / "out")
    assert os.listdir(tmp_path / "out") == [".a.mp4.segments"]
    monkeypatch.setattr(files, "translate_image", until(-1))
    seen.clear()
    (written,) = translate(negative, [source], tmp_path / "out")
    # The first segment of four was whole; of the second, two frames were lost.
    assert len(seen) == 6
    for after, before in zip(frames_of(written), frames_of(whole), strict=True):
        np.testing.assert_array_equal(after.pixels, before.pixels)
        assert after.start == before.start
    figures = [(path.with_name("a.mp4.flicker.json")).read_text() for path in (written, whole)]
    assert figures[0] == figures[1]
    assert sorted(os.listdir(tmp_path / "out")) == ["a.mp4", "a.mp4.flicker.json"]


def test_segments_of_another_network_are_not_used(tmp_path, negative, monkeypatch):
    source = film(tmp_path / "a.mp4", frames=3, sound=None)
    target = tmp_path / "a.out.mp4"
    facts = clips.network_facts(negative)
    clip = VideoClip.opened(source)
    stopped = clips._Segments(target, clip, facts)
    stopped.add(clip.frames(3), Flicker())
    assert clips._Segments(target, clip, facts).frames == 3
    images = keras.Input((None, None, 3))
    other = keras.Model(images, keras.layers.Rescaling(-0.5)(images))
    assert clips._Segments(target, clip, clips.network_facts(other)).frames == 0


def test_resume_leaves_what_is_there(tmp_path, negative):
    for name in "abc":
        Image.new("RGB", (6, 5), "teal").save(tmp_path / f"{name}.png")
    out = tmp_path / "out"
    translate(negative, [tmp_path / "b.png"], out)
    before = (out / "b.png").stat().st_mtime_ns
    with pytest.raises(DataError, match="1 file is there already.*--resume"):
        translate(negative, [tmp_path], out)
    written = translate(negative, [tmp_path], out, resume=True)
    assert [path.name for path in written] == ["a.png", "c.png"]
    assert (out / "b.png").stat().st_mtime_ns == before
    assert translate(negative, [tmp_path], out, resume=True) == []
    (tmp_path / "d.png").write_bytes(b"no picture")
    assert translate(negative, [tmp_path], out, resume=True, skip_bad=True) == []


# --- animations ---


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animations_keep_frames_times_and_loops(suffix, tmp_path, negative):
    frames = [Image.fromarray(picture(index, (20, 24))) for index in range(5)]
    durations = [40, 80, 200, 40, 120]
    source = tmp_path / f"a{suffix}"
    options: dict[str, Any] = {"lossless": True} if suffix == ".webp" else {}
    frames[0].save(
        source, save_all=True, append_images=frames[1:], duration=durations, loop=3, **options
    )
    (written,) = translate(negative, [source], tmp_path / "out")
    assert written.suffix == suffix
    made = Animation.opened(written)
    assert made is not None and made.count == 5
    assert made.loops == 3
    for index, frame in enumerate(made.frames(3)):
        assert frame.duration == durations[index]
        difference = np.abs(frame.pixels.astype(int) - (255 - picture(index, (20, 24)).astype(int)))
        assert difference.mean() < 9
    assert (tmp_path / "out" / f"a{suffix}.flicker.json").exists()


def test_still_pictures_stay_pictures(tmp_path, negative):
    for suffix in (".gif", ".webp", ".png"):
        Image.new("RGB", (6, 5), "teal").save(tmp_path / f"a{suffix}")
        (written,) = translate(negative, [tmp_path / f"a{suffix}"], tmp_path / suffix)
        assert written.suffix == (".png" if suffix == ".gif" else suffix)
        assert len(os.listdir(tmp_path / suffix)) == 1


# --- bad input ---


def cut(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def only_sound(path):
    with av.open(os.fspath(path), "w") as container:
        audio = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.rate = 48000
        container.mux(audio.encode(frame))
        container.mux(audio.encode())
    return path


def no_frames(path):
    with av.open(os.fspath(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.height, video.width, video.pix_fmt = 32, 32, "yuv420p"
        container.start_encoding()
    return path


def text(path):
    path.write_text("no video")
    return path


def fast_start(path):
    """With its index in front, as on web pages, so that the beginning can be played."""
    film(path.with_suffix(".mkv"), frames=60)
    with (
        av.open(os.fspath(path.with_suffix(".mkv"))) as source,
        av.open(os.fspath(path), "w", options={"movflags": "+faststart"}) as made,
    ):
        streams = {one.index: made.add_stream_from_template(one) for one in source.streams}
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                made.mux(packet)
    path.with_suffix(".mkv").unlink()
    return path


BAD = {
    "empty.mp4": (lambda path: cut(text(path), 0), "is empty"),
    "text.mp4": (text, "is damaged, or no video that can be read"),
    "sound.mp4": (only_sound, "has no video stream; it has audio"),
    "none.mp4": (no_frames, "has no video stream; it has nothing"),
    "none.avi": (no_frames, "has no frames"),
    "index_at_end.mp4": (lambda path: cut(film(path), 0.6), "is damaged, or no video"),
    "index_in_front.mp4": (lambda path: cut(fast_start(path), 0.6), "is cut short|is damaged"),
    "streamed.mkv": (lambda path: cut(film(path, frames=60), 0.5), "is cut short|is damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_videos_are_named_before_any_work(name, tmp_path, negative, capsys):
    make, reason = BAD[name]
    source = make(tmp_path / name)
    with pytest.raises(DataError, match=rf"{name}.*({reason})"):
        translate(negative, [source], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    # Beside a good one it is left out.
    good = film(tmp_path / "good.mp4", frames=2, sound=None)
    assert len(translate(negative, [source, good], tmp_path / "out", skip_bad=True)) == 1
    assert f"left out 1 of 2 files:\n  {source}" in capsys.readouterr().err


def test_a_video_that_breaks_in_the_middle_leaves_its_segments(tmp_path, negative, monkeypatch):
    monkeypatch.setattr(clips, "SEGMENT_FRAMES", 2)
    source = film(tmp_path / "a.mp4", frames=6, sound=None)
    ordinary = Video.frames

    def broken(self, channels):
        for number, frame in enumerate(ordinary(self, channels)):
            if number == 5:
                raise DataError("a.mp4 is damaged after frame 5 of 6")
            yield frame

    monkeypatch.setattr(Video, "frames", broken)
    with pytest.raises(DataError, match="damaged after frame 5"):
        translate(negative, [source], tmp_path / "out")
    assert len(list((tmp_path / "out" / ".a.mp4.segments").glob("*.nut"))) == 2


def test_a_full_disk_is_named_and_whole_segments_stay(tmp_path, negative, monkeypatch):
    monkeypatch.setattr(clips, "SEGMENT_FRAMES", 2)
    source = film(tmp_path / "a.mp4", frames=6, sound=None)
    write, limits = VideoClip.write_segment, resource.getrlimit(resource.RLIMIT_FSIZE)

    def full(self, path, frames):
        """The second segment is larger than files may be."""
        if "00001" in path.name:
            resource.setrlimit(resource.RLIMIT_FSIZE, (300, limits[1]))
        try:
            write(self, path, frames)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    monkeypatch.setattr(VideoClip, "write_segment", full)
    with pytest.raises(DataError, match=r"cannot write .*00001\.nut: .*give the command again"):
        translate(negative, [source], tmp_path / "out")
    monkeypatch.setattr(VideoClip, "write_segment", write)
    assert sorted(os.listdir(tmp_path / "out" / ".a.mp4.segments"))[0] == "00000.json"
    (written,) = translate(negative, [source], tmp_path / "out")
    assert Video.opened(written).count == 6


@pytest.mark.fault("28")
def test_without_the_extra_it_is_named(tmp_path, negative, monkeypatch):
    source = film(tmp_path / "a.mp4", frames=2, sound=None)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"Translating videos.*tfi2i\[video\]"):
        translate(negative, [source], tmp_path / "out")


def test_deep_models_take_no_clips(tmp_path, negative):
    from tfi2i.data import EIGHT_BITS, ValueRange

    source = film(tmp_path / "a.mp4", frames=2, sound=None)
    deep = (ValueRange("uint16", 0, 4095), EIGHT_BITS)
    with pytest.raises(DataError, match="frames of 8 bits, and this model translates 16 bits"):
        translate(negative, [source], tmp_path / "out", value_ranges=deep)


# --- flicker ---


def test_flicker_of_hand_worked_frames():
    """A quarter of the pixels moves by 40; the output flickers by 10 everywhere else."""
    taken, made = np.zeros((2, 4, 4, 3), np.uint8)
    flicker = Flicker()
    flicker.look_at(taken, made)
    after, shown = taken.copy(), made + np.uint8(10)
    after[:2, :2] = 40
    shown[:2, :2] = 80
    flicker.look_at(after, shown)
    assert flicker.figures() == {
        "pairs_of_frames": 1,
        "input_change": 10.0,
        "output_change": 27.5,
        "flicker": 2.75,
        "still_share": 0.75,
        "still_output_change": 10.0,
    }
    assert Flicker(flicker.told).figures() == flicker.figures()


def test_flicker_where_nothing_moves_or_all_does():
    still = Flicker()
    for _ in range(3):
        still.look_at(np.zeros((4, 4, 1), np.uint8), np.zeros((4, 4, 1), np.uint8))
    assert still.figures()["flicker"] is None
    moving = Flicker()
    for level in (0, 100):
        moving.look_at(np.full((4, 4, 3), level, np.uint8), np.full((4, 4, 3), level, np.uint8))
    assert moving.figures()["still_output_change"] is None
    assert Flicker().figures() == {"pairs_of_frames": 0}
