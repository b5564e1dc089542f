"""Controllers to parameters: what is mapped is turned, and nothing else is, whatever bytes come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.control_map import Control, ControlMap, Mapped, Turned, values_of
from bridge.errors import MessageError, SessionError
from bridge.port_plan import plan_ports
from bridge.session import Session, load, parse

PAD = Control(
    [
        Mapped("music.energy", cc=1), Mapped("mixer.bass.gain_db", cc=7, channel=2, low=-40.0, high=0.0),
        Mapped("music.section", note=36, value="chorus"), Mapped("music.mute.drums", note=37),
        Mapped("music.section", program=3, value="solo"), Mapped("music.genre", cc=64, value="rock"),
    ]
)  # fmt: skip


def heard(*data: bytes) -> list[Turned]:
    control_map = ControlMap([PAD])
    return [turned for each in data for turned in control_map.hear(0, each)]


def test_a_controller_goes_its_range() -> None:
    assert heard(b"\xb0\x01\x7f") == [Turned("music.energy", 1.0)]
    assert heard(b"\xb5\x01\x00\x01\x40")[1].share == pytest.approx(64 / 127), "running status"
    (turned,) = heard(b"\xb1\x07\x7f")
    assert turned.within(-90.0, 6.0) == 0.0
    assert heard(b"\xb0\x07\x7f") == [], "another channel"


def test_pads_and_programs_set_values() -> None:
    assert heard(b"\x90\x24\x50", b"\x80\x24\x00") == [Turned("music.section", 1.0, value="chorus")]
    assert [t.share for t in heard(b"\x99\x25\x50", b"\x99\x25\x00")] == [1.0, 0.0], "a note of velocity 0 is let go"
    assert heard(b"\xc0\x03")[0].value == "solo" and heard(b"\xc0\x04") == []
    assert heard(b"\xb0\x40\x3f") == [] and heard(b"\xb0\x40\x40")[0].value == "rock"


@given(st.lists(st.binary(max_size=12), max_size=20))
def test_any_bytes_are_taken(data: list[bytes]) -> None:
    paths = {mapped.path for mapped in PAD.map}
    assert all(turned.path in paths and 0 <= turned.share <= 1 for turned in heard(*data))
    assert ControlMap([PAD]).hear(4, b"\xb0\x01\x7f") == []


def test_the_last_value_of_each_path_counts_and_stays_in_range() -> None:
    ranges = {"music.energy": (0.0, 1.0, False), "music.register": (-12.0, 12.0, True)}
    turned = [Turned("music.energy", 0.1), Turned("music.energy", 0.75), Turned("music.register", 0.3),
              Turned("music.section", 1.0, value="solo")]  # fmt: skip
    assert values_of(turned, ranges.get) == {"music.energy": 0.75, "music.register": -5.0, "music.section": "solo"}
    assert values_of([Turned("music.energy", 1.0, 0.0, 3.0)], ranges.get) == {"music.energy": 1.0}
    with pytest.raises(MessageError, match=r"music\.key is no number"):
        values_of([Turned("music.key", 0.5)], ranges.get)


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
