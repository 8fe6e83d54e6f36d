"""Built-in music: real scores played by two instruments, as pictures of sound.

The scores are Bach's chorales as the PyPI package music21 carries them. A synthesiser
(tinysoundfont) plays them at run time with the soundfont in the package pretty-midi; no part of any
of them is in this package. The training scores of the two instruments differ. Both instruments play
the test scores, so that a translation can be compared with the true rendering.
"""

import importlib.metadata
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from tfi2i.data.builtin.scores import Note, read_score
from tfi2i.data.decode.audio import BANDS, HOP, SAMPLE_RATE, sound_to_picture
from tfi2i.data.decode.values import EIGHT_BITS
from tfi2i.data.fingerprint import fingerprint
from tfi2i.data.source import DataSource, Split, counts_in_words
from tfi2i.errors import DataError, MissingExtraError

PREFIX = "music:"
# General MIDI programs.
INSTRUMENTS = {
    "piano": 0,
    "harpsichord": 6,
    "organ": 19,
    "guitar": 24,
    "violin": 40,
    "strings": 48,
    "trumpet": 56,
    "flute": 73,
}
TRAINING_SCORES, TEST_SCORES = 20, 8  # for each instrument
SECONDS = 24
_QUARTERS_PER_MINUTE = 84
_TAIL_SECONDS = 1.0
_VELOCITY = 90
_LOUDNESS = 0.1  # root mean square of a rendering: instruments differ in timbre, not in level
_PACKAGES = {"music21": "music21", "pretty_midi": "pretty-midi", "tinysoundfont": "tinysoundfont"}


@dataclass(frozen=True)
class MusicTiles:
    """Pictures of sound, one after the other, of several scores played by one instrument.

    Attributes:
        instrument: of `INSTRUMENTS`.
        scores: names in music21's corpus.
        size: width of a tile in columns of 16 ms; tiles do not overlap.
    """

    instrument: str
    scores: tuple[str, ...]
    size: int
    channels = 1
    value_range = EIGHT_BITS

    @property
    def _each(self) -> int:
        return _columns() // self.size

    @property
    def names(self) -> list[str]:
        """Score and position of every tile."""
        return [f"{score}-{index:02d}" for score in self.scores for index in range(self._each)]

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of each: all (64, size)."""
        return [(BANDS, self.size)] * len(self)

    def __len__(self) -> int:
        """The number of tiles."""
        return len(self.scores) * self._each

    def load(self, index: int) -> np.ndarray:
        """One tile, uint8 (64, size, 1)."""
        score, place = divmod(index, self._each)
        whole = rendered(self.scores[score], self.instrument)[1]
        return whole[:, place * self.size : (place + 1) * self.size].copy()


def open_music(source: str, *, kind: str | None = None, direction: str = "a2b") -> DataSource:
    """Pictures of sound of two instruments, `music:<a>-<b>`, such as music:piano-organ.

    Args:
        source: the two instruments, from `INSTRUMENTS`.
        kind: "unpaired" (also None): the training scores of a and b differ, and the test scores are
            the same.
        direction: "b2a" exchanges a and b.

    Raises:
        DataError: unknown instruments, or another kind.
        MissingExtraError: a package for scores or sound is not installed.
    """
    names = source.removeprefix(PREFIX).split("-")
    if len(names) != 2 or names[0] == names[1] or not set(names) <= set(INSTRUMENTS):
        raise DataError(
            f"{source!r} is not two instruments; write music:<a>-<b> with two of "
            f"{', '.join(INSTRUMENTS)}, such as music:piano-organ"
        )
    if kind not in (None, "unpaired"):
        raise DataError(f"{source} is unpaired music: kind can only be unpaired, not {kind}")
    first, second = names if direction == "a2b" else names[::-1]
    scores = _scores()
    train = scores[: 2 * TRAINING_SCORES]
    test = scores[2 * TRAINING_SCORES :]

    def tiles(instrument: str, chosen: Sequence[str]) -> MusicTiles:
        return MusicTiles(instrument, tuple(chosen), BANDS)

    splits = {
        "train": Split(tiles(first, train[0::2]), tiles(second, train[1::2])),
        "test": Split(tiles(first, test), tiles(second, test)),
    }
    versions = [f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES.values()]
    return DataSource(
        kind="unpaired",
        name=source,
        description=f"found unpaired ({first} and {second}, {SECONDS} s each of "
        f"{len(train)} training and {len(test)} test chorales, tiles of {BANDS} columns): "
        + counts_in_words("unpaired", splits),
        splits=splits,
        licence="scores: see music21's corpus; soundfont TimGM6mb: GPL-2",
        fingerprint=fingerprint(versions, first, second, scores, SECONDS),
        aligned_test=True,
    )


@lru_cache(maxsize=256)
def rendered(score: str, instrument: str) -> tuple[np.ndarray, np.ndarray]:
    """The first 24 seconds of a score, played by an instrument.

    Args:
        score: name in music21's corpus of Bach, such as `bwv10.7`.
        instrument: of `INSTRUMENTS`.

    Returns:
        The sound, float32 (N,) at 16 kHz, and its picture, uint8 (64, T, 1).
    """
    notes = read_score(_folder("music21") / "corpus" / "bach" / f"{score}.mxl")
    sound = _play(notes, INSTRUMENTS[instrument])
    sound *= _LOUDNESS / max(float(np.sqrt(np.mean(sound**2))), 1e-6)
    return sound, sound_to_picture(sound)


def _play(notes: Sequence[Note], program: int) -> np.ndarray:
    """SECONDS of sound, float32 (N,)."""
    import tinysoundfont  # pyright: ignore[reportMissingImports]

    synth = tinysoundfont.Synth(samplerate=SAMPLE_RATE)
    font = synth.sfload(str(_folder("pretty_midi") / "TimGM6mb.sf2"))
    synth.program_select(0, font, 0, program)
    per_quarter = 60.0 * SAMPLE_RATE / _QUARTERS_PER_MINUTE
    events = []
    for note in notes:
        # Ends come before beginnings of the same moment, so that a repeated note sounds twice.
        events.append((round((note.start + note.length) * per_quarter), 0, note.pitch))
        events.append((round(note.start * per_quarter), 1, note.pitch))
    total = SECONDS * SAMPLE_RATE
    parts, now = [], 0
    for moment, begins, pitch in sorted(events):
        moment = min(moment, total)
        if moment > now:
            parts.append(_generate(synth, moment - now))
            now = moment
        if begins:
            synth.noteon(0, pitch, _VELOCITY)
        else:
            synth.noteoff(0, pitch)
    if now < total:
        parts.append(_generate(synth, total - now))
    return np.concatenate(parts)


def _generate(synth, samples: int) -> np.ndarray:
    """Mono sound: the mean of the synthesiser's two channels."""
    stereo = np.frombuffer(synth.generate(samples), np.float32).reshape(-1, 2)
    return stereo.mean(axis=1)


def _columns() -> int:
    return 1 + (SECONDS * SAMPLE_RATE - 1024) // HOP


@lru_cache(maxsize=1)
def _scores() -> tuple[str, ...]:
    """Names of chorales that last SECONDS or more, spread over the corpus; training ones first."""
    wanted = 2 * TRAINING_SCORES + TEST_SCORES
    files = sorted((_folder("music21") / "corpus" / "bach").glob("bwv*.mxl"))
    quarters = (SECONDS - _TAIL_SECONDS) * _QUARTERS_PER_MINUTE / 60.0
    chosen = []
    for file in files[:: max(1, len(files) // (2 * wanted))]:
        notes = read_score(file)
        if max(note.start + note.length for note in notes) >= quarters:
            chosen.append(file.stem)
        if len(chosen) == wanted:
            return tuple(chosen)
    raise DataError(f"music21's corpus has only {len(chosen)} of {wanted} chorales that are needed")


def _folder(module: str) -> Path:
    """A package's folder, found without importing it."""
    for name, package in _PACKAGES.items():
        if importlib.util.find_spec(name) is None:
            raise MissingExtraError("the built-in music", package, "music")
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])
