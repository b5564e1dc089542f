"""The patches against measured instruments: spectrum over time, attack, decay, brightness.

The few numbers in the tables are of one sampled set (MuseScore General, MIT licence), at velocity 90. Where the data
folder is there (environment variable SIDEMAN_DATA, default ../shared/data beside the checkout), log-spectral distances
to the full measurements are checked too.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import DRUM_FRAMES_S, MELODIC_FRAMES_S, RATE, bands_db, lsd, off, on, render, trimmed
from sounds import kit, prepared

ROOT = Path(__file__).resolve().parents[2]

# key: dB at 0.1, 0.3 and 1 s after the peak; centroid at 0.1 and 0.3 s
PIANO = {36: (-3.6, -5.9, -10.6, 752, 669), 60: (-2.8, -9.7, -28.0, 442, 507), 84: (-7.2, -20.1, -29.4, 1048, 1044)}
BASS = {28: (-2.1, -4.7, -8.8, 68, 68), 36: (-4.8, -8.2, -14.7, 88, 71), 48: (-6.4, -11.2, -24.0, 136, 142)}

ROLES = {
    "acoustic-piano": ("acoustic_piano", 8.0), "upright-bass": ("bass_upright", 8.0), "rhodes": ("rhodes_ep", 10.0),
    "vibraphone": ("vibraphone", 10.0), "alto-sax": ("sax_alto", 10.0), "trumpet": ("trumpet", 8.0),
    "flute": ("flute", 9.0), "clarinet": ("clarinet", 11.0), "nylon-guitar": ("guitar_nylon", 8.0),
    "jazz-guitar": ("guitar_jazz", 9.0), "strings": ("ensemble_fast", 10.0), "synth-bass": ("bass_synth2", 8.0),
    "lead": ("lead_saw", 8.0),
}
PIECES = {
    36: "jazz_kick", 38: "standard_snare", 37: "standard_rim_side", 42: "standard_hat_closed", 44: "standard_hat_pedal",
    46: "standard_hat_open", 51: "standard_ride", 53: "standard_ride_bell", 49: "standard_crash1",
    50: "standard_tom_high", 41: "standard_tom_low_floor",
}


def _note(name: str, key: int, seconds: float = 1.6) -> np.ndarray:
    instrument = prepared(name)
    instrument.reset()
    return render(instrument, [on(0, key)], int(seconds * RATE), (4096,)).mean(axis=0).astype(float)


def _envelope_db(x: np.ndarray, key: int) -> np.ndarray:
    n = int(max(0.006, 1.5 / (440 * 2 ** ((key - 69) / 12))) * RATE)
    return 20 * np.log10(np.sqrt(np.convolve(x**2, np.ones(n) / n, "same")) + 1e-9)


def _centroid(x: np.ndarray, at_s: float) -> float:
    part = x[int((at_s - 0.04) * RATE) : int((at_s + 0.04) * RATE)]
    s = np.abs(np.fft.rfft(part * np.hanning(len(part)), 16384)) ** 2
    hz = np.fft.rfftfreq(16384, 1 / RATE)
    use = (hz > 20) & (hz < 16000)
    return float((s * hz)[use].sum() / s[use].sum())


@pytest.mark.parametrize(("name", "table"), [("acoustic-piano", PIANO), ("upright-bass", BASS)])
def test_piano_and_bass_decay_and_shine_like_recorded_ones(name: str, table: dict[int, tuple[float, ...]]) -> None:
    for key, (soon, later, second, early_hz, late_hz) in table.items():
        x = trimmed(_note(name, key))
        e = _envelope_db(x, key)
        peak = int(e[: RATE // 2].argmax())
        for at_s, want in ((0.1, soon), (0.3, later), (1.0, second)):
            got = float(e[peak + int(at_s * RATE)] - e[peak])
            assert abs(got - want) < 3 + 0.3 * abs(want), (key, at_s)
        for at_s, want in ((0.1, early_hz), (0.3, late_hz)):
            assert 0.65 < _centroid(x, at_s) / want < 1.4, (key, at_s)


@pytest.mark.parametrize("name", ["acoustic-piano", "upright-bass"])
def test_attack_is_that_of_a_struck_string(name: str) -> None:
    for key in (40, 52, 64):
        e = 10 ** (_envelope_db(_note(name, key, 0.6), key) / 20)
        rise = (np.argmax(e > 0.9 * e.max()) - np.argmax(e > 0.1 * e.max())) / RATE
        assert 0.0005 < rise < 0.04


def test_piano_dampers_stop_the_string_and_the_top_has_none() -> None:
    for key, low, high in ((60, 0.25, 0.8), (96, 0.0, 99.0)):
        instrument = prepared("acoustic-piano")
        instrument.reset()
        x = render(instrument, [on(0, key), off(24000, key)], 3 * RATE, (4096,)).mean(axis=0).astype(float)
        held = _note("acoustic-piano", key, 3.0)
        if key >= 89:
            assert np.abs(x - held).max() < 1e-6
            continue
        e = _envelope_db(x, key)
        down = np.argmax(e[24000:] < e[23500] - 60) / RATE
        assert low < down < high


@cache
def _targets() -> dict[str, Any]:
    folder = Path(os.environ.get("SIDEMAN_DATA", ROOT.parent / "shared" / "data"))
    path = folder / "instrument_targets" / "targets.json"
    if not path.exists():
        pytest.skip(f"{path} is not there: set SIDEMAN_DATA to the folder that holds instrument_targets")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", list(ROLES))
def test_spectrum_over_time_is_as_near_as_another_recording(name: str) -> None:
    role, most = ROLES[name]
    targets = _targets()
    distances = [
        lsd(bands_db(trimmed(_note(name, int(key))), MELODIC_FRAMES_S),
            np.array(targets["bands_db_v90"][f"{role}_{key}"]))
        for key in targets["melodic"][role]["pitches"]
    ]
    assert np.mean(distances) <= most
    assert max(distances) <= 12


@pytest.mark.parametrize("key", list(PIECES))
def test_drum_pieces_are_as_near_as_another_recording(key: int) -> None:
    targets = _targets()
    x = trimmed(render(kit(), [on(0, key)], RATE, (4096,)).mean(axis=0).astype(float))
    assert lsd(bands_db(x, DRUM_FRAMES_S), np.array(targets["bands_db_v90"][PIECES[key]])) <= 7
