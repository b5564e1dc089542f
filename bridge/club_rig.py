"""A rig for dance music as rows of a session file: the effects that its automation moves, and kicks that duck.

Depths and returns: working values of electronic mixes (pads 8 to 16 dB, leads 4 to 8, bass 4 to 8, back within a beat).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

_FILTER = '{ effect = "filter" }'
_LIFT = '{{ effect = "limiter", name = "lift", params = {{ ceiling_db = {ceiling_db} }} }}'
_DUCKS: Mapping[str, tuple[float, float]] = {
    "pad": (10.0, 1.0), "comp": (7.0, 0.9), "riff": (5.0, 0.8), "arp": (5.0, 0.8), "melody": (4.0, 0.8),
    "counter": (4.0, 0.8), "bass": (6.0, 0.45),
}  # fmt: skip
"""By a track's first part: dB, and quarter notes until the sound is back."""
_SENDS: Mapping[str, float] = {"pad": -8.0, "melody": -9.0, "counter": -9.0, "comp": -11.0, "arp": -10.0, "riff": -10.0,
                               "drums": -22.0, "fx": -10.0}  # fmt: skip

MIX = """
[[returns]]
name = "hall"
effects = [
    { effect = "hall", params = { t60_s = 2.0, predelay_ms = 25, high_pass_hz = 300, low_pass_hz = 9000, mix = 1.0 } },
]

[master]
effects = [
    { effect = "eq", params = { low_hz = 120, low_db = 2, high_hz = 3000, high_db = 2 } },
    { effect = "width", params = { width = 1.15, mono_below_hz = 120 } },
    { effect = "limiter", name = "lift", params = { ceiling_db = -3.5 } },
]
"""
"""Returns and master."""


def track_rows(parts: tuple[str, ...], drums: str | None) -> list[str]:
    """What a track has behind its instrument; `drums`: the name of the track whose kicks duck it, None: nobody does."""
    part = parts[0] if parts else ""
    if part in ("drums", "percussion"):
        effects = [_FILTER, _LIFT.format(ceiling_db=-5)]
    elif part == "fx":
        effects = []
    else:
        effects = [_FILTER]
        if part == "bass":
            effects.append('{ effect = "width", params = { mono_below_hz = 150 } }')
        if drums is not None and part in _DUCKS:
            depth_db, beats = _DUCKS[part]
            effects.append(f'{{ effect = "duck", key = {json.dumps(drums)}, params = {{ depth_db = {depth_db:g}, '
                           f'length_beats = {beats:g} }} }}')  # fmt: skip
    rows = ["effects = [", *(f"    {effect}," for effect in effects), "]"] if effects else []
    if part == "fx":
        rows.append("bend_range = 12")
    if part in _SENDS:
        rows.append(f"sends = {{ hall = {_SENDS[part]:g} }}")
    return rows
