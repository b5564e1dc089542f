"""The console: pan law, gain, mute, solo, sends, alignment, bypass, faults, meters, and blocks that do not matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import RATE, Audio, due, loudness, off, on, true_peak

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Transport
from instruments.channel import Channel, Insert
from instruments.console import Console
from instruments.effects.compressor import Compressor
from instruments.effects.ducker import Ducker
from instruments.effects.registry import effect_names, make_effect
from instruments.effects.width import Width
from instruments.fader import Send
from instruments.parameter import Parameter
from instruments.patch import make_instrument, placement


class Tone:
    """A steady value, sine, impulse train or noise; late by `latency` frames."""

    tail = 0

    def __init__(self, hz: float = 0.0, level: float = 0.25, latency: int = 0, period: int = 0, seed: int = 0) -> None:
        self.hz, self.level, self.latency, self.period = hz, level, latency, period
        self.noise = np.random.default_rng(seed).uniform(-1, 1, 1 << 16) if seed else None
        self.resets = 0

    def prepare(self, rate: int, max_frames: int) -> None:
        pass

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        n = transport.frame + np.arange(out.shape[1]) - self.latency
        if self.noise is not None:
            out[:] = self.level * np.where(n >= 0, self.noise[n % len(self.noise)], 0)
        elif self.period:
            out[:] = self.level * ((n >= 0) & (n % self.period == 0))
        else:
            out[:] = self.level * np.cos(2 * np.pi * self.hz * n / RATE)

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        pass


class Late:
    """An effect that delays, and says so; `grow` makes it later while it plays, as a plug-in that has just loaded."""

    tail = 0

    def __init__(self, latency: int, gain: float = 1.0) -> None:
        self.latency, self.gain = latency, gain
        self.past: Audio = np.zeros((2, 60000), np.float32)
        self.closed = self.resets = 0

    def prepare(self, rate: int, max_frames: int) -> None:
        pass

    def process(self, audio: AudioBlock, transport: Transport) -> None:
        n = audio.shape[1]
        self.past = np.concatenate([self.past[:, n:], audio], axis=1)
        end = self.past.shape[1] - self.latency
        audio[:] = self.past[:, end - n : end] * np.float32(self.gain)

    def reset(self) -> None:
        self.past[:] = 0
        self.resets += 1

    def close(self) -> None:
        self.closed += 1


def track(name: str = "a", tone: Any = None, *inserts: Insert, **more: Any) -> Channel:
    return Channel(name, "track", tone or Tone(), inserts, **more)


def console(*channels: Channel, master: Sequence[Insert] = (), last: Sequence[Insert] = (), frames: int = 4096,
            **more: Any) -> Console:
    made = Console([*channels, Channel("master", "master", inserts=master, last=last, **more)], RATE, frames)
    made.prepare()
    return made


def limited() -> list[Insert]:
    return [Insert(make_effect("limiter", {"ceiling_db": -1.0}))]


def run(
    desk: Console, frames: int, blocks: Sequence[int] = (512,), events: Sequence[Sequence[FrameEvent]] | None = None,
    first: int = 0,
) -> Audio:
    out = np.zeros((2, frames), np.float32)
    at = turn = 0
    lists = events or [[] for _ in desk.tracks]
    while at < frames:
        n = min(blocks[turn % len(blocks)], frames - at)
        out[:, at : at + n] = desk.process([due(e, at, at + n) for e in lists], n, Transport(frame=first + at))
        at, turn = at + n, turn + 1
    return out


# -- gains ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pan", [-1, -0.5, 0, 0.3, 1])
def test_pan_keeps_power(pan: float) -> None:
    out = run(console(track(pan=pan)), 512)[:, -1]
    assert abs((out**2).sum() / 0.25**2 - 2) < 1e-5
    if pan == 0:
        assert out[0] == out[1] == 0.25
    if abs(pan) == 1:
        assert abs(out[0 if pan > 0 else 1]) < 1e-6


def test_gains_are_in_decibels_all_the_way() -> None:
    assert abs(run(console(track(gain_db=-6)), 64)[0, -1] / 0.25 - 10 ** (-6 / 20)) < 1e-6
    group = Channel("band", "group", gain_db=-4)
    desk = console(track(gain_db=-6, output="band"), group, gain_db=-3)
    assert abs(run(desk, 64)[0, -1] / 0.25 - 10 ** (-13 / 20)) < 1e-6
    desk.set("master", "gain_db", -20)
    assert abs(run(desk, RATE)[0, -1] / 0.25 - 10 ** (-30 / 20)) < 1e-6
    desk.set("master", "gain_db", -90)
    assert not run(desk, 4096)[:, -512:].any()


@pytest.mark.parametrize("change", ["gain_db", "pan", "mute", "send.fx", "master"])
def test_changes_glide(change: str) -> None:
    """From a steady tone: no step greater than a straight line over the glide would have."""
    desk = console(track(sends={"fx": Send(0)}), Channel("fx", "return"))
    before = run(desk, 512)[:, -1:]
    channel, path, value = {"gain_db": ("a", "gain_db", -12.0), "pan": ("a", "pan", -1.0), "mute": ("a", "mute", 1.0),
                            "send.fx": ("a", "send.fx", -90.0), "master": ("master", "gain_db", -12.0)}[change]
    desk.set(channel, path, value)
    x = np.concatenate([before, run(desk, 4800, (100, 7), first=512)], axis=1)
    assert 0 < np.abs(np.diff(x)).max() < 0.5 / 150
    assert np.abs(x[:, 0] - x[:, -1]).max() > 0.1


def test_a_long_ramp_takes_as_long_as_it_is_told_and_begins_when_it_is_told() -> None:
    desk = console(track(tone=Tone(level=1.0)))
    desk.set("a", "gain_db", -60, 32000, delay_frames=320, origin=-20)
    x = run(desk, 40000, (128,))[0]
    assert (x[:320] == 1).all() and x[360] < 0.11
    assert abs(20 * np.log10(x[320 + 16000]) + 40) < 0.1
    assert abs(20 * np.log10(x[320 + 32032]) + 60) < 0.01 and x[-1] == x[320 + 32032]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=6))
def test_what_moves_does_not_depend_on_blocks(blocks: list[int]) -> None:
    def played(cut: Sequence[int]) -> Audio:
        desk = console(track("a", Tone(seed=1), Insert(Width()), sends={"fx": Send(-6)}),
                       track("b", Tone(seed=2, latency=77)), Channel("fx", "return", inserts=[Insert(Width())]))
        desk.set("a", "gain_db", -20, 3000)
        desk.set("a", "send.fx", 6, 2000, delay_frames=640)
        desk.set("a", "width.width", 0.1)
        desk.set("b", "mute", 1)
        desk.set("fx", "width.bypass", 1, delay_frames=960)
        return run(desk, 4000, cut)

    assert np.abs(played(blocks) - played([128])).max() < 1e-6


# -- mute, solo, sends ------------------------------------------------------------------------------------------------


def test_mute_and_solo() -> None:
    desk = console(track("a", Tone(level=0.25)), track("b", Tone(level=0.5)), track("c", Tone(level=0.125)))

    def level() -> float:
        return float(run(desk, 4096)[0, -1])

    desk.set("b", "mute", 1)
    assert abs(level() - 0.375) < 1e-6
    desk.set("b", "mute", 0)
    desk.set("c", "solo", 1)
    assert abs(level() - 0.125) < 1e-6
    desk.set("c", "mute", 1)
    assert level() == 0
    desk.set("c", "solo", 0)
    assert abs(level() - 0.75) < 1e-6


@pytest.mark.parametrize(("soloed", "heard"), [
    ((), 111.1111), (("a",), 1 + 0.0001), (("b",), 10 + 0.001), (("band",), 11 + 0.0011), (("fx",), 0.1111),
    (("a", "c"), 101.0101)])
def test_solo_is_heard_with_what_carries_it_and_nothing_else(soloed: Sequence[str], heard: float) -> None:
    """Each way through the console has a decimal of its own."""
    sends = {"fx": Send(-80)}
    desk = console(
        track("a", Tone(level=1), output="band", sends=sends), track("b", Tone(level=10), output="band", sends=sends),
        track("c", Tone(level=100), sends=sends), Channel("band", "group", sends={"fx": Send(-90)}),
        Channel("fx", "return", gain_db=-0.0))
    want = heard
    if "fx" not in soloed and not soloed:
        want = 111 + 0.0111
    elif soloed == ("fx",):
        want = 0.0111
    elif soloed == ("a", "c"):
        want = 101 + 0.0101
    for name in soloed:
        desk.set(name, "solo", 1)
    assert abs(run(desk, 4096)[0, -1] / want - 1) < 1e-5


def test_sends_are_behind_the_fader_unless_they_are_before_it() -> None:
    desk = console(track(gain_db=-90, sends={"fx": Send(-6), "pre": Send(-12, pre=True)}),
                   Channel("fx", "return"), Channel("pre", "return"))
    assert abs(run(desk, 512)[0, -1] - 0.25 * 10 ** (-12 / 20)) < 1e-6
    desk.set("a", "mute", 1)
    assert run(desk, 4096)[0, -1] == 0


def test_the_room_rings_on_and_ends() -> None:
    class Once(Tone):
        def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
            out[:] = 0.5 if transport.frame == 0 else 0.0

    room = Channel("room", "return", inserts=[Insert(make_effect("reverb", {"t60_s": 0.75, "mix": 1.0}))])
    dry = run(console(track(tone=Once()), room), RATE)
    wet = run(console(track(tone=Once(), sends={"room": Send(-6)}), room), 6 * RATE)
    assert np.abs(dry[:, 512:]).max() < 1e-12
    assert np.abs(wet[:, 2000:12000]).max() > 0.003
    assert np.abs(wet[:, -2000:]).max() < 1e-6


# -- alignment --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["instrument", "track", "group", "return", "all"])
@pytest.mark.parametrize("blocks", [(128, 77, 1), (4096,)])
def test_parallel_ways_null(place: str, blocks: Sequence[int]) -> None:
    """The same noise once upright and once upside down, one of them through something that is late."""
    def late(where: str, frames: int) -> list[Insert]:
        return [Insert(Late(frames))] if place in (where, "all") else []

    def ways(sign: int, slow: bool) -> list[Channel]:
        name = "slow" if slow else "quick"
        tone = Tone(level=0.5 * sign, seed=7, latency=201 if slow and place in ("instrument", "all") else 0)
        return [
            track(name, tone, *(late("track", 333) if slow else []), output=f"{name} group",
                  sends={f"{name} fx": Send(-3)}),
            Channel(f"{name} group", "group", inserts=late("group", 1000) if slow else []),
            Channel(f"{name} fx", "return", inserts=late("return", 57) if slow else []),
        ]

    desk = console(*ways(1, False), *ways(-1, True))
    assert desk.latency == {"instrument": 201, "track": 333, "group": 1000, "return": 57,
                            "all": 201 + 333 + 1000 + 57}[place]
    assert np.abs(run(desk, 9000, blocks)).max() < 0.5e-6  # -126 dB
    desk.set("slow", "gain_db", -90)
    assert np.abs(run(desk, 9000, blocks, first=9000)).max() > 0.3


def test_the_reported_latency_is_the_real_one() -> None:
    desk = console(track("a", Tone(period=10000, level=0.5, latency=40)), track("b", Tone(level=0)), last=limited())
    assert int(np.argmax(np.abs(run(desk, 4000, (128,))[0]))) == desk.latency


def test_a_latency_that_grows_while_it_plays_is_made_up_for_without_a_click() -> None:
    late = Late(64)
    desk = console(track("slow", Tone(hz=300), Insert(late, unsettled=True)), track("quick", Tone(hz=300, level=-0.25)))
    assert desk.latency == 64
    assert np.abs(run(desk, 4096, (128,))[:, 64:]).max() < 1e-6
    late.latency = 5000
    moving = run(desk, 4096, (128,), first=4096)
    assert desk.latency == 5000 and desk.unaligned_frames == 0
    assert np.abs(np.diff(moving[:, 200:])).max() < 0.25 * (2 * np.pi * 300 / RATE + 1 / 200)
    assert np.abs(run(desk, 4096, (128,), first=8192)).max() < 1e-6
    late.latency = RATE
    run(desk, 512, first=12288)
    assert desk.unaligned_frames > RATE / 2


def test_a_key_is_aligned_with_what_it_acts_on() -> None:
    """Latency before the key's end, or before the effect, moves the dip nowhere."""
    def ducked(key_late: int, late: int) -> Audio:
        squash = Compressor({"threshold_db": -40, "ratio": 10, "attack_ms": 0.1, "release_ms": 50})
        desk = console(track("pad", Tone(), Insert(Late(late)), Insert(squash, key="kick")),
                       track("kick", Tone(period=9000, level=1.0), Insert(Late(key_late)), gain_db=-90))
        assert desk.latency == max(key_late, late) + squash.latency
        return run(desk, 20000, (128,))[:, desk.latency :][:, 1000:18000]

    plain = ducked(0, 0)
    assert plain.min() < 0.2 < plain.max()
    assert np.abs(ducked(500, 0) - plain).max() < 1e-6
    assert np.abs(ducked(0, 500) - plain).max() < 1e-6


@pytest.mark.parametrize("late", [0, 700])
def test_a_key_of_notes_dips_where_the_note_is_heard(late: int) -> None:
    duck = Ducker({"depth_db": 40, "attack_ms": 0.1, "hold_ms": 20, "release_ms": 5})
    desk = console(track("kick", Tone(level=0)), track("pad", Tone(), Insert(Late(late)), Insert(duck, key="kick")))
    x = run(desk, 9600, (128, 50), [[on(3000, 36)], []])[0]
    dip = np.flatnonzero(x[late + 10 :] < 0.2) + late + 10
    assert 3000 + desk.latency <= dip[0] <= 3010 + desk.latency
    assert abs(len(dip) - 960) < 250
    desk.process([[on(100, 36)], []], 128, Transport(9600))
    desk.reset()
    assert run(desk, 4800, (128,), first=9728)[0, late + 10 :].min() > 0.2


# -- bypass and faults ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", ["native", "hosted"])
def test_bypass_is_exact_late_and_without_a_step(effect: str) -> None:
    made: Any = Width({"width": 0.0}) if effect == "native" else Late(90, gain=0.1)
    made_name = "width" if effect == "native" else "plugin"
    tone = Tone(hz=200)
    desk = console(track(tone=tone, pan=-0.5) if effect == "native" else track(tone=tone), master=[Insert(made)])
    wet = run(desk, 4096, (128,))
    desk.set("master", f"{made_name}.bypass", 1)
    out = run(desk, 4096, (128,), first=4096)
    steepest = 0.36 * (2 * np.pi * 200 / RATE + 1 / 400)
    assert np.abs(np.diff(np.concatenate([wet[:, -1:], out], axis=1))).max() < steepest
    dry = run(console(track(tone=tone, pan=-0.5) if effect == "native" else track(tone=tone)), 8192, (128,))
    late = desk.latency
    assert out[:, 600:].tobytes() == dry[:, 4096 + 600 - late : 8192 - late].tobytes()
    desk.set("master", f"{made_name}.bypass", 0)
    back = run(desk, 4096, (128,), first=8192)
    assert np.abs(np.diff(np.concatenate([out[:, -1:], back], axis=1))).max() < steepest
    assert desk.get("master", f"{made_name}.bypass") == 0


@pytest.mark.parametrize("effect", ["native", "hosted"])
def test_a_bypass_that_is_called_off_at_once_changes_nothing(effect: str) -> None:
    made: Any = make_effect("limiter", {"ceiling_db": -24}) if effect == "native" else Late(500, gain=0.1)
    name = "limiter" if effect == "native" else "plugin"
    desk = console(track(tone=Tone(hz=200)), master=[Insert(made, bypass=True)])
    dry = run(desk, 4096, (128,))
    assert np.abs(dry).max() == 0.25
    desk.set("master", f"{name}.bypass", 0)
    still = run(desk, 64, (64,), first=4096)
    desk.set("master", f"{name}.bypass", 1)
    still = np.concatenate([still, run(desk, 4032, (128,), first=4160)], axis=1)
    plain = run(console(track(tone=Tone(hz=200))), 8192 - desk.latency, (128,))
    assert still.tobytes() == plain[:, 4096 - desk.latency :].tobytes()


def test_what_was_bypassed_comes_back_without_its_past() -> None:
    """A room full of sound, bypassed, comes back empty."""
    class Burst(Tone):
        def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
            out[:] = 0.5 if transport.frame < 4096 else 0.0

    desk = console(track(tone=Burst()), Channel("fx", "return"), master=[Insert(make_effect("delay"))])
    run(desk, 4096, (128,))
    desk.set("master", "delay.bypass", 1)
    assert not run(desk, 8192, (128,), first=4096)[:, 600:].any()
    desk.set("master", "delay.bypass", 0)
    assert np.abs(run(desk, RATE, (128,), first=12288)).max() < 1e-12


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e7])
@pytest.mark.parametrize("place", ["instrument", "effect"])
def test_a_fault_is_silenced_counted_reset_and_does_not_spread(value: float, place: str) -> None:
    class Bad(Tone):
        def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
            out[:] = value if place == "instrument" and transport.frame == 512 else 0.25

    class Poison(Late):
        def process(self, audio: AudioBlock, transport: Transport) -> None:
            if place == "effect" and transport.frame == 512:
                audio[1] = value

    poison, bad = Poison(0), Bad()
    desk = console(track("a", bad, Insert(poison), Insert(Width({"width": 0.5})), sends={"room": Send(-6)}), track("b"),
                   Channel("room", "return", inserts=[Insert(make_effect("reverb"))]), last=limited())
    x = run(desk, 8192)
    assert np.isfinite(x).all() and np.abs(x).max() <= 1
    assert desk.faults == 1 and (bad.resets, poison.resets) == ((1, 0) if place == "instrument" else (0, 1))
    assert np.abs(x[:, -512:]).max() > 0.2


def test_close_and_reset_reach_every_stage() -> None:
    late, tone = Late(0), Tone()
    desk = console(track("a", tone, Insert(late)))
    desk.reset()
    desk.close()
    assert tone.resets == late.resets == late.closed == 1


# -- meters and parameters --------------------------------------------------------------------------------------------


def test_levels_are_those_since_the_last_look() -> None:
    desk = console(track(gain_db=-6, output="band"), track("b", Tone(hz=100, level=0.5), pan=1),
                   Channel("band", "group"))
    run(desk, 4800)
    assert abs(desk.meter("a").peak[0] - 0.25 * 10 ** (-6 / 20)) < 1e-5
    left, right = desk.meter("b").peak
    assert left < 1e-6 and abs(right - 0.5 * 2**0.5) < 1e-4
    assert desk.mix_level().peak[1] > 0.5
    assert abs(desk.meter("band").rms[0] - 0.25 * 10 ** (-6 / 20)) < 1e-5
    assert desk.meter("a").peak == desk.meter("band").rms == desk.mix_level().peak == (0, 0)
    run(desk, 4800)
    assert abs(desk.meter("b").rms[1] - 0.5) < 1e-3


def test_every_parameter_is_listed_and_can_be_set_by_its_name() -> None:
    synth = make_instrument("piano")
    desk = console(track("a", synth, Insert(Width()), Insert(Width()), Insert(Width(), "wide"), sends={"fx": Send(-9)}),
                   Channel("fx", "return"), last=limited())
    listed = {(p.channel, p.stage, p.name): p for p in desk.parameters()}
    assert listed["a", "", "send.fx"].value == -9
    assert {("a", "width", "width"), ("a", "width2", "width"), ("a", "wide", "mono_below_hz"), ("a", "wide", "bypass"),
            ("master", "", "gain_db"), ("master", "limiter", "ceiling_db"), ("fx", "", "pan")} <= set(listed)
    for where, p in listed.items():
        path = ".".join(filter(None, where[1:]))
        low = p.rule.low if isinstance(p.rule, Parameter) else 0
        desk.set(p.channel, path, low)
        assert desk.get(p.channel, path) == low, where
    assert np.isfinite(run(desk, 4096)).all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_anything_may_be_turned_at_any_time(seed: int) -> None:
    """Random values of every parameter of a full console: finite, without faults, and below the ceiling."""
    rng = np.random.default_rng(seed)
    names = sorted(set(effect_names()) - {"duck"})
    chains = [[Insert(make_effect(str(n))) for n in rng.permutation(names)[:4]] for _ in range(3)]
    desk = console(
        track("a", Tone(seed=3, level=0.5), *chains[0], output="band"), track("b", Tone(hz=80), *chains[1]),
        Channel("band", "group", inserts=chains[2]), Channel("fx", "return", inserts=[Insert(make_effect("reverb"))]),
        last=limited())
    fixed = "oversampling"  # by its own word
    listed = [p for p in desk.parameters() if p.channel != "master" and p.name != fixed]
    top = 0.0
    for i in range(400):
        for k in rng.integers(0, len(listed), 3):
            p = listed[k]
            value = p.rule.at(float(rng.random())) if isinstance(p.rule, Parameter) else int(
                rng.integers(len(p.rule.words)))
            path = f"{p.stage}.{p.name}" if p.stage else p.name
            desk.set(p.channel, path, value, int(rng.integers(0, 3000)), delay_frames=int(rng.integers(0, 400)))
        out = desk.process([[], []], 500, Transport(500 * i, 0.02 * i, float(60 + i % 100), playing=bool(i & 64)))
        assert np.isfinite(out).all()
        top = max(top, float(np.abs(out).max()))
    assert desk.faults == 0 and 0.05 < top <= 10 ** (-1 / 20)


def test_a_trio_is_sane_and_does_not_depend_on_blocks() -> None:
    def desk() -> Console:
        room = Channel("room", "return", inserts=[Insert(make_effect("reverb", {"t60_s": 0.75, "mix": 1.0}))])
        tracks = [track(n, make_instrument(n), gain_db=placement(n).gain_db, pan=placement(n).pan,
                        sends={"room": Send(placement(n).send_db)}) for n in ("piano", "bass", "drums")]
        return console(*tracks, room, last=limited())

    beat = 24000
    piano = [on(int(b * beat), k, 70) for b in (0.0, 1.66, 3.0) for k in (52, 58, 62, 67)]
    piano += [off(int((b + 0.9) * beat), k) for b in (0.0, 1.66, 3.0) for k in (52, 58, 62, 67)]
    bass = [e for b, k in enumerate((36, 40, 43, 45)) for e in (on(b * beat, k, 85), off((b + 1) * beat - 900, k))]
    drums = [on(int(b * beat), 51, 80) for b in (0, 1, 1.66, 2, 3, 3.66)] + [on(b * beat, 44, 70) for b in (1, 3)]
    events = [sorted(piano), sorted(bass), sorted(drums)]
    whole = run(desk(), 4 * 24000, (4096,), events)
    assert np.abs(run(desk(), 4 * 24000, (128,), events) - whole).max() < 1e-6
    assert np.abs(run(desk(), 30000, (1, 3, 500, 33, 4096), events) - whole[:, :30000]).max() < 1e-6
    assert -20 < loudness(whole) < -12
    assert 20 * np.log10(true_peak(whole)) <= -1.0


def test_it_names_what_does_not_fit() -> None:
    with pytest.raises(InstrumentError, match=r"channel 'a': pan = 2 does not fit.*-1 to 1"):
        console(track(pan=2))
    desk = console(track("a", None, Insert(Width())))
    for path, words in [("gain_db", "channel 'a': gain_db = 99.*-90 to 24"), ("width.width", "width = 99.*0 to 2"),
                        ("eq.low_db", "'a' has no 'eq.low_db': choose from gain_db.*width"),
                        ("width.wide", "no parameter 'wide'"), ("width.bypass", "bypass = 99")]:
        with pytest.raises(InstrumentError, match=words):
            desk.set("a", path, 99)
    with pytest.raises(InstrumentError, match="no channel 'z': choose from a, master"):
        desk.set("z", "gain_db", 0)
    with pytest.raises(InstrumentError, match="5000 frames"):
        desk.process([[]], 5000, Transport())
    with pytest.raises(InstrumentError, match="2 event lists"):
        desk.process([[], []], 64, Transport())
