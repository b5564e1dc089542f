"""A plan as the text of a session file that plays it."""

from __future__ import annotations

import json

from bridge import club_rig
from composers.composer import Plan


def session_text(plan: Plan, name: str) -> str:
    """TOML: the music, and a track for each player with the instrument of its name; people go on from there. Dance
    music has its filters and its side-chain with it (club_rig): its form moves them."""
    music: list[tuple[str, object]] = [
        ("genre", plan.genre), ("style", plan.style), ("form", plan.form), ("key", plan.key), ("mode", plan.mode),
        ("tempo", plan.tempo), ("meter", str(plan.meter)), ("seed", plan.seed), ("energy", plan.energy),
        ("density", plan.density), ("bars", plan.length),
    ]  # fmt: skip
    rows = [f"name = {_value(name or 'Session')}", "", "[music]"]
    rows += [f"{key} = {_value(value)}" for key, value in music if value is not None]
    drums = next((track for track, parts in plan.parts.items() if "drums" in parts), None)
    for track, parts in plan.parts.items():
        rows += ["", "[[tracks]]", f"name = {_value(track)}", f"parts = [{', '.join(map(_value, parts))}]",
                 f"instrument = {_value(plan.sounds.get(track, track))}"]
        if plan.genre == "edm":
            rows += club_rig.track_rows(parts, drums)
    if plan.genre == "edm":
        rows.append(club_rig.MIX)
    return "\n".join(rows) + "\n"


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}" if value != round(value) else f"{value:.0f}"
    return json.dumps(value, ensure_ascii=False)  # a TOML basic string is written as JSON's
