"""Plug-ins in sessions, through the whole console: instruments, side-chains, tempo, parameters, MIDI of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from oracle_plugin import oracle

from bridge.errors import InstrumentError
from bridge.rig import Rig, build_rig
from bridge.session import parse
from instruments.block import FrameEvent, Kind, Transport

pytestmark = [pytest.mark.peer("dpf-source"), pytest.mark.timeout(120)]

RATE, BLOCK = 48000, 256
HEAD = 'name = "T"\n[music]\ngenre = "jazz"\ntempo = 120\n'
ZAM_DELAY = Path("/usr/lib/vst3/ZamDelay.vst3")
Audio = NDArray[np.float32]


def track(name: str, more: str = "", part: str = "comp", instrument: str = "organ") -> str:
    return (f'[[tracks]]\nname = "{name}"\nparts = ["{part}"]\ninstrument = "{instrument}"\nsends = {{ room = -90 }}\n'
            f'{more}\n')


def rig_of(text: str, *, offline: bool = True) -> Rig:
    return build_rig(parse(HEAD + text, "t.toml"), RATE, BLOCK, offline=offline)


def note(at: int, until: int, key: int = 69) -> list[tuple[int, FrameEvent]]:
    return [(at, FrameEvent(0, Kind.ON, 0, key, 100.0)), (until, FrameEvent(0, Kind.OFF, 0, key, 64.0))]


def play(rig: Rig, frames: int, *strips: list[tuple[int, FrameEvent]], bpm: Callable[[float], float] = lambda _: 120.0,
         first: int = 0, sleep: bool = False) -> tuple[Audio, list[tuple[int, int, FrameEvent]]]:
    """The mix from the frame on at which the first event is heard, and all MIDI of plug-ins: (frame, track, event)."""
    blocks, midi, beat = [], [], 0.0
    for frame in range(first, first + frames, BLOCK):
        due = [[e._replace(offset=at - frame) for at, e in strip if frame <= at < frame + BLOCK] for strip in strips]
        due += [[]] * (len(rig.tracks) - len(due))
        tempo = bpm((frame - first) / RATE)
        blocks.append(rig.process(due, BLOCK, Transport(frame, beat, tempo, playing=True)).copy())
        midi += [(frame + e.offset - rig.latency, t, e) for t, e in rig.midi_out]
        beat += BLOCK / RATE * tempo / 60
        if sleep:
            time.sleep(BLOCK / RATE)
    return np.concatenate(blocks, axis=1)[:, rig.latency:], midi


def level(audio: Audio, start: int, stop: int) -> float:
    return float(np.sqrt(np.mean(audio[:, start:stop].astype(np.float64) ** 2)))


def test_a_track_is_played_by_its_plug_in_to_the_frame_through_fader_and_path() -> None:
    text = track("lead", f'plugin = {{ name = "{oracle("synth")}", params = {{ gain = "-6 dB" }} }}')
    with closing(rig_of(text)) as rig:
        infos = {info.path: info for info in rig.listed()}
        assert infos["track.lead.synth.gain"].unit == "dB" and infos["track.lead.synth.gain"].low == -60
        assert infos["track.lead.synth.gain"].value == pytest.approx(-6, abs=0.05)
        assert "Arpeggio" in infos["track.lead.synth.mode"].words
        audio, _ = play(rig, RATE, note(4800, 28800))
        loud = np.nonzero(np.abs(audio[0]) > 1e-4)[0]
        assert abs(loud[0] - 4800) < 40 and abs(loud[-1] - 28800) < 200
        spectrum = np.abs(np.fft.rfft(audio[0, 9600:24000] * np.hanning(14400)))
        assert np.argmax(spectrum) * RATE / 14400 == pytest.approx(440, abs=4)
        before = level(audio, 9600, 24000)
        rig.turn("track.lead.synth.gain", -26.0)
        audio, _ = play(rig, RATE, note(RATE + 4800, RATE + 28800), first=RATE)
        shown = next(i.value for i in rig.listed() if i.path == "track.lead.synth.gain")
        assert shown == pytest.approx(-26, abs=0.1)
        after = level(audio, 9600 - rig.latency, 24000 - rig.latency)
        assert 20 * np.log10(after / before) == pytest.approx(-20, abs=0.5)


def test_a_word_that_no_parameter_has_is_refused_with_what_is_near() -> None:
    with closing(rig_of(track("lead", f'plugin = "{oracle("synth")}"'))) as rig, \
            pytest.raises(InstrumentError, match=r"track\.lead\.synth\.gian.*did you mean.*gain"):
        rig.turn("track.lead.synth.gian", 0.0)


def test_a_plug_in_hears_another_track_as_its_side_chain() -> None:
    """The oracle multiplies by 1 - |side-chain|. (DPF's VST3 never sees its second bus through JUCE; its LV2 does.)"""
    text = track("lead", f'effects = [{{ plugin = "{oracle("effect", "LV2")}", key = "kick", host = "minihost" }}]')
    text += track("kick", "gain_db = -90", part="drums", instrument="jazz-kit")
    with closing(rig_of(text)) as keyed, closing(rig_of(text.replace(', key = "kick"', ""))) as bare:
        notes, hit = note(0, 2 * RATE), note(RATE, RATE + 100, 36)
        with_key, _ = play(keyed, 2 * RATE, notes, hit)
        without, _ = play(bare, 2 * RATE, notes, hit)
    assert np.abs(with_key[:, : RATE - 64] - without[:, : RATE - 64]).max() < 1e-4
    after = slice(RATE, RATE + 2400)
    assert np.abs(with_key[:, after] - without[:, after]).max() > 0.002
    assert level(with_key, RATE, RATE + 2400) < level(without, RATE, RATE + 2400)


def test_latencies_of_plug_ins_are_made_up_for() -> None:
    text = track("a", f'plugin = {{ name = "{oracle("synth")}", params = {{ delay = 1000 }} }}')
    text += track("b", f'plugin = "{oracle("synth")}"')
    with closing(rig_of(text)) as rig:
        both, _ = play(rig, RATE, note(4800, 14400), note(4800, 14400))
        loud = np.nonzero(np.abs(both[0]) > 1e-4)[0]
    assert abs(loud[0] - 4800) < 40 and abs(loud[-1] - 14400) < 200


def test_what_a_plug_in_plays_itself_is_in_time_with_its_sound() -> None:
    text = track("arp", f'plugin = {{ name = "{oracle("synth")}", host = "minihost", params = {{ mode = "Echo" }} }}')
    text += track("late", f'plugin = {{ name = "{oracle("synth")}", params = {{ delay = 900 }} }}')
    with closing(rig_of(text)) as rig:
        _, midi = play(rig, RATE, note(4800, 14400, 60))
        if not any(e.kind is Kind.ON for _, _, e in midi):
            pytest.skip("this host hands on no MIDI of a plug-in of this format")
    ons = [(frame, t) for frame, t, e in midi if e.kind is Kind.ON]
    assert ons[0][1] == 0 and abs(ons[0][0] - 4800) <= 128


@pytest.mark.skipif(not ZAM_DELAY.exists(), reason="apt-get install zam-plugins")
@pytest.mark.parametrize("how", ["playhead", "sync"])
def test_a_tempo_synced_delay_echoes_on_the_beat_at_any_tempo(how: str) -> None:
    """By the host's playhead, or by turning the plug-in's own time."""
    params = '"Sync BPM" = true, divisor = 3' if how == "playhead" else "feedback = 0"
    more = 'host = "minihost"' if how == "playhead" else 'host = "pedalboard", sync = { time = "1/4" }'
    text = track("hit", f'effects = [{{ plugin = "{ZAM_DELAY}", {more}, params = {{ {params} }} }}]', part="drums",
                 instrument="jazz-kit")
    measured = {}
    for bpm in (60.0, 120.0, 240.0):
        with closing(rig_of(text)) as rig:
            play(rig, RATE, bpm=lambda _, bpm=bpm: bpm)
            audio, _ = play(rig, 2 * RATE, note(RATE + 4800, RATE + 4900, 37), bpm=lambda _, bpm=bpm: bpm, first=RATE)
        flow = np.abs(audio[0]) + np.abs(audio[1])
        hit = 4800 - rig.latency
        lag = np.correlate(flow[hit + 3000 :], flow[hit : hit + 2000], "valid").argmax() + 3000
        measured[bpm] = lag / RATE * bpm / 60
    beats = measured[120.0]
    assert beats == pytest.approx(1.0 if how == "sync" else round(beats * 8) / 8, abs=0.02)
    assert measured == pytest.approx(dict.fromkeys(measured, beats), abs=0.02)


def test_live_the_native_instrument_plays_until_the_plug_in_is_there_and_again_when_it_dies() -> None:
    """Heard by the pitch: the oracle's sine is an octave below what the organ's ranks add up to."""
    text = track("lead", f'plugin = "{oracle("synth")}"')
    with closing(rig_of(text, offline=False)) as rig:
        deadline = time.monotonic() + 30
        frame = 0
        while rig.loading and time.monotonic() < deadline:
            play(rig, 2400, note(frame, frame + 1200), first=frame, sleep=True)
            frame += 2560
        assert not rig.loading and rig.plugin_infos()[0].state == "ok"
        assert rig.plugin_infos()[0].host and rig.plugin_infos()[0].format == "VST3"
        assert any(info.path == "track.lead.synth.gain" for info in rig.listed())
        audio, _ = play(rig, 3 * RATE, note(frame + 2 * RATE, frame + 3 * RATE), first=frame, sleep=True)
        frame += 3 * RATE
        assert level(audio, 2 * RATE + 4800, 3 * RATE - rig.latency - BLOCK) > 0.005
        rig.turn("track.lead.synth.mode", float(rig.plugins[0].rules["mode"].words.index("Crash")))  # type: ignore[union-attr]
        audio, _ = play(rig, RATE, note(frame, frame + RATE), first=frame, sleep=True)
        windows = [level(audio, at, at + 2400) for at in range(4800, RATE - 4800, 2400)]
        assert min(windows) > 1e-3, f"silent for 50 ms: {windows}"
        assert rig.plugin_status()[0]["crashes"] >= 1


def test_an_engine_that_takes_over_is_given_what_the_plug_ins_kept() -> None:
    """Also where the session's own file says otherwise: what has happened since goes first."""
    text = track("lead", f'plugin = {{ name = "{oracle("synth")}", params = {{ gain = -3 }} }}\n'
                         f'effects = [{{ effect = "eq" }}, {{ plugin = "{oracle("effect")}" }}]')
    with closing(rig_of(text)) as first:
        before = first.plugin_states()
        first.turn("track.lead.synth.gain", -21.0)
        play(first, 4800, note(0, 2400))
        for plugin in first.places.values():
            plugin.take_state()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and (
                len(states := first.plugin_states()) < 2 or states["lead/synth"] == before.get("lead/synth")):
            play(first, 4800)
    assert set(states) == {"lead/synth", "lead/1"}
    with closing(build_rig(parse(HEAD + text, "t.toml"), RATE, BLOCK, offline=True, states=states)) as second:
        values = {info.path: info.value for info in second.listed()}
        assert values["track.lead.synth.gain"] == pytest.approx(-21, abs=0.1)
