"""Is it music? The jazz band's statistics inside the bands of real jazz, and random baselines outside.

The gates come from the Weimar Jazz Database (solos, walking bass), Groove MIDI (jazz drums) and from what is taught;
a gate that a dice-roller passes measures nothing, so every one names a baseline that fails it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from statistics import mean, median, pstdev

import music_measures as measure
import pytest
from music_measures import Piece

from composers.composer import Plan
from composers.score import PPQ, Meter, Note
from composers.theory.chords import Chord

SEEDS = tuple(range(8))
TUNES = (
    ("C", "major", "aaba"), ("F", "major", "blues"), ("G", "minor", "aaba"), ("Bb", "major", "rhythm-changes"),
    ("C", "minor", "minor-blues"), ("Eb", "major", "aaba"), ("D", "major", "ii-V-I"), ("F#", "minor", "ii-V-I"),
)  # fmt: skip
PLANS = tuple(
    Plan(key=key, mode=mode, form=form, seed=seed, parts=measure.TRIO, style="medium")
    for seed, (key, mode, form) in enumerate(TUNES)
)
BARS = 96


@lru_cache(maxsize=1)
def pieces() -> tuple[Piece, ...]:
    return tuple(measure.piece(plan, BARS) for plan in PLANS)


def solo(piece: Piece) -> list[Note]:
    return piece.of_role("sax", "solo")


def beats_of_bass(piece: Piece) -> list[Note]:
    return [note for note in piece.of_role("bass", "solo") if measure.on_beat(note)]


def chord_share(piece: Piece, notes: Sequence[Note]) -> float:
    return measure.share(measure.is_chord_tone(note, measure.nearest_chord(piece, note)) for note in notes)


# Bass -------------------------------------------------------------------------------------------------------------


def test_bass_walks_on_chord_tones() -> None:
    """Beat 1 .78, overall about .63 in transcriptions; random pitches .33."""
    for piece in pieces():
        walk = beats_of_bass(piece)
        first = [note for note in walk if measure.beat_of(note, 4) == 0]
        assert chord_share(piece, first) >= 0.9
        assert 0.58 <= chord_share(piece, walk) <= 0.85
        for baseline in (measure.random_pitches, measure.shuffled):
            noise = baseline(walk, 1)
            assert chord_share(piece, [n for n in noise if measure.beat_of(n, 4) == 0]) < 0.6
            assert chord_share(piece, noise) < 0.55


def test_bass_plays_the_root_at_most_changes() -> None:
    """Teaching says .8 to .9; measured .63."""
    roots = []
    for piece in pieces():
        landed = [note for _, note in _changes(piece, beats_of_bass(piece))]
        roots.append(_root_share(piece, landed))
        assert _root_share(piece, measure.random_pitches(landed, 2)) < 0.3
    assert 0.78 <= mean(roots) <= 0.98


def test_bass_approaches_new_roots() -> None:
    """By a semitone .39, a tone .13, a fourth or fifth .22 in transcriptions; even pitches give .12 and .12."""
    by_step, noise = [], []
    for piece in pieces():
        walk = beats_of_bass(piece)
        by_step += [abs(b.pitch - a.pitch) for a, b in _changes(piece, walk)]
        noise += [abs(b.pitch - a.pitch) for a, b in _changes(piece, measure.random_pitches(walk, 3))]
    assert 0.3 <= by_step.count(1) / len(by_step) <= 0.5
    assert 0.55 <= sum(move in (1, 2) for move in by_step) / len(by_step) <= 0.8
    assert 0.15 <= sum(move in (5, 7) for move in by_step) / len(by_step) <= 0.35
    assert noise.count(1) / len(noise) < 0.2


def test_bass_turns_repeats_and_stays_in_range() -> None:
    """Direction changes at 58% of moves; a piece spans about 13 semitones, here at most 18; four notes a bar."""
    for piece in pieces():
        walk = beats_of_bass(piece)
        moves = [b.pitch - a.pitch for a, b in pairwise(walk)]
        turns = measure.share((a > 0) != (b > 0) for a, b in pairwise(moves) if a and b)
        assert 0.48 <= turns <= 0.66
        assert 0.02 <= measure.share(move == 0 for move in moves) <= 0.2
        assert measure.share(abs(move) > 7 for move in moves) <= 0.1
        assert max(n.pitch for n in walk) - min(n.pitch for n in walk) <= 18
        assert 3.9 <= len(piece.of_role("bass", "solo")) / _bars(piece, "solo") <= 4.6
        noise = measure.random_pitches(walk, 4)
        assert measure.share(abs(b.pitch - a.pitch) > 7 for a, b in pairwise(noise)) > 0.2


def _changes(piece: Piece, walk: Sequence[Note]) -> list[tuple[Note, Note]]:
    return [
        (a, b)
        for a, b in pairwise(walk)
        if _chord(piece, a) != _chord(piece, b) and b.start - a.start < 1.5 * PPQ
    ]


def _chord(piece: Piece, note: Note) -> Chord:
    return piece.chord_at(round(note.start / PPQ) * PPQ)


def _root_share(piece: Piece, notes: Sequence[Note]) -> float:
    return measure.share((note.pitch - _chord(piece, note).root.pitch_class) % 12 == 0 for note in notes)


def _bars(piece: Piece, role: str) -> int:
    return piece.roles.count(role)


# Melody -----------------------------------------------------------------------------------------------------------


def test_solos_move_as_solos_do() -> None:
    """Steps and repeats .62 (gate .55-.65), leaps of a fourth and more .127, turns .43."""
    steps, leaps, turns = [], [], []
    for piece in pieces():
        moves = measure.intervals(solo(piece))
        steps.append(measure.share(abs(move) <= 2 for move in moves))
        leaps.append(measure.share(abs(move) >= 5 for move in moves))
        turns.append(measure.share((a > 0) != (b > 0) for a, b in pairwise(moves) if a and b))
        assert 0.5 <= steps[-1] <= 0.72
        for baseline in (measure.random_pitches, measure.shuffled):
            noise = measure.intervals(baseline(solo(piece), 5))
            assert measure.share(abs(move) <= 2 for move in noise) < 0.45
    assert 0.55 <= mean(steps) <= 0.66
    assert 0.08 <= mean(leaps) <= 0.16
    assert 0.40 <= mean(turns) <= 0.52


def test_leaps_are_answered() -> None:
    """After a leap of a fourth and more .68 of moves turn back."""
    answered = []
    for piece in pieces():
        moves = measure.intervals(solo(piece))
        answered += [(a > 0) != (b > 0) for a, b in pairwise(moves) if abs(a) >= 5 and b]
    assert 0.58 <= measure.share(answered) <= 0.85


def test_solos_know_the_chords() -> None:
    """Chord tones on beats 1 and 3 .50-.65, at phrase ends .60 and more; even pitches give .33."""
    strong, ends = [], []
    for piece in pieces():
        line = solo(piece)
        beats = [note for note in line if measure.strong(note, 4)]
        strong.append(chord_share(piece, beats))
        ends.append(chord_share(piece, [phrase[-1] for phrase in measure.phrases(line)]))
        assert chord_share(piece, measure.random_pitches(beats, 6)) < 0.47
        assert chord_share(piece, measure.shuffled(beats, 6)) < strong[-1]
    assert 0.50 <= mean(strong) <= 0.70
    assert mean(ends) >= 0.6


def test_solos_breathe() -> None:
    """A rest of half a beat and more in every four bars; phrases of 4 to 24 notes and 3 to 12 beats."""
    for piece in pieces():
        bar_ticks = piece.plan.meter.bar_ticks
        first, count = piece.roles.index("solo"), 32
        assert measure.rest_in_each_four_bars(piece.notes["sax"], first, count, bar_ticks) == 1.0
        found = measure.phrases(solo(piece))
        assert 5 <= median(len(phrase) for phrase in found) <= 16
        assert 3 <= median((p[-1].end - p[0].start) / PPQ for p in found) <= 9
        assert 1.8 <= median((b[0].start - a[-1].start) / PPQ for a, b in pairwise(found)) <= 4.2
        assert 4.2 <= len(solo(piece)) / _bars(piece, "solo") <= 8.0


def test_solos_do_not_repeat_and_heads_do() -> None:
    """Bars that occurred before: solos 0-.1, their rhythms .05-.35; heads .3-.6, while dice repeat nothing."""
    heads = []
    for piece in pieces():
        bar_ticks = piece.plan.meter.bar_ticks
        solos = [bar for bar, role in enumerate(piece.roles) if role == "solo"]
        head = [bar for bar, role in enumerate(piece.roles) if role == "head"]
        assert measure.bars_repeated(piece.notes["sax"], solos, bar_ticks) <= 0.1
        assert measure.bars_repeated(piece.notes["sax"], solos, bar_ticks, rhythm=True) <= 0.45
        heads.append(measure.bars_repeated(piece.notes["sax"], head, bar_ticks))
        line = piece.of_role("sax", "head")
        noise = measure.diatonic_dice(line, 0, len(head), bar_ticks, 7)
        assert measure.bars_repeated(noise, head, bar_ticks) < 0.1
        assert measure.bars_repeated(measure.shuffled(line, 7), head, bar_ticks) < 0.25
    assert 0.3 <= mean(heads) <= 0.6


def test_the_head_comes_back() -> None:
    """The tune after the solos is the tune before them."""
    plan = Plan(form="blues", length=60, seed=3, parts=measure.TRIO, style="medium")
    piece = measure.piece(plan, 60)
    bar_ticks = plan.meter.bar_ticks
    head, out = piece.roles.index("head"), piece.roles.index("out")

    def tune(first: int) -> list[tuple[int, int]]:
        span = [n for n in piece.notes["sax"] if 0 <= n.start - first * bar_ticks < 8 * bar_ticks]
        return [(round((n.start - first * bar_ticks) / (PPQ / 2)), n.pitch) for n in span]

    assert len(tune(head)) > 15
    assert tune(head) == tune(out)


def test_a_solo_builds() -> None:
    """The last chorus before the head is louder, busier and higher than the first."""
    first, last = [], []
    for seed in SEEDS:
        plan = Plan(form="blues", seed=seed, parts={"sax": ("melody",)}, style="medium")
        piece = measure.piece(plan, 96)
        bar = plan.meter.bar_ticks
        choruses = [[n for n in piece.notes["sax"] if n.start // bar // 12 == chorus] for chorus in (2, 7)]
        first.append(choruses[0])
        last.append(choruses[1])
    for value in (len, lambda c: mean(n.velocity for n in c), lambda c: mean(n.pitch for n in c)):
        assert mean(map(value, last)) > mean(map(value, first))  # type: ignore[arg-type]


# Comping ----------------------------------------------------------------------------------------------------------


def chords_of(piece: Piece, *roles: str) -> list[list[Note]]:
    struck: list[list[Note]] = []
    for note in sorted(piece.of_role("piano", *roles)):
        if struck and note.start - struck[-1][0].start < 60:
            struck[-1].append(note)
        else:
            struck.append([note])
    return struck


def test_comping_leaves_room_and_pushes() -> None:
    """1 to 3 chords a bar behind a solo, at most one bar in three from its downbeat, 40-80% short, on off-beats too."""
    for piece in pieces():
        struck = chords_of(piece, "solo")
        bars = _bars(piece, "solo")
        downbeats = [c for c in struck if measure.on_beat(c[0]) and measure.beat_of(c[0], 4) == 0]
        assert 1.0 <= len(struck) / bars <= 3.0
        assert len(downbeats) / bars <= 0.34
        assert 0.4 <= measure.share(c[0].length < PPQ / 2 for c in struck) <= 0.8
        assert measure.share(not measure.on_beat(c[0]) for c in struck) >= 0.4


def test_comping_is_led_and_stays_under_the_lead() -> None:
    """Voices move 1 to 1.5 semitones (gate 2.2); planed chords about 4. The top stays under what the lead sounds."""
    for piece in pieces():
        struck = [sorted(n.pitch for n in chord) for chord in chords_of(piece, "head", "solo")]
        moved = [
            mean(abs(a - b) for a, b in zip(one, other, strict=True))
            for one, other in pairwise(struck)
            if len(one) == len(other) and one != other
        ]
        assert mean(moved) <= 2.2
        assert all(48 <= key <= 68 for chord in struck for key in chord)
        lead = piece.notes["sax"]
        clashes = 0
        for chord in chords_of(piece, "solo"):
            sung = [n.pitch for n in lead if n.start <= chord[0].start + 60 < n.end]
            clashes += bool(sung) and len(chord) > 2 and max(n.pitch for n in chord) >= min(sung)
        assert clashes <= 0.03 * len(struck)


def test_comping_plays_the_chord() -> None:
    """Every comp note belongs to the chord or its tensions; against the chord a tritone away most do not."""
    for piece in pieces():
        right, wrong = [], []
        for chord in chords_of(piece, "solo"):
            at = round((chord[0].start + PPQ / 2) / PPQ) * PPQ if not measure.on_beat(chord[0]) else chord[0].start
            meant = piece.chord_at(at)
            fits = [_guides(meant, 0) <= {n.pitch % 12 for n in chord}, _guides(piece.chord_at(chord[0].start), 0) <= {
                n.pitch % 12 for n in chord}]  # fmt: skip
            if len(chord) >= 4:
                right.append(any(fits))
                wrong.append(_guides(meant, 5) <= {n.pitch % 12 for n in chord})
        assert measure.share(right) >= 0.95
        assert measure.share(wrong) <= 0.5


def _guides(chord: Chord, moved: int) -> set[int]:
    return {(chord.root.pitch_class + i + moved) % 12 for i in chord.intervals if i in (3, 4, 10, 11)}


# Drums ------------------------------------------------------------------------------------------------------------


def test_drums_have_a_pattern_that_lives() -> None:
    """Neighbouring bars share .30-.60 (Jaccard; real jazz .43), 8-15 hits a bar (11.9); random steps share < .25."""
    for piece in pieces():
        bar_ticks = piece.plan.meter.bar_ticks
        masks = measure.drum_masks(piece.notes["drums"], piece.bars, bar_ticks)
        noise = measure.random_steps(piece.notes["drums"], bar_ticks, 8)
        assert 0.3 <= measure.neighbour_jaccard(masks) <= 0.6
        assert measure.neighbour_jaccard(measure.drum_masks(noise, piece.bars, bar_ticks)) < 0.27
        assert 8 <= mean(map(len, masks)) <= 15
        assert measure.share(a == b for a, b in pairwise(masks)) <= 0.17


def test_the_ride_swings_and_the_hat_is_on_two_and_four() -> None:
    for piece in pieces():
        kit = piece.of_role("drums", "head", "solo")
        ride = [n for n in kit if n.pitch in (51, 53)]
        off = [n.start % PPQ / PPQ for n in ride if 0.4 < n.start % PPQ / PPQ < 0.85]
        assert 0.63 <= median(off) <= 0.69
        by_beat = [
            mean(n.velocity for n in ride if measure.on_beat(n) and measure.beat_of(n, 4) == beat) for beat in range(4)
        ]
        assert min(by_beat[1], by_beat[3]) > max(by_beat[0], by_beat[2]) + 8
        hats = [n for n in kit if n.pitch == 44]
        assert measure.share(measure.beat_of(n, 4) in (1, 3) for n in hats) >= 0.99
        assert len(hats) / (_bars(piece, "head") + _bars(piece, "solo")) >= 1.7


def test_the_snare_whispers_and_speaks() -> None:
    """2.2 snare hits a bar; off the backbeat .58 below velocity 60, .24 from 90 on, few between."""
    snares = [n for piece in pieces() for n in piece.of_role("drums", "solo") if n.pitch == 38]
    bars = sum(_bars(piece, "solo") for piece in pieces())
    assert 1.5 <= len(snares) / bars <= 3.2
    assert 0.45 <= measure.share(n.velocity < 60 for n in snares) <= 0.75
    assert 0.12 <= measure.share(n.velocity >= 88 for n in snares) <= 0.4


def test_fills_close_choruses_and_never_open_them() -> None:
    toms = (43, 47, 50)
    closing, opening = [], []
    for piece in pieces():
        bar = piece.plan.meter.bar_ticks
        form = {"aaba": 32, "rhythm-changes": 32, "ii-V-I": 16}.get(str(piece.plan.form), 12)
        filled = {n.start // bar for n in piece.of_role("drums", "head", "solo") if n.pitch in toms}
        bars = [i for i, role in enumerate(piece.roles) if role in ("head", "solo")]
        closing += [i in filled for i in bars if i % form == form - 1]
        opening += [i in filled for i in bars if i % form in (0, 1)]
    assert measure.share(closing) >= 0.6
    assert not any(opening)


def test_timing_wanders_as_hands_do() -> None:
    """Lag-1 autocorrelation .40 to .73 (ride), white noise 0; spread of 4 to 20 ms at 140 beats a minute."""
    ride = [n for piece in pieces() for n in piece.notes["drums"] if n.pitch == 51]
    found = measure.deviations(ride, 0.655)
    noise = random.Random(9)
    assert 0.35 <= measure.autocorrelation(found) <= 0.75
    assert abs(measure.autocorrelation([noise.gauss(0, 1) for _ in found])) < 0.1
    assert 9 <= pstdev(found) <= 45


# All together -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_the_band_is_in_a_key(mode: str) -> None:
    """Krumhansl fit in four-bar windows of tunes in one key, a mean of >= .71; even pitches on the same rhythm <= .62.

    The changes themselves bound it: their chord tones, sustained, give .69 (blues) to .79 (AABA).
    """
    fits, dice = [], []
    for seed in range(8):
        piece = measure.piece(Plan(form="aaba", mode=mode, seed=seed, parts=measure.TRIO, style="medium"), 64)
        window = 4 * piece.plan.meter.bar_ticks
        notes = [n for track in ("sax", "piano", "bass") for n in piece.notes[track]]
        noise = [n for track in ("sax", "piano", "bass") for n in measure.random_pitches(piece.notes[track], 10)]
        fits.append(measure.key_fit(notes, window))
        assert fits[-1] >= 0.65
        dice.append(measure.key_fit(noise, window))
        assert dice[-1] <= 0.64
        assert 0.77 <= measure.diatonic_share(notes, window) <= 0.97
    assert mean(fits) >= 0.71 and mean(dice) <= 0.62


def test_a_waltz_is_a_waltz() -> None:
    """Three beats: bass on 1, the ride on all three, hat on 2, melody within its bars."""
    plan = Plan(form="aaba", meter=Meter(3, 4), seed=5, parts=measure.TRIO)
    piece = measure.piece(plan, 96)
    kit = piece.of_role("drums", "head", "solo")
    hats = [measure.beat_of(n, 3) for n in kit if n.pitch == 44]
    assert hats.count(1) > 1.5 * hats.count(2) and hats.count(0) == 0
    walk = [n for n in piece.of_role("bass", "solo") if measure.on_beat(n)]
    assert 2.7 <= len(walk) / _bars(piece, "solo") <= 3.1
    assert chord_share(piece, [n for n in walk if measure.beat_of(n, 3) == 0]) >= 0.9
    assert measure.share(abs(move) <= 2 for move in measure.intervals(solo(piece))) >= 0.5
