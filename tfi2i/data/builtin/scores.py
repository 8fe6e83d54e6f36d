"""Scores in MusicXML (.mxl) as notes: what a synthesiser needs to play them."""

import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path
from typing import NamedTuple

from tfi2i.errors import DataError

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class Note(NamedTuple):
    """A note of a score.

    Attributes:
        start: beginning in quarter notes from the start of the score.
        length: duration in quarter notes.
        pitch: MIDI number, 60 is middle C.
    """

    start: float
    length: float
    pitch: int


def read_score(path: Path) -> list[Note]:
    """The notes of all parts, in the order in which they begin; ties are joined.

    Repeats are played once, and tempo, dynamics and ornaments are left to the player.

    Args:
        path: a compressed MusicXML file, `score-partwise`.

    Raises:
        DataError: the file is damaged or has no such score.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n.endswith((".xml", ".musicxml"))]
            name = next(n for n in names if not n.startswith("META-INF"))
            root = ElementTree.fromstring(archive.read(name))
    except (OSError, StopIteration, zipfile.BadZipFile, ElementTree.ParseError) as error:
        raise DataError(f"{path} is not a compressed MusicXML file: {error}") from None
    notes = [note for part in root.iter("part") for note in _notes_of(part)]
    if not notes:
        raise DataError(f"{path} has no notes (score-partwise MusicXML is needed)")
    return sorted(notes)


def _notes_of(part: ElementTree.Element) -> list[Note]:
    notes: list[Note] = []
    tied: dict[int, Note] = {}
    divisions, now, before = 1.0, 0.0, 0.0
    for measure in part.iter("measure"):
        for element in measure:
            if element.tag == "attributes" and element.find("divisions") is not None:
                divisions = float(element.findtext("divisions", "1"))
            length = float(element.findtext("duration", "0")) / divisions
            if element.tag == "backup":
                now -= length
            elif element.tag == "forward":
                now += length
            elif element.tag == "note":
                # Such a note of a chord begins together with the one before it.
                start = before if element.find("chord") is not None else now
                if element.find("chord") is None:
                    before, now = now, now + length
                pitch = _pitch(element)
                if pitch is None or not length:
                    continue
                note = Note(start, length, pitch)
                ties = {tie.get("type") for tie in element.findall("tie")}
                if "stop" in ties and pitch in tied:
                    first = tied.pop(pitch)
                    note = Note(first.start, start + length - first.start, pitch)
                if "start" in ties:
                    tied[pitch] = note
                else:
                    notes.append(note)
    return notes + list(tied.values())


def _pitch(element: ElementTree.Element) -> int | None:
    """MIDI number; None for rests."""
    pitch = element.find("pitch")
    if pitch is None:
        return None
    octave, alter = int(pitch.findtext("octave", "4")), float(pitch.findtext("alter", "0"))
    return 12 * (octave + 1) + _STEPS[pitch.findtext("step", "C")] + round(alter)
