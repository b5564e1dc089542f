"""The strict style: chorales in four voices and counterpoint in species, without a fault by the theory checkers.

Writes keys as they sound. Phrases of a chorale end in a rest, so that each is judged by itself; exercises in species
stand one after the other, the cantus now below and now above.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from composers.composer import Plan
from composers.dice import dice
from composers.forms import ENDING, ENDING_BARS, Arrangement, Section, Stretch
from composers.genres.classical_harmony import chorale_chords
from composers.harmony import STEPS, Bar, mask, regions
from composers.parts.expression import breathed
from composers.parts.humanise import Hand
from composers.parts.inner_voices import bass_line, frames
from composers.parts.passage import Event, Listening, Passage, Written
from composers.parts.strict_writing import PARTS, Lanes, Voiced, cantus_of, choir_of, four_voices, octave_for, species
from composers.score import Meter
from composers.style import Player, Sheet, Writer
from composers.theory.chords import Chord, parse_chord
from composers.theory.pitch import PitchName, parse_pitch_name
from composers.theory.scales import SCALES, Key

SPECIES = tuple(f"species-{k}" for k in range(1, 6))
MODES = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian")
METERS = (Meter(4, 4),)
_USUAL = {"major": "ionian", "minor": "aeolian"}
_PHRASE, _EXERCISE = 4, 11
_TAKES = 12
_VELOCITY = (66.0, 62.0, 63.0, 72.0)


def offers(form: str, mode: str) -> bool:
    """Species in the church modes, all else in major and minor."""
    return form in SPECIES or mode in ("major", "minor")


# Forms ------------------------------------------------------------------------------------------------------------


def chorale(length: int | None) -> Arrangement:
    """Phrases of four bars, A B A B C D ...; the last takes what is left over."""
    if length is None:
        return Arrangement((), tuple(Stretch("phrase", letter, _PHRASE, 0.5) for letter in "ABABCDEF"))
    bars = length - ENDING_BARS
    count = max(1, bars // _PHRASE)
    rows = []
    for k in range(count):
        size = _PHRASE if k < count - 1 else max(1, bars - _PHRASE * (count - 1))
        letter = "AB"[k % 2] if k < 4 and count > 4 else chr(ord("A") + k % 26)
        rows.append(Stretch("phrase", letter, size, 0.45 + 0.25 * k / count))
    return Arrangement((), tuple(rows), (ENDING,), length)


def exercises(kind: int, length: int | None) -> Arrangement:
    """As many cantus firmi of about eleven bars as there is room for; the last one is the ending."""
    if length is None:
        sizes = [_EXERCISE] * 4
    else:
        count = max(1, round(length / _EXERCISE))
        sizes = [length * (k + 1) // count - length * k // count for k in range(count)]
    rows = [Stretch("exercise", f"{kind}.{k}", size, 0.5) for k, size in enumerate(sizes, 1)]
    if length is None:
        return Arrangement((), tuple(rows))
    last = rows[-1]._replace(role="ending")
    if len(rows) == 1:  # a cycle is needed, and never played
        return Arrangement((), (rows[0],), (last,), length)
    return Arrangement((), tuple(rows[:-1]), (last,), length)


def sheet(plan: Plan) -> Sheet:
    key = Key.parse(plan.key, plan.mode)
    form = plan.form or "chorale"
    if form in SPECIES:
        build = partial(exercises, int(form[-1]))
        return Sheet(key, build(plan.length), build(None), partial(_exercise_chords, plan.seed, key))
    return Sheet(key, chorale(plan.length), chorale(None), partial(_phrase_chords, plan.seed, key))


def _phrase_chords(seed: int, key: Key, section: Section) -> tuple[Bar, ...]:
    """Chords that four voices can be led through without a fault."""
    ending = section.role == "ending"
    letter, bars = ("B", section.bars) if ending else (section.name, max(section.written, section.bars))
    chords: tuple[Bar, ...] = ()
    for take in range(_TAKES):
        chords = chorale_chords(seed, letter, bars, key, take)
        if four_voices(seed, section.name, _timed(chords, key), key, _CHOIR) is not None:
            break
    return chords[: section.bars]


_CHOIR = choir_of((None,) * 4)


def _timed(chords: tuple[Bar, ...], key: Key) -> tuple[tuple[int, int, Chord], ...]:
    found = regions(chords, chords[-1][-1], key, METERS[0])
    return tuple((r.start, r.end, r.chord) for r in found)


def _exercise_chords(seed: int, key: Key, section: Section) -> tuple[Bar, ...]:
    """The triad on each note of the cantus, for those who read along."""
    name, bars = section.name, max(section.written, section.bars)
    kind = int(name[0])
    if bars < 4:
        return ((parse_chord(f"{key.tonic.plain()}{'m' if key.mode == 'minor' else ''}"),),) * section.bars
    found = species(seed, name, bars, key.mode, key.tonic, kind, _above(seed, name))
    cantus = cantus_of(seed, name, bars, key.mode, key.tonic, found[1] if found else 0)
    scale = {d.pitch_class for d in cantus.mode.degrees}
    rows: list[Bar] = []
    for pitch in cantus.pitches:
        root = pitch.midi
        third = next(k for k in (3, 4) if (root + k) % 12 in scale or k == 4)
        suffix = "m" if third == 3 else ""
        if third == 3 and (root + 7) % 12 not in scale:
            suffix = "o"
        rows.append((parse_chord(f"{pitch.name.plain()}{suffix}"),))
    return tuple(rows[: section.bars])


def _above(seed: int, name: str) -> bool:
    """Whether the counterpoint lies above its cantus: by turns, the first by chance."""
    return (int(name.partition(".")[2]) + dice(seed, "side").one_of((0, 1))) % 2 == 0


# Players ----------------------------------------------------------------------------------------------------------


def _lanes(passage: Passage) -> Lanes:
    found = [passage.lanes.get(part) for part in PARTS]
    return tuple(None if lane is None else (lane.low, lane.high) for lane in found)


def _voices(passage: Passage) -> tuple[Voiced, ...]:
    """All voices of a passage: an exercise by its name ("3.2" is the second in the third species), else a chorale."""
    lanes = _lanes(passage)
    if passage.name[:1].isdigit():
        return _counterpoint(passage, lanes)
    key = Key(_tonic(passage), "minor" if passage.minor else "major")
    chords = tuple((r.start, r.end, r.chord) for r in passage.regions)
    found = four_voices(passage.seed, passage.name, chords, key, choir_of(lanes))
    if found is None:
        found = four_voices(passage.seed, passage.name, chords, key, _CHOIR)
    if found is None:  # chords that somebody typed or plays, and that no voices can sing
        bass = bass_line(passage.regions, 40, 60)
        placed = frames(passage.regions, bass, (), (50, 64), (57, 72))
        found = tuple(
            Voiced(f.start, f.end - f.start, voice, key_ + passage.tonic)
            for f, (_, low) in zip(placed, bass, strict=True)
            for voice, key_ in enumerate((low, f.tenor, f.alto, f.alto + 12))
        )
    return _breath(passage, found)


def _tonic(passage: Passage) -> PitchName:
    """The piece's tonic, spelled as its chords spell it."""
    home = passage.tonic % 12
    roots = (r.chord.root for r in passage.regions)
    return next((root for root in roots if root.pitch_class == home), None) or parse_pitch_name(_TONICS[home])


_TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def _breath(passage: Passage, notes: tuple[Voiced, ...]) -> tuple[Voiced, ...]:
    """A quarter's rest at the end of a phrase."""
    if passage.role == "ending":
        return notes
    end = passage.steps
    return tuple(
        n if n.step + n.length < end or n.length <= STEPS else n._replace(length=n.length - STEPS) for n in notes
    )


def _counterpoint(passage: Passage, lanes: Lanes) -> tuple[Voiced, ...]:
    name, bars = passage.name, max(passage.written, passage.bars)
    tonic, mode = _tonic(passage), _BY_SCALE.get(passage.scale, "major")
    found = (
        species(passage.seed, name, bars, mode, tonic, int(name[0]), _above(passage.seed, name)) if bars > 3 else None
    )
    if found is None:
        home = tonic.pitch_class
        rows = [
            (bar * _BAR, _BAR, voice, key + home) for bar in range(passage.bars) for voice, key in ((0, 48), (3, 60))
        ]
        return tuple(Voiced(*row) for row in rows)
    up = octave_for(found[0], lanes)
    return tuple(n._replace(key=n.key + up) for n in found[0] if n.step < passage.steps)


_BAR = 4 * STEPS
_BY_SCALE = {mask(SCALES[_USUAL.get(mode, mode)]): mode for mode in MODES}


def _part(part: str) -> Writer:
    """The writer of a part: its own voice; a keyboard plays all that nobody else does."""
    own = PARTS.index(part) if part in PARTS else -1

    def written(passage: Passage, listening: Listening) -> Written:
        wanted = {own}
        if own < 0:
            wanted = {k for k, name in enumerate(PARTS) if name not in passage.sounds}
        notes = [n for n in _voices(passage) if n.voice in wanted]
        events = [Event(n.step, n.length, n.key, _VELOCITY[n.voice] + 16.0 * (passage.energy - 0.5)) for n in notes]
        events = _one_stroke_a_key(events)
        return Written(events if passage.name[:1].isdigit() else breathed(passage, events))

    return written


def _one_stroke_a_key(events: list[Event]) -> list[Event]:
    """Two voices on one key are one stroke of a keyboard."""
    found: dict[tuple[int, int], Event] = {}
    for event in sorted(events):
        other = found.get((event.step, event.pitch))
        if other is None or other.length < event.length:
            found[event.step, event.pitch] = event
    return sorted(found.values())


_SINGING = Hand("strict voice", 0.0, 0.0, 6.0, 3.0, 0.99, arc=8.0)
PLAYERS: Mapping[str, Player] = MappingProxyType({
    part: Player(_part(part), _SINGING._replace(name=f"strict {part}"), absolute=True, single=part != "comp")
    for part in ("melody", "bass", "counter", "pad", "comp")
})  # fmt: skip
