"""What a band plays now, as a lead sheet: so that another band can go on with it."""

from __future__ import annotations

from dataclasses import replace

from composers.composer import Heard, Plan, find_genre
from composers.errors import MusicError
from composers.feel import Feel
from composers.forms import Cued, Form, Section
from composers.genre import StyledGenre
from composers.lead_sheet import LeadSheet, SheetChord, SheetKey, SheetSection
from composers.pulse import STEPS, pulse_of
from composers.restyle.gridding import Bars, gridded
from composers.restyle.melody_search import top_line
from composers.restyle.sectioning import LETTERS, kind_of_role
from composers.score import Note
from composers.style import Style

_MOST_BARS = 64
_SOLOS = frozenset({"solo", "trade", "bass-solo", "drum-solo"})
_TUNE = "melody"


def kept(plan: Plan, bar: int) -> LeadSheet:
    """The tune, the chords and the sections of the round of its form in which bar `bar` lies; of solos those of the
    tune that they are over. A plan that has a lead sheet gives that.

    Nothing is guessed from notes: the tune is what the band's melody part plays. Raises MusicError for a genre that is
    not built on styles, and for what make_band does not understand.
    """
    if plan.lead_sheet is not None:
        return plan.lead_sheet
    genre = find_genre(plan.genre)
    if not isinstance(genre, StyledGenre):
        raise MusicError(f"genre {plan.genre!r} cannot be restyled: choose one that is built on styles, as jazz is")
    plan = genre.resolve(plan)
    style = genre.style(plan.style)
    own = style.sheet(plan)
    form: Form = own.endless if plan.length is None else own.form
    if plan.cues:
        form = Cued(form, own.endless, plan.cues, plan.length)
    first, sections = _round(form, bar)
    if all(section.role in _SOLOS for section in sections):
        start, tune = _tune(own.endless)
        same = sections[-1].end_bar - first == tune[-1].end_bar - start  # the place in the chorus stays
        plan = replace(plan, length=None, cues=())
        return _written(genre, style, plan, tune, start, first if same else bar)
    return _written(genre, style, plan, sections, first, first)


def _round(form: Form, bar: int) -> tuple[int, list[Section]]:
    """The first bar and the sections of the chorus that holds a bar, an opening with the chorus that follows it; long
    ones are cut where a section ends."""
    here = form.section(bar)
    if here is None:
        raise MusicError(f"the piece is over at bar {bar + 1}: there is nothing to keep")
    found = [here]
    while here.chorus < 0 and (after := form.section(here.end_bar)) is not None:
        found.append(after)
        here = after
    while found[0].first_bar and found[-1].end_bar - found[0].first_bar < _MOST_BARS:
        before = form.section(found[0].first_bar - 1)
        if before is None or before.chorus not in (here.chorus, found[0].chorus):
            break
        found.insert(0, before)
    while found[-1].end_bar - found[0].first_bar < _MOST_BARS:
        after = form.section(found[-1].end_bar)
        if after is None or after.chorus != here.chorus or after.role == "ending":
            break
        found.append(after)
    return found[0].first_bar, found


def _tune(endless: Form) -> tuple[int, list[Section]]:
    """The first round that is no solo."""
    bar = 0
    while bar < _MOST_BARS * 2:
        first, sections = _round(endless, bar)
        if not all(s.role in _SOLOS or s.role == "intro" for s in sections):
            return first, sections
        bar = sections[-1].end_bar
    return _round(endless, 0)


def _written(
    genre: StyledGenre, style: Style, plan: Plan, sections: list[Section], first: int, origin: int
) -> LeadSheet:
    pulse = pulse_of(plan.meter)
    bars = sections[-1].end_bar - sections[0].first_bar
    sings = next((track for track, parts in plan.parts.items() if "melody" in parts), None)
    order = list(style.players)
    first_asked = order[: order.index("melody")] if "melody" in order else []  # what the tune may listen to
    heard = {t: tuple(p for p in parts if p in first_asked) for t, parts in plan.parts.items() if t != _TUNE}
    sounds = {t: plan.sounds.get(t, t) for t in heard}
    if sings is not None:
        sounds[_TUNE] = plan.sounds.get(sings, sings)
    alone = replace(plan, mute=(), composers={}, heard=Heard(), parts={**heard, _TUNE: ("melody",)}, bends={},
                    sounds=sounds)  # fmt: skip
    band = genre.band(alone)
    notes: list[Note] = []
    chords: list[SheetChord] = []
    moved = first * plan.meter.bar_ticks
    for index in range(bars):
        if sings is not None:
            notes += (n._replace(start=n.start - moved) for n in band.compose(first + index)[_TUNE].notes)
        for beat, symbol in band.chart(first + index).chords:
            step = index * pulse.steps + round(beat * pulse.unit)
            if not chords or chords[-1].symbol != symbol:
                chords.append(SheetChord(step, symbol))
    spans = tuple(plan.meter.bar(index) for index in range(bars))
    grid = Bars(plan.meter, spans, (plan.meter,) * bars, _share(style.feel, plan))
    letters: dict[tuple[str, str], str] = {}
    rows = []
    for section in sections:
        letter = letters.setdefault((section.role, section.name), LETTERS[min(len(letters), len(LETTERS) - 1)])
        rows.append(SheetSection(kind_of_role(section.role), letter, section.first_bar - first, section.bars,
                                 section.energy, section.role))  # fmt: skip
    key = style.sheet(plan).key
    return LeadSheet(
        plan.meter, bars, plan.tempo, tuple(rows), (SheetKey(0, str(key.tonic), key.mode),), tuple(chords),
        gridded(top_line(sorted(notes)), grid), origin=origin, settled=True, title=f"{style.name} {genre.name}",
    )  # fmt: skip


def _share(feel: Feel, plan: Plan) -> float:
    """Of the quarter before the off-beat eighth, as it is played."""
    if plan.swing is not None:
        feel = feel._replace(share=plan.swing, tempo=False)
    return feel.at(plan.tempo).share if feel.pair == STEPS else 0.5
