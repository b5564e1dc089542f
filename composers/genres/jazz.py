"""Jazz: a head, solos over the changes, comping, walking bass and a kit that swings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import pairwise

from composers.choruses import Part, Performance
from composers.composer import Plan
from composers.dice import dice
from composers.feel import Feel
from composers.forms import Section
from composers.genre import StyledGenre
from composers.genres.jazz_charts import CHARTS, ENDINGS
from composers.harmony import Bar, parse_chart
from composers.parts import drums as kit
from composers.parts import humanise
from composers.parts.comping import comping
from composers.parts.melody import melody
from composers.parts.passage import Listening, Passage, Written
from composers.parts.walking_bass import walking_bass
from composers.pulse import STEPS
from composers.score import Meter
from composers.style import Player, Sheet, Style, Tempi
from composers.theory.chords import Chord, parse_chord
from composers.theory.scales import Key

METERS = (Meter(4, 4), Meter(3, 4))
MODES = ("major", "minor", "dorian", "mixolydian", "lydian", "phrygian")
DEFAULT_SWING = 0.655
"""Share of the beat before the off-beat eighth, a ratio of 1.9: the ride's median from 93 to 215 beats a minute."""
_TRITONE_SUBSTITUTIONS = 0.14
_HANDS = {
    0: humanise.SNARE, kit.KICK: humanise.KICK, kit.PEDAL_HAT: humanise.PEDAL_HAT, kit.RIDE: humanise.RIDE,
    kit.BELL: humanise.RIDE, kit.CRASH: humanise.RIDE,
}  # fmt: skip


# What the parts write ---------------------------------------------------------------------------------------------


def _melody(passage: Passage, listening: Listening) -> Written:
    return Written(melody(passage))


def _comp(passage: Passage, listening: Listening) -> Written:
    rooted = "bass" not in listening
    return Written(comping(passage, listening.get("melody", ()), tonic=passage.tonic, rooted=rooted))


def _bass(passage: Passage, listening: Listening) -> Written:
    return Written(walking_bass(passage))


def _drums(passage: Passage, listening: Listening) -> Written:
    return Written(kit.drums(passage, listening.get("melody", ())))


# What they read ---------------------------------------------------------------------------------------------------


def _sheet(plan: Plan) -> Sheet:
    mode, form = plan.mode, plan.form or "aaba"
    if form == "minor-blues" and mode == "major":
        mode = "minor"
    if form in ("blues", "minor-blues") and mode in ("mixolydian", "dorian"):
        key = Key.parse(plan.key, "major" if mode == "mixolydian" else "minor")
    else:
        key = Key.parse(plan.key, mode)
    chart = dice(plan.seed, "chart", form).one_of(CHARTS[form][mode])
    bars = tuple(bar for _, text in chart for bar in parse_chart(text, key))
    parts = tuple(Part(name, text.count("|") + 1) for name, text in chart)
    played = {part for names in plan.parts.values() for part in names}
    trades = 4 if {"melody", "drums"} <= played else 0
    ending = parse_chart(ENDINGS["blues" if form == "blues" and key.mode == "major" else key.mode], key)
    return Sheet(key, Performance(parts, plan.length, trades), Performance(parts, trades=trades),
                 partial(_changes, plan.seed, bars, ending), form in ("blues", "minor-blues"))  # fmt: skip


def _offers(form: str, mode: str) -> bool:
    return mode in CHARTS[form] or (form == "minor-blues" and mode == "major")


def _changes(seed: int, bars: tuple[Bar, ...], ending: tuple[Bar, ...], section: Section) -> tuple[Bar, ...]:
    if section.role == "ending":
        return ending[-section.bars :]
    found = list(bars[section.chart_bar : section.chart_bar + section.bars])
    if section.role != "solo" or section.chorus < 2:
        return tuple(found)
    draw = dice(seed, "substitutions", section.first_bar)
    flat = [(index, place) for index, bar in enumerate(found) for place in range(len(bar))]
    for (index, place), (then, where) in pairwise(flat):
        chord, target = found[index][place], found[then][where]
        falls = (chord.root.pitch_class - target.root.pitch_class) % 12 == 7
        if falls and chord.family == "dominant" and draw.chance(_TRITONE_SUBSTITUTIONS):
            found[index] = (*found[index][:place], _above(target), *found[index][place + 1 :])
    return tuple(found)


def _above(target: Chord) -> Chord:
    """The dominant a semitone above a chord, as lead sheets write a tritone substitution."""
    return parse_chord(f"{target.root.up(1, 1).plain()}7#11")


SWING = Style(
    "swing", Tempi(150.0, 90.0, 300.0), Feel(STEPS, DEFAULT_SWING), METERS, MODES,
    {"aaba": 0.5, "blues": 0.25, "ii-V-I": 0.1, "rhythm-changes": 0.15, "minor-blues": 0.0}, ("piano", "bass", "drums"),
    {
        "melody": Player(_melody, humanise.LEAD, single=True),
        "bass": Player(_bass, humanise.BASS, single=True),
        "comp": Player(_comp, humanise.COMP, absolute=True),
        "drums": Player(_drums, _HANDS, channel=kit.CHANNEL),
    },
    _sheet, frozenset({"melody", "comp"}), offers=_offers,
)  # fmt: skip
_STYLES: Mapping[str, Style] = {"swing": SWING}
JAZZ = StyledGenre("jazz", _STYLES)
