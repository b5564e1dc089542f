"""Whatever the tempo, the stops, the jumps and the offsets: at each outlet, each note once, in order, with its end."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.driver import MidiOut
from bridge.engine.outlets import Frames
from bridge.engine.player import Player
from bridge.routes import ClockRoute, Route
from bridge.tempo import TempoLine
from composers.score import Clip, Meter, Note

RATE, BLOCK = 48_000, 480
METER = Meter()
BAR = METER.bar_ticks
MS = 1_000_000


@cache
def bar_of(index: int) -> tuple[Clip, ...]:
    """One track; pitches come round after 100 notes, so that a note is known by its place in the row."""
    rng = random.Random(index)
    span = METER.bar(index)
    starts = sorted(rng.sample(range(span.start, span.end), 10))
    return (Clip.of(span, [Note(s, rng.randrange(1, 2000), 10 + (index * 10 + i) % 100, 80)
                           for i, s in enumerate(starts)]),)


def notes(first: int, last: int) -> list[int]:
    """Pitches of all notes from tick `first` to before `last`, as composed."""
    bars = range(first // BAR, last // BAR + 1)
    return [n.pitch for b in bars for n in bar_of(b)[0].notes if first <= n.start < last]


class Sent(NamedTuple):
    frame: int
    data: bytes


class Show:
    """A player of one track sent by several ports, each with its offset, and clock outs likewise."""

    def __init__(self, offsets_ms: Iterable[int], chase: bool = False) -> None:
        self.offsets = [ms * MS for ms in offsets_ms]
        self.tracks = len(self.offsets)
        routes = [Route(i, None, offset) for i, offset in enumerate(self.offsets)]
        clocks = [ClockRoute(self.tracks + i, offset) for i, offset in enumerate(self.offsets)]
        self.player = Player(routes, clocks, (), 120.0, METER, chase=chase)
        for bar in range(80):
            self.player.timeline.insert(bar, bar_of(bar) * self.tracks)
        self.frame = 0
        self.sent: list[list[Sent]] = [[] for _ in range(2 * self.tracks)]

    @property
    def ns(self) -> int:
        return self.frame * 1_000_000_000 // RATE

    def open(self) -> None:
        self.player.open(Frames(self.ns, BLOCK, RATE))

    def close(self) -> None:
        end = (self.frame + BLOCK) * 1_000_000_000 // RATE
        self.player.advance(end)
        self.take(self.player.close())
        self.frame += BLOCK

    def take(self, messages: Sequence[MidiOut]) -> None:
        offsets = [m.offset for m in messages]
        assert offsets == sorted(offsets) and all(0 <= offset < BLOCK for offset in offsets)
        for m in messages:
            self.sent[m.port].append(Sent(self.frame + m.offset, m.data))

    def run(self, blocks: int) -> None:
        for _ in range(blocks):
            self.open()
            self.close()

    def ons(self, port: int) -> list[int]:
        return [data[1] for _, data in self.sent[port] if data[0] == 0x90]

    def check_paired(self) -> None:
        for port in range(self.tracks):
            held = set()
            for frame, data in self.sent[port]:
                if data[0] == 0x90:
                    assert data[1] not in held, f"port {port}: {data[1]} struck while it sounds, at {frame}"
                    held.add(data[1])
                elif data[0] == 0x80:
                    assert data[1] in held, f"port {port}: {data[1]} ended twice, at {frame}"
                    held.remove(data[1])
            assert not held, f"port {port}: {held} never end"

    def check_clocks(self) -> None:
        """What a slave may expect: a position is followed by Continue, clocks come while it runs, Stop ends that."""
        for port in range(self.tracks, 2 * self.tracks):
            runs, before = False, 0
            for frame, (status, *_) in self.sent[port]:
                assert (before == 0xF2) <= (status == 0xFB), f"no Continue after a position, at {frame}"
                assert runs == (status in (0xF8, 0xFC)), f"{status:x} at {frame}: before it came {before:x}"
                runs, before = status in (0xFA, 0xFB, 0xF8), status

    def slave_tick(self, port: int) -> int:
        """Where a slave is that has counted what came."""
        tick = 0
        for _, data in self.sent[port]:
            if data[0] == 0xF8:
                tick += 40
            elif data[0] in (0xFA, 0xF2):
                tick = 0 if data[0] == 0xFA else (data[1] | data[2] << 7) * 240
        return tick - 40


Offsets = st.lists(st.integers(-300, 300), min_size=1, max_size=4)
Moves = st.lists(st.tuples(st.sampled_from(["tempo", "slip", "stop", "wait", "run"]), st.integers(0, 400),
                           st.integers(0, BLOCK - 1)), max_size=25)


@settings(max_examples=80, deadline=None)
@given(Offsets, Moves)
def test_tempo_stops_and_offsets_neither_lose_nor_double(offsets: list[int], moves: list[tuple[str, int, int]]) -> None:
    show = Show(offsets)
    player = show.player
    show.open()
    player.begin(120.0, 0)
    show.close()
    for what, n, frame in moves:
        show.open()
        at = show.ns + frame * 1_000_000_000 // RATE
        match what:
            case "tempo":
                player.advance(at)
                player.line = player.line.with_bpm(20.0 + n % 380, at)
            case "slip":  # a follower corrects its phase
                player.advance(at)
                player.line = player.line._replace(tick0=player.line.tick0 + (n - 200) / 10)
            case "stop" if player.playing:
                player.advance(at)
                player.stop(at)
            case "stop":  # by a master: where it says, give or take a few ticks
                player.line = TempoLine(40.0 + n % 200, player.position - n % 7, at)
                player.roll(player.position)
        show.close()
        show.run(n % 20 if what in ("wait", "run") else 3)
    if not player.playing:
        show.open()
        player.begin(120.0, show.ns)
        show.close()
    player.line = TempoLine(120.0, player.line.tick_at(show.ns), show.ns)
    reached = player.position
    show.run(120)  # past the latest offset
    for port in range(show.tracks):
        sure = notes(0, reached)
        assert show.ons(port)[: len(sure)] == sure
        more = show.ons(port)[len(sure) :]
        assert more == notes(reached, 80 * BAR)[: len(more)]
        due = player.line.tick_at(show.ns - show.offsets[port])
        assert due - 41 <= show.slave_tick(show.tracks + port) < due
    show.take(player.leave())
    show.check_paired()
    show.check_clocks()


@settings(max_examples=60, deadline=None)
@given(Offsets, st.booleans(), st.lists(st.tuples(st.sampled_from(["jump", "stop", "roll", "run"]), st.integers(0, 400),
                                                  st.integers(0, BLOCK - 1)), max_size=25))
def test_nothing_sticks_at_any_outlet(offsets: list[int], chase: bool, moves: list[tuple[str, int, int]]) -> None:
    show = Show(offsets, chase)
    player = show.player
    for what, n, frame in moves:
        show.open()
        at = show.ns + frame * 1_000_000_000 // RATE
        player.advance(at)
        match what:
            case "jump":
                player.jump(n * 700, at)
                player.line = TempoLine(60.0 + n, n * 700, at)
                if player.playing:
                    player.roll(n * 700)
            case "stop":
                player.stop(at)
            case "roll" if not player.playing:
                player.begin(60.0 + n, at)
        show.close()
        show.run(n % 30)
    show.take(player.leave())
    show.check_paired()
    show.check_clocks()


def test_each_outlet_sends_at_its_own_offset_to_the_frame_through_a_change_of_tempo() -> None:
    show = Show([0, -200, -37, 12, 250])
    show.open()
    show.player.begin(120.0, 0)
    show.close()
    show.run(150)
    show.open()
    show.player.line = show.player.line.with_bpm(87.0, show.ns)
    show.close()
    changed = show.frame - BLOCK
    show.run(300)
    before, line = TempoLine(120.0, 0.0, 200 * MS), show.player.line
    starts = [n.start for b in range(6) for n in bar_of(b)[0].notes]
    for port, offset in enumerate(show.offsets):
        ons = [frame for frame, data in show.sent[port] if data[0] == 0x90]
        clocks = [frame for frame, data in show.sent[show.tracks + port] if data == b"\xf8"]
        for ticks, frames in ((starts, ons), (list(range(0, 6 * BAR, 40)), clocks)):
            for tick, frame in zip(ticks, frames, strict=False):
                on_its_way = frame < changed + max(0, offset) * RATE / 1e9
                due_ns = (before if on_its_way else line).ns_at(tick) + offset
                assert abs(frame - due_ns * RATE / 1e9) <= 1
        assert show.sent[show.tracks + port][0].data == b"\xfa"


def test_a_stop_lets_nothing_out_that_was_late_and_going_on_sends_it() -> None:
    show = Show([200])
    show.open()
    show.player.begin(120.0, 0)
    show.close()
    show.run(100)
    show.open()
    show.player.stop(show.ns)
    show.close()
    stopped = show.frame
    show.run(60)
    show.open()
    show.player.stop(show.ns)  # a second one changes nothing
    show.close()
    assert not [s for s in show.sent[0] if s.frame >= stopped]
    heard, kept = len(show.ons(0)), len(notes(0, show.player.position))
    assert heard < kept  # 200 ms of music are due, and kept
    show.open()
    show.player.begin(120.0, show.ns)
    show.close()
    pause = show.frame - stopped
    show.run(60)
    assert show.ons(0) == notes(0, 80 * BAR)[: len(show.ons(0))]
    starts = [n.start for b in range(4) for n in bar_of(b)[0].notes]
    ons = [frame for frame, data in show.sent[0] if data[0] == 0x90]
    # within a tick: it goes on at a whole one
    assert ons[heard:] == [pytest.approx(s * 25 + 200 * 48 + pause, abs=25) for s in starts[heard : len(ons)]]


def test_an_early_port_that_could_not_know_sends_at_once_and_in_order() -> None:
    """A master's Start: the clocks and notes that were due already follow it."""
    show = Show([-100])
    show.open()
    show.player.line = TempoLine(120.0, 0.0, show.ns)
    show.player.roll(0)
    show.close()
    show.run(20)
    clocks = show.sent[1]
    assert [data for _, data in clocks[:3]] == [b"\xfa", b"\xf8", b"\xf8"]
    late = 1 + sum(tick < 192 for tick in range(0, BAR, 40))  # 100 ms at 120 BPM are 192 ticks
    assert {frame for frame, _ in clocks[:late]} == {0}
    assert show.ons(0) == notes(0, 80 * BAR)[: len(show.ons(0))]


def test_a_piece_ends_for_each_outlet_when_it_has_been_sent() -> None:
    show = Show([0, -150, 150])
    player = show.player
    show.open()
    player.begin(120.0, 0)
    show.close()
    while player.playing:
        show.open()
        player.advance((show.frame + BLOCK) * 1_000_000_000 // RATE, BAR)
        show.take(player.close())
        show.frame += BLOCK
        assert show.frame < 3 * RATE
    end_ns = 150 * MS + 2_000 * MS  # begun as late as the earliest port needs
    for port, offset in enumerate(show.offsets):
        assert show.ons(port) == notes(0, BAR)
        ended = [frame for frame, data in show.sent[port] if data[0] == 0x80][-1]
        stop = show.sent[show.tracks + port][-1]
        assert ended <= (end_ns + offset) * RATE / 1e9 + 1
        assert stop.data == b"\xfc" and abs(stop.frame - (end_ns + offset) * RATE / 1e9) <= 1
    assert player.position == 0 and player.outlets.sounding == 0
    show.check_paired()
