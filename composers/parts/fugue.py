"""Fugues: a subject, its answer at the fifth, a countersubject that can lie above and below, episodes by sequence,
entries in other keys, a last one at home.

Everything is written block by block: lines that are given (subject, answer, countersubject) stand, the other voices
are searched around them strictly (`line_search`): on beats notes of the chord, between them passing and neighbouring
notes, no parallel fifths and octaves, also not into the block that follows. A block is a pure function of its name.
After common teaching (Mann, The Study of Fugue; Kennan, Counterpoint). Around a tonic of C.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from composers.dice import dice
from composers.harmony import STEPS, Bar, Region, regions, splits
from composers.parts.ensemble import bent_scale
from composers.parts.line_search import Spot, find_line
from composers.parts.local_key import MAJOR_SCALE, MINOR_SCALE, placed
from composers.parts.theme import Motif, motif_of
from composers.pulse import Pulse
from composers.theory.charts import chord_of
from composers.theory.pitch import PitchName
from composers.theory.scales import Key

EIGHTH = STEPS // 2
ROLES = frozenset({"exposition", "episode", "entry", "stretto", "close"})
VOICE_PARTS = ("bass", "pad", "counter", "melody")
"""Who plays the voices 0 to 3; of three voices the tenor (1) is silent."""
LANES = ((38, 58), (50, 67), (57, 75), (64, 82))
_CENTRES = (49, 60, 67, 74)
_ORDERS = {4: ((2, 3, 0, 1), (3, 2, 1, 0), (0, 1, 2, 3), (1, 2, 3, 0)), 3: ((2, 3, 0), (3, 2, 0), (0, 2, 3))}
_SUBJECT_CHORDS = ("I IIm V I", "I IV V I", "I V V I", "I V VIm V", "I VIm IIm V", "I IV I V", "I IIm V7 I")
_MINOR = {"I": "Im", "IIm": "IIm7b5", "IV": "IVm", "VIm": "bVI", "V": "V", "V7": "V7", "IIIm": "bIII", "VII": "bVII"}
_CIRCLE = {
    False: ("IV VIIo", "IIIm VIm", "IIm V", "I IV", "IIm V", "I VIm", "IIm V", "I V7"),
    True: ("IVm bVII", "bIII bVI", "IIm7b5 V", "Im IVm", "bVII bIII", "bVI IVm", "IIm7b5 V", "Im V7"),
}
_CLOSE = {False: ("I I7", "IV IIm", "I IV", "IIm V7"), True: ("Im I7", "IVm IIm7b5", "Im IVm", "IIm7b5 V7")}
"""Bars of two chords, the last of them before what follows."""

Note = tuple[int, int, int]
"""Step, length, key."""
Line = tuple[Note, ...]


class Fugue(NamedTuple):
    """What all blocks share. voices: 3 or 4; minor: of the piece."""

    seed: int
    pulse: Pulse
    minor: bool
    voices: int

    @property
    def subject_bars(self) -> int:
        return 4 if self.pulse.steps <= 2 * STEPS else 2

    @property
    def order(self) -> tuple[int, ...]:
        """The voices as they come in."""
        return dice(self.seed, "fugue order", self.voices).one_of(_ORDERS[self.voices])

    @property
    def all(self) -> tuple[int, ...]:
        return (0, 1, 2, 3) if self.voices == 4 else (0, 2, 3)


class Block(NamedTuple):
    """A stretch by its name: "A2/V" the second entry of the exposition, "E1/vi" the episode that leads to vi, "M1/vi"
    the entry there, "F" the last entry, "K" a close, "Z" the ending.

    letter, number, up, minor: as placed() reads them.
    """

    name: str
    letter: str
    number: int
    up: int
    minor: bool


def block_of(fugue: Fugue, name: str) -> Block:
    place = placed(name, fugue.minor)
    return Block(name, place.letter, place.number, place.up, place.minor)


# Material ---------------------------------------------------------------------------------------------------------

_KEYS = {False: Key(PitchName(0), "major"), True: Key(PitchName(0), "minor")}


def bars_of_chords(words: Sequence[str], key: Key, bars: int) -> tuple[Bar, ...]:
    """So many chords spread evenly over bars: two a bar, or one."""
    chords = [chord_of(word, key) for word in words]
    each = max(1, len(chords) // bars)
    return tuple(tuple(chords[k * each : (k + 1) * each]) for k in range(bars))


def subject_words(fugue: Fugue, minor: bool) -> tuple[str, ...]:
    words = dice(fugue.seed, "subject chords").one_of(_SUBJECT_CHORDS).split()
    return tuple(_MINOR[w] if minor else w for w in words)


def chords_of(fugue: Fugue, block: Block, bars: int, key: Key) -> tuple[Bar, ...]:
    """The chords of a block in its own key, which is `key`."""
    if block.letter in "AMF":
        plain = bars_of_chords(subject_words(fugue, block.minor), key, fugue.subject_bars)
        if block.letter == "A" and block.number % 2 == 0 and answer(fugue, block.minor)[1]:
            beats = [plain[0][max(k for k, at in enumerate(splits(len(plain[0]), fugue.pulse)) if at <= beat)]
                     for beat in fugue.pulse.beats]  # fmt: skip
            home = chord_of("IVm" if block.minor else "IV", key)  # the piece's tonic, under the answer's first note
            plain = ((home, *beats[1:]), *plain[1:])
        return (plain * (bars // len(plain) + 1))[:bars]
    if block.letter == "Z":
        tonic = "Im" if block.minor else "I"
        return tuple((chord_of("V7" if k + 1 < bars else tonic, key),) for k in range(bars))
    rows = _CLOSE[block.minor] if block.letter == "K" else _CIRCLE[block.minor]
    chosen = (rows * (bars // len(rows) + 1))[len(rows) * (bars // len(rows) + 1) - bars :]
    return tuple(tuple(chord_of(word, key) for word in row.split()) for row in chosen)


@lru_cache(maxsize=64)
def _own_regions(fugue: Fugue, block: Block, bars: int) -> tuple[Region, ...]:
    key = _KEYS[block.minor]
    words = subject_words(fugue, block.minor)
    chords = bars_of_chords(words, key, bars)
    scale = MINOR_SCALE if block.minor else MAJOR_SCALE
    found = regions(chords, chords[0][0], key, fugue.pulse.meter)
    return tuple(r._replace(scale=bent_scale(scale, r.tones)) for r in found)


@lru_cache(maxsize=64)
def subject(fugue: Fugue, minor: bool) -> Line:
    """The subject in a mode: begins on the tonic or the fifth, seven notes and more, within an octave or so."""
    best: tuple[float, Line] | None = None
    bars = fugue.subject_bars
    block = Block("A1", "A", 1, 0, minor)
    chords = _own_regions(fugue, block, bars)
    for take in range(3):
        motif: Motif = motif_of(fugue.seed, f"subject {take}", fugue.pulse, "first", bars, 1.15)
        rows = [(at, length) for at, length in motif.onsets if at < bars * fugue.pulse.steps]
        draw = dice(fugue.seed, "subject", take)
        first = 1 << draw.one_of((0, 7))
        spots, height = [], 0.0
        for k, (at, _) in enumerate(rows):
            height += 0.0 if not k else motif.moves[k - 1] * 12 / 7
            spots.append(_spot(fugue, chords, at, 67.0 + max(-6.0, min(6.0, height)), (),
                               only=first if not k else 0, move=motif.moves[k - 1] if k else None))  # fmt: skip
        spots[-1] = spots[-1]._replace(only=spots[-1].tones)
        keys = find_line(spots, 59, 76, draw, strict=True)
        ends = [*(at for at, _ in rows[1:]), bars * fugue.pulse.steps]
        line = tuple((at, end - at, key) for (at, _), end, key in zip(rows, ends, keys, strict=True))
        reach = max(keys) - min(keys)
        worth = -abs(len(line) - 9) - 2.0 * max(0, 5 - reach) - max(0, reach - 13) - 3.0 * (len(set(keys)) < 5)
        worth -= 5.0 * (keys[0] % 12 == 7 and not _answered_tonally(line, fugue.pulse))
        worth -= 0.5 * sum(a == b for a, b in itertools.pairwise(keys))
        if best is None or worth > best[0]:
            best = (worth, line)
    assert best is not None
    return best[1]


def answer(fugue: Fugue, minor: bool) -> tuple[Line, bool]:
    """The subject as the answer has it, in the answer's own key, and whether it is tonal: where the subject begins with
    its fifth, the answer begins with the tonic of the piece (5 is answered by 1)."""
    line = subject(fugue, minor)
    if not _answered_tonally(line, fugue.pulse):
        return line, False
    at, length, key = line[0]
    return ((at, length, key - 2), *line[1:]), True


def _answered_tonally(line: Line, pulse: Pulse) -> bool:
    """Whether a subject begins with its fifth, stays there for its first beat, and goes on with a beat."""
    beat = pulse.beats[1] if len(pulse.beats) > 1 else pulse.steps
    return line[0][2] % 12 == 7 and len(line) > 1 and line[1][0] >= beat and pulse.is_beat(line[1][0])


@lru_cache(maxsize=64)
def countersubject(fugue: Fugue, minor: bool) -> Line:
    """What goes with the subject: after a rest of a beat, in other rhythm, by thirds and sixths rather than fifths on
    beats, so that it can change places with it."""
    theme = subject(fugue, minor)
    bars = fugue.subject_bars
    chords = _own_regions(fugue, Block("A1", "A", 1, 0, minor), bars)
    rows = _free_rhythm(fugue, bars, theme, "countersubject", 0)
    start = fugue.pulse.beats[1] if len(fugue.pulse.beats) > 1 else EIGHTH
    rows = [(at, n) for at, n in rows if at >= start] or [(start, bars * fugue.pulse.steps - start)]
    spots = []
    for at, _ in rows:
        was, now = _around(theme, at)
        spot = _spot(fugue, chords, at, 62.0, ((was, now),) if was is not None and now is not None else ())
        if now is not None and fugue.pulse.is_beat(at):  # no fifth with the subject: it would become a fourth
            fine = sum(1 << pc for pc in range(12) if spot.tones >> pc & 1 and (now - pc) % 12 not in (5, 7))
            spot = spot._replace(only=fine or spot.tones)
        spots.append(spot)
    spots[-1] = spots[-1]._replace(only=spots[-1].only or spots[-1].tones)
    keys = find_line(spots, 52, 71, dice(fugue.seed, "countersubject"), strict=True, invertible=True)
    return tuple((at, length, key) for (at, length), key in zip(rows, keys, strict=True))


# Blocks -----------------------------------------------------------------------------------------------------------


class Casting(NamedTuple):
    """Who has what in a block: the voice with the subject or answer, the one with the countersubject, those that are
    free, each None or empty where there is none."""

    leads: int | None
    counters: int | None
    free: tuple[int, ...]


@lru_cache(maxsize=256)
def casting(fugue: Fugue, block: Block) -> Casting:
    order = fugue.order
    if block.letter == "A":
        k = min(block.number, len(order))
        return Casting(order[k - 1], order[k - 2] if k > 1 else None, tuple(sorted(order[: k - 2])) if k > 2 else ())
    if block.letter in "MF":
        draw = dice(fugue.seed, "entry", block.letter, block.number)
        leads = (
            draw.one_of((0, 3)) if block.letter == "F" else fugue.all[(block.number * 3 + order[0]) % len(fugue.all)]
        )
        others = [v for v in fugue.all if v != leads]
        counters = others[int(draw.random() * len(others))]
        free = [v for v in others if v != counters]
        if block.letter == "M" and len(free) > 1:
            free.pop(int(draw.random() * len(free)))
        return Casting(leads, counters, tuple(free))
    free = list(fugue.all)
    if block.letter == "E" and len(free) > 3:
        free.remove(dice(fugue.seed, "episode rest", block.number).one_of((1, 2, 1, 3)))
    return Casting(None, None, tuple(free))


def _octave(line: Line, voice: int, up: int) -> int:
    """By how much a given line, in its own key, moves to lie in a voice, the key's own place included."""
    middle = sum(key for _, _, key in line) / len(line) + up
    low, high = LANES[voice]
    return min(
        (up + 12 * k for k in range(-3, 4)),
        key=lambda by: (
            sum(max(0, low - key - by) + max(0, key + by - high) for _, _, key in line),
            abs(middle - up + by - _CENTRES[voice]),
        ),
    )


@lru_cache(maxsize=256)
def given(fugue: Fugue, block: Block) -> Mapping[int, Line]:
    """The lines of a block that stand, by voice, around the piece's tonic."""
    cast = casting(fugue, block)
    found: dict[int, Line] = {}
    if cast.leads is not None:
        plain = subject(fugue, block.minor)
        line = answer(fugue, block.minor)[0] if block.letter == "A" and block.number % 2 == 0 else plain
        by = _octave(plain, cast.leads, block.up)
        found[cast.leads] = tuple((at, n, key + by) for at, n, key in line)
    if cast.counters is not None:
        line = countersubject(fugue, block.minor)
        by = _octave(line, cast.counters, block.up)
        found[cast.counters] = tuple((at, n, key + by) for at, n, key in line)
    return found


def _before(fugue: Fugue, block: Block) -> Block | None:
    """The block that comes before, as far as its given lines matter."""
    if block.letter == "A" and block.number > 1:
        return block_of(fugue, f"A{block.number - 1}{_answered(fugue) if block.number % 2 else ''}")
    if block.letter == "E" and block.number == 1:
        last = len(fugue.order)
        return block_of(fugue, f"A{last}{_answered(fugue) if last % 2 == 0 else ''}")
    if block.letter == "E":
        return entry_block(fugue, block.number - 1)
    if block.letter == "K":
        return block_of(fugue, "F")
    return None


def _answered(fugue: Fugue) -> str:
    return "/v" if fugue.minor else "/V"


def entry_block(fugue: Fugue, number: int) -> Block:
    return block_of(fugue, f"M{number}/{ENTRY_KEYS[fugue.minor][(number - 1) % 4]}")


ENTRY_KEYS = {False: ("vi", "IV", "ii", "iii"), True: ("III", "iv", "VI", "VII")}
"""Of entries after the exposition."""


def following(fugue: Fugue, block: Block, after: str) -> Block | None:
    """The block that comes next; after: its role."""
    if after == "exposition" and block.letter == "A":
        k = block.number + 1
        return block_of(fugue, f"A{k}{_answered(fugue) if k % 2 == 0 else ''}")
    if after == "episode":
        return block_of(fugue, f"E{1 if block.letter == 'A' else block.number + 1}")
    if after == "entry" and block.letter == "E":
        return entry_block(fugue, block.number)
    return {"stretto": block_of(fugue, "F"), "close": block_of(fugue, "K"), "ending": block_of(fugue, "Z")}.get(after)


@lru_cache(maxsize=256)
def opening(fugue: Fugue, block: Block, tones: int, root: int) -> Mapping[int, int]:
    """The first key of each voice that sounds at a block's first step. tones, root: of its first chord; all around the
    piece's tonic."""
    lines = given(fugue, block)
    found = {voice: line[0][2] for voice, line in lines.items() if line[0][0] == 0}
    earlier = _before(fugue, block)
    stood = given(fugue, earlier) if earlier is not None else {}
    for voice in casting(fugue, block).free:
        near = stood[voice][-1][2] if voice in stood else _CENTRES[voice]
        low, high = LANES[voice]
        draw = dice(fugue.seed, "opening", block.letter, block.number, voice)
        keys = [k for k in range(low, high + 1) if tones >> k % 12 & 1 and (voice or k % 12 == root)]
        taken = {k % 12 for k in found.values()}
        cost = {
            k: abs(k - near) + 0.4 * abs(k - _CENTRES[voice]) + 3.0 * (k % 12 in taken) + 9.0 * (k in found.values())
            + 30.0 * any(_parallel(stood, voice, k, other, then) for other, then in found.items()) + 2.0 * draw.random()
            for k in keys or [near]
        }  # fmt: skip
        found[voice] = min(cost, key=lambda k: cost[k])
    return found


def _parallel(stood: Mapping[int, Line], voice: int, key: int, other: int, then: int) -> bool:
    """Whether two voices that stood move on in parallel fifths or octaves."""
    if voice not in stood or other not in stood:
        return False
    a, b = stood[voice][-1][2], stood[other][-1][2]
    return (a - b) % 12 in (0, 7) and (a - b) % 12 == (key - then) % 12 and (key - a) * (then - b) > 0


@lru_cache(maxsize=128)
def written(
    fugue: Fugue, block: Block, bars: int, chords: tuple[Region, ...], next_block: Block | None, next_tones: int,
    next_root: int,
) -> Mapping[int, Line]:  # fmt: skip
    """All voices of a block, around the piece's tonic. chords: its harmony, around the piece's tonic too."""
    lines: dict[int, Line] = dict(given(fugue, block))
    first = opening(fugue, block, chords[0].tones, chords[0].root)
    then = opening(fugue, next_block, next_tones, next_root) if next_block is not None else {}
    end = bars * fugue.pulse.steps
    lines = {v: tuple(n for n in line if n[0] < end) for v, line in lines.items()}
    lead = next(iter(lines.values()), ())
    free = casting(fugue, block).free
    shapes = _sequence(fugue, block, bars)
    for place, voice in enumerate(sorted(free, key=lambda v: (v not in (0, 3), v))):
        rows = _free_rhythm(fugue, bars, lead, f"{block.letter}{block.number} {voice}", place, block.letter)
        low, high = LANES[voice]
        spots: list[Spot] = []
        slope = dice(fugue.seed, "wave", block.letter, block.number, voice).one_of((-6.0, 6.0))
        for k, (at, _) in enumerate(rows):
            others = [_around(line, at, first.get(v) if at == 0 else None) for v, line in lines.items()]
            pairs = tuple((was, now) for was, now in others if was is not None and now is not None)
            spot = _spot(fugue, chords, at, _CENTRES[voice] + slope * (at / end - 0.5), pairs)
            if k == 0 and voice in first:
                spot = spot._replace(fixed=first[voice])
            elif voice == 0 and (region := _region(chords, at)).start == at:
                spot = spot._replace(only=_bass_mask(region))
            if shapes and k and place < 2:
                spot = spot._replace(move=shapes.get(at))
            spots.append(spot)
        if voice in then:
            pairs = tuple(
                (line[-1][2], then[v])
                for v, line in lines.items()
                if v in then and line and line[-1][0] + line[-1][1] >= end
            )
            spots.append(Spot(next_tones, next_tones, 1.5, float(then[voice]), None, pairs, fixed=then[voice]))
        else:  # it rests, or begins anew: nothing is left open
            spots[-1] = spots[-1]._replace(only=spots[-1].only or chords[-1].tones)
        draw = dice(fugue.seed, "free voice", block.letter, block.number, voice)
        keys = find_line(spots, low, high, draw, strict=True)[: len(rows)]
        lines[voice] = tuple((at, length, key) for (at, length), key in zip(rows, keys, strict=True))
    return lines


def _bass_mask(region: Region) -> int:
    """Root and third: a bass on the fifth makes a six-four."""
    third = 1 << (region.root + 3) % 12 | 1 << (region.root + 4) % 12
    return (1 << region.root | third) & region.tones or region.tones


def _sequence(fugue: Fugue, block: Block, bars: int) -> dict[int, int]:
    """In an episode: the moves of the subject's head, by step, bar after bar."""
    if block.letter not in "EK":
        return {}
    line = subject(fugue, block.minor)
    head = [n for n in line if n[0] < fugue.pulse.steps]
    found: dict[int, int] = {}
    for bar in range(bars):
        for (_, _, before), (at, _, key) in itertools.pairwise(head):
            found[bar * fugue.pulse.steps + at] = round((key - before) * 7 / 12)
    return found


def _free_rhythm(fugue: Fugue, bars: int, lead: Line, name: str, place: int, letter: str = "") -> list[tuple[int, int]]:
    """Onsets of a free voice: quarters and eighths, still where the leading line runs, moving where it waits."""
    pulse = fugue.pulse
    draw = dice(fugue.seed, "free rhythm", name)
    end = bars * pulse.steps
    onsets = [0]
    busy = {at for at, _, _ in lead}
    if letter == "Z":
        onsets = [bar * pulse.steps for bar in range(bars)]
        return [(at, then - at) for at, then in zip(onsets, [*onsets[1:], end], strict=True)]
    head = [at for at, _, _ in subject(fugue, fugue.minor) if at < pulse.steps] if letter in ("E", "K") else []
    for bar in range(bars):
        if head and (bar + place) % 2 == 0 and place < 2:  # the head of the subject, from voice to voice
            onsets += [bar * pulse.steps + at for at in head]
            continue
        ends = [*pulse.beats[1:], pulse.steps]
        for beat, until in zip(pulse.beats, ends, strict=True):
            at = bar * pulse.steps + beat
            runs = sum(at < other < at + until - beat for other in busy)
            kind = draw.random()
            if at and (kind > 0.24 or beat == 0 or pulse.is_strong(beat)):
                onsets.append(at)
            if until - beat >= 18:
                if kind < 0.7:
                    onsets.append(at + 12)
                if kind < 0.45 and not runs:
                    onsets.append(at + 6)
            elif kind < (0.3 if runs else 0.62):
                onsets.append(at + EIGHTH)
    ordered = sorted(set(onsets))
    return [(at, then - at) for at, then in zip(ordered, [*ordered[1:], end], strict=True)]


# Places -----------------------------------------------------------------------------------------------------------


def _region(chords: Sequence[Region], step: int) -> Region:
    return next((r for r in reversed(chords) if r.start <= step), chords[0])


def _spot(
    fugue: Fugue, chords: Sequence[Region], step: int, target: float, others: tuple[tuple[int, int], ...], *,
    only: int = 0, move: int | None = None,
) -> Spot:  # fmt: skip
    region = _region(chords, step)
    accent = 1.5 if fugue.pulse.is_beat(step) or step == region.start else 0.4
    return Spot(region.tones, region.scale, accent, target, move, others, only)


def _around(line: Line, step: int, at_once: int | None = None) -> tuple[int | None, int | None]:
    """The keys of a line just before a step and at it; None where it rests."""
    was = now = None
    for at, length, key in line:
        if at < step <= at + length:
            was = key
        if at <= step < at + length:
            now = key
            if at < step:
                was = key
    if step == 0 and now is not None:
        was = now
    return was, now
