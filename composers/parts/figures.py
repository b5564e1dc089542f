"""Figures of accompaniment: Alberti basses, broken chords, oom-pah, hymns, octaves, pulsing and tremolo strings.

Each figure is drawn once for a section and kept. Around a tonic of C.
"""

from __future__ import annotations

from collections.abc import Sequence

from composers.harmony import STEPS, Region
from composers.parts.inner_voices import Frame
from composers.parts.passage import Event, Passage
from composers.pulse import Pulse

EIGHTH = STEPS // 2
KEYBOARD = ("alberti", "broken", "after-beats", "hymn", "octaves", "arpeggio", "repeated", "pedal")
_ORDERS = {"alberti": (0, 2, 1, 2), "broken": (0, 1, 2, 1), "arpeggio": (0, 1, 2, 3, 2, 1)}


def keyboard_figure(
    passage: Passage, frames: Sequence[Frame], bass: Sequence[tuple[int, int]], kind: str, velocity: float,
    tune: Sequence[tuple[int, int, int]], low: int,
) -> list[Event]:  # fmt: skip
    """A left hand, bass and all; tune: (step, end, key) of what it accompanies."""
    events: list[Event] = []
    pulse = passage.pulse
    for frame, region, (_, root) in zip(frames, passage.regions, bass, strict=True):
        if kind in _ORDERS:
            events += _broken(
                frame, _hand(region, root, low, kind == "arpeggio"), _ORDERS[kind], pulse, velocity, kind != "alberti"
            )
        elif kind == "repeated":
            events += _repeated(frame, root, pulse, velocity)
        elif kind == "after-beats":
            events += _after_beats(frame, root, pulse, velocity)
        elif kind == "octaves":
            events += _octaves(frame, root, pulse, velocity)
        elif kind == "pedal":
            events += _held(frame, root, velocity)
        else:
            events += _hymn(frame, root, pulse, velocity, tune)
    return _led_apart(events, tune) if kind in _ORDERS else events


def _hand(region: Region, root: int, low: int, wide: bool) -> tuple[int, ...]:
    """Three notes of the chord from its bass up within an octave, four within two when wide."""
    base = root + 12 if root < low else root
    above = [key for key in range(base + 1, base + 25) if region.tones >> key % 12 & 1]
    close = [key for key in above if 2 < key - base <= 12] or above
    seventh = [k for k in close if k - base in (9, 10)] if region.tones.bit_count() > 3 else []
    if wide:
        fifth = next((k for k in above if k - base >= 6), base + 12)
        tenth = next((k for k in above if k >= base + 12 and k % 12 != base % 12), base + 12)
        return base, fifth, base + 12, tenth
    middle = close[0]
    top = next((k for k in (seventh or close) if k > middle), close[-1] if close[-1] > middle else base + 12)
    return base, middle, top


def _broken(
    frame: Frame, hand: Sequence[int], order: Sequence[int], pulse: Pulse, velocity: float, held: bool
) -> list[Event]:
    """In eighths, each chord beginning with its lowest note, each felt beat too in compound meters."""
    events: list[Event] = []
    three = len(pulse.beats) > 0 and pulse.unit == EIGHTH and pulse.steps % 18 == 0
    turn = 0
    for step in range(frame.start, frame.end, EIGHTH):
        if (three and (step % pulse.steps) % 18 == 0) or (not three and step % pulse.steps == 0):
            turn = 0
        cycle = (0, 1, 2) if three and len(order) == 4 else order
        key = hand[cycle[turn % len(cycle)] % len(hand)]
        accent = 4.0 if turn == 0 else -5.0
        length = min(EIGHTH, frame.end - step)
        if held and not events:
            length = frame.end - step  # the bass stays, as under a pedal
        events.append(Event(step, length, key, velocity + accent))
        turn += 1
    return events


def _repeated(frame: Frame, root: int, pulse: Pulse, velocity: float) -> list[Event]:
    """The bass held on, the hand's chord in eighths above it."""
    events = [Event(frame.start, frame.end - frame.start, root, velocity + 4.0)]
    for step in range(frame.start, frame.end, EIGHTH):
        soft = 0.0 if pulse.is_beat(step) else -6.0
        events += [Event(step, 4, key, velocity - 6.0 + soft) for key in sorted({frame.tenor, frame.alto})]
    return events


def _after_beats(frame: Frame, root: int, pulse: Pulse, velocity: float) -> list[Event]:
    """The bass on strong beats, chords on the others; where a chord has one beat only, both."""
    steps = [s for s in range(frame.start, frame.end) if pulse.is_beat(s)] or [frame.start]
    if steps[0] != frame.start:
        steps = [frame.start, *steps]
    compound = pulse.unit == EIGHTH and pulse.steps % 18 == 0
    events: list[Event] = []
    for place, step in enumerate(steps):
        until = steps[place + 1] if place + 1 < len(steps) else frame.end
        low = place == 0 or pulse.is_strong(step) or compound
        if low:
            events.append(Event(step, min(until - step, STEPS), root, velocity + 4.0))
        if compound:
            events += [Event(at, 4, key, velocity - 6.0) for at in (step + 6, step + 12) if at < until
                       for key in sorted({frame.tenor, frame.alto})]  # fmt: skip
        elif not low or len(steps) == 1:
            at = step if not low else min(step + EIGHTH, max(step, until - EIGHTH))
            events += [Event(at, EIGHTH, key, velocity - 5.0) for key in sorted({frame.tenor, frame.alto})]
    return sorted(events)


def _octaves(frame: Frame, root: int, pulse: Pulse, velocity: float) -> list[Event]:
    """Low and high octave by turns, in eighths: a murky bass."""
    upper = root + 12
    return [Event(step, min(EIGHTH, frame.end - step), upper if (step - frame.start) % STEPS else root,
                  velocity + (2.0 if pulse.is_beat(step) else -4.0))
            for step in range(frame.start, frame.end, EIGHTH)]  # fmt: skip


def _held(frame: Frame, root: int, velocity: float) -> list[Event]:
    keys = sorted({root, frame.tenor, frame.alto})
    return [Event(frame.start, frame.end - frame.start, key, velocity - 3.0) for key in keys]


def _hymn(frame: Frame, root: int, pulse: Pulse, velocity: float, tune: Sequence[tuple[int, int, int]]) -> list[Event]:
    """Chords with the tune's own beats."""
    sung = {at for at, _, _ in tune}
    steps = [s for s in range(frame.start, frame.end) if s == frame.start or (s in sung and pulse.is_beat(s))]
    events: list[Event] = []
    for place, step in enumerate(steps):
        until = steps[place + 1] if place + 1 < len(steps) else frame.end
        events += [Event(step, until - step, key, velocity + (3.0 if key == root else -3.0))
                   for key in sorted({root, frame.tenor, frame.alto})]  # fmt: skip
    return events


def _led_apart(events: list[Event], tune: Sequence[tuple[int, int, int]]) -> list[Event]:
    """A running figure without parallel fifths and octaves against the tune: a note that would make them changes places
    with the other of its chord's that was just there."""
    found: list[Event] = []
    index = 0
    sung: int | None = None
    for event in events:
        was = sung
        while index < len(tune) and tune[index][0] <= event.step:
            sung = tune[index][2]
            index += 1
        key = event.pitch
        if found and was is not None and sung is not None and _parallel(was, sung, found[-1].pitch, key):
            near = {e.pitch for e in events[max(0, len(found) - 3) : len(found) + 4] if abs(e.step - event.step) <= 18}
            free = [k for k in sorted(near, key=lambda k: abs(k - key)) if not _parallel(was, sung, found[-1].pitch, k)]
            key = free[0] if free else found[-1].pitch
        found.append(event._replace(pitch=key))
    return found


def _parallel(a: int, then_a: int, b: int, then_b: int) -> bool:
    if a == then_a or b == then_b or (then_a > a) != (then_b > b):
        return False
    return (a - b) % 12 in (0, 7) and (then_a - then_b) % 12 == (a - b) % 12


# Strings ----------------------------------------------------------------------------------------------------------

INNER = ("pulse", "held", "rocking", "after-beats", "syncopated", "tremolo")


def inner_figure(
    frames: Sequence[Frame], which: str, kind: str, pulse: Pulse, velocity: float, other: str = ""
) -> list[Event]:
    """A middle string; which: "alto" or "tenor"; rocking goes between its own note and the `other` voice's side."""
    events: list[Event] = []
    for frame in frames:
        key = frame.alto if which == "alto" else frame.tenor
        mate = frame.tenor if which == "alto" else frame.alto
        start, end = frame.start, frame.end
        if kind == "held":
            events.append(Event(start, end - start, key, velocity - 2.0))
        elif kind == "pulse":
            events += [Event(s, 5, key, velocity + (2.0 if pulse.is_beat(s) else -5.0))
                       for s in range(start, end, EIGHTH)]  # fmt: skip
        elif kind == "rocking" and abs(mate - key) <= 9 and mate != key and other == "":
            events += [Event(s, min(EIGHTH, end - s), key if (s - start) % STEPS == 0 else mate,
                             velocity + (1.0 if pulse.is_beat(s) else -5.0))
                       for s in range(start, end, EIGHTH)]  # fmt: skip
        elif kind == "after-beats":
            steps = [s for s in range(start, end) if pulse.is_beat(s) and not pulse.is_strong(s)] or [start]
            events += [Event(s, EIGHTH + 2, key, velocity - 3.0) for s in steps]
        elif kind == "syncopated":
            steps = [start, *range(start + EIGHTH, end, STEPS)]
            ends = [*steps[1:], end]
            events += [Event(s, e - s, key, velocity - 1.0) for s, e in zip(steps, ends, strict=True)]
        elif kind == "tremolo":
            events += [Event(s, min(STEPS, end - s), key, velocity - 4.0, 4 if end - s >= STEPS else 2)
                       for s in range(start, end, STEPS)]  # fmt: skip
        else:
            beats = [s for s in range(start, end) if s == start or pulse.is_strong(s)]
            ends = [*beats[1:], end]
            events += [Event(s, e - s, key, velocity - 2.0) for s, e in zip(beats, ends, strict=True)]
    return events


def bass_figure(
    regions: Sequence[Region], bass: Sequence[tuple[int, int]], kind: str, pulse: Pulse, velocity: float
) -> list[Event]:
    """A cello or bass: "held", "beats" (quarters), "pulse" (eighths), "pizzicato" (strong beats, short)."""
    events: list[Event] = []
    for region, (_, key) in zip(regions, bass, strict=True):
        start, end = region.start, region.end
        if kind == "held":
            events.append(Event(start, end - start, key, velocity))
            continue
        if kind == "pulse":
            steps = list(range(start, end, EIGHTH))
        else:
            wanted = pulse.is_beat if kind == "beats" else pulse.is_strong
            steps = sorted({start, *(s for s in range(start, end) if wanted(s))})
        for place, step in enumerate(steps):
            until = steps[place + 1] if place + 1 < len(steps) else end
            length = 4 if kind == "pizzicato" else 5 if kind == "pulse" else min(until - step, STEPS)
            events.append(Event(step, min(length, until - step), key, velocity - 4.0 * (step != start)))
    return events
