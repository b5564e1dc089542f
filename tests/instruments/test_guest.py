"""Other people's instruments: named when they fail, silent for a block, replaced for good."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from oracles import RATE, on, render
from sounds import plain, synth

from instruments.block import AudioBlock, FrameEvent, Instrument, InstrumentError, Transport
from instruments.guest import FAULTS, Guest


class Fragile:
    """Puts out 0.5; raises where it is told to."""

    latency = 7
    tail = 11

    def __init__(self, fails: str = "", times: int = 10**9) -> None:
        self.fails, self.times = fails, times
        if fails == "init":
            raise RuntimeError("not made")

    def _maybe(self, where: str) -> None:
        if self.fails == where and self.times > 0:
            self.times -= 1
            raise ValueError(f"bad {where}")

    def prepare(self, rate: int, max_frames: int) -> None:
        self._maybe("prepare")

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        out.fill(0.5)
        self._maybe("process")

    def reset(self) -> None:
        self._maybe("reset")

    def close(self) -> None:
        self._maybe("close")


def native() -> Instrument:
    return synth(plain("sine"))


def guest(fails: str = "", times: int = 10**9, offline: bool = False, fallback: bool = True) -> Guest:
    return Guest("theirs", lambda: Fragile(fails, times), native if fallback else None, fallback_name="piano",
                 offline=offline)


def test_one_that_works_is_left_alone() -> None:
    made = guest()
    assert made.status().state == "closed"
    made.prepare(RATE, 512)
    assert made.latency == 7 and made.tail >= 11
    assert (render(made, [on(0, 60)], 1024) == 0.5).all()
    assert made.status() == ("theirs", "ok", 0, "")
    made.reset()
    made.close()


@pytest.mark.parametrize("where", ["init", "prepare"])
def test_one_that_cannot_be_made_is_replaced_and_named(where: str) -> None:
    made = guest(where)
    made.prepare(RATE, 512)
    assert render(made, [on(0, 60)], 1024).any()
    status = made.status()
    assert status.state.startswith("out: instrument 'theirs' cannot be prepared: ")
    assert status.state.endswith("piano plays instead") and status.faults == 1
    made.close()


def test_a_block_that_fails_is_silent_and_the_next_sounds() -> None:
    made = guest("process", times=1)
    made.prepare(RATE, 512)
    audio = render(made, [], 1024, (512,))
    assert not audio[:, :512].any() and (audio[:, 512:] == 0.5).all()
    assert made.status().state == "ok" and made.status().faults == 1 and "bad process" in made.status().last_error


@pytest.mark.parametrize("fallback", [True, False])
def test_one_that_keeps_failing_stays_out(fallback: bool) -> None:
    made = guest("process", fallback=fallback)
    made.prepare(RATE, 512)
    audio = render(made, [on(512 * FAULTS, 60)], 512 * (FAULTS + 4))
    assert not audio[:, : 512 * FAULTS - 512].any() and audio.any() == fallback
    assert made.faults == FAULTS and "does not play: ValueError: bad process" in made.status().state
    assert made.status().state.endswith("piano plays instead" if fallback else "nobody plays instead")


def test_one_that_says_that_it_has_failed_gives_way_in_the_same_block() -> None:
    class Tired(Fragile):
        failed = "I cannot"

    made = Guest("tired", Tired, native, fallback_name="piano")
    made.prepare(RATE, 512)
    assert render(made, [on(0, 60)], 512).any() and made.status().state == "out: I cannot; piano plays instead"


def test_closing_and_resetting_cannot_hurt() -> None:
    for where in ("reset", "close"):
        made = guest(where)
        made.prepare(RATE, 512)
        made.reset()
        made.close()
        assert f"bad {where}" in made.last_error


@pytest.mark.parametrize("where", ["init", "prepare", "process"])
def test_offline_it_raises(where: str) -> None:
    made = guest(where, offline=True)
    with pytest.raises(InstrumentError, match="instrument 'theirs'"):
        made.prepare(RATE, 512)
        render(made, [], 512)


def test_prepared_again_it_starts_anew() -> None:
    made = guest("process", times=FAULTS)
    made.prepare(RATE, 512)
    render(made, [], 512 * FAULTS)
    assert made.status().state.startswith("out: ")
    made.prepare(RATE, 512)
    assert made.status() == ("theirs", "ok", 0, "")
