"""Chords in voices with the least motion that the rules of a style allow: the exact optimum, not the next best step.

Viterbi over all voicings of each chord: what a voicing costs by itself (`voice_candidates`) and what each pair of
neighbours costs (`voice_transitions`), summed. A broken rule costs more than any music without one, so that a passage
without violations is found wherever there is one. Pure functions; 64 chords take some milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from composers.errors import MusicError
from composers.registers import Register
from composers.theory.chords import Chord, Symbol, parse_symbol
from composers.theory.pitch import Pitch
from composers.theory.satb import likely_key, members
from composers.theory.scales import Key
from composers.theory.voice_candidates import BROKEN, Candidates, candidates, fixed
from composers.theory.voice_motion import total_motion
from composers.theory.voice_rules import Sonority, Violation, check
from composers.theory.voice_styles import Style, Voice, style_of, voices_of
from composers.theory.voice_transitions import between, transition


@dataclass(frozen=True, slots=True)
class Leading:
    """Chords in voices.

    voices     lowest first
    voicings   for each chord a pitch for each voice
    cost       in the style's weights; each broken rule adds voice_candidates.BROKEN
    """

    chords: tuple[Chord, ...]
    voices: tuple[Voice, ...]
    voicings: tuple[tuple[Pitch, ...], ...]
    style: Style
    key: Key | None
    cost: int

    @property
    def keys(self) -> tuple[tuple[int, ...], ...]:
        """The voicings as MIDI keys, lowest voice first."""
        return tuple(tuple(p.midi for p in voicing) for voicing in self.voicings)

    @property
    def motion(self) -> int:
        """Semitones that all voices move together."""
        return total_motion(self.voicings)

    def part(self, voice: str | int) -> tuple[Pitch, ...]:
        """What one voice sings, by name or by its place (0 the lowest). Raises MusicError."""
        names = [v.name for v in self.voices]
        if isinstance(voice, str):
            if voice not in names:
                raise MusicError(f"voice {voice!r} is not among {', '.join(names)}")
            voice = names.index(voice)
        return tuple(voicing[voice] for voicing in self.voicings)

    @property
    def sonorities(self) -> tuple[Sonority, ...]:
        """As the checker takes them, a chord a bar."""
        return tuple(
            Sonority(bar, 1.0, voicing, chord)
            for bar, (voicing, chord) in enumerate(zip(self.voicings, self.chords, strict=True), 1)
        )

    @property
    def violations(self) -> tuple[Violation, ...]:
        """What the style's rules object to; empty unless `lead` was told to go on without."""
        return check(self.sonorities, style=self.style, voices=self.voices, key=self.key)

    def __str__(self) -> str:
        width = max(len(str(c)) for c in self.chords)
        return "\n".join(
            f"{chord!s:<{width}}  {'  '.join(f'{p!s:<4}' for p in voicing)}".rstrip()
            for chord, voicing in zip(self.chords, self.voicings, strict=True)
        )


class _Problem(NamedTuple):
    chords: tuple[Chord, ...]
    choices: list[Candidates]
    key: Key | None
    style: Style
    voices: tuple[Voice, ...]
    started: bool


def lead(
    chords: Iterable[Chord | str],
    *,
    style: str | Style = "classical",
    voices: int | Sequence[str | Register | Voice] = 4,
    start: str | Sequence[Pitch | int | str] | None = None,
    key: Key | None = None,
    strict: bool = True,
) -> Leading:
    """The chords in voices: of all ways that keep the style's rules one that costs least.

    chords  chords or their symbols
    style   "classical", "chorale", "jazz" (rootless, over a bassist), "jazz with bass", "pop", or a Style
    voices  how many of the style's own, or instruments, registers or voices, lowest first
    start   how the first chord is voiced, lowest voice first: to go on from what sounds ("C3 G3 E4 C5", MIDI keys)
    key     decides which notes are leading tones; guessed from the chords where it is not given
    strict  raise where some rule must be broken; else the fewest are (`Leading.violations` lists them)

    Raises MusicError for unknown names, for a chord that has no voicing within the compasses, and where strict and
    some chord cannot follow the one before.
    """
    chosen, symbols = style_of(style), tuple(_chord(c, at) for at, c in enumerate(chords, 1))
    choir = voices_of(chosen, voices)
    if not symbols:
        raise MusicError("no chords to lead: give at least one, for example lead(['C', 'F', 'G7', 'C'])")
    key = key or likely_key(symbols)
    choices = [candidates(chord, key, chosen, choir) for chord in symbols]
    if start is not None:
        choices[0] = fixed(_start(start, symbols[0], len(choir), key, chosen), symbols[0], key, chosen)
    for at, (chord, choice) in enumerate(zip(symbols, choices, strict=True), 1):
        if not len(choice.cost):
            compasses = ", ".join(f"{v.name} {_named(v.register)}" for v in choir)
            raise MusicError(
                f"chord {at} ({chord}) has no voicing in {chosen.name} style for {compasses}: widen a compass, "
                f"take another inversion, or another number of voices"
            )
    problem = _Problem(symbols, choices, key, chosen, choir, start is not None)
    columns, cost = _best(problem)
    voicings = tuple(choice.pitches(column) for choice, column in zip(choices, columns, strict=True))
    leading = Leading(symbols, choir, voicings, chosen, key, cost)
    if strict and cost >= BROKEN:
        raise MusicError(_impossible(leading))
    return leading


def _best(problem: _Problem) -> tuple[list[int], int]:
    """The columns of an optimal path, and its cost. Of equal ones the first, so that the same call gives the same."""
    choices = problem.choices
    total = choices[0].cost.astype(np.int64)
    back = []
    for at in range(1, len(choices)):
        one, two = problem.chords[at - 1], problem.chords[at]
        if at == 1 and problem.started:
            step = transition(choices[0], choices[1], one, two, problem.key, problem.style)
        else:
            step = between(one, two, problem.key, problem.style, problem.voices)
        reached = total[:, None] + step
        best = reached.argmin(axis=0)
        back.append(best)
        total = reached[best, np.arange(len(best))] + choices[at].cost
    column = int(total.argmin())
    columns = [column]
    for best in reversed(back):
        column = int(best[column])
        columns.append(column)
    return columns[::-1], int(total.min())


def _impossible(leading: Leading) -> str:
    found = leading.violations
    first = found[0]
    at = first.bar
    place = f"chord {at} ({leading.chords[at - 1]})"
    if at > 1:
        place = f"{leading.chords[at - 2]} to chord {at} ({leading.chords[at - 1]})"
    return (
        f"{place} cannot be led without breaking a rule of {leading.style.name} style; the best way breaks "
        f"{len(found)}, first: {first}: take another inversion or chord there, a looser style, or strict=False"
    )


def _chord(chord: Chord | str, at: int) -> Chord:
    symbol: Symbol = parse_symbol(chord) if isinstance(chord, str) else chord
    if not isinstance(symbol, Chord):
        raise MusicError(f"chord {at} ({symbol}) has no voices to lead: leave it out, or name it as one chord")
    return symbol


def _start(
    start: str | Sequence[Pitch | int | str], chord: Chord, count: int, key: Key | None, style: Style
) -> tuple[Pitch, ...]:
    given = start.split() if isinstance(start, str) else list(start)
    names = {
        m.name.pitch_class: m.name
        for m in reversed(members(chord, key, count, bass=style.bass, colours=style.colours).notes)
    }
    found = []
    for one in given:
        if isinstance(one, Pitch):
            found.append(one)
        elif isinstance(one, str):
            found.append(Pitch.parse(one))
        else:
            name = names.get(one % 12)
            found.append(Pitch.of_midi(one) if name is None else Pitch(name, (one - name.alter) // 12 - 1))
    if len(found) != count:
        raise MusicError(f"start has {len(found)} notes for {count} voices: give one for each, lowest first")
    for pitch in found:
        if pitch.name.pitch_class not in names:
            raise MusicError(
                f"start has {pitch}, which is not in the first chord, {chord}: start voices chords[0]; to lead from "
                f"another chord put that one first"
            )
    return tuple(found)


def _named(register: Register) -> str:
    return f"{Pitch.of_midi(register.lowest)} to {Pitch.of_midi(register.highest)}"
