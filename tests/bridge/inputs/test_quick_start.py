from __future__ import annotations

import pytest

from bridge import session as sessions
from bridge.errors import SessionError
from bridge.inputs.quick_start import with_keyboard
from bridge.inputs.wiring import input_routes
from bridge.port_plan import plan_ports


def test_a_keyboard_plays_the_first_melodic_track_or_those_named() -> None:
    trio = sessions.load("jazz-trio")
    one = with_keyboard(trio, "Keystation")
    assert plan_ports(one).connect["play in"] == "Keystation"
    assert [zone.place.track for zone in input_routes(one)[0].zones] == [0]
    two = with_keyboard(one, "Pads", ["drums", "bass"])
    assert plan_ports(two).connect["play in 2"] == "Pads"
    assert [zone.place.track for zone in input_routes(two)[1].zones] == [2, 1]


def test_an_input_that_waits_for_a_port_gets_it() -> None:
    text = 'name = "t"\n[[tracks]]\nname = "piano"\nparts = ["comp"]\ninstrument = "piano"\n[[input]]\nname = "mine"\n'
    found = with_keyboard(sessions.parse(text, "t.toml"), "Keystation")
    assert [(each.name, each.port) for each in found.input] == [("mine", "Keystation")]


def test_a_track_that_is_not_there_is_refused() -> None:
    with pytest.raises(SessionError, match="--input-to 'organ' is no track of this session: choose from piano, bass"):
        with_keyboard(sessions.load("jazz-trio"), "Keystation", ["organ"])


def test_there_is_an_end() -> None:
    session = sessions.load("jazz-trio")
    for i in range(8):
        session = with_keyboard(session, f"port {i}")
    with pytest.raises(SessionError, match="8 inputs already"):
        with_keyboard(session, "port 8")
