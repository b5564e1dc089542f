"""Fugues as a form: the exposition, episodes and entries for any number of bars, and who plays which voice."""

from __future__ import annotations

from functools import partial

from composers.composer import Plan
from composers.forms import ENDING_BARS, Arrangement, Section, Stretch
from composers.genres.classical_harmony import key_at
from composers.harmony import Bar
from composers.parts.ensemble import lowered
from composers.parts.expression import breathed, sounded
from composers.parts.fugue import (
    ENTRY_KEYS,
    ROLES,
    VOICE_PARTS,
    Block,
    Fugue,
    block_of,
    chords_of,
    following,
    written,
)
from composers.parts.local_key import local, placed
from composers.parts.passage import Event, Passage, Written
from composers.pulse import pulse_of
from composers.style import Sheet
from composers.theory.scales import Key

_ENDING = Stretch("ending", "Z", ENDING_BARS, 0.7)
_EPISODE = 4
_USUAL_BARS = 48
_VELOCITY = 70.0


def arrangement(fugue: Fugue, length: int | None) -> Arrangement:
    """Entries of all voices; episodes and entries in related keys as there is room; a last entry at home; a close."""
    bars = _USUAL_BARS if length is None else length - ENDING_BARS
    size = fugue.subject_bars
    away = "/v" if fugue.minor else "/V"
    entries = min(fugue.voices, bars // size)
    rows = [Stretch("exposition", f"A{k}{away if k % 2 == 0 else ''}", size, 0.4 + 0.05 * k, 0.44 + 0.05 * k)
            for k in range(1, entries + 1)]  # fmt: skip
    left = bars - entries * size
    if left >= _EPISODE + size and entries == fugue.voices:
        pairs = max(0, (left - _EPISODE - size) // (_EPISODE + size))
        for k in range(1, pairs + 1):
            key = ENTRY_KEYS[fugue.minor][(k - 1) % 4]
            heat = 0.5 + 0.2 * k / pairs
            rows += [Stretch("episode", f"E{k}/{key}", _EPISODE, heat - 0.08, heat),
                     Stretch("entry", f"M{k}/{key}", size, heat, heat + 0.04)]  # fmt: skip
        rows += [Stretch("episode", f"E{pairs + 1}", _EPISODE, 0.64, 0.74), Stretch("stretto", "F", size, 0.8, 0.8)]
        left -= (pairs + 1) * (_EPISODE + size)
    if left > 0:
        rows.append(Stretch("close", "K", left, 0.76, 0.8))
    if length is None:
        return Arrangement((), tuple(rows))
    if not rows:
        rows = [Stretch("exposition", "A1", size, 0.5)]
    return Arrangement((), tuple(rows), (_ENDING,), length)


def _voices(parts: frozenset[str]) -> int:
    return 4 if parts & {"counter", "pad", "bass"} else 3


def sheet(plan: Plan) -> Sheet:
    key = Key.parse(plan.key, plan.mode)
    parts = frozenset(part for names in plan.parts.values() for part in names)
    fugue = Fugue(plan.seed, pulse_of(plan.meter), plan.mode == "minor", _voices(parts))
    return Sheet(key, arrangement(fugue, plan.length), arrangement(fugue, None), partial(_changes, fugue, key))


def _changes(fugue: Fugue, key: Key, section: Section) -> tuple[Bar, ...]:
    block = block_of(fugue, "Z" if section.role == "ending" else section.name)
    place = placed(section.name, fugue.minor) if section.role != "ending" else placed("Z", fugue.minor)
    return chords_of(fugue, block, section.bars, key_at(key, place))


# Players ----------------------------------------------------------------------------------------------------------


def is_fugue(passage: Passage) -> bool:
    return passage.role in ROLES or passage.name == "Z"


def play(passage: Passage, part: str) -> Written:
    """A part of a fugue: its voice; a keyboard plays all that nobody else does."""
    voices = 4 if not passage.sounds else _voices(frozenset(passage.sounds))
    fugue = Fugue(passage.seed, passage.pulse, passage.minor, voices)
    block = block_of(fugue, passage.name)
    at = local(passage)
    here = lowered(at.passage, -at.place.up, passage.name) if at.place.up else at.passage
    after = passage.after or ("ending" if passage.name != "Z" else "")
    then = following(fugue, block, after)
    coming = here.following
    lines = written(fugue, block, passage.bars, here.regions, then, coming.tones, coming.root)
    if part == "comp":
        mine = [v for v in fugue.all if VOICE_PARTS[v] not in passage.sounds]
    else:
        mine = [v for v in fugue.all if VOICE_PARTS[v] == part]
    events = [
        Event(step, sounded(length, "slur" if length > 12 else "plain"), key, _loud(passage, block, v, step))
        for v in mine for step, length, key in lines.get(v, ())
    ]  # fmt: skip
    return Written(breathed(passage, _one_stroke_a_key(events)))


def _loud(passage: Passage, block: Block, voice: int, step: int) -> float:
    """Terraces: each entry is as loud as its block; beats a little more than what lies between."""
    beat = 3.0 if passage.strong(step) else 0.0 if passage.pulse.is_beat(step) else -4.0
    return _VELOCITY + 40.0 * (passage.energy_at(step // passage.bar_steps) - 0.5) + beat


def _one_stroke_a_key(events: list[Event]) -> list[Event]:
    found: dict[tuple[int, int], Event] = {}
    for event in sorted(events):
        other = found.get((event.step, event.pitch))
        if other is None or other.length < event.length:
            found[event.step, event.pitch] = event
    return sorted(found.values())
