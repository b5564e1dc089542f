"""[[input]] of a session: what it says, what is refused and how, and the routes that come of it."""

from __future__ import annotations

import pytest

from bridge import session as sessions
from bridge.errors import SessionError
from bridge.inputs.spec import key_number
from bridge.inputs.wiring import input_routes
from bridge.port_plan import plan_ports
from bridge.session import Session

TRIO = """
name = "t"
[[tracks]]
name = "drums"
parts = ["drums"]
instrument = "jazz-kit"
[[tracks]]
name = "bass"
parts = ["bass"]
instrument = "upright-bass"
[[tracks]]
name = "piano"
parts = ["comp", "melody"]
instrument = "acoustic-piano"
"""


def trio(text: str) -> Session:
    return sessions.parse(TRIO + text, "t.toml")


def test_an_input_plays_the_first_track_that_is_neither_bass_nor_drums() -> None:
    plan = plan_ports(trio('[[input]]\nport = "Keystation"'))
    assert "play in" in plan.inputs and plan.connect["play in"] == "Keystation"
    (zone,) = plan.played[0].zones
    assert zone.place.track == 2 and zone.channel is None and zone.keys == tuple(range(128)) and zone.pedal == "pass"
    assert zone.place.channel not in (0, 9) and zone.place.port_channel == 0 and not zone.place.shared


def test_a_split_has_the_rest_from_its_input() -> None:
    session = trio("""
[[input]]
name = "keys"
velocity = "soft"
channel = 3
[[input.zone]]
to = ["bass"]
high = "B3"
transpose = -12
pedal = "off"
[[input.zone]]
to = ["piano", "drums"]
low = "C4"
channel = 5
velocity = [[1, 40], [127, 120]]
""")
    bass, piano, drums = input_routes(session)[0].zones
    assert (bass.place.track, bass.channel, bass.pedal) == (1, 2, "off")
    assert (bass.keys[11], bass.keys[12], bass.keys[59], bass.keys[60]) == (-1, 0, 47, -1)
    assert bass.velocity[64] == pytest.approx(84, abs=1)
    assert (piano.place.track, piano.channel, piano.keys[59], piano.keys[60]) == (2, 4, -1, 60)
    assert piano.velocity[1] == 40 and piano.pedal == "pass"
    assert drums.place.track == 0 and drums.place.port_channel == 9 and drums.place.channel == bass.place.channel


def test_inputs_have_channels_of_their_own_and_a_plug_in_the_composers() -> None:
    text = ('[[input]]\nname = "a"\nto = ["piano", "synth"]\n[[input]]\nname = "b"\nto = ["piano"]\n'
            '[[tracks]]\nname = "synth"\nparts = ["comp"]\ninstrument = "piano"\nplugin = "Some Synth"\n')
    a, b = input_routes(trio(text))
    assert a.zones[0].place.channel != b.zones[0].place.channel
    assert a.zones[1].place.shared and a.zones[1].place.channel == 0


def test_pads_have_a_map_of_notes() -> None:
    text = '[[input]]\nto = ["drums"]\n[input.notes]\n36 = 38\n"F#2" = "C2"\n'
    keys = input_routes(trio(text))[0].zones[0].keys
    assert keys[36] == 38 and keys[42] == 36 and sum(key >= 0 for key in keys) == 2


@pytest.mark.parametrize(("key", "number"), [(0, 0), ("60", 60), ("C4", 60), ("c4", 60), ("A0", 21), ("Bb3", 58),
                                             ("C-1", 0), ("G9", 127), ("F#2", 42)])
def test_keys_have_names(key: int | str, number: int) -> None:
    assert key_number(key) == number


@pytest.mark.parametrize(("text", "said"), [
    ('to = ["organ"]', "'organ' is no track"),
    ('name = "piano"', "'piano' is there already"),
    ('name = "clock in"', "'clock in' is there already"),
    ('low = "H4"', "'H4' is no key"),
    ('high = "G#9"', "'G#9' is no key"),
    ("low = 70\nhigh = 50", "no key is left"),
    ("low = 120\ntranspose = 60", "no key is left"),
    ('velocity = "loud"', "'loud' is no curve"),
    ("velocity = [[0, 1]]", "from 1 to 127"),
    ("velocity = [[5, 1], [5, 2]]", "in order"),
    ("velocity = 200", "velocity"),
    ("channel = 17", "channel"),
    ('notes = { X = 3 }', "'X' is no key"),
    ('pedal = "loud"', "pedal"),
    ("curve = 3", "curve"),
    ('[[input.zone]]\nto = ["organ"]', "input[0].zone[0].to"),
])
def test_what_does_not_fit_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SessionError) as caught:
        trio(f"[[input]]\n{text}")
    assert said in str(caught.value) and "t.toml" in str(caught.value)


def test_two_inputs_need_two_names() -> None:
    with pytest.raises(SessionError, match=r"input\[1\].name = 'play in'"):
        trio("[[input]]\n[[input]]")
