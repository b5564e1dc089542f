from __future__ import annotations

from bridge import session as sessions
from bridge.inputs.lights import Light, Lights
from bridge.inputs.played import Played


def test_a_light_is_on_while_keys_are_down_and_a_little_longer() -> None:
    session = sessions.parse('name = "t"\n[[tracks]]\nname = "piano"\nparts = ["comp"]\ninstrument = "piano"\n'
                             '[[input]]\n[[input]]\nname = "pads"\nto = ["piano"]\n', "t.toml")
    now = [10.0]
    lights = Lights(session, lambda: now[0])

    def lit() -> list[bool]:
        return [light.on for light in lights.now()]

    assert lights.now() == [Light("play in", ("piano",), False), Light("pads", ("piano",), False)]
    lights.hear([Played(0, -1.0, 1, 0, b"\x90\x3c\x40")])
    now[0] += 5.0
    assert lit() == [False, True]
    lights.hear([Played(0, -1.0, 1, 0, b"\x80\x3c\x40")])
    assert lit() == [False, True]
    now[0] += 0.2
    assert lit() == [False, False]
    lights.hear([Played(0, -1.0, 0, 0, b"\xb0\x01\x40"), Played(0, -1.0, 0, 0, b"\x90\x3c\x40")])
    assert lit() == [True, False]
    lights.let_go()
    now[0] += 0.2
    assert lit() == [False, False]
