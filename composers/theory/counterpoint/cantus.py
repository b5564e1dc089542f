"""Cantus firmi: melodies in whole notes, in a mode, over or under which counterpoint is written."""

from __future__ import annotations

from dataclasses import dataclass

from composers.errors import MusicError
from composers.theory.pitch import Pitch, PitchName
from composers.theory.scales import SCALES

BY_FINAL = {"C": "ionian", "D": "dorian", "E": "phrygian", "F": "lydian", "G": "mixolydian", "A": "aeolian"}
"""The modes of the white keys, by their final. (Locrian has no perfect fifth and no cantus.)"""
_MODES = {**{name: name for name in BY_FINAL.values()}, "major": "ionian", "minor": "aeolian"}
_RAISED_SEVENTH = ("dorian", "mixolydian", "aeolian")
"""Modes whose seventh is raised in the cadence (musica ficta). Phrygian has its semitone above."""
_SOFT = {"dorian": 5, "lydian": 3}
"""Degree (from 0) that may be lowered to avoid the tritone: B flat in dorian on D and lydian on F."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A church mode on a final.

    degrees  its seven notes from the final up
    """

    name: str
    degrees: tuple[PitchName, ...]

    @property
    def final(self) -> PitchName:
        return self.degrees[0]

    @property
    def leading_tone(self) -> PitchName:
        """What rises to the final in a cadence: raised to a semitone but in phrygian."""
        seventh = self.degrees[6]
        return PitchName(seventh.letter, seventh.alter + 1) if self.name in _RAISED_SEVENTH else seventh

    @property
    def raised_sixth(self) -> PitchName | None:
        """Only before a raised seventh which would be an augmented second away (aeolian)."""
        sixth = self.degrees[5]
        return PitchName(sixth.letter, sixth.alter + 1) if self.name == "aeolian" else None

    @property
    def soft(self) -> PitchName | None:
        """The note lowered against the tritone, where the mode knows one."""
        if self.name not in _SOFT:
            return None
        hard = self.degrees[_SOFT[self.name]]
        return PitchName(hard.letter, hard.alter - 1)

    def __str__(self) -> str:
        return f"{self.final} {self.name}"


def mode_on(name: str, final: PitchName) -> Mode:
    """A mode by name; major and minor are ionian and aeolian. Raises MusicError."""
    try:
        known = _MODES[name]
    except KeyError:
        raise MusicError(f"mode {name!r} has no counterpoint: choose one of {', '.join(_MODES)}") from None
    return Mode(known, tuple(final.up(step, semitones) for step, semitones in enumerate(SCALES[known])))


@dataclass(frozen=True, slots=True)
class Cantus:
    """A cantus firmus: a whole note each."""

    name: str
    mode: Mode
    pitches: tuple[Pitch, ...]

    @staticmethod
    def parse(text: str, mode: str | None = None, *, name: str = "cantus firmus") -> Cantus:
        """ "D4 F4 E4 D4 ..." in a mode by name, or the white keys' mode of its last note.

        Raises MusicError for what is no cantus: too short or long, notes outside the mode, an end that is not by step
        on the final, a repeated note, a leap that no voice sings.
        """
        pitches = tuple(Pitch.parse(word) for word in text.split())
        if not 4 <= len(pitches) <= _LONGEST:
            raise MusicError(f"{name} has {len(pitches)} notes: give 4 to {_LONGEST}, a whole note each")
        final = pitches[-1].name
        if mode is None and str(final) not in BY_FINAL:
            raise MusicError(f"{name} ends on {final}: name its mode, for example mode='dorian'")
        chosen = mode_on(mode or BY_FINAL[str(final)], final)
        _judge(name, chosen, pitches)
        return Cantus(name, chosen, pitches)

    def __str__(self) -> str:
        return f"{self.name} ({self.mode}): {' '.join(map(str, self.pitches))}"


_LONGEST = 32
_SUNG = {(1, 1), (1, 2), (2, 3), (2, 4), (3, 5), (4, 7), (5, 8), (5, 9), (7, 12)}


def _judge(name: str, mode: Mode, pitches: tuple[Pitch, ...]) -> None:
    names = {*mode.degrees, mode.soft}
    if pitches[0].name != mode.final:
        raise MusicError(f"{name} begins on {pitches[0]}, not on the final of {mode}: begin on {mode.final}")
    for place, pitch in enumerate(pitches, 1):
        if pitch.name not in names:
            raise MusicError(f"{name}, bar {place}: {pitch} is not in {mode}: take {' '.join(map(str, mode.degrees))}")
    for place in range(1, len(pitches)):
        leap = pitches[place - 1].interval_to(pitches[place])
        if (abs(leap.steps), abs(leap.semitones)) not in _SUNG:
            where = f"{name}, bars {place} and {place + 1}: {pitches[place - 1]} to {pitches[place]} ({leap})"
            raise MusicError(f"{where} is not sung: take seconds, thirds, fourths, fifths, sixths or an octave")
    if abs(pitches[-1].diatonic - pitches[-2].diatonic) != 1:
        raise MusicError(f"{name} does not end by step: {pitches[-2]} to {pitches[-1]}; end 2-1 or 7-1")
    if max(p.midi for p in pitches) - min(p.midi for p in pitches) > 16:
        raise MusicError(f"{name} spans more than a tenth: keep it within one")


def _all(*texts: tuple[str, str]) -> dict[str, Cantus]:
    return {name: Cantus.parse(text, name=name) for name, text in texts}


CANTUS_FIRMI: dict[str, Cantus] = _all(
    ("Fux dorian", "D4 F4 E4 D4 G4 F4 A4 G4 F4 E4 D4"),
    ("Fux phrygian", "E4 C4 D4 C4 A3 A4 G4 E4 F4 E4"),
    ("Fux lydian", "F4 G4 A4 F4 D4 E4 F4 C5 A4 F4 G4 F4"),
    ("Fux mixolydian", "G3 C4 B3 G3 C4 E4 D4 G4 E4 C4 D4 B3 A3 G3"),
    ("Fux aeolian", "A3 C4 B3 D4 C4 E4 F4 E4 D4 C4 B3 A3"),
    ("Fux ionian", "C4 E4 F4 G4 E4 A4 G4 E4 F4 E4 D4 C4"),
    ("short dorian", "D4 E4 F4 A4 G4 F4 E4 D4"),
    ("short phrygian", "E4 F4 G4 A4 G4 C4 D4 F4 E4"),
    ("short lydian", "F4 G4 C4 D4 E4 F4 A4 G4 F4"),
    ("short mixolydian", "G4 A4 C5 B4 G4 E4 D4 F4 A4 G4"),
    ("short aeolian", "A4 G4 A4 C5 B4 E4 F4 A4 B4 A4"),
    ("short ionian", "C4 D4 F4 E4 A4 G4 C4 E4 D4 C4"),
)
"""Fux's six (Gradus ad Parnassum, 1725) and six shorter ones in the same modes."""
