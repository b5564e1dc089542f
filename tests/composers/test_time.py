"""Felt beats of meters, swing by tempo, typed progressions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.changes import parse_changes
from composers.errors import MusicError
from composers.feel import Feel
from composers.pulse import STEPS, pulse_of
from composers.score import PPQ, Meter
from composers.theory.scales import Key


@pytest.mark.parametrize(
    ("meter", "steps", "beats", "strong", "backbeats"),
    [
        ("4/4", 48, (0, 12, 24, 36), {0, 24}, (12, 36)), ("3/4", 36, (0, 12, 24), {0}, (12, 24)),
        ("6/8", 36, (0, 18), {0}, (18,)), ("12/8", 72, (0, 18, 36, 54), {0, 36}, (18, 54)),
        ("7/8", 42, (0, 12, 24), {0}, (12,)), ("5/4", 60, (0, 12, 24, 36, 48), {0, 36}, (12, 36)),
        ("5/8", 30, (0, 12), {0}, (12,)), ("2/4", 24, (0, 12), {0}, (12,)), ("2/2", 48, (0, 24), {0}, (24,)),
    ],
)  # fmt: skip
def test_beats_are_where_they_are_felt(
    meter: str, steps: int, beats: tuple[int, ...], strong: set[int], backbeats: tuple[int, ...]
) -> None:
    pulse = pulse_of(Meter.parse(meter))
    assert (pulse.steps, pulse.beats, set(pulse.strong), pulse.backbeats) == (steps, beats, strong, backbeats)


@given(st.integers(1, 32), st.sampled_from((1, 2, 4, 8, 16, 32)))
def test_every_meter_has_a_downbeat_and_its_length(beats: int, unit: int) -> None:
    meter = Meter(beats, unit)
    pulse = pulse_of(meter)
    assert pulse.beats[0] == 0 and 0 in pulse.strong and list(pulse.beats) == sorted(set(pulse.beats))
    assert pulse.steps * PPQ == meter.bar_ticks * STEPS or unit == 32
    assert all(0 <= step < max(1, pulse.steps) for step in pulse.backbeats)


@pytest.mark.parametrize(("bpm", "ratio"), [(90, 1.9), (120, 1.9), (180, 1.9), (215, 1.94), (290, 1.18), (400, 1.0)])
def test_fast_rides_swing_less(bpm: float, ratio: float) -> None:
    """Groove MIDI's rides: 2.0 at 93, 1.95 at 120, 2.0 at 180, 2.1 at 215, 1.2 at 290 beats a minute."""
    share = Feel(STEPS, 0.655).at(bpm).share
    assert share / (1 - share) == pytest.approx(min(1.9, ratio), abs=0.05)


def test_a_drum_machine_swings_alike_at_every_tempo() -> None:
    feel = Feel(STEPS // 2, 0.62, tempo=False)
    assert feel.at(300) == feel
    assert feel.tick(3) == round(480 * 0.62) and feel.tick(6) == 480 and feel.tick(9) == 480 + round(480 * 0.62)
    assert feel.tick(2) == 160 and feel.tick(4) == 320, "triplets of sixteenths stay where they are"


@given(st.floats(0.5, 0.75), st.sampled_from((6, 12)), st.lists(st.integers(0, 400), min_size=2, max_size=20))
def test_swing_keeps_the_order(share: float, pair: int, steps: list[int]) -> None:
    feel = Feel(pair, share)
    straight = [s for s in steps if s * 3 % pair]  # triplets among swung notes are another layer
    ticks = [feel.tick(s) for s in sorted(straight)]
    assert ticks == sorted(ticks)
    assert all(feel.tick(pair * k) == pair * k * PPQ // STEPS for k in range(8))


@given(st.floats(0.5, 0.75), st.sampled_from((6, 12)), st.floats(0.0, 1.0), st.integers(-100, 4000))
def test_a_pairs_ticks_are_those_of_every_pair(share: float, pair: int, part: float, step: int) -> None:
    feel = Feel(pair, share)
    whole, within = divmod(step, pair)
    assert feel.tick(step, part) == whole * feel.pair_ticks + feel.within(part)[within]


# Progressions as typed --------------------------------------------------------------------------------------------

EB = Key.parse("Eb")


@pytest.mark.parametrize(
    ("text", "bars"),
    [
        ("Dm7 G7 | Cmaj7", [["Dm7", "G7"], ["Cmaj7"]]), ("ii V | I", [["Fm", "Bb"], ["Eb"]]),
        ("I-vi-IV-V", [["Eb"], ["Cm"], ["Ab"], ["Bb"]]), ("Am F C G", [["Am"], ["F"], ["C"], ["G"]]),
        ("| Am | F | % | G7/B |", [["Am"], ["F"], ["F"], ["G7/B"]]), ("bVII V7/V", [["Db"], ["F7"]]),
    ],
)  # fmt: skip
def test_progressions_are_read_as_typed(text: str, bars: list[list[str]]) -> None:
    assert [[str(chord) for chord in bar] for bar in parse_changes(text, EB)[""]] == bars


def test_what_is_longer_than_any_music_is_refused_before_it_is_read() -> None:
    for long in ("V/" * 1000 + "I", "C" + "#" * 3000, "IV-" + "V/" * 500 + "V", "x" * 49):
        with pytest.raises(MusicError, match="letters: one has 48 at most"):
            parse_changes(long, EB)
    with pytest.raises(MusicError, match="a bar has 33 of them: 32 at most"):
        parse_changes("C " * 33 + "| C", EB)
    assert len(parse_changes("C " * 32 + "| C", EB)[""][0]) == 32


def test_sections_have_progressions_of_their_own() -> None:
    found = parse_changes("Verse: vi IV; chorus: I | V", EB)
    assert {name: len(bars) for name, bars in found.items()} == {"verse": 2, "chorus": 2}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no chord"), ("Dm7 | | G7", "empty bar"), ("% | C", "no bar to repeat"), ("Hm7", "neither a symbol nor"),
        ("verse: C; verse: D", "twice"), ("Cxyz", "is not understood"),
    ],
)  # fmt: skip
def test_what_is_no_progression_is_refused(text: str, words: str) -> None:
    with pytest.raises(MusicError, match=words):
        parse_changes(text, EB)
