"""music21's voiceLeading as the oracle of parallels, hidden intervals, overlaps and crossings in Bach's chorales.

Every pair of voices at every two neighbouring moments. Where we decide otherwise, and why:
- unison to octave (or back) with both voices moving: octaves for us, none for music21, which knows only equal names.
- hidden intervals: music21 calls a move "parallel", and so not hidden, where the interval numbers agree without octaves
  (a diminished fifth to a perfect one); for us it is a direct fifth.
All 371 with SIDEMAN_ALL_CHORALES=1; some otherwise.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from composers.theory.pitch import Pitch, parse_pitch_name
from composers.theory.voice_motion import Move
from composers.theory.voice_rules import Sonority, check

SAMPLE = ("bwv10.7", "bwv40.8", "bwv66.6", "bwv101.7", "bwv153.1", "bwv244.46", "bwv267", "bwv347")
NAMES = {"P5": "fifths", "P8": "octaves", "P1": "octaves", None: ""}
"""music21's simple names make a unison of an octave."""


def _pitch(note: Any) -> Pitch:
    return Pitch(parse_pitch_name(note.pitch.name.replace("-", "b")), note.pitch.octave)


def moments(name: str) -> list[tuple[Sonority, tuple[Any, ...]]]:
    """Every slice of a chorale, lowest voice first: our value, and music21's notes (None for a rest)."""
    corpus = pytest.importorskip("music21.corpus", reason="pip install music21")
    parts = [list(p.flatten().notesAndRests) for p in reversed(corpus.parse(f"bach/{name}").parts)]
    if len(parts) != 4:
        return []
    onsets = sorted({float(n.offset) for part in parts for n in part})
    found, at = [], [0] * 4
    measure = 4.0
    for onset in onsets:
        notes = []
        for voice, part in enumerate(parts):
            while at[voice] + 1 < len(part) and float(part[at[voice] + 1].offset) <= onset:
                at[voice] += 1
            note = part[at[voice]] if part else None
            ends = float(note.offset + note.duration.quarterLength) if note is not None else 0.0
            notes.append(note if note is not None and note.isNote and ends > onset else None)
        pitches = tuple(None if n is None else _pitch(n) for n in notes)
        found.append((Sonority(int(onset // measure) + 1, onset % measure + 1, pitches), tuple(notes)))
    return found


def chorales() -> Iterator[str]:
    if not os.environ.get("SIDEMAN_ALL_CHORALES"):
        yield from SAMPLE
        return
    chorale = pytest.importorskip("music21.corpus.chorales")
    yield from (p.metadata.corpusFilePath.removeprefix("bach/").removesuffix(".mxl")
                for p in chorale.Iterator(returnType="stream"))  # fmt: skip


def test_parallels_hidden_overlaps_and_crossings_are_music21s() -> None:
    leading = pytest.importorskip("music21.voiceLeading", reason="pip install music21")
    compared, otherwise, found = 0, Counter[str](), Counter[str]()
    for name in chorales():
        for (before, notes), (after, following) in pairwise(moments(name)):
            for i in range(4):
                for j in range(i + 1, 4):
                    four = (notes[i], notes[j], following[i], following[j])
                    if None in four:
                        continue
                    low, high, next_low, next_high = four
                    theirs = leading.VoiceLeadingQuartet(high, next_high, low, next_low)
                    ours = Move(*(p for m in (before, after) for p in (m.pitches[i], m.pitches[j]) if p is not None))
                    consecutive, direct = ours.consecutive(), ours.direct()
                    compared += 1
                    assert ours.overlap() == theirs.voiceOverlap(), (name, before, after)
                    assert ours.crossing() == theirs.voiceCrossing(), (name, before, after)
                    known = {"fifths"} if theirs.parallelFifth() else set()
                    known |= {"octaves"} if theirs.parallelOctave() or theirs.parallelUnison() else set()
                    if known != ({NAMES[consecutive]} - {""}):
                        numbers = {abs(ours.before.steps), abs(ours.after.steps)}
                        assert consecutive == "P8" and 0 in numbers and len(numbers) == 2, (name, before, after)
                        otherwise["unison to octave"] += 1
                        continue
                    known = {"fifths"} if theirs.hiddenFifth() else set()
                    known |= {"octaves"} if theirs.hiddenOctave() else set()
                    if known != ({NAMES[direct]} - {""}):
                        assert abs(ours.before.steps) % 7 == abs(ours.after.steps) % 7, (name, before, after, known)
                        otherwise["unequal fifths"] += 1
                    found[f"consecutive {consecutive}"] += 1
                    found[f"direct {direct}"] += 1
    print(compared, dict(otherwise), dict(found))  # noqa: T201
    assert compared > 3000
    assert sum(otherwise.values()) / compared < 0.01


def test_how_many_violations_bach_has() -> None:
    """A sanity figure: he keeps the strict rules nearly always, and breaks some of them knowingly."""
    kinds, slices = Counter[str](), 0
    for name in chorales():
        score = [sonority for sonority, _ in moments(name)]
        slices += len(score)
        kinds.update(v.rule.name for v in check(score, voices=4))
    print(slices, dict(kinds))  # noqa: T201
    assert kinds["parallel fifths"] + kinds["parallel octaves"] < 0.03 * slices
