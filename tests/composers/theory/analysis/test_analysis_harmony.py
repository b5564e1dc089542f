"""analyze_harmony: what it says of music whose harmony is known, and of what is hardly music."""

from __future__ import annotations

import json
import random
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composers.errors import MusicError
from composers.piece import Piece
from composers.score import PPQ, Clip, Meter, Note, Span
from composers.theory.analysis.grid import NEAR_TICKS, MeterChange
from composers.theory.analysis.harmony import HarmonyAnalysis, analyze_harmony
from composers.theory.chords import parse_chord
from composers.theory.scales import Key

BAR = 4 * PPQ


def comping(symbols: str, *, up: int = 0, bars: float = 1.0) -> list[Note]:
    """Block chords over their bass, a bar each."""
    notes, length = [], round(bars * BAR)
    for i, symbol in enumerate(symbols.split()):
        chord = parse_chord(symbol)
        keys = {36 + chord.bass_pitch_class} | {64 + (c - 4) % 12 for c in (n.pitch_class for n in chord.notes)}
        notes += [Note(i * length, length, k + up, 80.0) for k in sorted(keys)]
    return notes


def chords_of(analysis: HarmonyAnalysis) -> list[str]:
    return [str(c) for c in analysis.chords]


def romans_of(analysis: HarmonyAnalysis) -> list[str]:
    return [str(r) for r in analysis.romans]


def test_the_seeds_example_prints_as_shown() -> None:
    analysis = analyze_harmony(
        [["C", "E", "G"], ["A", "C", "E"], ["D", "F", "A", "C"], ["G", "B", "D", "F"], ["C", "E", "G"]]
    )
    assert str(analysis) == "{key: C, scale: major, chords: [C, Am, Dm7, G7, C]}"
    assert romans_of(analysis) == ["I", "vi", "ii7", "V7", "I"]
    assert [str(c.function) for c in analysis.chords] == ["T", "Ts", "PDs", "D", "T"]


@pytest.mark.parametrize(("tonic", "symbols", "numerals"), [
    (Key.parse("C"), "C F G C", "I IV V I"),
    (Key.parse("C"), "C Dm/F G7 C", "I ii6 V7 I"),
    (Key.parse("C"), "C C/E F G7/F C/E Dm G7 C", "I I6 IV V42 I6 ii V7 I"),
    (Key.parse("C"), "C D7/F# G C/G G7 C", "I V65/V V Cad64 V7 I"),
    (Key.parse("C"), "C A7/C# Dm G7/B C", "I V65/ii ii V65 I"),
    (Key.parse("C"), "C Fm C/G G7 C", "I iv Cad64 V7 I"),
    (Key.parse("A", "minor"), "Am Dm E7 Am", "i iv V7 i"),
    (Key.parse("A", "minor"), "Am Dm E7 F Dm E7 Am", "i iv V7 VI iv V7 i"),
    (Key.parse("A", "minor"), "Am G#o7 Am Bm7b5/D E7 Am", "i viio7 i iiø65 V7 i"),
    (Key.parse("A", "minor"), "Am Dm Bb/D E7 Am", "i iv bII6 V7 i"),
    (Key.parse("A", "minor"), "Am F7 E Am", "i Ger65 V i"),
])  # fmt: skip
def test_textbook_progressions_in_every_key(tonic: Key, symbols: str, numerals: str) -> None:
    found = {
        up: romans_of(
            analyze_harmony(
                comping(symbols + " " + symbols, up=up),
            )
        )
        for up in (-5, 0, 3, 6)
    }
    wanted = numerals.replace("bII6", "N6").split()
    for up, romans in found.items():
        half = [r.replace("bII6", "N6") for r in romans[-len(wanted) :]]
        assert half == wanted, (up, romans)


def test_passing_neighbour_and_suspended_notes_are_heard_through() -> None:
    soprano = [(0, 1, 72), (1, 0.5, 71), (1.5, 0.5, 69), (2, 1, 67), (3, 0.5, 69), (3.5, 0.5, 67),  # over C
               (4, 1, 72), (5, 1, 71), (6, 0.5, 72), (6.5, 0.5, 74), (7, 1, 71),  # 4-3 over G
               (8, 4, 72)]  # fmt: skip
    below = [(0, 4, k) for k in (48, 55, 64)] + [(4, 4, k) for k in (43, 55, 62)] + [(8, 4, k) for k in (48, 55, 64)]
    analysis = analyze_harmony(soprano + below)
    assert [str(c.roman) for c in analysis.chords] == ["I", "V", "I"]
    assert [c.span.start // PPQ for c in analysis.chords] == [0, 4, 8]


def test_a_modulation_with_its_pivot() -> None:
    analysis = analyze_harmony(comping("C F G7 C F G7 C Am D7 G C/G D7 G Em Am D7 G C D7 G"))
    assert [str(k) for k in analysis.keys] == ["C major", "G major"]
    assert 6 * BAR <= analysis.keys[1].span.start <= 9 * BAR
    assert any(str(c.kind) == "perfect authentic" and str(c.key.tonic) == "G" for c in analysis.cadences) or any(
        "authentic" in str(c.kind) and str(c.key.tonic) == "G" for c in analysis.cadences
    )


def test_lead_sheet_chords_keep_their_colours() -> None:
    symbols = "Dm9 G13 Cmaj9 A7b9 Dm7 G7sus4 C6/9 C6/9"
    found = chords_of(analyze_harmony(comping(symbols)))
    assert found[:3] == ["Dm9", "G13", "Cmaj9"]
    assert found[4:6] == ["Dm7", "G7sus4"]
    assert found[6] == "C6/9"


def test_places_spans_and_phrases_cover_the_music() -> None:
    analysis = analyze_harmony(comping("C Am F G C Am F G C"))
    spans = [c.span for c in analysis.chords]
    assert spans[0].start == 0
    assert spans[-1].end == 9 * BAR
    assert all(a.end == b.start for a, b in pairwise(spans))
    assert [c.bar for c in analysis.chords] == list(range(1, 10))
    assert all(c.beat == 1 for c in analysis.chords)
    assert analysis.phrases[0].start == 0
    assert analysis.phrases[-1].end == 9 * BAR
    assert all(a.end == b.start for a, b in pairwise(analysis.phrases))
    assert analysis.keys[0].span == Span(0, 9 * BAR)


def test_it_reads_as_a_table_and_as_json() -> None:
    analysis = analyze_harmony(comping("C F G7 C"))
    lines = analysis.table().splitlines()
    assert lines[0].split() == ["bar", "beat", "chord", "key", "numeral", "function"]
    assert lines[3].split() == ["3", "1", "G7", "V7", "D"]
    assert "authentic" in lines[4]
    plain = json.loads(json.dumps(analysis.as_dict()))
    assert (plain["key"], plain["scale"], [c["chord"] for c in plain["chords"]]) == (
        "C",
        "major",
        ["C", "F", "G7", "C"],
    )
    assert plain["chords"][2]["roman"] == "V7"
    assert plain["cadences"][-1]["bar"] == 4


def test_other_meters_and_a_pickup() -> None:
    waltz = [Note(n.start * 3 // 4, n.length * 3 // 4, n.pitch, 80.0) for n in comping("F Bb C7 F F Bb C7 F")]
    pickup = Note(-PPQ, PPQ, 60, 80.0)
    analysis = analyze_harmony([pickup, *waltz], "3/4")
    assert str(analysis.key.tonic) == "F"
    assert [(c.bar, c.beat) for c in analysis.chords][-1] == (8, 1)
    assert analysis.chords[0].span.start == -PPQ
    assert (analysis.chords[0].bar, analysis.chords[0].beat) == (0, 3)
    later = analyze_harmony(
        [pickup._replace(start=0), *(n._replace(start=n.start + PPQ) for n in waltz)], "3/4", first_bar=PPQ
    )
    assert chords_of(later) == chords_of(analysis)
    assert [c.bar for c in later.chords] == [c.bar for c in analysis.chords]
    five = analyze_harmony(comping("C G7 C", bars=5 / 4), Meter(5, 4))
    assert [(c.bar, c.beat) for c in five.chords] == [(1, 1), (2, 1), (3, 1)]
    changes = (MeterChange(0, Meter(4, 4)), MeterChange(2 * BAR, Meter(3, 4)))
    mixed = analyze_harmony(
        comping("C G7") + [n._replace(start=n.start + 2 * BAR, length=3 * PPQ) for n in comping("C")], changes
    )
    assert [(c.bar, c.beat) for c in mixed.chords] == [(1, 1), (2, 1), (3, 1)]


def test_a_midi_file_is_read_with_its_meter_and_spelled_by_its_signature(tmp_path: Path) -> None:
    notes = comping("F# B C#7 F# B C#7 F#")
    path = tmp_path / "sharp.mid"
    Piece.of({"keys": Clip.of(Span(0, 7 * BAR), notes)}, 100, Meter(2, 2), Key.parse("F#")).save(path)
    analysis = analyze_harmony(path)
    assert chords_of(analysis) == ["F#", "B", "C#7", "F#", "B", "C#7", "F#"]
    assert chords_of(analyze_harmony(notes))[0] == "Gb"


def test_a_melody_alone_has_chords_in_root_position() -> None:
    analysis = analyze_harmony(["C", "E", "G", "E", "F", "A", "C", "A", "G", "B", "D", "B", "C", "G", "E", "C"])
    chords = chords_of(analysis)
    assert [c for c in chords if c != "Am"] == ["C", "F", "G", "C"]  # A C A may be heard as either
    assert {c.roman.inversion for c in analysis.chords} == {0}


def test_drums_are_left_out_and_drums_alone_are_refused() -> None:
    drums = [Note(i * PPQ, 60, 36 + i % 3, 100.0, channel=9) for i in range(16)]
    notes = comping("C F G7 C")
    assert analyze_harmony(notes + drums) == analyze_harmony(notes)
    with pytest.raises(MusicError, match="only percussion"):
        analyze_harmony(drums)
    with pytest.raises(MusicError, match="no notes to analyse"):
        analyze_harmony([])


@pytest.mark.parametrize("notes", [
    [Note(0, 1, 60, 80.0)], [Note(0, PPQ, 0, 1.0)], [Note(10**7, PPQ, 127, 80.0)], [Note(-5000, PPQ, 64, 80.0)],
    [Note(0, 8 * BAR, k, 80.0) for k in range(60, 72)], [Note(0, PPQ, 60, 80.0), Note(40 * BAR, PPQ, 67, 80.0)],
    [Note(i * 40, 30, 60 + i % 12, 80.0) for i in range(300)],
])  # fmt: skip
def test_hardly_music_still_gets_an_answer(notes: list[Note]) -> None:
    analysis = analyze_harmony(notes)
    assert analysis.chords
    assert analysis.table()
    assert analysis.chords[0].span.start <= notes[0].start
    assert analysis.chords[-1].span.end >= max(n.end for n in notes) - NEAR_TICKS


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 30 * PPQ), st.integers(1, 6 * PPQ), st.integers(24, 96)), min_size=1, max_size=40
    ),
    st.sampled_from(["4/4", "3/4", "6/8", "7/8", "5/4", "2/2", "3/16"]), st.integers(1, 11),
)  # fmt: skip
def test_any_notes_give_chords_in_a_row_and_transposing_transposes(
    rows: list[tuple[int, int, int]], meter: str, up: int
) -> None:
    notes = [Note(s, n, k, 80.0) for s, n, k in rows]
    here = analyze_harmony(notes, meter)
    there = analyze_harmony([n._replace(pitch=n.pitch + up) for n in notes], meter)
    assert all(a.span.end == b.span.start for a, b in pairwise(here.chords))
    assert [c.span for c in here.chords] == [c.span for c in there.chords]
    for a, b in zip(here.chords, there.chords, strict=True):
        assert (a.chord.root.pitch_class + up) % 12 == b.chord.root.pitch_class
        assert a.chord.quality == b.chord.quality
    assert here.phrases == there.phrases


def test_the_same_notes_in_any_order_give_the_same_analysis() -> None:
    notes = comping("Am F C G Am F C G")
    mixed = notes[:]
    random.Random(1).shuffle(mixed)
    assert analyze_harmony(mixed) == analyze_harmony(notes)


def test_long_pieces_take_time_in_proportion() -> None:
    bars = comping("C Am F G " * 500)
    began = time.monotonic()
    analysis = analyze_harmony(bars)
    assert len(analysis.chords) == 2000
    assert time.monotonic() - began < 60
