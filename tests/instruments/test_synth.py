"""The synth against oracles: pitch, aliasing, envelopes, filter, blocks, clicks, silence, fuzz."""

from __future__ import annotations

import re
from importlib.resources import files

import numpy as np
import pytest
from oracles import RATE, cc, cents, off, on, pitch, render
from sounds import plain, prepared, synth

from instruments.block import FrameEvent, InstrumentError, Kind, Transport
from instruments.modal import ModalSynth
from instruments.patch import find_patch, parse_patch, patch_names
from instruments.synth import Synth

MELODIC = [name for name in patch_names() if not name.endswith("kit")]
ENGINES = ["acoustic-piano", "rhodes", "alto-sax", "pad", "strings"]


@pytest.mark.parametrize("key", [24, 45, 69, 96])
@pytest.mark.parametrize("shape", ["sine", "saw", "pulse", "triangle"])
def test_pitch_is_within_half_a_cent(shape: str, key: int) -> None:
    x = render(synth(plain(shape)), [on(0, key)], RATE, (4096,))[0]
    hz = 440 * 2 ** ((key - 69) / 12)
    assert abs(cents(pitch(x[RATE // 8 :].astype(float), hz), hz)) < 0.5


@pytest.mark.parametrize(("name", "key", "allowed"), [
    ("acoustic-piano", 60, 1.5), ("upright-bass", 40, 3.0), ("vibraphone", 65, 1.2), ("jazz-guitar", 55, 2.0),
])
def test_acoustic_instruments_are_in_tune(name: str, key: int, allowed: float) -> None:
    instrument = prepared(name)
    instrument.reset()
    x = render(instrument, [on(0, key)], RATE, (4096,)).mean(axis=0)
    hz = 440 * 2 ** ((key - 69) / 12)
    assert abs(cents(pitch(x[RATE // 5 :].astype(float), hz), hz)) < allowed


def test_cents_and_bend_move_the_pitch() -> None:
    hz = 440.0
    x = render(synth(plain()), [on(0, 69, cents=-37.0)], RATE, (4096,))[0]
    assert abs(cents(pitch(x[6000:].astype(float), hz * 0.98), hz) + 37) < 0.5
    bend = FrameEvent(0, Kind.BEND, 0, 0, 0.5)
    x = render(synth(plain()), [bend, on(0, 69)], RATE, (4096,))[0]
    assert abs(cents(pitch(x[6000:].astype(float), hz * 2 ** (1 / 12)), hz) - 100) < 0.5
    modal = prepared("vibraphone")
    modal.reset()
    x = render(modal, [on(0, 69), bend._replace(offset=4000)], RATE, (4096,)).mean(axis=0)
    assert abs(cents(pitch(x[9000:].astype(float), hz * 2 ** (1 / 12)), hz) - 100) < 1.5


def test_a_bend_is_of_its_channel_alone() -> None:
    events = [FrameEvent(0, Kind.BEND, 3, 0, 1.0), on(0, 69, channel=2)]
    x = render(synth(plain()), events, RATE, (4096,))[0]
    assert abs(cents(pitch(x[6000:].astype(float), 440), 440)) < 0.5


def test_aliases_of_a_5_khz_saw_stay_45_db_below_it_under_12_khz() -> None:
    key = 69 + 12 * np.log2(5000 / 440)
    x = render(synth(plain("saw")), [on(0, round(key), cents=float(100 * (key - round(key))))], RATE, (4096,))[0]
    x = x[8192:40960].astype(float)
    s = np.abs(np.fft.rfft(x * np.blackman(len(x))))
    hz = np.fft.rfftfreq(len(x), 1 / RATE)
    near = np.abs(hz[:, None] - 5000 * np.arange(1, 5)).min(axis=1) < 40
    assert 20 * np.log10(s[~near & (hz < 12000)].max() / s.max()) < -45


def _envelope(x: np.ndarray, key: int) -> np.ndarray:
    """Exact envelope of a sine of constant pitch: |analytic signal|."""
    s = np.fft.fft(x)
    s[len(x) // 2 :] = 0
    return np.abs(2 * np.fft.ifft(s))


@pytest.mark.parametrize("attack", [5, 20, 100])
def test_attack_takes_its_time(attack: int) -> None:
    x = render(synth(plain(attack=attack)), [on(480, 96)], RATE // 2, (512,))[0]
    e = _envelope(x, 96)
    level = np.median(e[RATE // 4 : RATE // 3])
    half = np.argmax(e > 0.5 * level)
    assert abs((half - 480) / RATE * 1e3 - attack / 2) < 1


def test_decay_and_release_take_their_time() -> None:
    made = synth(plain(attack=1, decay=80, sustain=0.25, release=300))
    x = render(made, [on(0, 96), off(36017, 96)], RATE + 4000, (333,))[0]
    e = _envelope(x, 96)
    level = np.median(e[33000:35500])
    peak = level / 0.25
    want = 0.25 + 0.75 * np.exp(-1.0)
    reached = np.argmax(e[200:] < want * peak) + 200
    assert abs(reached / RATE * 1e3 - 81) < 1
    thirty = np.argmax(e[36017:] < level * 10 ** (-30 / 20))
    assert abs(thirty / RATE * 1e3 - 150) < 1


@pytest.mark.parametrize(("kind", "slope"), [("low-pass", 12), ("low-pass", 24), ("high-pass", 12), ("band-pass", 12)])
def test_filter_follows_the_analytic_response(kind: str, slope: int) -> None:
    cutoff, q = 1500.0, 1.3
    more = f'[filter]\ntype = "{kind}"\nslope_db = {slope}\ncutoff_hz = {cutoff}\nq = {q}\n[velocity]\nbrightness = 0\n'
    spectra = []
    for text in ("", more):
        x = render(synth(plain("saw", more=text)), [on(0, 45)], RATE, (4096,))[0][RATE // 4 :].astype(float)
        spectra.append(np.abs(np.fft.rfft(x * np.hanning(len(x)))))
    hz = np.fft.rfftfreq(RATE * 3 // 4, 1 / RATE)
    harmonics = 110.0 * np.arange(2, 60)
    bins = np.array([np.argmax(spectra[0] * (np.abs(hz - h) < 20)) for h in harmonics])
    got = 20 * np.log10(spectra[1][bins] / spectra[0][bins])

    def worst(ratio: float) -> float:
        w = np.tan(np.pi * harmonics / RATE) / np.tan(np.pi * cutoff * ratio / RATE)
        total = np.ones(len(harmonics))
        for k in (1 / q, 1 / 0.7)[: 2 if slope == 24 else 1]:
            top = {"low-pass": 1.0 + 0 * w, "high-pass": -w * w, "band-pass": 1j * k * w}[kind]
            total = total * np.abs(top / (1 - w * w + 1j * k * w))
        loud = total > 10 ** (-45 / 20)
        return float(np.abs(got - 20 * np.log10(total))[loud].max())

    # Each note's cutoff is drawn from within 2 %, so that no two notes are equal: the shape is what is fixed.
    assert min(worst(ratio) for ratio in np.linspace(0.978, 1.022, 89)) < 0.5


SCORE = [
    cc(0, 1, 40), on(3, 60, 80), on(1000, 64, 100), on(1001, 67, 50), FrameEvent(1500, Kind.BEND, 0, 0, 0.3),
    off(5003, 60), cc(5100, 64, 127), off(6000, 64), on(6400, 64, 110), cc(9000, 64, 0), cc(9500, 7, 60), off(9999, 64),
]


@pytest.mark.parametrize("name", ENGINES)
def test_sound_does_not_depend_on_blocks(name: str) -> None:
    instrument = prepared(name)
    whole = None
    for blocks in ((4096,), (128,), (1, 2, 3, 31, 33), (64, 4096, 7, 1000)):
        instrument.reset()
        x = render(instrument, SCORE, 14000, blocks, first=12345)
        whole = x if whole is None else whole
        assert np.abs(x - whole).max() < 1e-6, blocks


@pytest.mark.parametrize("name", MELODIC)
def test_no_patch_depends_on_blocks(name: str) -> None:
    instrument = prepared(name)
    heard = []
    for blocks in ((4096,), (128,)):
        instrument.reset()
        heard.append(render(instrument, SCORE, 14000, blocks, first=12345))
    assert np.abs(heard[1] - heard[0]).max() < 2e-6  # struck things of short modes: float32 rotors round differently


def test_one_frame_at_a_time_sounds_the_same() -> None:
    instrument = prepared("rhodes")
    instrument.reset()
    a = render(instrument, SCORE[:6], 3000, (4096,))
    instrument.reset()
    b = render(instrument, SCORE[:6], 3000, (1,))
    assert np.abs(a - b).max() < 1e-6


@pytest.mark.parametrize("name", ENGINES)
def test_the_same_events_give_the_same_bytes(name: str) -> None:
    instrument = prepared(name)
    renders = []
    for _ in range(2):
        instrument.reset()
        renders.append(render(instrument, SCORE, 12000, (256,)).tobytes())
    assert renders[0] == renders[1]


@pytest.mark.parametrize("name", ["acoustic-piano", "upright-bass", "alto-sax"])
def test_equal_notes_are_never_quite_equal(name: str) -> None:
    instrument = prepared(name)
    instrument.reset()
    a = render(instrument, [on(0, 48), cc(12000, 120, 0)], 48000, (4096,), first=0)
    b = render(instrument, [on(0, 48), cc(12000, 120, 0)], 48000, (4096,), first=48000)
    assert np.abs(a - b)[:, :12000].max() > 1e-4


def test_a_stolen_voice_does_not_click() -> None:
    patch = plain("sine", attack=5, polyphony=2)
    calm = render(synth(patch), [on(0, 60), on(0, 67)], 24000)
    stolen = render(synth(patch), [on(0, 60), on(0, 67), on(9001, 62), on(9700, 65), on(12000, 69)], 24000)
    step = np.abs(np.diff(calm)).max()
    assert np.abs(np.diff(stolen)).max() < 1.6 * step


@pytest.mark.parametrize("name", ["acoustic-piano", "upright-bass", "nylon-guitar", "vibraphone", "strings", "rhodes"])
def test_no_patch_clicks_when_a_voice_is_stolen(name: str) -> None:
    """Two loud low notes give way to soft high ones: no step beyond what both make by themselves."""
    text = (files("instruments") / "patches" / f"{name}.toml").read_text(encoding="utf-8")
    patch = parse_patch(name, re.sub(r"polyphony = \d+", "polyphony = 2", text), name)
    made = ModalSynth(patch) if patch.engine == "modes" else Synth(patch)
    made.prepare(RATE, 512)
    low, high = [on(0, 36, 110), on(0, 43, 110)], [on(24000, 84, 3), on(25000, 86, 3)]
    heard = []
    for events in (low, high, [*low, *high]):
        made.reset()
        heard.append(render(made, events, 30000)[:, 23990:].astype(float))
    alone, soft, stolen = (np.abs(np.diff(x)).max() for x in heard)
    assert np.abs(heard[0]).max() > 6 * (alone + soft)  # cut off, a note would make a larger step
    assert stolen < 1.1 * (alone + soft) + 0.001


def test_stealing_keeps_the_polyphony() -> None:
    made = synth(plain(polyphony=3))
    render(made, [on(100 * i, 40 + i) for i in range(40)], 8000)
    assert made.sounding == 3


@pytest.mark.parametrize("name", MELODIC)
def test_every_patch_ends_in_true_silence(name: str) -> None:
    instrument = prepared(name)
    instrument.reset()
    tail = instrument.tail
    rise_ms = find_patch(name).sections["amp"]["attack_ms"]  # a slow one is held until it has risen
    held = max(4000, int(RATE * rise_ms / 1e3))
    x = render(instrument, [on(0, 60), off(held, 60)], held + tail + RATE + 8192, (4096,))
    assert np.abs(x[:, : held + 4000]).max() > 0.01
    after = x[:, held + tail : held + tail + 2000]
    assert np.abs(after).max() < 10 ** (-90 / 20)
    assert not x[:, -4000:].any()


@pytest.mark.parametrize("name", MELODIC)
def test_no_patch_clicks_when_a_key_goes_up(name: str) -> None:
    instrument = prepared(name)
    instrument.reset()
    x = render(instrument, [on(0, 60), off(24000, 60)], 30000, (4096,)).astype(float)
    around = np.abs(np.diff(x[:, 23900:24600])).max()
    before = np.abs(np.diff(x[:, 19000:23900])).max()
    assert around < 1.5 * before + 1e-3


def test_pedal_holds_until_it_is_lifted() -> None:
    made = synth(plain(release=50))
    events = [on(0, 60), cc(100, 64, 127), off(1000, 60), cc(20000, 64, 0)]
    x = render(made, events, 40000)
    assert np.abs(x[:, 18000:20000]).max() > 0.5
    assert np.abs(x[:, 26000:]).max() < 1e-4


def test_all_notes_off_and_all_sound_off() -> None:
    for number, frames in ((123, 8000), (120, 300)):
        x = render(synth(plain(release=100)), [on(0, 60), on(0, 64), cc(9600, number, 0)], 30000)
        assert np.abs(x[:, 9600 + frames :]).max() < 1e-4


def test_an_off_ends_the_oldest_note_of_its_key() -> None:
    made = synth(plain(release=20))
    render(made, [on(0, 60), on(2000, 60), off(4000, 60)], 12000)
    assert made.sounding == 1


@pytest.mark.parametrize("name", MELODIC)
def test_louder_is_louder_and_not_duller(name: str) -> None:
    instrument = prepared(name)
    levels, centroids = [], []
    for velocity in (50, 90, 120):
        instrument.reset()
        x = render(instrument, [on(0, 60, velocity)], 40000, (4096,)).mean(axis=0).astype(float)
        levels.append(20 * np.log10(np.sqrt(np.mean(x**2))))
        part = x[4800:16800]
        s = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
        centroids.append(float((s * np.arange(len(s))).sum() / s.sum()))
    if "organ" in name:
        assert max(levels) - min(levels) < 1
        return
    assert levels[0] < levels[1] < levels[2]
    assert 4.5 < levels[2] - levels[0] < 17
    assert centroids[2] > 0.97 * centroids[0]


@pytest.mark.parametrize("name", ["acoustic-piano", "rhodes", "alto-sax", "strings", "vibraphone"])
def test_random_midi_stays_finite_and_bounded(name: str) -> None:
    rng = np.random.default_rng(7)
    instrument = prepared(name)
    instrument.reset()
    events = []
    for _ in range(500):
        kind = Kind(int(rng.integers(0, 6)))
        value = float(rng.uniform(-1, 1)) if kind is Kind.BEND else float(rng.integers(1, 128))
        number = int(rng.choice([1, 7, 11, 64, 120, 121, 123])) if kind is Kind.CC else int(rng.integers(0, 128))
        events.append(FrameEvent(int(rng.integers(0, 96000)), kind, int(rng.integers(0, 16)), number, value,
                                 float(rng.uniform(-1200, 1200))))
    x = render(instrument, sorted(events), 96000, (128, 1, 999))
    assert np.isfinite(x).all()
    assert np.abs(x).max() < 30


def test_more_events_than_a_call_takes() -> None:
    made = synth(plain(polyphony=8))
    burst = [on(0, 30 + i % 60) for i in range(700)] + [off(0, 30 + i % 60) for i in range(700)]
    render(made, [*burst, on(5, 69)], 30000, (4096,))
    assert made.sounding == 1


def test_it_names_what_does_not_fit() -> None:
    with pytest.raises(InstrumentError, match="192000"):
        synth(plain(), rate=1)
    with pytest.raises(InstrumentError, match="5000 frames"):
        synth(plain()).process([on(0, 60)], np.zeros((2, 5000), np.float32), Transport())


def test_another_rate_keeps_pitch() -> None:
    x = render(synth(plain("saw"), rate=44100), [on(0, 69)], 44100, (4096,))[0]
    assert abs(cents(pitch(x[6000:].astype(float), 440 * RATE / 44100), 440 * RATE / 44100)) < 0.5
