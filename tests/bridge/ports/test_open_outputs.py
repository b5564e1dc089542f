"""MIDI outputs that come and go while others play: at the desk, and through its process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from fake_rtmidi import OFF, ON, FakeSystem, install
from test_ports import ThreadChild, wait_for

from bridge.driver import MidiOut
from bridge.errors import PortError
from bridge.ports.midi_link import MidiRings
from bridge.ports.midi_ports import MidiPorts
from bridge.ports.port_desk import PortDesk, PortWish


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSystem]:
    yield from install(monkeypatch)


def test_the_desk_opens_what_is_new_closes_what_is_gone_and_leaves_the_rest(system: FakeSystem) -> None:
    desk = PortDesk([PortWish("piano", None), PortWish("bass", None)], [], lambda *_: None)
    desk.open()
    piano = desk._outs[0].handle
    open_before = system.open
    desk.change([PortWish("piano", None), PortWish("", None), PortWish("strings", None)])
    assert system.virtual == ["Sideman piano", "Sideman bass", "Sideman strings"]
    assert system.open == open_before and desk._outs[0].handle is piano
    desk.send(0, ON)
    desk.send(2, ON)
    assert system.sent == [("Sideman piano", ON), ("Sideman strings", ON)]
    with pytest.raises(OSError, match="not open"):
        desk.send(1, ON)
    with pytest.raises(PortError, match="harp"):
        desk.change([PortWish("piano", None), PortWish("x", None), PortWish("strings", "harp")])
    assert system.open == open_before, "a refusal changes nothing"
    desk.send(2, OFF)
    desk.close()


def test_through_the_process_numbers_stay_and_free_ones_are_used_again(system: FakeSystem) -> None:
    children: list[ThreadChild] = []

    def spawn(rings: MidiRings, _realtime: bool) -> ThreadChild:
        children.append(ThreadChild(rings))
        return children[-1]

    ports = MidiPorts(["piano", "bass", "clock out"], spawn=spawn)
    ports.start()

    def names() -> list[str]:
        return [state.name for state in ports.port_states]

    def sent(port: int, data: bytes) -> None:
        before = len(system.sent)
        ports.send([MidiOut(0, port, data)], time.monotonic_ns(), 48_000)
        until(lambda: len(system.sent) == before + 1)

    until: Callable[[Callable[[], object]], None] = wait_for
    sent(0, ON)
    assert ports.open_outputs(["strings", "choir"], {}) == [3, 4]
    assert names() == ["piano", "bass", "clock out", "strings", "choir", "clock in"]
    ports.close_outputs([1, 4])
    assert names() == ["piano", "clock out", "strings", "clock in"]
    sent(3, ON)
    assert system.sent == [("Sideman piano", ON), ("Sideman strings", ON)]
    assert ports.open_outputs(["organ", "harp", "flute"], {"organ": "Organ"}) == [1, 4, 5]
    sent(1, OFF)
    assert system.sent[-1] == ("Organ:in 21:0", OFF)
    with pytest.raises(PortError, match="nothing-like-it"):
        ports.open_outputs(["more"], {"more": "nothing-like-it"})
    assert names() == ["piano", "organ", "clock out", "strings", "harp", "flute", "clock in"]
    children[0].kill()
    until(lambda: len(children) == 2 and len(names()) == 7 and ports.restarts == 1)
    until(lambda: all(state.name for state in ports.port_states))
    assert ports.open_outputs(["more"], {}) == [6], "also of the process that was started again"
    ports.close_outputs([0])
    ports.stop()
