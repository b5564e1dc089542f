"""What an analysis found, as values that print readably. Nothing here needs numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from composers.score import Span, Tick
from composers.theory.cadences import Kind
from composers.theory.chords import Chord
from composers.theory.functions import Label
from composers.theory.romans import RomanNumeral
from composers.theory.scales import Key, Scale


@dataclass(frozen=True, slots=True)
class ChordInTime:
    """A harmony and how long it lasts.

    span      ticks
    bar       from 1; 0 and below in a pickup
    beat      from 1
    chord     as lead sheets write it, with tensions and slash bass
    key       in which it is heard
    roman     in that key, of the chord without its tensions
    function  tonic, predominant or dominant
    """

    span: Span
    bar: int
    beat: float
    chord: Chord
    key: Key
    roman: RomanNumeral
    function: Label

    def __str__(self) -> str:
        return str(self.chord)


@dataclass(frozen=True, slots=True)
class KeyInTime:
    """A key while it holds."""

    span: Span
    key: Key

    def __str__(self) -> str:
        return named(self.key)


@dataclass(frozen=True, slots=True)
class CadenceInTime:
    """A cadence where it arrives: `chord` is the place in HarmonyAnalysis.chords of its last harmony."""

    tick: Tick
    bar: int
    beat: float
    kind: Kind
    key: Key
    chord: int

    def __str__(self) -> str:
        return f"{self.kind} cadence in {named(self.key)} at bar {self.bar}"


@dataclass(frozen=True, slots=True)
class HarmonyAnalysis:
    """What analyze_harmony heard. Prints as {key: C, scale: major, chords: [...]}.

    key       of the whole
    scale     that the notes of the home key's passages keep to: "major", "minor", "harmonic minor", "dorian", ...
    chords    one after the other; rests have none
    keys      the home key and the modulations, in time
    cadences  in time
    phrases   spans of ticks
    """

    key: Key
    scale: Scale
    chords: tuple[ChordInTime, ...]
    keys: tuple[KeyInTime, ...]
    cadences: tuple[CadenceInTime, ...]
    phrases: tuple[Span, ...]

    def __str__(self) -> str:
        chords = ", ".join(map(str, self.chords))
        return f"{{key: {self.key.tonic}, scale: {self.scale.name}, chords: [{chords}]}}"

    @property
    def romans(self) -> tuple[RomanNumeral, ...]:
        return tuple(c.roman for c in self.chords)

    def table(self) -> str:
        """A line for each chord: bar, beat, chord, key where it begins, Roman numeral, function, cadence."""
        arrivals = {c.chord: str(c.kind) for c in self.cadences}
        ends = {s.end for s in self.phrases}
        rows = [("bar", "beat", "chord", "key", "numeral", "function", "")]
        key = None
        for i, c in enumerate(self.chords):
            closing = arrivals.get(i, "") + (" ||" if c.span.end in ends else "")
            rows.append((str(c.bar), f"{c.beat:g}", str(c.chord), named(c.key) if c.key != key else "", str(c.roman),
                         str(c.function), closing.strip()))  # fmt: skip
            key = c.key
        widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
        return "\n".join("  ".join(x.ljust(w) for x, w in zip(r, widths, strict=True)).rstrip() for r in rows)

    def as_dict(self) -> dict[str, Any]:
        """The seed's {key, scale, chords} with all particulars, in plain values for JSON."""
        return {
            "key": str(self.key.tonic),
            "mode": self.key.mode,
            "scale": self.scale.name,
            "chords": [
                {"bar": c.bar, "beat": c.beat, "start_tick": c.span.start, "end_tick": c.span.end,
                 "chord": str(c.chord), "key": named(c.key), "roman": str(c.roman), "function": str(c.function)}
                for c in self.chords
            ],
            "keys": [{"start_tick": k.span.start, "end_tick": k.span.end, "key": named(k.key)} for k in self.keys],
            "cadences": [
                {"bar": c.bar, "beat": c.beat, "tick": c.tick, "kind": str(c.kind), "key": named(c.key)}
                for c in self.cadences
            ],
            "phrases": [{"start_tick": s.start, "end_tick": s.end} for s in self.phrases],
        }  # fmt: skip


def named(key: Key) -> str:
    """ "Eb major"."""
    return f"{key.tonic} {key.mode}"
