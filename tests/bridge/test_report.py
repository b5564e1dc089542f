"""What people are told of ports and masters."""

from __future__ import annotations

import pytest

from bridge import report
from bridge.driver import PortState
from bridge.engine.inbox import EngineStatus
from bridge.session import load
from bridge.stream import wire

SESSION = load("jazz-trio")


def engine(clock: str = "own", source: str = "") -> EngineStatus:
    return EngineStatus(48_000, 10**9, 1, True, False, 960, 131.5, clock, source, bool(source), False, [], {}, [], [],
                        0.2)


def told(last: EngineStatus, *ports: PortState) -> wire.Status:
    return report.status(SESSION, last, 48_000, report.Charts(), report.Notices(), 1.0, ports)


def test_ports_say_what_they_are_tied_and_connected_to() -> None:
    status = told(engine(), PortState("piano", "JV", ()), PortState("bass", "", ("synth:in",)))
    assert status.ports == (wire.PortInfo("piano", "JV"), wire.PortInfo("bass", None, ("synth:in",)))


@pytest.mark.parametrize(("connected", "name"), [
    (("Bitwig:clock",), "Bitwig:clock"), ((), "clock in"), (("A:1", "B:1"), "clock in"),
])
def test_a_master_has_the_name_of_what_is_connected_where_that_is_clear(connected: tuple[str, ...], name: str) -> None:
    clock = told(engine("following", "clock in"), PortState("clock in", "", connected)).clock
    assert (clock.state, clock.source, clock.bpm, clock.jitter_ms) == ("following", name, 131.5, 0.2)


@pytest.mark.parametrize("state", ["armed", "stopped", "waiting"])
def test_a_master_that_does_not_run_is_waited_for(state: str) -> None:
    assert told(engine(state, "clock in")).clock.state == "waiting"
    assert told(engine("own")).clock == wire.ClockStatus("own")
