"""The mixer: pan law, gain, mute, solo, ramps, alignment, filter, limiter, meters, and blocks that do not matter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from oracles import RATE, Audio, due, loudness, off, on, true_peak

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Transport
from instruments.chain import Chain
from instruments.mixer import Mixer, Strip
from instruments.patch import make_instrument, placement


class Tone:
    """A steady value, sine or impulse train; late by `latency` frames."""

    tail = 0

    def __init__(self, hz: float = 0.0, level: float = 0.25, latency: int = 0, period: int = 0) -> None:
        self.hz, self.level, self.latency, self.period = hz, level, latency, period

    def prepare(self, rate: int, max_frames: int) -> None:
        pass

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        n = transport.frame + np.arange(out.shape[1]) - self.latency
        if self.period:
            out[:] = self.level * ((n >= 0) & (n % self.period == 0))
        else:
            out[:] = self.level * np.cos(2 * np.pi * self.hz * n / RATE)

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


def _mixer(strips: Sequence[Strip], limiter: bool = False, frames: int = 4096) -> Mixer:
    mixer = Mixer(strips, RATE, frames, limiter=limiter)
    mixer.prepare()
    return mixer


def _strip(name: str = "a", tone: Tone | None = None, **more: float | bool) -> Strip:
    return Strip(name, Chain(tone or Tone()), **{"send_db": -90.0, **more})  # type: ignore[arg-type]


def _run(
    mixer: Mixer, frames: int, blocks: Sequence[int] = (512,), events: Sequence[Sequence[FrameEvent]] | None = None,
    first: int = 0,
) -> Audio:
    out = np.zeros((2, frames), np.float32)
    at = turn = 0
    lists = events or [[] for _ in mixer.strips]
    while at < frames:
        n = min(blocks[turn % len(blocks)], frames - at)
        out[:, at : at + n] = mixer.process([due(e, at, at + n) for e in lists], n, Transport(frame=first + at))
        at, turn = at + n, turn + 1
    return out


@pytest.mark.parametrize("pan", [-1, -0.5, 0, 0.3, 1])
def test_pan_keeps_power(pan: float) -> None:
    out = _run(_mixer([_strip(pan=pan)]), 512)[:, -1]
    assert abs((out**2).sum() / 0.25**2 - 2) < 1e-5
    if pan == 0:
        assert out[0] == out[1] == 0.25
    if abs(pan) == 1:
        assert abs(out[0 if pan > 0 else 1]) < 1e-6


def test_gain_is_in_decibels() -> None:
    assert abs(_run(_mixer([_strip(gain_db=-6)]), 64)[0, -1] / 0.25 - 10 ** (-6 / 20)) < 1e-6
    mixer = _mixer([_strip()])
    mixer.set_master_gain_db(-20)
    assert abs(_run(mixer, RATE)[0, -1] / 0.25 - 0.1) < 1e-5


def test_mute_and_solo() -> None:
    mixer = _mixer([_strip("a", Tone(level=0.25)), _strip("b", Tone(level=0.5)), _strip("c", Tone(level=0.125))])
    mixer.set_mute(1, True)
    assert abs(_run(mixer, RATE)[0, -1] - 0.375) < 1e-5
    mixer.set_mute(1, False)
    mixer.set_solo(2, True)
    assert abs(_run(mixer, RATE)[0, -1] - 0.125) < 1e-5
    mixer.set_solo(2, False)
    assert abs(_run(mixer, RATE)[0, -1] - 0.875) < 1e-5


@pytest.mark.parametrize("change", ["gain", "pan", "mute", "master"])
def test_changes_glide(change: str) -> None:
    mixer = _mixer([_strip()])
    _run(mixer, 512)
    {"gain": lambda: mixer.set_gain_db(0, -40), "pan": lambda: mixer.set_pan(0, -1),
     "mute": lambda: mixer.set_mute(0, True), "master": lambda: mixer.set_master_gain_db(-60)}[change]()
    x = _run(mixer, 4800)
    assert 0 < np.abs(np.diff(x)).max() < 0.25 / 300
    assert abs(x[1, -1]) < 0.01


def test_unequal_latencies_are_aligned_to_nothing() -> None:
    """The same impulses, once inverted and 333 frames late: they cancel to the last bit."""
    strips = [_strip("a", Tone(period=100, level=0.5)), _strip("b", Tone(period=100, level=-0.5, latency=333))]
    mixer = _mixer(strips)
    assert mixer.latency == 333
    assert not _run(mixer, 4000, (128, 77, 1)).any()


def test_the_reported_latency_is_the_real_one() -> None:
    mixer = _mixer([_strip("a", Tone(period=10000, level=0.5, latency=40)), _strip("b", Tone(level=0))], limiter=True)
    x = _run(mixer, 4000, (128,))
    assert int(np.argmax(np.abs(x[0]))) == mixer.latency


def test_filter_is_exact_when_off_and_low_passes_when_on() -> None:
    noise = Tone(hz=6000)
    plain = _run(_mixer([_strip(tone=noise)]), 4096)
    mixer = _mixer([_strip(tone=noise)])
    mixer.set_filter(1000)
    filtered = _run(mixer, RATE)
    assert np.abs(filtered[:, -4000:]).max() < 0.25 * 10 ** (-55 / 20)
    assert np.abs(np.diff(filtered[:, :2000])).max() < 1.2 * np.abs(np.diff(plain)).max()
    mixer.set_filter(None)
    _run(mixer, RATE, first=RATE)
    assert _run(mixer, 4096).tobytes() == plain.tobytes()


def test_filter_response_is_the_analytic_one() -> None:
    mixer = _mixer([_strip(tone=Tone(period=RATE * 10, level=1.0))])
    mixer.set_filter(800, 0.5)
    mixer.reset()
    x = _run(mixer, 32768)[0].astype(float)
    f = np.fft.rfftfreq(32768, 1 / RATE)[5:]
    w = np.tan(np.pi * f / RATE) / np.tan(np.pi * 800 / RATE)
    q = 0.7071 * (10 / 0.7071) ** 0.5
    want = 1 / np.abs((1 - w * w + 1j * w / q) * (1 - w * w + 1j * w * 2**0.5))
    got = np.abs(np.fft.rfft(x))[5:]
    loud = want > 1e-3
    assert np.abs(20 * np.log10(got / want))[loud].max() < 0.5


def test_limiter_holds_the_ceiling() -> None:
    mixer = _mixer([_strip(tone=Tone(hz=997, level=3.0))], limiter=True)
    x = _run(mixer, RATE // 2)
    assert 20 * np.log10(true_peak(x)) <= -1.0
    assert mixer.reduction_db() > 8


def test_levels_are_peaks_since_the_last_call() -> None:
    mixer = _mixer([_strip(gain_db=-6), _strip("b", Tone(hz=100, level=0.5), pan=1)])
    _run(mixer, 4800)
    levels = mixer.levels()
    assert levels.shape == (3, 2)
    assert abs(levels[0, 0] - 0.25 * 10 ** (-6 / 20)) < 1e-5
    assert levels[1, 0] < 1e-6
    assert abs(levels[1, 1] - 0.5 * 2**0.5) < 1e-4
    assert levels[2, 1] > 0.5
    assert not mixer.levels().any()


def test_send_feeds_the_shared_room_and_silence_returns() -> None:
    class Once(Tone):
        def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
            out[:] = 0.5 if transport.frame == 0 else 0.0

    dry = _run(_mixer([_strip(tone=Once())]), RATE)
    mixer = _mixer([_strip(tone=Once(), send_db=-6)])
    wet = _run(mixer, 6 * RATE)
    assert not dry[:, 512:].any()
    assert np.abs(wet[:, 2000:12000]).max() > 0.003
    assert not wet[:, -2000:].any()


def test_not_a_number_is_silenced_by_the_master_too() -> None:
    class Bad(Tone):
        def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
            out[:] = np.inf if transport.frame == 512 else 0.25

    mixer = Mixer([Strip("a", Bad())], RATE, 512, limiter=True)
    mixer.prepare()
    x = _run(mixer, 48000)
    assert np.isfinite(x).all()
    assert mixer.faults >= 1
    assert np.abs(x[:, -512:]).max() > 0.2


def _trio() -> tuple[Mixer, list[list[FrameEvent]]]:
    strips = [
        Strip(n, Chain(make_instrument(n)), *placement(n)[:2], send_db=placement(n).send_db)
        for n in ("piano", "bass", "drums")
    ]
    beat = 24000
    piano = [on(int(b * beat), k, 70) for b in (0.0, 1.66, 3.0) for k in (52, 58, 62, 67)]
    piano += [off(int((b + 0.9) * beat), k) for b in (0.0, 1.66, 3.0) for k in (52, 58, 62, 67)]
    bass = [e for b, k in enumerate((36, 40, 43, 45)) for e in (on(b * beat, k, 85), off((b + 1) * beat - 900, k))]
    drums = [on(int(b * beat), 51, 80) for b in (0, 1, 1.66, 2, 3, 3.66)] + [on(b * beat, 44, 70) for b in (1, 3)]
    return _mixer(strips, limiter=True), [sorted(piano), sorted(bass), sorted(drums)]


def test_a_trio_is_sane_and_does_not_depend_on_blocks() -> None:
    mixer, events = _trio()
    whole = _run(mixer, 4 * 24000, (4096,), events)
    mixer.reset()
    assert np.abs(_run(mixer, 4 * 24000, (128,), events) - whole).max() < 1e-6
    mixer.reset()
    assert np.abs(_run(mixer, 30000, (1, 3, 500, 33, 4096), events) - whole[:, :30000]).max() < 1e-6
    assert -20 < loudness(whole) < -12
    assert 20 * np.log10(true_peak(whole)) <= -1.0
    assert mixer.reduction_db() < 6


def test_it_names_what_does_not_fit() -> None:
    with pytest.raises(InstrumentError, match=r"a\.pan = 2.*-1 to 1"):
        _strip(pan=2)
    mixer = _mixer([_strip()])
    with pytest.raises(InstrumentError, match=r"gain_db = 99.*-90 to 24"):
        mixer.set_gain_db(0, 99)
    with pytest.raises(InstrumentError, match="strip 4"):
        mixer.set_pan(4, 0)
    with pytest.raises(InstrumentError, match=r"cutoff = 5.*20 to 20000"):
        mixer.set_filter(5)
    with pytest.raises(InstrumentError, match="5000 frames"):
        mixer.process([[]], 5000, Transport())
    with pytest.raises(InstrumentError, match="2 event lists"):
        mixer.process([[], []], 64, Transport())
