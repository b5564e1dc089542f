"""The rhythm of a musical idea: beats filled as a style fills them, a last note that waits, room to breathe."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

from composers.dice import Dice
from composers.parts.tune_style import Shares, TuneStyle
from composers.pulse import Pulse

T = TypeVar("T")

Rhythm = tuple[tuple[int, int], ...]
"""(step, length) of each note from the idea's beginning; a pick-up has negative steps."""

_TRIES = 5
_PICKUPS: dict[tuple[int, ...], float] = {(-6,): 0.4, (-12, -6): 0.2, (-6, -3): 0.16, (-12,): 0.12, (-9, -6, -3): 0.05,
                                          (-18, -12, -6): 0.07}  # fmt: skip
_LONGEST = 30


def picked(choices: Sequence[T], weights: Sequence[float], temperature: float, draw: Dice) -> T:
    """One by weight: at temperature 1 in proportion, at 0 the likeliest (the first of equals), above 1 more evenly."""
    if temperature == 1.0:
        return draw.weighted(choices, weights)
    draw.random()
    if temperature <= 0.05:
        return choices[max(range(len(choices)), key=lambda k: (weights[k], -k))]
    top = max(weights)
    return draw.weighted(choices, [(w / top) ** (1.0 / temperature) for w in weights])


@lru_cache(maxsize=64)
def chunks(pulse: Pulse) -> tuple[tuple[int, str], ...]:
    """(step, kind) of a bar's portions: pairs of quarters, single beats, beats of three eighths."""
    found: list[tuple[int, str]] = []
    ends = (*pulse.beats[1:], pulse.steps)
    lengths = [end - start for start, end in zip(pulse.beats, ends, strict=True)]
    at = 0
    while at < len(lengths):
        start, length = pulse.beats[at], lengths[at]
        pairs = length == 12 and at + 1 < len(lengths) and lengths[at + 1] == 12
        odd = len(lengths) % 2 and length == 12 and (start in pulse.strong) and _left_to_strong(pulse, at) % 2
        if length == 24:
            found.append((start, "pair"))
        elif length == 18:
            found.append((start, "long"))
        elif pairs and not odd:
            found.append((start, "pair"))
            at += 1
        else:
            found.append((start, "single"))
        at += 1
    return tuple(found)


def _left_to_strong(pulse: Pulse, at: int) -> int:
    """Beats from a strong beat to the next one."""
    after = [k for k in range(at + 1, len(pulse.beats)) if pulse.beats[k] in pulse.strong]
    return (after[0] if after else len(pulse.beats)) - at


def idea_rhythm(
    pulse: Pulse, bars: int, style: TuneStyle, notes: float, hook: float, breath: int, draw: Dice
) -> Rhythm:
    """A rhythm of `bars` bars with about `notes` notes a bar of 4/4, at least two notes.

    hook    chance that the bars share their rhythm
    breath  steps of silence at its end
    """
    same = draw.chance(hook)
    end = pulse.steps * bars
    span = max(12, end - breath)
    last_at = max(pulse.steps * (bars - 1), (span - draw.one_of((12, 12, 18, 18, 24, 30))) // 6 * 6)
    wanted = notes * (last_at + 12) / 48
    best: tuple[float, list[int]] | None = None
    for _ in range(_TRIES):
        onsets = _filled(pulse, bars, style, same, draw)
        onsets = [step for step in onsets if step <= last_at]
        if not onsets or onsets[-1] < last_at - 18:
            onsets.append(last_at)
        cost = abs(len(onsets) - wanted) + 6.0 * (len(onsets) < 2)
        if best is None or cost < best[0]:
            best = (cost, onsets)
    assert best is not None
    return _held(best[1], span)


def _filled(pulse: Pulse, bars: int, style: TuneStyle, same: bool, draw: Dice) -> list[int]:
    found: list[int] = []
    first: list[int] = []
    for bar in range(bars):
        if same and bar % 2:
            found += [step + bar * pulse.steps for step in first]
            continue
        first = []
        for start, kind in chunks(pulse):
            table = _table(style, kind, start == 0)
            cell = picked(tuple(table), tuple(table.values()), style.temperature, draw)
            first += [start + 3 * at for at in cell]
        found += [step + bar * pulse.steps for step in first]
    return found


def _table(style: TuneStyle, kind: str, opens: bool) -> Shares:
    rhythms = style.rhythms
    if kind == "pair":
        return rhythms.first if opens else rhythms.second
    return rhythms.long if kind == "long" else rhythms.single


def _held(onsets: Sequence[int], span: int) -> Rhythm:
    """Each note until the next, but not too long; the last until the breath."""
    ends = (*onsets[1:], max(span, onsets[-1] + 6))
    return tuple((step, min(end - step, _LONGEST)) for step, end in zip(onsets, ends, strict=True))


def pickup(style: TuneStyle, draw: Dice) -> Rhythm:
    """Notes before the bar line."""
    steps = picked(tuple(_PICKUPS), tuple(_PICKUPS.values()), style.temperature, draw)
    ends = (*steps[1:], 0)
    return tuple((step, end - step) for step, end in zip(steps, ends, strict=True))
