"""Every melodic patch by itself: heard, in tune, free of clicks, answering to velocity, falling silent, as it was.

`patch_spectra.npz` beside this file holds the third-octave spectra that the patches had when they were voiced. After a
change that is meant to be heard, write it anew: `python tests/instruments/test_patches_sound.py`.
"""

from __future__ import annotations

import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from oracles import MELODIC_FRAMES_S, RATE, bands_db, cents, lsd, off, on, pitch, render, trimmed, weighted
from sounds import prepared

from bridge.bench import hearing
from instruments.patch import Patch, find_patch, patch_names

GOLDEN = Path(__file__).with_name("patch_spectra.npz")
NAMES = [name for name in patch_names() if find_patch(name).engine != "drums"]
HIGH = {"glockenspiel": 84, "celesta": 72, "music-box": 72, "bell": 72, "timpani": 45}
SYNTHETIC = ("organ", "pad", "lead", "plucked", "bells", "effects")
LEVEL_DB = {"bass": (3, 16), "organ": (-1, 16), "lead": (3, 16), "pad": (3, 16)}
SPANS = {"bass": (28, 48), "timpani": (41, 53), "glockenspiel": (72, 96), "celesta": (72, 96), "music-box": (72, 96)}
"""The keys that a struck or plucked patch, or all of a family, is played at."""
ELECTRIC = {"overdriven-guitar", "distortion-guitar", "power-guitar"}
"""Their amplifiers compress, and hide what a finger varies."""


def middle(patch: Patch) -> int:
    return HIGH.get(patch.name, 40 if patch.family == "bass" else 60)


def detuned(patch: Patch) -> bool:
    """Are its notes several, a little apart?"""
    return any(o["unison"] > 1 or abs(o["detune_cents"]) > 2 for o in patch.oscillators)


@cache
def notes(name: str, velocity: float, seconds: float, count: int = 1) -> tuple[np.ndarray, ...]:
    return tuple(hearing.notes(prepared(name), middle(find_patch(name)), velocity, seconds, count=count))


def spectrum(name: str) -> np.ndarray:
    """Mean power of four notes, so that the luck of phases counts less."""
    power = [10 ** (bands_db(trimmed(x), MELODIC_FRAMES_S) / 10) for x in notes(name, 90, 1.3, 4)]
    db = 10 * np.log10(np.mean(power, axis=0))
    return np.asarray(np.maximum(db - db.max(), -60))


def test_there_are_patches_for_six_genres() -> None:
    families = {find_patch(name).family for name in NAMES}
    assert len(NAMES) >= 40
    assert families >= {"keys", "organ", "guitar", "bass", "strings", "brass", "reed", "pipe", "lead", "pad", "choir",
                        "mallets", "bells", "plucked"}


@pytest.mark.parametrize("name", NAMES)
def test_heard_without_clipping_or_a_click(name: str) -> None:
    patch, instrument = find_patch(name), prepared(name)
    key, held = middle(patch), int(0.5 * RATE)
    instrument.reset()
    x = render(instrument, [on(0, key, 127), off(held, key)], int(0.8 * RATE), (4096,)).astype(float)
    assert np.isfinite(x).all()
    assert 0.02 < np.abs(x).max() < 1.0
    step = np.abs(np.diff(x, axis=1, prepend=0.0))
    assert step[:, 0].max() < 0.1 * np.abs(x).max()  # it does not begin with a jump
    before, after = step[:, held - 2400 : held].max(), step[:, held : held + 2400].max()
    assert after < 1.5 * before + 1e-4  # nor does a release


@pytest.mark.parametrize("name", NAMES)
def test_falls_silent(name: str) -> None:
    patch, instrument = find_patch(name), prepared(name)
    instrument.reset()
    key, held = middle(patch), int(0.3 * RATE)
    tail = int(RATE * (2 * patch.sections["amp"]["release_ms"] / 1e3 + 0.1))
    x = render(instrument, [on(0, key, 100), off(held, key)], held + tail + 4800, (4096,))
    assert np.abs(x[:, held + tail :]).max() < 10 ** (-90 / 20)


@pytest.mark.parametrize("name", NAMES)
def test_in_tune(name: str) -> None:
    """The first partial, mean of six notes: vibrato and the difference between notes have to even out."""
    patch = find_patch(name)
    key = middle(patch)
    hz = hearing.pitch_hz(key)
    swept = patch.sections["filter"]["envelope_octaves"] > 3  # a filter that falls shut turns the phase
    found = [cents(pitch(x[int(0.12 * RATE) : int(0.75 * RATE)], hz), hz) for x in notes(name, 90, 0.8, 6)]
    assert abs(np.mean(found)) < (8 if detuned(patch) or swept else 3)


@pytest.mark.parametrize("name", NAMES)
def test_louder_and_brighter_with_velocity(name: str) -> None:
    patch = find_patch(name)
    heard = [notes(name, velocity, 0.5)[0] for velocity in (50, 90, 120)]
    levels = [hearing.level_db(trimmed(x)) for x in heard]
    if patch.family != "organ":
        assert all(b > a for a, b in pairwise(levels))
    low, high = (3, 16) if name in ELECTRIC else LEVEL_DB.get(patch.family, (7, 16))
    assert low <= levels[-1] - levels[0] <= high
    soft, _, loud = (hearing.centroid_at(trimmed(x), 0.2) for x in heard)
    assert 0.97 <= loud / soft <= 2.6


@pytest.mark.parametrize("name", [n for n in NAMES if find_patch(n).engine == "modes"])
def test_even_over_the_keys(name: str) -> None:
    """Levels measured at a few keys must not leave a loud or dead note between them: K-weighted, by whole tones."""
    instrument = prepared(name)
    low, high = SPANS.get(name, SPANS.get(find_patch(name).family, (48, 76)))
    levels = []
    for key in range(low, high + 1, 2):
        instrument.reset()
        power = np.mean(weighted(render(instrument, [on(0, key)], int(0.75 * RATE), (4096,))) ** 2, axis=1).sum()
        levels.append(10 * np.log10(power))
    assert np.abs(np.diff(levels)).max() < 2.5
    assert max(levels) - min(levels) < 8


@pytest.mark.parametrize("name", [n for n in NAMES if find_patch(n).family not in SYNTHETIC])
def test_no_two_notes_are_alike(name: str) -> None:
    one, two = (bands_db(trimmed(x), MELODIC_FRAMES_S) for x in notes(name, 90, 1.3, 4)[:2])
    assert (0.05 if name in ELECTRIC or find_patch(name).family == "bass" else 0.2) < lsd(one, two) < 4.0


@pytest.mark.parametrize("key", [48, 60, 72])
def test_the_organ_is_led_by_its_16_and_8_foot_drawbars(key: int) -> None:
    """Registration 83 7503 000: what lies below the 16' rank only warms it, or chords would sound an octave low."""
    x = hearing.note(prepared("organ"), key, 90, 1.2)[RATE // 10 :]
    power = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2
    hz = np.fft.rfftfreq(len(x), 1 / RATE)

    def rank_db(ratio: float) -> float:
        near = np.abs(hz - ratio * hearing.pitch_hz(key)) < 6
        return float(10 * np.log10(power[near].sum()))

    top = rank_db(0.5)
    assert rank_db(0.25) < top - 9
    assert -7 < rank_db(1) - top < 0
    assert rank_db(2) - top == pytest.approx(-12, abs=4)
    assert rank_db(3) < top - 40


@pytest.mark.parametrize("name", NAMES)
def test_sounds_as_it_was_voiced(name: str) -> None:
    with np.load(GOLDEN) as held:
        assert name in held, f"{name} has no golden spectrum: write {GOLDEN.name} anew"
        golden = held[name].astype(float)
    assert lsd(spectrum(name), golden) < (2.5 if detuned(find_patch(name)) else 1.5)


if __name__ == "__main__":
    spectra = {name: np.round(spectrum(name)).astype(np.int8) for name in NAMES}
    np.savez_compressed(GOLDEN, **spectra)  # type: ignore[arg-type]
    sys.stdout.write(f"{GOLDEN}: {len(NAMES)} patches\n")
