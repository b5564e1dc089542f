"""What a voice can do: shapes, unison, sync, FM, sub, envelopes, LFOs, modulations, glide, MPE, many voices."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import RATE, cc, cents, off, on, pitch, render
from sounds import plain, synth

from bridge.bench.soak import random_patch, soak
from instruments.block import FrameEvent, Kind, Transport
from instruments.patch import Patch, parse_patch
from instruments.synth import Synth

Samples = NDArray[np.float64]
A4 = 69


def patch(*oscillators: str, more: str = "", top: str = "", voice: str = "") -> Patch:
    rows = "".join(f"[[oscillator]]\n{o}\n" for o in oscillators)
    text = f"""engine = "oscillators"\n{top}\n[voice]\nrandom_cents = 0\nrandom_db = 0\n{voice}
[velocity]\nbrightness = 0\n{more}\n{rows}"""
    return parse_patch("made", text, "made.toml")


def heard(made: Patch, events: Sequence[FrameEvent], frames: int = RATE, **how: float) -> Samples:
    """Left channel."""
    return render(synth(made), events, frames, (512,), **how)[0].astype(float)  # type: ignore[arg-type]


def spectrum(x: Samples) -> tuple[Samples, Samples]:
    s = np.abs(np.fft.rfft(x * np.blackman(len(x)))) / len(x) * 2 / 0.42
    return np.fft.rfftfreq(len(x), 1 / RATE), s


def level_at(x: Samples, hz: float, width: float = 30) -> float:
    f, s = spectrum(x)
    return float(s[np.abs(f - hz) < width].max())


def envelope(x: Samples, frames: int = 96) -> Samples:
    return np.sqrt(2 * np.convolve(x**2, np.ones(frames) / frames, "same"))


def analytic(x: Samples) -> Samples:
    """The exact envelope of one sine."""
    s = np.fft.fft(x)
    s[len(x) // 2 :] = 0
    return np.abs(2 * np.fft.ifft(s))


# Shapes

def test_a_square_has_odd_harmonics_and_half_a_pulse_a_null() -> None:
    x = heard(patch('shape = "square"'), [on(0, 45)], RATE + 9600)[9600:]
    levels = [level_at(x, 110 * n) for n in range(1, 8)]
    assert levels[0] == pytest.approx(4 / np.pi, rel=0.01)
    assert [levels[n - 1] for n in (3, 5, 7)] == pytest.approx([4 / np.pi / n for n in (3, 5, 7)], rel=0.03)
    assert max(levels[1], levels[3], levels[5]) < 1e-3
    quarter = heard(patch('shape = "pulse"\npulse_width = 0.25'), [on(0, 45)], RATE + 9600)[9600:]
    assert level_at(quarter, 440) < 2e-3
    assert level_at(quarter, 220) == pytest.approx(4 / np.pi / 2 * np.sin(np.pi / 2), rel=0.02)


@pytest.mark.parametrize(("shape", "slope"), [("noise", 0.0), ("pink", -3.01)])
@pytest.mark.parametrize("quality", ["normal", "high"])
def test_noise_slopes_as_it_should(shape: str, slope: float, quality: str) -> None:
    x = heard(patch(f'shape = "{shape}"', top=f'quality = "{quality}"'), [on(0, 60)], 8 * RATE)[RATE // 4 :]
    power = np.abs(np.fft.rfft(x)) ** 2
    hz = np.fft.rfftfreq(len(x), 1 / RATE)
    octaves = [10 * np.log10(power[(hz > f) & (hz < 2 * f)].mean()) for f in (100, 200, 400, 800, 1600, 3200, 6400)]
    assert np.polyfit(np.arange(7), octaves, 1)[0] == pytest.approx(slope, abs=0.25)
    assert 0.1 < x.std() < 0.7
    assert abs(x.mean()) < 0.05


def alias_db(made: Patch, hz: float = 5000, below: float = 12000) -> float:
    key = A4 + 12 * np.log2(hz / 440)
    x = heard(made, [on(0, round(key), cents=float(100 * (key - round(key))))])[8192:40960]
    f, s = spectrum(x)
    near = np.abs(f[:, None] - hz * np.arange(1, int(24000 / hz) + 1)).min(axis=1) < 40
    return float(20 * np.log10(s[~near & (f < below)].max() / s.max()))


@pytest.mark.parametrize(("quality", "most"), [("normal", -45), ("high", -80)])
@pytest.mark.parametrize("shape", ["saw", "pulse", "triangle"])
def test_aliases_of_a_5_khz_wave(shape: str, quality: str, most: float) -> None:
    assert alias_db(patch(f'shape = "{shape}"', top=f'quality = "{quality}"')) < most


@pytest.mark.parametrize("key", [24, 69, 100])
@pytest.mark.parametrize("quality", ["normal", "high"])
def test_pitch_is_within_half_a_cent_at_either_quality(quality: str, key: int) -> None:
    x = heard(patch('shape = "saw"', top=f'quality = "{quality}"'), [on(0, key)])[RATE // 8 :]
    hz = 440 * 2 ** ((key - A4) / 12)
    assert abs(cents(pitch(x, hz), hz)) < 0.5


def test_high_quality_says_by_how_much_it_is_late() -> None:
    normal, high = (synth(patch('shape = "sine"', top=f'quality = "{q}"', more="[amp]\nattack_ms = 1"))
                    for q in ("normal", "high"))
    a, b = (render(s, [on(100, 60)], 4800)[0].astype(float) for s in (normal, high))
    assert normal.latency == 0
    assert high.latency > 0
    late = int(np.argmax(np.correlate(b, a, "full"))) - len(a) + 1
    assert late == high.latency
    assert np.abs(b[late:] - a[: len(a) - late])[300:].max() < 2e-3


# Oscillators together

def test_octave_ratio_and_sub() -> None:
    x = heard(patch('shape = "sine"\noctave = 1\nratio = 1.5', more='[sub]\nlevel_db = -6\noctave = -2'), [on(0, A4)])
    assert level_at(x[9600:], 1320) == pytest.approx(1, rel=0.01)
    assert level_at(x[9600:], 110) == pytest.approx(0.501, rel=0.01)


def test_unison_spreads_pitch_and_sides() -> None:
    made = synth(patch('shape = "sine"\nunison = 7\nunison_cents = 19\nunison_spread = 1'))
    x = render(made, [on(0, 93)], 8 * RATE).astype(float)[:, RATE // 2 :]
    hz, left = spectrum(x[0])
    _, right = spectrum(x[1])
    offsets = np.array([19, 10.34, 3.66])
    for c in (*-offsets, 0, *offsets):
        at = 1760 * 2 ** (c / 1200)
        assert (left + right)[np.abs(hz - at) < 0.4].max() > 0.25
    assert np.sqrt((x**2).mean()) == pytest.approx(0.5**0.5, rel=0.15)  # as loud as one
    assert abs(np.corrcoef(x)[0, 1]) < 0.75
    mono = render(synth(patch('shape = "saw"\nunison = 5\nunison_spread = 0')), [on(0, 60)], 9600)
    assert np.array_equal(mono[0], mono[1])


@pytest.mark.parametrize("shape", ["sine", "saw", "pulse", "triangle"])
def test_a_synced_wave_has_its_masters_pitch(shape: str) -> None:
    rows = ('shape = "sine"\nlevel_db = -90', f'shape = "{shape}"\nratio = 2.7\nsync = 1')
    x = heard(patch(*rows), [on(0, 57)])[8192:]
    f, s = spectrum(x)
    harmonic = np.abs(f / 220 - np.round(f / 220)) < 0.06
    assert s[~harmonic & (f < 12000)].max() < 10 ** (-45 / 20) * s.max()
    assert pitch(x, 220) == pytest.approx(220, rel=1e-4)


def test_a_synced_saw_is_the_formula() -> None:
    x = heard(patch('shape = "saw"\nlevel_db = -90', 'shape = "saw"\nratio = 1.6\nsync = 1'), [on(0, 45)], 9600)
    t = np.arange(9600) * 110 / RATE % 1.0
    want = 2 * (1.6 * t % 1.0) - 1
    clear = (np.abs(1.6 * t - np.round(1.6 * t)) > 0.01) & (t > 0.01) & (t < 0.99)
    assert np.abs(x - want)[clear & (np.arange(9600) > 480)].max() < 2e-3


@pytest.mark.parametrize("by", ["fm_ratio = 2", "fm_by = 1"])
def test_fm_has_the_sidebands_of_bessels_functions(by: str) -> None:
    j = {0: 0.5118277, 1: 0.5579365, 2: 0.2320877, 3: 0.0609640}  # J_n(1.5)
    rows = ['shape = "sine"\nratio = 2\nlevel_db = -90'] if "by" in by else []
    x = heard(patch(*rows, f'shape = "sine"\nratio = 11\nfm_index = 1.5\n{by}'), [on(0, A4)])[9600:]
    for n, level in j.items():
        for hz in {440 * (11 + 2 * n), 440 * (11 - 2 * n)}:
            assert level_at(x, abs(hz)) == pytest.approx(level, rel=0.02)


def test_an_oscillator_that_modulates_itself_becomes_a_saw() -> None:
    x = heard(patch('shape = "sine"\nfm_by = 1\nfm_index = 1.2'), [on(0, A4)])[9600:]
    levels = [level_at(x, 440 * n) for n in (1, 2, 3, 4)]
    assert all(a > b > 0.02 for a, b in pairwise(levels))
    assert level_at(x, 660) < 1e-3


# Envelopes

def test_attack_curves() -> None:
    half = {}
    for curve in (-6, 0, 6):
        x = heard(patch('shape = "sine"', more=f"[amp]\nattack_ms = 200\nattack_curve = {curve}"), [on(0, 96)])
        e = analytic(x)
        half[curve] = np.argmax(e > 0.5) / RATE * 1e3
        assert np.argmax(e > 0.985) / RATE * 1e3 < 210
    assert half[0] == pytest.approx(100, abs=1)
    want = -np.log2(1 - 0.5 * (1 - 2.0**-6)) / 6 * 200
    assert half[6] == pytest.approx(want, abs=1.5)
    assert half[-6] == pytest.approx(200 - want, abs=1.5)


def test_straight_decay_and_release() -> None:
    more = "[amp]\nattack_ms = 1\ndecay_ms = 100\nsustain = 0.4\nrelease_ms = 200\ndecay_curve = 0\nrelease_curve = 0"
    e = envelope(heard(patch('shape = "sine"', more=more), [on(0, 96), off(24000, 96)]))
    assert e[48 + 4800] == pytest.approx(0.7, abs=0.01)
    assert e[48 + 9600 + 400] == pytest.approx(0.4, abs=0.01)
    assert e[24000 + 4800] == pytest.approx(0.2, abs=0.01)
    assert not heard(patch('shape = "sine"', more=more), [on(0, 96), off(24000, 96)])[24000 + 10000 :].any()


def test_times_follow_key_and_velocity() -> None:
    more = "[amp]\nattack_ms = 100\nkey_octaves = 1\nvelocity_attack = 1\n[velocity]\nlevel_exponent = 0"
    text = patch('shape = "sine"', more=more.replace("[velocity]\n", "")[: more.index("[velocity]")])
    for key, velocity, want in ((60, 90, 50), (84, 90, 12.5), (60, 45, 100)):
        x = heard(text, [on(0, key, velocity)])
        e = envelope(x, round(RATE / 130))
        assert np.argmax(e > 0.5 * e[30000:40000].mean()) / RATE * 1e3 == pytest.approx(want, abs=4)


def test_pitch_envelope_and_the_free_one() -> None:
    more = "[pitch]\ndepth_cents = 1200\nattack_ms = 0\ndecay_ms = 50\nsustain = 0.5\n"
    x = heard(patch('shape = "sine"', more=more), [on(0, A4)])
    assert abs(cents(pitch(x[RATE // 2 :], 440 * 2**0.5), 440 * 2**0.5)) < 0.5
    assert abs(cents(pitch(x[:480], 870), 440 * 2 ** (1 / (1 / 0.9)))) < 250  # near the octave at first
    more = """[envelope]\nattack_ms = 100\ndecay_ms = 60000\nsustain = 1
[[modulation]]\nsource = "envelope"\ntarget = "pitch_cents"\namount = -700\n"""
    x = heard(patch('shape = "sine"', more=more), [on(0, A4)])
    want = 440 * 2 ** (-7 / 12)
    assert abs(cents(pitch(x[RATE // 2 :], want), want)) < 0.5


def test_filter_envelope_lets_go() -> None:
    more = """[filter]\ntype = "low-pass"\ncutoff_hz = 200\nenvelope_octaves = 5\nattack_ms = 1\nsustain = 1
release_ms = 100\n[amp]\nrelease_ms = 20000"""
    x = heard(patch('shape = "saw"', more=more), [on(0, 45), off(24000, 45)])
    bright, dull = level_at(x[14000:22000], 2200), level_at(x[36000:46000], 2200)
    assert dull < 0.05 * bright


# Filter

@pytest.mark.parametrize("slope", [12, 24])
def test_a_notch_follows_the_analytic_response(slope: int) -> None:
    cutoff, q = 1500.0, 1.3
    flat = heard(patch('shape = "saw"'), [on(0, 45)])[RATE // 4 :]
    made = patch('shape = "saw"', more=f'[filter]\ntype = "notch"\nslope_db = {slope}\ncutoff_hz = {cutoff}\nq = {q}')
    x = heard(made, [on(0, 45)])[RATE // 4 :]
    harmonics = 110.0 * np.arange(2, 60)
    got = np.array([20 * np.log10(level_at(x, h, 20) / level_at(flat, h, 20)) for h in harmonics])

    def worst(ratio: float) -> float:  # each note's cutoff is drawn from within 2 %
        w = np.tan(np.pi * harmonics / RATE) / np.tan(np.pi * cutoff * ratio / RATE)
        total = np.ones(len(harmonics))
        for k in (1 / q, 1 / 0.7)[: slope // 12]:
            total = total * np.abs((1 - w * w) / (1 - w * w + 1j * k * w))
        loud = total > 10 ** (-25 / 20)
        return float(np.abs(got - 20 * np.log10(total))[loud].max())

    assert min(worst(ratio) for ratio in np.linspace(0.978, 1.022, 45)) < 0.5


def test_drive_lifts_the_harmonics_and_keeps_the_peak() -> None:
    clean, driven = (heard(patch('shape = "sine"', more=f"[filter]\ndrive_db = {db}"), [on(0, A4)])[9600:]
                     for db in (0, 18))
    assert np.abs(driven).max() == pytest.approx(np.abs(clean).max(), rel=0.02)
    assert level_at(clean, 1320) < 1e-4
    assert 0.1 < level_at(driven, 1320) / level_at(driven, 440) < 0.34
    assert level_at(driven, 880) < 1e-3


def test_the_filter_stays_stable_under_violent_modulation() -> None:
    more = """[filter]\ntype = "low-pass"\nslope_db = 24\ncutoff_hz = 1000\nq = 20
[[lfo]]\nshape = "random"\nrate_hz = 100\n[[lfo]]\nshape = "square"\nrate_hz = 77
[[modulation]]\nsource = "lfo1"\ntarget = "cutoff_octaves"\namount = 6
[[modulation]]\nsource = "lfo2"\ntarget = "q_octaves"\namount = 2\n"""
    x = heard(patch('shape = "saw"', more=more), [on(0, 33), on(100, 69)], 5 * RATE)
    assert np.isfinite(x).all()
    assert np.abs(x).max() < 200


# LFOs and modulations

def wobble(lfo: str, events: Sequence[FrameEvent] = (on(0, 96),), frames: int = 2 * RATE, **how: float) -> Samples:
    """What an LFO makes of the level of a high sine, as a share: 6 dB up and down."""
    more = f'[[lfo]]\n{lfo}\n[[modulation]]\nsource = "lfo1"\ntarget = "level_db"\namount = 6\n[amp]\nattack_ms = 0'
    return 20 * np.log10(envelope(heard(patch('shape = "sine"', more=more), events, frames, **how), 45) + 1e-9) / 6


@pytest.mark.parametrize(("shape", "formula"), [
    ("sine", lambda t: np.sin(2 * np.pi * t)), ("triangle", lambda t: 1 - 4 * np.abs((t - 0.25 + 0.5) % 1 - 0.5)),
    ("saw", lambda t: 2 * ((t + 0.5) % 1) - 1), ("square", lambda t: np.where(t % 1 < 0.5, 1.0, -1.0)),
])
def test_lfo_shapes(shape: str, formula: object) -> None:
    y = wobble(f'shape = "{shape}"\nrate_hz = 2')
    t = np.arange(len(y)) / RATE * 2
    assert callable(formula)
    want = formula(t)
    smooth = np.ones(len(y), bool)
    for jump in np.flatnonzero(np.abs(np.diff(want)) > 0.5):
        smooth[max(0, jump - 100) : jump + 100] = False
    assert np.abs(y - want)[smooth][100:-100].max() < 0.03


def test_a_random_lfo_holds_its_levels() -> None:
    y = wobble('shape = "random"\nrate_hz = 8', frames=4 * RATE)
    held = y[: 32 * 6000].reshape(32, 6000)[:, 300:-300]
    assert held.std(axis=1).max() < 0.01
    assert held.mean(axis=1).std() > 0.35
    assert len(np.unique(held.mean(axis=1).round(2))) > 20


@pytest.mark.parametrize("bpm", [90.0, 140.0])
def test_an_lfo_in_time_with_the_beat(bpm: float) -> None:
    y = wobble("beats = 0.5", frames=RATE, bpm=bpm)
    t = np.arange(len(y)) / RATE * bpm / 60 / 0.5
    assert np.abs(y - np.sin(2 * np.pi * t))[200:-200].max() < 0.03


def test_a_free_lfo_follows_the_songs_beat_and_a_notes_own_does_not() -> None:
    for run, phase in (("free", 0.25), ("note", 0.0)):
        made = synth(patch('shape = "sine"', more=f"""[[lfo]]\nbeats = 4\nrun = "{run}"
[[modulation]]\nsource = "lfo1"\ntarget = "level_db"\namount = 6\n[amp]\nattack_ms = 0"""))
        out, block = np.zeros((2, 4800), np.float32), np.zeros((2, 480), np.float32)
        for i in range(10):  # from the second beat of a bar on
            at = Transport(frame=480 * i, beat=1 + 480 * i / RATE * 2, bpm=120, playing=True)
            made.process([on(0, 96)] if i == 0 else [], block, at)
            out[:, 480 * i : 480 * (i + 1)] = block
        y = 20 * np.log10(envelope(out[0].astype(float), 45)[200]) / 6
        assert y == pytest.approx(np.sin(2 * np.pi * phase), abs=0.05)


def test_an_lfo_fades_in_and_can_be_hurried() -> None:
    y = np.abs(wobble("rate_hz = 10\ndelay_ms = 500\nfade_ms = 500", frames=2 * RATE))
    assert y[200:22000].max() < 0.05
    assert 0.35 < y[33000:38000].max() < 0.65
    assert y[60000:].max() > 0.95
    more = """[[lfo]]\nrate_hz = 2\n[[modulation]]\nsource = "lfo1"\ntarget = "level_db"\namount = 6
[[modulation]]\nsource = "velocity"\ntarget = "lfo1_octaves"\namount = 2\n[amp]\nattack_ms = 0"""
    e = analytic(heard(patch('shape = "sine"', more=more), [on(0, 96, 127)], 2 * RATE))[200:-200]
    e /= np.exp(np.log(e).mean())
    turns = np.flatnonzero((e[1:] > 1) & (e[:-1] <= 1))
    assert len(turns) == pytest.approx(16, abs=2)  # 8 Hz for two seconds


@pytest.mark.parametrize(("rule", "plus"), [
    ('source = "velocity"\ntarget = "pitch_cents"\namount = 127', 100.0),
    ('source = "key"\ntarget = "oscillator1.pitch_cents"\namount = 400', 300.0),
    ('source = "wheel"\nby = "velocity"\ntarget = "pitch_cents"\namount = 254', 200.0),
    ('source = "timbre"\ntarget = "pitch_cents"\namount = 50', 50.0),
])
def test_modulations_move_the_pitch(rule: str, plus: float) -> None:
    more = f"[[modulation]]\n{rule}\n[vibrato]\nwheel_cents = 0"
    x = heard(patch('shape = "sine"', more=more), [cc(0, 1, 127), cc(0, 74, 127), on(0, A4, 100)])[9600:]
    want = 440 * 2 ** (plus / 1200)
    assert abs(cents(pitch(x, want), want)) < 0.6


def test_modulations_of_pan_width_and_index() -> None:
    made = patch('shape = "pulse"', more='[[modulation]]\nsource = "wheel"\ntarget = "pan"\namount = -1')
    x = render(synth(made), [cc(0, 1, 127), on(0, 60)], 9600)
    assert np.abs(x[1, 2000:]).max() < 1e-3 * np.abs(x[0, 2000:]).max()
    made = patch('shape = "pulse"', more='[[modulation]]\nsource = "wheel"\ntarget = "pulse_width"\namount = -0.25')
    assert level_at(heard(made, [cc(0, 1, 127), on(0, A4)])[9600:], 4 * 440) < 3e-3
    made = patch('shape = "sine"\nfm_ratio = 1',
                 more='[[modulation]]\nsource = "wheel"\ntarget = "fm_index"\namount = 2')
    assert level_at(heard(made, [on(0, A4)])[9600:], 880) < 1e-4
    assert level_at(heard(made, [cc(0, 1, 127), on(0, A4)])[9600:], 880) > 0.3


# Playing

def test_glide_is_straight_in_pitch() -> None:
    made = patch('shape = "sine"', voice='mode = "legato"\nglide_ms = 400')
    x = heard(made, [on(0, 57), on(24000, 81), off(30000, 57)], 2 * RATE)
    for at_s, want in ((0.3, 220), (0.7, 440), (1.2, 880)):
        part = x[int((at_s - 0.02) * RATE) : int((at_s + 0.02) * RATE)]
        assert abs(cents(pitch(part, want), want)) < 25


def test_one_voice_returns_to_the_key_that_is_still_held() -> None:
    for mode in ("mono", "legato"):
        made = synth(patch('shape = "sine"', voice=f'mode = "{mode}"'))
        x = render(made, [on(0, 57), on(12000, 64), off(24000, 64), off(36000, 57)], RATE)[0].astype(float)
        assert made.sounding <= 1
        for start, key in ((4000, 57), (16000, 64), (28000, 57)):
            hz = 440 * 2 ** ((key - A4) / 12)
            assert abs(cents(pitch(x[start : start + 8000], hz), hz)) < 1
        assert np.abs(x[-800:]).max() < 1e-3


def test_legato_ties_and_mono_strikes_from_where_it_is() -> None:
    more = "[amp]\nattack_ms = 1\ndecay_ms = 100\nsustain = 0.1"
    peaks = {}
    for mode in ("mono", "legato"):
        x = heard(patch('shape = "sine"', voice=f'mode = "{mode}"', more=more), [on(0, 69), on(24000, 76)])
        peaks[mode] = np.abs(x[24000:26000]).max()
        assert np.abs(np.diff(x)).max() < 0.11  # a full sine's own step at this pitch is 0.09
    assert peaks["legato"] < 0.15
    assert peaks["mono"] > 0.85


def test_mpe_bends_each_note_by_its_channel_and_all_by_the_master() -> None:
    zone = [cc(0, 101, 0), cc(0, 100, 6), cc(0, 6, 5)]  # RPN 6 on channel 1: five members
    bends = [FrameEvent(0, Kind.BEND, 1, 0, 2 / 48), FrameEvent(0, Kind.BEND, 2, 0, -1 / 48)]
    notes = [on(0, 69, channel=1), on(0, 81, channel=2)]
    x = heard(patch('shape = "sine"'), [*zone, *bends, *notes])[9600:]
    for hz in (440 * 2 ** (2 / 12), 880 * 2 ** (-1 / 12)):
        assert abs(cents(pitch(x, hz), hz)) < 0.6
    master = FrameEvent(0, Kind.BEND, 0, 0, 0.5)  # of two semitones
    x = heard(patch('shape = "sine"'), [*zone, *bends, master, *notes])[9600:]
    for hz in (440 * 2 ** (3 / 12), 880):
        assert abs(cents(pitch(x, hz), hz)) < 0.6


def test_the_zones_pedal_holds_its_members_and_off_dissolves_it() -> None:
    made = synth(patch('shape = "sine"', more="[amp]\nrelease_ms = 20"))
    zone = [cc(0, 101, 0), cc(0, 100, 6), cc(0, 6, 3)]
    render(made, [*zone, cc(0, 64, 127), on(10, 60, channel=2), off(4000, 60, channel=2)], 12000)
    assert made.sounding == 1
    render(made, [cc(0, 64, 0)], 12000)
    assert made.sounding == 0
    bend = FrameEvent(0, Kind.BEND, 2, 0, 1.0)
    x = render(made, [cc(0, 101, 0), cc(0, 100, 6), cc(0, 6, 0), bend, on(0, 69, channel=2)], RATE)[0]
    assert abs(cents(pitch(x[9600:].astype(float), 440 * 2 ** (2 / 12)), 440 * 2 ** (2 / 12))) < 0.6


def test_bend_range_by_rpn_0() -> None:
    events = [cc(0, 101, 0), cc(0, 100, 0), cc(0, 6, 12), FrameEvent(0, Kind.BEND, 0, 0, -1.0), on(0, 81)]
    x = heard(patch('shape = "sine"'), events)[9600:]
    assert abs(cents(pitch(x, 440), 440)) < 0.6


def test_timbre_opens_the_filter() -> None:
    made = patch('shape = "saw"', more='[filter]\ntype = "low-pass"\ncutoff_hz = 500\ntimbre_octaves = 2')
    levels = [level_at(heard(made, [cc(0, 74, v), on(0, 45)])[9600:], 1100) for v in (0, 64, 127)]
    assert levels[0] < 0.2 * levels[1] < 0.1 * levels[2] * 2


# Many

def test_voices_add_up_whatever_their_lane() -> None:
    made = patch('shape = "saw"', 'shape = "pulse"\ndetune_cents = 7', voice="polyphony = 64",
                 more='[filter]\ntype = "low-pass"\n[vibrato]\ndepth_cents = 0')
    keys = [36 + (5 * i) % 48 for i in range(21)]
    notes = [[on(6000 + 37 * i, key), off(15000 + 11 * i, key)] for i, key in enumerate(keys)]
    whole = render(synth(made), sorted(e for n in notes for e in n), 20000).astype(float)
    # Alone, each note would draw other random numbers: the ones before it play on a channel that has been turned down.
    total = np.zeros_like(whole)
    for i in range(len(notes)):
        mute = [e._replace(channel=1) for n in notes[:i] for e in n if e.kind is Kind.ON]
        total += render(synth(made), sorted([cc(0, 11, 0, channel=1), *mute, *notes[i]]), 20000)
    assert np.abs(whole).max() > 1
    assert np.abs(whole - total).max() < 1e-4


def test_thousands_of_voices() -> None:
    made = synth(patch('shape = "saw"', voice="polyphony = 3000"), max_frames=128)
    out = np.zeros((2, 128), np.float32)
    made.process([on(0, 20 + i % 100, channel=i % 16) for i in range(3000)], out, Transport())
    assert made.sounding == 3000
    assert np.isfinite(out).all()
    made.process([cc(0, 120, 0, channel=ch) for ch in range(16)], out, Transport(frame=128))
    for i in range(2, 10):
        made.process([], out, Transport(frame=128 * i))
    assert made.sounding == 0


def test_a_silent_synth_is_left_alone() -> None:
    made = synth(patch('shape = "saw"', more="[amp]\nrelease_ms = 10"))
    render(made, [on(0, 60), off(4000, 60)], 3 * RATE)
    before = made._g.copy()
    x = render(made, [], RATE)
    assert not x.any()
    assert np.array_equal(made._g, before)


@pytest.mark.parametrize("seed", range(12))
def test_random_patches_do_not_depend_on_blocks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = synth(random_patch(rng))
    events = [on(3, 60, 80), on(1000, 64, 100), FrameEvent(1500, Kind.BEND, 0, 0, 0.3), off(2203, 60), cc(2300, 74, 99),
              on(2310, 72, 127), cc(2900, 7, 60), off(3001, 64)]
    whole = render(made, events, 4800, (4096,), first=12345)
    scale = max(1.0, float(np.abs(whole).max()))
    for blocks in ((128,), (1, 2, 3, 31, 33, 500)):
        made.reset()
        x = render(made, events, 4800, blocks, first=12345)
        assert np.abs(x - whole).max() < 1e-6 * scale, blocks


def test_random_patches_at_random_stay_finite_and_fast() -> None:
    found = soak(40, seed=5)
    assert found.finite
    assert 0 < found.peak < 1e5
    assert found.longest_s < 20 * found.median_s + 0.2  # denormals would cost 15 times


def test_a_synth_of_drums_is_refused() -> None:
    from instruments.block import InstrumentError
    from instruments.patch import find_patch

    with pytest.raises(InstrumentError, match="make_instrument"):
        Synth(find_patch("jazz-kit"))
    assert isinstance(Synth(plain()), Synth)
