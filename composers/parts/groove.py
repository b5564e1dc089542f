"""Drum grooves: a pattern drawn once for each kind of section, kept, changed in a few cells; fills, crashes, breaks.

What a live drummer repeats is the core, kick and backbeat, while ghost notes, hats and pick-ups vary: on Groove MIDI
neighbouring bars share half of their hits, and bars four apart at least as many, so that a pattern has 2 or 4 bars.
Machines repeat three bars of four.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from composers.dice import Dice, dice
from composers.feel import STRAIGHT, Feel
from composers.parts import fills, kit
from composers.parts.fills import FillStyle, Hole
from composers.parts.meter_cells import Frame, cells_a_beat, frames, offsets, parse_cells
from composers.parts.passage import Event, Listening, Passage, Written
from composers.pulse import STEPS

Patterns = tuple[tuple[str, float], ...]
"""Bars as cells (see meter_cells) with their weights: "X...x... ........", two bars divided by "/"."""


class Layer(NamedTuple):
    """An instrument of a groove and the bars it chooses from, once for a kind of section.

    loud     velocities of accent, normal, light, ghost ("X", "x", "o", "g")
    chance   that a kind of section has it
    low, high  energies between which it plays
    """

    key: int
    patterns: Patterns
    loud: tuple[float, float, float, float] = (104.0, 80.0, 60.0, 36.0)
    chance: float = 1.0
    low: float = 0.0
    high: float = 1.01


@dataclass(frozen=True, slots=True)
class Groove:
    """A style of drumming as data. Cells are of 4/4; every other meter takes its beats from them (meter_cells).

    kick, snare  patterns that stay
    times     what keeps time, of which one is chosen for each kind of section among those whose energies fit
    ghosts    percent of bars with a ghost note in the cell, and
    pickups   with a kick that is not in the pattern: what varies from bar to bar
    opens     percent with an open hat, where a hat keeps time
    extras    more layers: claps, percussion, a pedalled hat
    pedal     percent with a pedalled hat while cymbals keep time
    unit      bars of the pattern
    exact     chance that a bar is played just as the pattern has it; of machines: the first three of four always are
    changes   most cells changed in a bar that is not
    machine   whether it is a program that plays
    swung     whether triplet cells follow the feel: the third is the swung off-beat
    side      the snare's place at low energies (a rim), None: the snare itself, and
    side_below  the energy below which it is
    fills     see FillStyle
    feel      what swings, for the style that uses it
    hands     a key of kit.HANDS that suits
    drops     chance of a drop-out (a beat or a bar without kick or hats) every four bars
    ghost_loud  mean velocity of ghosts
    """

    name: str
    kick: Layer
    snare: Layer
    times: tuple[Layer, ...]
    ghosts: tuple[int, ...] = (0,) * 16
    pickups: tuple[int, ...] = (0,) * 16
    opens: tuple[int, ...] = (0,) * 16
    extras: tuple[Layer, ...] = ()
    pedal: tuple[int, ...] = (0,) * 16
    unit: int = 2
    exact: float = 0.15
    changes: int = 3
    machine: bool = False
    swung: bool = False
    side: int | None = None
    side_below: float = 0.4
    fills: FillStyle = field(default_factory=FillStyle)
    feel: Feel = STRAIGHT
    hands: str = "live"
    drops: float = 0.0
    ghost_loud: float = 36.0


class _Hit(NamedTuple):
    """A hit of a pattern. kind: "core", "soft" (may come off), "time", "ghost", "open", "pedal"; roll: 0..1, below
    how much energy it needs to stay, drawn once."""

    key: int
    velocity: float
    length: int
    kind: str
    roll: float


_Bar = dict[tuple[int, int], _Hit]
"""By step and voice: one voice is all that one hand (or foot) plays."""

_KICK, _SNARE, _TIME, _PEDAL, _EXTRA = range(5)


def groove(passage: Passage, listening: Listening, style: Groove) -> Written:
    """The drum part of a passage; `listening["melody"]`: in its holes the drummer answers."""
    return Written(_Drummer(passage, listening, style).play())


class _Drummer:
    def __init__(self, passage: Passage, listening: Listening, style: Groove) -> None:
        self.passage, self.style = passage, style
        self.pulse = passage.pulse
        self.draw = dice(passage.seed, "drums", *passage.identity)
        self.busy = _busy(passage, listening.get("melody", ()))
        level = max(0.05, min(1.0, passage.energy))
        self.energy = level
        self.pattern = self._pattern()

    # -- the pattern -------------------------------------------------------------------------------------------------

    def _frames(self, bar: int) -> tuple[Frame, ...]:
        return frames(self.pulse, bar, dice(self.passage.seed, "drum meter"))

    def _pattern(self) -> list[_Bar]:
        style, passage = self.style, self.passage
        kind = dice(passage.seed, "groove", style.name, *passage.material)
        unit = max(1, style.unit)
        layout = [self._frames(bar) for bar in range(unit)]
        bars: list[_Bar] = [{} for _ in range(unit)]
        kick = self._bars_of(style.kick, kind, unit)
        snare = self._bars_of(style.snare, kind, unit)
        snare_key = style.snare.key
        if style.side is not None and passage.energy < style.side_below:
            snare_key = style.side
        self._lay(bars, layout, style.kick, kick, _KICK, kind, style.kick.key)
        self._lay(bars, layout, style.snare, snare, _SNARE, kind, snare_key)
        self._lay_grid(bars, layout, style.pickups, _KICK, style.kick.key, "soft", 62.0, kind, 0.55)
        self._lay_grid(bars, layout, style.ghosts, _SNARE, style.snare.key, "ghost", style.ghost_loud, kind, 0.8)
        time = self._time()
        self.time = time
        self._lay(bars, layout, time, self._bars_of(time, kind, unit), _TIME, kind, time.key)
        if time.key == kit.HAT:
            self._lay_opens(bars, layout, kind)
        if time.key not in (kit.HAT, kit.OPEN_HAT):
            self._lay_grid(bars, layout, style.pedal, _PEDAL, kit.PEDAL_HAT, "pedal", 66.0, kind, 1.0)
        for index, extra in enumerate(style.extras):
            own = dice(passage.seed, "groove extra", style.name, index, *passage.material)
            if own.chance(extra.chance) and extra.low <= passage.energy < extra.high:
                self._lay(bars, layout, extra, self._bars_of(extra, own, unit), _EXTRA + index, own, extra.key)
        return bars

    def _time(self) -> Layer:
        """What keeps time here: drawn once for the kind of section, among what suits its energy."""
        passage, style = self.passage, self.style
        fitting = [layer for layer in style.times if layer.low <= passage.energy < layer.high] or list(style.times)
        chooser = dice(passage.seed, "time", style.name, *passage.material)
        return chooser.weighted(fitting, [layer.chance for layer in fitting])

    def _bars_of(self, layer: Layer, draw: Dice, unit: int) -> list[tuple[str, tuple[tuple[int, str], ...]]]:
        """Bars of cells for the unit: the first drawn, the others the same or ending differently."""
        texts = tuple(text for text, _ in layer.patterns)
        weights = tuple(weight for _, weight in layer.patterns)
        text = draw.weighted(texts, weights)
        own = parse_cells(text)
        if len(own) > 1:
            return [(text, own[bar % len(own)]) for bar in range(unit)]
        found = [(text, own[0])]
        for bar in range(1, unit):
            other = draw.weighted(texts, weights)
            if bar % 2 == 1 and draw.chance(0.55) and cells_a_beat(other) == cells_a_beat(text):
                half = cells_a_beat(text) * 2
                head = [cell for cell in own[0] if cell[0] < half]
                tail = [cell for cell in parse_cells(other)[0] if cell[0] >= half]
                found.append((text, (*head, *tail)))
            elif bar >= 2:
                found.append(found[bar - 2])
            else:
                found.append((text, own[0]))
        return found

    def _lay(
        self, bars: list[_Bar], layout: Sequence[tuple[Frame, ...]], layer: Layer,
        cells: Sequence[tuple[str, tuple[tuple[int, str], ...]]], voice: int, draw: Dice, key: int,
    ) -> None:  # fmt: skip
        filling = voice == _TIME or voice >= _EXTRA
        for index, bar in enumerate(bars):
            text, content = cells[index]
            per_beat = cells_a_beat(text)
            for cell, level in content:
                beat, within = divmod(cell, per_beat)
                velocity = layer.loud["Xxog".index(level)]
                roll = draw.random()
                soft = level in "og" if voice != _TIME else level == "g"
                kind = "time" if voice == _TIME else "soft" if soft else "core"
                if voice == _KICK and within and level != "X":
                    kind = "soft" if roll < 0.5 else "core"
                for frame in layout[index]:
                    for step in offsets(frame, beat, within, per_beat, filling, self.style.swung):
                        length = 3 if key not in (kit.RIDE, kit.BELL, kit.OPEN_HAT) else 6
                        bar.setdefault((step, voice), _Hit(key, velocity, length, kind, roll))

    def _lay_grid(
        self, bars: list[_Bar], layout: Sequence[tuple[Frame, ...]], grid: Sequence[int], voice: int, key: int,
        kind: str, velocity: float, draw: Dice, share: float,
    ) -> None:  # fmt: skip
        """Cells by their probability, the same for all bars of the pattern but now and then."""
        per_beat = 3 if len(grid) == 12 else 4
        for cell, percent in enumerate(grid):
            first = draw.random()
            for index, bar in enumerate(bars):
                roll = first if draw.chance(0.75) else draw.random()
                if roll * 100.0 >= percent * share:
                    continue
                beat, within = divmod(cell, per_beat)
                loud = velocity + draw.normal(8.0)
                strength = roll * 100.0 / max(1.0, percent * share)
                for frame in layout[index]:
                    for step in offsets(frame, beat, within, per_beat, False, self.style.swung):
                        bar.setdefault((step, voice), _Hit(key, max(18.0, loud), 3, kind, strength))

    def _lay_opens(self, bars: list[_Bar], layout: Sequence[tuple[Frame, ...]], draw: Dice) -> None:
        grid = self.style.opens
        per_beat = 3 if len(grid) == 12 else 4
        for cell, percent in enumerate(grid):
            roll, index = draw.random(), int(draw.random() * len(bars))
            if roll * 100.0 >= percent:
                continue
            beat, within = divmod(cell, per_beat)
            for bar_index, bar in enumerate(bars):
                if percent < 40 and bar_index != index:
                    continue  # what is rare comes once in the pattern
                for frame in layout[bar_index]:
                    for step in offsets(frame, beat, within, per_beat, False, self.style.swung):
                        bar[step, _TIME] = _Hit(kit.OPEN_HAT, 96.0, 6, "open", 0.5)

    # -- the passage ---------------------------------------------------------------------------------------------------

    def play(self) -> list[Event]:
        passage, style = self.passage, self.style
        if passage.role == "ending":
            return self._ending()
        holes = self._holes()
        events: list[Event] = []
        for bar in range(passage.bars):
            own = dice(passage.seed, "drum bar", *passage.identity, bar)
            first = bar * self.pulse.steps
            if passage.drums_alone(bar):
                energy = min(1.0, passage.energy_at(bar) + 0.05 * (bar % 4))
                events += fills.solo_break(self.pulse, first, energy, own)
                continue
            content = self._varied(bar, own)
            content = self._thinned(content, bar)
            content = self._by_role(content, bar)
            lift = 24.0 * (passage.energy_at(bar) - 0.55)
            for (step, _), hit in content.items():
                loud = hit.velocity + lift * (0.5 if hit.kind == "ghost" else 1.0)
                events.append(Event(first + step, hit.length, hit.key, min(126.0, max(12.0, loud))))
        for where in holes:
            events = [e for e in events if not where.start <= e.step < where.end or self._stays(e, where)]
            energy = passage.energy_at(min(passage.bars - 1, where.end // self.pulse.steps))
            added = fills.fill(where, self.pulse, style.fills, energy, dice(passage.seed, "fill", *passage.identity,
                                                                           where.start))  # fmt: skip
            events += added
            if where.end < passage.steps:
                events = self._landed(events, where.end, where.small)
        if passage.role == "build":
            events = self._build(events)
        elif self._enters():
            events = self._landed(events, 0, False)
        return _cleaned(events)

    def _stays(self, event: Event, where: Hole) -> bool:
        """Whether something of the time goes on under a fill: machines keep their kick, the foot its hat."""
        if event.pitch == kit.PEDAL_HAT:
            return not where.small
        return self.style.machine and event.pitch not in kit.HATS and event.pitch != self.style.kick.key

    def _enters(self) -> bool:
        """Whether the section begins with a crash."""
        passage = self.passage
        if not passage.before or passage.role in ("breakdown", "interlude", "intro", "outro"):
            return False
        big = passage.role in ("chorus", "drop", "solo", "hook", "head", "out")
        wanted = self.style.fills.crash + (0.4 if big else 0.0)
        return dice(self.passage.seed, "enter", *passage.identity).chance(wanted * (0.5 + passage.energy))

    def _landed(self, events: list[Event], step: int, small: bool) -> list[Event]:
        draw = dice(self.passage.seed, "landing", *self.passage.identity, step)
        sure = step == 0
        added = fills.landing(step, self.style.fills, self.energy * (0.7 if small else 1.0), draw, sure)
        taken = {event.pitch for event in added}
        if kit.CRASH in taken:
            taken |= {kit.HAT, kit.OPEN_HAT, kit.RIDE, kit.BELL}
        return [e for e in events if e.step != step or e.pitch not in taken] + list(added)

    def _holes(self) -> list[Hole]:
        """Where fills lie: at the section's end by what comes, and small ones inside; never in the first two bars."""
        passage, style = self.passage, self.style.fills
        found: list[Hole] = []
        draw = dice(passage.seed, "fills", *passage.identity)
        if passage.role in ("breakdown", "build") or passage.bars < 2:
            return found
        last = passage.bars - 1
        for bar in range(2, last):
            if style.every and (bar + 1) % style.every == 0 and not passage.drums_alone(bar):
                wanted = style.small * (0.5 + passage.energy_at(bar)) * (1.25 if self.busy[bar] < 0.5 else 0.8)
                longer = (bar + 1) % (2 * style.every) == 0
                roll, length = draw.random(), draw.weighted((1, 2), (0.75, 0.25) if not longer else (0.5, 0.5))
                if roll < wanted * (1.4 if longer else 1.0):
                    found.append(fills.hole(self.pulse, bar, length, True))
        if passage.after and not passage.drums_alone(last):
            big = passage.after in ("chorus", "solo", "drop", "hook", "out", "bridge") or passage.closes
            wanted = style.closing * (1.1 if big else 0.75)
            weights = list(style.lengths)
            if not big:
                weights = [weights[0] * 1.5, weights[1], weights[2] * 0.5, 0.0]
            roll, length = draw.random(), draw.weighted(fills.LENGTHS, weights)
            if roll < wanted:
                if length == -1 and passage.bars < 8:
                    length = 0
                if length == 0 and passage.bars < 4:
                    length = 2
                found.append(fills.hole(self.pulse, last, length, False))
        return found

    def _varied(self, bar: int, draw: Dice) -> _Bar:
        """The pattern's bar with one to three cells changed, mostly in what varies with live drummers."""
        style = self.style
        content = dict(self.pattern[bar % len(self.pattern)])
        if style.machine:
            if bar % 4 != 3 or draw.chance(style.exact):
                return content
        elif draw.chance(style.exact):
            return content
        for _ in range(1 + int(draw.random() * style.changes)):
            self._change(content, bar, draw)
        return content

    def _change(self, content: _Bar, bar: int, draw: Dice) -> None:
        kind = draw.weighted(("ghost", "kick", "time", "open"), self._change_weights())
        if kind == "ghost":
            self._toggle(content, self.style.ghosts, _SNARE, self.style.snare.key, "ghost", self.style.ghost_loud, draw)
        elif kind == "kick":
            self._toggle(content, self.style.pickups, _KICK, self.style.kick.key, "soft", 62.0, draw)
        elif kind == "open" and self.time.key == kit.HAT:
            spots = [spot for spot, hit in content.items() if spot[1] == _TIME and spot[0] % 12 == 6]
            if spots:
                spot = draw.one_of(spots)
                content[spot] = _Hit(kit.OPEN_HAT, 92.0, 6, "open", 0.5)
        else:
            spots = sorted(spot for spot in content if spot[1] == _TIME)
            if not spots:
                return
            spot = draw.one_of(spots)
            if draw.chance(0.5) and spot[0] not in self.pulse.beats:
                del content[spot]
            elif not self.style.machine or draw.chance(0.5):
                near = spot[0] + 3
                if near < self.pulse.steps and near % STEPS in (3, 9):
                    content.setdefault((near, _TIME), content[spot]._replace(velocity=44.0, length=3))

    def _change_weights(self) -> tuple[float, float, float, float]:
        ghosts = 3.0 if any(self.style.ghosts) else 0.0
        kicks = 2.0 if any(self.style.pickups) else 0.0
        return ghosts, kicks, 1.6, 0.9 if any(self.style.opens) else 0.0

    def _toggle(
        self, content: _Bar, grid: Sequence[int], voice: int, key: int, kind: str, velocity: float, draw: Dice
    ) -> None:
        per_beat = 3 if len(grid) == 12 else 4
        cell = draw.weighted(range(len(grid)), grid)
        beat, within = divmod(cell, per_beat)
        for frame in self._frames(0):
            for step in offsets(frame, beat, within, per_beat, False, self.style.swung):
                spot = step, voice
                if spot not in content:
                    content[spot] = _Hit(key, max(18.0, velocity + draw.normal(8.0)), 3, kind, 0.3)
                elif content[spot].kind in ("ghost", "soft"):
                    del content[spot]

    def _thinned(self, content: _Bar, bar: int) -> _Bar:
        """Fewer soft cells at low energy and density; sixteenths of the hat go first."""
        lively = self.passage.lively(bar) * (1.12 if self.busy[bar] < 0.4 else 0.92 if self.busy[bar] > 1.2 else 1.0)
        if lively >= 1.2:
            return content
        kept: _Bar = {}
        for spot, hit in content.items():
            if hit.kind in ("ghost", "soft") and hit.roll > lively:
                continue
            if hit.kind == "time" and lively < 0.6 and spot[0] % 6 and not self.style.machine and hit.roll > lively:
                continue
            kept[spot] = hit
        return kept

    def _by_role(self, content: _Bar, bar: int) -> _Bar:
        """Introductions come in by and by, breakdowns leave the cymbals, drop-outs hold their breath."""
        passage = self.passage
        half = bar < passage.bars // 2
        if passage.role == "breakdown":
            keep = {_TIME, _PEDAL} if not half or not self.style.machine else {_PEDAL}
            return {spot: hit for spot, hit in content.items() if spot[1] in keep or (spot[1] >= _EXTRA and not half)}
        if passage.role == "intro" and passage.first_bar == 0 and passage.bars >= 4 and half:
            roll = dice(passage.seed, "drum intro").random()
            if roll < 0.3:
                return {spot: hit for spot, hit in content.items() if spot[1] in (_TIME, _PEDAL)}
            if roll < 0.5:
                return {spot: hit for spot, hit in content.items() if spot[1] in (_TIME, _PEDAL, _KICK)}
        if self.style.drops and bar % 4 == 3 and bar != passage.bars - 1:
            draw = dice(passage.seed, "drop out", *passage.identity, bar)
            if draw.chance(self.style.drops):
                cut = self.pulse.beats[-1] if draw.chance(0.6) else self.pulse.beats[len(self.pulse.beats) // 2]
                voice = draw.one_of((_KICK, _TIME))
                return {spot: hit for spot, hit in content.items() if spot[0] < cut or spot[1] != voice}
        return content

    # -- builds and endings --------------------------------------------------------------------------------------------

    def _build(self, events: list[Event]) -> list[Event]:
        """A roll that doubles towards what comes; the kick goes along until the last quarter, then the floor opens."""
        passage = self.passage
        draw = dice(passage.seed, "build", *passage.material)
        empty = draw.one_of((0, STEPS, 2 * STEPS, self.pulse.steps)) if passage.bars >= 4 else 0
        snare = {kit.SNARE, kit.CLAP, kit.RIM}
        end = passage.steps - max(empty, passage.steps // 4)
        kept = [e for e in events if e.pitch not in snare and e.step < end]
        return kept + fills.build_up(self.pulse, passage.bars, 0, empty, draw)

    def _ending(self) -> list[Event]:
        """Time, a fill into the last chord, and its crash and kick."""
        passage = self.passage
        final = passage.regions[-1].start
        events: list[Event] = []
        if final:
            bar = (final - 1) // self.pulse.steps
            for index in range(bar + 1):
                first = index * self.pulse.steps
                events += [Event(first + step, hit.length, hit.key, hit.velocity)
                           for (step, _), hit in self.pattern[index % len(self.pattern)].items()]  # fmt: skip
            starts = [index * self.pulse.steps + beat for index in range(bar + 1) for beat in self.pulse.beats]
            starts = [start for start in starts if start < final]
            where = Hole(starts[-2] if len(starts) > 2 else starts[-1], final, False)
            events = [e for e in events if e.step < where.start]
            if self.style.fills.closing > 0:
                events += fills.fill(where, self.pulse, self.style.fills, passage.energy, self.draw)
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


def _cleaned(events: Sequence[Event]) -> list[Event]:
    """One hit of a key at a step, the loudest; no closed and open hat at once."""
    best: dict[tuple[int, int], Event] = {}
    for event in events:
        spot = event.step, event.pitch
        if spot not in best or best[spot].velocity < event.velocity:
            best[spot] = event
    return sorted(e for (step, key), e in best.items() if not (key == kit.HAT and (step, kit.OPEN_HAT) in best))
