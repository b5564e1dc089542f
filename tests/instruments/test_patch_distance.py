"""The measure itself: what it says of sounds whose numbers are known, and what it needs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bridge.bench import acceptance, hearing, targets
from bridge.bench.hearing import DRUM_FRAMES_S, MELODIC_FRAMES_S, RATE
from bridge.errors import DataError
from instruments.patch import find_patch

T = np.arange(2 * RATE) / RATE


def _noise(seed: int, seconds: float = 1.4) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=int(seconds * RATE))


def test_distance_ignores_gain_and_counts_a_known_tilt() -> None:
    a = hearing.bands_db(_noise(1), MELODIC_FRAMES_S)
    assert hearing.lsd(a, a - 17) < 1e-12
    even = np.zeros((5, 26))
    tilted = even.copy()
    tilted[:, ::2] -= 4  # half of the cells 4 dB lower: 2 dB either side of the common gain
    assert hearing.lsd(even, tilted) == pytest.approx(2.0)
    tilted[:, ::2] -= 16  # of a mean of 10 dB only 6 are forgiven
    assert hearing.lsd(even, tilted) == pytest.approx(np.sqrt((6**2 + 14**2) / 2))


def test_what_is_50_db_down_in_both_does_not_count() -> None:
    a = np.full((5, 26), -70.0)
    a[:, 10] = 0.0
    b = a.copy()
    b[:, 20] = -55.0
    assert hearing.lsd(a, b) == 0


def test_two_stretches_of_noise_are_a_few_db_apart() -> None:
    one, two = (hearing.bands_db(_noise(seed), MELODIC_FRAMES_S) for seed in (1, 2))
    assert 1.0 < hearing.lsd(one, two) < 4.0


def test_a_sine_lies_in_its_third_octave_and_loses_level_in_longer_frames() -> None:
    bands = hearing.bands_db(np.sin(2 * np.pi * 900 * T), MELODIC_FRAMES_S)
    edges = 40 * 2.0 ** (np.arange(27) / 3)
    place = int(np.searchsorted(edges, 900)) - 1
    assert (bands.argmax(axis=1) == place).all()
    # power over the length: 10 log10 of the ratio of the frames' lengths
    assert bands[1, place] - bands[2, place] == pytest.approx(10 * np.log10(200 / 70), abs=0.1)


def test_times_of_envelopes() -> None:
    ramp = np.minimum(T / 0.1, 1) * np.sin(2 * np.pi * 500 * T)
    assert hearing.attack_ms(hearing.envelope_db(ramp, 0.006)) == pytest.approx(80, abs=2)
    decay = 10 ** (-3 * T / 0.8) * np.sin(2 * np.pi * 500 * T)
    envelope = hearing.envelope_db(decay, 0.006)
    assert hearing.t60_s(envelope, -1, -12) == pytest.approx(0.8, rel=0.02)
    assert hearing.fall_ms(decay, 20) == pytest.approx(800 / 3, rel=0.04)
    let_go = np.where(T < 0.5, 1, 10 ** (-3 * (T - 0.5) / 0.2)) * np.sin(2 * np.pi * 500 * T)
    assert hearing.release_ms(let_go, 72, 0.5) == pytest.approx(200, rel=0.06)
    assert hearing.t60_s(hearing.envelope_db(np.sin(2 * np.pi * 500 * T), 0.006), -1, -12) is None


def test_frequencies() -> None:
    chord = np.sin(2 * np.pi * 400 * T) + np.sin(2 * np.pi * 1600 * T)
    assert hearing.centroid_hz(chord, 0.1, 0.5) == pytest.approx(1000, rel=0.01)
    assert hearing.strongest_hz(np.exp(-4 * T) * chord + 0.5 * np.sin(2 * np.pi * 90 * T), 20, 300) == pytest.approx(
        90, abs=1)
    key = 57  # 220 Hz
    tone = sum(10 ** (-6 * n / 20) * np.sin(2 * np.pi * 221 * (n + 1) * T) for n in range(5))
    found = hearing.partials(np.asarray(tone), key, 5)
    assert [db for _, db in found] == pytest.approx([0, -6, -12, -18, -24], abs=0.2)
    assert found[0][0] == pytest.approx(221, abs=0.2)
    fall = 50 + 100 * np.exp(-T / 0.02)
    sweep = np.exp(-5 * T) * np.sin(2 * np.pi * np.cumsum(fall) / RATE)
    for at in (0.01, 0.04, 0.08):
        assert hearing.low_pitch_hz(sweep[: RATE // 2], at) == pytest.approx(50 + 100 * np.exp(-at / 0.02), rel=0.12)
    assert hearing.share_below_db(chord, 1000) == pytest.approx(-3, abs=0.1)


def test_hands_of_a_clap_are_counted() -> None:
    def hit(seed: int, hands: tuple[float, ...]) -> np.ndarray:
        x = _noise(seed, 0.3)
        t = np.arange(len(x)) / RATE
        return x * sum((t >= at) * np.exp(-np.maximum(t - at, 0) / 0.003) for at in hands)

    for hands in ((0.001, 0.012, 0.023), (0.001, 0.011, 0.021, 0.031)):
        found = hearing.envelope_tops([hit(seed, hands) for seed in range(8)])
        assert found == pytest.approx(hands, abs=0.002)


def test_the_trim_starts_at_the_sound() -> None:
    x = np.concatenate([np.full(100, 1e-4), np.ones(10)])
    assert len(hearing.trimmed(x)) == 10
    assert len(hearing.trimmed(np.zeros(50))) == 50


def test_a_row_knows_its_range() -> None:
    row = acceptance.Row("piano", "attack_ms", "60", 21.0, 0.5, 20.0)
    assert not row.passed
    assert row.as_dict()["pass"] is False
    assert acceptance.Row("piano", "lsd_db", "60", 7.0, None, 8.0).passed


def test_missing_targets_say_where_they_should_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SIDEMAN_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"targets\.json are not there: set SIDEMAN_DATA"):
        targets.load()
    folder = tmp_path / "instrument_targets"
    folder.mkdir()
    (folder / "targets.json").write_text("{")
    with pytest.raises(DataError, match="is not JSON"):
        targets.load()
    (folder / "targets.json").write_text(json.dumps({"melodic": {}}))
    assert targets.load().table == {"melodic": {}}


def test_every_patch_with_a_target_exists_and_has_unseen_notes() -> None:
    for name, role in targets.ROLES.items():
        assert find_patch(name).engine != "drums"
        notes = targets.unseen(role)
        assert len({note.key for note in notes}) == 2
        assert {note.velocity for note in notes} == set(targets.UNSEEN_VELOCITIES)
    for name, pieces in targets.PIECES.items():
        keys = {key for piece in find_patch(name).pieces for key in piece.keys}
        for key, piece in pieces.items():
            assert key in keys, f"{name} plays nothing at {key}"
            for hit in targets.unseen(piece):
                assert hit.bands.shape == (len(DRUM_FRAMES_S), hearing.BANDS)


def test_unseen_notes_are_none_of_the_fitted() -> None:
    try:
        table = targets.load()
    except DataError as missing:
        pytest.skip(str(missing))
    for role in targets.ROLES.values():
        assert not {n.key for n in targets.unseen(role)} & set(table.role_keys(role))
