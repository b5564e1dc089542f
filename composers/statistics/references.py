"""Published and measured aggregates of music whose notes are in no corpus that we may read here.

Median, 10 % and 90 % of pieces; where only one figure was measured, the three are the same.

JAZZ_SOLOS: the Weimar Jazz Database (456 solos by 78 players; Pfleiderer et al. 2017, through the R package jazzodata),
windows of four bars, notes over the database's own chords.

EDM_GROOVES, HIP_HOP_GROOVES, AMBIENT_GROOVES: the accompaniment styles that come with Musical MIDI Accompaniment (MMA),
patterns of a bar or two that people wrote, over four bars of C Am F G7: what a texture is like, not how a piece goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Aggregate(NamedTuple):
    p50: float
    p10: float
    p90: float


def _mean(value: float) -> Aggregate:
    return Aggregate(value, value, value)


JAZZ_SOLOS: Mapping[str, Aggregate] = {
    "ent4": Aggregate(2.93, 2.6, 3.2), "melody.key4": Aggregate(0.67, 0.60, 0.74),
    "melody.dia4": Aggregate(0.83, 0.77, 0.90), "groove": Aggregate(0.60, 0.52, 0.68), "jac": _mean(0.28),
    "melody.rep": Aggregate(0.0, 0.0, 0.02), "melody.rrep": _mean(0.06), "lag1": _mean(0.02), "lag4": _mean(0.02),
    "lag8": _mean(0.02), "melody.lag4": _mean(0.02), "melody.notes": Aggregate(5.9, 4.2, 10.0),
    "melody.range": Aggregate(28, 22, 38), "melody.steps": _mean(0.62), "melody.repeats": _mean(0.05),
    "melody.leaps": _mean(0.127), "melody.leaps_answered": _mean(0.68), "melody.turns": _mean(0.43),
    "melody.runs": _mean(0.27), "melody.on_strong": _mean(0.53), "melody.on_off16": _mean(0.48),
    "melody.at_ends": _mean(0.62), "melody.in_scale": _mean(0.79), "melody.phrase_notes": Aggregate(13, 4, 38),
    "melody.phrase_beats": Aggregate(6.0, 1.6, 18.0),
}  # fmt: skip


def _grooves(ent4: float, groove: float, jac: float, rrep: float, lag1: float, notes: float) -> dict[str, Aggregate]:
    found = {"ent4": ent4, "key4": 0.94, "dia4": 1.0, "groove": groove, "jac": jac, "rrep": rrep, "lag1": lag1,
             "notes": notes}  # fmt: skip
    return {name: _mean(value) for name, value in found.items()}


EDM_GROOVES: Mapping[str, Aggregate] = _grooves(2.63, 0.81, 0.67, 0.5, 0.11, 18)
HIP_HOP_GROOVES: Mapping[str, Aggregate] = _grooves(2.64, 0.85, 0.66, 0.5, 0.09, 22)
AMBIENT_GROOVES: Mapping[str, Aggregate] = _grooves(2.68, 0.82, 0.63, 0.25, 0.06, 18)
