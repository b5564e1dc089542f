"""Keyboards on a whole engine: they sound at once, beside a composer that they neither cut nor wait for."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import hypothesis.strategies as st
import msgspec
from engine_stage import METER, RATE, FakeRig, Stage
from hypothesis import given, settings
from take_stage import Live, a_session, a_setup, replayed, take_of

from bridge import session as sessions
from bridge.driver import Block, MidiIn, MidiOut
from bridge.engine.clip_bytes import Bar
from bridge.engine.engine import Engine, Inputs
from bridge.engine.inbox import AnyCommand, Halt, Locate, NewPlan, Play, SetTempo
from bridge.engine.rig_change import RigChange
from bridge.engine_link import PLAYED
from bridge.inputs.played import Played, decode_played
from bridge.inputs.route import InputRoute, Place, ZoneRoute
from bridge.inputs.spec import Input
from bridge.inputs.velocity import velocity_curve
from bridge.mpe import Zone
from bridge.routes import Route
from composers.score import Clip, Control, Note
from instruments.block import FrameEvent, Kind

LINEAR = velocity_curve("linear")
MS = 1_000_000


def keys(*places: Place, source: str = "keys", pedal: str = "pass") -> InputRoute:
    return InputRoute(source, tuple(ZoneRoute(place, None, tuple(range(128)), LINEAR, pedal) for place in places))


def stage(shared: bool = False, route: Route | None = None, **options: Any) -> Stage:
    place = Place(0, 0 if shared else 15, shared=shared)
    return Stage(engine=Engine(FakeRig(), [route or Route(0)], RATE, 120.0, METER, played=[keys(place)], **options))


def rig(stage: Stage) -> FakeRig:
    found = stage.engine._rig
    assert isinstance(found, FakeRig)
    return found


def begun(events: Iterable[tuple[int, FrameEvent]], channel: int) -> list[tuple[int, int]]:
    return [(frame, e.number) for frame, e in events if e.kind is Kind.ON and e.channel == channel]


def test_a_key_sounds_in_its_block_at_its_frame_while_the_transport_stands() -> None:
    s = stage()
    s.run(0.1)
    at = s.frame + 77
    s.send(at, b"\x90\x3c\x50", "keys")
    s.step()
    assert rig(s).events == [(at, FrameEvent(77, Kind.ON, 15, 60, 80.0))]
    assert s.at_port(0) == [(at, b"\x90\x3c\x50")]


def test_what_came_before_the_block_or_is_stamped_after_it_sounds_in_it() -> None:
    s = stage()
    s.run(0.1)
    block = Block(s.frame, s.ns(s.frame), 128, [MidiIn(s.ns(s.frame) - 30 * MS, "keys", b"\x90\x3c\x50"),
                                                MidiIn(s.ns(s.frame) + 30 * MS, "keys", b"\x90\x3d\x50")])
    out = s.engine.step(Inputs(block))
    assert [e.offset for _, e in rig(s).events] == [0, 127]
    assert [(p.frame - s.frame, p.data) for p in out.played] == [(0, b"\x90\x3c\x50"), (127, b"\x90\x3d\x50")]
    assert all(p.tick == -1.0 for p in out.played)


def test_the_rigs_latency_does_not_delay_a_player_nor_the_music_him() -> None:
    s = stage()
    rig(s).latency = 2000
    s.run(1.0, Play())
    at = s.frame + 5
    s.send(at, b"\x90\x30\x50", "keys")
    s.step()
    assert begun(rig(s).events, 15) == [(at, 48)]


def test_played_tells_the_place_in_the_music() -> None:
    s = stage()
    s.run(0.5, Play())
    heard: list[Played] = []
    at = s.frame + 64
    s.send(at, b"\x90\x3c\x50", "keys")
    end = s.ns(s.frame + s.block)
    block = Block(s.frame, s.ns(s.frame), s.block, [m for m in s.inbox if m.ns < end])
    heard += s.engine.step(Inputs(block)).played
    line = s.engine.line
    assert heard == [Played(at, heard[0].tick, 0, 0, b"\x90\x3c\x50")]
    assert abs(heard[0].tick - line.tick_at(s.ns(at))) < 0.01


def test_the_composers_notes_are_the_same_beside_a_player() -> None:
    alone, beside = stage(), stage()
    rng = random.Random(3)
    for i in range(200):
        at = 4000 + 311 * i
        beside.send(at, bytes((rng.choice([0x90, 0x80]), rng.randrange(40, 48), 80)), "keys")
        beside.send(at + 3, bytes((0xB0, 64, rng.choice([0, 127]))), "keys")
    for s in (alone, beside):
        s.run(2.0, Play())
        s.run(0.5, Halt())
        s.run(1.0, Play())

    def composers(s: Stage) -> list[tuple[int, FrameEvent]]:
        return [(frame, e) for frame, e in rig(s).events if e.channel == 0]

    assert composers(alone) == composers(beside) and alone.notes == beside.notes


def test_a_stop_ends_the_music_and_leaves_what_is_held_alone() -> None:
    for shared in (False, True):
        s = stage(shared)
        s.run(0.6, Play())
        s.send(s.frame, b"\x90\x50\x50\xe0\x00\x50\xb0\x40\x7f", "keys")
        s.run(0.2)
        before = len(s.midi), len(rig(s).events)
        s.run(0.2, Halt())
        port = [m.data for _, m in s.midi[before[0] :]]
        assert b"\xb0\x40\x00" not in port and b"\xe0\x00\x40" not in port and b"\xb0\x7b\x00" not in port
        assert not any(e.number in (80, 64, 123) or e.kind is Kind.BEND for _, e in rig(s).events[before[1] :]
                       if e.channel == (0 if shared else 15))
        s.send(s.frame, b"\x80\x50\x00\xb0\x40\x00\xe0\x00\x40", "keys")
        s.run(0.1)
        s.leave()
        s.check_paired()
        assert s.engine.used == [0]


def test_a_stop_lifts_the_composers_pedal_under_a_players_hands() -> None:
    def composed(bar: int, epoch: int) -> Bar:
        clip = Clip.of(METER.bar(bar), [], [Control(bar * METER.bar_ticks, "cc", 64, 127.0)])
        return Bar(epoch, bar, (clip,))

    s = stage()
    s.composed = composed
    s.run(0.5, Play())
    s.send(s.frame, b"\x90\x50\x50", "keys")
    s.run(0.1)
    s.run(0.1, Halt())
    assert s.at_port(0)[-2:] == [(s.at_port(0)[-1][0], b"\xb0\x40\x00"), (s.at_port(0)[-1][0], b"\xe0\x00\x40")]


def test_on_one_key_nobody_cuts_the_other() -> None:
    """At the port the key is struck anew and ends with the last; so it does in a plug-in."""
    s = stage(shared=True)  # the composer plays 40 at 0, for 480 ticks
    s.run(0.1, Play())
    assert begun(rig(s).events, 0)[-1][1] == 40
    s.send(s.frame + 10, b"\x90\x28\x50", "keys")
    s.run(0.4)
    s.send(s.frame + 10, b"\x80\x28\x00", "keys")
    s.run(0.1)
    shape = [(e.kind.name, e.value) for _, e in rig(s).events if e.number == 40]
    assert shape == [("ON", 90.0), ("OFF", 64.0), ("ON", 80.0), ("OFF", 0.0)]
    assert [m[0] >> 4 for _, m in s.at_port(0) if m[1] == 40] == [9, 8, 9, 8]


def test_a_keyboard_that_is_unplugged_ends_all_that_it_holds() -> None:
    s = stage(route=Route(0, mpe=Zone()))
    s.send(10, b"\x90\x3c\x50\x90\x40\x50\xb0\x40\x7f\xe0\x00\x70", "keys")
    s.run(0.1)
    s.send(s.frame, b"\xff", "keys")
    s.run(0.1)
    held = {e.number for _, e in rig(s).events if e.kind is Kind.ON}
    ended = {e.number for _, e in rig(s).events if e.kind is Kind.OFF}
    assert held == ended == {60, 64}
    assert [(e.kind, e.number, e.value) for _, e in rig(s).events[-2:]] == [(Kind.CC, 64, 0.0), (Kind.BEND, 0, 0.0)]
    assert s.engine.halt() is not None


def test_the_exit_ends_what_is_held() -> None:
    s = stage()
    s.send(10, b"\x90\x3c\x50\xb0\x40\x7f", "keys")
    s.run(0.1)
    assert [m.data for m in s.leave()][:2] == [b"\x80\x3c\x40", b"\xb0\x40\x00"]
    s.check_paired()


class Storm:
    """Two keyboards, three tracks, and all that may happen to them; each key at each port and strip is watched."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        self.pedal = rng.choice(["pass", "hold"])
        self.number = self.epoch = 0
        self.plans = {0: 0}
        self.ports = 4
        self.shared = [rng.random() < 0.4 for _ in range(3)]
        kinds = [Route(0), Route(0, 5), Route(0, bend_channels=(2, 3, 4)), Route(0, mpe=Zone())]
        self.kinds = [rng.choice(kinds)._replace(port=i, offset_ns=rng.choice([0, 0, -100, 60]) * MS)
                      for i in range(3)]
        self.engine = Engine(self.rig(), self.routes(3), RATE, rng.choice([90, 200]), METER, played=self.played(3))
        self.held: set[tuple[int, int, int]] = set()
        self.struck: dict[tuple[int, int], int] = {}
        self.open: set[tuple[int, int, bytes]] = set()
        self.block, self.frame = rng.choice([64, 441, 2048]), 0
        self.bars: list[Bar] = []
        self.inbox: list[MidiIn] = []
        self.strips: list[int] = [0, 1, 2]

    def rig(self) -> FakeRig:
        made = FakeRig()
        made.latency = self.rng.choice([0, 900])
        return made

    def routes(self, tracks: int) -> list[Route]:
        return [self.kinds[i]._replace(mpe=self.rng.choice([None, self.kinds[i].mpe])) for i in range(tracks)]

    def played(self, tracks: int) -> list[InputRoute]:
        def place(track: int, own: int) -> Place:
            return Place(track, 0, shared=True) if self.shared[track] else Place(track, own)

        return [keys(*(place(t, 15) for t in range(tracks)), source="a", pedal=self.pedal),
                keys(place(0, 14), source="b")]

    def change(self, tracks: int) -> RigChange:
        """Some tracks go or get another instrument, and ring out."""
        self.number += 1
        old = len(self.engine.routes)
        others = [self.rng.random() < 0.4 for _ in range(old)]
        places, leaving = [], tracks
        for strip in range(old):
            if strip < min(tracks, self.engine.tracks) and not others[strip]:
                places.append(strip)
            else:
                places.append(leaving)
                leaving += 1
        self.shared = [self.rng.random() < 0.4 if t >= old or places[t] != t else self.shared[t] for t in range(3)]
        routes = [*self.routes(tracks), *(self.engine.routes[places.index(i)] for i in range(tracks, leaving))]
        return RigChange(self.number, self.rig(), tracks, routes, places, (), self.ports, (), self.played(tracks))

    def compose(self, epoch: int, bar: int) -> Bar:
        rng, span = random.Random(f"{epoch} {bar}"), METER.bar(bar)
        clips = []
        for _ in range(self.plans[epoch] or 3):
            notes = [Note(rng.randrange(span.start, span.end), rng.choice([1, 500, 6000]), rng.randrange(60, 64), 90)
                     for _ in range(6)]
            clips.append(Clip.of(span, notes, [Control(span.start, "cc", 64, 127.0)]))
        return Bar(epoch, bar, tuple(clips))

    def step(self, *commands: AnyCommand, rig: RigChange | None = None) -> None:
        ns0 = self.frame * 1_000_000_000 // RATE
        before = self.engine.rig_number
        inbox, self.inbox = self.inbox, []
        out = self.engine.step(Inputs(Block(self.frame, ns0, self.block, inbox), commands, self.bars, rig))
        self.bars = [self.compose(epoch, bar) for epoch, bar in out.wanted]
        self.hear(out.midi)
        if self.engine.rig_number != before:
            assert self.places is not None
            self.open = {(i, self.places[t], k) for i, t, k in self.open}
        for each in out.played:
            key = each.input, each.track, each.data[1:2]
            if each.data[0] >> 4 == 9:
                assert key not in self.open and each.data[2]
                self.open.add(key)
            elif each.data[0] >> 4 == 8:
                assert key in self.open
                self.open.remove(key)
        self.frame += self.block

    places: Sequence[int] | None = None

    def hear(self, midi: Iterable[MidiOut]) -> None:
        for message in midi:
            key = message.port, message.data[0] & 15, message.data[1]
            if message.data[0] >> 4 == 9:
                assert key not in self.held, f"{key} struck while it sounds"
                self.held.add(key)
            elif message.data[0] >> 4 == 8:
                assert key in self.held, f"{key} ended twice"
                self.held.remove(key)

    def happen(self, what: str, n: int) -> None:
        ns0, commands, change = self.frame * 1_000_000_000 // RATE, [], None
        if what in ("a", "b"):
            for _ in range(n % 7):
                status = self.rng.choice([0x80, 0x90, 0x90, 0x91, 0xB0, 0xB0, 0xE0, 0xA0])
                number = self.rng.choice([64, 64, 66, 1, 123]) if status == 0xB0 else self.rng.randrange(60, 66)
                data = bytes((status, number, self.rng.choice([0, 64, 127])))
                self.inbox.append(MidiIn(ns0 + self.rng.randrange(-5 * MS, 45 * MS), what, data))
            self.inbox.sort(key=lambda m: m.ns)
        elif what == "unplug":
            self.inbox.append(MidiIn(ns0, self.rng.choice("ab"), b"\xff"))
        elif what == "noise":
            self.inbox.append(MidiIn(ns0, "a", self.rng.randbytes(n % 40)))
        elif what == "rig" and self.engine._player.standing_by is None:
            change = self.change(self.rng.randrange(1, 4))
            self.epoch += 1
            self.plans[self.epoch], self.places = change.tracks, change.places
            commands = [NewPlan(self.epoch, 4, 4, None, n % 3 == 0, ("bar", "beat")[n % 2], change.number)]
        elif what != "rig":
            own = {"play": Play(), "halt": Halt(), "locate": Locate(n % 5), "tempo": SetTempo(60.0 + n % 300)}
            commands = [own[what]]
        self.step(*commands, rig=change)
        for _ in range(n % 7 * RATE // 20 // self.block):
            self.step()

    def end(self) -> None:
        for source in "ab":
            self.inbox.append(MidiIn(0, source, b"\xff"))
        self.step()
        assert not self.open
        for _ in range(RATE // self.block):
            self.step()
        self.hear(self.engine.halt())
        assert not self.held


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.tuples(
    st.sampled_from(["a", "a", "a", "b", "unplug", "noise", "rig", "play", "halt", "locate", "tempo"]),
    st.integers(0, 999)), min_size=5, max_size=30))
def test_nothing_is_stuck_lost_or_doubled_whatever_happens(seed: int, happenings: list[tuple[str, int]]) -> None:
    storm = Storm(seed)
    storm.step(Play())
    for what, n in happenings:
        storm.happen(what, n)
    storm.end()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(-9 * MS, 9 * MS), st.sampled_from(["keys", "pads"]),
                          st.one_of(st.binary(min_size=1, max_size=4),
                                    st.builds(lambda k, v: bytes((0x90, k, v)), st.integers(50, 60),
                                              st.integers(0, 127)))), max_size=40), st.booleans())
def test_a_take_plays_it_again_to_the_last_bit(sent: list[tuple[int, int, str, bytes]], plays: bool) -> None:
    inputs = [Input(name="keys", to=["piano", "bass"], velocity="soft"), Input(name="pads", to=["drums"])]
    session = msgspec.structs.replace(a_session(), input=inputs)
    sessions.check(session, "test")
    live = Live(a_setup(session=session))
    live.step(*([Play()] if plays else []))
    for i in range(320):
        live.step(midi=[(ns, source, data) for block, ns, source, data in sent if block == i],
                  jitter_ns=(i * 7919 % 13) * 1000)
        if i == 150:
            live.shell.unplugged.append("keys")
    told = [p for m in live.rings.events.messages if m[:1] == PLAYED for p in decode_played(m[1:])]
    assert replayed(take_of(live)) == live.played
    for number, name in enumerate(("keys", "pads")):
        if any(source == name and data[0] >> 4 == 9 and len(data) == 3 and data[2] for _, _, source, data in sent):
            assert any(p.input == number for p in told)
