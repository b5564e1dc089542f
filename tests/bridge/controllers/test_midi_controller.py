"""The seed's lines, and what they do."""

from __future__ import annotations

import tomllib

import pytest
from desk_stage import MIXER, infos, session

from bridge.controllers.midi_controller import MidiController
from bridge.errors import MessageError
from bridge.session import parse


def known(midi: MidiController) -> MidiController:
    midi.know(infos(session("")).values())
    return midi


def test_the_seeds_mapping() -> None:
    midi = known(MidiController())
    midi.map_cc(1, "filter.cutoff", 20, 20000, "log")
    midi.map_cc(2, "reverb.mix", 0, 1, "linear")
    assert midi.hear(b"\xb0\x01\x00") == {"master.filter.cutoff_hz": 20.0}, "the mix's filter"
    assert midi.hear(b"\xb0\x01\x40") == {"master.filter.cutoff_hz": pytest.approx(632.46, abs=0.01)}
    assert midi.hear(b"\xb0\x01\x7f\x02\x7f") == {"master.filter.cutoff_hz": 20_000.0, "return.room.reverb.mix": 1.0}
    assert midi.hear(b"\xb0\x03\x7f") == {}


def test_the_composers_too() -> None:
    midi = known(MidiController())
    midi.map_cc(3, "density")
    midi.map_cc(4, "music.energy", 0.2, 0.8, "exponential")
    midi.map(path="music.section", note=36, value="chorus")
    midi.map("music.mute.drums", note=37, latch=True)
    assert midi.hear(b"\xb0\x03\x7f\xb0\x04\x7f") == {"music.density": 1.0, "music.energy": 0.8}
    assert midi.hear(b"\x90\x24\x50") == {"music.section": "chorus"}
    assert [midi.hear(b"\x90\x25\x50\x90\x25\x00")["music.mute.drums"] for _ in range(3)] == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(("curve", "more", "at_half"), [
    ("linear", {}, 64 / 128), ("exponential", {}, 9 / 99), ("toggle", {}, 1.0), ("stepped", {"steps": 3}, 0.5),
    ("bipolar", {"centre": 0.9}, 0.9),
])
def test_curves(curve: str, more: dict[str, float], at_half: float) -> None:
    midi = known(MidiController())
    midi.map_cc(1, "energy", 0, 1, curve, **more)  # type: ignore[arg-type]
    assert midi.hear(b"\xb0\x01\x40")["music.energy"] == pytest.approx(at_half, abs=1e-9)


def test_without_knowing_what_there_is() -> None:
    midi = MidiController()
    midi.map_cc(1, "filter.cutoff", 20, 20000, "log")
    midi.map_cc(2, "density")
    assert midi.hear(b"\xb0\x01\x7f") == {"filter.cutoff": 20_000.0}
    with pytest.raises(MessageError, match="density"):
        midi.hear(b"\xb0\x02\x7f")


def test_mistakes_are_told() -> None:
    midi = known(MidiController())
    for wrong in ({"cc": 200}, {"cc": 1, "curve": "curly"}, {"cc": 1, "low": 0, "high": 0}, {"cc": 1, "note": 1},
                  {"cc": 1, "curve": "log", "low": 0.0}, {}):
        with pytest.raises(MessageError):
            midi.map("energy", **wrong)
    assert midi.mappings == []
    midi.map_cc(1, "filtr.cutoff")
    with pytest.raises(MessageError, match=r"there is no parameter 'filtr\.cutoff'"):
        midi.hear(b"\xb0\x01\x7f")
    with pytest.raises(MessageError):
        MidiController(takeover="grab")


def test_for_a_sessions_file() -> None:
    midi = MidiController(takeover="pickup")
    midi.map_cc(1, "filter.cutoff", 20, 20000, "log", channel=2)
    midi.map_cc(2, "reverb.mix")
    text = f'name = "Mine"\n{MIXER}\n[[control]]\n{midi.toml()}'
    assert parse(text, "t").control[0].map == midi.mappings
    assert tomllib.loads(text)["control"][0]["map"][0]["path"] == "filter.cutoff"
    assert midi.unmap("reverb.mix") == 1 and len(midi.mappings) == 1
