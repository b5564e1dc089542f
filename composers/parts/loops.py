"""What goes round: the bars after which a passage's chords come again, and a part that says its first round again."""

from __future__ import annotations

from composers.parts.passage import Event, Passage, Written


def period(passage: Passage) -> int | None:
    """Bars (2, 4 or 8) after which the chords come again, None where they do not within the passage."""
    by_bar: list[tuple[tuple[int, int, int], ...]] = []
    for bar in range(passage.bars):
        start = bar * passage.bar_steps
        by_bar.append(tuple((r.start - start, r.root, r.tones) for r in passage.regions
                            if start <= r.start < start + passage.bar_steps))  # fmt: skip
    for length in (2, 4, 8):
        if length < passage.bars and all(a == by_bar[i % length] for i, a in enumerate(by_bar)):
            return length
    return None


def looped(passage: Passage, written: Written, turn: int = 8) -> Written:
    """The first round of the chords again and again, as a sequencer plays it; what rings over its end stops there. In
    the last bar of each `turn` the part keeps what it has written itself. Without a round: as it is."""
    bars = period(passage)
    if bars is None:
        return written
    length = bars * passage.bar_steps
    first = [e if e.end <= length else e._replace(length=length - e.step) for e in written.events if e.step < length]
    events: list[Event] = [e for start in range(0, passage.steps, length) for e in
                           (e._replace(step=e.step + start) for e in first) if e.step < passage.steps]  # fmt: skip
    own = set(range(turn - 1, passage.bars, turn))
    if own:
        steps = passage.bar_steps
        events = [e for e in events if e.step // steps not in own]
        events = [_clear(e, steps, own) for e in events]
        events += [e if e.end <= (e.step // steps + 1) * steps else
                   e._replace(length=(e.step // steps + 1) * steps - e.step)
                   for e in written.events if e.step // steps in own]  # fmt: skip
    return Written(sorted(events), written.turns, written.sweeps)


def _clear(event: Event, steps: int, own: set[int]) -> Event:
    """Ended where a bar begins that is not of the round."""
    bar = event.step // steps + 1
    while bar * steps < event.end:
        if bar in own:
            return event._replace(length=bar * steps - event.step)
        bar += 1
    return event
