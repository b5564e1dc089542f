"""Tunings: Scala files read strictly, temperaments against published cents, and heard in a synth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import RATE, on, render
from sounds import plain, synth

from instruments.block import FrameEvent, InstrumentError, Kind
from instruments.scala import parse_kbm, parse_scl
from instruments.tuned import Tuned, tuned
from instruments.tuning import NAMED, Tuning, find_tuning, tuning_names

MEANQUAR = """! meanquar.scl
!
1/4-comma meantone scale. Pietro Aaron's temperament (1523)
 12
!
 76.04900
 193.15686
 310.26471
 5/4
 503.42157 cents, so called
! a comment in between
 579.47057
 696.57843
 25/16 ! a remark
 889.73529
 1006.84314
 1082.89214
 2/1
this line is not read
"""
FLAT = "! all keys, A at 442\n0\n0\n127\n60\n69\n442.0\n12\n"
WHITE = "7\n21\n108\n60\n60\n261.625565\n7\n0\n1\nx\n3\n4\n5\n"


def octave(tuning: Tuning, tonic: int = 60) -> list[float]:
    return [tuning.cents(tonic + i) + 100 * i for i in range(12)]


# -- Scala's files -----------------------------------------------------------------------------------------------


def test_a_scale_with_comments_ratios_cents_and_remarks() -> None:
    scale = parse_scl(MEANQUAR, "meanquar.scl")
    assert scale.description.startswith("1/4-comma meantone") and len(scale.cents) == 12
    assert scale.cents[3] == pytest.approx(386.313714) and scale.cents[4] == 503.42157
    assert scale.cents[7] == pytest.approx(772.627428) and scale.cents[-1] == 1200
    assert scale.at(-1) == pytest.approx(1082.89214 - 1200) and scale.at(13) == pytest.approx(1276.049)


@pytest.mark.parametrize(("text", "words"), [
    ("d\n2\n100.0\n", ["1 pitches", "2 are announced"]),
    ("d\n12\n", ["0 pitches", "12"]),
    ("d\nmany\n", ["line 2", "'many'", "number of notes"]),
    ("d\n0\n", ["line 2", "1 to"]),
    ("d\n", ["ends early"]),
    ("", ["ends early"]),
    ("d\n1\n! c\n2/0\n", ["line 4", "'2/0'", "ratio"]),
    ("d\n1\n-3/2\n", ["line 3", "-3/2"]),
    ("d\n1\n3//2\n", ["line 3", "3//2"]),
    ("d\n1\n100,0\n", ["line 3", "100,0"]),
    ("d\n1\n1.2.3\n", ["line 3", "1.2.3"]),
    ("d\n1\n99999999.0\n", ["line 3", "out of range"]),
])
def test_what_is_wrong_with_a_scale_is_named_with_its_line(text: str, words: list[str]) -> None:
    with pytest.raises(InstrumentError) as error:
        parse_scl(text, "my.scl")
    assert str(error.value).startswith("my.scl")
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(("old", "new", "words"), [
    ("261.625565", "0", ["line 6", "frequency"]), ("261.625565", "A", ["line 6", "'A'"]),
    ("\n21\n", "\n200\n", ["line 2", "200"]),
    ("\n5\n", "\n5\n6\n7\n", ["line 15", "too many"]), ("x\n", "y\n", ["line 10", "'y'"]),
    ("\n0\n1", "\nx\n1", ["reference"]),
])
def test_what_is_wrong_with_a_keyboard_mapping_is_named(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    (tmp_path / "s.scl").write_text(MEANQUAR)
    (tmp_path / "m.kbm").write_text(WHITE.replace(old, new, 1))
    with pytest.raises(InstrumentError) as error:
        find_tuning(f"{tmp_path / 's.scl'}:{tmp_path / 'm.kbm'}")
    for word in ("m.kbm", *words):
        assert word in str(error.value)


@given(st.text(alphabet="0123456789./-!x \n\r\t\x85abcé", max_size=300))
def test_garbage_is_refused_or_read_but_never_breaks(text: str) -> None:
    for parse in (parse_scl, parse_kbm):
        try:
            parse(text, "g")
        except InstrumentError as error:
            assert str(error).startswith("g")


@given(st.lists(st.one_of(st.floats(-2000, 2000).map(lambda c: f"{c:.6f}"),
                          st.tuples(st.integers(1, 9999), st.integers(1, 9999)).map(lambda r: f"{r[0]}/{r[1]}")),
                min_size=1, max_size=40))
def test_every_scale_that_is_written_is_read(pitches: list[str]) -> None:
    cents = parse_scl(f"! x\nd\n {len(pitches)}\n" + "\n".join(pitches), "x").cents
    for text, value in zip(pitches, cents, strict=True):
        above, _, below = text.partition("/")
        assert value == pytest.approx(1200 * np.log2(int(above) / int(below)) if below else float(text), abs=1e-6)


def test_scalas_own_archive_is_read() -> None:
    """music21 ships it. What it holds and we refuse is named here: two files of 3,932, each for a reason."""
    scala = pytest.importorskip("music21.scale.scala")
    from instruments.scala import read_text

    files = sorted((Path(scala.__file__).parent / "scl").glob("*.scl"))
    assert len(files) > 3000
    refused = set()
    for path in files:
        try:
            parse_scl(read_text(path), path.name)
        except InstrumentError:
            refused.add(path.name)
    assert refused <= {"sparschuh-stanhope.scl", "xxx.scl"}  # "697//441"; a scale of 0 notes


def test_a_mapping_moves_the_reference_and_leaves_out_keys(tmp_path: Path) -> None:
    (tmp_path / "s.scl").write_text(MEANQUAR)
    (tmp_path / "flat.kbm").write_text(FLAT)
    all_keys = find_tuning(f"{tmp_path / 's.scl'}:{tmp_path / 'flat.kbm'}")
    assert all_keys.hz(69) == pytest.approx(442) and all_keys.hz(72) == pytest.approx(2 * all_keys.hz(60))
    (tmp_path / "seven.scl").write_text("seven equal\n7\n" + "\n".join(f"{1200 * (i + 1) / 7:.6f}" for i in range(7)))
    (tmp_path / "white.kbm").write_text(WHITE)
    white = find_tuning(f"{tmp_path / 'seven.scl'}:{tmp_path / 'white.kbm'}")
    assert not white.maps(62) and not white.maps(66) and white.maps(60) and white.maps(67)
    assert white.hz(67) == pytest.approx(2 * white.hz(60))  # seven keys an octave
    assert white.hz(60) == pytest.approx(261.625565)
    assert white.cents(20) == 0.0 and white.maps(20)  # outside of first..last nothing is retuned


# -- by name -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "cents"), [
    # Barbour, Tuning and Temperament (1951); the last two from the 53-comma theory and the Cairo notation
    ("pythagorean", [0, 114, 204, 294, 408, 498, 612, 702, 816, 906, 996, 1110]),
    ("meantone", [0, 76, 193, 310, 386, 503.5, 579.5, 697, 773, 890, 1007, 1083]),
    ("werckmeister-3", [0, 90, 192, 294, 390, 498, 588, 696, 792, 888, 996, 1092]),
    ("kirnberger-3", [0, 90, 193, 294, 386, 498, 590, 697, 792, 890, 996, 1088]),
    ("vallotti", [0, 94, 196, 298, 392, 502, 592, 698, 796, 894, 1000, 1090]),
    ("just", [0, 112, 204, 316, 386, 498, 590, 702, 814, 884, 1018, 1088]),
    ("equal", [100 * i for i in range(12)]),
    ("rast", [0, 100, 200, 300, 350, 500, 600, 700, 800, 900, 1000, 1050]),
    ("rast-turkish", [0, 91, 204, 294, 385, 498, 589, 702, 792, 906, 996, 1087]),
])
def test_published_cents(name: str, cents: list[float]) -> None:
    assert octave(find_tuning(name)) == pytest.approx(cents, abs=0.75)


def test_the_circulating_ones_close() -> None:
    """Twelve fifths are seven octaves: what is left over sits in one wolf, or is spread and leaves none."""
    for name, widest in (("werckmeister-3", 702), ("vallotti", 702), ("kirnberger-3", 702), ("meantone", 738)):
        cents = octave(find_tuning(name))
        fifths = [(cents[(k + 7) % 12] - cents[k]) % 1200 for k in range(12)]
        assert sum(fifths) == pytest.approx(8400) and max(fifths) == pytest.approx(widest, abs=0.6)


@pytest.mark.parametrize("name", tuning_names())
def test_every_named_tuning_rises_keeps_its_tonic_and_repeats(name: str) -> None:
    assert NAMED[name].description and NAMED[name].source
    for tonic in range(12):
        tuning = find_tuning(name, tonic)
        assert tuning.cents(60 + tonic) == pytest.approx(0, abs=1e-9)
        pitches = [tuning.hz(key) for key in range(24, 108)]
        assert pitches == sorted(pitches)
        assert all(tuning.cents(key) == pytest.approx(tuning.cents(key + 12)) for key in range(24, 96))


def test_a_tonic_may_be_named_and_else_is_given() -> None:
    for spec, tonic in (("rast:D", 0), ("rast", 2), ("Rast : d", 7)):
        assert find_tuning(spec.replace(" ", ""), tonic).cents(66) == -50  # F sharp of a Rast on D
    assert find_tuning("just:Eb").cents(63) == 0 and find_tuning("just:E♭", 4).offsets == find_tuning("just:D#").offsets


def test_equal_divisions_take_a_key_a_step() -> None:
    nineteen = find_tuning("19-edo")
    assert nineteen.hz(60 + 19) == pytest.approx(2 * nineteen.hz(60))
    assert nineteen.cents(61) == pytest.approx(1200 / 19 - 100)
    narrow = find_tuning("3-edo")
    assert not narrow.maps(127) and narrow.maps(60)  # 22 octaves up is no pitch


@pytest.mark.parametrize(("spec", "words"), [
    ("rasst", ["did you mean 'rast'", "werckmeister-3", "-edo", ".scl"]), ("rast:H", ["'H'", "Eb"]),
    ("nowhere.scl", ["nowhere.scl", "cannot be read"]), ("0-edo", ["0-edo", "from 1 to 1200"]), ("", ["''"]),
])
def test_unknown_tunings_are_told(spec: str, words: list[str]) -> None:
    with pytest.raises(InstrumentError) as error:
        find_tuning(spec)
    for word in words:
        assert word in str(error.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.scl"
    path.write_bytes(bytes(range(256)) * 8000)
    with pytest.raises(InstrumentError, match="longer than 1 MB"):
        find_tuning(str(path))
    path.write_bytes(b"caf\xe9\n1\n2/1\n")
    assert find_tuning(str(path)).description == "café"


# -- in an instrument ----------------------------------------------------------------------------------------------


def test_notes_get_the_cents_and_nothing_else_does() -> None:
    rast = find_tuning("rast")
    assert tuned(on(0, 64, cents=3.0), rast) == on(0, 64, cents=-47.0)
    other = FrameEvent(0, Kind.BEND, 0, 0, 0.5)
    assert tuned(other, rast) == other
    silent = Tuning("x", "", "", (None,) * 128)
    assert tuned(on(0, 64), silent) is None


@pytest.mark.parametrize(("name", "key"), [("rast", 64), ("saba", 61), ("werckmeister-3", 69), ("19-edo", 70)])
def test_the_synth_plays_the_pitch_within_half_a_cent(name: str, key: int) -> None:
    tuning = find_tuning(name)
    instrument = Tuned(synth(plain("sine")), tuning)
    audio = render(instrument, [on(0, key)], 2 * RATE)[0, RATE // 2:]
    window = np.hanning(len(audio))
    spectrum = np.abs(np.fft.rfft(audio * window, 1 << 20))
    hz = np.argmax(spectrum) * RATE / (1 << 20)
    assert 1200 * np.log2(hz / tuning.hz(key)) == pytest.approx(0, abs=0.5)


def test_a_wrapped_instrument_keeps_its_contract() -> None:
    inner = synth(plain("saw"))
    instrument = Tuned(inner, find_tuning("equal"))
    instrument.prepare(RATE, 512)
    assert (instrument.latency, instrument.tail) == (inner.latency, inner.tail) and inner.tail > 0
    heard = render(instrument, [on(3, 60)], 2048)
    instrument.reset()
    assert np.array_equal(heard, render(instrument, [on(3, 60)], 2048)) and heard.any()
    instrument.close()
