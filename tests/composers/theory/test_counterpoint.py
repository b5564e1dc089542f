"""Generated counterpoint: faultless by the checker, the cheapest there is, and never the same for another seed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise

import pytest

from composers.errors import MusicError
from composers.theory.counterpoint.cantus import BY_FINAL, CANTUS_FIRMI, Cantus, mode_on
from composers.theory.counterpoint.checker import check
from composers.theory.counterpoint.generator import _Search, _weaving, generate
from composers.theory.counterpoint.judgement import Frame, Key, newly_broken
from composers.theory.counterpoint.lattice import material
from composers.theory.counterpoint.lines import Counterpoint, Slot, Tone
from composers.theory.counterpoint.rhythms import first_slots, next_slots
from composers.theory.pitch import Pitch, parse_pitch_name

ALL = bool(os.environ.get("SIDEMAN_ALL_COUNTERPOINTS"))
"""Both sides of everything (half a minute), not one in turn."""
CASES = [
    (name, species, above)
    for at, name in enumerate(CANTUS_FIRMI)
    for species in (1, 2, 3, 4, 5)
    for above in (True, False)
    if ALL or species in (1, 4) or (at + species) % 2 == above
]


@pytest.mark.parametrize(("name", "species", "above"), CASES)
def test_every_species_over_and_under_every_cantus(name: str, species: int, above: bool) -> None:
    found = generate(name, species, above=above)
    assert check(found) == ()
    assert found.cantus is CANTUS_FIRMI[name] and found.species == species and found.above is above
    ends = [t.slot.start + t.slot.length for t in found.tones]
    assert ends[-1] == 8 * len(found.cantus.pitches)
    assert {1: 1, 2: 1.7, 3: 3.5, 4: 1, 5: 1.5}[species] <= len(found.tones) / len(found.cantus.pitches) <= 4


def test_the_cantus_firmi_stand_in_all_six_modes_twice() -> None:
    modes = [c.mode.name for c in CANTUS_FIRMI.values()]
    assert sorted(modes) == sorted([*BY_FINAL.values()] * 2) and len(modes) == 12


def test_a_seed_makes_another_line_and_the_same_again() -> None:
    lines = {generate("Fux dorian", 2, seed=seed).pitches for seed in range(8)}
    assert len(lines) >= 6
    assert generate("short dorian", 5, seed=3) == generate("short dorian", 5, seed=3)
    assert generate("short dorian", 5, seed=3) != generate("short dorian", 5, seed=4)


@pytest.mark.parametrize("seed", range(3))
def test_other_seeds_are_faultless_too(seed: int) -> None:
    for species in (1, 2, 4, 5):
        assert check(generate("Fux ionian", species, above=bool(seed % 2), seed=100 + seed)) == ()


def every_line(
    frame: Frame, cantus: Cantus, within: range = range(40, 91)
) -> Iterator[tuple[tuple[Slot, ...], tuple[Key, ...]]]:
    """All lines that break nothing, found without lattice, bound or merging of paths."""
    pitches = material(cantus)
    keys = sorted(k for k in pitches if k[0] in within)
    bars = len(cantus.pitches)
    stack: list[tuple[tuple[Slot, ...], tuple[Key, ...]]] = [
        ((slot,), (key,)) for slot in first_slots(frame.species) for key in keys
    ]
    while stack:
        slots, line = stack.pop()
        if next(newly_broken(frame, slots, line), None) is not None:
            continue
        if slots[-1].bar == bars - 1:
            tones = tuple(Tone(s, pitches[k]) for s, k in zip(slots, line, strict=True))
            if not check(Counterpoint(cantus, frame.species, frame.above, tones)):
                yield slots, line
            continue
        for slot in next_slots(frame.species, slots[-1], bars):
            stack += [((*slots, slot), (*line, key)) for key in keys if abs(key[0] - line[-1][0]) <= 12]


@pytest.mark.parametrize(("notes", "species", "above"), [
    ("D4 F4 E4 D4", 1, True), ("D4 F4 E4 D4", 1, False), ("A3 C4 B3 D4 C4 B3 A3", 1, True),
    ("D4 F4 E4 D4", 2, True), ("C4 E4 D4 C4", 2, False), ("D4 F4 E4 D4", 4, False), ("A3 C4 B3 A3", 4, True),
    ("C4 D4 E4 D4 C4", 4, True), ("E4 G4 F4 E4", 3, True),
])  # fmt: skip
def test_no_line_is_cheaper_and_none_is_missed(notes: str, species: int, above: bool) -> None:
    cantus = Cantus.parse(notes)
    frame = Frame.of(cantus, species, above)
    search = _Search(frame, cantus, None, seed=5)
    lattice = search._lattice
    numbers = {node: at for at, node in enumerate(lattice.nodes)}
    costs = []
    some = range(71, 77) if species == 3 else range(40, 91)  # quarters have too many lines to go through all
    for slots, line in every_line(frame, cantus, some):
        tones = list(zip(slots, line, strict=True))
        path = [next(n for n, at in numbers.items() if n == (None, *tones[0]))]
        cost = 0.0
        for before, tone in pairwise(tones):
            here = numbers[path[-1]]
            path.append(type(path[-1])(before, *tone))
            cost += dict(lattice.edges[here])[numbers[path[-1]]]  # a KeyError: the lattice lacks a faultless step
        cost += sum(_weaving(line[:end]) for end in range(2, len(line) + 1))
        costs.append(cost)
    found = search.best()
    assert (found is None) == (not costs)
    if found is not None:
        assert found.cost == pytest.approx(min(costs)) or (species == 3 and found.cost < min(costs))


def test_the_brute_force_has_lines_to_compare() -> None:
    cantus = Cantus.parse("A3 C4 B3 D4 C4 B3 A3")
    assert sum(1 for _ in every_line(Frame.of(cantus, 1, True), cantus)) > 3


def test_modes_transposed_and_their_raised_notes() -> None:
    g_minor = Cantus.parse("G4 Bb4 A4 G4 C5 Bb4 A4 G4", "minor")
    found = generate(g_minor, 1)
    assert check(found) == () and str(found.pitches[-2].name) == "F#"
    assert str(mode_on("dorian", parse_pitch_name("G")).soft) == "Eb"
    assert str(mode_on("phrygian", parse_pitch_name("E")).leading_tone) == "D"
    assert generate("C4 D4 E4 D4 C4").cantus.mode.name == "ionian"


def test_it_prints_bar_by_bar() -> None:
    lines = str(generate("Fux dorian", 4)).splitlines()
    assert lines[0] == "species 4 above Fux dorian (D dorian)" and len(lines) == 12
    assert any("~" in line for line in lines)
    for species in (1, 2, 3, 4, 5):
        found = generate("Fux phrygian", species, above=False)
        text = " ".join(line[9:] for line in str(found).splitlines()[1:])
        assert Counterpoint.parse(text, found.cantus, species, above=False) == found
    assert str(CANTUS_FIRMI["Fux dorian"]).startswith("Fux dorian (D dorian): D4 F4")


def test_notes_are_read_with_lengths_rests_and_ties() -> None:
    read = Counterpoint.parse("r:h D5:h~ D5:h C#5:h D5:w", Cantus.parse("D4 F4 E4 D4"), 4)
    assert read.tones == (
        Tone(Slot(4, 8), Pitch.parse("D5")),
        Tone(Slot(12, 4), Pitch.parse("C#5")),
        Tone(Slot(16, 8), Pitch.parse("D5")),
    )  # fmt: skip


@pytest.mark.parametrize(("call", "says"), [
    (lambda: generate("Fux dorian", 6), "species 6 is none: give 1 to 5"),
    (lambda: generate("Palestrina"), "cantus 'Palestrina' is not known: choose one of Fux dorian"),
    (lambda: generate("D4 F4 D4"), "has 3 notes: give 4 to 32"),
    (lambda: generate(" ".join(["D4 E4"] * 20)), "has 40 notes: give 4 to 32"),
    (lambda: generate("D4 F#4 E4 D4"), "bar 2: F#4 is not in D dorian"),
    (lambda: generate("D4 F4 B4 E4 D4"), "bars 2 and 3: F4 to B4 (A4) is not sung"),
    (lambda: generate("F4 E4 F4 D4"), "begins on F4, not on the final of D dorian"),
    (lambda: generate("D4 E4 F4 D4"), "does not end by step: F4 to D4"),
    (lambda: generate("Eb4 F4 G4 F4 Eb4"), "ends on Eb: name its mode"),
    (lambda: Cantus.parse("D4 E4 F4 E4 D4", "locrian"), "mode 'locrian' has no counterpoint"),
    (lambda: Cantus.parse("D3 D4 A4 G4 F4 E4 D4"), "spans more than a tenth"),
    (lambda: generate("C4 A4 D5 D4 C4", 1), "no counterpoint of species 1 above cantus firmus keeps every rule"),
    (lambda: Counterpoint.parse("D5:x", CANTUS_FIRMI["Fux dorian"], 1), "length 'x'"),
    (lambda: Counterpoint.parse("D5:h~ C5:h", CANTUS_FIRMI["Fux dorian"], 4), "D5 is tied to C5"),
])  # fmt: skip
def test_the_impossible_names_place_and_remedy(call: object, says: str) -> None:
    with pytest.raises(MusicError) as caught:
        call()  # type: ignore[operator]
    assert says in str(caught.value)
