"""Clock inputs whose messages count as heard later, beside what is heard at once."""

from __future__ import annotations

from engine_stage import FC, RATE, FakeRig, Stage

from bridge.engine.engine import Engine
from bridge.routes import Route, ThroughRoute


def test_a_stop_that_counts_as_heard_later_meets_the_keys_that_are_held_then() -> None:
    """Keys that are released later in the same block, which is a long one, are not cut off by the stop's reset."""
    engine = Engine(FakeRig(), [Route(0)], RATE, in_offsets={"daw": 100_000_000}, throughs=[ThroughRoute("keys", (0,))])
    stage = Stage(block=4096, engine=engine)
    stage.clocks(10_000, 120, 40)
    stage.send(45_000, b"\x90\x40\x50", "keys")
    stage.send(49_252 - 4_800, FC)
    stage.send(52_152, b"\x80\x40\x50", "keys")  # the same block: 49,152 to 53,248
    stage.run(2.0)
    assert [f for f, data in stage.at_port(0) if data == b"\x80\x40\x50"] == [52_152]
    assert not [data for f, data in stage.at_port(0) if data[0] == 0xB0 and f < 52_152]
    stage.check_paired()
