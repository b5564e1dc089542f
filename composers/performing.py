"""Plans played from the first bar to the last, and single stretches of a style, as pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from composers.band import StyleBand
from composers.composer import Band, Plan, find_genre, make_band, resolve
from composers.errors import MusicError
from composers.forms import Arrangement, Section, Stretch
from composers.genre import StyledGenre
from composers.harmony import Bar
from composers.parts.passage import Listening, Passage, Written
from composers.piece import Piece, Track
from composers.score import Clip, Span, Tick
from composers.style import Player, Sheet, Style, Writer
from composers.theory.scales import Key

_TUNES = ("head", "theme", "chorus", "hook", "drop", "verse")
"""Where a form has its tune, the likeliest first."""


def perform(plan: Plan, bars: int | None = None, title: str = "") -> Piece:
    """What the plan's band plays in `bars` bars, default: to its end. Sections are its markers.

    Raises MusicError for a plan that cannot be played, or that has no end where `bars` is not given.
    """
    if bars is None:
        bars = plan.length
    if bars is None:
        raise MusicError("the piece is endless: say how many bars of it are wanted")
    plan = resolve(plan)
    return played(plan, make_band(plan), bars, title)


def excerpt(
    plan: Plan, changes: Sequence[Bar], *, role: str | None = None, players: Mapping[str, Player] | None = None,
    energy: float = 0.6, temperature: float = 1.0,
) -> Piece:  # fmt: skip
    """One stretch of so many bars over these chords, as the plan's style plays it in a section of a role.

    role     "head", "chorus", ...; default: where the style has its tune
    players  in place of the style's own for some parts
    temperature  of the draws of a style's own melody (see Passage), where it is no sung tune

    Raises MusicError for a genre that is no composers.genre.StyledGenre, and as make_band does.
    """
    genre = find_genre(plan.genre)
    if not isinstance(genre, StyledGenre):
        raise MusicError(f"genre {plan.genre!r} plays whole pieces only: choose another for a stretch of one")
    plan = genre.resolve(replace(plan, length=None, cues=(), chords=None))
    style = genre.style(plan.style)
    role, name = _tune_of(style, plan) if role is None else (role, "A")
    bars = len(changes)

    def sheet(plan: Plan) -> Sheet:
        own = style.sheet(plan)
        form = Arrangement((), (Stretch(role, name, bars, energy),))
        return replace(own, key=Key.parse(plan.key, own.key.mode), form=form, endless=form,
                       changes=lambda section: tuple(changes[: section.bars]))  # fmt: skip

    everybody = {**style.players, **(players or {})}
    if temperature != 1.0 and "melody" in everybody:
        lead = everybody["melody"]
        everybody["melody"] = lead._replace(write=partial(_heated, lead.write, temperature))
    made = replace(style, sheet=sheet, players=everybody)
    return played(plan, StyleBand(plan, made), bars, "")


def _heated(write: Writer, temperature: float, passage: Passage, listening: Listening) -> Written:
    return write(replace(passage, temperature=temperature), listening)


def _tune_of(style: Style, plan: Plan) -> tuple[str, str]:
    form = style.sheet(plan).endless
    first = next((at for at in map(form.find, _TUNES) if at is not None), 0)
    section: Section | None = form.section(first)
    return ("chorus", "A") if section is None else (section.role, section.name)


def played(plan: Plan, band: Band, bars: int, title: str) -> Piece:
    """`bars` bars of a band as a piece: sections are its markers, charts its chords."""
    clips = [band.compose(bar) for bar in range(bars)]
    charts = [band.chart(bar) for bar in range(bars)]
    span = Span(0, bars * plan.meter.bar_ticks)
    tracks = [
        Track.of(
            name,
            Clip.of(span, [n for c in clips for n in c[name].notes], [k for c in clips for k in c[name].controls],
                    [r for c in clips for r in c[name].ramps]),
            plan.sounds.get(name, name),
        )
        for name in plan.parts
    ]  # fmt: skip
    markers: list[tuple[Tick, str]] = []
    chords: list[tuple[Tick, str]] = []
    for chart in charts:
        start = chart.bar * plan.meter.bar_ticks
        if chart.section and (not markers or markers[-1][1] != chart.section):
            markers.append((start, chart.section))
        for beat, symbol in chart.chords:
            if not chords or chords[-1][1] != symbol:
                chords.append((start + round(beat * plan.meter.beat_ticks), symbol))
    return Piece.of(tracks, plan.tempo, plan.meter, Key.parse(plan.key, plan.mode), markers=markers, chords=chords,
                    title=title)  # fmt: skip
