"""Generated progressions: exact lengths, sense at both ends, the same from the same seed, measured proportions."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composers.dice import dice
from composers.errors import MusicError
from composers.theory.charts import chord_of
from composers.theory.pitch import KEYS
from composers.theory.progression_grammar import Chain, Grammar, rules
from composers.theory.progression_styles import LOOPS, STYLES, generate, style_of
from composers.theory.progression_tables import (
    CLASSICAL_MAJOR,
    CLASSICAL_MINOR,
    JAZZ_MAJOR,
    JAZZ_MINOR,
    POP,
    ROCK_MAJOR,
    ROCK_MINOR,
)
from composers.theory.scales import MODES, Key

C = Key.parse("C")
ALL_MODES = (*MODES, "locrian")
TONIC = {0}
STARTS = {0, 2, 4, 5, 7, 8, 9}
"""Semitones above the tonic of roots with which a progression begins: I, ii-V's, IV, V, vi, and bVI in minor."""


def roots(progression) -> list[int]:  # type: ignore[no-untyped-def]
    return [(c.root.pitch_class - progression.key.tonic.pitch_class) % 12 for c in progression]


@settings(max_examples=300)
@given(st.sampled_from(STYLES), st.sampled_from(ALL_MODES), st.integers(1, 70), st.integers(0, 10**9))
def test_any_number_of_chords_begins_and_ends_with_sense(style: str, mode: str, count: int, seed: int) -> None:
    made = generate("C", mode, style, count, seed=seed, closed=True)
    assert len(made) == count
    assert roots(made)[-1] == 0, made
    assert count < 3 or roots(made)[0] in STARTS, made
    if mode in ("minor", "aeolian", "dorian", "phrygian"):
        assert made[-1].family in ("minor", "power"), made
    elif mode != "locrian":
        assert made[-1].family in ("major", "power", "dominant"), made


def test_every_length_can_be_had_open_and_closed() -> None:
    for style in STYLES:
        for mode in ALL_MODES:
            for closed in (False, True):
                for count in (*range(1, 27), 100):
                    assert len(generate("C", mode, style, count, seed=count, closed=closed)) == count


@settings(max_examples=200)
@given(st.sampled_from(("jazz", "classical")), st.sampled_from(("major", "minor")), st.integers(3, 40),
       st.integers(0, 10**9))  # fmt: skip
def test_cadences_close_grammars_phrases(style: str, mode: str, count: int, seed: int) -> None:
    made = generate("C", mode, style, count, seed=seed)
    before = roots(made)[-2]
    allowed = {7, 1, 10, 5, 11} if style == "jazz" else {7, 2, 11}  # V, bII7, bVII7, IVm6; V, vii°(6)
    assert before in allowed or made[-2].bass_pitch_class == 2, made


@given(st.sampled_from(STYLES), st.sampled_from(ALL_MODES), st.integers(1, 40), st.integers(0, 10**6),
       st.sampled_from(KEYS))  # fmt: skip
def test_another_key_has_the_same_numerals_and_the_same_seed_the_same_chords(
    style: str, mode: str, count: int, seed: int, tonic: str
) -> None:
    made = generate("C", mode, style, count, seed=seed)
    assert generate(tonic, mode, style, count, seed=seed).numerals == made.numerals
    assert generate("C", mode, style, count, seed=seed) == made


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_seeds_give_many_different_progressions(style: str, mode: str) -> None:
    made = [generate("C", mode, style, 8, seed=seed).numerals for seed in range(200)]
    assert len(set(made)) >= (120 if style in ("jazz", "classical", "rock") else 30)


@pytest.mark.parametrize("style", ["jazz", "classical"])
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_chords_move_on(style: str, mode: str) -> None:
    """No chord twice in a row within grammars' phrases (a few where a phrase of two or three has no other way)."""
    rows = [generate("C", mode, style, 8, seed=seed) for seed in range(200)]
    still = sum(a == b for row in rows for a, b in pairwise(row))
    assert still <= 4


def test_open_progressions_lead_back_to_their_beginning() -> None:
    for seed in range(100):
        for mode in ("major", "minor"):
            jazz = generate("C", mode, "jazz", 8, seed=seed, closed=False)
            assert roots(jazz)[-1] in (7, 1), jazz
        pop = generate("C", "major", "edm", 8, seed=seed)
        assert pop.numerals[:4] == pop.numerals[4:]


@pytest.mark.parametrize("style", LOOPS)
def test_loops_repeat(style: str) -> None:
    for seed in range(50):
        row = generate("C", "minor", style, 12, seed=seed).numerals
        assert any(row[:6] == row[size : size + 6] for size in (2, 3, 4)), row


def test_form_of_thirty_two_chords_is_aaba() -> None:
    for style in ("jazz", "classical"):
        for seed in range(30):
            row = generate("C", "major", style, 32, seed=seed).numerals
            assert row[:3] == row[8:11] == row[24:27], row


def test_the_seeds_example() -> None:
    assert str(generate("C", "major", "jazz", 8)).startswith("[Cmaj7, Am7, Dm7, G7, Cmaj7, ")


def test_rock_follows_the_measured_transitions() -> None:
    """What follows I and IV in long walks is what follows them in the Billboard songs, within some points."""
    seen: Counter[tuple[str, str]] = Counter()
    for seed in range(300):
        row = [n.rstrip("57").replace("sus4", "") for n in generate("C", "major", "rock", 33, seed=seed).numerals]
        seen.update(pairwise(row))
    for first in ("I", "IV"):
        total = sum(n for (a, _), n in seen.items() if a == first)
        measured = ROCK_MAJOR[first]
        for after in ("I", "IV", "V"):
            if after in measured:
                share = measured[after] / sum(measured.values())
                assert abs(seen[first, after] / total - share) < 0.15, (first, after, seen[first, after] / total, share)


def test_jazz_has_the_kinds_of_chords_that_standards_have() -> None:
    """Dominant .36, minor .29, major .28, m7b5 .03 in 2,614 tunes; roots go up a fourth most (.46)."""
    rows = [generate("C", mode, "jazz", 32, seed=seed) for seed in range(100) for mode in ("major",) * 4 + ("minor",)]
    families = Counter(c.family for row in rows for c in row)
    for family, share in (("dominant", 0.36), ("minor", 0.29), ("major", 0.28), ("half-diminished", 0.03)):
        assert families[family] / families.total() == pytest.approx(share, abs=0.06), family
    motion = Counter((b - a) % 12 for row in rows for a, b in pairwise(roots(row)))
    assert 0.4 < motion[5] / motion.total() < 0.65
    steps = Counter(pair for row in rows for pair in pairwise(row.numerals))
    after_two = {b: n for (a, b), n in steps.items() if a == "IIm7"}
    assert 0.6 < after_two["V7"] / sum(after_two.values()) < 0.85  # measured .68


@pytest.mark.parametrize("table", [ROCK_MAJOR, ROCK_MINOR, POP])
def test_every_chord_of_a_chain_goes_somewhere_known(table) -> None:  # type: ignore[no-untyped-def]
    for chord, row in table.items():
        assert chord_of(chord, C)
        assert set(row) <= set(table), chord
        assert chord not in row


@pytest.mark.parametrize("grammar", [JAZZ_MAJOR, JAZZ_MINOR, CLASSICAL_MAJOR, CLASSICAL_MINOR])
def test_every_word_of_a_grammar_is_a_symbol_that_is_used_or_a_numeral(grammar) -> None:  # type: ignore[no-untyped-def]
    used = {"opening", "closing", "half", "bridge"}
    for alternatives in grammar.values():
        assert sum(w for w, _ in alternatives) == pytest.approx(1)
        for _, right in alternatives:
            for word in right:
                if word in grammar:
                    used.add(word)
                else:
                    chord_of(word, C)
    assert used == set(grammar)


def test_a_grammar_draws_in_proportion_to_its_weights() -> None:
    """S -> a S (1/4) | a (3/4) ... with a = x | y y: of length 2: "y y" 3/4*1/2, "x x" 1/4*3/4*1/4."""
    grammar = Grammar(rules("s: 1 a s | 3 a\na: 1 X | 1 Y Y"))
    assert grammar.weight("s", 2) == pytest.approx(0.375 + 0.046875)
    random = dice(1, "test")
    share = sum(grammar.sample("s", 2, random) == ["Y", "Y"] for _ in range(4000)) / 4000
    assert share == pytest.approx(0.375 / 0.421875, abs=0.02)
    assert grammar.weight("a", 3) == 0
    with pytest.raises(ValueError, match="3 chords"):
        grammar.sample("a", 3, random)


def test_a_chain_ends_where_it_must_in_proportion() -> None:
    chain = Chain({"A": {"B": 1, "C": 3}, "B": {"A": 1}, "C": {"A": 0.5, "C": 0.5}})
    random = dice(2, "test")
    walks = Counter("".join(chain.sample({"A": 1}, {"A": 1}, 3, random) or []) for _ in range(4000))
    assert set(walks) == {"ABA", "ACA"}
    assert walks["ABA"] / 4000 == pytest.approx(1 / 2.5, abs=0.03)
    assert chain.sample({"B": 1}, {"C": 1}, 2, random) is None


@pytest.mark.parametrize(("text", "style"), [("Hip Hop", "hip-hop"), ("hiphop", "hip-hop"), ("EDM", "edm"),
                                             ("house", "edm"), ("pop", "rock"), ("Jazz", "jazz")])
def test_styles_by_any_name(text: str, style: str) -> None:
    assert style_of(text) == style


@pytest.mark.parametrize(("arguments", "hint"), [
    ({"style": "jaz"}, "did you mean 'jazz'"), ({"style": "zydeco"}, "choose one of jazz"),
    ({"num_chords": 0}, "give 1 to"),
    ({"mode": "majr"}, "did you mean 'major'"), ({"tonic": "H"}, "letter A to G"),
])  # fmt: skip
def test_what_cannot_be_made_says_what_can(arguments, hint: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MusicError, match=hint):
        generate(**arguments)
