"""The checker of voice leading: every violation of a style's rules, with bar, beat, voices, rule and book.

Works on any score in voices, with or without chord symbols (without them what needs one is not asked: doubling,
completeness, resolutions). Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

from composers.errors import MusicError
from composers.theory.chords import Chord
from composers.theory.pitch import Pitch
from composers.theory.satb import duties, members
from composers.theory.scales import Key
from composers.theory.voice_motion import is_augmented, melodic, moves
from composers.theory.voice_styles import Style, Voice, style_of, voices_of
from composers.theory.voicings import LOW_INTERVAL_LIMITS


class Rule(NamedTuple):
    """A rule of voice leading: its name, what it asks, and who says so."""

    name: str
    text: str
    source: str


_KP = "Kostka & Payne, Tonal Harmony"
_AS = "Aldwell & Schachter, Harmony and Voice Leading"
_LEVINE = "Levine, The Jazz Piano Book"
RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("range", "each voice stays within its compass", f"{_KP}, Voicing a triad"),
        Rule("spacing", "neighbours above the bass lie within an octave", f"{_KP}, Voicing a triad"),
        Rule("crossing", "no voice sounds above its upper neighbour", f"{_AS}, Procedures of four-part writing"),
        Rule("overlap", "no voice goes beyond where its neighbour just was", f"{_AS}, Procedures of four-part writing"),
        Rule("unison", "no two voices sound one key", f"{_LEVINE}, voicings have distinct notes"),
        Rule("incomplete", "root, third and seventh sound; an inversion is complete", f"{_KP}, Part writing"),
        Rule("foreign note", "a voice sings a note of the chord", f"{_KP}, Part writing"),
        Rule("bass", "the lowest voice has the bass of the symbol", f"{_KP}, Triads in inversion"),
        Rule("doubling", "leading tone, seventh and tensions are not doubled", f"{_KP}, Part writing"),
        Rule("parallel fifths", "no two voices move from a perfect fifth to another", f"{_AS}, Parallel motion"),
        Rule("parallel octaves", "no two voices move from an octave to another", f"{_AS}, Parallel motion"),
        Rule("parallel unisons", "no two voices move from a unison to another", f"{_AS}, Parallel motion"),
        Rule("direct fifths", "the outer voices reach a fifth in similar motion only by a step above",
             f"{_AS}, Hidden fifths and octaves"),
        Rule("direct octaves", "the outer voices reach an octave in similar motion only by a step above",
             f"{_AS}, Hidden fifths and octaves"),
        Rule("augmented interval", "no voice sings an augmented interval", f"{_KP}, The melodic line"),
        Rule("leap", "no seventh, and no leap wider than the style allows", f"{_KP}, The melodic line"),
        Rule("leading tone", "a leading tone rises to its tonic where that follows", f"{_KP}, The V7 chord"),
        Rule("seventh", "a seventh falls by step, or waits for it", f"{_KP}, The V7 chord"),
        Rule("minor ninth", "no minor ninth but a dominant's own", f"{_LEVINE}, avoid notes"),
        Rule("low interval", "narrow intervals lie high enough to be clear", "Pease & Pullig, Modern Jazz Voicings"),
    )
}  # fmt: skip
"""By name."""


class Sonority(NamedTuple):
    """What sounds at a moment.

    bar, beat  from 1; a beat may have a fraction
    pitches    for each voice, lowest voice first; None where it rests
    chord      what it stands for, where that is known
    """

    bar: int
    beat: float
    pitches: tuple[Pitch | None, ...]
    chord: Chord | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that is broken at a place, by voices, and how."""

    rule: Rule
    bar: int
    beat: float
    voices: tuple[str, ...]
    detail: str

    def __str__(self) -> str:
        who = " and ".join(self.voices)
        return f"bar {self.bar}, beat {self.beat:g}: {self.rule.name}, {who}: {self.detail} [{self.rule.source}]"


def check(
    sonorities: Sequence[Sonority],
    *,
    style: str | Style = "classical",
    voices: int | Sequence[str | Voice] | None = None,
    key: Key | None = None,
) -> tuple[Violation, ...]:
    """Every violation of the style's rules, in order of time. A passage between rests is judged without the rest.

    Raises MusicError for unknown styles and voices, and where a moment has another number of voices than the first.
    """
    if not sonorities:
        return ()
    chosen = style_of(style)
    choir = voices_of(chosen, voices if voices is not None else len(sonorities[0].pitches))
    for moment in sonorities:
        if len(moment.pitches) != len(choir):
            raise MusicError(
                f"bar {moment.bar}, beat {moment.beat:g} has {len(moment.pitches)} voices, not {len(choir)}: give None "
                f"for a voice that rests"
            )
    names = tuple(v.name for v in choir)
    found: list[Violation] = list(_standing(sonorities[0], chosen, choir, key))
    for before, after in pairwise(sonorities):
        found += _moving(before, after, chosen, names, key)
        found += _standing(after, chosen, choir, key)
    return tuple(found)


def _standing(moment: Sonority, style: Style, voices: tuple[Voice, ...], key: Key | None) -> Iterator[Violation]:
    """Rules of one moment."""
    rules, pitches = style.rules, moment.pitches

    def broken(rule: str, detail: str, *which: int) -> Violation:
        return Violation(RULES[rule], moment.bar, moment.beat, tuple(voices[i].name for i in which), detail)

    for i, (pitch, voice) in enumerate(zip(pitches, voices, strict=True)):
        register = voice.register
        if pitch is not None and not register.lowest <= pitch.midi <= register.highest:
            low, high = Pitch.of_midi(register.lowest), Pitch.of_midi(register.highest)
            yield broken("range", f"{pitch} is not within {low} to {high}", i)
    for i, (low_, high_) in enumerate(pairwise(pitches)):
        if low_ is None or high_ is None:
            continue
        gap = high_.midi - low_.midi
        widest = rules.max_bass_gap if style.bass and i == 0 else rules.max_gap
        if rules.crossing and gap < 0:
            yield broken("crossing", f"{low_} above {high_}", i, i + 1)
        if rules.unison and gap == 0:
            yield broken("unison", f"both on {low_}", i, i + 1)
        if widest is not None and gap > widest:
            yield broken("spacing", f"{low_} and {high_} are {gap} semitones apart, more than {widest}", i, i + 1)
        if rules.low_interval and gap > 0 and low_.midi < LOW_INTERVAL_LIMITS.get(gap, 0):
            yield broken("low interval", f"{low_} and {high_} are too low for {gap} semitones", i, i + 1)
    if moment.chord is not None:
        yield from _of_the_chord(moment, moment.chord, style, voices, key)


def _of_the_chord(
    moment: Sonority, chord: Chord, style: Style, voices: tuple[Voice, ...], key: Key | None
) -> Iterator[Violation]:
    rules, pitches = style.rules, moment.pitches
    names = tuple(v.name for v in voices)
    chosen = members(chord, key, len(voices), bass=style.bass, colours=style.colours)
    known = {m.name: m for m in chosen.notes}
    sung = [p.name if p is not None else None for p in pitches]
    for i, name in enumerate(sung):
        if name is not None and name not in known:
            detail = f"{pitches[i]} is not in {chord}"
            yield Violation(RULES["foreign note"], moment.bar, moment.beat, names[i : i + 1], detail)
    if style.bass and sung[0] is not None and sung[0] != chosen.bass:
        detail = f"{pitches[0]} under {chord}"
        yield Violation(RULES["bass"], moment.bar, moment.beat, names[:1], detail)
    if rules.complete and None not in sung:
        for name in sorted(chosen.needed - set(sung)):
            yield Violation(RULES["incomplete"], moment.bar, moment.beat, ("all",), f"{chord} lacks {name}")
    if rules.doubled_tendency:
        for member in chosen.notes:
            which = tuple(names[i] for i, name in enumerate(sung) if name == member.name)
            if member.doubling is None and len(which) > 1:
                detail = f"{member.name} of {chord} is doubled"
                yield Violation(RULES["doubling"], moment.bar, moment.beat, which, detail)
    if rules.minor_ninth:
        for i, low in enumerate(pitches):
            for j in range(i + 1, len(pitches)):
                high = pitches[j]
                if low is None or high is None or high.midi - low.midi <= 12 or (high.midi - low.midi) % 12 != 1:
                    continue
                if not (13 in chord.intervals and low.name == chord.root):
                    detail = f"{low} and {high}"
                    yield Violation(RULES["minor ninth"], moment.bar, moment.beat, (names[i], names[j]), detail)


def _moving(
    before: Sonority, after: Sonority, style: Style, names: tuple[str, ...], key: Key | None
) -> Iterator[Violation]:
    """Rules between one moment and the next; told at the second."""
    rules = style.rules
    sounding = [i for i, (a, b) in enumerate(zip(before.pitches, after.pitches, strict=True)) if a and b]
    one = {i: p for i, p in enumerate(before.pitches) if p is not None}
    two = {i: p for i, p in enumerate(after.pitches) if p is not None}

    def broken(rule: str, detail: str, *which: int) -> Violation:
        return Violation(RULES[rule], after.bar, after.beat, tuple(names[i] for i in which), detail)

    for i in sounding:
        yield from _melody(one[i], two[i], i, style, broken)
    pairs = moves(tuple(one[i] for i in sounding), tuple(two[i] for i in sounding))
    for at, above, move in pairs:
        i, j = sounding[at], sounding[above]
        how = f"{move.low}-{move.high} to {move.next_low}-{move.next_high}"
        kind = move.consecutive()
        if rules.parallels and kind:
            contrary = " by contrary motion" if move.motion == "contrary" else ""
            yield broken(_PARALLEL[kind], how + contrary, i, j)
        if rules.direct and i == 0 and j == len(names) - 1 and not kind:
            direct = move.direct()
            if direct and abs(move.next_high.diatonic - move.high.diatonic) > 1:
                yield broken("direct fifths" if direct == "P5" else "direct octaves", how, i, j)
        if rules.overlap and j == i + 1:
            if move.next_low.midi > move.high.midi:
                yield broken("overlap", f"{move.next_low} is above the {move.high} before", i, j)
            if move.next_high.midi < move.low.midi:
                yield broken("overlap", f"{move.next_high} is below the {move.low} before", j, i)
    if before.chord is not None and after.chord is not None:
        for duty in duties(before.chord, after.chord, key):
            if not (rules.leading_tone if duty.kind == "leading tone" else rules.seventh):
                continue
            for i in sounding:
                sings = melodic(one[i], two[i])
                if one[i].name == duty.name and sings not in duty.ways:
                    ways = " or ".join(dict.fromkeys(str(duty.name.up(*way)) for way in duty.ways))
                    detail = f"{one[i]} of {before.chord} goes to {two[i]}, not to {ways}"
                    yield broken(duty.kind, detail, i)


class _Broken(Protocol):
    def __call__(self, rule: str, detail: str, *which: int) -> Violation: ...


_PARALLEL = {"P5": "parallel fifths", "P8": "parallel octaves", "P1": "parallel unisons"}


def _melody(before: Pitch, after: Pitch, place: int, style: Style, broken: _Broken) -> Iterator[Violation]:
    interval = melodic(before, after)
    how = f"{before} to {after} ({interval})"
    if style.rules.augmented and is_augmented(interval):
        yield broken("augmented interval", how, place)
    widest = style.rules.max_leap
    if widest is not None:
        if place == 0 and style.bass:
            widest = max(widest, 12)
        if abs(interval.semitones) > widest or abs(interval.steps) == 6:
            yield broken("leap", how, place)
