"""Controllers to parameters: what is mapped is turned, and nothing else is, whatever bytes come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bridge.controls.control_map import ControlMap
from bridge.controls.mapping import Control, Mapped
from bridge.controls.take_over import Takeover
from bridge.errors import MessageError, SessionError
from bridge.parameter_paths import ParameterInfo
from bridge.port_plan import plan_ports
from bridge.session import Session, load, parse

INFOS = {
    info.path: info
    for info in (
        ParameterInfo("music.energy", 0.6, "", 0.0, 1.0, 0.6),
        ParameterInfo("music.register", 0.0, "", -12, 12, 0, True),
        ParameterInfo("mixer.bass.gain_db", -6.0, "dB", -90.0, 6.0, 0.0),
        ParameterInfo("music.mute.drums", 0.0, "", 0.0, 1.0, 0.0, True),
        ParameterInfo("track.a.filter.cutoff_hz", 1000.0, "Hz", 20.0, 20_000.0, 1000.0, log=True),
        ParameterInfo("track.a.synth.wave", 1.0, "", 0, 3, 0, True, False, ("sine", "saw", "square", "noise")),
    )
}  # fmt: skip


class Desk:
    """A controller at parameters that go where they are turned."""

    def __init__(self, *mapped: Mapped, takeover: Takeover = "jump") -> None:
        self.map = ControlMap([Control(list(mapped), takeover=takeover)])
        self.infos = dict(INFOS)

    def __call__(self, *data: bytes) -> list[float | str]:
        """What the last path turned is set to, message by message."""
        found = []
        for each in data:
            values = self.map.values(self.map.hear(0, each), self.infos.get)
            for path, value in values.items():
                found.append(value)
                if path in self.infos and isinstance(value, float):
                    self.infos[path] = replace(self.infos[path], value=value)
        return found


def test_a_controller_goes_its_range() -> None:
    desk = Desk(Mapped("music.energy", cc=1), Mapped("mixer.bass.gain_db", cc=7, channel=2, low=-40.0, high=0.0))
    assert desk(b"\xb0\x01\x7f", b"\xb5\x01\x00\x01\x40") == [1.0, 0.5], "the last of each path; running status"
    assert desk(b"\xb1\x07\x7f", b"\xb1\x07\x00") == [0.0, -40.0]
    assert desk(b"\xb0\x07\x7f") == [], "another channel"
    assert Desk(Mapped("music.energy", cc=1, low=1.0, high=0.0))(b"\xb0\x01\x7f") == [0.0], "turned round"
    assert Desk(Mapped("music.energy", cc=1, high=9.0))(b"\xb0\x01\x7f") == [1.0], "within what it can be"


def test_a_parameter_is_turned_as_it_wants() -> None:
    assert Desk(Mapped("track.a.filter.cutoff_hz", cc=1))(b"\xb0\x01\x40") == [pytest.approx(632.46, abs=0.01)]
    words = Desk(Mapped("track.a.synth.wave", cc=1))
    assert words(b"\xb0\x01\x00", b"\xb0\x01\x20", b"\xb0\x01\x40", b"\xb0\x01\x7f") == [0.0, 1.0, 2.0, 3.0]
    assert Desk(Mapped("music.register", cc=1))(b"\xb0\x01\x40") == [0.0]
    gain = Desk(Mapped("mixer.bass.gain_db", cc=1, centre=0.0))
    assert gain(b"\xb0\x01\x40", b"\xb0\x01\x7f") == [0.0, 6.0]


def test_wide_controls_are_wide() -> None:
    energy = Desk(Mapped("music.energy", nrpn=3), Mapped("music.energy", bend=True), Mapped("music.energy", cc14=1))
    assert energy(b"\xe0\x01\x40") == [pytest.approx(0.5 + 1 / 16382, abs=1e-9)]
    assert energy(b"\xb0\x63\x00\xb0\x62\x03\xb0\x06\x40\xb0\x26\x01") == [pytest.approx(0.50006, abs=1e-5)]
    assert energy(b"\xb1\x01\x10\xb1\x21\x01") == [pytest.approx((16 * 128 + 1) / 16384)]


def test_pads_and_programs_set_values() -> None:
    desk = Desk(Mapped("music.section", note=36, value="chorus"), Mapped("music.mute.drums", note=37),
                Mapped("music.section", program=3, value="solo"), Mapped("music.genre", cc=64, value="rock"))
    assert desk(b"\x90\x24\x50", b"\x80\x24\x00", b"\x90\x24\x50") == ["chorus", "chorus"]
    assert desk(b"\x99\x25\x50", b"\x99\x25\x00") == [1.0, 0.0], "a note of velocity 0 is let go"
    assert desk(b"\xc0\x03", b"\xc0\x04", b"\xc0\x03") == ["solo", "solo"]
    assert desk(*(b"\xb0\x40" + bytes([v]) for v in (63, 64, 65, 0, 127))) == ["rock", "rock"], "once a press"


def test_a_latch_turns_at_each_press() -> None:
    press, release = b"\x90\x25\x50", b"\x80\x25\x00"
    pad = Desk(Mapped("music.mute.drums", note=37, latch=True))
    assert pad(press, release, press, release, press) == [1.0, 0.0, 1.0]
    button = Desk(Mapped("music.mute.drums", cc=20, latch=True))
    assert button(b"\xb0\x14\x7f", b"\xb0\x14\x00", b"\xb0\x14\x7f") == [1.0, 0.0]


def test_an_endless_knob_goes_on_from_where_it_is() -> None:
    desk = Desk(Mapped("music.energy", cc=1, relative="twos_complement", detents=50))
    assert desk(b"\xb0\x01\x01", b"\xb0\x01\x05") == [pytest.approx(0.62), pytest.approx(0.72)]
    assert desk(b"\xb0\x01\x40", b"\xb0\x01\x7f") == [0.0, 0.0], "not beyond the end"
    words = Desk(Mapped("track.a.synth.wave", cc=1, relative="binary_offset"))
    assert words(b"\xb0\x01\x41", b"\xb0\x01\x41", b"\xb0\x01\x41", b"\xb0\x01\x3f") == [2.0, 3.0, 3.0, 2.0]
    nrpn = Desk(Mapped("music.register", nrpn=1))
    assert nrpn(b"\xb0\x63\x00\xb0\x62\x01\xb0\x60\x00", b"\xb0\x61\x00", b"\xb0\x61\x00") == [1.0, 0.0, -1.0]


def test_soft_take_over() -> None:
    desk = Desk(Mapped("music.energy", cc=1), takeover="pickup")
    assert desk(b"\xb0\x01\x00", b"\xb0\x01\x20") == []
    assert desk(b"\xb0\x01\x60", b"\xb0\x01\x7f") == [pytest.approx(0.754, abs=1e-3), 1.0]
    words = Desk(Mapped("track.a.synth.wave", cc=1, takeover="pickup"))
    assert words(b"\xb0\x01\x00", b"\xb0\x01\x28", b"\xb0\x01\x50", b"\xb0\x01\x7f") == [2.0, 3.0], (
        "of the steps, too: 1 is left only once it was reached")


@given(st.lists(st.binary(max_size=12), max_size=20))
def test_any_bytes_are_taken(data: list[bytes]) -> None:
    desk = Desk(Mapped("music.energy", cc=1), Mapped("track.a.synth.wave", cc14=1, takeover="scale"),
                Mapped("track.a.filter.cutoff_hz", bend=True), Mapped("music.register", nrpn=0))
    assert all(isinstance(value, float) for value in desk(*data))
    for path, info in desk.infos.items():
        assert info.low <= info.value <= info.high, path
    assert desk.map.hear(4, b"\xb0\x01\x7f") == []


def test_what_has_no_range_is_refused() -> None:
    with pytest.raises(MessageError, match=r"music\.key is no number"):
        Desk(Mapped("music.key", cc=1))(b"\xb0\x01\x40")
    with pytest.raises(MessageError, match="'log' cannot go"):
        Desk(Mapped("music.energy", cc=1, curve="log"))(b"\xb0\x01\x40")


# In a session -----------------------------------------------------------------------------------------------------

SESSION = """
name = "x"
[[tracks]]
name = "piano"
parts = ["comp", "melody"]
instrument = "piano"
[[control]]
port = "nano"
map = [{ cc = 1, path = "music.energy" }]
"""


def test_a_session_opens_an_input_for_them() -> None:
    session: Session = parse(SESSION, "x.toml")
    ports = plan_ports(session)
    assert ports.inputs[-1] == "control in" and ports.controls == {"control in": 0}
    assert ports.connect["control in"] == "nano"
    assert not plan_ports(load("jazz-trio")).controls


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("cc = 1", "cc = 1, note = 3"), "cc and note is given: give one of"), (("cc = 1, ", ""), "nothing is given"),
        (("cc = 1", "cc = 200"), "0 to 127"), (("cc = 1", "program = 1"), "program = 1 sets nothing: give a value"),
        (('port = "nano"', 'name = "piano"'), "'piano' is there already"),
        (('port = "nano"', 'name = "clock in"'), "'clock in' is there already"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(change: tuple[str, str], words: str) -> None:
    with pytest.raises(SessionError, match=words):
        parse(SESSION.replace(*change), "x.toml")
