"""How well players are understood: chords from what hands do, beside plain matching of all that is held; answers."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from bridge.bench.figures import spread
from bridge.playing.chord_ear import ChordEar
from composers.answers import answer, similarity
from composers.composer import Plan, make_band
from composers.dice import Dice, dice
from composers.score import PPQ, Note
from composers.theory.analysis.recognition import recognise
from composers.theory.chord_kinds import QUALITIES
from composers.theory.chord_shapes import close, drop, shell
from composers.theory.chord_shapes import spread as wide
from composers.theory.chords import Chord, parse_chord
from composers.theory.pitch import parse_pitch_name
from composers.theory.scales import Key
from composers.theory.voicings import LOW, rootless

KINDS = QUALITIES[:46]
"""The kinds in use, from triads to altered ninths."""
_STEP_S = 0.005


class Case(NamedTuple):
    """keys: struck with the onsets in s; tune: (key, from, to) over them; full: all notes of the chord are there;
    playing: the symbol that plays."""

    group: str
    chord: Chord
    keys: tuple[int, ...]
    onsets: tuple[float, ...]
    tune: tuple[tuple[int, float, float], ...] = ()
    full: bool = True
    playing: str = ""


def run(runs: int = 200) -> dict[str, Any]:
    """runs: phrases that are answered.

    *_right   share of the chords that were understood: of full voicings the same notes over the same bass (C6 and Am7/C
              are one), of incomplete ones the root and family; `held_*`: plain matching of all the keys that are down
    ms        of processor time for each
    answer_*  similarity of an answer to its call (see composers.answers.similarity), and of other phrases of that band
    """
    right: dict[str, list[bool]] = defaultdict(list)
    plain: dict[str, list[bool]] = defaultdict(list)
    took: list[float] = []
    key = Key.parse("C")
    for case in cases():
        found, ms = hear(case, key)
        took += ms
        right[case.group].append(found is not None and is_right(case, found))
        held = [*case.keys, *(k for k, _, _ in case.tune[:1])]
        plain[case.group].append(is_right(case, recognise(sorted(held), key)[0].chord))
    result: dict[str, Any] = {"chords": sum(map(len, right.values()))}
    result |= {f"{group}_right": round(sum(each) / len(each), 4) for group, each in right.items()}
    result |= {f"held_{group}_right": round(sum(each) / len(each), 4) for group, each in plain.items()}
    result["ms"] = spread(took)
    return result | answers(runs)


def cases() -> Iterator[Case]:
    """Every kind on every root: close positions in all inversions, opened, strummed slowly, with a tune over them, and
    shells and rootless voicings of sevenths while the chord plays that they belong to."""
    for name in ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"):
        for kind in KINDS:
            chord = parse_chord(name + kind)
            draw = dice("bench playing", name, kind)
            low = 48 + (chord.root.pitch_class + 5) % 12 - 5
            stack = tuple(low + i for i in chord.intervals)
            for inversion in range(len(chord.stack)):
                turned = chord.inverted(inversion)
                keys = _upwards([n.pitch_class for n in turned.notes_from_bass], low)
                yield Case("close", turned, keys, _together(draw, len(keys)))
            yield Case("strummed", chord, stack, tuple(0.045 * i for i in range(len(stack))))
            open_ = tuple(low + i for i in wide(chord))
            if {k % 12 for k in open_} == chord.pitch_classes:
                yield Case("open", chord, tuple(sorted(open_)), _together(draw, len(open_)))
            four = close(chord)
            if len(four) == 4 and 0 in four and {(low + i) % 12 for i in four} == chord.pitch_classes:
                yield Case("open", chord, tuple(sorted({low - 12, *(low + i for i in drop(four, 2))})),
                           _together(draw, 5))
            yield Case("tune", chord, stack, _together(draw, len(stack)), _tune(draw, max(stack)))
            if {10, 11} & set(chord.intervals) and chord.family in ("major", "minor", "dominant"):
                keys = tuple(sorted(low + i for i in shell(chord)))
                yield Case("shell", chord, keys, _together(draw, 3), full=False)
                a, _ = rootless(chord)
                up = 12 * (min(low + i for i in a) < LOW)
                yield Case("rootless", chord, tuple(sorted(low + up + i for i in a)), _together(draw, len(a)),
                           full=False, playing=str(chord))


def hear(case: Case, key: Key) -> tuple[Chord | None, list[float]]:
    """What an ear makes of it at the end, asked every 5 ms; and the ms of processor time that answers took."""
    ear = ChordEar()
    ups = sorted([(at, k) for k, at in zip(case.keys, case.onsets, strict=False)]
                 + [(at, k) for k, at, _ in case.tune])
    downs = [(end, k) for k, _, end in case.tune]
    took, found, now = [], None, 0.0
    while now < 1.6 if case.tune else now < 0.6:
        for at, each in ups:
            if now - _STEP_S < at <= now or (at == now == 0.0):
                ear.on(each, at)
        for at, each in downs:
            if now - _STEP_S < at <= now:
                ear.off(each)
        began = time.process_time_ns()
        heard = ear.listen(now, key, case.playing)
        if heard is not None:
            took.append((time.process_time_ns() - began) / 1e6)
            found = heard
        now = round(now + _STEP_S, 4)
    return found, took


def is_right(case: Case, found: Chord) -> bool:
    wanted = case.chord
    if case.full:
        return found.pitch_classes == wanted.pitch_classes and found.bass_pitch_class == wanted.bass_pitch_class
    return found.root.pitch_class == wanted.root.pitch_class and found.family == wanted.family


def answers(count: int) -> dict[str, Any]:
    """Phrases of a band's lead as calls, answered on its chords; and each beside the next phrase as it was."""
    plan = Plan("jazz", "Bb", parts={"sax": ("melody",), "piano": ("comp",), "bass": ("bass",)}, seed=9)
    band = make_band(plan)
    phrases: list[Sequence[Note]] = []
    bar = 0
    while len(phrases) < count + 1 and bar < 40 * count:
        notes = sorted([*band.compose(bar)["sax"].notes, *band.compose(bar + 1)["sax"].notes])
        if len(notes) >= 4:
            phrases.append(notes)
        bar += 2
    chords = [(plan.meter.bar(b).start + round(beat * PPQ), s) for b in range(16) for beat, s in band.chart(b).chords]
    key = Key(parse_pitch_name("Bb"))
    ours = [similarity(p, answer(p, 0, chords, key, 58, 87, i)) for i, p in enumerate(phrases[:-1])]
    others = [similarity(a, b) for a, b in pairwise(phrases)]
    return {"answers": len(ours), "answer_similarity": round(sum(ours) / len(ours), 4),
            "other_similarity": round(sum(others) / len(others), 4)}


def _upwards(classes: Sequence[int], low: int) -> tuple[int, ...]:
    keys: list[int] = []
    for each in classes:
        start = keys[-1] + 1 if keys else low
        keys.append(start + (each - start) % 12)
    return tuple(keys)


def _together(draw: Dice, count: int) -> tuple[float, ...]:
    """As a hand strikes: within some 25 ms."""
    return tuple(draw.between(0.0, 0.025) for _ in range(count))


def _tune(draw: Dice, top: int) -> tuple[tuple[int, float, float], ...]:
    """Four notes above the chord, one after another, of any kind."""
    found, key = [], top + 2
    for i in range(4):
        key += draw.one_of((-2, -1, 1, 2, 3))
        key = max(top + 1, key)
        found.append((key, 0.3 + 0.25 * i, 0.3 + 0.25 * i + 0.22))
    return tuple(found)
