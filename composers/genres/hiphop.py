"""Hip-hop: boom-bap, lo-fi, trap, drill, neo-soul: loops that go round with small changes, a swung kit, an 808."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from composers.composer import Plan
from composers.dice import dice
from composers.feel import STRAIGHT, Feel
from composers.forms import Section
from composers.genre import StyledGenre
from composers.genres import hiphop_band as band
from composers.genres.hiphop_charts import MODES, loop
from composers.genres.hiphop_forms import arrangement
from composers.harmony import Bar, parse_chart
from composers.practice import Practice
from composers.score import Meter
from composers.style import Player, Sheet, Style, Tempi
from composers.theory.scales import Key
from composers.vocabulary import Words

FOUR, THREE, SIX = Meter(4, 4), Meter(3, 4), Meter(6, 8)
_LETTERS = {"intro": "A", "D": "D", "E": "D", "F": "F", "G": "G", "C": "C"}
"""By a section's letter, whose loop it takes; verse, hook and breakdown share one (A), as records of samples do."""
_SHORT = 40
"""Bars of a piece that has no time for a verse of sixteen."""
_HOOK_OWN = 0.35
"""Share of songs whose hook has another loop than the verse."""


def _sheet(plan: Plan, style: str) -> Sheet:
    form = plan.form or "verse-hook"
    short = plan.length is not None and plan.length < _SHORT
    finite, endless = (arrangement(form, style, plan.seed, bars, short) for bars in (plan.length, None))
    key = Key.parse(plan.key, plan.mode)
    return Sheet(key, finite, endless, partial(_changes, plan.seed, key, style))


def _changes(seed: int, key: Key, style: str, section: Section) -> tuple[Bar, ...]:
    letter = _LETTERS.get(section.name, "A")
    if section.name == "B" and dice(seed, "hook loop").chance(_HOOK_OWN):
        letter = "B"
    bars = parse_chart(loop(style, key.mode, dice(seed, "loop", letter)), key)
    if section.role == "ending":
        chords = [chord for bar in bars for chord in bar]
        home = (next((chord for chord in chords if chord.root.pitch_class == key.tonic.pitch_class), chords[0]),)
        return (*(bars[bar % len(bars)] for bar in range(section.bars - 1)), home)
    return tuple(bars[bar % len(bars)] for bar in range(section.bars))


_PRACTICE = Practice(syncopation=0.25, anticipate=3, thin=0.3, most=3.0)
"""How tunes of others are played; syncopation as our own hooks have it."""


def _style(
    name: str, tempi: Tempi, feel: Feel, forms: Mapping[str, float], ensemble: tuple[str, ...],
    players: Mapping[str, Player], *, meters: tuple[Meter, ...] = (FOUR,), weight: float = 1.0,
) -> Style:  # fmt: skip
    return Style(name, tempi, feel, meters, MODES, forms, ensemble, players, partial(_sheet, style=name), weight=weight,
                 practice=_PRACTICE,
                 stand_ins={"counter": (), "riff": ("comp",)})  # fmt: skip


_SONGS = {"verse-hook": 0.75, "loop": 0.1, "beat-switch": 0.15}
_LOOPS = {"loop": 0.8, "verse-hook": 0.2}
STYLES: Mapping[str, Style] = MappingProxyType({style.name: style for style in (
    _style("boom-bap", Tempi(90.0, 78.0, 104.0), Feel(6, 0.60, False), _SONGS,
           ("rhodes", "upright-bass", "vibraphone", "acoustic-kit"), band.players(band.BOOM_BAP),
           meters=(FOUR, THREE), weight=1.2),
    _style("lo-fi", Tempi(78.0, 62.0, 90.0), Feel(6, 0.60, False), _LOOPS,
           ("rhodes", "jazz-guitar", "synth-bass", "acoustic-kit"), band.players(band.LO_FI), meters=(FOUR, THREE)),
    _style("trap", Tempi(140.0, 120.0, 170.0), STRAIGHT, _SONGS,
           ("bell", "pad", "808-bass", "electronic-kit"), band.players(band.TRAP), weight=1.1),
    _style("drill", Tempi(142.0, 136.0, 150.0), STRAIGHT, _SONGS,
           ("piano", "bell", "808-bass", "electronic-kit"), band.players(band.DRILL), weight=0.5),
    _style("neo-soul", Tempi(86.0, 68.0, 100.0), Feel(6, 0.54, False), {"verse-hook": 0.8, "loop": 0.2},
           ("rhodes", "guitar", "finger-bass", "acoustic-kit"), band.players(band.NEO_SOUL), meters=(FOUR, THREE, SIX),
           weight=0.6),
)})  # fmt: skip
WORDS: Words = {
    "rap": "", "old-school": "boom-bap", "oldschool-rap": "boom-bap", "golden-age": "boom-bap",
    "lofi-beats": "lo-fi", "chillhop": "lo-fi", "chill-beats": "lo-fi chill", "study-beats": "lo-fi chill",
    "trap-beat": "trap", "drill-beat": "drill", "uk-drill": "drill", "r&b": "neo-soul", "rnb": "neo-soul",
    "soul": "neo-soul", "rhythm-and-blues": "neo-soul",
}
HIP_HOP = StyledGenre("hip-hop", STYLES, words=WORDS)
