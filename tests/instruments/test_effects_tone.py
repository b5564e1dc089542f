"""Equalizer, filter, distortion, width: against formulas, pedalboard's, and what no effect may do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pedalboard
import pytest
from effect_checks import (
    hertz,
    impulse,
    noise,
    random_moves,
    response_db,
    sine,
    sleeps_without_a_spike,
    spurs_db,
    stays_finite,
    through,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles import RATE, Audio

from instruments.biquad import biquad
from instruments.block import Transport
from instruments.effects.distortion import Distortion
from instruments.effects.equalizer import Equalizer
from instruments.effects.filter import Filter
from instruments.effects.width import Width
from instruments.errors import InstrumentError
from instruments.native_effect import NativeEffect

Params = dict[str, float | str]
LONG = 65536
BUSY: dict[str, Callable[[], NativeEffect]] = {
    "eq": lambda: Equalizer({"high_pass_hz": 60, "low_db": 3, "mid_db": -4, "presence_db": 2, "high_db": 3,
                             "low_pass_hz": 12000, "low_pass_slope": 24}),
    "filter": lambda: Filter({"cutoff_hz": 900, "resonance": 0.5, "drive_db": 6, "lfo_octaves": 1, "rate_hz": 3,
                              "env_octaves": 2}),
    "distortion": lambda: Distortion({"drive_db": 18, "cabinet": 1, "tone_hz": 6000, "low_cut_hz": 100, "mix": 0.8}),
    "crush": lambda: Distortion({"type": "crush", "bits": 6.5, "crush_hz": 7000}),
    "width": lambda: Width({"width": 1.3, "mono_below_hz": 120}),
}
every_effect = pytest.mark.parametrize("name", BUSY)


def _cookbook(*rows: tuple[float, ...], hz: NDArray[np.float64]) -> NDArray[np.float64]:
    z = np.exp(-2j * np.pi * hz / RATE)
    h = np.ones(len(hz), complex)
    for b0, b1, b2, a1, a2 in rows:
        h = h * (b0 + b1 * z + b2 * z * z) / (1 + a1 * z + a2 * z * z)
    return 20 * np.log10(np.abs(h) + 1e-12)


# -- what all of them must pass ----------------------------------------------------------------------------------------


# What makes of a difference of 1e-9 a step of a crush: its rounding. Elsewhere any parameter may move.
KEPT = {"distortion": ("oversampling", "type"), "crush": ("oversampling", "type", "drive_db", "low_cut_hz", "bits")}


@every_effect
@settings(max_examples=12)
@given(cuts=st.lists(st.integers(1, 500) | st.integers(1, 4096), min_size=2, max_size=5), seed=st.integers(0, 99))
@example(cuts=[1], seed=3)
def test_the_sound_does_not_depend_on_blocks(name: str, cuts: list[int], seed: int) -> None:
    frames = 1500 if cuts == [1] else 6000
    x = noise(frames, seed)
    moves = random_moves(BUSY[name](), frames, 411, seed, KEPT.get(name, ()))
    whole = through(BUSY[name](), x, moves=moves, first=77)
    cut = through(BUSY[name](), x, cuts, moves, first=77)
    assert np.abs(cut - whole).max() < 1e-6 * max(1.0, np.abs(whole).max())


@pytest.mark.parametrize(("a", "b"), [("tube", "fold"), ("fold", "hard"), ("hard", "soft")])
def test_a_change_of_curves_does_not_depend_on_blocks(a: str, b: str) -> None:
    x = noise(3000)
    whole = through(Distortion({"type": a}), x, moves=[(1000, "type", b)])
    for cuts in ([1], [7, 100], [333]):
        assert np.abs(through(Distortion({"type": a}), x, cuts, [(1000, "type", b)]) - whole).max() < 1e-6


@every_effect
def test_ten_seconds_of_random_automation_stay_finite(name: str) -> None:
    stays_finite(BUSY[name](), 10, 5, 1e4, ("oversampling",))


@every_effect
def test_silence_then_sound_gives_no_spike(name: str) -> None:
    sleeps_without_a_spike(BUSY[name])


@every_effect
def test_reset_is_as_fresh(name: str) -> None:
    x = noise(3000)
    effect = BUSY[name]()
    first = through(effect, x)
    effect.reset()
    again = x.copy()
    effect.process(again, Transport(0))
    assert again.tobytes() == first.tobytes()


@pytest.mark.parametrize("make", [
    *BUSY.values(), lambda: Equalizer({"mid_hz": 50, "mid_db": 24, "mid_q": 20}),
    lambda: Filter({"cutoff_hz": 20, "resonance": 1, "slope": 12}),
])
def test_the_tail_covers_60_db(make: Callable[[], NativeEffect]) -> None:
    effect = make()
    effect.prepare(RATE, 4096)
    y = np.abs(through(effect, impulse(effect.tail + 24000, 0.5))).max(axis=0)
    assert y[effect.tail :].max() < 1e-3 * y.max()


@every_effect
def test_what_is_not_finite_leaves_no_trace(name: str) -> None:
    effect = BUSY[name]()
    x = noise(48000)
    x[:, 100] = np.nan
    assert np.isfinite(through(effect, x)[:, 4800:]).all()


def test_kernels_and_their_python_sides_agree_on_the_layout() -> None:
    from instruments.effects import distortion
    from instruments.effects import filter as filters
    from instruments.kernels import autofilters, distortions, equalizers, svf

    assert Equalizer.STATE == equalizers.SECTIONS * svf.SECTION_STATES
    assert len(Equalizer().settle()) == equalizers.SECTIONS * svf.SECTION_COEFS
    assert Filter.STATE == autofilters.STATES and filters._TYPES == autofilters._TYPES
    assert len(Filter().settle()) == autofilters.SLEW + 1
    assert Distortion.STATE == distortions.STATES and distortion._CLOCK == distortions._CLOCK
    assert (distortion._LATENCY, distortion._SIDE_MEMORY) == (distortions.LATENCY, distortions.SIDE_MEMORY)
    made = Distortion()
    made.prepare(RATE, 64)
    assert len(made.settle()) == distortions.SECTIONS + distortions.COUNT * svf.SECTION_COEFS


def test_the_oversampling_filters_are_as_good_as_they_say() -> None:
    from instruments.kernels.oversampling import FIRST, SECOND

    for outer, flat_to, stopped_from in ((FIRST, 20400 / 96000, 28000 / 96000), (SECOND, 20400 / 192000, 76 / 192)):
        taps = np.zeros(4 * len(outer) - 1)
        taps[len(taps) // 2] = 0.5
        taps[::2] = [*outer, *outer[::-1]]
        f = np.linspace(0, 0.5, 4001)
        db = 20 * np.log10(np.abs(np.exp(-2j * np.pi * np.outer(f, np.arange(len(taps)))) @ taps) + 1e-12)
        assert np.abs(db[f <= flat_to]).max() < 0.01 and db[f >= stopped_from].max() < -89


# -- equalizer ---------------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(db=st.floats(-24, 24), q=st.floats(0.3, 8), place=st.floats(0, 1))
def test_each_band_follows_the_cookbook(db: float, q: float, place: float) -> None:
    rules = Equalizer.PARAMETERS
    hz = {n: rules[n].at(place) for n in rules if n.endswith("_hz")}  # type: ignore[union-attr]
    flat = 2**-0.5
    cases: list[tuple[Params, list[tuple[float, ...]]]] = [
        ({"low_db": db}, [biquad("low-shelf", hz["low_hz"], RATE, db, flat)]),
        ({"mid_db": db, "mid_q": q}, [biquad("peak", hz["mid_hz"], RATE, db, q)]),
        ({"presence_db": db, "presence_q": q}, [biquad("peak", hz["presence_hz"], RATE, db, q)]),
        ({"high_db": db}, [biquad("high-shelf", hz["high_hz"], RATE, db, flat)]),
    ]
    for params, rows in cases:
        band = next(iter(params)).removesuffix("_db") + "_hz"
        y = through(Equalizer({**params, band: hz[band]}), impulse(LONG))
        assert np.abs(response_db(y) - _cookbook(*rows, hz=hertz(y))).max() < 0.01, params


@pytest.mark.parametrize("slope", [12.0, 24.0])
def test_passes_are_butterworths(slope: float) -> None:
    """Known without the cookbook: -3.01 dB at the corner, maximally flat, 6 dB an octave and pole (bilinear)."""
    for kind, hz in (("high", 40.0), ("high", 300.0), ("high", 2000.0), ("low", 700.0), ("low", 8000.0)):
        y = through(Equalizer({f"{kind}_pass_hz": hz, f"{kind}_pass_slope": slope}), impulse(LONG))
        f = hertz(y)[1:-1]
        w = np.tan(np.pi * f / RATE) / np.tan(np.pi * hz / RATE)
        want = -10 * np.log10(1 + (w if kind == "low" else 1 / w) ** (slope / 3))
        heard = (want > -80) & (f > 5)
        assert np.abs(response_db(y)[1:-1] - want)[heard].max() < 0.05


def test_bands_are_pedalboards() -> None:
    x = impulse(LONG)
    for params, theirs in (
        ({"mid_hz": 900, "mid_db": 7.5, "mid_q": 2.5}, pedalboard.PeakFilter(900, 7.5, 2.5)),
        ({"low_hz": 150, "low_db": -9}, pedalboard.LowShelfFilter(150, -9, 2**-0.5)),
        ({"high_hz": 7000, "high_db": 5}, pedalboard.HighShelfFilter(7000, 5, 2**-0.5)),
    ):
        y = theirs(x, RATE)
        assert np.abs(response_db(through(Equalizer(params), x)) - response_db(y)).max() < 0.1


@pytest.mark.parametrize("params", [
    {"high_pass_hz": 10.5, "high_pass_slope": 24.0}, {"high_pass_hz": 25.0, "high_pass_slope": 24.0},
    {"mid_hz": 51.0, "mid_q": 20.0, "mid_db": 24.0}, {"low_db": -24.0, "low_hz": 20.0}, {"mid_db": 1e-6},
    {"low_pass_hz": 19999.0}, {"presence_hz": 18000.0, "presence_q": 0.1, "presence_db": 24.0},
])
def test_states_are_the_same_however_they_are_computed(params: Params) -> None:
    """A section is computed as a direct form while it stands still, and handed on as integrators at each call."""
    x = noise(6000) + np.float32(0.2)
    whole = through(Equalizer(params), x)
    assert np.abs(through(Equalizer(params), x, [1, 3]) - whole).max() < 1e-6 * np.abs(whole).max()
    # By a hair, so that all goes by integrators for some cells, and then as a direct form again.
    name = next(n for n in params if not n.endswith("slope"))
    hair = float(params[name]) * (1 - 1e-9)
    moved = through(Equalizer(params), x, moves=[(2000, name, hair)])
    assert np.abs(moved - whole).max() < 1e-6 * np.abs(whole).max()


@pytest.mark.parametrize("faint", [1e-15, 1e-9, 1e-5, 1e-3])
def test_a_band_that_hardly_does_anything_may_be_turned_up_at_any_time(faint: float) -> None:
    """Its states are sound, and no rounding errors that are loud once they are heard."""
    for name, low, high in (("mid_db", faint, 12.0), ("low_pass_hz", 20000 * (1 - faint), 15000.0),
                            ("low_pass_slope", 12 + faint, 24.0)):
        given: Params = {"low_pass_hz": 15000.0, name: low}
        still: Params = {**given, name: 0.0 if name == "mid_db" else 12.0 if "slope" in name else 20000.0}
        a, b = (through(Equalizer(p), noise(9600), moves=[(4801, name, high)]) for p in (given, still))
        assert np.abs(a - b).max() < 0.01 + 3 * faint


def test_the_ends_of_the_passes_are_off_and_flat_is_bit_exact() -> None:
    x = noise(3000)
    assert through(Equalizer(), x).tobytes() == x.tobytes()
    assert through(Equalizer({"high_pass_slope": 24, "low_pass_slope": 24}), x).tobytes() == x.tobytes()


def test_an_equalizer_that_was_moved_and_moved_back_is_bit_exact() -> None:
    x = noise(24000)
    y = through(Equalizer(), x, moves=[(1000, "mid_db", 6), (1000, "low_pass_hz", 2000), (8000, "mid_db", 0),
                                       (8000, "low_pass_hz", 20000)])
    assert np.abs(y - x)[:, 2000:8000].max() > 0.01
    assert y[:, 12000:].tobytes() == x[:, 12000:].tobytes()


@pytest.mark.parametrize(("name", "low", "high"), [
    ("mid_db", -12, 12), ("low_hz", 100, 1000), ("high_pass_hz", 10, 800), ("low_pass_hz", 20000, 1200),
    ("mid_q", 0.3, 10),
])
def test_a_swept_band_makes_no_zipper_noise(name: str, low: float, high: float) -> None:
    """A tone through a sweep of a quarter second and back: its skirt is the modulation's, and nothing beyond it."""
    bands: Params = {"mid_hz": 1000, "mid_db": 6, "low_db": 12, "low_hz": 300, name: low}
    effect = Equalizer(bands)
    effect.prepare(RATE, 4096)
    x = sine(1000, RATE)
    for at in range(0, RATE, 480):
        if at in (4800, 24000):
            effect.set(name, high if at == 4800 else low, 12000)
        effect.process(x[:, at : at + 480], Transport(at))
    assert spurs_db(x, 1000, 500) < -95


# -- filter ------------------------------------------------------------------------------------------------------------


def _filtered(kind: str, hz: float, resonance: float, slope: float, f: NDArray[np.float64]) -> NDArray[np.float64]:
    """The analog prototype at bilinear frequencies."""
    flat = 2**-0.5 if slope == 12 else 1.3065630
    q = flat * (10 / flat) ** resonance
    s = 1j * np.tan(np.pi * f / RATE) / np.tan(np.pi * hz / RATE)

    def one(sharp: float) -> NDArray[np.complex128]:
        d = s * s + s / sharp + 1
        over = {"low": 1, "high": s * s, "band": s / sharp, "notch": s * s + 1}[kind]
        h: NDArray[np.complex128] = over / d
        return h

    h = one(q) * (1 / (1 + 0.3 * (q - flat)) if kind in ("low", "high") else 1)
    return 20 * np.log10(np.abs(h * one(0.5411961) if slope == 24 else h) + 1e-9)


@pytest.mark.parametrize("kind", ["low", "band", "high", "notch"])
@pytest.mark.parametrize("slope", [12.0, 24.0])
def test_the_filter_is_the_state_variable_filter(kind: str, slope: float) -> None:
    for hz in (40.0, 1000.0, 15000.0):
        for resonance in (0.0, 0.5, 1.0):
            y = through(Filter({"type": kind, "cutoff_hz": hz, "resonance": resonance, "slope": slope}), impulse(LONG))
            want = _filtered(kind, hz, resonance, slope, hertz(y)[:-1])
            heard = want > -60
            assert np.abs(response_db(y)[:-1] - want)[heard].max() < 0.1, (hz, resonance)


def test_a_closed_low_pass_and_a_ladder_agree_on_the_slope() -> None:
    """pedalboard's ladder, 24 dB an octave, without resonance: two octaves above, a decade apart, the same slope."""
    ladder = pedalboard.LadderFilter(pedalboard.LadderFilter.Mode.LPF24, 500, 0, 1)
    x = impulse(LONG, 0.01)
    ours, theirs = response_db(through(Filter({"cutoff_hz": 500}), x)), response_db(ladder(x, RATE))
    f = hertz(x)
    a, b = int(np.argmax(f > 2500)), int(np.argmax(f > 5000))
    assert abs((ours[a] - ours[b]) - (theirs[a] - theirs[b])) < 1.5


def test_the_types_change_without_a_click() -> None:
    """A low tone through all types: nothing but the modulation's skirt, 10 ms a change."""
    moves = [(4800 * (i + 1), "type", word) for i, word in enumerate(("band", "high", "notch", "low"))]
    y = through(Filter({"cutoff_hz": 300, "slope": 12}), sine(100, 32768), (480,), moves)
    f = np.fft.rfftfreq(32768, 1 / RATE)
    s = np.abs(np.fft.rfft(y[0].astype(float) * np.blackman(32768)))
    assert 20 * np.log10(s[f > 3000].max() / s.max()) < -85


def test_the_cutoff_may_move_at_audio_rate() -> None:
    x = noise(5 * RATE, 3)
    effect = Filter({"resonance": 1, "lfo_octaves": 3, "rate_hz": 20, "env_octaves": 3})
    rng = np.random.default_rng(1)
    moves = [(at, "cutoff_hz", float(20 * 1000 ** rng.random())) for at in range(32, 5 * RATE, 32)]
    y = through(effect, x, (32,), moves)
    assert np.isfinite(y).all() and np.abs(y).max() < 10 * np.abs(x).max()


def test_a_sweep_makes_no_zipper_noise() -> None:
    effect = Filter({"cutoff_hz": 400})
    effect.prepare(RATE, 4096)
    x = sine(1000, RATE)
    for at in range(0, RATE, 480):
        if at in (4800, 24000):
            effect.set("cutoff_hz", 8000 if at == 4800 else 400, 12000)
        effect.process(x[:, at : at + 480], Transport(at))
    assert spurs_db(x, 1000, 500) < -95


def test_the_envelope_opens_the_filter_by_what_it_says() -> None:
    """A steady tone of -12 dBFS, env_octaves 2: as a filter two octaves up."""
    for octaves, up in ((2.0, 4.0), (-2.0, 0.25)):
        x = sine(1000, RATE, 0.25)
        follows = Filter({"cutoff_hz": 600, "env_octaves": octaves, "attack_ms": 0.5, "release_ms": 2000})
        heard, want = through(follows, x)[0, -9600:], through(Filter({"cutoff_hz": 600 * up}), x)[0, -9600:]
        assert abs(20 * np.log10(heard.std() / want.std())) < 0.5


def test_the_envelope_may_be_anothers() -> None:
    x, key = sine(1000, RATE, 0.25), sine(60, RATE, 0.25)
    key[:, : RATE // 2] = 0
    y = through(Filter({"cutoff_hz": 250, "env_octaves": 4, "release_ms": 500}), x, key=key)
    closed, opened = y[0, RATE // 4 : RATE // 2].std(), y[0, -RATE // 4 :].std()
    assert 20 * np.log10(opened / closed) > 20


def test_the_lfo_keeps_to_the_beat_wherever_it_starts() -> None:
    effect: Params = {"cutoff_hz": 800, "lfo_octaves": 2, "sync_beats": 2}
    x = noise(RATE)
    first = through(Filter(effect), x, beat=0.0)
    assert np.abs(through(Filter(effect), x, (128,), beat=6.0, first=12345) - first).max() < 1e-4
    assert np.abs(through(Filter(effect), x, beat=1.0) - first).max() > 0.05


def test_the_lfo_sweeps_as_wide_and_fast_as_it_says() -> None:
    """The resonance of noise, heard in short spectra: two octaves to either side of 1 kHz, four times a second."""
    effect = Filter({"type": "band", "cutoff_hz": 1000, "resonance": 1, "lfo_octaves": 2, "rate_hz": 1})
    y = through(effect, noise(2 * RATE, 1, 0.1))[0].astype(float)
    peaks = []
    for at in range(0, 2 * RATE - 2048, 512):
        s = np.abs(np.fft.rfft(y[at : at + 2048] * np.hanning(2048))) ** 2
        f = np.fft.rfftfreq(2048, 1 / RATE)
        peaks.append(np.exp((np.log(np.maximum(f, 1)) * s).sum() / s.sum()))
    octaves = np.log2(np.array(peaks) / 1000)
    t = (np.arange(len(octaves)) * 512 + 1024) / RATE
    assert np.corrcoef(octaves, np.sin(2 * np.pi * t))[0, 1] > 0.97
    assert 1.6 < np.percentile(octaves, 95) < 2.3 and -2.3 < np.percentile(octaves, 5) < -1.6


def test_drive_saturates_and_keeps_the_level() -> None:
    quiet = through(Filter({"cutoff_hz": 20000, "slope": 12}), sine(200, 9600, 0.25))[0, 4800:]
    for db in (6, 12, 24):
        y = through(Filter({"cutoff_hz": 20000, "slope": 12, "drive_db": db}), sine(200, 9600, 0.25))[0, 4800:]
        assert abs(20 * np.log10(np.abs(y).max() / np.abs(quiet).max())) < 1
    loud = through(Filter({"drive_db": 24}), sine(200, 9600, 1.0))[0, 4800:]
    assert np.abs(loud).max() < 0.35


def test_without_mix_the_filter_is_bit_exact() -> None:
    x = noise(5000)
    assert through(Filter({"cutoff_hz": 100, "drive_db": 20, "mix": 0}), x).tobytes() == x.tobytes()


# -- distortion --------------------------------------------------------------------------------------------------------


def _alias_db(hz: int, drive_db: float, times: str, kind: str = "soft") -> float:
    """Power of all that is no harmonic, of a sine at 0.9, below 20 kHz, to that of the harmonics."""
    y = through(Distortion({"drive_db": drive_db, "oversampling": times, "type": kind}), sine(hz, 2 * RATE, 0.9))
    power = np.abs(np.fft.rfft(y[0, RATE:].astype(float) * np.blackman(RATE))) ** 2
    harmonic = np.zeros(len(power), bool)
    for k in range(RATE // 2 // hz + 1):
        harmonic[max(0, k * hz - 4) : k * hz + 5] = True
    return float(10 * np.log10(power[:20000][~harmonic[:20000]].sum() / power[harmonic].sum()))


@pytest.mark.parametrize(("hz", "drive_db", "limits"), [
    (1245, 18, (-44, -70, -70)), (1245, 30, (-23, -42, -70)), (4187, 18, (-18, -41, -70)), (4187, 30, (-13, -22, -34)),
])
def test_aliases_are_as_low_as_oversampling_can_make_them(hz: int, drive_db: float, limits: tuple[float, ...]) -> None:
    """The figures of ideal oversampling of tanh, to the dB."""
    for times, limit in zip(("off", "2x", "4x"), limits, strict=True):
        assert _alias_db(hz, drive_db, times) < limit


def test_soft_is_pedalboards_tanh() -> None:
    x = sine(1000, RATE, 0.5)
    theirs = pedalboard.Distortion(20)(x, RATE)[0, RATE // 2 :].astype(float)
    y = through(Distortion({"drive_db": 20, "oversampling": "off"}), x)[0, RATE // 2 :].astype(float)
    a, b = np.abs(np.fft.rfft(y)), np.abs(np.fft.rfft(theirs))
    odd = np.arange(500, 12000, 1000)
    assert np.abs(20 * np.log10(a[odd] / a[500] / (b[odd] / b[500]))).max() < 0.01


@pytest.mark.parametrize(("times", "late"), [("off", 0), ("2x", 35), ("4x", 41)])
def test_dry_and_distorted_are_equally_late(times: str, late: int) -> None:
    effect = Distortion({"oversampling": times, "drive_db": 0})
    x = impulse(2000, 0.01)
    y = through(effect, x)
    assert effect.latency == late == np.argmax(np.abs(y[0])) and abs(y[0, late] / 0.01 - 1) < 0.02
    x = noise(5000)
    y = through(Distortion({"oversampling": times, "mix": 0, "drive_db": 40}), x)
    assert y[:, late:].tobytes() == x[:, : 5000 - late].tobytes() and not y[:, :late].any()


def test_what_is_not_driven_comes_through_flat() -> None:
    y = through(Distortion({"drive_db": 0}), impulse(LONG, 0.001))
    f = hertz(y)
    db = response_db(y)[(f > 50) & (f < 19500)]
    assert db.max() - db.min() < 0.1 and abs(db.mean() + 60) < 0.2


@pytest.mark.parametrize("kind", ["soft", "tube", "hard", "fold", "crush"])
def test_drive_keeps_the_loudness(kind: str) -> None:
    """Of pink noise at -18 dBFS. A folder at high drive loses what it folds beyond 20 kHz: there to 24 dB only."""
    rng = np.random.default_rng(2)
    spectrum = np.fft.rfft(rng.standard_normal((2, RATE)))
    f = np.fft.rfftfreq(RATE, 1 / RATE)
    pink = np.fft.irfft(spectrum * ((f > 20) & (f < 20000)) / np.sqrt(np.maximum(f, 1)))
    x = (pink / pink.std() * 10 ** (-18 / 20)).astype(np.float32)
    for drive in (0, 12, 24) if kind == "fold" else (0, 12, 24, 36, 48):
        y = through(Distortion({"type": kind, "drive_db": drive}), x)
        assert abs(20 * np.log10(y.std() / x.std())) < 0.8, drive


def test_tube_has_even_harmonics_and_no_dc() -> None:
    y = through(Distortion({"type": "tube", "drive_db": 6}), sine(1000, 2 * RATE, 0.5))[0, RATE:].astype(float)
    s = 20 * np.log10(np.abs(np.fft.rfft(y)) / (RATE / 2) + 1e-12)
    assert s[2000] - s[1000] > -25 and s[3000] - s[1000] > -50
    assert abs(y.mean()) < 1e-4
    y = through(Distortion({"type": "soft", "drive_db": 6}), sine(1000, 2 * RATE, 0.5))[0, RATE:].astype(float)
    s = 20 * np.log10(np.abs(np.fft.rfft(y)) / (RATE / 2) + 1e-12)
    assert s[2000] - s[1000] < -100


def test_crush_has_the_noise_of_its_bits() -> None:
    """6.02 dB a bit and 1.76, of a sine at full scale."""
    x = sine(997, RATE, 1.0)
    for bits in (6, 8, 10):
        y = through(Distortion({"type": "crush", "drive_db": 0, "bits": bits, "crush_hz": 48000}), x)[0].astype(float)
        s = np.abs(np.fft.rfft(y[: RATE] * np.blackman(RATE))) ** 2
        tone = s[990:1005].sum()
        noisy = s.sum() - s[:20].sum() - tone
        assert abs(10 * np.log10(tone / noisy) - (6.02 * bits + 1.76)) < 1.5


def test_crush_holds_its_frames() -> None:
    """A held tone has images about each multiple of the rate, in the proportions of sinc."""
    x = sine(1000, RATE, 0.5)
    y = through(Distortion({"type": "crush", "drive_db": 0, "bits": 16, "crush_hz": 12000}), x)[0].astype(float)
    s = np.abs(np.fft.rfft(y * np.blackman(RATE)))
    # Held over 4 frames of 48 kHz: a sum of four, not an integral.
    held = [abs(np.sin(np.pi * hz / 12000) / np.sin(np.pi * hz / RATE)) for hz in (1000, 11000, 13000, 23000)]
    for hz, gain in zip((11000, 13000, 23000), held[1:], strict=True):
        assert abs(20 * np.log10(s[hz] / s[1000] / (gain / held[0]))) < 0.1


def test_the_cabinet_is_a_loudspeaker() -> None:
    y = through(Distortion({"drive_db": 0, "cabinet": 1}), impulse(LONG, 0.001))
    f, db = hertz(y), response_db(y) + 60
    at = {hz: db[int(np.argmax(f >= hz))] for hz in (40, 80, 400, 1000, 2500, 5000, 10000)}
    assert at[40] < -11 and -5 < at[80] < -2 and -4 < at[400] < -1.5 and 2.5 < at[2500] < 4.5
    assert at[5000] < 0 and at[10000] < -23


def test_the_curves_change_without_a_click() -> None:
    for a, b in (("soft", "hard"), ("tube", "fold"), ("hard", "crush"), ("crush", "soft")):
        effect = Distortion({"type": a, "drive_db": 0, "bits": 16, "crush_hz": 48000})
        y = through(effect, sine(100, 32768, 0.2), (480,), [(16384, "type", b)])
        f = np.fft.rfftfreq(32768, 1 / RATE)
        s = np.abs(np.fft.rfft(y[0].astype(float) * np.blackman(32768)))
        assert 20 * np.log10(s[f > 6000].max() / s.max()) < -80, (a, b)


def test_the_oversampling_cannot_change_while_it_plays() -> None:
    effect = Distortion()
    effect.set("oversampling", "2x")
    effect.prepare(RATE, 512)
    assert effect.latency == 35
    with pytest.raises(InstrumentError, match=r"oversampling = '4x' cannot come while it plays"):
        effect.set("oversampling", "4x")


# -- width -------------------------------------------------------------------------------------------------------------


def test_width_weighs_middle_and_side() -> None:
    x = noise(9600)
    for width in (0.0, 0.5, 1.5, 2.0):
        y = through(Width({"width": width}), x).astype(float)
        angle = width * np.pi / 4
        middle, side = (x[0] + x[1]) / 2 * np.cos(angle) * 2**0.5, (x[0] - x[1]) / 2 * np.sin(angle) * 2**0.5
        assert np.abs(y - [middle + side, middle - side]).max() < 1e-6
        # As loud in the side as in the middle, so as loud as before.
        assert abs(10 * np.log10((y**2).mean() / (x.astype(float) ** 2).mean())) < 0.3
    assert np.abs(through(Width(), x) - x).max() < 1e-7


def test_the_bass_is_mono_below_the_crossover() -> None:
    side: Audio = impulse(LONG)
    side[1] *= -1
    y = through(Width({"mono_below_hz": 150}), side)
    f, db = hertz(y)[1:], response_db(y)[1:]
    want = -10 * np.log10(1 + (150 / f) ** 2)
    assert np.abs(db - want)[(f > 10) & (f < 3000)].max() < 0.2
    assert np.abs(y[0] + y[1]).max() < 1e-7  # a side stays a side


# -- at other rates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8000, 44100, 96000, 192000])
def test_frequencies_are_hertz_at_any_rate(rate: int) -> None:
    def gain_db(effect: NativeEffect, hz: float) -> float:
        effect.prepare(rate, 4096)
        t = np.arange(rate // 2) / rate
        x = np.tile((0.01 * np.sin(2 * np.pi * hz * t)).astype(np.float32), (2, 1))
        y = x.copy()
        for at in range(0, rate // 2, 4096):
            block = np.ascontiguousarray(y[:, at : at + 4096])
            effect.process(block, Transport(at))
            y[:, at : at + 4096] = block
        return float(20 * np.log10(y[0, rate // 4 :].std() / x[0, rate // 4 :].std()))

    assert abs(gain_db(Equalizer({"mid_hz": 1000, "mid_db": 9}), 1000) - 9) < 0.05
    assert abs(gain_db(Equalizer({"high_pass_hz": 500}), 500) + 3.01) < 0.05
    assert abs(gain_db(Filter({"cutoff_hz": 700}), 700) + 3.01) < 0.05
    assert abs(gain_db(Distortion({"drive_db": 0, "tone_hz": 1500}), 1500) + 3.01) < 0.2
    assert abs(gain_db(Distortion({"drive_db": 0}), 50)) < 0.25


@pytest.mark.parametrize(("name", "a", "b"), [
    ("drive_db", 0.0, 24.0), ("output_db", -12.0, 12.0), ("mix", 0.0, 1.0), ("tone_hz", 20000.0, 1000.0),
    ("cabinet", 0.0, 1.0), ("low_cut_hz", 10.0, 500.0),
])
def test_a_distortion_that_moves_makes_no_zipper_noise(name: str, a: float, b: float) -> None:
    """Half way between the harmonics of a tone: nothing."""
    effect = Distortion({"drive_db": 6, "type": "soft", name: a})
    effect.prepare(RATE, 4096)
    x = sine(1000, RATE)
    for at in range(0, RATE, 480):
        if at in (4800, 24000):
            effect.set(name, b if at == 4800 else a, 12000)
        effect.process(x[:, at : at + 480], Transport(at))
    f = np.fft.rfftfreq(RATE, 1 / RATE)
    s = np.abs(np.fft.rfft(x[0].astype(float) * np.blackman(RATE)))
    between = (np.abs(f % 1000 - 500) < 50) & (f > 100)
    assert 20 * np.log10(s[between].max() / s.max()) < -90
