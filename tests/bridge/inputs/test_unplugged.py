"""A keyboard that goes away: the engine's process sees its port, and the engine is told with the next block."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import msgspec
from take_stage import Live, a_session, a_setup

from bridge.driver import PortState
from bridge.engine_link import PLAYED
from bridge.engine_process import _Watch
from bridge.inputs.played import decode_played
from bridge.inputs.spec import Input


def test_what_it_held_ends_with_the_next_block() -> None:
    session = msgspec.structs.replace(a_session(), input=[Input(name="keys", to=["piano"])])
    live = Live(a_setup(session=session))
    live.step(midi=[(0, "keys", b"\x90\x3c\x40")])
    watch = _Watch(cast(Any, SimpleNamespace(serial=0)), cast(Any, None), cast(Any, live.shell), cast(Any, None))
    states = (PortState("piano", "", ("synth",)), PortState("keys", "", ("Keystation", "Pads")))
    watch._look_at_keyboards(states)
    watch._ports = states
    assert not live.shell.unplugged
    for connected, gone in ((("Keystation", "Pads", "Third"), 0), (("Keystation",), 1), ((), 2)):
        states = (PortState("piano", "", ()), PortState("keys", "", connected))
        watch._look_at_keyboards(states)
        watch._ports = states
        assert len(live.shell.unplugged) == gone
    live.step()
    live.step()
    played = [p.data for m in live.rings.events.messages if m[:1] == PLAYED for p in decode_played(m[1:])]
    assert played == [b"\x90\x3c\x40", b"\x80\x3c\x40"] and not live.shell.unplugged
