"""The built-in patches against sampled instruments: distances, acceptance rows, the kits' speed.

Fitted notes are those that patches may be tuned to (three pitches a role, velocity 90); unseen ones are two other
pitches at velocities 60 and 110, and drum pieces at 60 and 110, never used in fitting.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bridge.bench import acceptance, hearing, targets
from bridge.bench.hearing import DRUM_FRAMES_S, MELODIC_FRAMES_S, RATE
from bridge.bench.targets import Spectrum
from instruments.block import FrameEvent, Instrument, Kind, Transport
from instruments.patch import find_patch, make_instrument, patch_names

HITS = 3
"""A piece's distance is the mean of as many hits: no two are alike."""


def prepared(name: str) -> Instrument:
    instrument = make_instrument(name)
    instrument.prepare(RATE, 4096)
    return instrument


def note_distances(instrument: Instrument, notes: Sequence[Spectrum]) -> dict[tuple[int, int], float]:
    """(key, velocity) -> log-spectral distance to a melodic note, held for its first 1.6 s."""
    return {(n.key, n.velocity): hearing.lsd(hearing.bands_db(hearing.trimmed(
        hearing.note(instrument, n.key, n.velocity, acceptance.HELD_S)), MELODIC_FRAMES_S), n.bands) for n in notes}


def hit_distance(instrument: Instrument, hit: Spectrum) -> float:
    """Mean log-spectral distance of HITS hits to a piece."""
    sounds = hearing.notes(instrument, hit.key, hit.velocity, 0.6, count=HITS)
    return float(np.mean([hearing.lsd(hearing.bands_db(hearing.trimmed(x), DRUM_FRAMES_S), hit.bands)
                          for x in sounds]))


def run(tell: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
    """Everything, in about a minute. Raises DataError where the measured instruments are missing."""
    table = targets.load()
    names = set(patch_names())
    melodic: dict[str, dict[str, Any]] = {}
    kits: dict[str, dict[str, Any]] = {}
    rows: list[acceptance.Row] = []
    for name, role in targets.ROLES.items():
        if name not in names:
            continue
        tell(name)
        instrument, family = prepared(name), find_patch(name).family
        fitted = note_distances(instrument, table.role_spectra(role))
        unseen = note_distances(instrument, targets.unseen(role))
        fonts = table.role_between_fonts_db(role)
        mean = float(np.mean(list(fitted.values())))
        rows.append(acceptance.Row(name, "lsd_db", role, mean, None, max(8.0, fonts)))
        rows.append(acceptance.Row(name, "lsd_worst_db", role, max(fitted.values()), None, 12.0))
        rows += acceptance.melodic_rows(name, family, instrument, role, table)
        melodic[name] = {"role": role, "fitted": mean, "unseen": float(np.mean(list(unseen.values()))), "fonts": fonts,
                         "notes": {f"{k} v{v}": round(d, 2) for (k, v), d in {**fitted, **unseen}.items()}}
    for name, pieces in targets.PIECES.items():
        tell(name)
        instrument = prepared(name)
        near = {piece: hit_distance(instrument, table.piece_spectrum(piece, key)) for key, piece in pieces.items()}
        apart = {piece: float(np.mean([hit_distance(instrument, hit) for hit in targets.unseen(piece)]))
                 for piece in pieces.values()}
        rows += [acceptance.Row(name, "lsd_db", piece, d, None, 7.0) for piece, d in near.items()]
        electronic = name.startswith("electronic")
        rows += acceptance.drum_rows(name, instrument, pieces, table, electronic)
        rows += acceptance.choke_rows(name, instrument)
        kits[name] = {"fitted": float(np.mean(list(near.values()))), "unseen": float(np.mean(list(apart.values()))),
                      "pieces": {piece: {"fitted": round(near[piece], 2), "unseen": round(apart[piece], 2)}
                                 for piece in near},
                      "all": (list(near.values()), list(apart.values()))}
    fitted_hits = [d for kit in kits.values() for d in kit["all"][0]]
    unseen_hits = [d for kit in kits.values() for d in kit.pop("all")[1]]
    both = {**melodic, **kits}
    return {
        "lsd_db": {name: round(found["fitted"], 2) for name, found in both.items()},
        "melodic_mean_lsd_db": _mean([m["fitted"] for m in melodic.values()]),
        "drums_mean_lsd_db": _mean(fitted_hits),
        "unseen": {
            "lsd_db": {name: round(found["unseen"], 2) for name, found in both.items()},
            "melodic_mean_lsd_db": _mean([m["unseen"] for m in melodic.values()]),
            "drums_mean_lsd_db": _mean(unseen_hits),
            "notes": "melodic: two pitches between the fitted ones, velocities 60 and 110; drums: velocities 60, 110",
        },
        "between_fonts_lsd_db": {name: round(m["fonts"], 2) for name, m in melodic.items()},
        "notes": {name: m["notes"] for name, m in melodic.items()},
        "pieces": {name: kit["pieces"] for name, kit in kits.items()},
        "without_target": sorted(names - set(both)),
        "kit_ns_per_sample_hit": {name: kit_cost_ns(name) for name in targets.PIECES},
        "rows_passed": sum(row.passed for row in rows),
        "rows_missed": [row.as_dict() for row in rows if not row.passed],
        "rows": [row.as_dict() for row in rows],
    }


def brief(result: dict[str, Any]) -> dict[str, Any]:
    """A result for people: without each note, piece and passed row."""
    rows = {f"missed: {r['patch']} {r['test']} {r['where']}": {k: r[k] for k in ("value", "low", "high") if k in r}
            for r in result["rows_missed"]}
    return {k: v for k, v in result.items() if k not in ("notes", "pieces", "rows", "rows_missed")} | rows


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 2) if values else None


def kit_cost_ns(name: str, seconds: float = 4.0) -> float:
    """Nanoseconds per sample and sounding hit, in 128-frame blocks of a busy bar: the median over blocks."""
    kit = prepared(name)
    sixteenth = RATE // 8
    grid = [(0, 36), (0, 51), (1, 42), (2, 51), (3, 42), (4, 38), (4, 51), (6, 46), (7, 36), (8, 45), (9, 42), (12, 38),
            (12, 49), (14, 42)]
    events = [FrameEvent(((bar * 16 + at) * sixteenth), Kind.ON, 0, key, 90)
              for bar in range(int(seconds / 2)) for at, key in grid]
    block = np.empty((2, 128), np.float32)
    costs = []
    for start in range(0, int(seconds * RATE), 128):
        due = [e._replace(offset=e.offset - start) for e in events if start <= e.offset < start + 128]
        began = time.perf_counter_ns()
        kit.process(due, block, Transport(frame=start))
        spent = time.perf_counter_ns() - began
        ringing = getattr(kit, "sounding", 0)
        if ringing:
            costs.append(spent / (128 * ringing))
    return round(float(np.median(costs)), 2)
