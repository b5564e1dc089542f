"""Lines: moves, chord tones, phrases, rhythm, timing, dynamics, texture, voices."""

from __future__ import annotations

import random

import pytest
from statistics_pieces import BAR, beat_hits, line, piece

from composers.score import PPQ, Meter, Note
from composers.statistics import chord_tones, drums, dynamics, melodic, phrases, rhythm, texture, timing, voices


def test_moves_within_phrases_only() -> None:
    notes = line([60, 62, 0, 0, 0, 64, 67])
    assert melodic.intervals(notes) == [2, 3]
    assert melodic.steps_share([0, 1, -2, 5, 7]) == pytest.approx(3 / 5)
    assert melodic.leaps_share([0, 1, -2, 5, 7]) == pytest.approx(2 / 5)
    assert melodic.leaps_up([5, -7, 6]) == pytest.approx(2 / 3)
    assert melodic.leaps_answered([5, -2, 7, 1, -6, 0]) == pytest.approx(1 / 2)
    assert melodic.turns([1, 1, -1, 0, 2]) == pytest.approx(1 / 2)
    assert {k: v for k, v in melodic.histogram([0, 2, -2, 20]).items() if v} == {0: 0.25, 2: 0.5, 13: 0.25}


def test_nothing_moves_nowhere() -> None:
    for of in (melodic.steps_share, melodic.leaps_share, melodic.turns, melodic.runs_share, melodic.leaps_answered):
        assert of([]) is None


def test_runs_are_scales_in_one_direction() -> None:
    assert melodic.runs_share([2, 2, 1, 5]) == pytest.approx(4 / 5)
    assert melodic.runs_share([2, -2, 2, -2]) == 0
    assert melodic.runs_share([2, 2, 1, -1, -2, -2]) == 1  # the turning note belongs to both
    assert melodic.runs_share([2, 2]) == 0


def test_the_skyline_takes_the_top_of_chords() -> None:
    assert [n.pitch for n in melodic.skyline([Note(0, 480, 60, 80.0), Note(5, 480, 67, 80.0), Note(480, 9, 64, 80.0)])
            ] == [67, 64]


def test_chord_tones_by_place() -> None:
    p = piece(line([60, 61, 64, 61, 62, 62, 65, 62], step=PPQ), chords=["C", "C"], bars=2)
    found = chord_tones.by_place(p, p.of("melody"))
    assert found == {"downbeat": 0.5, "strong": 0.5, "beat": 0.0}
    assert chord_tones.share_at(p, p.of("melody"), "off-8th") is None
    assert chord_tones.in_scale(p, p.of("melody")) == pytest.approx(6 / 8)


def test_an_anticipation_belongs_to_the_chord_that_it_means() -> None:
    p = piece([Note(BAR - 15, 400, 69, 80.0)], chords=["C", "F"], bars=2)
    assert chord_tones.share_at(p, p.of("melody")) == 1


def test_phrases_end_with_rests() -> None:
    notes = line([60, 62, 64, 0, 65, 64, 60, 0])
    assert [len(p) for p in phrases.phrases(notes)] == [3, 3]
    assert phrases.median_notes(notes) == 3 and phrases.median_beats(notes) == 3 and phrases.median_rest(notes) == 1
    assert phrases.contours(notes) == {"convex": 0, "descending": 0.5, "ascending": 0.5, "concave": 0}
    assert phrases.breathing_share(notes, 4, BAR) == 1
    assert phrases.breathing_share(line([60] * 16), 4, BAR) == 0
    assert phrases.breathing_share([], 4, BAR) is None
    assert phrases.peak_place(line([60, 67, 64, 62])) == pytest.approx(1 / 3)


def test_lengths_and_gaps_on_a_grid() -> None:
    notes = [Note(0, 400, 60, 80.0), Note(3, 400, 64, 80.0), Note(485, 300, 62, 80.0), Note(960, 900, 60, 80.0)]
    assert rhythm.onset_intervals(notes) == [485, 475]
    assert rhythm.histogram([485, 475, 950]) == {0.5: pytest.approx(2 / 3), 1.0: pytest.approx(1 / 3)}
    assert rhythm.histogram([]) == {}
    assert rhythm.articulation(line([60, 62, 64], length=480)) == pytest.approx(0.5)


def test_texture() -> None:
    chord = [Note(0, PPQ, p, 80.0) for p in (60, 64, 67)] + [Note(PPQ, PPQ, 72, 80.0)]
    assert texture.polyphony(chord) == 2 and texture.range_semitones(chord) == 12
    assert texture.notes_a_bar(chord, 2) == 2
    assert texture.silence_share(chord, 4 * PPQ) == pytest.approx(0.5)
    rub = [Note(0, 4 * PPQ, 60, 80.0), Note(PPQ, PPQ, 61, 80.0), Note(2 * PPQ, PPQ, 71, 80.0)]
    assert texture.longest_clash_s(rub, 60_000 / 60 / PPQ) == pytest.approx(1.0)


def test_hands_wander_and_noise_does_not() -> None:
    draw = random.Random(3)
    wander, noise, at = [], [], 0.0
    for i in range(400):
        at = 0.6 * at + draw.gauss(0, 12)
        wander.append(Note(i * PPQ + round(at) + 40, 60, 42, 80.0))
        noise.append(Note(i * PPQ + round(draw.gauss(0, 15)) + 40, 60, 42, 80.0))
    tick_ms = 60_000 / 120 / PPQ
    found, white = timing.timing(wander, tick_ms), timing.timing(noise, tick_ms)
    assert found is not None and white is not None
    assert found.lag1 == pytest.approx(0.6, abs=0.08) and white.lag1 == pytest.approx(0, abs=0.1)
    assert found.mean_ms == pytest.approx(40 * tick_ms, abs=1.5) and found.notes == 400
    assert white.sd_ms == pytest.approx(15 * tick_ms, rel=0.1)
    assert timing.autocorrelation([1.0, 1.0, 1.0]) is None


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0, 3.0])
def test_swing_ratio(ratio: float) -> None:
    off = round(PPQ * ratio / (1 + ratio))
    notes = [Note(beat * PPQ + phase, 60, 51, 80.0) for beat in range(16) for phase in (0, off)]
    assert timing.swing_ratio(notes) == pytest.approx(ratio, rel=0.01)
    assert timing.swing_ratio(notes[:4]) is None
    half = [n._replace(start=n.start // 2) for n in notes]
    assert timing.swing_ratio(half, PPQ // 2) == pytest.approx(ratio, rel=0.02)


def test_timing_by_step() -> None:
    notes = [Note(bar * BAR + at, 60, key, 80.0) for bar in range(4) for at, key in ((0, 36), (240 + 30, 38))]
    found = timing.timing_by_step(notes, Meter(), 4, 0.5)
    assert found[1].mean_ms == 15 and found[0].mean_ms == 0 and found[1].notes == 4


def test_velocities() -> None:
    notes = beat_hits(38, [0], 2, 110) + beat_hits(38, [3], 2, 40)
    assert dynamics.by_place(notes, Meter()) == {"downbeat": 110, "off-16th": 40}
    assert dynamics.ghost_share(notes) == 0.5 and dynamics.accent_share(notes) == 0.5 and dynamics.spread(notes) == 35
    assert dynamics.ghost_share([]) is None


def test_drums() -> None:
    kit = beat_hits(36, [0, 8], 4) + beat_hits(38, [4, 12, 7], 4) + beat_hits(43, [12, 13, 14], 1, first=3)
    kit.sort()
    assert drums.class_of(26) == drums.OPEN_HAT and drums.class_of(56) == drums.OTHER
    assert [n.start % BAR for n in drums.off_backbeat(kit, Meter(), 4)] == [7 * 240] * 4
    assert drums.filled_bars(kit, Meter(), 4) == [False, False, False, True]
    assert drums.fill_share(kit, Meter(), 4) == 0.25
    assert len(set(drums.bars_of(kit, Meter(), 4, 4)[:3])) == 1


def test_parallel_fifths_are_heard() -> None:
    from dataclasses import replace

    p = piece(line([67, 69, 71]), comp=line([60, 62, 64]), bars=1)
    assert voices.parallels_share(p) == 1
    contrary = piece(line([67, 65, 64]), comp=line([60, 62, 64]), bars=1)
    assert voices.parallels_share(contrary) == 0
    assert voices.parallels_share(replace(p, tracks={"lead": p.tracks["lead"]}, _starts={})) is None
    octaves = piece(line([72, 74, 76]), comp=line([60, 62, 64]), bars=1)
    assert voices.parallels_share(octaves) == 0 and voices.parallels_share(octaves, 0) == 1


def test_outer_voices_rub_or_do_not() -> None:
    sixths, sevenths = ([Note(at * PPQ, PPQ, p, 80.0) for at, p in enumerate(pitches)]
                        for pitches in ([69, 71, 72, 74] * 5, [71, 72, 74, 76] * 5))  # fmt: skip
    under = [Note(at * PPQ, PPQ, p, 80.0) for at, p in enumerate([60, 62, 64, 65] * 5)]
    assert voices.dissonance_share(piece(sixths, comp=under, bars=5)) == 0
    assert voices.dissonance_share(piece(sevenths, comp=under, bars=5)) == 1
    assert voices.dissonance_share(piece(sixths[:8], comp=under[:8], bars=2)) is None  # too few places
    assert voices.dissonance_share(piece(sixths, bars=5)) is None
