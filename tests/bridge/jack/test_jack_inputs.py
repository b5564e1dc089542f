"""What clock inputs on JACK are connected to: a fake server."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from bridge.driver import PortState
from bridge.errors import DeviceError

try:
    import bridge.jack.inputs as jack_inputs
    from bridge.jack.inputs import JackInputs, crowded
    from bridge.jack.lib import jack
except DeviceError as error:
    pytest.skip(str(error), allow_module_level=True)


class Port(NamedTuple):
    name: str
    is_physical: bool = False
    capture: int = 0


class Client:
    def __init__(self, **connections: list[Port]) -> None:
        self.connections = connections
        self.broken = False

    def get_all_connections(self, port: str) -> list[Port]:
        if self.broken:
            raise jack.JackError("it went away")
        return self.connections[port]


@pytest.fixture(autouse=True)
def _latency(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jack_inputs, "capture_latency", lambda port: port.capture)


DAW = Port("ardour:clock")
DIN = Port("system:midi_capture_1", True, 96)
USB = Port("system:midi_capture_2", True, 240)


def compensation(*connected: Port) -> int:
    inputs = JackInputs(Client(a=list(connected)), [("clock in", "a")])
    return inputs.compensation_ns(384, 48_000)["clock in"]


def test_a_program_in_the_graph_needs_none() -> None:
    assert compensation() == 0
    assert compensation(DAW) == 0


def test_a_master_by_hardware_needs_the_way_in_and_the_way_out() -> None:
    assert compensation(DIN) == 10_000_000
    assert compensation(DAW, DIN, USB) == 13_000_000, "the longest way"


def test_each_input_has_its_own_and_through_inputs_have_none() -> None:
    inputs = JackInputs(Client(a=[DAW], b=[DIN], c=[USB]), [("clock in", "a"), ("clock in 2", "b"), ("through", "c")])
    assert inputs.compensation_ns(0, 48_000) == {"clock in": 0, "clock in 2": 2_000_000}


def test_a_port_that_vanishes_while_it_is_asked() -> None:
    client = Client(a=[DIN])
    client.broken = True
    assert JackInputs(client, [("clock in", "a")]).compensation_ns(1, 48_000) == {"clock in": 0}


def test_two_masters_on_one_input_are_told_once_each_time() -> None:
    inputs = JackInputs(Client(), [("clock in", "a")])
    alone = PortState("clock in", "", ("ardour:clock",))
    both = PortState("clock in", "", ("ardour:clock", "hydrogen:clock"))
    others = [PortState("piano", "", ("a:1", "a:2")), PortState("through", "", ("a:1", "a:2"))]
    assert crowded([*others, alone]) == ()
    assert crowded([*others, both]) == (("clock in", ("ardour:clock", "hydrogen:clock")),)
    told = ["'ardour:clock' and 'hydrogen:clock' are connected to clock in at once: disconnect all but one, or give "
            "each its own [[clock.in]]"]
    assert [inputs.news([*others, state]) for state in (alone, both, both, alone, both)] == [[], told, [], [], told]
