"""What the plug-in hosts share: MIDI both ways, VST2 preset files, a table of parameters."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.block import FrameEvent, InstrumentError, Kind
from instruments.hosts.midi_events import event_of, short_message, silencing
from instruments.hosts.parameter_table import ParameterTable
from instruments.hosts.vst2_preset import Preset, read, write
from instruments.hosts.vst3_preset import chunks_of


@given(st.sampled_from(list(Kind)), st.integers(0, 15), st.integers(0, 127), st.integers(1, 127))
def test_messages_come_back_as_the_same_events(kind: Kind, channel: int, number: int, value: int) -> None:
    has_number = kind in (Kind.ON, Kind.OFF, Kind.CC)
    amount = (value - 64) / 64 if kind == Kind.BEND else float(value)
    event = FrameEvent(7, kind, channel, number if has_number else 0, amount)
    assert event_of(7, *short_message(event)) == event


def test_other_messages_are_left_out() -> None:
    assert event_of(0, 0xF8, 0, 0) is None
    assert event_of(0, 0xA0, 60, 5) is None
    assert event_of(0, 0x90, 60, 0) == FrameEvent(0, Kind.OFF, 0, 60, 0.0)
    assert len(silencing()) == 48


@given(st.binary(min_size=0, max_size=300), st.integers(-(2**31), 2**31 - 1))
def test_presets_with_a_chunk(tmp_path_factory: pytest.TempPathFactory, chunk: bytes, unique_id: int) -> None:
    preset = Preset(unique_id, 7, "Name", chunk, (), is_program=True)
    path = tmp_path_factory.mktemp("presets") / "a.fxp"
    write(path, preset)
    assert read(path, unique_id) == preset


def test_presets_of_parameters_and_what_is_none(tmp_path: Path) -> None:
    file = tmp_path / "a.fxp"
    write(file, Preset(5, 1, "Name", None, (0.25, 1.0), is_program=True))
    assert read(file, 5).params == (0.25, 1.0)
    with pytest.raises(InstrumentError, match="of another plug-in"):
        read(file, 6)
    file.write_bytes(file.read_bytes()[:-2])
    with pytest.raises(InstrumentError, match="damaged"):
        read(file, 5)
    file.write_bytes(b"RIFF" + bytes(60))
    with pytest.raises(InstrumentError, match="neither a program nor a bank"):
        read(file, 5)
    with pytest.raises(InstrumentError, match="cannot be written"):
        write(tmp_path / "no" / "a.fxp", Preset(5, 1, "Name", b"", (), is_program=True))


def test_a_bank_with_a_chunk(tmp_path: Path) -> None:
    file = tmp_path / "a.fxb"
    file.write_bytes(struct.pack(">4si4siii", b"CcnK", 0, b"FBCh", 1, 9, 2) + struct.pack(">i", 3) + bytes(128)
                     + struct.pack(">i", 4) + b"DATA")
    assert (read(file, 9).chunk, read(file, 9).is_program) == (b"DATA", False)


def test_what_is_no_vst3_state_has_no_chunks() -> None:
    for wrong in (b"", b"VC2!", b"VC2!" + struct.pack("<I", 5) + b"<a/>\0", b"nonsense"):
        with pytest.raises(InstrumentError, match="not of a VST3"):
            chunks_of(wrong)


class Fake:
    names = ("MIDI CC 0|1", "Gain", "MIDI Ch. 3 CC 7", "Gain", "Tone")

    def count(self) -> int:
        return len(self.names)

    def name(self, index: int) -> str:
        return self.names[index]

    def label(self, index: int) -> str:
        return "dB" if index == 3 else ""

    def steps(self, index: int) -> int:
        return 0

    def raw(self, index: int) -> float:
        return index / 10

    def text(self, index: int, raw: float) -> str:
        return f"{raw * 100:.3f}"

    def parsed(self, index: int, text: str) -> float:
        return -1.0


def test_controllers_in_disguise_are_found_but_not_listed() -> None:
    table = ParameterTable("Fake", Fake())
    assert [p.name for p in table.all()] == ["Gain", "Gain", "Tone"]
    assert table.raws() == (0.1, 0.3, 0.4)
    assert table.raw_of("midi_ch_3_cc_7", {"raw": 0.5}) == (2, 0.5)
    assert table.raw_of("gain", 50.0)[0] == 1, "the first counts"
    assert table.raw_of("gain_db", 50.0)[0] == 3
    with pytest.raises(InstrumentError, match="plug-in Fake has no parameter 'x': it has Gain, Gain, Tone"):
        table.raw_of("x", 1.0)
