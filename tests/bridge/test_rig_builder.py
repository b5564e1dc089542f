"""The builder beside an engine that plays: what is taken over, what is refused, what is cleared away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import msgspec
import numpy as np
import pytest
from test_rig_succession import SESSION, with_track

from bridge import rig_builder
from bridge.assembly import made_engine, prepared_rig
from bridge.driver import Block
from bridge.engine.clip_bytes import encode_bar
from bridge.engine.inbox import NewPlan, Play, encode_command
from bridge.engine_link import STRIPS, Rebuild, RigRefused, Rings, Setup, decode_strips
from bridge.engine_shell import EngineShell
from bridge.errors import PortError
from bridge.port_plan import plan_ports
from bridge.rig_builder import RigBuilder
from bridge.session import Session
from composers.score import Clip, Meter, Note

RATE, FRAMES = 48_000, 256
METER = Meter()


class FakeDriver:
    """Ports by number; audio comes from the test."""

    def __init__(self, names: Sequence[str]) -> None:
        self.frames, self.rate = FRAMES, RATE
        self.open = dict(enumerate(names))
        self.refuse = ""

    def open_outputs(self, names: Sequence[str], connect: Mapping[str, str]) -> list[int]:
        if self.refuse:
            raise PortError(self.refuse)
        numbers = [max(self.open, default=-1) + 1 + i for i in range(len(names))]
        self.open |= dict(zip(numbers, names, strict=True))
        return numbers

    def close_outputs(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            del self.open[number]


class World:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.rings = Rings.create()
        plan = plan_ports(session)
        setup = Setup(session)
        self.rig = prepared_rig(setup, RATE, FRAMES)
        self.shell = EngineShell(made_engine(setup, self.rig, plan, RATE), self.rig, self.rings, RATE, FRAMES)
        self.driver = FakeDriver(plan.outputs)
        self.refused: list[RigRefused] = []
        self.builder = RigBuilder(self.rig, cast(Any, self.driver), self.shell, session, self.refused.append)
        self.frame = self.epoch = 0
        self.tracks = {0: len(session.tracks)}
        self.heard: list[float] = []
        self.midi: list[tuple[int, bytes]] = []
        self.tell(Play())

    def tell(self, command: Any) -> None:
        assert self.rings.commands.write(encode_command(command))

    def play(self, seconds: float) -> None:
        for _ in range(round(seconds * RATE / FRAMES)):
            self.step()
            if self.frame % (FRAMES * 20) == 0:
                self.builder.look()

    def step(self) -> None:
        for message in self.rings.requests.drain():
            epoch, bar = int.from_bytes(message[:4], "little"), int.from_bytes(message[4:], "little", signed=True)
            clips = [Clip.of(METER.bar(bar), [Note(bar * 3840 + 960 * i, 700, 60 + i, 90) for i in range(4)])
                     for _ in range(self.tracks[epoch])]
            assert self.rings.bars.write(encode_bar(epoch, bar, clips))
        ns = self.frame * 1_000_000_000 // RATE
        out = self.shell.step(Block(self.frame, ns, FRAMES, ()))
        self.heard.append(float(np.abs(out.audio).max()))
        self.midi += [(m.port, m.data) for m in out.midi]
        self.frame += FRAMES

    def change(self, session: Session, number: int) -> None:
        self.epoch += 1
        self.tracks[self.epoch] = len(session.tracks)
        self.builder.ask(Rebuild(number, session))
        self.tell(NewPlan(self.epoch, 4, 4, None, False, "beat", number))

    def close(self) -> None:
        self.builder.close()
        self.rings.close()


@pytest.fixture
def world() -> Iterator[World]:
    made = World(SESSION)
    yield made
    made.close()


def renamed(name: str, instrument: str) -> Session:
    return with_track(SESSION, 0, name=name, instrument=instrument)


def test_tracks_and_their_ports_come_and_go_while_the_others_play(world: World) -> None:
    world.play(1.0)
    assert world.driver.open == {0: "piano", 1: "bass", 2: "drums", 3: "clock out"}
    world.change(renamed("keys", "rhodes"), 1)
    world.play(1.5)
    assert world.shell.engine.rig_number == 1 and world.builder.rig is world.shell._rig
    assert 4 in world.driver.open and world.driver.open[4] == "keys"
    assert world.driver.open.get(0) == "piano", "until it has rung out"
    names = [decode_strips(m[1:]) for m in world.rings.events.drain() if m[:1] == STRIPS]
    assert names == [["keys", "bass", "drums", "piano"]]
    world.midi.clear()
    time.sleep(1.25)
    world.play(1.5)
    assert world.driver.open == {1: "bass", 2: "drums", 3: "clock out", 4: "keys"}
    assert {port for port, _ in world.midi} == {1, 2, 3, 4}
    assert min(max(world.heard[i : i + 40]) for i in range(60, len(world.heard) - 40, 40)) > 0.005, "no hole"
    assert world.shell._used() == [1, 1, 1, 0], "in the order of the session's ports"


def test_what_cannot_be_built_leaves_the_old_one_and_tells_why(world: World) -> None:
    world.play(0.5)
    world.change(renamed("piano", "no-such.toml"), 1)
    world.play(0.5)
    assert [(r.number, r.restart) for r in world.refused] == [(1, False)] and "no-such" in world.refused[0].error
    assert world.shell.engine.rig_number == 0 and not world.builder.busy
    assert list(world.driver.open.values()) == ["piano", "bass", "drums", "clock out"]
    world.change(renamed("x", "no-such.toml"), 2)
    world.play(0.3)
    assert list(world.driver.open.values()) == ["piano", "bass", "drums", "clock out"], "nor is a port left open"
    world.driver.refuse = "no more ports"
    world.change(renamed("x", "rhodes"), 3)
    world.play(0.3)
    assert world.refused[-1] == RigRefused(3, "no more ports", restart=True)
    world.driver.refuse = ""
    world.change(renamed("piano", "rhodes"), 4)
    world.play(1.5)
    assert world.shell.engine.rig_number == 4


def test_ports_that_are_tied_elsewhere_ask_for_another_engine(world: World) -> None:
    world.builder.ask(Rebuild(1, with_track(SESSION, 1, port="Synth")))
    world.builder.look()
    assert world.refused[0].restart and "'bass'" in world.refused[0].error


def test_the_last_wish_wins_and_what_stood_by_is_cleared_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rig_builder, "_STANDS_S", 0.0)
    world.play(0.5)
    world.builder.ask(Rebuild(1, renamed("one", "rhodes")))  # its plan never comes
    world.builder.look()
    assert world.builder.busy and "one" in world.driver.open.values()
    world.play(0.05)
    world.builder.ask(Rebuild(2, renamed("two", "organ")))
    thread = threading.Thread(target=world.builder.look)  # it waits for the engine to play on
    thread.start()
    while thread.is_alive():
        world.step()
    assert "one" not in world.driver.open.values() and "two" in world.driver.open.values()
    world.epoch += 1
    world.tracks[world.epoch] = 3
    world.tell(NewPlan(world.epoch, 4, 4, None, False, "beat", 2))
    world.play(1.0)
    assert world.shell.engine.rig_number == 2


def test_what_was_turned_is_turned_in_what_is_new(world: World) -> None:
    world.play(0.3)
    session = msgspec.structs.replace(renamed("piano", "rhodes"))
    world.tracks[1] = 3
    world.builder.ask(Rebuild(1, session, {"mixer.piano.gain_db": -12.5, "track.piano.chorus.mix": 0.1,
                                           "track.gone.eq.low_db": 3.0}))
    world.tell(NewPlan(1, 4, 4, None, False, "beat", 1))
    world.play(1.0)
    assert world.builder.rig.get("piano", "chorus.mix") == pytest.approx(0.1)
