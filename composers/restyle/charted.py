"""A style that plays a lead sheet: its band, with another's tune, chords and form in place of its own."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from composers.composer import Plan
from composers.errors import MusicError
from composers.forms import Section, found_place, places_of
from composers.genre import StyledGenre
from composers.harmony import Bar
from composers.instrumentation import plain
from composers.lead_sheet import LeadSheet, SheetNote, SheetSection
from composers.parts.humanise import LEAD
from composers.parts.passage import Event, Listening, Passage, Written
from composers.registers import REGISTERS
from composers.restyle.habits import habits_of
from composers.restyle.phrasing import phrased
from composers.restyle.reading import key_at, minor
from composers.restyle.reharmonising import reharmonised
from composers.restyle.roles import cast
from composers.restyle.timing import Fit, fits, refitted
from composers.score import Meter
from composers.style import Player, Sheet, Style
from composers.theory.pitch import parse_pitch_name
from composers.theory.scales import Key

_ENDING_BARS = 2
_LEAST_FOR_ENDING = 6
_MINORS, _MAJORS = ("minor", "dorian", "phrygian"), ("major", "mixolydian", "lydian")
_OTHER_MODE, _WEIGHT = 0.3, 0.15
_LANE = (57, 84)
"""Where a tune lies whose instrument is not known."""


@dataclass(frozen=True, slots=True)
class SheetForm:
    """A lead sheet's sections as a form; endless, all but the intro and the outro go round and round.

    length  bars until the piece ends, None: it does not. Its last two bars are an ending
    origin  bar in which the sheet's first one lies; what comes before is the sheet's end
    """

    sections: tuple[SheetSection, ...]
    length: int | None = None
    origin: int = 0

    def __post_init__(self) -> None:
        if self.length is not None and self.length < 1:
            raise MusicError(f"length = {self.length} bars is no piece: give 1 or more, or none for an endless one")

    @property
    def bars(self) -> int:
        """Of the sheet."""
        return self.sections[-1].end_bar

    def section(self, bar: int) -> Section | None:
        """See forms.Form."""
        if self.length is None:
            return self._at(bar)
        if bar >= self.length:
            return None
        end = self.length - (_ENDING_BARS if self.length >= _LEAST_FOR_ENDING else 0)
        if bar < end:
            found = self._at(bar)
            return replace(found, bars=min(found.bars, end - found.first_bar))
        found = self._at(end)
        return replace(found, first_bar=end, bars=self.length - end, written=self.length - end, role="ending",
                       name=found.name, chart_bar=found.chart_bar + end - found.first_bar, closes=True)  # fmt: skip

    def _at(self, bar: int) -> Section:
        rows = self.sections
        whole = self.bars
        round_, shift = 0, self.origin
        bar -= self.origin
        if not 0 <= bar < whole or (self.length is None and rows[-1].kind == "outro" and bar >= rows[-1].first_bar):
            first = rows[1].first_bar if rows[0].kind == "intro" and len(rows) > 1 else 0
            last = rows[-1].first_bar if rows[-1].kind == "outro" and len(rows) > 2 else whole
            round_, within = divmod(bar - first, last - first)
            shift += bar - (first + within)
            bar = first + within
        index = next(i for i, row in enumerate(rows) if bar < row.end_bar)
        row = rows[index]
        turn = sum(other.letter == row.letter for other in rows[:index])
        closes = index + 1 == len(rows) or rows[index + 1].kind == "outro"
        return Section(row.first_bar + shift, row.bars, row.bars, row.role, row.letter, turn, round_, row.first_bar,
                       row.energy, closes)  # fmt: skip

    def find(self, name: str) -> int | None:
        """See forms.Form."""
        return found_place(self, name, self._bars())

    def places(self) -> tuple[str, ...]:
        """See forms.Form."""
        return places_of(self, self._bars())

    def _bars(self) -> int:
        return self.length or 2 * self.bars


@dataclass(frozen=True, slots=True)
class Chart:
    """A sheet as a style plays it.

    sheet     in the style's meter, with its roles and the tune in its phrasing
    changes   by bar
    fit       from the source's steps to these
    strength  as asked
    """

    sheet: LeadSheet
    changes: tuple[Bar, ...]
    fit: Fit
    strength: float


_Wanted = tuple[str, str, LeadSheet, Meter, float, int]
_charts: dict[_Wanted, tuple[Style, Chart]] = {}
"""Of live plans, which change in what no chart depends on (energy, mutes, key) far more often than in all else."""
_MOST_CHARTS = 8


def chart_of(
    genre: StyledGenre, style: Style, sheet: LeadSheet, meter: Meter, strength: float, seed: int, *,
    fit: Fit | None = None,
) -> Chart:  # fmt: skip
    """Pure: the tempo that is played decides no note.

    fit  how its bars become the style's; None: what bends least in `meter`

    Raises MusicError for a chord symbol that is none.
    """
    fit = fit or min(fits(sheet, style, meter, strength), key=lambda found: found.cost)
    moved = refitted(sheet, fit)
    habits = {is_minor: habits_of(genre, style, minor=is_minor) for is_minor in (False, True)}
    bars = reharmonised(moved, habits, strength)
    tune = phrased(moved, style.practice, strength, seed)
    return Chart(cast(replace(moved, melody=tune), style, strength), bars, fit, strength)


def choose_style(
    genre: StyledGenre, sheet: LeadSheet, meter: Meter | None = None, tempo: float | None = None
) -> Style:
    """The style that has to bend least: meter, tempo, mode; of equals the usual one. Raises MusicError where none plays
    in `meter` (None: in whichever suits it)."""
    is_minor = minor(key_at(sheet, 0))
    fitting = [s for s in genre.by_name.values() if meter is None or meter in s.meters]
    if not fitting:
        raise MusicError(f"{genre.name} has no style in {meter}: choose one of {', '.join(map(str, genre.meters))}")

    def cost(style: Style) -> float:
        modes = any(m in style.modes for m in (_MINORS if is_minor else _MAJORS))
        meters = (meter,) if meter else style.meters
        found = [fit for m in meters for fit in fits(sheet, style, m, 1.0, tempo, paced=False)]
        bent = min(found, key=lambda fit: fit.cost)
        away = abs(bent.tempo - style.tempi.usual) / style.tempi.usual
        if tempo is not None and not style.tempi.low <= tempo <= style.tempi.high:
            away += 1.0
        return bent.cost + (0.0 if modes else _OTHER_MODE) - _WEIGHT * min(1.0, style.weight) + 0.2 * away

    return min(fitting, key=cost)


def own_mode(key: Key, style: Style) -> str:
    """The key's mode, or the nearest that the style has."""
    if key.mode in style.modes:
        return key.mode
    return next((m for m in (_MINORS if minor(key) else _MAJORS) if m in style.modes), style.modes[0])


def resolved(genre: StyledGenre, plan: Plan) -> Plan:
    """The plan with a style for its lead sheet, and a mode and form that the style has. Idempotent."""
    assert plan.lead_sheet is not None
    style = genre.style(plan.style) if plan.style is not None else choose_style(
        genre, plan.lead_sheet, plan.meter, plan.tempo
    )  # fmt: skip
    mode = own_mode(key_at(plan.lead_sheet, 0), style)
    forms = style.forms_in(mode)
    form = plan.form if plan.form in forms else max(forms, key=lambda f: forms[f])
    return replace(plan, style=style.name, mode=mode, form=form)


def charted(genre: StyledGenre, style: Style, plan: Plan) -> Style:
    """The style with the plan's lead sheet in place of its own sheets and tunes, in the plan's key."""
    assert plan.lead_sheet is not None
    wanted = (genre.name, style.name, plan.lead_sheet, plan.meter, plan.strength, plan.seed)
    known = _charts.get(wanted)
    if known is None or known[0] is not style:
        known = style, chart_of(genre, style, plan.lead_sheet, plan.meter, plan.strength, plan.seed)
        _charts[wanted] = known
        while len(_charts) > _MOST_CHARTS:
            del _charts[next(iter(_charts))]
    return playing(style, known[1], plan)


def playing(style: Style, chart: Chart, plan: Plan) -> Style:
    """The style with a chart."""
    own = key_at(chart.sheet, 0)
    tonic = parse_pitch_name(plan.key)
    up = (tonic.pitch_class - own.tonic.pitch_class + 5) % 12 - 5
    key = Key(tonic, own.mode)
    steps = (tonic.letter - own.tonic.letter) % 7
    bars = chart.changes if not up and not steps else tuple(
        tuple(chord.transposed(steps, up % 12) for chord in bar) for bar in chart.changes
    )  # fmt: skip
    tune = in_register(chart.sheet.melody, up, plan, style)
    by_bar = _events_by_bar(tune, chart.sheet.bar_steps, chart.sheet.bars, (key.tonic.pitch_class + 5) % 12 - 5)

    def sheet(plan: Plan) -> Sheet:
        sections = chart.sheet.sections
        changes = partial(_changes, bars)
        origin = chart.sheet.origin
        return Sheet(key, SheetForm(sections, plan.length, origin), SheetForm(sections, None, origin), changes)

    player = style.players.get("melody")
    sung = (player or Player(_silent, LEAD, single=True))._replace(
        write=partial(_sung, by_bar), absolute=False, single=True
    )
    players = {**style.players, "melody": sung} if player else {"melody": sung, **style.players}
    return replace(style, sheet=sheet, players=players)


def _silent(passage: Passage, listening: Listening) -> Written:
    return Written()


def _sung(by_bar: Sequence[Sequence[Event]], passage: Passage, listening: Listening) -> Written:
    """The bars of the tune that the passage stands for."""
    steps = passage.bar_steps
    found = []
    for index in range(passage.bars):
        bar = (passage.chart_bar + index) % len(by_bar)
        found += [e._replace(step=e.step + index * steps) for e in by_bar[bar]]
    return Written(found)


def _changes(bars: tuple[Bar, ...], section: Section) -> tuple[Bar, ...]:
    return tuple(bars[(section.chart_bar + index) % len(bars)] for index in range(section.bars))


def _events_by_bar(melody: Sequence[SheetNote], steps: int, bars: int, tonic: int) -> tuple[tuple[Event, ...], ...]:
    """Each bar's notes from its first step, around a tonic of C."""
    starts = [n.step for n in melody]
    return tuple(
        tuple(Event(n.step - bar * steps, n.length, n.pitch - tonic, n.velocity)
              for n in melody[bisect_left(starts, bar * steps) : bisect_left(starts, (bar + 1) * steps)])
        for bar in range(bars)
    )  # fmt: skip


def in_register(melody: Sequence[SheetNote], up: int, plan: Plan, style: Style) -> tuple[SheetNote, ...]:
    """The tune in the plan's key, in the octave that suits who sings it: as a whole, so that its contour stays."""
    track = next((track for track, parts in plan.parts.items() if "melody" in parts), None)
    register = None if track is None else REGISTERS.get(plain(plan.sounds.get(track, track)))
    low, high = (register.easy_lowest, register.easy_highest) if register else _LANE
    pitches = [n.pitch + up for n in melody]
    if not pitches:
        return ()
    middle = sum(pitches) / len(pitches) + plan.register + style.practice.lift
    centre = min(max((low + high) / 2, 64.0), 74.0)

    def cost(octaves: int) -> tuple[float, float]:
        outside = sum(max(0, low - p - 12 * octaves, p + 12 * octaves - high) for p in pitches)
        return outside / len(pitches), abs(middle + 12 * octaves - centre) - (3.0 if octaves == 0 else 0.0)

    best = min((0, 1, -1, 2, -2, 3, -3), key=cost) * 12 + up
    return tuple(n._replace(pitch=min(127, max(0, n.pitch + best))) for n in melody)
