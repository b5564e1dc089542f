"""Keyboards that accompany: led smoothly, clear, out of the melody's way, in cells that are kept."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import BALLAD, CHARTS, JAZZY, METERS, MINOR, POP, kit, passage

from composers.parts.chord_cells import (
    FUNK_CELLS,
    LO_FI_CELLS,
    OFF_BEAT_CELLS,
    ROCK_CELLS,
    STAB_CELLS,
    CompStyle,
    chord_cells,
)
from composers.parts.hands import SHAPES, clear, led, placings
from composers.parts.heard_line import clashes
from composers.parts.passage import Event, Lane, Passage
from composers.parts.tune import FOLK_TUNE, POP_TUNE, tune
from composers.theory.chords import parse_chord

BLOCK = CompStyle()
PIANO = CompStyle(texture="piano", pedal=True)
BROKEN = CompStyle(texture="broken", pedal=True, left="fifth")
STYLES = (
    BLOCK, PIANO, BROKEN, CompStyle(ROCK_CELLS, left="octave"), CompStyle(STAB_CELLS, shape="planed", short=1.0),
    CompStyle(OFF_BEAT_CELLS, short=1.0, length=3), CompStyle(LO_FI_CELLS, shape="rootless", voices=4),
    CompStyle(FUNK_CELLS, shape="shell", voices=2), CompStyle(shape="open", voices=4, high=74),
)  # fmt: skip
Strokes = dict[int, list[Event]]


def played(where: Passage, style: CompStyle = BLOCK, lead: Sequence[Event] = ()) -> Sequence[Event]:
    return chord_cells(where, {"melody": lead} if lead else {}, style).events


def strokes(events: Sequence[Event]) -> Strokes:
    found: Strokes = defaultdict(list)
    for event in events:
        found[event.step].append(event)
    return found


passages = st.builds(
    passage, st.sampled_from(CHARTS), st.sampled_from((1, 2, 3, 4, 7, 8)), key=st.sampled_from(("C", "Eb", "F#", "A")),
    mode=st.sampled_from(("major", "minor", "dorian")), meter=st.sampled_from(METERS), seed=st.integers(0, 10**6),
    role=st.sampled_from(("intro", "verse", "chorus", "bridge", "drop", "ending")), energy=st.floats(0.05, 1),
    density=st.floats(0, 1), complexity=st.floats(0, 1),
)  # fmt: skip


@given(passages, st.sampled_from(STYLES), st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_in_range_never_struck_while_it_sounds_the_same_every_time(
    where: Passage, style: CompStyle, sung: bool, bass: bool
) -> None:
    listening = {"melody": tune(where, {}, POP_TUNE).events} if sung else {}
    if bass:
        listening["bass"] = ()
    written = chord_cells(where, listening, style)
    assert written == chord_cells(replace(where), listening, style)
    assert written.events and list(written.events) == sorted(written.events)
    sounding: dict[int, int] = {}
    for event in written.events:
        assert 0 <= event.step < event.end <= where.steps
        assert 36 <= event.pitch <= style.high and (not bass or event.pitch >= style.low - 5)
        assert sounding.get(event.pitch, 0) <= event.step
        sounding[event.pitch] = event.end
        assert 20 <= event.velocity <= 126


@given(passages, st.sampled_from(STYLES))
@settings(max_examples=60, deadline=None)
def test_every_chord_is_heard(where: Passage, style: CompStyle) -> None:
    events = played(where, style)
    for region in where.regions:
        assert any(region.start - 6 <= event.step < region.end for event in events)


@given(passages, st.sampled_from(STYLES))
@settings(max_examples=80, deadline=None)
def test_nothing_is_muddy(where: Passage, style: CompStyle) -> None:
    """Each stroke of the right hand keeps the low-interval limits."""
    for stroke in strokes(chord_cells(where, {"bass": ()}, style).events).values():
        assert clear(sorted(event.pitch for event in stroke))


def rubs(where: Passage, events: Sequence[Event], lead: Sequence[Event]) -> float:
    """Share of notes that lie a semitone from the melody's for a beat and more."""
    bad = 0
    for event in events:
        for note in lead:
            together = min(event.end, note.end) - max(event.step, note.step)
            bad += together >= 12 and clashes(event.pitch, note.pitch + where.tonic)
    return bad / len(events)


def test_nothing_rubs_against_the_melody() -> None:
    """No semitone held for a beat; the same hands under another tune do rub."""
    others = []
    for seed in range(10):
        for chart in (POP, BALLAD, JAZZY, MINOR):
            where = passage(chart, 8, seed=seed, key="Eb", mode="minor" if chart == MINOR else "major")
            lead = tune(where, {}, FOLK_TUNE).events
            for style in (BLOCK, PIANO, replace(BLOCK, shape="open", voices=4)):
                events = [e for e in played(where, style, lead) if e.pitch >= style.low - 5]
                assert rubs(where, events, lead) == 0.0
                draw = random.Random(seed)
                moved = [n._replace(pitch=draw.randrange(60, 80), length=18) for n in lead]
                others.append(rubs(where, events, moved))
    assert mean(others) > 0.05


def test_the_hand_stays_under_the_melody() -> None:
    over = []
    for seed in range(10):
        where = passage(POP, 8, seed=seed, role="chorus")
        lead = tune(where, {}, POP_TUNE).events
        for event in played(where, BLOCK, lead):
            for note in lead:
                if note.step < event.end and note.end > event.step:
                    over.append(event.pitch >= note.pitch)
    assert mean(over) < 0.02


def test_voices_move_little() -> None:
    """1 to 1.5 semitones a voice from chord to chord (POP909, MMA); a beginner's root positions move 3 and more."""
    ours, beginner = [], []
    for chart in (POP, BALLAD, MINOR, JAZZY):
        for seed in range(4):
            where = passage(chart, 8, seed=seed, mode="minor" if chart == MINOR else "major")
            chords = [region.chord for region in where.regions]
            hands: list[tuple[int, ...]] = []
            previous: tuple[int, ...] | None = None
            for chord in chords:
                previous = led(chord, previous, 50, 69)
                hands.append(previous)
            ours += [mean(abs(x - y) for x, y in zip(a, b, strict=True)) for a, b in pairwise(hands)]
            roots = [tuple(48 + (c.root.pitch_class - 48 % 12) % 12 + i for i in (0, 4, 7)) for c in chords]
            beginner += [mean(abs(x - y) for x, y in zip(a, b, strict=True)) for a, b in pairwise(roots)]
    assert 0.8 <= mean(ours) <= 2.0
    assert mean(beginner) > 3.0
    assert max(ours) <= 5.0


def test_the_hand_is_a_pianist_s() -> None:
    tops, spans = [], []
    for chart in (POP, BALLAD, MINOR):
        for seed in range(6):
            where = passage(chart, 8, seed=seed, mode="minor" if chart == MINOR else "major")
            for stroke in strokes(chord_cells(where, {"bass": ()}, BLOCK).events).values():
                keys = sorted(event.pitch for event in stroke)
                tops.append(keys[-1])
                spans.append(keys[-1] - keys[0])
    assert 63 <= mean(tops) <= 71 and 7 <= mean(spans) <= 10


def test_pop_piano_is_mostly_single_notes() -> None:
    """67 % of onsets single, 12 % two, 15 % three; 7.8 onsets a bar, most of them on eighths."""
    sizes, onsets, eighths = [], 0, []
    for seed in range(20):
        events = chord_cells(passage(POP, 8, seed=seed), {"bass": ()}, PIANO).events
        found = strokes(events)
        onsets += len(found)
        sizes += [len(stroke) for stroke in found.values()]
        eighths += [step % 6 == 0 for step in found]
    assert 0.5 <= mean(size == 1 for size in sizes) <= 0.75
    assert 6.0 <= onsets / 160 <= 9.5
    assert mean(eighths) >= 0.75


def test_cells_are_kept() -> None:
    again = []
    for seed in range(20):
        found = strokes(played(passage("I | I | I | I", 8, seed=seed)))
        bars = [tuple(step % 48 for step in sorted(found) if step // 48 == bar) for bar in range(8)]
        again.append(mean(bar in bars[:k] for k, bar in enumerate(bars) if k))
    assert mean(again) >= 0.6


def test_it_leaves_room_for_a_busy_lead() -> None:
    style = CompStyle(ROCK_CELLS, answer=0.0)
    busy = [Event(step, 3, 76, 80.0) for step in range(0, 8 * 48, 4)]
    for seed in range(8):
        where = passage("I | I | I | I", 8, seed=seed)
        alone, under = (strokes(chord_cells(where, {"bass": (), "melody": m}, style).events) for m in ((), busy))
        assert len(under) <= max(8, len(alone) / 2 + 1)
        for bar in range(8):
            sung = sum(e.step // 48 == bar for e in busy)
            hits = sum(step // 48 == bar for step in under)
            assert hits + sung <= max(style.budget, sung + 2) + 1  # an eighth of the next bar's may come early


def test_it_answers_in_holes() -> None:
    lead = [Event(48 * bar + s, 6, 72, 80.0) for bar in range(0, 8, 2) for s in (0, 12, 24)]
    quiet = CompStyle({(0,): 1.0}, vary=0.0, anticipate=0.0, answer=0.0)
    where = passage("I | I | I | I", 8)
    assert len(strokes(played(where, replace(quiet, answer=1.0), lead))) > len(strokes(played(where, quiet, lead)))


def test_anticipations_come_with_the_kick() -> None:
    style = CompStyle({(0,): 1.0}, vary=0.0, anticipate=0.4, answer=0.0)
    shares = []
    for kicks in ((0, 8), (0, 14)):
        ahead = 0
        for seed in range(30):
            where = passage(POP, 8, seed=seed)
            events = chord_cells(where, {"drums": kit(where, kicks)}, style).events
            ahead += sum(step % 48 == 42 for step in strokes(events))
        shares.append(ahead)
    assert shares[1] > 1.5 * shares[0] > 0


def test_an_anticipation_is_the_coming_chord() -> None:
    style = CompStyle({(0,): 1.0}, vary=0.0, anticipate=1.0)
    where = passage("I | bVII | I | bVII", 8)
    for step, stroke in strokes(chord_cells(where, {"bass": ()}, style).events).items():
        chord = where.at(step + 6 if step % 48 == 42 else step).chord
        assert all((e.pitch - chord.root.pitch_class) % 12 in chord.tones for e in stroke)


def test_the_left_hand_rests_where_a_bass_plays() -> None:
    where = passage(POP, 4)
    assert (
        min(e.pitch for e in played(where)) < 50 <= min(e.pitch for e in chord_cells(where, {"bass": ()}, BLOCK).events)
    )
    always = chord_cells(where, {"bass": ()}, replace(BLOCK, always=True)).events
    assert min(e.pitch for e in always) < 50


def test_the_pedal_changes_with_the_chords() -> None:
    where = passage(POP, 4)
    turns = chord_cells(where, {}, PIANO).turns
    up = [turn.step for turn in turns if turn.value == 0.0]
    assert up == [0, 48, 96, 144, 192] and {turn.number for turn in turns} == {64}
    assert not chord_cells(where, {}, BLOCK).turns


@pytest.mark.parametrize("key", ["Db", "E", "Ab", "B"])
def test_a_key_is_the_same_chords(key: str) -> None:
    """Absolute keys: the classes move with the key, the hands stay in their lane."""
    home, away = played(passage(POP, 4)), played(passage(POP, 4, key=key))
    assert [e.step for e in home if e.pitch < 50] == [e.step for e in away if e.pitch < 50]
    where = passage(POP, 4, key=key)
    for event in away:
        chord = where.at(
            event.step + (6 if event.step % 12 == 6 and where.at(event.step).end - event.step <= 6 else 0)
        ).chord
        assert (event.pitch - chord.root.pitch_class) % 12 in {0, *chord.tones}


def test_an_instrument_s_lane_is_kept() -> None:
    where = passage(POP, 8, lanes={"comp": Lane(60, 84)})
    assert all(60 <= e.pitch <= 69 + 12 for e in chord_cells(where, {"bass": ()}, BLOCK).events)


@pytest.mark.parametrize(
    "symbol", ["C", "Cm", "C5", "C7", "Cmaj7", "Cm7b5", "Co7", "C6/9", "C13", "Csus4", "C7alt", "C+", "Cadd9", "F/A"]
)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_chord_has_a_placing(symbol: str, shape: str) -> None:
    chord = parse_chord(symbol)
    for low, high in ((48, 67), (50, 69), (60, 72), (55, 60)):
        for voices in (2, 3, 4):
            for keys in placings(chord, low, high, shape, voices):
                assert keys == tuple(sorted(set(keys))) and keys
                assert (low <= keys[0] and keys[-1] <= high) or high - low < 8
