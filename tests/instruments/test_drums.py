"""The kits against measured pieces and their own rules: decay, brightness, chokes, repetition, velocity, blocks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from oracles import DRUM_FRAMES_S, RATE, bands_db, cc, lsd, on, render, trimmed
from sounds import kit

from bridge.bench import acceptance, hearing, patches, targets
from bridge.errors import DataError
from instruments.block import FrameEvent, Kind
from instruments.patch import find_patch

KICK, SNARE, RIM, CLAP, CLOSED, PEDAL, OPEN, RIDE, BELL, CRASH = 36, 38, 37, 39, 42, 44, 46, 51, 53, 49
KITS = ("acoustic-kit", "jazz-kit", "electronic-kit")


def _mono(events: list[FrameEvent], frames: int, name: str = "jazz-kit") -> np.ndarray:
    return render(kit(name), events, frames, (4096,)).mean(axis=0).astype(float)


def _hits(name: str, key: int, seconds: float, count: int = 5, velocity: float = 90) -> list[np.ndarray]:
    return [trimmed(x) for x in hearing.notes(kit(name), key, velocity, seconds, count=count)]


# Measured pieces at velocity 90: ms to -10 and -20 dB; centroid in 0-10 and 10-40 ms.
MEASURED = {
    "acoustic-kit": {
        KICK: (31, 77, 198, 77), SNARE: (19, 69, 486, 813), CLOSED: (65, 103, 7347, 9277), PEDAL: (33, 66, 5215, 8542),
        OPEN: (131, 905, 7479, 8749), RIDE: (104, 548, 8927, 8868), BELL: (167, 791, 6110, 4583),
        RIM: (19, 56, 2849, 3955), 50: (68, 407, 454, 183), 41: (192, 525, 604, 311), 63: (92, 184, 515, 420),
        56: (33, 80, 2643, 832), 75: (11, 21, 2165, 2163), 54: (58, 157, 7799, 8632),
    },
    "jazz-kit": {
        KICK: (35, 82, 149, 75), SNARE: (33, 70, 818, 853), CLOSED: (66, 108, 6935, 8885), PEDAL: (34, 68, 4777, 7968),
        RIDE: (104, 548, 8927, 8868), BELL: (167, 791, 6110, 4583), RIM: (19, 56, 2849, 3955),
    },
    "electronic-kit": {
        KICK: (78, 166, 141, 57), SNARE: (45, 80, 4091, 4091), CLOSED: (31, 51, 9226, 9641),
        OPEN: (107, 511, 8150, 8181), 45: (68, 124, 149, 141), CLAP: (38, 68, 2191, 2199),
    },
}


@pytest.mark.parametrize(("name", "key"), [(name, key) for name, pieces in MEASURED.items() for key in pieces])
def test_a_piece_decays_and_shines_like_the_recorded_one(name: str, key: int) -> None:
    ten, twenty, early, later = MEASURED[name][key]
    hits = _hits(name, key, 2.0 if twenty > 300 else 0.6)
    assert 0.6 < np.median([hearing.fall_ms(x, 10) for x in hits]) / ten < 1.7
    assert 0.6 < np.median([hearing.fall_ms(x, 20) for x in hits]) / twenty < 1.6
    assert 0.7 < np.median([hearing.centroid_hz(x, 0, 0.01) for x in hits]) / early < 1.4
    assert 0.7 < np.median([hearing.centroid_hz(x, 0.01, 0.04) for x in hits]) / later < 1.4


@pytest.mark.parametrize(("name", "end"), [("acoustic-kit", 49), ("jazz-kit", 45), ("electronic-kit", 51)])
def test_the_kick_falls_to_its_pitch(name: str, end: float) -> None:
    pitch = [np.median([hearing.low_pitch_hz(x[: RATE // 4], at) for x in _hits(name, KICK, 0.4, velocity=100)])
             for at in (0.003, 0.01, 0.04, 0.08)]
    assert pitch[-1] == pytest.approx(end, abs=7)
    assert pitch[0] > 1.6 * pitch[-1]
    assert all(b < a + 3 for a, b in pairwise(pitch))


@pytest.mark.parametrize(("name", "limit"), [("acoustic-kit", -12), ("jazz-kit", -10), ("electronic-kit", -35)])
def test_closed_hat_has_little_below_1_khz(name: str, limit: float) -> None:
    assert np.median([hearing.share_below_db(x, 1000) for x in _hits(name, CLOSED, 0.5)]) < limit


@pytest.mark.parametrize("name", KITS)
def test_a_clap_is_several_hands(name: str) -> None:
    tops = hearing.envelope_tops(_hits(name, CLAP, 0.2, count=8))
    assert 3 <= len(tops) <= 4
    assert all(0.006 < b - a < 0.014 for a, b in pairwise(tops))


@pytest.mark.parametrize("name", KITS)
def test_a_foot_chokes_the_open_hat_without_a_click(name: str) -> None:
    rows = acceptance.choke_rows(name, kit(name))
    assert [row.test for row in rows].count("choke_60_ms_db") == 2
    assert not [row for row in rows if not row.passed]
    ringing = hearing.envelope_db(_mono([on(0, OPEN)], RATE, name))
    assert ringing[int(0.3 * RATE)] > ringing.max() - 40  # else there would be nothing to choke


def test_a_hand_on_the_triangle_and_an_open_hat_stop_the_earlier() -> None:
    for name, first, second in (("acoustic-kit", 81, 80), ("jazz-kit", OPEN, OPEN)):
        made = kit(name)
        render(made, [on(0, first), on(4800, second)], 4801)
        assert made.sounding == 2
        render(made, [], 9600, first=4801)
        assert made.sounding == 1


def test_the_ride_does_not_choke_and_grows_no_pile() -> None:
    made = kit()
    render(made, [on(i * 6000, RIDE) for i in range(16)], 16 * 6000 + 10, (4096,))
    assert 3 <= made.sounding <= 6


@pytest.mark.parametrize("name", KITS)
def test_every_piece_varies_and_answers_to_velocity(name: str) -> None:
    """Two equal hits are 1.5 to 4 dB apart, velocities 60 and 90 2.5 to 6; level only rises, by 18 to 30 dB (6 to 12 in
    the machine)."""
    made, missed, count = kit(name), [], 0
    for piece in find_patch(name).pieces:
        rows = acceptance.behaviour_rows(name, piece.name, made, piece.keys[0], name == "electronic-kit")
        count += len(rows)
        missed += [row for row in rows if not row.passed]
    for row in missed:  # by little: the machine's toms are one sine, which only gets louder
        assert row.test in ("equal_hits_lsd_db", "v60_v90_lsd_db"), row
        assert 0.5 * (row.low or 0) < row.value < 1.3 * (row.high or 0), row
    assert len(missed) <= 0.06 * count, missed


@pytest.mark.parametrize("name", KITS)
def test_spectra_are_nearer_than_another_recording(name: str) -> None:
    try:
        table = targets.load()
    except DataError as missing:
        pytest.skip(str(missing))
    made, pieces = kit(name), targets.PIECES[name]
    fitted = {piece: patches.hit_distance(made, table.piece_spectrum(piece, key)) for key, piece in pieces.items()}
    assert np.mean(list(fitted.values())) < 5.2
    assert max(fitted.values()) < 7, max(fitted, key=lambda piece: fitted[piece])


@pytest.mark.parametrize("name", KITS)
def test_unseen_velocities_are_no_farther(name: str) -> None:
    made = kit(name)
    hits = [hit for piece in targets.PIECES[name].values() for hit in targets.unseen(piece)]
    found = [patches.hit_distance(made, hit) for hit in hits]
    assert np.mean(found) < 5.5
    assert max(found) < 7.5


def test_the_other_seed_gives_other_hits() -> None:
    made = kit()
    one = bands_db(trimmed(_mono([on(0, SNARE)], RATE // 2)), DRUM_FRAMES_S)
    made.reset()
    made._r[-1] += np.uint64(1 << 32)
    two = bands_db(trimmed(render(made, [on(0, SNARE)], RATE // 2).mean(axis=0).astype(float)), DRUM_FRAMES_S)
    assert 1 < lsd(one, two) < 5


SCORE = [on(0, 36), on(5, 51, 80), on(700, 42, 60), on(701, 46, 100), on(3000, 44), on(4097, 38, 30), on(6000, 49, 127)]


@pytest.mark.parametrize("name", KITS)
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


@pytest.mark.parametrize("name", KITS)
def test_general_midi_keys_are_there(name: str) -> None:
    for key in range(35, 82):
        assert np.abs(render(kit(name), [on(0, key)], 6000, (4096,))).max() > 0.003, key
