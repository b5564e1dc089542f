"""Who plays what in classical music: a score of tune, bass and two inner voices for each section, and its textures.

Everybody reads the same score (a pure function of the passage), and the same texture of the section's material: melody
and accompaniment, homophony, imitation, dialogue, a pedal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from composers.dice import dice
from composers.genres.classical_fugue import is_fugue, play
from composers.harmony import STEPS, Region
from composers.instrumentation import PADS
from composers.parts import figures
from composers.parts.expression import breathed, level, sounded
from composers.parts.humanise import Hand
from composers.parts.inner_voices import Frame, bass_line, frames
from composers.parts.line_search import Spot, find_line
from composers.parts.local_key import Local, at_home, lane_of, local
from composers.parts.passage import Event, Listening, Passage, Written
from composers.parts.phrase_plan import Unit, units
from composers.parts.theme import CHARACTERS, Setting, Tone, character_of, theme
from composers.parts.variations import kind_of, varied
from composers.pulse import Pulse
from composers.style import Player

_MELODY, _INNER, _BASS, _KEYS = 80.0, 62.0, 68.0, 60.0
"""Velocities of plain notes: mf for the tune, p to mp below it."""
_TUNE_LANE = (60, 88)
_ALTO_LANE, _TENOR_LANE = (57, 76), (50, 67)
_ENDING = "ending"


class Score(NamedTuple):
    """A section as everybody reads it, in its own key around C.

    tones    the tune
    bass     (step, key) of each chord
    frames   the inner voices of each chord
    texture  what the section does with them, see _TEXTURES; figure: of the keyboard; inner: of the strings
    """

    at: Local
    plan: tuple[Unit, ...]
    tones: tuple[Tone, ...]
    bass: tuple[tuple[int, int], ...]
    frames: tuple[Frame, ...]
    texture: str
    figure: str
    inner: str

    @property
    def tune(self) -> tuple[tuple[int, int, int], ...]:
        return tuple((t.step, t.end, t.pitch) for t in self.tones)


_TEXTURES: Mapping[str, Mapping[str, float]] = {
    "theme": {"accompanied": 0.62, "homophony": 0.22, "pedal": 0.16},
    "second theme": {"accompanied": 0.42, "dialogue": 0.36, "imitation": 0.22},
    "transition": {"accompanied": 0.8, "imitation": 0.2},
    "closing": {"homophony": 0.55, "accompanied": 0.45},
    "development": {"imitation": 0.55, "dialogue": 0.3, "accompanied": 0.15},
    "retransition": {"pedal": 1.0}, "coda": {"homophony": 0.6, "pedal": 0.4}, _ENDING: {"homophony": 1.0},
    "couplet": {"dialogue": 0.35, "accompanied": 0.45, "imitation": 0.2},
    "variation": {"accompanied": 0.7, "dialogue": 0.15, "imitation": 0.15},
}  # fmt: skip
_FIGURES: Mapping[str, Mapping[str, float]] = {
    "theme": {"alberti": 0.3, "broken": 0.22, "after-beats": 0.18, "hymn": 0.14, "repeated": 0.16},
    "second theme": {"alberti": 0.26, "broken": 0.34, "arpeggio": 0.24, "after-beats": 0.16},
    "transition": {"octaves": 0.4, "repeated": 0.3, "alberti": 0.3},
    "closing": {"after-beats": 0.4, "octaves": 0.3, "hymn": 0.3},
    "development": {"broken": 0.35, "octaves": 0.3, "repeated": 0.35}, "retransition": {"repeated": 0.6, "broken": 0.4},
    "coda": {"hymn": 0.5, "arpeggio": 0.5}, _ENDING: {"hymn": 1.0},
    "minuet": {"after-beats": 0.5, "hymn": 0.25, "broken": 0.25},
    "trio": {"broken": 0.5, "arpeggio": 0.2, "pedal": 0.3},
}  # fmt: skip
_STRINGS: Mapping[str, Mapping[str, float]] = {
    "theme": {"pulse": 0.3, "held": 0.24, "rocking": 0.24, "after-beats": 0.14, "syncopated": 0.08},
    "second theme": {"held": 0.4, "rocking": 0.4, "syncopated": 0.2},
    "transition": {"pulse": 0.5, "tremolo": 0.25, "syncopated": 0.25},
    "development": {"pulse": 0.4, "tremolo": 0.25, "syncopated": 0.35}, "trio": {"held": 0.5, "rocking": 0.5},
    "minuet": {"after-beats": 0.5, "held": 0.3, "pulse": 0.2},
}  # fmt: skip
_VARIED_FIGURES = ("alberti", "octaves", "broken", "arpeggio", "after-beats", "hymn")
_VARIED_STRINGS = ("held", "pulse", "after-beats", "syncopated", "held", "rocking")


def _drawn(table: Mapping[str, Mapping[str, float]], role: str, usual: str, *identity: int | str) -> str:
    weights = table.get(role, table[usual])
    return dice(*identity).weighted(tuple(weights), tuple(weights.values()))


def score_of(passage: Passage) -> Score:
    """The score of a passage."""
    at = local(passage)
    own = at.passage
    has_bass = "bass" in passage.sounds or not passage.sounds
    home = at._replace(place=at.place._replace(up=0))
    lanes = (lane_of(home, "melody", *_TUNE_LANE), lane_of(at, "melody", *_TUNE_LANE))
    basses = tuple(
        lane_of(where, "bass", 36, 58) if has_bass else (36 - where.place.up, 57 - where.place.up)
        for where in (home, at)
    )
    tenor = lane_of(at, "pad", *_TENOR_LANE)
    alto = lane_of(at, "counter", *_ALTO_LANE)
    role, letter = passage.role, at.place.letter
    if role == _ENDING:
        letter = "A"
    plan, tones, bass, placed = _written(
        passage.seed, role, letter, passage.bars, passage.written, passage.pulse, own.regions, at.place.minor, lanes,
        passage.register, round(passage.density, 2), basses, tenor, alto, at.place.number,
        at.place.minor != passage.minor,
    )  # fmt: skip
    named = f"{letter}{at.place.number or ''}"
    texture = _drawn(_TEXTURES, role, "theme", passage.seed, "texture", named, role)
    if at.place.number:
        figure = _VARIED_FIGURES[(at.place.number - 1) % len(_VARIED_FIGURES)]
        inner = _VARIED_STRINGS[(at.place.number - 1) % len(_VARIED_STRINGS)]
    else:
        figure = _drawn(_FIGURES, role, "theme", passage.seed, "figure", letter, role)
        inner = _drawn(_STRINGS, role, "theme", passage.seed, "inner", letter, role)
    return Score(at, plan, tones, bass, placed, texture, figure, inner)


Lane = tuple[int, int]


@lru_cache(maxsize=96)
def _written(
    seed: int, role: str, letter: str, bars: int, written: int, pulse: Pulse, regions: tuple[Region, ...], minor: bool,
    lanes: tuple[Lane, Lane], register: int, density: float, basses: tuple[Lane, ...], tenor: Lane, alto: Lane,
    number: int, minore: bool,
) -> tuple[tuple[Unit, ...], tuple[Tone, ...], tuple[tuple[int, int], ...], tuple[Frame, ...]]:  # fmt: skip
    """Plan, tune, bass and inner voices. lanes, basses: of tune and bass where the section stood at home, and where it
    stands: a tune is the same wherever it stands, as long as its instrument reaches it there."""
    plan = units(seed, role, letter, max(written, bars))
    like = CHARACTERS[character_of(role, letter)]
    tones: tuple[Tone, ...] = ()
    for (low, high), bounds in zip(lanes, basses, strict=True):
        centre = min(high - 8.0, max(low + 7.0, like.centre + register))
        where = Setting(seed, role, letter, bars, written, pulse, regions, minor, low, high, centre, density,
                        bass_line(regions, *bounds))  # fmt: skip
        tones = theme(where)
        if number:
            tones = tuple(varied(tones, where, kind_of(number, minore), number))
        if all(lanes[1][0] <= tone.pitch <= lanes[1][1] for tone in tones):
            break
    bass = bass_line(regions, *basses[1])
    tune = tuple((t.step, t.end, t.pitch) for t in tones)
    return plan, tones, bass, frames(regions, bass, tune, tenor, alto)


# Parts ------------------------------------------------------------------------------------------------------------


def _tones_to_events(score: Score, tones: Sequence[Tone], base: float) -> list[Event]:
    passage = score.at.passage
    ornament = dice(passage.seed, "ornaments", score.at.place.letter, passage.identity[1])
    events: list[Event] = []
    for index, tone in enumerate(tones):
        velocity = level(passage, score.plan, tone.step, base)
        velocity += 3.0 if passage.strong(tone.step) else 0.0
        if index and abs(tone.pitch - tones[index - 1].pitch) >= 5 and tone.pitch > tones[index - 1].pitch:
            velocity += 3.0
        if tone.mark == "slur" and index and tones[index - 1].mark == "slur" and not passage.pulse.is_beat(tone.step):
            velocity -= 3.0
        grace = None
        if ornament.chance(0.05 * passage.complexity * 2) and tone.length >= STEPS and tone.kind != "cadence":
            scale = passage.at(tone.step).scale
            grace = next((tone.pitch + k for k in (1, 2) if scale >> (tone.pitch + k) % 12 & 1), None)
        events.append(Event(tone.step, sounded(tone.length, tone.mark), tone.pitch, velocity, grace=grace))
    return events


def _given_away(score: Score, passage: Passage) -> frozenset[int]:
    """In a dialogue, the units that the second voice plays."""
    if score.texture != "dialogue" or not _second_voice(passage):
        return frozenset()
    given = ("answer", "contrast", "idea", "work")
    return frozenset(k for k, u in enumerate(score.plan) if k % 2 and u.kind in given and u.cadence != "full")


def _second_voice(passage: Passage) -> bool:
    return "counter" in passage.sounds


def melody(passage: Passage, listening: Listening) -> Written:
    """The tune; in a dialogue without what it leaves to others."""
    if is_fugue(passage):
        return play(passage, "melody")
    score = score_of(passage)
    away = _given_away(score, passage)
    events = _tones_to_events(score, [t for t in score.tones if t.unit not in away], _MELODY)
    return at_home(score.at, breathed(passage, events))


def counter(passage: Passage, listening: Listening) -> Written:
    """The second voice: accompanies, answers with the tune, imitates it."""
    if is_fugue(passage):
        return play(passage, "counter")
    score = score_of(passage)
    own = score.at.passage
    low, high = lane_of(score.at, "counter", 55, 84)
    away = _given_away(score, passage)
    alone = "pad" not in passage.sounds and "comp" not in passage.sounds
    plain = _inner(score, passage, "alto", "held" if alone else score.inner)
    taken: list[Event] = []
    spans: list[tuple[int, int]] = []
    if away:
        tones = [t for t in score.tones if t.unit in away]
        drop = 0
        while (
            tones
            and max(t.pitch for t in tones) - drop > min(high, 79)
            and min(t.pitch for t in tones) - drop - 12 >= low - 2
        ):
            drop += 12
        taken += _tones_to_events(score, [t._replace(pitch=t.pitch - drop) for t in tones], _MELODY - 4.0)
        spans = [(score.plan[k].bar * own.bar_steps, score.plan[k].end * own.bar_steps) for k in sorted(away)]
    elif score.texture == "imitation":
        taken, spans = _imitation(score, low, high)
    kept = [e for e in plain if not any(a < e.end and e.step < b for a, b in spans)]
    return at_home(score.at, breathed(passage, sorted([*kept, *taken])))


def _imitation(score: Score, low: int, high: int) -> tuple[list[Event], list[tuple[int, int]]]:
    """Heads of ideas come again a bar later, lower, over the chords that are there, without parallels."""
    own = score.at.passage
    bar = own.bar_steps
    events: list[Event] = []
    spans: list[tuple[int, int]] = []
    tune, bass = score.tune, score.bass
    for number, unit in enumerate(score.plan):
        if unit.kind not in ("idea", "answer", "work") or unit.bars < 2 or unit.end * bar > own.steps:
            continue
        head = [
            t for t in score.tones if t.unit == number and t.step < (unit.bar + 1) * bar and t.step >= unit.bar * bar
        ]
        if len(head) < 2:
            continue
        down = -12 if head[0].pitch - 5 > high or head[0].pitch - 12 >= low + 4 else -5
        spots: list[Spot] = []
        for k, tone in enumerate(head):
            step = tone.step + bar
            region = own.at(step)
            move = None if not k else round((tone.pitch - head[k - 1].pitch) * 7 / 12)
            accent = 2.6 if own.pulse.is_beat(step) else 0.5
            others = tuple(
                (was, now) for was, now in (_around(tune, step), _around([(s, 0, key) for s, key in bass], step))
            )
            spots.append(Spot(region.tones, region.scale, accent, tone.pitch + down, move, others))
        keys = find_line(
            spots, low, min(high, head[0].pitch + 2), dice(own.seed, "imitation", score.at.place.letter, number)
        )
        for tone, key in zip(head, keys, strict=True):
            velocity = level(own, score.plan, tone.step + bar, _MELODY - 6.0)
            events.append(Event(tone.step + bar, sounded(tone.length, tone.mark), key, velocity))
        spans.append((unit.bar * bar + bar, unit.end * bar))
    return events, spans


def _around(line: Sequence[tuple[int, int, int]], step: int) -> tuple[int, int]:
    """The keys of a line just before a step and at it."""
    was = now = line[0][2] if line else 0
    for at, _, key in line:
        if at > step:
            break
        if at < step:
            was = key
        now = key
    return was, now


def _inner(score: Score, passage: Passage, which: str, kind: str) -> list[Event]:
    own = score.at.passage
    if passage.role == _ENDING:
        kind = "held"
    if score.texture == "homophony":
        return _homophony(score, which)
    if score.texture == "pedal" and kind in ("pulse", "tremolo") and passage.role != "retransition":
        kind = "held"
    mate = "counter" if which == "tenor" else "pad"
    events = figures.inner_figure(score.frames, which, kind, own.pulse, 0.0, mate if mate in passage.sounds else "")
    return [e._replace(velocity=level(own, score.plan, e.step, _INNER) + e.velocity) for e in events]


def _homophony(score: Score, which: str) -> list[Event]:
    """An inner voice in the tune's own rhythm, beat by beat."""
    own = score.at.passage
    sung = {t.step for t in score.tones}
    events: list[Event] = []
    for frame in score.frames:
        steps = [s for s in range(frame.start, frame.end) if s == frame.start or (s in sung and own.pulse.is_beat(s))]
        for step, until in zip(steps, [*steps[1:], frame.end], strict=True):
            key = frame.alto if which == "alto" else frame.tenor
            events.append(Event(step, sounded(until - step, "plain"), key, level(own, score.plan, step, _INNER + 3.0)))
    return events


def pad(passage: Passage, listening: Listening) -> Written:
    """The third voice; strings in section take both inner voices."""
    if is_fugue(passage):
        return play(passage, "pad")
    score = score_of(passage)
    sound = passage.sounds.get("pad", "")
    events = _inner(score, passage, "tenor", score.inner)
    if sound in PADS and "counter" not in passage.sounds:
        events += _inner(score, passage, "alto", score.inner)
    return at_home(score.at, breathed(passage, sorted(events)))


def bass(passage: Passage, listening: Listening) -> Written:
    """The bass of each chord, in the texture's rhythm."""
    if is_fugue(passage):
        return play(passage, "bass")
    score = score_of(passage)
    own = score.at.passage
    kinds = {"pulse": "pulse", "tremolo": "pulse", "after-beats": "pizzicato", "syncopated": "beats", "rocking": "held"}
    kind = kinds.get(score.inner, "beats") if "pad" in passage.sounds or "counter" in passage.sounds else "beats"
    if score.texture in ("homophony", "pedal") or passage.role == _ENDING:
        kind = "held"
    found = figures.bass_figure(own.regions, score.bass, kind, own.pulse, 0.0)
    events = [e._replace(velocity=level(own, score.plan, e.step, _BASS) + e.velocity) for e in found]
    return at_home(score.at, breathed(passage, events))


def comp(passage: Passage, listening: Listening) -> Written:
    """The keyboard: a figure, with the bass where nobody else plays it."""
    if is_fugue(passage):
        return play(passage, "comp")
    score = score_of(passage)
    own = score.at.passage
    low = score.bass
    if "bass" in passage.sounds:
        low = tuple((frame.start, frame.tenor) for frame in score.frames)
    figure = score.figure
    if passage.role != _ENDING and figure == "hymn" and own.lively(0) > 1.5:
        figure = "repeated"
    found = figures.keyboard_figure(own, score.frames, low, figure, 0.0, score.tune, 43 - score.at.place.up)
    events = [e._replace(velocity=level(own, score.plan, e.step, _KEYS) + e.velocity) for e in sorted(found)]
    return at_home(score.at, breathed(passage, events))


_SINGING = Hand("classical melody", -6.0, 0.0, 8.0, 4.0, 0.98, drift=1.0)
_LEGATO = Hand("classical inner", 3.0, 0.0, 8.0, 4.0, 0.96)
_FIGURE = Hand("classical figure", 4.0, 0.0, 7.0, 4.0, 0.92)
_LOW = Hand("classical bass", 2.0, 0.0, 8.0, 4.0, 0.94)

PLAYERS: Mapping[str, Player] = MappingProxyType({
    "melody": Player(melody, _SINGING, single=True),
    "bass": Player(bass, _LOW, single=True),
    "counter": Player(counter, _LEGATO, single=True),
    "pad": Player(pad, _LEGATO),
    "comp": Player(comp, _FIGURE),
})  # fmt: skip
"""Of the piano, chamber and quartet styles."""
