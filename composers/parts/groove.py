"""Drum grooves: the part of a drummer who keeps a pattern, varies it, fills into what comes and lands on it.

What a live drummer repeats is the core, kick and backbeat, while ghost notes, hats and pick-ups vary: on Groove MIDI
neighbouring bars share half of their hits, and bars four apart at least as many, so that a pattern has 2 or 4 bars.
Machines repeat three bars of four.
"""

from __future__ import annotations

from collections.abc import Sequence

from composers.dice import dice
from composers.parts import drum_pattern as voices
from composers.parts import fills, kit
from composers.parts.drum_pattern import Bar, Hit, Pattern
from composers.parts.drum_style import Groove, Layer
from composers.parts.fills import FillStyle, Hole
from composers.parts.passage import Event, Listening, Passage, Written
from composers.pulse import STEPS

__all__ = ["FillStyle", "Groove", "Layer", "groove"]

_BIG = frozenset({"chorus", "drop", "hook", "solo", "head", "out", "theme"})
"""Roles that one fills into, and begins with a crash."""
_QUIET = frozenset({"breakdown", "interlude", "intro", "outro"})


def groove(passage: Passage, listening: Listening, style: Groove) -> Written:
    """The drum part of a passage, in General MIDI's keys (see kit). `listening["melody"]`: the drummer fills where it
    rests and keeps out of its way. Pure: of its arguments alone."""
    return Written(_Drummer(passage, listening, style).play())


class _Drummer:
    def __init__(self, passage: Passage, listening: Listening, style: Groove) -> None:
        self.passage, self.style, self.pulse = passage, style, passage.pulse
        self.lead = listening.get("melody", ())
        self.busy = _busy(passage, self.lead)
        self.pattern = Pattern(passage, style)

    def play(self) -> list[Event]:
        passage = self.passage
        if passage.role == "ending":
            return self._ending()
        events: list[Event] = []
        for bar in range(passage.bars):
            draw = dice(passage.seed, "drum bar", *passage.identity, bar)
            first = bar * self.pulse.steps
            if passage.drums_alone(bar):
                energy = min(1.0, passage.energy_at(bar) + 0.05 * (bar % 4))
                events += fills.solo_break(self.pulse, first, energy, draw)
            else:
                events += self._sounding(self._by_role(self._thinned(self.pattern.bar(bar, draw), bar), bar), bar)
        if passage.role == "build":
            return _cleaned(self._build(events))
        for where in self._holes():
            events = self._filled(events, where)
        if self._enters():
            events = self._landed(events, 0, passage.energy, True)
        return _cleaned(events)

    def _sounding(self, content: Bar, bar: int) -> list[Event]:
        first, lift = bar * self.pulse.steps, 24.0 * (self.passage.energy_at(bar) - 0.55)
        return [
            Event(first + step, hit.length, hit.key, _loud(hit.velocity + lift * (0.4 if hit.kind == "ghost" else 1.0)),
                  hit.strokes, hit.swell)
            for (step, _), hit in content.items()
        ]  # fmt: skip

    # -- fills ---------------------------------------------------------------------------------------------------------

    def _holes(self) -> list[Hole]:
        """Where fills lie: at the section's end by what comes, small ones inside; never in the first two bars."""
        passage = self.passage
        draw = dice(passage.seed, "fills", *passage.identity)
        if passage.role == "breakdown" or passage.bars < 2:
            return []
        found = [hole for bar in range(2, passage.bars - 1) for hole in self._small(bar, draw.random(), draw.random())]
        if passage.after and not passage.drums_alone(passage.bars - 1):
            found += self._closing(draw.random(), draw.random())
        return found

    def _small(self, bar: int, roll: float, size: float) -> list[Hole]:
        """Every few bars, more of them and longer at every second such place."""
        every = self.style.fills.every
        if not every or (bar + 1) % every or self.passage.drums_alone(bar):
            return []
        longer = (bar + 1) % (2 * every) == 0
        where = fills.hole(self.pulse, bar, 2 if size < (0.5 if longer else 0.25) else 1, True)
        wanted = self.style.fills.small * (0.5 + self.passage.energy_at(bar)) * (1.3 if longer else 1.0)
        return [where] if roll < wanted * self._room(where) else []

    def _closing(self, roll: float, size: float) -> list[Hole]:
        passage, style = self.passage, self.style.fills
        big = passage.closes or passage.after in _BIG
        beat, two, bar, bars = style.lengths
        if not big:
            beat, bar, bars = beat * 1.5, bar * 0.5, 0.0
        size *= beat + two + bar + bars
        length = 1 if size < beat else 2 if size < beat + two else 0 if size < beat + two + bar else -1
        if length == -1 and passage.bars < 8:
            length = 0
        if length == 0 and passage.bars < 4:
            length = 2
        where = fills.hole(self.pulse, passage.bars - 1, length, False)
        quiet = 0.6 if passage.after in _QUIET else 1.0
        return [where] if roll < style.closing * (1.1 if big else 0.8) * quiet else []

    def _room(self, where: Hole) -> float:
        """More than 1 where the lead rests, less where it sings."""
        if not self.lead:
            return 1.0
        sung = sum(max(0, min(note.end, where.end) - max(note.step, where.start)) for note in self.lead)
        return 1.4 - 0.8 * min(1.0, sung / max(1, where.end - where.start))

    def _filled(self, events: list[Event], where: Hole) -> list[Event]:
        passage = self.passage
        energy = passage.energy_at(min(passage.bars - 1, where.end // self.pulse.steps))
        draw = dice(passage.seed, "fill", *passage.identity, where.start)
        kept = [e for e in events if not where.start <= e.step < where.end or self._stays(e, where)]
        kept += fills.fill(where, self.pulse, self.style.fills, energy, draw)
        if where.end < passage.steps:
            return self._landed(kept, where.end, energy * 0.7, False)
        return kept

    def _stays(self, event: Event, where: Hole) -> bool:
        """What goes on under a fill: the foot's hat, and of machines all but hats and kick."""
        if event.pitch == kit.PEDAL_HAT:
            return not where.small
        return self.style.machine and event.pitch not in kit.HATS and event.pitch != self.style.kick.key

    def _enters(self) -> bool:
        """Whether the section begins with a crash."""
        passage = self.passage
        if not passage.before or passage.role in _QUIET or passage.drums_alone(0):
            return False
        wanted = self.style.fills.crash + (0.4 if passage.role in _BIG else 0.0)
        return dice(passage.seed, "enter", *passage.identity).chance(wanted * (0.5 + passage.energy))

    def _landed(self, events: list[Event], step: int, energy: float, sure: bool) -> list[Event]:
        """With crash and kick at a step; the crash takes the place of what keeps time."""
        draw = dice(self.passage.seed, "landing", *self.passage.identity, step)
        added = fills.landing(step, self.style.fills, energy, draw, sure)
        replaced = {event.pitch for event in added}
        if kit.CRASH in replaced:
            replaced |= {kit.HAT, kit.OPEN_HAT, *kit.RIDES, kit.CRASH_2}
        return [e for e in events if e.step != step or e.pitch not in replaced] + list(added)

    # -- what a section asks for ---------------------------------------------------------------------------------------

    def _thinned(self, content: Bar, bar: int) -> Bar:
        """Without what needs a livelier passage; sixteenths of the hat go last of all."""
        lively = self.passage.lively(bar) * (1.12 if self.busy[bar] < 0.4 else 0.92 if self.busy[bar] > 1.2 else 1.0)

        def plays(step: int, hit: Hit) -> bool:
            if hit.kind in ("ghost", "soft", "pedal"):
                return hit.need <= lively
            return hit.kind != "time" or step % 6 == 0 or self.style.machine or hit.need <= lively + 0.4

        return {spot: hit for spot, hit in content.items() if plays(spot[0], hit)}

    def _by_role(self, content: Bar, bar: int) -> Bar:
        """Introductions come in by and by, breakdowns leave the cymbals, drop-outs hold their breath."""
        passage = self.passage
        early = bar < passage.bars // 2
        if passage.role == "breakdown":
            kept = {voices.PEDAL} if early and self.style.machine else {voices.TIME, voices.PEDAL}
            return {s: hit for s, hit in content.items() if s[1] in kept or (s[1] >= voices.EXTRA and not early)}
        if passage.role == "intro" and passage.first_bar == 0 and passage.bars >= 4 and early:
            roll = dice(passage.seed, "drum intro").random()
            kept = {voices.TIME, voices.PEDAL} | ({voices.KICK} if roll >= 0.3 else set())
            return content if roll >= 0.5 else {s: hit for s, hit in content.items() if s[1] in kept}
        draw = dice(passage.seed, "drop out", *passage.identity, bar)
        if bar % 4 == 3 and bar != passage.bars - 1 and draw.chance(self.style.drops):
            cut = self.pulse.beats[-1] if draw.chance(0.6) else self.pulse.beats[len(self.pulse.beats) // 2]
            voice = draw.one_of((voices.KICK, voices.TIME))
            return {s: hit for s, hit in content.items() if s[0] < cut or s[1] != voice}
        return content

    def _build(self, events: list[Event]) -> list[Event]:
        """A roll that doubles towards what comes; the kick goes along until the last quarter, then the floor opens."""
        passage = self.passage
        draw = dice(passage.seed, "build", *passage.material)
        empty = draw.one_of((0, STEPS, 2 * STEPS, self.pulse.steps)) if passage.bars >= 4 else 0
        end = passage.steps - max(empty, passage.steps // 4)
        kept = [e for e in events if e.pitch not in (kit.SNARE, kit.CLAP, kit.RIM) and e.step < end]
        return kept + fills.build_up(self.pulse, passage.bars, empty, draw)

    def _ending(self) -> list[Event]:
        """Time, a fill into the last chord, and its crash and kick."""
        passage = self.passage
        final = passage.regions[-1].start
        events = [event for bar in range(-(-final // self.pulse.steps))
                  for event in self._sounding(self.pattern.bars[bar % len(self.pattern.bars)], bar)]  # fmt: skip
        starts = [bar + beat for bar in range(0, final, self.pulse.steps) for beat in self.pulse.beats
                  if bar + beat < final]  # fmt: skip
        if starts:
            where = Hole(starts[-2] if len(starts) > 2 else starts[-1], final, False)
            events = self._filled([e for e in events if e.step < final], where)
        events = [e for e in events if e.step < final]
        return _cleaned(events + fills.last_hit(final, passage.steps - final, passage.energy))


def _busy(passage: Passage, lead: Sequence[Event]) -> list[float]:
    """Notes of the lead a felt beat, by bar; without a lead 1 everywhere."""
    if not lead:
        return [1.0] * passage.bars
    counts = [0] * passage.bars
    for note in lead:
        bar = note.step // passage.bar_steps
        if 0 <= bar < passage.bars:
            counts[bar] += 1
    return [count / len(passage.pulse.beats) for count in counts]


def _loud(velocity: float) -> float:
    return min(126.0, max(12.0, velocity))


def _cleaned(events: Sequence[Event]) -> list[Event]:
    """One hit of a key at a step, the loudest; no closed and open hat at once."""
    best: dict[tuple[int, int], Event] = {}
    for event in events:
        spot = event.step, event.pitch
        if spot not in best or best[spot].velocity < event.velocity:
            best[spot] = event
    return sorted(e for (step, key), e in best.items() if not (key == kit.HAT and (step, kit.OPEN_HAT) in best))
