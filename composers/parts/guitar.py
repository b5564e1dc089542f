"""Rhythm guitar: what the right hand does with the grips of the left (fretboard). Absolute keys.

Down-strokes on the beat from the lowest string up, up-strokes between from the highest down over the upper strings and
softer; palm-muted eighths under open accents; picking over a held grip; the blues shuffle of fifth and sixth; funk's
scratch. Up-strokes lie where a hand that swings with the eighths (or sixteenths, humanise.Hand.strum) goes up.
Patterns are drawn once for each kind of section and kept; single strokes are left out or added in every fourth bar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from composers.dice import Dice, dice
from composers.parts.fretboard import HIGH
from composers.parts.guitar_hands import (
    DISTORTED,
    EIGHTH,
    MUTED_VELOCITY,
    OPEN_VELOCITY,
    SIXTEENTH,
    Stroke,
    accented,
    by_bars,
    grip_at,
    held_grips,
    lengthened,
    power,
    strokes_over,
    struck,
    with_changes,
)
from composers.parts.passage import Event, Listening, Passage, Written
from composers.pulse import STEPS, Pulse

_SCRATCH = 44.0
_BUSY_LEAD = 2
TEXTURES = ("muted", "eighths", "ring", "strum", "pick", "scratch", "shuffle", "stabs", "rest")


@dataclass(frozen=True, slots=True)
class GuitarStyle:
    """How a style plays rhythm guitar.

    textures   section's role -> textures (of TEXTURES) with weights; "" for all other roles
    with_riff  what it plays where a riff carries the section: another guitar's room
    capo       whether flat keys are played with one, in open chords
    sixteenths  whether hands strum sixteenths
    push       chance, section by section, that the last eighth of a bar has the next bar's chord already
    """

    textures: Mapping[str, Mapping[str, float]]
    with_riff: Mapping[str, float] = field(default_factory=lambda: {"rest": 1.0})
    capo: bool = False
    sixteenths: bool = False
    push: float = 0.25


def guitar(passage: Passage, listening: Listening, style: GuitarStyle) -> Written:
    """The rhythm guitar of a passage; listens to "melody" (thins out under a busy one) and "riff" (leaves it room)."""
    riff = listening.get("riff", ())
    carried = _carried(passage, riff)
    texture = texture_of(passage, style, carried=carried)
    if passage.role == "ending":
        return Written(_ending(passage, style))
    if texture == "rest":
        return Written()
    draw = dice(passage.seed, "guitar", texture, *passage.material)
    events = _WRITERS[texture](passage, style, draw, _busy(passage, listening.get("melody", ())))
    return Written(_beside(passage, events, () if carried else riff))


def texture_of(passage: Passage, style: GuitarStyle, *, carried: bool = False) -> str:
    """What the right hand does in a section, drawn once for its kind."""
    weights = style.with_riff if carried else style.textures.get(passage.role) or style.textures[""]
    return dice(passage.seed, "guitar texture", *passage.material).weighted(tuple(weights), tuple(weights.values()))


def _carried(passage: Passage, riff: Sequence[Event]) -> bool:
    """Whether a riff sounds in more than half of the bars."""
    return 2 * len({event.step // passage.bar_steps for event in riff}) > passage.bars


def _busy(passage: Passage, lead: Sequence[Event]) -> frozenset[int]:
    """The bars in which the melody has more than two notes a quarter."""
    counts: dict[int, int] = {}
    for event in lead:
        bar = event.step // passage.bar_steps
        counts[bar] = counts.get(bar, 0) + 1
    return frozenset(bar for bar, count in counts.items() if count * STEPS > _BUSY_LEAD * passage.bar_steps)


def _beside(passage: Passage, events: list[Event], riff: Sequence[Event]) -> list[Event]:
    """Nothing from where a riff answers until its bar's end."""
    if not riff:
        return events
    first: dict[int, int] = {}
    for event in riff:
        first.setdefault(event.step // passage.bar_steps, event.step)
    kept = []
    for event in events:
        stop = first.get(event.step // passage.bar_steps)
        if stop is None or event.end <= stop:
            kept.append(event)
        elif event.step < stop:
            kept.append(event._replace(length=stop - event.step))
    return kept


# Textures ---------------------------------------------------------------------------------------------------------


def _muted(passage: Passage, style: GuitarStyle, draw: Dice, busy: frozenset[int]) -> list[Event]:
    pulse = passage.pulse

    def bar(accents: Sequence[int]) -> tuple[Stroke, ...]:
        return tuple(
            Stroke(step, EIGHTH, True, 1.0 if step in accents else 0.12 if step % STEPS else 0.2, step not in accents)
            for step in range(0, pulse.steps, EIGHTH)
        )

    first, second = accented(pulse, draw), accented(pulse, draw)
    bars = by_bars(passage, bar(first), bar(tuple(dict.fromkeys((*first, *second)))))
    held = power(passage)
    events: list[Event] = []
    for index, strokes in enumerate(bars):
        step0 = index * pulse.steps
        for stroke in strokes:
            region = passage.at(step0 + stroke.step)
            changed = region.start == step0 + stroke.step and index > 0
            use = stroke._replace(muted=False, level=0.9) if changed else stroke
            grip = grip_at(passage, held, step0 + stroke.step)
            if use.muted:  # the palm lies on the lowest strings
                grip = grip._replace(keys=grip.keys[:2])
            events += struck(step0 + stroke.step, use, grip, passage.energy_at(index), draw)
    return events


def _eighths(passage: Passage, style: GuitarStyle, draw: Dice, busy: frozenset[int]) -> list[Event]:
    """Power chords in straight eighths, all down-strokes."""
    pulse = passage.pulse
    row = tuple(
        Stroke(step, EIGHTH, True, 1.0 if pulse.is_strong(step) else 0.85 if pulse.is_beat(step) else 0.7)
        for step in range(0, pulse.steps, EIGHTH)
    )
    gap = (*row[:-2], row[-2]._replace(length=2 * EIGHTH)) if draw.chance(0.4) else row
    return strokes_over(passage, power(passage), by_bars(passage, row, gap), draw.chance(style.push), draw)


def _ring(passage: Passage, style: GuitarStyle, draw: Dice, busy: frozenset[int]) -> list[Event]:
    """Few strokes that ring: the downbeat, and where the accents are."""
    pulse = passage.pulse
    crunch = passage.sounds.get("comp", "power-guitar") in DISTORTED
    held = power(passage) if crunch else held_grips(passage, capo=style.capo)
    accents = accented(pulse, draw)
    usual = (0, *accents[-1:]) if draw.chance(0.5) else (0,)
    other = accents
    rows = [
        lengthened([Stroke(at, 1, True, 0.85 if at else 1.0) for at in sorted(set(cell))], pulse.steps, pulse.steps)
        for cell in (usual, other)
    ]
    push = draw.chance(style.push)
    events = strokes_over(passage, held, by_bars(passage, rows[0], rows[1]), push, draw)
    return with_changes(passage, held, events, push, draw)


_PATTERNS: tuple[tuple[tuple[int, ...], float], ...] = (
    ((0, 2, 3, 5, 6, 7), 3.0), ((0, 2, 3, 4, 6, 7), 2.0), ((0, 2, 4, 5, 6, 7), 1.5), ((0, 1, 2, 3, 4, 5, 6, 7), 1.2),
    ((0, 3, 4, 6, 7), 1.5), ((0, 2, 3, 6, 7), 1.0), ((0, 2, 4, 6), 0.8), ((0, 3, 5, 6), 0.8),
)  # fmt: skip
"""Strummed eighths of 4/4: the hand goes down on even ones and up on odd ones, and leaves some out."""
_LONG_GROUPS = (((0, 2), 2.0), ((0, 1, 2), 2.0), ((0,), 0.7))
_SHORT_GROUPS = (((0, 1), 2.4), ((0,), 1.4), ((1,), 0.7))


def _pattern(pulse: Pulse, draw: Dice, sixteenths: bool) -> list[tuple[int, bool]]:
    """(step, down) of a bar of strumming."""
    if pulse.steps == 4 * STEPS and len(pulse.beats) == 4:
        cell = draw.weighted([c for c, _ in _PATTERNS], [w for _, w in _PATTERNS])
        if sixteenths:  # the same, twice as fast, the second half opened
            fast = [(at * SIXTEENTH, at % 2 == 0) for at in cell]
            return [*fast, *[(2 * STEPS + at * SIXTEENTH, at % 2 == 0) for at in cell]]
        return [(at * EIGHTH, at % 2 == 0) for at in cell]
    found: list[tuple[int, bool]] = []
    for start, end in zip(pulse.beats, (*pulse.beats[1:], pulse.steps), strict=True):
        long = end - start > STEPS
        groups = _LONG_GROUPS if long else _SHORT_GROUPS
        cell = draw.weighted([c for c, _ in groups], [w for _, w in groups])
        if start == 0 and cell[0] != 0:
            cell = (0, *cell)
        found += [(start + at * EIGHTH, (start // EIGHTH + at) % 2 == 0) for at in cell if start + at * EIGHTH < end]
    return found


def _strum(passage: Passage, style: GuitarStyle, draw: Dice, busy: frozenset[int]) -> list[Event]:
    pulse = passage.pulse
    fast = style.sixteenths and draw.chance(0.6)
    usual = _pattern(pulse, draw, fast)
    other = _pattern(pulse, draw, fast)
    half = pulse.steps // 2
    other = [s for s in usual if s[0] < half] + [s for s in other if s[0] >= half]
    if passage.lively(0) < 0.85:  # quiet: fewer up-strokes
        usual = [s for s in usual if s[1] or draw.chance(0.5)]
    backbeats = pulse.backbeats

    def bar(row: Sequence[tuple[int, bool]]) -> tuple[Stroke, ...]:
        strokes = [
            Stroke(step, 1, down, 0.95 if step in backbeats else 0.8 if step == 0 else 0.55 if down else 0.5)
            for step, down in row
        ]
        return lengthened(strokes, pulse.steps, 2 * STEPS)

    bars = by_bars(passage, bar(usual), bar(other))
    bars = [[s for s in strokes if s.down or index not in busy] for index, strokes in enumerate(bars)]
    held = held_grips(passage, capo=style.capo)
    push = draw.chance(style.push)
    return with_changes(passage, held, strokes_over(passage, held, bars, push, draw), push, draw)


def _pick(passage: Passage, style: GuitarStyle, draw: Dice, busy: frozenset[int]) -> list[Event]:
    """A held grip picked string by string in eighths: the thumb on the beats, the fingers above."""
    pulse = passage.pulse
    held = held_grips(passage, capo=style.capo)
    slots = list(range(0, pulse.steps, EIGHTH))
    fingers: list[int] = []  # strings from the highest; -1: the thumb
    for index, step in enumerate(slots):
        if pulse.is_strong(step) or step == 0:
            fingers.append(-1)
            continue
        before = fingers[index - 1]
        options = [k for k in (0, 1, 2) if k != before]
        fingers.append(draw.weighted(options, [1.0 if before < 0 or abs(k - before) == 1 else 0.35 for k in options]))
    rest = dice(passage.seed, "picked", *passage.identity)
    events: list[Event] = []
    for bar in range(passage.bars):
        for step, finger in zip(slots, fingers, strict=True):
            at = bar * pulse.steps + step
            if bar in busy and finger >= 0 and step % STEPS:
                continue
            region = passage.at(at)
            grip = grip_at(passage, held, at)
            fresh = region.start == at
            thumb = finger < 0 or fresh
            bass = grip.keys[1] if thumb and not fresh and step and len(grip.keys) > 3 else grip.keys[0]
            key = bass if thumb else grip.keys[-1 - finger]
            length = min(region.end, (at // pulse.steps + 1) * pulse.steps) - at
            loud = (80.0 if thumb else 70.0 + 4.0 * (finger == 0)) + 24.0 * (passage.energy_at(bar) - 0.6)
            events.append(Event(at, max(1, length), key, loud))
            if bar % 4 == 3 and step == slots[-1] and key != grip.keys[-1] and rest.chance(0.3):
                events.append(Event(at, max(1, length), grip.keys[-1], loud - 6.0))
    return events


def _scratch(passage: Passage, style: GuitarStyle, draw: Dice, busy: frozenset[int]) -> list[Event]:
    """Sixteenths of a hand that never stops: a few chords on the high strings, the others dead."""
    pulse = passage.pulse
    held = held_grips(passage, capo=False, shape=HIGH)
    slots = list(range(0, pulse.steps, SIXTEENTH))
    sounding = {slot for slot in slots if draw.chance(0.22 if slot % STEPS else 0.3)} or {slots[0]}
    dead = {slot for slot in slots if slot not in sounding and draw.chance(0.62)}
    later = {slot for slot in sounding if slot < pulse.steps // 2} | {
        slot for slot in slots if slot >= pulse.steps // 2 and draw.chance(0.25)
    }

    def bar(hits: set[int]) -> tuple[Stroke, ...]:
        return tuple(
            Stroke(slot, SIXTEENTH if slot in hits else 1, slot % EIGHTH == 0, 0.75 if slot in hits else 0.0,
                   slot not in hits)
            for slot in slots if slot in hits or slot in dead
        )  # fmt: skip

    events: list[Event] = []
    for index, strokes in enumerate(by_bars(passage, bar(sounding), bar(later))):
        for stroke in strokes:
            if stroke.muted and index in busy:
                continue
            at = index * pulse.steps + stroke.step
            grip = grip_at(passage, held, at)
            sound = struck(at, stroke, grip._replace(keys=grip.keys[-3:]), passage.energy_at(index), draw)
            events += [e._replace(velocity=_SCRATCH, length=1) for e in sound] if stroke.muted else sound
    return events


def _shuffle(passage: Passage, style: GuitarStyle, draw: Dice, busy: frozenset[int]) -> list[Event]:
    """Root and fifth, root and sixth (now and then the seventh) in swung eighths on two strings."""
    pulse = passage.pulse
    held = power(passage)
    seventh = draw.chance(0.5)
    events: list[Event] = []
    for bar in range(passage.bars):
        for step in range(0, pulse.steps, EIGHTH):
            at = bar * pulse.steps + step
            region = passage.at(at)
            low = grip_at(passage, held, at).keys[0]
            beat = step // STEPS
            above = 7
            if beat % 2 == 1:
                minor = bool(region.tones >> (region.root + 3) % 12 & 1)
                above = 10 if (seventh and beat % 4 == 3) or minor else 9
            if not region.scale >> (region.root + above) % 12 & 1:
                above = 7
            muted = step % STEPS != 0
            loud = (OPEN_VELOCITY - 8.0 if not muted else MUTED_VELOCITY + 6.0) + 24.0 * (passage.energy_at(bar) - 0.6)
            length = SIXTEENTH + 1 if muted else EIGHTH
            events += [Event(at, length, low, loud), Event(at, length, low + above, loud - 3.0)]
    return events


def _stabs(passage: Passage, style: GuitarStyle, draw: Dice, busy: frozenset[int]) -> list[Event]:
    """Short chords on the backbeats, high on the neck; one more off the beat in the fourth bar."""
    pulse = passage.pulse
    held = held_grips(passage, capo=False, shape=HIGH)
    usual = tuple(Stroke(step, EIGHTH - 2, True, 0.7) for step in pulse.backbeats)
    extra = draw.one_of([s for s in range(EIGHTH, pulse.steps, EIGHTH) if s not in pulse.backbeats])
    other = tuple(sorted((*usual, Stroke(extra, EIGHTH - 2, False, 0.6))))
    return strokes_over(passage, held, by_bars(passage, usual, other), False, draw)


def _ending(passage: Passage, style: GuitarStyle) -> list[Event]:
    """Each chord struck once, the last one rings out."""
    draw = dice(passage.seed, "guitar ending")
    crunch = passage.sounds.get("comp") in DISTORTED
    held = power(passage) if crunch else held_grips(passage, capo=style.capo)
    events: list[Event] = []
    for region, grip in zip(passage.regions, held, strict=True):
        bar = min(passage.bars - 1, region.start // passage.bar_steps)
        events += struck(region.start, Stroke(0, region.end - region.start), grip, passage.energy_at(bar), draw)
    return events


_WRITERS = {
    "muted": _muted, "eighths": _eighths, "ring": _ring, "strum": _strum, "pick": _pick, "scratch": _scratch,
    "shuffle": _shuffle, "stabs": _stabs,
}  # fmt: skip
