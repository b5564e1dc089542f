"""What is played reaches the plug-in on its frame, in every kind, and automation at the start of its block."""

from __future__ import annotations

import numpy as np
import pytest
from hosting import Told, every_host, load, note, oracle_synth, play, prepared, sounding, traits
from oracle_plugin import oracle

from instruments.block import FrameEvent, Kind

pytestmark = pytest.mark.peer("dpf-source")
FRAMES = 128
TOTAL = 40 * FRAMES


@every_host
@pytest.mark.parametrize("seed", range(3))
def test_every_kind_on_its_frame(host: str, format_name: str, seed: int, told: Told) -> None:
    random = np.random.default_rng(seed)
    places = np.sort(random.choice(np.arange(1, TOTAL - 1), 24, replace=False))
    kinds = random.permutation([Kind.ON, Kind.CC, Kind.BEND, Kind.PRESSURE, Kind.PROGRAM, Kind.OFF] * 4)
    events = [FrameEvent(int(at), Kind(kind), 2, *VALUES[Kind(kind)]) for at, kind in zip(places, kinds, strict=True)]
    synth = prepared(host, oracle("synth", format_name))
    start = told.forget()
    play(synth, TOTAL, events)
    arrives = [e for e in events if e.kind != Kind.PROGRAM or format_name in traits(host).programs]
    heard = told.midi()
    assert [at - start for at, *_ in heard] == [e.offset for e in arrives]
    for (_, status, data1, data2), event in zip(heard, arrives, strict=True):
        wanted = event.to_midi()
        assert status == wanted[0]
        # VST3 carries controllers as fractions, and DPF cuts them off where it should round.
        within = 1 if format_name == "VST3" and event.kind in (Kind.CC, Kind.PRESSURE) else 0
        assert all(abs(a - b) <= within for a, b in zip((data1, data2), wanted[1:], strict=False))


VALUES = {
    Kind.ON: (60, 100.0), Kind.OFF: (60, 64.0), Kind.CC: (11, 70.0), Kind.BEND: (0, -0.5), Kind.PRESSURE: (0, 33.0),
    Kind.PROGRAM: (0, 5.0),
}


@every_host
def test_they_sound_from_their_frame(host: str, format_name: str) -> None:
    events = [
        *note(100, 4000), FrameEvent(1003, Kind.BEND, 0, 0, 0.25), FrameEvent(2111, Kind.CC, 0, 11, 0.0),
        FrameEvent(2500, Kind.CC, 0, 11, 127.0), FrameEvent(3001, Kind.PRESSURE, 0, 0, 127.0),
    ]
    played = play(prepared(host, oracle("synth", format_name)), TOTAL, events).audio
    wanted = oracle_synth(TOTAL, events)
    # DPF makes 127 of pressure 1.0 and 126 of less, for rounding.
    assert np.abs(played - wanted).max() <= 2e-7
    assert sounding(played) == sounding(wanted)


@every_host
def test_many_in_one_block(host: str, format_name: str, told: Told) -> None:
    """64 notes on 64 frames of one block, and their ends on the others."""
    events = sorted(e for i in range(64) for e in note(2 * i, 2 * i + 1, 30 + i))
    synth = prepared(host, oracle("synth", format_name))
    start = told.forget()
    play(synth, FRAMES, events)
    assert [(at - start, status & 0xF0, key) for at, status, key, _ in told.midi()] == [
        (e.offset, e.to_midi()[0] & 0xF0, e.number) for e in events
    ]


@every_host
def test_automation_holds_from_the_block_on(host: str, format_name: str) -> None:
    synth = prepared(host, oracle("synth", format_name))
    index, low = synth.raw_of("Gain", -40.0)
    _, high = synth.raw_of("Gain", 0.0)
    loud = play(synth, 2 * FRAMES, note(0, 10**6)).audio
    synth.set_raw(index, low)
    soft = play(synth, 2 * FRAMES).audio
    synth.set_raw(index, high)
    again = play(synth, 2 * FRAMES).audio
    assert np.abs(loud).max() > 0.07
    assert np.abs(soft).max() == pytest.approx(np.abs(loud).max() / 100, rel=0.05)
    assert np.abs(again).max() == pytest.approx(np.abs(loud).max(), rel=0.05)


@every_host
def test_a_glide_in_small_steps_is_heard_in_steps(host: str, format_name: str) -> None:
    """Automation as the process does it: a raw value per block, each heard with the very next block."""
    synth = prepared(host, oracle("effect", format_name))
    index, _ = synth.raw_of("Gain", 0.0)
    ones = np.ones((2, FRAMES), np.float32)
    heard = []
    for decibels in (0.0, -6.0, -12.0, -18.0):
        synth.set_raw(index, (decibels + 60.0) / 72.0)
        heard.append(float(play(synth, FRAMES, audio=ones).audio[0, -1]))
    assert heard == pytest.approx([10 ** (d / 20) for d in (0.0, -6.0, -12.0, -18.0)], rel=1e-4)


@every_host
def test_reset_ends_notes_and_sound(host: str, format_name: str) -> None:
    synth = prepared(host, oracle("synth", format_name), Delay=500)
    play(synth, 10 * FRAMES, [FrameEvent(5, Kind.ON, c, 60, 100.0) for c in range(16)])
    synth.reset()
    assert np.abs(play(synth, 10 * FRAMES).audio).max() == 0.0
    assert np.abs(play(synth, 10 * FRAMES, note(5, 900)).audio).max() > 0.05, "and it plays on"


@every_host
def test_it_is_an_instrument_or_an_effect(host: str, format_name: str) -> None:
    assert load(host, oracle("synth", format_name)).is_instrument
    assert not load(host, oracle("effect", format_name)).is_instrument
