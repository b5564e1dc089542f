"""What a jazz band reads: the tune's changes, the order of its choruses, what solos make of the changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from composers.choruses import Part, Performance
from composers.composer import Plan
from composers.dice import dice
from composers.forms import Section
from composers.genres.jazz_charts import CHARTS, ENDINGS, TAGS, Chart
from composers.genres.jazz_reharmony import reharmonised
from composers.genres.jazz_tunes import WRITTEN, written
from composers.harmony import Bar, parse_chart
from composers.style import Sheet
from composers.theory.scales import Key

MODES = ("major", "minor", "dorian", "mixolydian", "lydian", "phrygian")
FORMS = ("aaba", "abac", "blues", "minor-blues", "rhythm-changes", "ii-V-I", "16-bar", "modal")
_FROM_THE_BOOK = 0.25
"""Share of pieces on a chart of jazz_charts; the others are written by seed."""
_EIGHTS = 0.3
_TAGGED = 0.6


@dataclass(frozen=True, slots=True)
class Manner:
    """How a style orders its choruses.

    intro   bars before the first head of an endless piece
    trades  share of pieces in which band and drummer trade, fours mostly, eights at times
    bass    share of pieces with a chorus of the bass
    """

    intro: int = 0
    trades: float = 0.9
    bass: float = 0.35


def offers(form: str, mode: str) -> bool:
    """Whether a form has changes in a mode."""
    return mode in CHARTS.get(form, ()) or (form in WRITTEN and mode in ("major", "minor"))


def sheet_of(manner: Manner) -> Callable[[Plan], Sheet]:
    return partial(_sheet, manner)


def _sheet(manner: Manner, plan: Plan) -> Sheet:
    form = plan.form or "aaba"
    blues = form in ("blues", "minor-blues")
    mode = "minor" if form == "minor-blues" and plan.mode == "major" else plan.mode
    key = Key.parse(plan.key, mode)
    if blues and mode in ("mixolydian", "dorian"):
        key = Key.parse(plan.key, "major" if mode == "mixolydian" else "minor")
    chart = chart_of(form, mode, plan.seed)
    bars = tuple(bar for _, text in chart for bar in parse_chart(text, key))
    parts = tuple(Part(name, text.count("|") + 1) for name, text in chart)
    closing = "blues" if blues and key.mode == "major" else _colour(form, key.mode)
    finite, endless = _performances(manner, plan, parts)
    changes = partial(_changes, plan, bars, parse_chart(ENDINGS[closing], key), parse_chart(TAGS[closing], key))
    return Sheet(key, finite, endless, changes, blues)


def chart_of(form: str, mode: str, seed: int) -> Chart:
    """The changes of a piece: from the book, or written by seed where the form can be. Raises KeyError for neither."""
    draw = dice(seed, "chart", form)
    book = CHARTS.get(form, {}).get(mode, ())
    own = form in WRITTEN and mode in ("major", "minor")
    if book and (not own or draw.chance(_FROM_THE_BOOK)):
        return draw.one_of(book)
    return written(form, mode, seed)


def _colour(form: str, mode: str) -> str:
    """Whose ending is played: a vamp ends as it began."""
    return {"major": "mixolydian", "minor": "dorian"}.get(mode, mode) if form == "modal" else mode


def _performances(manner: Manner, plan: Plan, parts: tuple[Part, ...]) -> tuple[Performance, Performance]:
    played = {part for names in plan.parts.values() for part in names}
    draw = dice(plan.seed, "performance")
    trades, eights, bass, tagged = (draw.random() for _ in range(4))
    traded = (8 if eights < _EIGHTS else 4) if {"melody", "drums"} <= played and trades < manner.trades else 0
    solo = {"melody", "bass"} <= played and bass < manner.bass
    finite = Performance(parts, plan.length, traded, solo, tagged < _TAGGED)
    return finite, Performance(parts, None, traded, solo, intro=manner.intro)


def _changes(
    plan: Plan, bars: tuple[Bar, ...], ending: tuple[Bar, ...], tag: tuple[Bar, ...], section: Section
) -> tuple[Bar, ...]:
    if section.role == "ending":
        return ending[-section.bars :]
    if section.role == "tag":
        return tuple(tag[index % len(tag)] for index in range(section.bars))
    found = bars[section.chart_bar : section.chart_bar + section.bars]
    if section.role != "solo" or section.chorus < 2:
        return found
    return reharmonised(found, plan.complexity, plan.seed, section.first_bar)
