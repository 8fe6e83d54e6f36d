"""Sound as pictures, scores as notes, and music through the translator."""

import importlib.util
import wave
import zipfile
from typing import Any

import numpy as np
import pytest

from tfi2i.data import open_source
from tfi2i.data.builtin.scores import Note, read_score
from tfi2i.data.decode.audio import (
    DECIBELS,
    SAMPLE_RATE,
    picture_to_sound,
    read_wav,
    sound_to_picture,
    write_wav,
)
from tfi2i.errors import DataError
from tfi2i.zoo.style.music_translation import MusicTranslation

installed = all(map(importlib.util.find_spec, ("music21", "pretty_midi", "tinysoundfont")))
needs_music = pytest.mark.skipif(not installed, reason="the packages of the built-in music")
TINY: dict[str, Any] = {
    "input_channels": 1,
    "output_channels": 1,
    "filters": 4,
    "discriminator_filters": 4,
}


def tone(hertz: float, seconds: float = 1.0, amplitude: float = 0.5) -> np.ndarray:
    moments = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (amplitude * np.sin(2 * np.pi * hertz * moments)).astype(np.float32)


def test_a_tone_is_a_line_at_its_place_and_loudness():
    low, high, quiet = (
        sound_to_picture(sound)
        for sound in (tone(200), tone(3000, amplitude=0.1), tone(3000, amplitude=0.01))
    )
    assert low.shape == (64, 1 + (SAMPLE_RATE - 1024) // 256, 1)
    middle = low.shape[1] // 2
    assert low[:, middle, 0].argmax() > high[:, middle, 0].argmax()
    louder = float(high[:, middle].max()) - float(quiet[:, middle].max())
    assert louder / 255 * DECIBELS == pytest.approx(20.0, abs=0.5)


def test_sound_comes_back_from_its_picture():
    sound = tone(440) + tone(1500, amplitude=0.1)
    picture = sound_to_picture(sound)
    again = sound_to_picture(picture_to_sound(picture))
    assert again.shape == picture.shape
    difference = np.abs(again.astype(float) - picture).mean() / 255 * DECIBELS
    silence = picture.astype(float).mean() / 255 * DECIBELS
    assert difference < 0.25 * silence
    assert np.array_equal(picture_to_sound(picture), picture_to_sound(picture))


def test_wav_files(tmp_path):
    sound = tone(440)
    write_wav(tmp_path / "tone.wav", sound)
    np.testing.assert_allclose(read_wav(tmp_path / "tone.wav"), sound, atol=1e-4)
    with wave.open(str(tmp_path / "slow.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    with pytest.raises(DataError, match="ffmpeg"):
        read_wav(tmp_path / "slow.wav")
    (tmp_path / "no.wav").write_text("words")
    with pytest.raises(DataError, match="wav file"):
        read_wav(tmp_path / "no.wav")
    write_wav(tmp_path / "short.wav", sound[:100])
    with pytest.raises(DataError, match="shorter"):
        read_wav(tmp_path / "short.wav")


SCORE = """<score-partwise><part id="P1">
<measure><attributes><divisions>2</divisions></attributes>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>2</duration></note>
<note><chord/><pitch><step>E</step><alter>-1</alter><octave>4</octave></pitch>
<duration>2</duration></note>
<note><rest/><duration>1</duration></note>
<note><pitch><step>G</step><octave>4</octave></pitch>
<duration>1</duration><tie type="start"/></note>
</measure><measure>
<note><pitch><step>G</step><octave>4</octave></pitch><duration>4</duration><tie type="stop"/></note>
<backup><duration>4</duration></backup><forward><duration>2</duration></forward>
<note><pitch><step>A</step><octave>3</octave></pitch><duration>2</duration></note>
</measure></part></score-partwise>"""


def test_a_score_by_hand(tmp_path):
    with zipfile.ZipFile(tmp_path / "s.mxl", "w") as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
        archive.writestr("s.xml", SCORE)
    assert read_score(tmp_path / "s.mxl") == [
        Note(0.0, 1.0, 60),
        Note(0.0, 1.0, 63),
        Note(1.5, 2.5, 67),
        Note(3.0, 1.0, 57),
    ]
    (tmp_path / "no.mxl").write_text("words")
    with pytest.raises(DataError, match="MusicXML"):
        read_score(tmp_path / "no.mxl")


@needs_music
def test_built_in_music_is_the_same_scores_on_two_instruments():
    source = open_source("music:piano-organ", channels=1)
    test, train = source.splits["test"], source.splits["train"]
    assert test.b is not None and train.b is not None
    assert test.a.names == test.b.names and source.aligned_test
    assert not {n[:-3] for n in train.a.names} & {n[:-3] for n in train.b.names}
    assert not {n[:-3] for n in train.a.names} & {n[:-3] for n in test.a.names}
    a, b = test.a.load(1), test.b.load(1)
    assert a.shape == b.shape == (64, 64, 1)
    assert a.std() > 10 and b.std() > 10
    # The same notes: far more alike than another place of the score.
    matching = np.corrcoef(a.ravel(), b.ravel())[0, 1]
    assert matching > np.corrcoef(a.ravel(), test.b.load(4).ravel())[0, 1] + 0.1


def test_what_is_no_music_is_refused():
    with pytest.raises(DataError, match="two instruments"):
        open_source("music:piano-kazoo", channels=1)
    with pytest.raises(DataError, match="channels=1"):
        open_source("music:piano-organ")
    with pytest.raises(DataError, match="only be unpaired"):
        open_source("music:piano-organ", channels=1, kind="paired")


def test_sound_goes_through_the_translator(tmp_path):
    model = MusicTranslation(crop_size=64, depth=3, vector_length=8, **TINY)
    sound = tone(440, seconds=2.0)
    made = model.translate_sound(sound)
    assert made.dtype == np.float32 and np.isfinite(made).all()
    assert 0 <= len(sound) - len(made) < 256
    write_wav(tmp_path / "a.wav", sound)
    files = model.translate_files([tmp_path / "a.wav"], tmp_path / "out")
    assert files == [tmp_path / "out" / "a.wav"]
    assert len(read_wav(files[0])) == len(made)
    with pytest.raises(DataError, match="overwritten"):
        model.translate_files([tmp_path / "a.wav"], tmp_path)
    with pytest.raises(DataError, match="two calls"):
        model.translate_files([tmp_path / "a.wav", tmp_path / "b.png"], tmp_path / "out")
    with pytest.raises(DataError, match="was trained on images"):
        MusicTranslation(crop_size=32, depth=3, vector_length=8, **TINY).translate_sound(sound)
