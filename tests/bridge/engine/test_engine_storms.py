"""Anything in any order, on a whole engine with every kind of outlet, judged by what a device at each port hears."""

from __future__ import annotations

import random
from collections.abc import Iterator

from engine_stage import METER, RATE, FakeRig, Stage
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.driver import MidiOut
from bridge.engine.clip_bytes import Bar
from bridge.engine.engine import Engine
from bridge.engine.inbox import AnyCommand, Halt, Locate, NewPlan, Play, SetTempo
from bridge.mpe import MpeReader, Zone
from bridge.routes import ClockRoute, Route, ThroughRoute
from composers.score import Clip, Control, Meter, Note
from instruments.tuning import Tuning, find_tuning

MS = 1_000_000
TRACKS, CLOCKS = 3, 2
CENTS = (0.0, 0.0, -50.0, 33.0)
BENDS = (0.0, 0.5)
"""Of the composer, in full bends."""
RAST = find_tuning("rast:D")
GAPS = Tuning("gaps", "", "", tuple(None if key == 43 else 20.0 for key in range(128)))
METERS = (METER, Meter(3, 4), Meter(7, 8))


class Device:
    """At a track's port: every note has its end and is in tune as it begins, and a reset concerns channels that were
    used since the last one."""

    def __init__(self, route: Route) -> None:
        self.frame = 0
        self._bent = [0.0] * 16
        tuned = (0.0,) * 128 if route.tuning is None else route.tuning.offsets
        self._pitches = {100 * key + tuning + cents + 100 * bend * route.bend_range for bend in BENDS for cents in CENTS
                         for key in range(40, 48) if (tuning := tuned[key]) is not None}
        if route.channel is not None:  # drums, too, go there
            self._pitches |= {100.0 * key + 100 * bend * route.bend_range for key in range(40, 48) for bend in BENDS}
        self._range = route.bend_range
        self._mpe = None if route.mpe is None else MpeReader()
        self.held: set[tuple[int, int]] = set()
        self.used: set[int] = set()
        self._trio: list[bytes] = []
        self._used_before = False

    def hear(self, frame: int, data: bytes) -> None:
        assert frame >= self.frame, f"{data.hex()} of {frame} comes after {self.frame}"
        self.frame = frame
        kind, channel, key = data[0] & 0xF0, data[0] & 15, (data[0] & 15, data[1])
        voices = [] if self._mpe is None else [each.voice for each in self._mpe.hear(data) if each.change == "on"]
        if kind == 0x90:
            assert key not in self.held, f"{key} struck while it sounds, at {frame}"
            self.held.add(key)
            if channel != 9 and data[1] < 100:  # no drum, and none of the player's
                pitch = 100 * (voices[0].pitch if voices else data[1] + self._bent[channel] * self._range)
                near = 0.6 if voices else 0.1  # cents; a step of MPE's bend is one of 48 semitones in 8192
                assert min(abs(pitch - p) for p in self._pitches) < near, f"{pitch} is out of tune, at {frame}"
        elif kind == 0xE0:
            self._bent[channel] = (data[1] + 128 * data[2]) / 8192 - 1
        elif kind == 0x80:
            assert key in self.held, f"{key} ended twice, at {frame}"
            self.held.remove(key)
        pedal_up, centred = bytes((0xB0 | channel, 64, 0)), bytes((0xE0 | channel, 0, 64))
        if data == pedal_up:
            self._trio, self._used_before = [data], channel in self.used
        elif data == centred and self._trio == [pedal_up]:
            self._trio.append(data)
        elif kind == 0xB0 and data[1] == 123:
            assert self._trio == [pedal_up, centred] and self._used_before, f"channel {channel} reset twice, at {frame}"
            assert not [held for held in self.held if held[0] == channel]
            self.used.discard(channel)
            return
        else:
            self._trio = []
        self.used.add(channel)


class Slave:
    """At a clock output: nothing that the MIDI 1.0 specification forbids a master."""

    def __init__(self) -> None:
        self.frame = 0
        self.runs = False

    def hear(self, frame: int, data: bytes) -> None:
        assert frame >= self.frame
        self.frame = frame
        if data[0] in (0xF2, 0xFA, 0xFB):
            assert not self.runs, f"{data.hex()} while it runs, at {frame}"
        else:
            assert self.runs, f"{data.hex()} while it is stopped, at {frame}"
        if data[0] in (0xFA, 0xFB, 0xFC):
            self.runs = data[0] != 0xFC


class Storm:
    def __init__(self, seed: int) -> None:
        self.random = rng = random.Random(seed)
        self.epoch, self.meters = 0, {0: METER}
        self.held: set[int] = set()

        def offset_ns() -> int:
            return rng.choice([0, rng.randrange(-500, 501), rng.choice([-500, 500])]) * MS

        def route(port: int) -> Route:
            channel = rng.choice([None, None, 5])
            many = () if channel is not None else rng.choice([(), (2, 3), (1, 2, 3, 4, 5, 6)])
            tuning, bend_range = rng.choice([None, None, RAST, GAPS]), rng.choice([2.0, 12.0])
            mpe = None if channel is not None or many else rng.choice([None, Zone("lower"), Zone("upper", 4)])
            return Route(port, channel, offset_ns(), tuning, bend_range, many, mpe)

        routes = [route(i) for i in range(TRACKS)]
        self.cents = rng.choice([CENTS, (0.0,)])
        self.rig = FakeRig()
        self.rig.latency = rng.choice([0, 64, 2000])
        engine = Engine(
            self.rig, routes, RATE,
            rng.choice([60, 120, 200]), METER, on_loss=rng.choice(["continue", "stop"]), chase=rng.random() < 0.7,
            clock_outs=[ClockRoute(TRACKS + i, offset_ns()) for i in range(CLOCKS)],
            in_offsets={"daw": rng.choice([0, offset_ns()])}, length=rng.choice([None, 3]),
            throughs=[ThroughRoute("keys", tuple(range(TRACKS)), 2)],
        )
        self.stage = Stage(block=rng.choice([16, 128, 441, 4096]), engine=engine, composed=self.compose)
        self.devices = [Device(r) for r in routes]
        self.slaves = [Slave() for _ in range(CLOCKS)]
        self._judged = 0

    def compose(self, bar: int, epoch: int) -> Bar:
        span = self.meters[epoch].bar(bar)
        return Bar(epoch, bar, tuple(Clip.of(span, *self._part(span.start, span.end)) for _ in range(TRACKS)))

    def _part(self, start: int, end: int) -> tuple[list[Note], list[Control]]:
        rng = self.random
        notes = [Note(rng.randrange(start, end), rng.choice([1, 30, 500, 6000]), rng.randrange(40, 48), 90,
                      rng.choice([0, 1, 9]), rng.choice(self.cents)) for _ in range(8)]
        kinds = [("cc", 64, 127.0), ("cc", 64, 0.0), ("cc", 1, 90.0), ("bend", 0, rng.choice(BENDS)),
                 ("program", 0, 7.0)]
        return notes, [Control(rng.randrange(start, end), *rng.choice(kinds), rng.choice([0, 1])) for _ in range(2)]

    def happen(self, what: str, n: int) -> None:
        """In the next block, some frames from its start; `n` is 0..999."""
        stage = self.stage
        at = stage.frame + n % stage.block
        commands: list[AnyCommand] = []
        match what:
            case "clocks":
                stage.clocks(at, 20 + n % 381, n % 60, first=None)
            case "start" | "continue" | "stop":
                stage.send(at, bytes(({"start": 0xFA, "continue": 0xFB, "stop": 0xFC}[what],)))
            case "position":
                stage.send(at, bytes((0xF2, n & 127, n >> 7)))
            case "scrub":
                for i in range(n % 20):
                    stage.send(at + i * 331, bytes((0xF2, (n + i * 7) & 127, 0)))
            case "flap":
                for i in range(n % 10):
                    stage.send(at + i * (n // 10), (b"\xfc", b"\xfb")[i & 1])
            case "rival":
                stage.send(at, b"\xfa", "other")
                for i in range(20):
                    stage.send(at + 5 + 900 * i, b"\xf8", "other")
            case "keys":
                for key in {100 + n % 5, 110} ^ self.held:
                    stage.send(at, bytes((0x90 if key not in self.held else 0x80, key, 80)), "keys")
                    self.held ^= {key}
            case "plan":
                self.epoch += 1
                meter = self.meters[self.epoch] = METERS[n % len(METERS)] if n % 5 == 0 else self.meters[self.epoch - 1]
                commands = [NewPlan(self.epoch, meter.beats, meter.unit, None, n % 4 == 0, ("bar", "beat")[n % 2])]
            case _:
                own = {"play": Play(), "halt": Halt(), "locate": Locate(n), "tempo": SetTempo(20.0 + n % 381)}
                commands = [own[what]]
        stage.step(*commands)
        stage.run(n % 7 * 0.07)
        self.judge()

    def judge(self) -> None:
        for frame, message in self._new():
            if message.port < TRACKS:
                self.devices[message.port].hear(frame, message.data)
            else:
                self.slaves[message.port - TRACKS].hear(frame, message.data)
        assert self.stage.engine.used[:TRACKS] == [sum(1 << c for c in d.used) for d in self.devices]

    def _new(self) -> Iterator[tuple[int, MidiOut]]:
        judged, self._judged = self._judged, len(self.stage.midi)
        yield from self.stage.midi[judged:]

    def end(self) -> None:
        self.stage.leave()
        self.judge()
        assert not any(device.held or device.used for device in self.devices)
        assert not any(slave.runs for slave in self.slaves)


Moves = st.lists(st.tuples(st.sampled_from(["clocks", "start", "continue", "stop", "position", "scrub", "flap", "rival",
                                            "keys", "plan", "play", "halt", "play", "halt", "locate", "tempo"]),
                           st.integers(0, 999)), min_size=10, max_size=30)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), Moves)
def test_what_devices_hear_is_whole_whatever_happens(seed: int, moves: list[tuple[str, int]]) -> None:
    storm = Storm(seed)
    for what, n in moves:
        storm.happen(what, n)
    storm.end()
