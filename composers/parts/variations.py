"""A theme varied: its notes kept where they were, and figures between them (diminution); its harmony as it was."""

from __future__ import annotations

from collections.abc import Sequence

from composers.dice import dice
from composers.harmony import STEPS, Region
from composers.parts.line_search import Spot, find_line
from composers.parts.theme import Setting, Tone

EIGHTH, SIXTEENTH, TRIPLET = STEPS // 2, STEPS // 4, STEPS // 3
KINDS = ("eighths", "plain", "triplets", "plain", "sixteenths", "sung")
"""What becomes of the tune, variation by variation; where it is plain, the accompaniment moves."""
_GRAIN = {"eighths": EIGHTH, "triplets": TRIPLET, "sixteenths": SIXTEENTH, "sung": EIGHTH}


def kind_of(number: int, minore: bool) -> str:
    """What is done to the tune in a variation, counted from 1; the one in the other mode sings."""
    return "sung" if minore else KINDS[(number - 1) % len(KINDS)]


def varied(tones: Sequence[Tone], where: Setting, kind: str, number: int) -> list[Tone]:
    """The theme in figures: its own notes stand where they stood, what lies between them is new."""
    grain = _GRAIN.get(kind)
    if grain is None:
        return list(tones)
    if where.pulse.unit == EIGHTH and grain == TRIPLET:
        grain = SIXTEENTH
    slow = kind == "sung"
    rows: list[tuple[int, int, int | None, Tone]] = []
    for index, tone in enumerate(tones):
        last = index + 1 == len(tones) or tones[index + 1].unit != tone.unit
        closing = last and tone.kind in ("cadence", "contrast")
        pieces = 1 if closing or tone.length < 2 * grain else tone.length // grain
        if slow and pieces > 1:  # an ornament at the note's end
            pieces = 2 if tone.length >= 2 * STEPS else 1
            grain_here = [tone.length - EIGHTH, EIGHTH] if pieces == 2 else [tone.length]
        else:
            grain_here = [grain] * (pieces - 1) + [tone.length - grain * (pieces - 1)]
        at = tone.step
        for k, length in enumerate(grain_here):
            rows.append((at, length, tone.pitch if k == 0 else None, tone))
            at += length
    spots: list[Spot] = []
    regions, place, low = where.regions, 0, 0
    for number_, (at, _, key, tone) in enumerate(rows):
        while place + 1 < len(regions) and regions[place].end <= at:
            place += 1
        while low + 1 < len(where.bass) and where.bass[low + 1][0] <= at:
            low += 1
        now = where.bass[low][1] if where.bass else 0
        was = where.bass[low - 1][1] if low and where.bass[low][0] == at else now
        region: Region = regions[place]
        accent = 1.6 if where.pulse.is_beat(at) else 0.3
        following = next((row[2] for row in rows[number_ + 1 :] if row[2] is not None), tone.pitch)
        target = float(tone.pitch if key is not None else (tone.pitch + following) / 2 + (2 if number_ % 4 == 1 else 0))
        spots.append(Spot(region.tones, region.scale, accent, target, None, ((was, now),), fixed=key))
    draw = dice(where.seed, "variation", where.letter, number)
    keys = find_line(spots, where.low - 2, where.high + 2, draw)
    return [Tone(at, length, key, tone.mark if slow else "slur", tone.unit, tone.kind)
            for (at, length, _, tone), key in zip(rows, keys, strict=True)]  # fmt: skip
