"""Rows of acceptance: what a patch or drum piece must measure, within which range, and whether it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from bridge.bench import hearing
from bridge.bench.hearing import DRUM_FRAMES_S, MELODIC_FRAMES_S, RATE, Signal
from bridge.bench.targets import Targets
from instruments.block import FrameEvent, Instrument, Kind

HELD_S = 1.6
"""How long a melodic note is held: the last frame of the distance ends at 1.3 s."""
_TAIL_S = 1.6
_HITS = 4
_UNISON = ("strings", "pad", "choir", "lead", "ensemble", "organ")
"""Families whose notes are several detuned ones: their mean pitch may wander by 8 cents, others' by 3."""
_LEVEL_DB = {"bass": (3.0, 16.0), "organ": (-1.0, 16.0), "lead": (3.0, 16.0), "pad": (3.0, 16.0)}
_SYNTHETIC = ("organ", "pad", "lead", "synth")


class Row(NamedTuple):
    """One measured value and its range; `where` is the note or piece. A missing bound is None."""

    patch: str
    test: str
    where: str
    value: float
    low: float | None
    high: float | None

    @property
    def passed(self) -> bool:
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)

    def as_dict(self) -> dict[str, Any]:
        bounds = {k: round(v, 3) for k, v in (("low", self.low), ("high", self.high)) if v is not None}
        return {"patch": self.patch, "test": self.test, "where": self.where, "value": round(self.value, 3), **bounds,
                "pass": self.passed}


def melodic_rows(name: str, family: str, instrument: Instrument, role: str, targets: Targets) -> list[Row]:
    """A patch at the three measured pitches of its role, velocity 90; velocity response at the middle one."""
    rows: list[Row] = []
    keys = targets.role_keys(role)
    sustained = targets.role_sustained(role)
    middle = keys[len(keys) // 2]

    def row(test: str, where: object, value: float | None, low: float | None, high: float | None) -> None:
        if value is not None:
            rows.append(Row(name, test, str(where), float(value), low, high))

    for key in keys:
        want = targets.role_features(role, key, 90)
        x = hearing.trimmed(hearing.note(instrument, key, 90, HELD_S + _TAIL_S, HELD_S))
        envelope = hearing.note_envelope_db(x[: round(HELD_S * RATE)], key)
        row("attack_ms", key, hearing.attack_ms(envelope), *_attack_range(want["attack_ms"], sustained, family))
        for at in ("0.1", "0.3"):
            got = hearing.centroid_at(x, float(at))
            row(f"centroid_{at}s_ratio", key, got / want["centroid_hz"][at], 0.7, 1.4)
        t60 = hearing.t60_s(envelope, -1, -12)
        if want["t60_early_s"] and t60 and not sustained:
            row("t60_early_ratio", key, t60 / want["t60_early_s"], 0.6, 1.6)
        if key != middle:
            continue
        rise, fall = (want["centroid_hz"]["0.3"] / want["centroid_hz"]["0.02"],
                      hearing.centroid_at(x, 0.3) / hearing.centroid_at(x, 0.02))
        if abs(np.log(rise)) > 0.2:
            row("centroid_direction", key, np.sign(np.log(rise)) * np.log(fall), 0.0, None)
        release = hearing.release_ms(x, key, HELD_S)
        if want["release60_ms"] and release:
            row("release_ratio", key, release / want["release60_ms"], 0.5, 2.0)
            silence = x[round((HELD_S + 2 * release * 1e-3) * RATE) :]
            if len(silence) > 480:
                row("silence_dbfs", key, 20 * np.log10(np.abs(silence).max() + 1e-9), None, -90.0)
        found = hearing.partials(x, key)
        measured = np.array(want["harm_db"][: len(found)])
        d = np.maximum([db for _, db in found], -60) - np.maximum(measured, -60)
        row("partials_error_db", key, np.mean(np.abs(d - np.clip(d.mean(), -6, 6))), None, 8.0)
        if want["harm_db"][0] > -12:
            most = 8.0 if family in _UNISON else 3.0
            row("tuning_cents", key, 1200 * np.log2(found[0][0] / hearing.pitch_hz(key)), -most, most)
    soft, _, loud = velocities = [hearing.trimmed(hearing.note(instrument, middle, v, 0.9)) for v in (50, 90, 120)]
    levels = [hearing.level_db(x, 0.75) for x in velocities]
    row("level_v50_v120_db", middle, levels[-1] - levels[0], *_LEVEL_DB.get(family, (8.0, 16.0)))
    row("level_rises", middle, min(b - a for a, b in pairwise(levels)), 0.0, None)
    brighter = hearing.centroid_at(loud, 0.2) / hearing.centroid_at(soft, 0.2)
    row("centroid_v50_v120_ratio", middle, brighter, 0.98 if family in _SYNTHETIC else 1.15, 2.6)
    one, two = (hearing.bands_db(hearing.trimmed(x), MELODIC_FRAMES_S)
                for x in hearing.notes(instrument, middle, 90, 1.4, count=2))
    row("equal_notes_lsd_db", middle, hearing.lsd(one, two), 0.3 if family not in _SYNTHETIC else 0.0, 3.0)
    return rows


def _attack_range(want_ms: float, sustained: bool, family: str) -> tuple[float, float]:
    """Struck and plucked: as the target's or 0.5 to 20 ms. Sustained: 20 to 250 ms or as the target's, and only pads
    as slow as a sampled one."""
    low, high = (20.0, 250.0) if sustained else (0.5, 20.0)
    if family == "pad":
        return min(low, want_ms - 15), max(high, 1.6 * want_ms)
    return max(0.0, min(low, want_ms - 15)), max(high, want_ms + 15) if not sustained else max(high, min(want_ms, 250))


def drum_rows(
    name: str, instrument: Instrument, pieces: Mapping[int, str], targets: Targets, electronic: bool
) -> list[Row]:
    """Every measured piece of a kit."""
    rows: list[Row] = []
    for key, piece in pieces.items():
        want = targets.piece_features(piece, 90)
        count = 2 * _HITS if piece.endswith("clap") else _HITS  # the more, the clearer its hands
        hits = [hearing.trimmed(x) for x in hearing.notes(instrument, key, 90, 3.5, count=count)]
        for db in ("10", "20"):
            if want["fall_ms"][db]:
                rows.append(Row(name, f"fall_{db}_ratio", piece,
                                _typical(hearing.fall_ms(x, float(db)) for x in hits) / want["fall_ms"][db], 0.6, 1.6))
        for label, a, b in (("0-10ms", 0.0, 0.01), ("10-40", 0.01, 0.04)):
            rows.append(Row(name, f"centroid_{label}_ratio", piece,
                            _typical(hearing.centroid_hz(x, a, b) for x in hits) / want["centroid_hz"][label],
                            0.7, 1.4))
        rows += _pitch_rows(name, piece, hits, want)
        rows += behaviour_rows(name, piece, instrument, key, electronic)
    return rows


def _typical(values: Iterable[float]) -> float:
    """The median of some hits: no two are alike."""
    return float(np.median(list(values)))


def _pitch_rows(name: str, piece: str, hits: Sequence[Signal], want: Mapping[str, Any]) -> list[Row]:
    what = piece.partition("_")[2]
    if what.startswith("kick"):
        early, soon, later, end = (_typical(hearing.low_pitch_hz(x[: RATE // 4], s) for x in hits)
                                   for s in (0.003, 0.01, 0.04, 0.08))
        aim = float(np.clip(want["low_pitch_hz"]["80"], 45, 60))
        return [Row(name, "kick_end_hz", piece, end, aim - 4, aim + 4),
                Row(name, "kick_start_over_end", piece, early / end, 1.8, None),
                Row(name, "kick_falls_hz", piece, min(early - soon, soon - later, later - end), -3.0, None)]
    if what.startswith("snare") and not piece.startswith("tr808"):
        return [Row(name, "snare_fundamental_hz", piece, _typical(hearing.strongest_hz(x, 140, 280) for x in hits),
                    180, 230)]
    if what.startswith(("tom", "conga", "bongo", "cowbell", "claves")):
        strongest = max(want["modes"], key=lambda mode: float(mode[1]))[0]
        rows = [Row(name, "strongest_mode_ratio", piece,
                    _typical(hearing.strongest_hz(x, 40) for x in hits) / strongest, 0.95, 1.05)]
        if what.startswith("tom") and not piece.startswith("tr808"):
            low, high = (55, 85) if "floor" in what else (80, 165)
            rows.append(Row(name, "tom_hz", piece, _typical(hearing.strongest_hz(x, 40, 300) for x in hits), low, high))
        return rows
    if what == "hat_closed":
        share = _typical(hearing.share_below_db(x, 1000) for x in hits)
        return [Row(name, "below_1_khz_db", piece, share, None, -35 if piece.startswith("tr808") else -12)]
    if what == "clap":
        return [Row(name, "clap_maxima", piece, len(hearing.envelope_tops(hits)), 3, 4)]
    return []


def behaviour_rows(name: str, piece: str, instrument: Instrument, key: int, electronic: bool) -> list[Row]:
    """Repetition and velocity of a piece, whatever it is measured against."""
    loud, soft = hits_bands(instrument, key, 90, _HITS), hits_bands(instrument, key, 60, 2 * _HITS)[_HITS:]
    repeats = [hearing.lsd(a, b) for a, b in pairwise(loud)]
    layers = [hearing.lsd(a, b) for a, b in zip(loud, soft, strict=True)]  # other hits too, as recorded layers are
    levels = [np.mean([10 * np.log10(np.mean(x**2)) for x in hearing.notes(instrument, key, v, 0.4, count=4)])
              for v in (20, 40, 64, 90, 127)]
    low, high = (6.0, 12.0) if electronic else (18.0, 30.0)
    return [Row(name, "equal_hits_lsd_db", piece, float(np.mean(repeats)), 1.5, 4.0),
            Row(name, "v60_v90_lsd_db", piece, float(np.mean(layers)), 2.5, 6.0),
            Row(name, "level_rises", piece, float(min(b - a for a, b in pairwise(levels))), 0.0, None),
            Row(name, "level_range_db", piece, float(levels[-1] - levels[0]), low, high)]


def choke_rows(name: str, instrument: Instrument, closed: int = 42, pedal: int = 44, opened: int = 46) -> list[Row]:
    """What a foot leaves of an open hat: its fade after 60 ms, and the fade's steepest millisecond."""
    rows = []
    at = RATE // 4
    for choker in (closed, pedal):
        open_hat, foot = FrameEvent(0, Kind.ON, 0, opened, 110), FrameEvent(at, Kind.ON, 0, choker, 90)
        gone = FrameEvent(480, Kind.CC, 0, 120, 0)
        instrument.reset()
        ringing = hearing.play(instrument, [open_hat], RATE)
        instrument.reset()
        both = hearing.play(instrument, [open_hat, foot], RATE)
        instrument.reset()
        alone = hearing.play(instrument, [open_hat, gone, foot], RATE)
        left = (both - alone)[at:].reshape(-1, 48)
        fade = np.sqrt((left**2).sum(axis=1) / (ringing[at:].reshape(-1, 48) ** 2).sum(axis=1))
        db = 20 * np.log10(fade[:80] + 1e-9)
        rows.append(Row(name, "choke_60_ms_db", str(choker), float(db[60:].max()), None, -40.0))
        rows.append(Row(name, "choke_step_db", str(choker), float(np.abs(np.diff(db[:30], prepend=0.0)).max()), None,
                        6.0))
    return rows


def hits_bands(instrument: Instrument, key: int, velocity: float, count: int) -> Sequence[hearing.Bands]:
    """Spectra of as many hits, one after another."""
    return [hearing.bands_db(hearing.trimmed(x), DRUM_FRAMES_S)
            for x in hearing.notes(instrument, key, velocity, 0.6, count=count)]
