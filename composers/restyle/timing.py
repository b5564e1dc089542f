"""How a sheet's bars become a style's: in its meter, at a tempo that it plays, as slow as it sings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log, log2

from composers.lead_sheet import LeadSheet, SheetChord, SheetKey, SheetNote, SheetSection
from composers.pulse import STEPS, pulse_of
from composers.restyle.gridding import warped
from composers.score import PPQ, Meter
from composers.style import Style

_NEAR_PACE = 0.5
"""Octaves by which a tune may be quicker than the style's pace before it is sung slower."""
_WARPED, _ODD_CUT, _UNEVEN = 0.7, 2.0, 0.25
"""What it costs (octaves of tempo) to bend a bar, to cut sections within a bar, to put bars together or apart."""


@dataclass(frozen=True, slots=True)
class Fit:
    """One way: `take` bars of the source make `give` bars of the target.

    scale  the whole is stretched evenly so much (target steps a source step); None: bar by bar, beat to beat
    lead   empty bars put before the first, so that sections begin with a bar of the target
    tempo  quarters a minute at which it is played
    cost   how far the style is from itself; 0: nothing is bent
    """

    source: Meter
    meter: Meter
    take: int
    give: int
    scale: float | None
    lead: int
    tempo: float
    cost: float

    def bars(self, count: int) -> int:
        """How many the target has."""
        return -(-(count + self.lead) * self.give // self.take)

    def bar(self, index: int) -> int:
        """The target's bar in which a source's bar begins."""
        return (index + self.lead) * self.give // self.take

    def step(self, step: float) -> float:
        """A step of the source in the target."""
        source = pulse_of(self.source).steps
        if self.scale is not None:
            return (step + self.lead * source) * self.scale
        bar, inside = divmod(step, source)
        unit = pulse_of(self.meter).steps * self.give
        if self.give == 1:
            return (bar + self.lead) * unit + warped(inside, self.source, self.meter)
        return (bar + self.lead) * unit + warped(inside, self.source, self.meter) * self.give


def fits(
    sheet: LeadSheet, style: Style, meter: Meter, strength: float, tempo: float | None = None, *, paced: bool = True
) -> list[Fit]:
    """The ways from a sheet to a meter of a style, with their costs.

    tempo  wanted; None: the style's nearest. The tune moves towards it as strength grows to .5
    paced  whether a tune that is quicker than the style sings is wanted slower
    """
    if sheet.settled and sheet.meter == meter:
        return [unbent(sheet, tempo)]
    mine, theirs = pulse_of(sheet.meter), pulse_of(meter)
    ways: list[tuple[int, int, float | None, float]] = []
    if sheet.meter == meter:
        ways += [(1, 1, 1.0, 0.0), (1, 2, 2.0, _UNEVEN), (2, 1, 0.5, 2 * _UNEVEN)]
    elif mine.steps == theirs.steps and _compound(mine.beats) == _compound(theirs.beats):
        ways += [(1, 1, 1.0, 0.02), (1, 2, 2.0, _UNEVEN)]
    elif mine.steps * 2 == theirs.steps and _compound(mine.beats) == _compound(theirs.beats):
        ways += [(2, 1, 1.0, 0.05), (1, 1, 2.0, _UNEVEN)]
    elif mine.steps == theirs.steps * 2 and _compound(mine.beats) == _compound(theirs.beats):
        ways += [(1, 2, 1.0, 0.05)]
    if _compound(mine.beats) and not _compound(theirs.beats) and _swings(style):
        for take in (1, 2):
            if mine.steps * take * 2 == theirs.steps * 3:
                ways.append((take, 1, 2 / 3, 0.1))
    if not any(scale is not None for *_, scale, _ in ways) or (_compound(mine.beats) and not _compound(theirs.beats)):
        ways.append((1, 1, None, _WARPED))
    found = []
    for take, give, scale, cost in ways:
        lead = _lead(sheet.sections, take)
        stretch = scale if scale is not None else theirs.steps / mine.steps * give
        natural = sheet.tempo * stretch
        played = tempo or leaning(natural, style, strength)
        slower = log2(natural / played)
        wanted = _slower(sheet, style) * strength if paced else 0.0
        odd = _ODD_CUT if lead < 0 else 0.0
        found.append(Fit(sheet.meter, meter, take, give, scale, max(0, lead), round(played, 3),
                         cost + odd + abs(slower - wanted)))  # fmt: skip
    return found


def _slower(sheet: LeadSheet, style: Style) -> float:
    """Octaves by which the tune is quicker than the style sings, 0..2: notes a second in the bars that have some."""
    if style.practice.pace is None or not sheet.melody:
        return 0.0
    bars = len({note.step // sheet.bar_steps for note in sheet.melody})
    seconds = bars * sheet.meter.bar_ticks / PPQ * 60 / sheet.tempo
    return min(2.0, max(0.0, log2(len(sheet.melody) / seconds / style.practice.pace) - _NEAR_PACE))


def best_fit(sheet: LeadSheet, style: Style, strength: float, tempo: float | None = None) -> Fit:
    """The one that bends least, in any of the style's meters; the source's own comes first."""
    meters = sorted(style.meters, key=lambda m: (m != sheet.meter, style.meters.index(m)))
    found = [fit for meter in meters for fit in fits(sheet, style, meter, strength, tempo)]
    return min(found, key=lambda fit: fit.cost)


def unbent(sheet: LeadSheet, tempo: float | None = None) -> Fit:
    """As it is."""
    return Fit(sheet.meter, sheet.meter, 1, 1, 1.0, 0, tempo or sheet.tempo, 0.0)


def _compound(beats: Sequence[int]) -> bool:
    return len(beats) > 1 and beats[1] - beats[0] == 18


def _swings(style: Style) -> bool:
    return style.practice.triplets or (style.feel.pair == STEPS and style.feel.share > 0.55)


def _lead(sections: Sequence[SheetSection], take: int) -> int:
    """Empty bars before the first; -1 where no number of them puts all sections on bar lines."""
    starts = [s.first_bar for s in sections]
    for lead in range(take):
        if all((start + lead) % take == 0 for start in starts[1:] or starts):
            return lead
    return -1


def leaning(natural: float, style: Style, strength: float) -> float:
    """A tempo drawn into the style's range, of a style that sings slowly into its calmer half: wholly from strength .5
    on."""
    high = style.tempi.high if style.practice.pace is None else style.tempi.usual
    inside = min(high, max(style.tempi.low, natural))
    share = min(1.0, strength / 0.5)
    return exp(log(natural) * (1 - share) + log(inside) * share)


def refitted(sheet: LeadSheet, fit: Fit) -> LeadSheet:
    """The sheet in the target's meter and tempo: sections, keys, chords and tune where they come to lie."""
    bars = fit.bars(sheet.bars)
    starts = [fit.bar(s.first_bar) if i else 0 for i, s in enumerate(sheet.sections)]
    sections = tuple(
        section._replace(first_bar=start, bars=end - start)
        for section, start, end in zip(sheet.sections, starts, [*starts[1:], bars], strict=True) if end > start
    )  # fmt: skip
    keys: dict[int, SheetKey] = {}
    for index, key in enumerate(sheet.keys):
        bar = fit.bar(key.bar) if index else 0
        keys[bar] = key._replace(bar=bar)
    beats, steps = pulse_of(fit.meter).beats, pulse_of(fit.meter).steps
    chords: dict[int, SheetChord] = {}
    for chord in sheet.chords:
        whole, within = divmod(fit.step(chord.step) + 0.01, steps)
        step = int(whole) * steps + min((*beats, steps), key=lambda beat: abs(beat - within))
        chords[step] = chord._replace(step=step)
    melody = _moved(sheet.melody, fit, bars * steps)
    return replace(
        sheet, meter=fit.meter, bars=bars, tempo=fit.tempo, sections=sections,
        keys=tuple(keys[bar] for bar in sorted(keys)), chords=tuple(chords[s] for s in sorted(chords)), melody=melody,
    )  # fmt: skip


def _moved(melody: Sequence[SheetNote], fit: Fit, end: int) -> tuple[SheetNote, ...]:
    found: list[SheetNote] = []
    for note in melody:
        step = round(fit.step(note.step))
        finish = max(step + 1, round(fit.step(note.end - 0.01)))
        if found and found[-1].step >= step:
            if finish - step > found[-1].length:
                found[-1] = note._replace(step=found[-1].step, length=finish - found[-1].step)
            continue
        if found and found[-1].end > step:
            found[-1] = found[-1]._replace(length=step - found[-1].step)
        if step < end:
            found.append(note._replace(step=step, length=min(finish, end) - step))
    return tuple(found)
