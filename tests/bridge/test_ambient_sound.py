"""Ambient as it sounds: modes in tune in the rendered audio and over MIDI, a spectrum that moves slowly."""

from __future__ import annotations

import math
from pathlib import Path

import mido
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.engine.bends import bent_clip
from bridge.engine.channel_bends import ChannelBends
from bridge.offline import clips_of, render, sent_piece
from bridge.routes import Route
from bridge.session import Session, check, load
from composers.score import PPQ, Clip, Note
from composers.theory.modes import find_mode
from instruments.block import FrameEvent, Kind

TEMPO = 60.0


def session(mode: str, part: str, instrument: str, *, bars: int, key: str = "D", style: str = "world", seed: int = 3,
            effects: tuple[str, ...] = (), **track: object) -> Session:  # fmt: skip
    """One track, dry."""
    data = {
        "name": "one", "returns": [], "master": {"gain_db": 0.0}, "sample_rate": 24_000,
        "music": {"genre": "ambient", "style": style, "key": key, "mode": mode, "tempo": TEMPO, "seed": seed,
                  "bars": bars, "form": "arc"},
        "tracks": [{"name": "one", "parts": [part], "instrument": instrument,
                    "effects": [{"effect": name} for name in effects], **track}],
    }  # fmt: skip
    made = msgspec.convert(data, Session)
    check(made, "test")
    return made


def audio_of(made: Session) -> NDArray[np.float64]:
    blocks = [piece.audio.copy() for piece in render(made, 512)]
    return np.concatenate(blocks, axis=1).mean(axis=0).astype(np.float64)


def pitch_hz(audio: NDArray[np.float64], rate: int, near: float) -> float:
    """Frequency of the strongest partial within a semitone of `near`, by a parabola through a padded spectrum's top."""
    windowed = audio * np.hanning(len(audio))
    size = 1 << math.ceil(math.log2(len(audio) * 8))
    power = np.log(np.abs(np.fft.rfft(windowed, size)) + 1e-12)
    low, high = (round(near * 2 ** (side / 12) * size / rate) for side in (-1, 1))
    top = low + int(np.argmax(power[low : high + 1]))
    a, b, c = power[top - 1 : top + 2]
    return float((top + 0.5 * (a - c) / (a - 2 * b + c)) * rate / size)


@pytest.mark.parametrize(("mode", "key"), [("bayati", "D"), ("hijaz", "A"), ("slendro", "E")])
def test_what_is_rendered_is_in_tune_with_the_mode(mode: str, key: str) -> None:
    """Every long enough note of a melody within 2 cents of its mode; equal temperament would fail by up to 50."""
    made = session(mode, "melody", "acoustic-piano", bars=20, key=key)
    rate = made.sample_rate
    audio, played = audio_of(made), find_mode(mode)
    tonic = {"D": 2, "A": 9, "E": 4}[key]
    off, tempered, keys = [], [], set()
    for n in clips_of(made, 20)["one"].notes:
        seconds = n.length * 60 / TEMPO / PPQ
        if seconds < 0.7:
            continue
        start = n.start * 60 / TEMPO / PPQ
        degree = n.pitch - (60 + (tonic + 5) % 12 - 5)
        wanted = 440 * 2 ** ((60 + (tonic + 5) % 12 - 5 + played.height(degree) / 100 - 69) / 12)
        found = pitch_hz(audio[round((start + 0.15) * rate) : round((start + seconds - 0.08) * rate)], rate, wanted)
        off.append(1200 * math.log2(found / wanted))
        tempered.append(1200 * math.log2(found / (440 * 2 ** ((n.pitch - 69) / 12))))
        keys.add(degree % 12)
    assert len(off) >= 10 and len(keys) >= 4 and any(played.cents[k] for k in keys), (len(off), keys)
    assert max(map(abs, off)) <= 2.0, off
    assert max(map(abs, tempered)) > 10.0


def sounding_cents(clip: Clip, bend_range: float) -> list[tuple[int, float]]:
    """(tick, cents above key 0) of each note as a receiver with that bend range plays it."""
    bends = sorted((c.tick, c.channel, c.value) for c in clip.controls if c.kind == "bend")
    found = []
    for n in clip.notes:
        value = next((v for tick, channel, v in reversed(bends) if tick <= n.start and channel == n.channel), 0.0)
        found.append((n.start, 100 * (n.pitch + bend_range * value)))
    return sorted(found)


@pytest.mark.parametrize("mode", ["rast", "todi", "pelog", "slendro-kanyutmesem", "just-lydian"])
def test_a_melody_is_in_tune_over_midi(mode: str) -> None:
    """One voice on one channel: each note within a bend's step (0.03 cents), whatever the receiver's range."""
    clip = clips_of(session(mode, "melody", "flute", bars=32), 32)["one"]
    plain = Clip.of(clip.span, clip.notes)  # without the line's own slides
    wanted = sorted((n.start, 100 * n.pitch + n.cents) for n in clip.notes)
    assert all(b.start >= a.end for a, b in zip(clip.notes, clip.notes[1:], strict=False)), "one voice"
    for bend_range in (2.0, 12.0):
        found = sounding_cents(bent_clip(plain, Route(0, bend_range=bend_range)), bend_range)
        assert [tick for tick, _ in found] == [tick for tick, _ in wanted]
        assert max(abs(a - b) for (_, a), (_, b) in zip(found, wanted, strict=True)) <= 100 * bend_range / 8192


def clashes(clip: Clip, route: Route) -> int:
    bends = ChannelBends(route)
    events = [FrameEvent(n.start, Kind.ON, n.channel, n.pitch, n.velocity, n.cents) for n in clip.notes]
    events += [FrameEvent(n.end, Kind.OFF, n.channel, n.pitch, 64.0) for n in clip.notes]
    for event in sorted(events, key=lambda e: (e.offset, e.kind != Kind.OFF)):
        bends.apply(event)
    return bends.clashes


def test_chords_are_in_tune_over_midi_where_they_have_channels() -> None:
    """A just pad on one channel is out of tune, and that is counted; with `bend_channels` it is in tune."""
    clip = clips_of(session("just-major", "pad", "pad", bars=48, style="pads"), 48)["one"]
    notes = Clip.of(clip.span, clip.notes)
    assert clashes(notes, Route(0)) > 0
    assert clashes(notes, Route(0, bend_channels=(1, 2, 3, 4, 5, 6))) == 0
    drone = clips_of(session("rast", "bass", "deep-drone", bars=48), 48)["one"]
    assert clashes(Clip.of(drone.span, drone.notes), Route(0)) == 0, "tonic and fifth of the notation: no bends at all"


def test_a_midi_file_has_the_quarter_tones(tmp_path: Path) -> None:
    made = session("rast", "melody", "flute", bars=24)
    path = tmp_path / "rast.mid"
    sent_piece(made, 24).save(path)
    bend, heard = 0, []
    for message in mido.MidiFile(path):
        if message.type == "pitchwheel":
            bend = message.pitch
        elif message.type == "note_on" and message.velocity:
            heard.append(100 * message.note + 200 * bend / 8192)
    wanted = [100 * n.pitch + n.cents for n in clips_of(made, 24)["one"].notes]
    assert len(heard) == len(wanted) and any(c % 100 == 50 for c in wanted)
    straight = [abs(a - b) for a, b in zip(heard, wanted, strict=True)]
    assert sum(d <= 0.05 for d in straight) >= 0.6 * len(straight), "the others begin with a slide"


def centroids(audio: NDArray[np.float64], rate: int, seconds: float = 2.0) -> NDArray[np.float64]:
    """Spectral centroid in Hz of each stretch that is loud enough, on a scale of octaves' powers."""
    size = round(seconds * rate)
    hz = np.fft.rfftfreq(size, 1 / rate)
    rows = []
    for first in range(0, len(audio) - size, size):
        power = np.abs(np.fft.rfft(audio[first : first + size] * np.hanning(size))) ** 2
        if power.sum() > 1e-3:
            rows.append((hz * power).sum() / power.sum())
    return np.array(rows)


def test_the_spectrum_moves_slowly_and_far() -> None:
    """Of an evolving pad behind its filter: half of the steps from two seconds to the next below 15 %, a quarter over
    the whole; each stretch is like the one before and less like one drawn at random."""
    made = session("lydian", "pad", "evolving-pad", bars=14, style="pads", effects=("filter",))
    rows = np.log2(centroids(audio_of(made), made.sample_rate)[4:])
    assert len(rows) >= 20
    steps = np.abs(np.diff(rows))
    shuffled = np.abs(np.diff(np.random.default_rng(1).permutation(rows)))
    assert np.median(steps) <= math.log2(1.15)
    assert rows.max() - rows.min() >= math.log2(1.25)
    assert steps.mean() < 0.75 * shuffled.mean()


@pytest.mark.parametrize("name", ["ambient-drift", "ambient-maqam", "ambient-kyoto"])
def test_the_sessions_are_ambient(name: str) -> None:
    """Few onsets, every track plays, the mode's cents are there."""
    made = load(name)
    clips = clips_of(made, 48)
    minutes = 48 * 4 / made.music.tempo
    for track, clip in clips.items():
        assert 0.5 <= len(clip.notes) / minutes <= 24.0, (track, len(clip.notes) / minutes)
    tuned = {n.cents for clip in clips.values() for n in clip.notes}
    assert (tuned == {0.0}) == (made.music.mode == "lydian")
    found: list[Note] = [n for clip in clips.values() for n in clip.notes]
    assert len(found) / minutes <= 75
