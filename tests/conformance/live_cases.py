"""The numbered scenarios for the whole program over JACK: what masters really send, and what must be heard of it.

Each is a function that writes a Script. The music is checked from outside: every composed note once and at its place,
nothing stuck, our clock out at its frames, and what the status says.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from live_script import CONTINUE, MS, RATE, START, STOP, Doubt, Script, Stretch

PLAYERS = ("one", "two", "stops")
"""Programs that run side by side; the last one has on_loss = "stop". Each has two clock inputs."""


class Scenario(NamedTuple):
    number: str
    name: str
    origin: str
    """The standard's rule, or the peer that does so."""
    tolerance: str
    player: str
    write: Callable[[], Script] = Script


SCENARIOS: list[Scenario] = []
"""Played by our own master."""


def scenario(
    name: str, origin: str, tolerance: str, player: str = "one"
) -> Callable[[Callable[[], Script]], Callable[[], Script]]:
    """Registers a scenario; the function's name is its number."""

    def register(write: Callable[[], Script]) -> Callable[[], Script]:
        SCENARIOS.append(Scenario(write.__name__.upper(), name, origin, tolerance, player, write))
        return write

    return register


# -- transport ---------------------------------------------------------------------------------------------------


@scenario("Start takes over a band that plays by itself", "MIDI 1.0: the first F8 after FA is the downbeat",
          "downbeat 1 frame; 6 ms before the clock after it, as nobody knows the tempo yet; then 0.05 ms")
def p01() -> Script:
    s = Script(112.0, at_s=1.0)
    s.alone = True
    s.start()
    s.doubt(6.0, 0.9)
    s.clocks(24 * 10)
    s.shows("following", source="-0", bpm=112.0, bpm_within=0.02, playing=True)
    s.halt()
    s.clocks(1)
    s.shows("waiting", playing=False)
    return s


@scenario("Clocks before Start make its first notes exact; clocks after Stop move nothing", "seq66 performer.cpp",
          "0.05 ms from the downbeat on", "two")
def p02() -> Script:
    s = Script(133.0)
    s.clocks(48)
    s.start()
    s.clocks(24 * 6 + 7)
    s.halt()
    s.clocks(30)
    s.send(CONTINUE)
    s.begins((24 * 6 + 7) * 40)
    s.clocks(24 * 4)
    s.halt()
    s.clocks(24)
    return s


@scenario("Start while playing starts anew", "masters that loop by Start", "0.05 ms", "stops")
def p03() -> Script:
    s = Script()
    s.clocks(30)
    s.start()
    s.clocks(24 * 5)
    s.start()
    s.clocks(24 * 5)
    s.halt()
    return s


@scenario("Song positions while playing are jumps", "loops in DAWs; Ardour ignores them",
          "0.05 ms; 25 ms for the first clock in a bar that has to be composed")
def p04() -> Script:
    s = Script(126.0)
    s.clocks(30)
    s.start()
    for bar in (2, 9, 2):
        s.clocks(24 * 4)
        s.locate(bar * 16)
        s.begins(bar * 16 * 240)
        if bar == 9:
            s.doubt(25.0, 1)
    s.clocks(24 * 4)
    s.halt()
    return s


@scenario("Position 0 and Continue are a Start", "EP-133 (picoTracker #546)", "0.05 ms", "two")
def p05() -> Script:
    s = Script()
    s.clocks(24)
    s.start()
    s.clocks(70)
    s.halt()
    s.clocks(10)
    s.locate(0)
    s.continue_at(0)
    s.clocks(24 * 4)
    s.halt()
    return s


@scenario("Reaper: CC 120 and 123 before play, a position on Stop, Continue from there", "Reaper (JZZ #67)", "0.05 ms",
          "stops")
def p06() -> Script:
    quiet = [bytes((0xB0 | channel, number, 0)) for channel in range(16) for number in (120, 123)]
    s = Script(141.0)
    s.clocks(30)
    s.send(*quiet)
    s.start()
    s.clocks(100)
    s.send(STOP)
    s.locate(16)
    s.ends()
    s.clocks(20)
    s.send(*quiet)
    s.continue_at(16)
    s.clocks(24 * 4)
    s.locate(40)
    s.send(STOP)
    s.ends()
    s.clocks(6)
    s.continue_at(40)
    s.clocks(24 * 3)
    s.halt()
    return s


@scenario("Bar 100 sounds as if played from the start", "MIDI 1.0: F2 counts sixteenths, 14 bits", "0.05 ms")
def p07() -> Script:
    s = Script()
    s.clocks(24)
    s.locate(99 * 16 + 5)
    s.clocks(24)
    s.continue_at(99 * 16 + 5)
    s.clocks(24 * 6)
    s.halt()
    return s


@scenario("Start and Stop without a clock between them play nothing", "a master that is stopped at once",
          "silence", "two")
def p08() -> Script:
    s = Script()
    s.clocks(12)
    s.send(START, STOP)
    s.clocks(24)
    s.shows("waiting", playing=False)
    return s


@scenario("Continue while playing and Stop twice change nothing", "masters that repeat themselves", "0.05 ms", "stops")
def p09() -> Script:
    s = Script(150.0)
    s.clocks(24)
    s.start()
    s.clocks(60)
    s.send(CONTINUE)
    s.clocks(60)
    s.halt()
    s.send(STOP, STOP)
    s.clocks(24)
    return s


# -- loss --------------------------------------------------------------------------------------------------------


@scenario("A lost clock: the band goes on, finds the beat again, and says both", "Ardour calls a loss after 250 ms",
          "0.05 ms, also while the clock is away")
def p10() -> Script:
    s = Script(120.0)
    s.clocks(30)
    s.start()
    s.clocks(24 * 4)
    s.silence(40)
    s.shows("lost", playing=True)
    s.silence(13)
    s.clocks(24 * 4)
    s.shows("following", playing=True)
    s.halt()
    s.notices = ["was lost: going on at 120.0 BPM", "is back"]
    return s


@scenario("A lost clock, on_loss = stop: silence within 300 ms", "the option", "0.05 ms, then nothing", "stops")
def p11() -> Script:
    s = Script()
    s.clocks(30)
    s.start()
    s.clocks(24 * 4)
    s.silence(16)
    s.ends(loose=5)
    s.pause(0.3)
    s.shows(playing=False)
    s.notices = ["was lost: stopped"]
    s.start()
    s.clocks(24 * 2)
    s.halt()
    return s


@scenario("A late Stop stops the band that went on", "masters whose clock ends before their Stop", "0.05 ms", "two")
def p12() -> Script:
    s = Script()
    s.clocks(30)
    s.start()
    s.clocks(24 * 3)
    s.silence(29)
    s.halt()
    s.pause(0.2)
    s.shows("waiting", playing=False)
    return s


@scenario("A missing Stop, and another Start", "masters that are unplugged", "0.05 ms")
def p13() -> Script:
    s = Script()
    s.clocks(30)
    s.start()
    s.clocks(24 * 3)
    s.silence(48)
    s.shows("lost")
    s.start()
    s.clocks(24 * 3)
    s.halt()
    return s


# -- two masters -------------------------------------------------------------------------------------------------


@scenario("Two masters on two inputs: the first leads, the second is told so and leads when that one has stopped",
          "two programs that both send", "0.05 ms")
def p14() -> Script:
    s, rival = Script(), Script(90.0, port=1)
    s.clocks(24)
    rival.clocks(24)
    s.start()
    rival.frame += 2 * RATE
    rival.send(START)
    rival.clocks(36)
    s.clocks(24 * 5)
    s.halt()
    rival.send(STOP)
    rival.clocks(100)
    rival.start()
    rival.clocks(24 * 3)
    rival.shows("following", source="-1", bpm=90.0)
    rival.halt()
    s.merge(rival)
    s.notices = [", but clock in leads"]
    return s


@scenario("Two masters on one input: the clocks of one that is not in play do not move the other",
          "cables merged; two ports on one", "0.05 ms; 3 ms where clocks of both come at once", "two")
def p15() -> Script:
    s, rival = Script(120.0), Script(93.0)
    s.clocks(24 * 4)
    s.start()
    s.clocks(24 * 10)
    s.halt()
    rival.frame += 3.37 * RATE
    rival.doubt(2.0, 24 * 4)
    rival.clocks(24 * 3)
    s.merge(rival)
    return s


# -- tempo -------------------------------------------------------------------------------------------------------


@scenario("20 BPM", "Link's slowest", "0.05 ms from the second clock on; before, what the old tempo was ahead", "stops")
def p16() -> Script:
    s = Script(20.0)
    s.start()
    s.doubt(125.0, 0.9)
    s.clocks(60)
    s.shows("following", bpm=20.0, bpm_within=0.01)
    s.halt()
    return s


@scenario("400 BPM", "Link goes to 999", "0.05 ms", "stops")
def p17() -> Script:
    s = Script(400.0)
    s.clocks(30)
    s.start()
    s.clocks(24 * 24)
    s.shows("following", bpm=400.0, bpm_within=0.2)
    s.halt()
    return s


@scenario("Jumps of tempo", "tempo automation; 120, 90, 140, 138 BPM", "0.05 ms; 15 ms for four clocks after a jump",
          "two")
def p18() -> Script:
    s = Script()
    s.clocks(30)
    s.start()
    for bpm in (120.0, 90.0, 140.0, 138.0):
        s.bpm = bpm
        s.doubt(15.0, 4)
        s.clocks(24 * 4)
        s.shows("following", bpm=bpm, bpm_within=0.05)
    s.halt()
    return s


@scenario("A ramp of 10 BPM a second", "tempo automation; 100 to 160 BPM", "3 ms; 0.05 ms before it and 1 s after",
          "stops")
def p19() -> Script:
    s = Script(100.0)
    s.clocks(30)
    s.start()
    s.clocks(24 * 3)
    s.doubt(3.0, 24 * 16.5)
    s.ramp(160.0, 6.0)
    s.clocks(24 * 6)
    s.halt()
    return s


# -- what ports do to clocks -------------------------------------------------------------------------------------


def _normal(seed: int, ms: float) -> Callable[[float], Sequence[float]]:
    generator = np.random.default_rng(seed)
    return lambda frame: (frame + abs(generator.normal(0.0, ms)) * MS,)


@scenario("Lost clocks, doubled clocks", "overruns of a port; MIDI thru loops",
          "0.05 ms; 10 ms for three clocks after each", "stops")
def p20() -> Script:
    s = Script()
    s.clocks(30)
    s.start()
    s.clocks(50)
    for lost in (1, 2, 5):
        s.silence(lost)
        s.doubt(10.0, 3)
        s.clocks(40)
    for _ in range(3):
        s.doubt(10.0, 4)
        s.clocks(1, lambda frame: (frame, frame + 0.4 * MS))
        s.clocks(40)
    s.halt()
    return s


@scenario("Stalls: clocks that wait and then come at once", "busy systems; 60 ms every second", "0.05 ms")
def p21() -> Script:
    s = Script()
    s.clocks(30)
    s.start()
    for _ in range(5):
        s.clocks(45)
        until = s.frame + 60 * MS
        s.clocks(3, lambda frame, until=until: (max(frame, until),))
    s.halt()
    return s


@scenario("Clocks inside system exclusive, other messages and running status; active sensing",
          "MIDI 1.0 allows realtime anywhere; mido's tokenizer loses the note", "0.05 ms", "two")
def p22() -> Script:
    carriers = [
        (b"\x90\x3c\xf8\x40",), (b"\x3e\xf8\x40",), (b"\xf0\x7e\x7f", b"\x06\x01", b"\xf8", b"\xf7"),
        (b"\xfe\xf8\xfe",), (b"\xb0\x07\xf8", b"\x64"), (b"\xfe", b"\xf0\x7e\xf8\x09\x01\xf7"),
        (b"\x90", b"\x40\xf8", b"\x00"),
    ]
    s = Script()
    s.clocks(30)
    s.send(b"\xfe")
    s.start()
    for _ in range(24):
        s.carried(carriers)
    s.halt()
    return s


@scenario("Frames of USB: arrivals at the next millisecond", "USB MIDI", "1 ms", "stops")
def p23() -> Script:
    s = Script(131.7, tolerance_ms=1.0)
    usb = lambda frame: (-(-frame // MS) * MS,)  # noqa: E731 - said once
    s.clocks(30, usb)
    s.start()
    s.clocks(24 * 12, usb)
    s.halt()
    return s


@scenario("Stamps in whole milliseconds", "WinMM (RtMidi.Core #13)", "1.2 ms", "stops")
def p24() -> Script:
    s = Script(97.0, tolerance_ms=1.2)
    whole = lambda frame: (frame // MS * MS,)  # noqa: E731
    s.clocks(30, whole)
    s.start()
    s.clocks(24 * 8, whole)
    s.halt()
    return s


@scenario("1 ms of jitter", "the least that computers do; one-sided, normal",
          "1.2 ms after two beats; in the first one, after other noise, a clock")
def p25() -> Script:
    s = Script(120.0, tolerance_ms=1.2)
    late = _normal(1, 1.0)
    s.clocks(24, late)
    s.start()
    s.doubt(25.0, 24)
    s.doubt(4.0, 48)
    s.clocks(24 * 16, late)
    s.halt()
    return s


@scenario("5 ms of jitter, 1 % lost and 1 % doubled", "a bad day", "8 ms after two bars", "two")
def p26() -> Script:
    s = Script(120.0, tolerance_ms=8.0)
    chance, generator = random.Random(3), np.random.default_rng(3)

    def arrive(frame: float) -> Sequence[float]:
        late = frame + abs(generator.normal(0.0, 5.0)) * MS
        kind = chance.random()
        return () if kind < 0.01 else (late, late + chance.random() * MS) if kind < 0.02 else (late,)

    s.clocks(48, _normal(4, 5.0))
    s.start()
    s.doubt(20.0, 24 * 6)
    s.clocks(24 * 20, arrive)
    s.halt()
    return s


@scenario("Packets of three clocks", "python-rtmidi #204; Bluetooth MIDI", "14 ms after a bar", "two")
def p27() -> Script:
    s = Script(120.0, tolerance_ms=14.0)
    begun = s.frame

    def packed(frame: float) -> Sequence[float]:
        return (begun + (round((frame - begun) / s.interval) // 3 * 3 + 2) * s.interval,)

    s.clocks(48, packed)
    s.start()
    s.doubt(50.0, 24 * 4)
    s.clocks(24 * 12, packed)
    s.halt()
    return s


@scenario("An exact clock after a bad stretch", "a system that was busy for a while", "0.05 ms after two beats")
def p28() -> Script:
    s = Script()
    s.clocks(48, _normal(5, 3.0))
    s.start()
    s.doubt(4.0, 24 * 4)
    s.clocks(24 * 2, _normal(6, 3.0))
    s.clocks(24 * 8)
    s.halt()
    return s


@scenario("A slow master that sends no clock before Start: nothing is played before its time",
          "hardware; the second clock is the first to tell the tempo",
          "the first clock's notes, where the tempo is a guess; 0.05 ms from the second clock on")
def p29() -> Script:
    s = Script(31.0, at_s=0.6)
    s.start()
    s.doubt(82.0, 0.9)
    s.clocks(24 * 4)
    s.halt()
    return s


@scenario("A loop of sixteen bars by song positions while playing", "loops in DAWs; what was played is kept",
          "0.05 ms, the first note of each round too", "stops")
def p30() -> Script:
    s = Script(300.0)
    s.clocks(72)
    s.start()
    s.clocks(96 * 18)
    for _ in range(2):
        s.locate(2 * 16)
        s.begins(2 * 16 * 240)
        s.clocks(96 * 16)
    s.halt()
    return s


@scenario("Two masters on one input from the first clock on: the one nearest to the tempo expected is followed",
          "two programs connected to one port", "0.05 ms after four beats; before, where both count, a clock or more",
          "two")
def p31() -> Script:
    s, rival = Script(120.0, tolerance_ms=0.1), Script(93.7)
    s.start()
    s.doubt(600.0, 24 * 4)
    s.clocks(24 * 12)
    rival.frame += 0.0077 * RATE
    rival.clocks(round(12 * 24 * 93.7 / 120) - 3)
    s.halt()
    s.merge(rival)
    s.notices = ["two masters seem to send clock to clock in: disconnect one"]
    return s


@scenario("The leader falls silent without a Stop while another plays: that one leads two seconds later",
          "two programs that both send, one of which is closed", "0.05 ms, also between the two")
def p32() -> Script:
    s, rival = Script(120.0), Script(100.0, port=1, at_s=0.107)
    s.clocks(24)
    rival.clocks(24)
    s.start()
    s.clocks(24 * 3)
    silent = s.frame - s.interval + 2.0 * RATE
    rival.send(START)
    tick = 0
    while rival.frame < silent:
        rival.clocks(1)
        tick += 40
    while s.frame < rival.frame:
        s.silence(1)
    s.ends()
    rival.begins(tick)
    rival.clocks(24 * 6)
    rival.shows("following", source="-1", bpm=100.0)
    rival.halt()
    s.merge(rival)
    s.notices = [", but clock in leads", "has been silent for 2 s"]
    return s


THIRD_PARTY = Scenario(
    f"P{len(SCENARIOS) + 1:02d}", "jack_midi_clock: Start, a change of tempo, Stop, locate, Continue",
    "a master by other hands, x42's",
    "0.06 ms; 6 ms for three clocks after a Start (it sends none before), 16 ms for four after the change", "two",
)
"""Played by that program, and judged by the clocks that it sent: see `as_sent`."""


def as_sent(stretches: Sequence[Stretch]) -> Script:
    """The Script of a master that was recorded: its stretches, and doubts where its tempo changes."""
    script = Script(tolerance_ms=0.06)
    for stretch in stretches:
        frames = stretch.frames
        script.doubts.append(Doubt(frames[0] - MS, frames[3], 6.0))
        for before, at, after in zip(frames, frames[1:], frames[2:], strict=False):
            if abs((after - at) / (at - before) - 1.0) > 0.02:
                script.doubts.append(Doubt(before, after + 4 * (after - at), 16.0))
        script.stretches.append(stretch)
    script.frame = script.stretches[-1].frames[-1] if stretches else 0.0
    return script
