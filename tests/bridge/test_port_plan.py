"""What ports a session has, and what the engine does by each."""

from __future__ import annotations

import pytest

from bridge.errors import SessionError
from bridge.port_plan import plan_ports
from bridge.routes import ClockRoute, Route, ThroughRoute
from bridge.session import Session, parse
from instruments.tuning import find_tuning

TRACKS = """
[[tracks]]
name = "piano"
parts = ["comp", "melody"]
instrument = "acoustic-piano"
port = "JV-1080"
offset_ms = -12.5

[[tracks]]
name = "bass"
parts = ["bass"]
instrument = "upright-bass"
channel = 2
"""


def session(extra: str = "", head: str = "") -> Session:
    return parse(f'name = "T"\n{head}\n{TRACKS}{extra}', "t.toml")


def test_one_clock_in_and_one_clock_out_when_nothing_is_said() -> None:
    plan = plan_ports(session())
    assert plan.outputs == ["piano", "bass", "clock out"]
    assert plan.inputs == ["clock in"]
    assert plan.connect == {"piano": "JV-1080"}
    assert plan.routes == [Route(0, None, -12_500_000), Route(1, 1)]
    assert plan.clock_outs == [ClockRoute(2)]
    assert plan.in_offsets == {"clock in": 0}


def test_many_clocks_each_with_its_offset_and_through() -> None:
    plan = plan_ports(session("""
[clock]
source = "midi"
[[clock.in]]
port = "IAC"
offset_ms = 3
[[clock.in]]
[[clock.out]]
port = "TR-8"
offset_ms = -1.5
[[clock.out]]
enabled = false
[[clock.out]]
[[through]]
port = "Keystation"
to = ["bass"]
channel = 16
"""))
    assert plan.outputs == ["piano", "bass", "clock out", "clock out 3"]
    assert plan.inputs == ["clock in", "clock in 2", "through"]
    assert plan.connect == {"piano": "JV-1080", "clock in": "IAC", "clock out": "TR-8", "through": "Keystation"}
    assert plan.clock_outs == [ClockRoute(2, -1_500_000), ClockRoute(3)]
    assert plan.in_offsets == {"clock in": 3_000_000, "clock in 2": 0}
    assert plan.throughs == [ThroughRoute("through", (1,), 15)]


def test_a_tuned_track_is_tuned_at_its_port_on_the_key_of_the_piece() -> None:
    tuned = 'tuning = "rast"\nbend_range = 48\nbend_channels = [2, 3, 11]\n\n[music]\nkey = "D"\n'
    route = plan_ports(parse(f'name = "T"\n{TRACKS}'.replace("channel = 2\n", tuned), "t.toml")).routes[1]
    assert route == Route(1, None, 0, find_tuning("rast:D"), 48.0, (1, 2, 10))._replace(tuning=route.tuning)
    assert route.tuning is not None and route.tuning.offsets == find_tuning("rast:D").offsets
    assert plan_ports(session()).routes[1].tuning is None


def test_no_midi_leaves_the_clock_inputs() -> None:
    plan = plan_ports(session("[[through]]\n", head="[outputs]\nmidi = false"))
    assert (plan.outputs, plan.inputs, plan.clock_outs, plan.throughs) == ([], ["clock in"], [], [])


@pytest.mark.parametrize(("extra", "words"), [
    ('[[clock.in]]\noffset_ms = 900', ["offset_ms", "900", "-500 to 500"]),
    ('[clock]\nmtc_start = "1:00"', ["mtc_start", "1:00", "01:00:00:00"]),
    ('[clock]\nin = []', ["clock.in", "[]", "1 to 8"]),
    ('[[through]]\nto = ["flute"]', ["through[0].to", "flute", "piano, bass"]),
    ('[[through]]\nname = "bass"', ["through[0].name", "bass", "another"]),
    ('[[tracks]]\nname = "clock out"\nparts = ["drums"]\ninstrument = "jazz-kit"', ["tracks[2].name", "clock out"]),
])
def test_mistakes_are_named(extra: str, words: list[str]) -> None:
    with pytest.raises(SessionError) as caught:
        session(extra)
    for word in words:
        assert word in str(caught.value)
