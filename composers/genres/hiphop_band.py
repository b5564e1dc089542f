"""Who plays in hip-hop, and how: each on his own side of the beat, as fingers on pads and programs are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from composers.dice import dice
from composers.parts import grooves, kit
from composers.parts.arpeggio import ArpeggioStyle, arpeggio
from composers.parts.bass_groove import HIP_HOP_CELLS, BassStyle, bass_groove
from composers.parts.chord_cells import LO_FI_CELLS, CompStyle, chord_cells
from composers.parts.club_effects import EffectsStyle, club_effects
from composers.parts.counter_line import CounterStyle, counter_line
from composers.parts.eight_o_eight import BoomStyle, eight_o_eight
from composers.parts.flow import FLOW_TUNE, SAMPLE_TUNE, in_triplets
from composers.parts.groove import Groove, groove
from composers.parts.humanise import Hand
from composers.parts.pads import PadStyle, pads
from composers.parts.passage import Event, Listening, Passage, Written
from composers.parts.sampling import cut, looped
from composers.parts.tune import tune
from composers.parts.tune_style import TuneStyle
from composers.parts.vinyl import vinyl
from composers.style import Player

_RECORDS = frozenset({"vinyl", "vinyl-noise", "crackle", "record-noise", "hiss"})
_STABS = {(0, 6): 0.2, (0, 3): 0.15, (0, 10): 0.15, (0, 6, 14): 0.15, (0, 7, 10): 0.15, (2, 8): 0.1, (0,): 0.1}


@dataclass(frozen=True, slots=True)
class HipHop:
    """What is particular to a style.

    kits     the drums of a song, by weight; a beat switch draws again
    hands    a key of kit.HANDS
    bass     808 or a bass that is played
    keys     the loop; late: ms behind the beat; straight: how much of the swing it takes
    takes_turns  whether players of the loop rest in turn, eight bars each (lo-fi)
    shaker   whether percussion plays at any energy
    triplets whether hooks fall into triplets now and then
    worn     how much the record crackles, 0..1; effects: of an fx track that is no record
    """

    kits: tuple[tuple[Groove, float], ...]
    bass: BoomStyle | BassStyle
    hands: str
    keys: CompStyle
    late: float = 8.0
    straight: float = 0.6
    tune: TuneStyle = FLOW_TUNE
    pad: PadStyle = field(default_factory=lambda: PadStyle(voices=3, velocity=54.0))
    arp: ArpeggioStyle = field(default_factory=ArpeggioStyle)
    counter: CounterStyle = field(default_factory=lambda: CounterStyle("answer", velocity=66.0))
    takes_turns: bool = False
    shaker: bool = False
    triplets: bool = False
    worn: float = 0.5
    effects: EffectsStyle = field(default_factory=lambda: EffectsStyle(riser=2, impact=96.0, falls=2, sweeps=1))


SWITCHED = frozenset("DEFG")
"""Letters of sections that have a beat of their own."""


def players(hip_hop: HipHop) -> Mapping[str, Player]:
    """Drums come first here: the loop and the bass are laid on them."""
    late, straight = hip_hop.late, hip_hop.straight
    keys = Hand("hip-hop keys", late, 0.0, 9.0, 5.0, 0.95, straight, arc=3.0)
    lead = Hand("hip-hop lead", late * 0.7, 4.0, 9.0, 5.0, 0.85, straight)
    boom = isinstance(hip_hop.bass, BoomStyle)
    low = Hand("808", 0.0, 0.0, 1.0, 2.0, 1.0, 1.0) if boom else Hand("hip-hop bass", late * 0.6, 0.0, 8.0, 5.0, 0.92,
                                                                      0.8)  # fmt: skip
    drums = kit.HANDS[hip_hop.hands]
    return {
        "drums": Player(partial(_drums, style=hip_hop), drums, channel=kit.CHANNEL),
        "melody": Player(partial(_melody, style=hip_hop), lead, single=True),
        "bass": Player(partial(_bass, style=hip_hop), low, absolute=boom, single=True),
        "comp": Player(partial(_comp, style=hip_hop), keys, absolute=True),
        "riff": Player(partial(_riff, style=hip_hop), keys, absolute=True),
        "pad": Player(partial(_pad, style=hip_hop), keys, absolute=True),
        "arp": Player(partial(_arp, style=hip_hop), keys, absolute=True),
        "counter": Player(partial(_counter, style=hip_hop), lead, single=True),
        "percussion": Player(partial(_percussion, style=hip_hop), drums, channel=kit.CHANNEL),
        "fx": Player(partial(_fx, style=hip_hop), Hand("fx", 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, drift=0.0)),
    }


# What each plays --------------------------------------------------------------------------------------------------


def _drums(passage: Passage, listening: Listening, style: HipHop) -> Written:
    kits, weights = zip(*style.kits, strict=True)
    chosen = dice(passage.seed, "kit", passage.name in SWITCHED).weighted(kits, weights)
    written = groove(passage, listening, chosen)
    if passage.role == "intro" and dice(passage.seed, "bare intro").chance(0.5):
        bars = passage.bars // 2
        return Written([e for e in written.events if e.step >= bars * passage.bar_steps])
    return cut(passage, written, "drums", style.takes_turns)


def _melody(passage: Passage, listening: Listening, style: HipHop) -> Written:
    """The hook; in verses, where a voice would be, it answers only now and then."""
    if passage.role in ("verse", "breakdown") and not style.takes_turns:
        sparse = replace(style.tune, notes=style.tune.notes * 0.6, rest=24)
        written = tune(passage, listening, sparse)
        bars = {bar for bar in range(passage.bars) if bar % 4 >= 2}
        return Written([e for e in written.events if e.step // passage.bar_steps in bars])
    if _rests(passage, "melody", style):
        return Written()
    if style.takes_turns and passage.role == "verse":
        passage = replace(passage, role="loop")  # a loop has no second words
    written = tune(passage, listening, style.tune)
    return replace(written, events=in_triplets(passage, written.events)) if style.triplets else written


def _bass(passage: Passage, listening: Listening, style: HipHop) -> Written:
    if passage.role == "breakdown" and not style.takes_turns:
        return Written()
    if isinstance(style.bass, BoomStyle):
        return cut(passage, eight_o_eight(passage, listening, style.bass), "bass")
    return cut(passage, looped(passage, bass_groove(passage, listening, style.bass)), "bass", style.takes_turns)


def _comp(passage: Passage, listening: Listening, style: HipHop) -> Written:
    if _rests(passage, "comp", style):
        return Written()
    return cut(passage, looped(passage, chord_cells(passage, listening, style.keys)), "comp", style.takes_turns)


def _riff(passage: Passage, listening: Listening, style: HipHop) -> Written:
    """A chopped sample: short stabs of the loop, the same two bars again and again."""
    chopped = replace(style.keys, cells=_STABS, texture="block", short=0.7, left="none", anticipate=0.0, vary=0.6,
                      low=55, high=74)  # fmt: skip
    return cut(passage, looped(passage, chord_cells(passage, {}, chopped)), "riff", style.takes_turns)


def _pad(passage: Passage, listening: Listening, style: HipHop) -> Written:
    if passage.role == "verse" and passage.energy < 0.5 and not style.takes_turns:
        return Written()
    return cut(passage, pads(passage, listening, style.pad), "pad", style.takes_turns)


def _arp(passage: Passage, listening: Listening, style: HipHop) -> Written:
    if passage.role == "verse" and dice(passage.seed, "plucks rest").chance(0.5):
        return Written()
    return cut(passage, arpeggio(passage, listening, style.arp), "arp", style.takes_turns)


def _counter(passage: Passage, listening: Listening, style: HipHop) -> Written:
    return cut(passage, counter_line(passage, listening, style.counter), "counter", style.takes_turns)


def _percussion(passage: Passage, listening: Listening, style: HipHop) -> Written:
    """A shaker on the sixteenths where it gets hot."""
    if passage.energy < 0.5 and not style.shaker:
        return Written()
    loud = (58.0, 40.0, 50.0, 40.0)
    steps = range(0, passage.steps, 3)
    shaker = Written([Event(step, 2, kit.SHAKER, loud[step // 3 % 4]) for step in steps])
    return cut(passage, shaker, "percussion", style.takes_turns)


def _fx(passage: Passage, listening: Listening, style: HipHop) -> Written:
    """The record's own noise where the instrument has it, else what joins the sections."""
    if passage.sounds.get("fx", "") in _RECORDS:
        return vinyl(passage, style.worn)
    return club_effects(passage, style.effects)


# What all do ------------------------------------------------------------------------------------------------------


def _rests(passage: Passage, part: str, style: HipHop) -> bool:
    """In lo-fi one of the loop's players rests in turn, section by section, but not in hooks."""
    if not style.takes_turns or passage.role in ("hook", "ending"):
        return False
    return ("melody", "comp", "", "")[(passage.first_bar // 8) % 4] == part


# The styles -------------------------------------------------------------------------------------------------------

_RHODES = CompStyle(cells=LO_FI_CELLS, texture="block", shape="rootless", voices=4, low=52, high=72, left="none",
                    short=0.15, anticipate=0.1, vary=0.3, answer=0.0, velocity=60.0)  # fmt: skip
BOOM_BAP = HipHop(
    ((grooves.BOOM_BAP, 0.35), (grooves.BREAK, 0.5), (grooves.BOUNCE, 0.15)),
    BassStyle(cells=HIP_HOP_CELLS, lock=0.75, ratio=0.75, approach=0.15, vary=0.2, low=31, high=45,
              degrees={"root": 0.55, "fifth": 0.25, "octave": 0.15, "seventh": 0.05}),
    "boom-bap", _RHODES, 8.0, 0.6, SAMPLE_TUNE,
)  # fmt: skip
LO_FI = HipHop(
    ((grooves.LO_FI, 0.25), (grooves.LO_FI_BREAK, 0.75)),
    BassStyle(cells={(0, 8): 0.3, (0, 6, 8): 0.2, (0, 10): 0.2, (0, 6, 10): 0.15, (0,): 0.15}, lock=0.7,
              ratio=0.85, approach=0.2, vary=0.25, low=31, high=45, velocity=78.0),
    "lo-fi", replace(_RHODES, velocity=52.0),
    16.0, 0.5, replace(SAMPLE_TUNE, notes=3.6, rest=18, velocity=72.0), takes_turns=True, worn=0.8,
)  # fmt: skip
_PLUCK = ArpeggioStyle(pattern="broken", rate=6, gate=0.6, pulses=5, euclid=8)
TRAP = HipHop(
    ((grooves.TRAP, 1.0),), BoomStyle(), "electronic",
    CompStyle(cells={(0,): 0.5, (0, 8): 0.25, (0, 6): 0.25}, voices=3, low=55, high=74, left="none", short=0.1,
              anticipate=0.0, vary=0.1, answer=0.0, velocity=62.0),
    0.0, 1.0, replace(FLOW_TUNE, notes=4.2, same_rhythm=0.7), arp=_PLUCK, triplets=True,
)  # fmt: skip
DRILL = HipHop(
    ((grooves.DRILL, 1.0),), BoomStyle(glides=0.3, every=0.9, octaves=0.12), "electronic",
    CompStyle(cells={(0,): 0.4, (0, 6, 12): 0.3, (0, 3, 6): 0.3}, voices=3, low=52, high=71, left="none", short=0.2,
              anticipate=0.0, vary=0.1, answer=0.0, velocity=64.0),
    0.0, 1.0, replace(FLOW_TUNE, notes=3.8), arp=_PLUCK, triplets=True,
)  # fmt: skip
NEO_SOUL = HipHop(
    ((grooves.HIP_HOP, 0.5), (grooves.DENSE, 0.25), (grooves.BOUNCE, 0.25)),
    BassStyle(cells=HIP_HOP_CELLS, lock=0.7, ratio=0.8, approach=0.35, ghosts=0.15, graces=0.06,
              vary=0.4, low=31, high=46),
    "laid back", replace(_RHODES, short=0.25, vary=0.5, answer=0.25), 14.0, 0.7, SAMPLE_TUNE, shaker=True,
)  # fmt: skip
