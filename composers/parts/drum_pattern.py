"""The pattern of a groove: drawn once for a kind of section, kept, and changed in a few cells from bar to bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from composers.dice import Dice, dice
from composers.parts import kit
from composers.parts.drum_style import Groove, Layer
from composers.parts.meter_cells import LEVELS, cells_a_beat, frames, offsets, parse_cells
from composers.parts.passage import Passage
from composers.pulse import STEPS

KICK, SNARE, TIME, PEDAL, EXTRA = range(5)
"""Voices: what one hand or foot plays, one thing at a time. Extra layers have one each, from EXTRA on."""

ACCENT = (105.0, 8.0)
"""Mean and deviation of the snare's accents off the backbeat; ghosts N(36, 9) leave 60 to 89 almost empty (6-18 %)."""

_GHOST_SPREAD = 6.0
_THICK = 1.6
"""Cells are laid for passages so much livelier than usual; calmer ones leave out what is least likely."""


class Hit(NamedTuple):
    """A hit of a pattern.

    kind  "core" (stays), "soft", "ghost" (may come off), "time", "open", "pedal"
    need  how lively the passage must be for it, 0..1.6
    """

    key: int
    velocity: float
    length: int
    kind: str
    need: float = 0.0
    strokes: int = 1
    swell: float = 0.0


Bar = dict[tuple[int, int], Hit]
"""By step and voice."""


class Pattern:
    """The bars that a kind of section repeats. Pure: all is drawn from the passage's seed, material and place."""

    def __init__(self, passage: Passage, style: Groove) -> None:
        self.passage, self.style, self.pulse = passage, style, passage.pulse
        self.rich = 0.5 + passage.complexity
        meter = dice(passage.seed, "drum meter").random()
        half = all(cell // cells_a_beat(text) not in (1, 3) for text, _ in style.snare.patterns
                   for cells in parse_cells(text) for cell, level in cells if level in "Xx")  # fmt: skip
        self.layout = [frames(self.pulse, bar, meter, half) for bar in range(max(1, style.unit))]
        self.time = self._time()
        self.bars = self._drawn()

    def bar(self, bar: int, draw: Dice) -> Bar:
        """Bar `bar` of the passage: the pattern's with one to three cells changed. Machines change every fourth."""
        style = self.style
        content = dict(self.bars[bar % len(self.bars)])
        if (style.machine and bar % 4 != 3) or draw.chance(style.exact):
            return content
        for _ in range(1 + int(draw.random() * style.changes)):
            self._change(content, bar, draw)
        return content

    # -- drawing it --------------------------------------------------------------------------------------------------

    def _drawn(self) -> list[Bar]:
        style, passage = self.style, self.passage
        kind = dice(passage.seed, "groove", style.name, *passage.material)
        bars: list[Bar] = [{} for _ in self.layout]
        soft = style.side is not None and passage.energy < style.side_below
        self._lay(bars, style.kick, KICK, kind)
        self._lay(bars, style.snare._replace(key=style.side) if soft and style.side else style.snare, SNARE, kind)
        self._lay_grid(bars, style.pickups, KICK, "soft", kind)
        self._lay_grid(bars, style.ghosts, SNARE, "ghost", kind)
        self._lay(bars, self.time, TIME, dice(passage.seed, "time cells", style.name, *passage.material))
        more = dice(passage.seed, "groove more", style.name, *passage.material)
        if self.time.key == kit.HAT:
            self._lay_opens(bars, more)
        elif self.time.key not in kit.HATS:
            self._lay_grid(bars, style.pedal, PEDAL, "pedal", more)
        if style.rolls:
            self._lay_rolls(bars, more)
        for index, extra in enumerate(style.extras):
            own = dice(passage.seed, "groove extra", style.name, index, *passage.material)
            if own.chance(extra.chance) and extra.low <= passage.energy < extra.high:
                self._lay(bars, extra, EXTRA + index, own)
        return bars

    def _time(self) -> Layer:
        """What keeps time: drawn once for the kind of section, among what suits its energy."""
        passage, style = self.passage, self.style
        fitting = [layer for layer in style.times if layer.low <= passage.energy < layer.high] or list(style.times)
        draw = dice(passage.seed, "time", style.name, *passage.material)
        return draw.weighted(fitting, [layer.chance for layer in fitting])

    def _cells(self, layer: Layer, draw: Dice) -> list[tuple[int, tuple[tuple[int, str], ...]]]:
        """By bar, cells a beat and the cells: the first bar drawn, the second often ends differently, then again."""
        texts, weights = zip(*layer.patterns, strict=True)
        text = draw.weighted(texts, weights)
        own, per_beat = parse_cells(text), cells_a_beat(text)
        found = [(per_beat, own[0])]
        for bar in range(1, len(self.layout)):
            other = draw.weighted(texts, weights)
            if len(own) > 1:
                found.append((per_beat, own[bar % len(own)]))
            elif bar >= 2:
                found.append(found[bar - 2])
            elif draw.chance(0.55) and cells_a_beat(other) == per_beat:
                half = per_beat * 2
                tail = [cell for cell in parse_cells(other)[0] if cell[0] >= half]
                found.append((per_beat, (*(cell for cell in own[0] if cell[0] < half), *tail)))
            else:
                found.append((per_beat, own[0]))
        return found

    def _lay(self, bars: Sequence[Bar], layer: Layer, voice: int, draw: Dice) -> None:
        filling = voice == TIME or voice >= EXTRA
        length = 6 if layer.key in kit.RIDES or layer.key == kit.OPEN_HAT else 3
        cells = self._cells(layer, draw)
        for index, bar in enumerate(bars):
            per_beat, content = cells[index]
            for cell, level in content:
                beat, within = divmod(cell, per_beat)
                need = draw.random()
                kind = "time" if voice == TIME else "soft" if level in "og" else "core"
                if voice == KICK and within and level == "x" and need > 0.6:
                    kind = "soft"
                loud = layer.loud[LEVELS.index(level)]
                if voice == TIME and not within and len(content) > 4:  # hats are louder with the backbeat
                    loud += 5.0 if beat % 2 else -5.0
                hit = Hit(layer.key, loud, length, kind, need)
                for step in self._steps(index, beat, within, per_beat, filling):
                    bar.setdefault((step, voice), hit)

    def _lay_grid(self, bars: Sequence[Bar], grid: Sequence[int], voice: int, kind: str, draw: Dice) -> None:
        """Cells by their probability: most of them the same in all bars of the pattern."""
        per_beat = len(grid) // 4
        for cell, percent in enumerate(grid):
            first = draw.random()
            loud = self._loud(cell, per_beat, kind, draw)
            for index, bar in enumerate(bars):
                roll = first if draw.chance(0.75) else draw.random()
                need = 100.0 * roll / max(1e-9, _SHARE[kind] * percent * (self.rich if kind != "pedal" else 1.0))
                if need >= (_THICK if kind != "pedal" else 1.0):
                    continue
                beat, within = divmod(cell, per_beat)
                for step in self._steps(index, beat, within, per_beat, False):
                    bar.setdefault((step, voice), Hit(self._key(voice), loud, 3, kind, need))

    def _loud(self, cell: int, per_beat: int, kind: str, draw: Dice) -> float:
        """Of a hit that the pattern does not name. Accents of the snare lie on eighths, ghosts between them."""
        if kind != "ghost":
            return (56.0 if kind == "soft" else 64.0) + draw.normal(7.0)
        beat, within = divmod(cell, per_beat)
        on_beat = not within and (beat == 0 or len(self.pulse.beats) < 4)
        likely = self.style.accents * (0.0 if on_beat else 1.7 if within * 2 % per_beat == 0 else 0.4)
        if draw.chance(likely):
            return ACCENT[0] + draw.normal(ACCENT[1])
        return max(14.0, self.style.ghost_loud + draw.normal(_GHOST_SPREAD))

    def _lay_opens(self, bars: Sequence[Bar], draw: Dice) -> None:
        """Open hats in the place of closed ones; what is rare comes once in the pattern."""
        grid = self.style.opens
        per_beat = len(grid) // 4
        for cell, percent in enumerate(grid):
            roll, chosen = 100.0 * draw.random(), int(draw.random() * len(bars))
            for index, bar in enumerate(bars):
                if roll < percent and (percent >= 40 or index == chosen):
                    beat, within = divmod(cell, per_beat)
                    for step in self._steps(index, beat, within, per_beat, False):
                        bar[step, TIME] = Hit(kit.OPEN_HAT, 96.0, 6, "open")

    def _lay_rolls(self, bars: Sequence[Bar], draw: Dice) -> None:
        """Rolls of the hat: a cell or two struck twice to six times, swelling or dying away."""
        for _ in range(draw.one_of(range(1, self.style.rolls + 1))):
            bar = draw.one_of(bars)
            spots = sorted(spot for spot, hit in bar.items() if spot[1] == TIME and hit.key == kit.HAT)
            if spots:
                self._roll(bar, draw.one_of(spots), draw)

    def _roll(self, bar: Bar, spot: tuple[int, int], draw: Dice) -> None:
        step = spot[0]
        length, strokes = draw.weighted(((3, 2), (6, 4), (6, 3), (6, 6), (12, 6), (12, 8)), (3, 3, 2.5, 1.5, 1, 1))
        length = min(length, self.pulse.steps - step)
        for inner in [s for s in bar if s[1] == TIME and step < s[0] < step + length]:
            del bar[inner]
        rising = draw.chance(0.6)
        bar[spot] = bar[spot]._replace(
            velocity=56.0 if rising else 98.0, length=length, strokes=strokes, swell=40.0 if rising else -42.0,
            kind="open",
        )  # fmt: skip

    # -- changing a bar ------------------------------------------------------------------------------------------------

    def _change(self, content: Bar, bar: int, draw: Dice) -> None:
        style = self.style
        kinds = {
            "ghost": 3.0 * any(style.ghosts),
            "kick": 2.0 * any(style.pickups),
            "time": 1.6,
            "open": 0.9 * (any(style.opens) and self.time.key == kit.HAT),
            "roll": 2.0 * bool(style.rolls),
        }
        match draw.weighted(tuple(kinds), tuple(kinds.values())):
            case "ghost":
                self._toggle(content, bar, style.ghosts, SNARE, "ghost", draw)
            case "kick":
                self._toggle(content, bar, style.pickups, KICK, "soft", draw)
            case "open":
                spots = sorted(spot for spot in content if spot[1] == TIME and spot[0] % STEPS == STEPS // 2)
                if spots:
                    content[draw.one_of(spots)] = Hit(kit.OPEN_HAT, 92.0, 6, "open")
            case "roll":
                self._lay_rolls((content,), draw)
            case _:
                self._change_time(content, draw)

    def _change_time(self, content: Bar, draw: Dice) -> None:
        """A cymbal's off-beat left out, or a sixteenth put in behind it."""
        spots = sorted(spot for spot in content if spot[1] == TIME)
        if not spots:
            return
        spot = draw.one_of(spots)
        if draw.chance(0.5):
            if spot[0] not in self.pulse.beats:
                del content[spot]
        elif spot[0] % 6 == 0 and spot[0] + 3 < self.pulse.steps and len(self.style.ghosts) == 16:
            content.setdefault((spot[0] + 3, TIME), content[spot]._replace(velocity=44.0, length=3, strokes=1))

    def _toggle(self, content: Bar, bar: int, grid: Sequence[int], voice: int, kind: str, draw: Dice) -> None:
        """A hit more in a cell where the style has it now and then, or one less."""
        per_beat = len(grid) // 4
        cell = draw.weighted(range(len(grid)), grid)
        beat, within = divmod(cell, per_beat)
        loud = self._loud(cell, per_beat, kind, draw)
        for step in self._steps(bar % len(self.layout), beat, within, per_beat, False):
            old = content.get((step, voice))
            if old is None:
                content[step, voice] = Hit(self._key(voice), loud, 3, kind, 0.3)
            elif old.kind in ("ghost", "soft"):
                del content[step, voice]

    def _key(self, voice: int) -> int:
        return {KICK: self.style.kick.key, SNARE: self.style.snare.key}.get(voice, kit.PEDAL_HAT)

    def _steps(self, index: int, beat: int, within: int, per_beat: int, filling: bool) -> list[int]:
        """Where a cell of 4/4 falls in bar `index` of the pattern."""
        swung = self.style.swung
        return [s for f in self.layout[index] for s in offsets(f, beat, within, per_beat, filling, swung)]


_SHARE: Mapping[str, float] = {"soft": 0.55, "ghost": 0.8, "pedal": 1.0}
"""Of a grid's probability, what the pattern itself has; the rest comes by changes."""
