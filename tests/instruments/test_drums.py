"""The kit against measured pieces and its own rules: decay, brightness, chokes, repetition, velocity, blocks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from oracles import DRUM_FRAMES_S, RATE, bands_db, cc, lsd, on, render, trimmed
from sounds import kit

from instruments.block import FrameEvent, Kind

KICK, SNARE, RIM, CLAP, CLOSED, PEDAL, OPEN, RIDE, BELL, CRASH = 36, 38, 37, 39, 42, 44, 46, 51, 53, 49


def _mono(events: list[FrameEvent], frames: int, name: str = "jazz-kit") -> np.ndarray:
    return render(kit(name), events, frames, (4096,)).mean(axis=0).astype(float)


def _envelope_db(x: np.ndarray, span_s: float = 0.012) -> np.ndarray:
    n = int(span_s * RATE)
    return 20 * np.log10(np.sqrt(np.convolve(x**2, np.ones(n) / n, "same")) + 1e-9)


def _fall_ms(x: np.ndarray, db: float) -> float:
    e = _envelope_db(x)
    peak = int(e.argmax())
    return float((len(e) - peak - np.argmax(e[peak:][::-1] > e[peak] - db)) * 1e3 / RATE)


def _centroid(x: np.ndarray, a: float, b: float) -> float:
    part = x[round(a * RATE) : round(b * RATE)]
    s = np.abs(np.fft.rfft(part * np.hanning(len(part)), 16384)) ** 2
    hz = np.fft.rfftfreq(16384, 1 / RATE)
    use = (hz > 20) & (hz < 16000)
    return float((s * hz)[use].sum() / s[use].sum())


# Measured pieces at velocity 90: ms to -10 and -20 dB; centroid in 0-10 and 10-40 ms.
MEASURED = {
    KICK: (35, 82, 149, 75), SNARE: (19, 69, 486, 813), CLOSED: (65, 103, 7347, 9277), PEDAL: (33, 66, 5215, 8542),
    RIDE: (104, 548, 8927, 8868), BELL: (167, 791, 6110, 4583), RIM: (19, 56, 2849, 3955),
}


@pytest.mark.parametrize("key", list(MEASURED))
def test_a_piece_decays_and_shines_like_the_recorded_one(key: int) -> None:
    ten, twenty, early, later = MEASURED[key]
    x = trimmed(_mono([on(0, key)], 2 * RATE))
    assert 0.55 * ten < _fall_ms(x, 10) < 1.9 * ten
    assert 0.6 * twenty < _fall_ms(x, 20) < 1.65 * twenty
    assert 0.7 < _centroid(x, 0, 0.01) / early < 1.4
    assert 0.7 < _centroid(x, 0.01, 0.04) / later < 1.4


def test_the_kick_falls_to_its_pitch() -> None:
    x = _mono([on(0, KICK, 100)], RATE // 2)
    s = np.fft.fft(x)
    hz = np.fft.fftfreq(len(x), 1 / RATE)
    turning = np.unwrap(np.angle(np.fft.ifft(s * (hz > 0) * (hz < 300))))  # up to 300 Hz: above is the beater
    low = np.diff(turning) * RATE / (2 * np.pi)
    early, late = (float(np.median(low[int(a * RATE) : int(b * RATE)])) for a, b in ((0.003, 0.007), (0.06, 0.1)))
    assert 36 < late < 62
    assert early > 1.5 * late


def test_closed_hat_has_little_below_1_khz() -> None:
    for name, limit in (("jazz-kit", -10), ("electronic-kit", -30)):
        x = _mono([on(0, CLOSED)], RATE // 2, name)
        s = np.abs(np.fft.rfft(x)) ** 2
        assert 10 * np.log10(s[: len(x) * 1000 // RATE].sum() / s.sum()) < limit


def test_a_clap_is_several_hands() -> None:
    x = _mono([on(0, CLAP)], RATE // 4, "electronic-kit")
    e = _envelope_db(x, 0.003)[: int(0.045 * RATE)]
    smooth = np.convolve(10 ** (e / 20), np.ones(96) / 96, "same")
    tops = [i for i in range(200, len(smooth) - 200) if smooth[i] == smooth[i - 200 : i + 200].max()]
    assert 2 <= len(tops) <= 4


@pytest.mark.parametrize("choker", [CLOSED, PEDAL])
def test_a_foot_chokes_the_open_hat_without_a_click(choker: int) -> None:
    rng = RATE // 4
    ringing = _mono([on(0, OPEN)], RATE)
    choked = _mono([on(0, OPEN), on(rng, choker, 1)], RATE)
    assert _envelope_db(ringing)[rng + int(0.2 * RATE)] > -45
    fallen = _envelope_db(choked)[rng + int(0.06 * RATE) :]
    assert fallen.max() < _envelope_db(choked)[rng - 600] - 18
    steps = np.abs(np.diff(choked[rng - 48 : rng + 2000])).max()
    assert steps < 1.5 * np.abs(np.diff(choked[rng - 4800 : rng - 48])).max()


def test_the_ride_does_not_choke_and_grows_no_pile() -> None:
    made = kit()
    render(made, [on(i * 6000, RIDE) for i in range(16)], 16 * 6000 + 10, (4096,))
    assert 3 <= made.sounding <= 6


@pytest.mark.parametrize("key", [KICK, SNARE, CLOSED, RIDE])
def test_two_equal_hits_differ_as_real_ones_do(key: int) -> None:
    made = kit()
    first, second = (
        trimmed(render(made, [on(0, key), cc(40000, 120, 0)], RATE, (4096,), first=i * RATE).mean(axis=0).astype(float))
        for i in range(2)
    )
    assert 0.7 < lsd(bands_db(first, DRUM_FRAMES_S), bands_db(second, DRUM_FRAMES_S)) < 5.5


@pytest.mark.parametrize(("name", "low", "high"), [("jazz-kit", 17, 32), ("electronic-kit", 6, 15)])
@pytest.mark.parametrize("key", [KICK, SNARE, CLOSED, RIDE])
def test_velocity_is_monotonic(name: str, low: float, high: float, key: int) -> None:
    levels = []
    for velocity in (20, 40, 64, 90, 127):
        x = np.concatenate([_mono([on(7 * i, key, velocity)], 9600, name) for i in range(3)])
        levels.append(10 * np.log10(np.mean(x**2)))
    assert all(b > a for a, b in pairwise(levels))
    assert low < levels[-1] - levels[0] < high


SCORE = [on(0, 36), on(5, 51, 80), on(700, 42, 60), on(701, 46, 100), on(3000, 44), on(4097, 38, 30), on(6000, 49, 127)]


@pytest.mark.parametrize("name", ["jazz-kit", "electronic-kit"])
def test_hits_do_not_depend_on_blocks(name: str) -> None:
    whole = render(kit(name), SCORE, 12000, (4096,), first=99)
    for blocks in ((128,), (1, 2, 3, 31, 33), (64, 4096, 7, 1000)):
        x = render(kit(name), SCORE, 12000, blocks, first=99)
        assert np.abs(x - whole).max() < 1e-6, blocks
    assert np.abs(render(kit(name), SCORE, 2000, (1,), first=99) - whole[:, :2000]).max() < 1e-6


def test_the_same_hits_after_a_reset_give_the_same_bytes() -> None:
    assert render(kit(), SCORE, 20000).tobytes() == render(kit(), SCORE, 20000).tobytes()


def test_silence_is_silent_again_after_the_tail() -> None:
    made = kit()
    x = render(made, SCORE, made.tail + 12000, (4096,))
    assert not x[:, -1000:].any()
    assert made.sounding == 0


def test_all_sound_off_is_quick() -> None:
    x = _mono([on(0, CRASH), cc(9600, 120, 0)], 20000)
    assert np.abs(x[9600 + 2400 :]).max() < 1e-4


def test_random_hits_stay_finite_and_bounded() -> None:
    rng = np.random.default_rng(3)
    events = sorted(
        FrameEvent(int(rng.integers(0, 96000)), Kind(int(rng.integers(0, 6))), int(rng.integers(0, 16)),
                   int(rng.integers(0, 128)), float(rng.integers(1, 128)))
        for _ in range(1500)
    )
    x = render(kit(), events, 96000, (128, 1, 999))
    assert np.isfinite(x).all()
    assert np.abs(x).max() < 60


@pytest.mark.parametrize("key", [*range(35, 52), 53, 54, 56, 57, 59])
@pytest.mark.parametrize("name", ["jazz-kit", "electronic-kit"])
def test_general_midi_keys_are_there(name: str, key: int) -> None:
    assert np.abs(render(kit(name), [on(0, key)], 6000, (4096,))).max() > 0.003
