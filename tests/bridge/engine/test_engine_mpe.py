"""MPE on a whole engine: what a keyboard that speaks it says reaches instrument and port, each in the form it takes."""

from __future__ import annotations

import math
import tomllib
from typing import Any

import msgspec
import numpy as np
import pytest
from engine_stage import METER, RATE, FakeRig, Stage
from mpe_reference import Receiver

from bridge.assembly import made_engine, prepared_rig
from bridge.driver import Block, MidiIn
from bridge.engine.clip_bytes import Bar
from bridge.engine.engine import Engine, Inputs
from bridge.engine.inbox import Halt, Play
from bridge.engine_link import Setup
from bridge.inputs.route import InputRoute, Place, ZoneRoute
from bridge.mpe import Zone, configuration
from bridge.port_plan import plan_ports
from bridge.routes import Route
from bridge.session import Session
from composers.score import Clip, Control, Note
from instruments.block import FrameEvent, Kind

CHANNELS = (15, 14, 13, 12, 11, 10, 8)
LINEAR = tuple(float(v) for v in range(128))
BENT = (b"\xe1\x00\x50", b"\xb1\x4a\x64", b"\xd1\x20", b"\x91\x3c\x50")
"""A note 12 semitones over its key, bright and pressed."""


def stage(route: Route, **place: Any) -> Stage:
    made = Place(0, 0 if route.hosted else 15, shared=route.hosted, **place)
    keys = InputRoute("keys", (ZoneRoute(made, None, tuple(range(128)), LINEAR),), "lower", CHANNELS)
    return Stage(engine=Engine(FakeRig(), [route], RATE, 120.0, METER, played=[keys]))


def told(s: Stage) -> list[FrameEvent]:
    rig = s.engine._rig
    assert isinstance(rig, FakeRig)
    return [event for _, event in rig.events]


def play(s: Stage, *messages: bytes) -> None:
    for message in messages:
        s.send(s.frame + 5, message, "keys")
    s.step()


def test_an_instrument_of_ours_has_each_note_by_itself_and_a_port_with_one_channel_the_last() -> None:
    s = stage(Route(0), by_note=True)
    play(s, *BENT, b"\x92\x40\x40")
    ons = [event for event in told(s) if event.kind is Kind.ON]
    assert [(event.channel, event.number) for event in ons] == [(15, 60), (14, 64)]
    bends = {event.channel: event.value for event in told(s) if event.kind is Kind.BEND}
    assert bends == {15: 0.25, 14: 0.0}
    assert {m.data[0] & 15 for _, m in s.midi} == {0}
    sent = [m.data for _, m in s.midi]
    assert [data for data in sent if data[0] == 0x90] == [b"\x90\x48\x50", b"\x90\x40\x40"], "an octave is another key"


def test_a_port_that_speaks_mpe_gets_what_the_keyboard_says() -> None:
    s, direct, through = stage(Route(0, mpe=Zone("upper", 5))), Receiver(), Receiver()
    direct.feed(bytes((0xB0, *row)) for row in configuration(Zone("lower")))
    messages = (*BENT, b"\xe2\x11\x33", b"\x92\x40\x40", b"\xd2\x55", b"\xe1\x00\x20", b"\xe0\x00\x48", b"\x81\x3c\x22")
    for message in messages:
        direct.feed([message])
        play(s, message)
    through.feed(m.data for _, m in s.midi)
    assert through.releases == direct.releases == [(60, 0x22)]
    (wanted,), (heard,) = direct.sounding(), through.sounding()
    assert heard[:2] == wanted[:2] and heard[3:] == wanted[3:]
    assert heard.pitch == pytest.approx(wanted.pitch, abs=0.006)


def test_what_is_played_is_told_as_one_channel_has_it() -> None:
    s = stage(Route(0), by_note=True)
    out = s.engine.step(Inputs(Block(0, 0, 128, [MidiIn(0, "keys", b"".join((*BENT, b"\x81\x3c\x40")))])))
    assert [p.data for p in out.played if p.data[0] >> 4 in (8, 9)] == [b"\x90\x48\x50", b"\x80\x48\x40"]
    assert len({p.data[0] & 15 for p in out.played}) == 1


@pytest.mark.parametrize("mpe", [None, Zone("lower", 6)])
def test_a_stop_of_the_music_leaves_a_players_note_bent(mpe: Zone | None) -> None:
    s = stage(Route(0, mpe=mpe), by_note=True)
    s.run(0.3, Play())
    play(s, b"\xe1\x00\x42", b"\x91\x3c\x50")
    s.step(Halt())
    s.run(0.1)
    receiver = Receiver()
    receiver.feed(m.data for _, m in s.midi)
    assert [note[1] for note in receiver.notes] == [60]
    bend = receiver.pitch(*receiver.notes[0][:2]) - 60
    assert bend == pytest.approx(1.5, abs=0.006)


def quarter_tones(bar: int, epoch: int) -> Bar:
    start = bar * METER.bar_ticks
    notes = [Note(start, 900, 60, 90.0, 0, 50.0), Note(start + 960, 900, 64, 90.0)]
    return Bar(epoch, bar, (Clip.of(METER.bar(bar), notes, [Control(start + 300, "bend", 0, 0.25)]),))


@pytest.mark.parametrize("mpe", [None, Zone("lower", 6)])
def test_a_plug_in_which_knows_no_cents_gets_bends(mpe: Zone | None) -> None:
    s = stage(Route(0, channel=6, mpe=None, hosted=True) if mpe is None else Route(0, mpe=mpe, hosted=True),
              by_note=mpe is not None)
    s.composed = quarter_tones
    s.run(0.4, Play())
    receiver = Receiver()
    receiver.feed(event.to_midi() for event in told(s))
    assert not any(event.cents for event in told(s))
    (note,) = receiver.sounding()
    assert note.key == 60 and note.pitch == pytest.approx(61.0, abs=0.006), "a quarter tone, and the composer's bend"
    assert {event.channel for event in told(s) if event.kind is Kind.ON} == ({0} if mpe is None else {1})
    s.run(0.4)
    s.step(Halt())
    s.run(0.05)
    last = Receiver()
    last.feed(event.to_midi() for event in told(s))
    assert not last.notes


SESSION = msgspec.convert(tomllib.loads("""
name = "expressive"
returns = []
[outputs]
midi = false
[[tracks]]
name = "keys"
parts = ["comp"]
instrument = "square-lead"
[[input]]
name = "seaboard"
mpe = "auto"
to = ["keys"]
"""), Session)


def test_our_synth_plays_two_notes_at_pitches_of_their_own() -> None:
    """Heard: a minor sixth of a quarter tone less, from a keyboard that sets its zone up itself."""
    setup = Setup(SESSION)
    rig = prepared_rig(setup, RATE, 256)
    plan = plan_ports(SESSION)
    assert plan.played[0].zones[0].place.by_note
    engine = made_engine(setup, rig, plan, RATE)
    zone = [bytes((0xB0, *row)) for row in configuration(Zone("lower", 10))]
    bend = round(8192 + 8192 * 7.5 / 48)
    start = [*zone, b"\xe1\x00\x40\x91\x45\x60", bytes((0xE2, bend & 127, bend >> 7)), b"\x92\x45\x60"]
    heard = []
    for i in range(200):
        midi = [MidiIn(0, "seaboard", message) for message in start] if i == 0 else []
        heard.append(engine.step(Inputs(Block(i * 256, i * 256 * 1_000_000_000 // RATE, 256, midi))).audio[0].copy())
    sound = np.concatenate(heard)[8192 : 8192 + 32768]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))
    hz = np.fft.rfftfreq(sound.size, 1 / RATE)
    rig.close()

    def loudest(low: float, high: float) -> float:
        inside = (hz > low) & (hz < high)
        return float(hz[inside][np.argmax(spectrum[inside])])

    for semitones in (0.0, 7.5):
        wanted = 440 * 2 ** (semitones / 12)
        assert 1200 * abs(math.log2(loudest(wanted * 0.97, wanted * 1.03) / wanted)) < 12
