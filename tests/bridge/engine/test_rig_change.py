"""Another rig takes over with the plan that it is for: strips go on, leave or begin, and nothing is left sounding."""

from __future__ import annotations

import random
from itertools import count

from engine_stage import METER, RATE, FakeRig
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.driver import Block, MidiOut
from bridge.engine.clip_bytes import Bar
from bridge.engine.engine import Engine, Inputs
from bridge.engine.inbox import AnyCommand, Halt, Locate, NewPlan, NoteBegun, Play
from bridge.engine.rig_change import RigChange, RigWithdrawn
from bridge.mpe import Zone
from bridge.routes import Route
from composers.score import Clip, Control, Note

MS = 1_000_000


class Band:
    """Tracks by name, which come, go, and get other instruments; each has a port as long as it is there."""

    def __init__(self, seed: int = 0, offsets: tuple[int, ...] = (0,)) -> None:
        self.random = random.Random(seed)
        self.offsets = offsets
        self.numbers = count(1)
        self.rigs: dict[int, list[str]] = {0: ["a", "b"]}
        """By number of the rig, the track of each of its strips; those that leave have a ~ before them."""
        self.tracks = {0: 2}
        self.ports = {"a": 0, "b": 1}
        self.plans = {0: 0}
        """By epoch: number of the rig."""
        self.mpe: set[str] = set()
        """Tracks whose receivers speak it."""
        self.engine = Engine(FakeRig(), [self.route("a"), self.route("b")], RATE, 200.0, METER)
        self.frame = 0
        self.block = 256
        self.bars: list[Bar] = []
        self.midi: list[MidiOut] = []
        self.notes: list[tuple[str, NoteBegun]] = []
        self.held: set[tuple[int, int, int]] = set()
        self.composing = True

    def route(self, name: str) -> Route:
        offset_ns = self.offsets[self.ports[name] % len(self.offsets)] * MS
        return Route(self.ports[name], None, offset_ns, mpe=Zone() if name in self.mpe else None)

    def change(self, names: list[str], changed: set[str] = frozenset(), latency: int = 0) -> RigChange:  # type: ignore[assignment]
        """To these tracks; those in `changed` have another instrument."""
        playing = self.rigs[self.engine.rig_number]
        self.mpe ^= {name for name in names if self.random.random() < 0.3}
        number = next(self.numbers)
        strips, leaving, places = list(names), [], []
        for strip in playing:
            if strip in names and strip not in changed:
                places.append(names.index(strip))
            elif strip.startswith("~") and self.random.random() < 0.3:
                places.append(-1)  # it has rung out
            else:
                places.append(len(names) + len(leaving))
                leaving.append("~" + strip.lstrip("~"))
        for name in names:
            self.ports.setdefault(name, len(self.ports))
        self.rigs[number], self.tracks[number] = strips + leaving, len(names)
        rig = FakeRig()
        rig.latency = latency
        routes = [self.route(name.lstrip("~")) for name in strips + leaving]
        return RigChange(number, rig, len(names), routes, places, (), len(self.ports))

    def compose(self, epoch: int, bar: int) -> Bar:
        span = METER.bar(bar)
        clips = []
        for track in range(self.tracks[self.plans[epoch]]):
            rng = random.Random(f"{epoch} {bar} {track}")
            notes = [Note(rng.randrange(span.start, span.end), rng.choice([1, 500, 6000]), rng.randrange(60, 66), 90)
                     for _ in range(5)]
            clips.append(Clip.of(span, notes, [Control(span.start, "cc", 64, 127.0)]))
        return Bar(epoch, bar, tuple(clips))

    def step(self, *commands: AnyCommand, rig: RigChange | RigWithdrawn | None = None) -> None:
        block = Block(self.frame, self.frame * 1_000_000_000 // RATE, self.block, ())
        out = self.engine.step(Inputs(block, commands, self.bars, rig))
        self.bars = [self.compose(epoch, bar) for epoch, bar in out.wanted] if self.composing else []
        strips = self.rigs[self.engine.rig_number]
        assert len(self.engine.routes) == len(strips)
        for note in out.notes:
            self.notes.append((strips[note.track], note))
        for message in out.midi:
            key = message.port, message.data[0] & 15, message.data[1]
            if message.data[0] >> 4 == 9:
                assert key not in self.held, f"{key} struck while it sounds"
                self.held.add(key)
            elif message.data[0] >> 4 == 8:
                assert key in self.held, f"{key} ended twice"
                self.held.remove(key)
        self.midi += out.midi
        self.frame += self.block

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * RATE / self.block)):
            self.step()

    def plan(self, epoch: int, number: int, restart: bool = False, at: str = "beat") -> NewPlan:
        self.plans[epoch] = number
        return NewPlan(epoch, 4, 4, None, restart, at, number)  # type: ignore[arg-type]


def test_a_plan_waits_for_its_rig_and_a_rig_for_its_plan() -> None:
    band = Band()
    band.step(Play())
    band.run(1.0)
    change = band.change(["a", "b", "c"])
    band.step(band.plan(1, change.number))
    band.run(1.0)
    assert band.engine.epoch == 0 and band.engine.rig_number == 0
    band.step(rig=change)
    band.run(1.0)
    assert band.engine.epoch == 1 and band.engine.rig_number == change.number
    assert {name for name, _ in band.notes[-12:]} == {"a", "b", "c"}
    later = band.change(["c"])
    band.step(rig=later)
    band.run(1.0)
    assert band.engine.rig_number == change.number
    band.step(band.plan(2, later.number))
    band.run(1.0)
    assert band.engine.rig_number == later.number
    rig = band.engine._rig
    assert isinstance(rig, FakeRig) and rig is later.rig and rig.before is change.rig


def test_the_old_instrument_gets_the_ends_of_its_notes_and_the_port_keeps_its_name() -> None:
    band = Band()
    band.step(Play())
    band.run(1.0)
    change = band.change(["a", "b"], {"a"})
    assert change.places == [2, 1] and change.routes[0].port == change.routes[2].port == 0
    band.step(band.plan(1, change.number), rig=change)
    while band.engine.rig_number == 0:
        sounding = {key for key in band.held if key[0] == 0}
        before = len(band.midi)
        band.step()
    assert sounding
    offs = {(m.port, m.data[0] & 15, m.data[1]) for m in band.midi[before:] if m.data[0] >> 4 == 8}
    band.run(2.0)
    assert sounding <= offs, "with the very block"
    band.step(Halt())
    assert not band.held


def test_a_rig_that_was_withdrawn_never_plays() -> None:
    band = Band()
    band.step(Play())
    change = band.change(["a"])
    band.step(band.plan(1, change.number))
    band.composing = False
    band.step(rig=change)
    band.step(rig=RigWithdrawn(change.number))
    band.composing = True
    band.run(3.0)
    assert band.engine.rig_number == 0 and band.engine.epoch == 0
    band.step(band.plan(2, 0))
    band.run(1.0)
    assert band.engine.epoch == 2


def test_restart_keeps_the_old_music_until_rig_and_first_bar_are_there() -> None:
    band = Band()
    band.step(Play())
    band.run(2.0)
    change = band.change(["c"])
    band.step(band.plan(1, change.number, restart=True))
    begun = len(band.notes)
    band.run(0.7)
    assert {name for name, _ in band.notes[begun:]} == {"a", "b"}
    begun = len(band.notes)
    band.step(rig=change)
    band.step()
    assert band.engine.position <= 2 * 256 * 200 * 16 // RATE + 20
    band.run(1.0)
    assert {name for name, _ in band.notes[begun:]} == {"c"}
    assert {key[0] for key in band.held} <= {2}


Happenings = st.lists(st.tuples(st.sampled_from(["rig", "rig", "plan", "withdraw", "halt", "locate", "restart",
                                                 "lead"]), st.integers(0, 999)), max_size=20)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), Happenings)
@example(132690260, [("plan", 1), ("rig", 599), ("rig", 849), ("rig", 149), ("rig", 0)])
def test_whatever_comes_and_goes_each_note_has_its_end_at_its_own_port(
    seed: int, happenings: list[tuple[str, int]]
) -> None:
    rng = random.Random(seed)
    band = Band(seed, rng.choice([(0,), (0, -200), (300, 0, -100)]))
    band.block = rng.choice([64, 441, 2048])
    band.step(Play())
    epoch, wanted = 0, 0
    for what, n in happenings:
        commands: list[AnyCommand] = []
        rig: RigChange | RigWithdrawn | None = None
        if what in ("rig", "restart", "lead"):
            names = rng.sample(["a", "b", "c", "d"], rng.randrange(1, 5))
            rig = band.change(names, set(rng.sample(names, rng.randrange(len(names)))), 700 if what == "lead" else 0)
            if band.engine._player.standing_by is not None:  # one at a time: as RigBuilder does it
                band.step(rig=RigWithdrawn(band.engine._player.standing_by.number))
            epoch, wanted = epoch + 1, rig.number
            commands = [band.plan(epoch, wanted, what == "restart", rng.choice(["bar", "beat"]))]
        elif what == "plan":
            epoch += 1
            commands = [band.plan(epoch, wanted, False, "beat")]
        elif what == "withdraw" and band.engine._player.standing_by is not None:
            rig = RigWithdrawn(band.engine._player.standing_by.number)
        elif what == "halt":
            band.step(Halt())
            assert not band.held
            commands = [Play()]
        elif what == "locate":
            commands = [Locate(n % 5)]
        band.step(*commands, rig=rig)
        band.run(n / 500)
    band.run(3.0)
    for message in band.engine.halt():
        if message.data[0] >> 4 == 8:
            band.held.remove((message.port, message.data[0] & 15, message.data[1]))
    assert not band.held
