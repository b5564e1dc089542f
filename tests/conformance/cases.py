"""The numbered cases: what a follower of MIDI clock must do, by the standard or by what real masters send.

A case is a function of `make`, which makes a fresh follower (`bridge.bench.clock_filters.Followed`) with a first guess
of 100 BPM; it raises AssertionError where the follower falls short. Nothing in here knows of our own follower.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from bridge.bench.clock import Piece, arrivals, drive, grid
from bridge.bench.clock_filters import Followed
from bridge.midi_bytes import CLOCK_TICKS, MidiParser

Make = Callable[[], Followed]

F8, FA, FB, FC = b"\xf8", b"\xfa", b"\xfb", b"\xfc"
MS = 1_000_000


class Case(NamedTuple):
    number: str
    name: str
    origin: str
    """The standard's rule, or the peer that does so."""
    tolerance: str
    check: Callable[[Make], None]


CASES: list[Case] = []


def case(name: str, origin: str, tolerance: str) -> Callable[[Callable[[Make], None]], Callable[[Make], None]]:
    """Registers a case; the function's name is its number."""

    def register(check: Callable[[Make], None]) -> Callable[[Make], None]:
        CASES.append(Case(check.__name__.upper(), name, origin, tolerance, check))
        return check

    return register


def spp(sixteenths: int) -> bytes:
    return bytes((0xF2, sixteenths & 127, sixteenths >> 7))


def interval(bpm: float) -> float:
    return 60e9 / (bpm * 24)


class Master:
    """Sends to one follower on an exact grid of its own; `late` delays each arrival, in order."""

    def __init__(self, make: Make, bpm: float = 120.0, late: Callable[[float], float] | None = None) -> None:
        self.follower = make()
        self.bpm = bpm
        self.ns = 1_000.0 * MS
        """When the next clock is due."""
        self._late = late
        self._heard = 0

    def send(self, *messages: bytes) -> None:
        for message in messages:
            self.follower.feed(max(round(self.ns - MS), self._heard), message)

    def clocks(self, count: int) -> None:
        for _ in range(count):
            ns = self.ns if self._late is None else self._late(self.ns)
            self._heard = max(self._heard, round(ns))
            self.follower.feed(self._heard, F8)
            self.ns += interval(self.bpm)

    @property
    def tick(self) -> float:
        """Where the follower is at the moment of the last clock sent."""
        return self.follower.tick_at(round(self.ns - interval(self.bpm)))

    def at(self, tick: float, tolerance: float = 1.0) -> None:
        """Asserts where the follower is, at the moment of the last clock sent."""
        assert self.follower.playing, "it does not play"
        assert abs(self.tick - tick) <= tolerance, f"at tick {self.tick:.2f} instead of {tick}"

    def tempo(self, bpm: float, tolerance: float) -> None:
        assert abs(self.follower.bpm - bpm) <= tolerance, f"{self.follower.bpm:.3f} BPM instead of {bpm}"


# -- transport ---------------------------------------------------------------------------------------------------


@case("The first clock after Start is the downbeat", "MIDI 1.0: the first F8 after FA is tick 0", "1 tick")
def c01(make: Make) -> None:
    master = Master(make)
    master.clocks(10)
    master.send(FA)
    assert not master.follower.playing, "it plays before the first clock"
    for clock in range(100):
        master.clocks(1)
        if clock != 1 or abs(master.follower.bpm - 120) < 1:
            master.at(clock * CLOCK_TICKS)


@case("Clocks while stopped move nothing", "MIDI 1.0; seq66 performer.cpp", "0 ticks")
def c02(make: Make) -> None:
    master = Master(make)
    master.clocks(100)
    assert not master.follower.playing
    assert master.tick == 0


@case("Clocks while stopped keep the tempo warm", "seq66 performer.cpp", "0.05 BPM at the first clock after Start")
def c03(make: Make) -> None:
    master = Master(make, 133.0)
    master.clocks(60)
    master.send(FA)
    master.clocks(1)
    master.tempo(133.0, 0.05)
    master.at(0)


@case("A song position counts sixteenths", "MIDI 1.0: F2 counts 6 clocks a unit, 14 bits", "1 tick")
def c04(make: Make) -> None:
    for sixteenths in (0, 1, 16, 1600, 16383):
        master = Master(make)
        master.clocks(24)
        master.send(spp(sixteenths), FB)
        master.clocks(1)
        master.at(sixteenths * 240)


@case("Position 0 and Continue are a Start", "EP-133 sends them (picoTracker #546)", "1 tick")
def c05(make: Make) -> None:
    master = Master(make)
    master.send(FA)
    master.clocks(77)
    master.send(FC)
    master.send(spp(0), FB)
    master.clocks(25)
    master.at(24 * CLOCK_TICKS)


@case("Continue goes on at the clock after Stop", "MIDI 1.0; Ardour goes back to the sixteenth", "1 tick")
def c06(make: Make) -> None:
    master = Master(make)
    master.send(FA)
    master.clocks(49)
    master.send(FC)
    assert not master.follower.playing
    assert master.follower.tick_at(round(master.ns)) == 49 * CLOCK_TICKS
    master.clocks(7)
    master.send(FB)
    master.clocks(1)
    master.at(49 * CLOCK_TICKS)


@case("Start while playing starts anew", "masters that loop by Start", "1 tick")
def c07(make: Make) -> None:
    master = Master(make)
    master.send(FA)
    master.clocks(100)
    master.send(FA)
    master.clocks(13)
    master.at(12 * CLOCK_TICKS)


@case("A song position while playing moves the music at the next clock", "loops in DAWs; Ardour ignores it", "1 tick")
def c08(make: Make) -> None:
    master = Master(make)
    master.send(FA)
    master.clocks(100)
    master.send(spp(64))
    master.clocks(3)
    master.at(64 * 240 + 2 * CLOCK_TICKS)


@case("A song position just before Stop is where Continue goes on", "Reaper sends a position around Stop", "1 tick")
def c09(make: Make) -> None:
    master = Master(make)
    master.send(FA)
    master.clocks(100)
    master.send(spp(12), FC, FB)
    master.clocks(2)
    master.at(12 * 240 + CLOCK_TICKS)


@case("A song position after Stop is where Continue goes on", "MIDI 1.0; Reaper (JZZ #67)", "1 tick")
def c10(make: Make) -> None:
    master = Master(make)
    master.send(FA)
    master.clocks(100)
    master.send(FC, spp(12))
    master.clocks(5)
    master.send(FB)
    master.clocks(2)
    master.at(12 * 240 + CLOCK_TICKS)


@case("Continue while playing changes nothing", "MIDI 1.0; masters that repeat it", "1 tick")
def c11(make: Make) -> None:
    master = Master(make)
    master.send(FA)
    master.clocks(50)
    master.send(FB)
    master.clocks(50)
    master.at(99 * CLOCK_TICKS)


@case("Stop twice is Stop once", "masters that repeat it", "0 ticks")
def c12(make: Make) -> None:
    master = Master(make)
    master.send(FC, FA)
    master.clocks(10)
    master.send(FC, FC)
    master.clocks(4)
    assert not master.follower.playing
    assert master.tick == 10 * CLOCK_TICKS


@case("Start and Stop without a clock play nothing", "a master that is stopped at once", "0 ticks")
def c13(make: Make) -> None:
    master = Master(make)
    master.clocks(30)
    master.send(FA, FC)
    master.clocks(30)
    assert not master.follower.playing
    assert master.tick == 0


@case("Notes, controllers, active sensing and other messages change nothing",
      "Reaper sends CC 120 and 123 before play (JZZ #67)", "1 tick")
def c14(make: Make) -> None:
    others = [b"\xfe", b"\x90\x3c\x40", b"\xb0\x78\x00", b"\xb0\x7b\x00", b"\xf6", b"\xf3\x01", b"\xf0\x7e\x7f\xf7",
              b"\xf1\x01"]
    master = Master(make)
    master.send(*others, FA, *others)
    for _ in range(60):
        master.clocks(1)
        master.send(*others)
    master.at(59 * CLOCK_TICKS)
    master.tempo(120.0, 0.01)


@case("Clocks within other messages, running status and system exclusive",
      "MIDI 1.0 allows realtime anywhere; mido's tokenizer loses the note (both tried)", "1 tick")
def c15(make: Make) -> None:
    follower, parser, chop = make(), MidiParser(), random.Random(5)
    stream = [b"\xfa", b"\x90\x3c\xf8\x40", b"\x3e\xf8\x40", b"\xf0\x7e\xf8\x00\xf7", b"\xf8", b"\xb0\x07\xf8"]
    stream += [b"\x64"] + [b"\x90\xf8\x3c\x40"] * 60
    ns, clocks = 1_000.0 * MS, 0
    for message in stream:
        if 0xF8 in message:
            ns += interval(120)
            clocks += 1
        cut = chop.randrange(len(message) + 1)
        for part in (message[:cut], message[cut:]):
            for whole in parser.feed(part):
                follower.feed(round(ns), whole)
    assert abs(follower.tick_at(round(ns)) - (clocks - 1) * CLOCK_TICKS) <= 1


@case("A master that sends clocks only while it plays keeps its tempo over the pause",
      "hardware; the guess for the first clocks", "0.1 BPM at the first clock")
def c16(make: Make) -> None:
    master = Master(make, 140.0)
    master.send(FA)
    master.clocks(100)
    master.send(FC)
    master.ns += 7_123 * MS
    master.send(FA)
    master.clocks(1)
    master.tempo(140.0, 0.1)
    master.at(0)
    master.clocks(48)
    master.at(48 * CLOCK_TICKS)


@case("A master that begins its grid anew with Start is followed from the first clock",
      "most DAWs; a wrong first phase mutes a beat (gearmulator #266)", "1 tick")
def c17(make: Make) -> None:
    master = Master(make)
    master.clocks(100)
    master.ns += 0.4 * interval(120)
    master.send(FA)
    for clock in range(8):
        master.clocks(1)
        master.at(clock * CLOCK_TICKS)


@case("A change of tempo with Start", "song lists", "0.5 BPM and 1 tick after 3 clocks")
def c18(make: Make) -> None:
    master = Master(make)
    master.clocks(100)
    master.ns += 0.3 * interval(120)
    master.bpm = 90.0
    master.send(FA)
    master.clocks(4)
    master.tempo(90.0, 0.5)
    master.at(3 * CLOCK_TICKS)


# -- loss --------------------------------------------------------------------------------------------------------


@case("A clock that ends is noticed", "Ardour calls it after 250 ms", "between 200 and 300 ms")
def c19(make: Make) -> None:
    master = Master(make)
    master.send(FA)
    master.clocks(100)
    last = round(master.ns - interval(120))
    master.follower.check(last + 200 * MS)
    assert not master.follower.lost, "too soon"
    master.follower.check(last + 300 * MS)
    assert master.follower.lost, "too late"


@case("A slow clock is not a lost one", "125 ms between clocks at 20 BPM", "none lost at 20 BPM")
def c20(make: Make) -> None:
    master = Master(make, 20.0)
    master.send(FA)
    for _ in range(60):
        master.clocks(1)
        master.follower.check(round(master.ns - 1))
        assert not master.follower.lost
    master.at(59 * CLOCK_TICKS)


@case("Clocks after a loss find the beat again", "cables, USB resets", "1 tick after a clock")
def c21(make: Make) -> None:
    for gone in (13, 30, 48):
        master = Master(make)
        master.send(FA)
        master.clocks(100)
        master.ns += gone * interval(120)
        master.follower.check(round(master.ns - 1))
        master.clocks(1)
        master.at((100 + gone) * CLOCK_TICKS)
        master.clocks(30)
        master.at((130 + gone) * CLOCK_TICKS)


@case("Stop after a loss stands where the last clock was", "a late Stop", "1 clock")
def c22(make: Make) -> None:
    master = Master(make)
    master.send(FA)
    master.clocks(100)
    master.ns += 700 * MS
    master.follower.check(round(master.ns))
    master.send(FC)
    assert not master.follower.playing
    assert abs(master.follower.tick_at(round(master.ns)) - 100 * CLOCK_TICKS) <= CLOCK_TICKS


# -- the line ----------------------------------------------------------------------------------------------------


@case("20 to 400 BPM", "Link allows 20 to 999", "0.01 % and 1 tick after two beats")
def c23(make: Make) -> None:
    for bpm in (20.0, 33.3, 60.0, 120.0, 187.5, 300.0, 400.0):
        master = Master(make, bpm)
        master.send(FA)
        master.clocks(49)
        master.tempo(bpm, bpm / 10_000)
        master.at(48 * CLOCK_TICKS)


@case("A jump of tempo on an exact master", "tempo automation", "0.1 % and 1 tick after 8 clocks")
def c24(make: Make) -> None:
    for before, after in ((120, 90), (90, 120), (120, 126), (126, 120), (120, 240), (200, 70), (100, 101), (160, 80)):
        master = Master(make, before)
        master.send(FA)
        master.clocks(200)
        master.bpm = after
        master.clocks(9)
        master.tempo(after, after / 1000)
        master.at(208 * CLOCK_TICKS)


@case("A jump of tempo under 1 ms of jitter", "120 to 126 BPM",
      "0.2 BPM for good after 0.9 s, 2.5 ms always after 0.2 s")
def c25(make: Make) -> None:
    due = grid([Piece(6.007, 120, 120), Piece(5, 126, 126)])
    for seed in range(8):
        trace = drive(make(), due, arrivals(due, seed, 1.0))
        late = trace.seconds > 6.907
        assert np.abs(trace.bpm[late] - 126).max() <= 0.2, f"seed {seed}: {np.abs(trace.bpm[late] - 126).max():.2f} BPM"
        assert np.abs(trace.error_ms[trace.seconds > 6.207]).max() <= 2.5


@case("A ramp of 10 BPM a second under 1 ms of jitter", "tempo automation", "p99 of the error 3 ms")
def c26(make: Make) -> None:
    for before, after in ((100, 160), (160, 100)):
        due = grid([Piece(6, before, before), Piece(6, before, after), Piece(2, after, after)])
        errors = []
        for seed in range(4):
            trace = drive(make(), due, arrivals(due, seed, 1.0))
            errors.append(np.abs(trace.error_ms[trace.seconds > 6]))
        assert np.percentile(np.concatenate(errors), 99) <= 3.0


@case("A steady tempo under 1 ms of jitter is steady", "48-clock regression: 0.036 BPM; isobar's is 0.2 BPM high",
      "sd and bias 0.02 BPM")
def c27(make: Make) -> None:
    due = grid([Piece(20, 120, 120)])
    trace = drive(make(), due, arrivals(due, 3, 1.0))
    bpm = trace.bpm[trace.seconds > 8]
    assert bpm.std() <= 0.02, f"sd {bpm.std():.3f}"
    assert abs(bpm.mean() - 120) <= 0.02, f"bias {bpm.mean() - 120:.3f}"


@case("The phase under 1 ms of jitter is the early edge and steady", "Link, NTP: delays only delay",
      "median 0.3 ms, p99 0.35 ms around it")
def c28(make: Make) -> None:
    due = grid([Piece(20, 120, 120)])
    trace = drive(make(), due, arrivals(due, 3, 1.0))
    error = trace.error_ms[trace.seconds > 8]
    assert abs(np.median(error)) <= 0.3, f"median {np.median(error):.3f} ms"
    assert np.percentile(np.abs(error - np.median(error)), 99) <= 0.35


@case("The tempo is known soon", "from an unknown one, 1 ms of jitter", "1 BPM for good after 12 clocks")
def c29(make: Make) -> None:
    due = grid([Piece(10, 120, 120)])
    for seed in range(8):
        trace = drive(make(), due, arrivals(due, seed, 1.0))
        assert np.abs(trace.bpm[12:] - 120).max() <= 1.0, f"seed {seed}"


@case("A drifting master is followed", "two sound cards, 100 ppm; a human hand, 0.5 BPM over 8 s", "1 ms from 2 s on")
def c30(make: Make) -> None:
    for pieces in ([Piece(30, 120.012, 120.012)],
                   [Piece(4, 120, 120)] + [Piece(4, a, b) for a, b in ((120, 120.5), (120.5, 120), (120, 119.5))]):
        due = grid(pieces)
        trace = drive(make(), due, arrivals(due, 1, 0.02))
        assert np.abs(trace.error_ms[trace.seconds > 2]).max() <= 1.0


@case("No drift in the long run", "ten simulated minutes, 1 ms of jitter", "0.1 ms between the second and last minute")
def c31(make: Make) -> None:
    due = grid([Piece(600, 120, 120)])
    trace = drive(make(), due, arrivals(due, 2, 1.0))
    first = np.median(trace.error_ms[(trace.seconds > 60) & (trace.seconds < 120)])
    last = np.median(trace.error_ms[trace.seconds > 540])
    assert abs(last - first) <= 0.1


# -- what ports do to clocks -------------------------------------------------------------------------------------


def followed(make: Make, stamps: Sequence[float], due: Sequence[float]) -> tuple[float, float, float]:
    """After the first ten beats: worst tempo, median error and worst error around it, in BPM and ms."""
    offset = 1_000 * MS
    follower = make()
    follower.feed(offset - 1, FA)
    bpm, error = [], []
    for clock, (stamp, ns) in enumerate(zip(stamps, due, strict=True)):
        if clock > 240:
            bpm.append(follower.bpm)
            error.append((clock * CLOCK_TICKS - follower.tick_at(round(ns) + offset)) * 60e3 / follower.bpm / 960)
        follower.feed(round(stamp) + offset, F8)
    true = 60e9 / (24 * (due[-1] - due[0]) / (len(due) - 1))
    median = float(np.median(error))
    return float(np.abs(np.array(bpm) - true).max()), median, float(np.abs(np.array(error) - median).max())


def _due(bpm: float, clocks: int = 1500) -> list[float]:
    return [clock * interval(bpm) for clock in range(clocks)]


@case("Lost clocks move no beat", "overruns of a port", "1 tick after 3 clocks")
def c32(make: Make) -> None:
    for lost in (1, 2, 5):
        master = Master(make)
        master.send(FA)
        master.clocks(100)
        master.ns += lost * interval(120)
        master.clocks(4)
        master.at((103 + lost) * CLOCK_TICKS)
        master.tempo(120, 0.01)


@case("Doubled clocks move no beat", "merged cables, MIDI thru loops", "1 tick after 3 clocks")
def c33(make: Make) -> None:
    master = Master(make)
    master.send(FA)
    master.clocks(100)
    master.follower.feed(round(master.ns - interval(120) + 0.32 * MS), F8)
    master.clocks(4)
    master.at(103 * CLOCK_TICKS)
    master.tempo(120, 0.05)


@case("5 ms of jitter, 1 % lost and 1 % doubled", "a bad day", "half a clock at each beat of 30 s, after two bars")
def c34(make: Make) -> None:
    due = grid([Piece(4, 120, 120), Piece(30, 120, 120)])
    clean = int((due < 4e9).sum())
    for seed in range(6):
        bad = arrivals(due[clean:], seed, 5.0, drops=0.01, doubles=0.01)
        stamps = np.maximum.accumulate(np.concatenate([arrivals(due[:clean], seed, 5.0), bad]))
        trace = drive(make(), due, stamps)
        beats = trace.error_ms[24 * 8 - 1 :: 24]
        assert np.abs(beats).max() < 60e3 / 120 / 24 / 2, f"seed {seed}: {int((np.abs(beats) > 10.4).sum())} beats"


@case("Half the tempo is not lost clocks, double is not doubled ones", "160 to 80 to 160 BPM", "1 tick after 8 clocks")
def c35(make: Make) -> None:
    master = Master(make, 160)
    master.send(FA)
    master.clocks(100)
    for count, bpm in enumerate((80.0, 160.0, 80.0)):
        master.bpm = bpm
        master.clocks(50)
        master.at((149 + 50 * count) * CLOCK_TICKS)
        master.tempo(bpm, 0.1)


@case("Frames of USB: arrivals at the next millisecond", "USB MIDI", "0.05 BPM, 0.6 ms late, 0.3 ms around it")
def c36(make: Make) -> None:
    for bpm in (120.0, 131.7, 300.0):
        due = _due(bpm)
        tempo, median, worst = followed(make, [math.ceil(ns / MS) * MS for ns in due], due)
        assert tempo <= 0.15 and abs(median) <= 0.6 and worst <= 0.3, (bpm, tempo, median, worst)


@case("Stamps in whole milliseconds", "WinMM (RtMidi.Core #13)", "0.15 BPM, 0.3 ms around the median")
def c37(make: Make) -> None:
    for bpm in (120.0, 131.7, 300.0, 400.0):
        due = _due(bpm)
        tempo, _, worst = followed(make, [ns // MS * MS for ns in due], due)
        assert tempo <= 0.15 and worst <= 0.3, (bpm, tempo, worst)


@case("Packets of several clocks", "python-rtmidi #204; Bluetooth MIDI",
      "2 BPM and a sixth of a clock's time a clock packed")
def c38(make: Make) -> None:
    for size in (2, 3, 4):
        due = _due(120)
        stamps = [due[min(len(due) - 1, clock // size * size + size - 1)] for clock in range(len(due))]
        tempo, median, worst = followed(make, stamps, due)
        assert tempo <= 2 and abs(median) + worst <= size * interval(120) / MS / 6, (size, tempo, median, worst)


@case("Bluetooth's intervals: arrivals at the next 15 ms", "BLE MIDI without its stamps", "0.5 BPM, 3 ms")
def c39(make: Make) -> None:
    due = _due(120)
    tempo, median, worst = followed(make, [math.ceil(ns / 15 / MS) * 15 * MS for ns in due], due)
    assert tempo <= 0.5 and abs(median) + worst <= 3, (tempo, median, worst)


@case("Stalls: clocks that wait and then come at once", "busy systems; 60 ms and 240 ms every 2 s", "0.05 BPM, 0.1 ms")
def c40(make: Make) -> None:
    for stall in (60, 240):
        due = _due(120)
        stamps = [max(ns, ns // 2e9 * 2e9 + stall * MS) if ns > 1.9e9 else ns for ns in due]
        tempo, median, worst = followed(make, stamps, due)
        assert tempo <= 0.05 and abs(median) + worst <= 0.1, (stall, tempo, median, worst)


@case("Delays with a long tail", "exponential, 1 ms on average", "0.1 BPM, 1 ms, no false change in 5 minutes")
def c41(make: Make) -> None:
    due = grid([Piece(300, 120, 120)])
    late = np.random.default_rng(4).exponential(1e6, len(due))
    trace = drive(make(), due, np.maximum.accumulate(due + late).round().astype(np.int64))
    warm = trace.seconds > 8
    assert np.abs(trace.bpm[warm] - 120).max() <= 0.1
    assert np.abs(trace.error_ms[warm]).max() <= 1.0


@case("A master on sound-card frames", "JACK at 48 kHz: clocks rounded to frames", "0.02 ms, 0.01 BPM")
def c42(make: Make) -> None:
    for bpm in (120.0, 131.7, 97.3):
        due = _due(bpm)
        tempo, median, worst = followed(make, [round(ns * 48e3 / 1e9) / 48e3 * 1e9 for ns in due], due)
        assert tempo <= 0.01 and abs(median) + worst <= 0.025, (bpm, tempo, median, worst)


@case("A ramp of tempo on an exact master", "tempo automation; 100 to 160 to 100 BPM in 12 s",
      "0.5 ms at each clock, 0.01 BPM after it")
def c43(make: Make) -> None:
    due = grid([Piece(4, 100, 100), Piece(6, 100, 160), Piece(6, 160, 100), Piece(4, 100, 100)])
    trace = drive(make(), due, arrivals(due, 1, 0.0))
    assert np.abs(trace.error_ms[trace.seconds > 2]).max() <= 0.5
    assert np.abs(trace.bpm[trace.seconds > 17] - 100).max() <= 0.01


@case("A silence, and then all its clocks at once", "systems that stall for longer than a loss is called",
      "1 tick at all times, also within the burst")
def c44(make: Make) -> None:
    for silent in (13, 17, 30):
        master = Master(make)
        master.send(FA)
        master.clocks(100)
        begun = master.ns
        master.follower.check(round(begun + (silent - 0.6) * interval(120)))
        late = round(begun + (silent - 0.5) * interval(120))
        for _ in range(silent):
            master.follower.feed(late, F8)
            at = master.follower.tick_at(late)
            assert abs(at - (99.5 + silent) * CLOCK_TICKS) <= 1, f"at tick {at:.1f} within the burst"
            master.ns += interval(120)
        master.clocks(24)
        master.at((123 + silent) * CLOCK_TICKS)


def _turned(make: Make, before: Callable[[int], float], after: Callable[[int], float], bpm: float = 120.0) -> float:
    """Clocks late by `before`, and by `after` from the 200th on (ns, of their number): worst error, in clocks, from 48
    clocks after that."""
    offset = 1_000 * MS
    follower = make()
    follower.feed(offset - MS, FA)
    heard, worst = 0, 0.0
    for clock in range(600):
        due = clock * interval(bpm)
        if clock > 248:
            worst = max(worst, abs(follower.tick_at(round(due) + offset) - clock * CLOCK_TICKS) / CLOCK_TICKS)
        heard = max(heard, round(due + (before if clock < 200 else after)(clock)))
        follower.feed(heard + offset, F8)
    return worst


@case("A port that turns noisy", "an exact master, then another program's, at 1, 3 and 5 ms of jitter",
      "a third of a clock, two beats later")
def c45(make: Make) -> None:
    for ms in (1.0, 3.0, 5.0):
        for seed in range(4):
            noise = np.abs(np.random.default_rng(seed).normal(0.0, ms * MS, 600))
            worst = _turned(make, lambda _: 0.0, lambda clock, noise=noise: float(noise[clock]))
            assert worst <= 0.35, f"{ms} ms, seed {seed}: {worst:.2f} clocks"


@case("A port that turns calm", "3 ms of jitter, then an exact master", "0.02 clocks (0.4 ms), two beats later")
def c46(make: Make) -> None:
    for seed in range(4):
        noise = np.abs(np.random.default_rng(seed).normal(0.0, 3.0 * MS, 600))
        worst = _turned(make, lambda clock, noise=noise: float(noise[clock]), lambda _: 0.0)
        assert worst <= 0.02, f"seed {seed}: {worst:.2f} clocks"


@case("A port that turns to packets", "Bluetooth MIDI in the place of a cable; 2, 3 and 4 clocks a packet",
      "half a packet, two beats later")
def c47(make: Make) -> None:
    for size in (2, 3, 4):
        worst = _turned(make, lambda _: 0.0, lambda clock, size=size: (-clock - 1) % size * interval(120))
        assert worst <= size / 2, f"packets of {size}: {worst:.2f} clocks"


@case("A change of tempo with Start under jitter", "song lists; 120 to 133 and 90 BPM at 1 ms",
      "2 BPM and a tenth of a clock after a beat")
def c48(make: Make) -> None:
    for seed in range(6):
        noise = np.random.default_rng(seed)
        for bpm in (133.0, 90.0):
            master = Master(make, 120.0, lambda ns, noise=noise: ns + abs(noise.normal(0.0, 1.0 * MS)))
            master.send(FA)
            master.clocks(150)
            master.send(FC)
            master.ns += 500 * MS
            master.bpm = bpm
            master.send(FA)
            master.clocks(25)
            master.tempo(bpm, 2.0)
            master.at(24 * CLOCK_TICKS, CLOCK_TICKS / 10)


@case("A lost and a doubled clock among the first ones", "a port opened on a busy system; 2 ms of jitter",
      "half a clock from the second beat on, of 24 of 28 places")
def c49(make: Make) -> None:
    right = 0
    for doubled in range(1, 8):
        for lost in (1, 3, 5, 7):
            noise = np.abs(np.random.default_rng(10 * doubled + lost).normal(0.0, 2.0 * MS, 96))
            stamps = []
            for clock, late in enumerate(noise):
                due = clock * interval(120) + late
                if clock == doubled:
                    stamps += [due, due + 0.6 * MS]
                elif clock != lost:
                    stamps.append(due)
            follower = make()
            follower.feed(999 * MS, FA)
            for stamp in np.maximum.accumulate(stamps):
                follower.feed(round(stamp) + 1_000 * MS, F8)
            at = follower.tick_at(round(95 * interval(120)) + 1_000 * MS) / CLOCK_TICKS
            right += abs(at - 95) <= 0.5
    assert right >= 24, f"{right} of 28"


@case("A tempo that comes back after ten clocks", "fermatas; 53 to 31 to 53 BPM and others", "1 tick at each change")
def c50(make: Make) -> None:
    for before, between in ((53, 31), (54, 30), (41, 138.47), (120, 60), (100, 70), (69, 296)):
        master = Master(make, before)
        master.send(FA)
        master.clocks(40)
        for clocks, bpm in ((10, between), (10, before), (10, between), (30, before)):
            master.bpm = bpm
            master.clocks(clocks)
        master.at(99 * CLOCK_TICKS)
        master.tempo(before, 0.1)


@case("Another master's clocks on the same input", "cables merged; for three beats, at 60 to 160 BPM",
      "1 tick at each clock")
def c51(make: Make) -> None:
    for bpm, phase in ((93.0, 0.37), (60.0, 0.2), (111.0, 0.7), (160.0, 0.31), (151.0, 0.8)):
        offset = 1_000 * MS
        clocks = [(k * interval(120), True) for k in range(24 * 12)]
        clocks += [((72 + phase) * interval(120) + k * interval(bpm), False) for k in range(72)]
        follower = make()
        follower.feed(offset - MS, FA)
        sent = 0
        for due, own in sorted(clocks):
            follower.feed(round(due) + offset, F8)
            if own and sent > 24:
                tick = follower.tick_at(round(due) + offset)
                assert abs(tick - sent * CLOCK_TICKS) <= 1, f"beside {bpm} BPM: at tick {tick:.1f} at clock {sent}"
            sent += own


@case("A slow clock in packets from the first one on", "Bluetooth MIDI; 20 BPM in packets of two and three",
      "half a packet from the second beat on, never lost")
def c52(make: Make) -> None:
    offset = 1_000 * MS
    for size in (2, 3):
        follower = make()
        follower.feed(offset - MS, FA)
        for clock in range(120):
            due = clock * interval(20.0)
            if clock >= 48:
                tick = follower.tick_at(round(due) + offset)
                assert abs(tick - clock * CLOCK_TICKS) <= size / 2 * CLOCK_TICKS, f"{size}: tick {tick:.0f} at {clock}"
            if clock % size == size - 1:
                follower.check(round(due) + offset - 1)
                assert not follower.lost, f"packets of {size}: lost at clock {clock}"
                for at in range(size):
                    follower.feed(round(due + at * 0.32 * MS) + offset, F8)


@case("Two masters' clocks on one input from the first on", "two programs connected to one port; 120 and 60 to 160",
      "one of them is followed: 1 BPM, a quarter of a clock, after five beats, of 8 of 9")
def c53(make: Make) -> None:
    offset, right = 1_000 * MS, 0
    for bpm, phase in ((93.0, 0.37), (60.0, 0.2), (111.0, 0.7), (160.0, 0.31), (140.0, 0.1), (77.7, 0.9)):
        for jitter_ms in (0.0, 1.0) if phase < 0.35 else (0.0,):
            noise = np.random.default_rng(round(bpm))
            clocks = [(k * interval(120), 120.0) for k in range(240)]
            clocks += [((phase * interval(120)) + k * interval(bpm), bpm) for k in range(round(2 * bpm))]
            follower = make()
            follower.feed(offset - MS, FA)
            heard, off = 0, dict.fromkeys((120.0, bpm), 0.0)
            for due, own in sorted((ns + abs(noise.normal(0.0, jitter_ms * MS)), own) for ns, own in clocks):
                heard = max(heard, round(due))
                follower.feed(heard + offset, F8)
                if heard > 5 * 24 * interval(120):
                    tick = follower.tick_at(heard + offset)
                    begun = 0.0 if own == 120.0 else phase * interval(120)
                    at = (heard - begun) / interval(own) * CLOCK_TICKS
                    off[own] = max(off[own], abs(tick - at), 10.0 * abs(follower.bpm - own))
            right += min(off.values()) <= CLOCK_TICKS / 4
    assert right >= 8, f"{right} of 9"
