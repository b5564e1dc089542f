"""Who plays in dance music, and how: machines in time, layers that come and go, filters that open with the form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from composers.dice import dice
from composers.genres.edm_layers import Layers, bars_of, inside, layered, within
from composers.instrumentation import BASSES, DRUMS, EFFECTS, GUITARS, KEYBOARDS, LEADS, plain
from composers.parts import build_up, kit
from composers.parts.arpeggio import ArpeggioStyle, arpeggio
from composers.parts.automation import OPEN_HZ, Course, Courses, sweeps, wobbled
from composers.parts.chord_cells import CompStyle, chord_cells
from composers.parts.club_effects import EffectsStyle, club_effects
from composers.parts.counter_line import CounterStyle, counter_line
from composers.parts.drum_style import Groove
from composers.parts.gates import GateStyle, gated, open_gate
from composers.parts.groove import groove
from composers.parts.humanise import Hand
from composers.parts.loops import looped
from composers.parts.pads import PadStyle, pads
from composers.parts.passage import Event, Listening, Passage, Written
from composers.parts.sequence import SequenceStyle, sequence
from composers.parts.tune import tune
from composers.parts.tune_style import HOOK_TUNE, TuneStyle
from composers.pulse import STEPS
from composers.style import Player

_KICKS = frozenset({35, kit.KICK})
_CLAPS = frozenset({kit.SNARE, kit.CLAP, 40})
_HATS = kit.HATS | kit.RIDES
_FILTER = "filter.cutoff_hz"
_LIFT, _ALL, _HIGH_PASS, _HALL = "lift.gain_db", "master.lift.gain_db", "master.eq.high_pass_hz", "mixer.hall.gain_db"
"""What the form moves: the effects "filter" of tracks and "lift" (a limiter) of kit and master; the master's "eq"; the
fader of the return "hall". Sessions have them where they want to be moved. A build is turned down as it goes, for when
kick and side-chain are gone all others are louder than in the drop."""
_COURSES: Mapping[str, Courses] = {
    "chords": {
        "intro": {_FILTER: Course(350.0, 1600.0)}, "verse": {_FILTER: Course(900.0, 5500.0)},
        "breakdown": {_FILTER: Course(1400.0, 6000.0)}, "build": {_FILTER: Course(700.0, 9000.0)},
        "outro": {_FILTER: Course(6000.0, 700.0)},
    },
    "bass": {
        "intro": {_FILTER: Course(180.0, 500.0)}, "verse": {_FILTER: Course(350.0, 3000.0)},
        "build": {_FILTER: Course(700.0, 250.0)}, "outro": {_FILTER: Course(3000.0, 250.0)},
    },
    "melody": {"breakdown": {_FILTER: Course(1800.0, 7000.0)}, "build": {_FILTER: Course(1200.0, 9000.0)}},
    "drums": {
        "intro": {_FILTER: Course(2500.0, OPEN_HZ, share=0.9)},
        "build": {_FILTER: Course(1200.0, 6500.0), _LIFT: Course(-9.0, -3.0, log=False),
                  _ALL: Course(-1.5, -3.0, log=False), _HIGH_PASS: Course(10.0, 160.0, share=0.75),
                  _HALL: Course(0.0, 5.0, log=False)},
        "breakdown": {_HALL: Course(2.0, 0.0, log=False)},
        "outro": {_FILTER: Course(12000.0, 1500.0)},
        "ending": {_ALL: Course(-2.0, -3.0, log=False)},
    },
}  # fmt: skip
"""By what plays, where the parameters of its track (or of the mix) go in a role: low-passes from 300 Hz to 3 kHz and
open, a high-pass of 20 to 400 Hz on the mix in builds (production guides)."""
_STILL = {"drums": {_FILTER: OPEN_HZ, _LIFT: 0.0, _ALL: 0.0, _HIGH_PASS: 10.0, _HALL: 0.0}}
_GRID = {"drums": "drums", "bass": "bass", "melody": "melody", "counter": "melody"}


@dataclass(frozen=True, slots=True)
class Club:
    """What is particular to a style.

    kit     the drums; layers: who plays when, see edm_layers
    bass    its line; stab: short chords
    gate    of the pad in verses, builds and drops (trance); None: pads hold
    wobble  Hz between which the bass's filter goes up and down in the drop (dubstep)
    """

    kit: Groove
    bass: SequenceStyle
    stab: CompStyle
    pad: PadStyle = field(default_factory=lambda: PadStyle(voices=4, velocity=58.0, swell=0))
    gate: GateStyle | None = None
    wobble: tuple[float, float] | None = None
    arp: ArpeggioStyle = field(default_factory=lambda: ArpeggioStyle(octaves=2, gate=0.55, velocity=70.0))
    riff: ArpeggioStyle = field(default_factory=lambda: ArpeggioStyle("broken", gate=0.6, pulses=3, euclid=8))
    tune: TuneStyle = HOOK_TUNE
    counter: CounterStyle = field(default_factory=lambda: CounterStyle("harmony", low=60, high=81, velocity=64.0))
    effects: EffectsStyle = field(default_factory=EffectsStyle)
    layers: Layers = field(default_factory=lambda: layered({}))


Write = Callable[[Passage, Listening, Club], Written]


def players(club: Club) -> Mapping[str, Player]:
    """Drums first: the others leave with the kick. Machines: a ms or two, the swing whole, velocities almost even."""
    synth = Hand("sequencer", 0.0, 0.0, 1.5, 2.5, 1.0, 1.0, drift=0.0)
    lead = Hand("synth lead", 0.0, 0.0, 2.5, 3.5, 0.92, 1.0, drift=0.0)
    low = Hand("synth bass", 0.0, 0.0, 1.0, 2.0, 1.0, 1.0, drift=0.0)
    drums = kit.HANDS[club.kit.hands]

    def player(part: str, write: Write, hand: Hand | Mapping[int, Hand], *, channel: int = 0, absolute: bool = False,
               single: bool = False) -> Player:  # fmt: skip
        return Player(partial(_played, write=write, part=part, club=club), hand, channel, absolute, single)

    return {
        "drums": player("drums", _drums, drums, channel=kit.CHANNEL),
        "melody": player("melody", _melody, lead, single=True),
        "bass": player("bass", _bass, low, single=True),
        "comp": player("comp", _comp, synth, absolute=True),
        "riff": player("riff", _riff, synth, absolute=True),
        "pad": player("pad", _pad, synth, absolute=True),
        "arp": player("arp", _arp, synth, absolute=True),
        "counter": player("counter", _counter, lead, single=True),
        "percussion": player("percussion", _percussion, drums, channel=kit.CHANNEL),
        "fx": player("fx", _fx, synth),
    }


def _played(passage: Passage, listening: Listening, write: Write, part: str, club: Club) -> Written:
    """What a part writes, where its layer sounds, with what the mix does meanwhile."""
    written = write(passage, listening, club)
    if part not in ("drums", "fx"):
        written = within(passage, club.layers, part, written)
    written = Written(_within(passage, written.events), written.turns, written.sweeps)
    if part in ("fx", "percussion"):
        return written
    grid = _GRID.get(part, "chords")
    if part == "bass" and club.wobble is not None and passage.role == "drop":
        return Written(written.events, written.turns, wobbled(passage, _FILTER, *club.wobble))
    moves = sweeps(passage, _COURSES[grid], _STILL.get(grid, {_FILTER: OPEN_HZ}))
    return Written(written.events, written.turns, moves)


def _within(passage: Passage, events: Sequence[Event]) -> Sequence[Event]:
    """Ended a moment before the section does, as a sequencer's patterns are: so that no section asks for the next."""
    last = passage.steps - 1
    return [e if e.end <= last else e._replace(length=max(1, last - e.step)) for e in events]


# What each plays --------------------------------------------------------------------------------------------------


def _drums(passage: Passage, listening: Listening, club: Club) -> Written:
    """The kit by layers: the same pattern from first to last, as a machine has it."""
    if passage.role == "ending":
        return groove(passage, {}, club.kit)
    fills = passage.after if passage.role in ("intro", "verse", "drop", "outro") else ""
    steady = replace(passage, role="groove", name="kit", before="", after=fills)
    events = list(groove(steady, {}, club.kit).events)
    kept: list[Event] = []
    for layer, keys in (("kick", _KICKS), ("clap", _CLAPS), ("hats", _HATS)):
        kept += inside([e for e in events if e.pitch in keys], bars_of(passage, club.layers, layer))
    named = _KICKS | _CLAPS | _HATS
    kept += inside([e for e in events if e.pitch not in named], bars_of(passage, club.layers, "percussion"))
    if passage.role == "build":
        kept = [e for e in kept if e.pitch not in _CLAPS] + build_up.roll(passage)
    if passage.role == "breakdown" and passage.before in ("drop", "verse"):
        kept.append(Event(0, 4 * STEPS, kit.CRASH, 84.0))
    if passage.role == "drop":
        kept = _dropped(passage, kept)
    return Written(sorted(kept))


def _dropped(passage: Passage, events: list[Event]) -> list[Event]:
    """With a crash where the drop begins and, smaller, at every eighth bar."""
    marks = {bar * passage.bar_steps for bar in range(0, passage.bars, 8)}
    kept = [e for e in events if e.step not in marks or e.pitch not in (kit.CRASH, kit.OPEN_HAT, kit.HAT, kit.KICK)]
    for step in sorted(marks):
        kept.append(Event(step, 3, kit.KICK, 112.0))
        kept.append(Event(step, 4 * STEPS, kit.CRASH, 112.0 if not step else 92.0))
    return kept


def _melody(passage: Passage, listening: Listening, club: Club) -> Written:
    """The hook: shown in the breakdown, played in the drop, in pieces before it."""
    if passage.role == "ending":
        return tune(passage, listening, club.tune)
    return tune(replace(passage, role="drop", name="hook"), listening, club.tune)


def _bass(passage: Passage, listening: Listening, club: Club) -> Written:
    return sequence(passage, club.bass, "bass", "groove")


def _comp(passage: Passage, listening: Listening, club: Club) -> Written:
    stab = club.stab
    if passage.role == "breakdown":  # held where nothing else is
        stab = replace(stab, cells={(0,): 0.6, (0, 8): 0.4}, short=0.0)
    return looped(passage, chord_cells(_material(passage, "stab"), {}, stab))


def _riff(passage: Passage, listening: Listening, club: Club) -> Written:
    return looped(passage, arpeggio(_material(passage, "riff"), listening, club.riff))


def _pad(passage: Passage, listening: Listening, club: Club) -> Written:
    lying = pads(_material(passage, "pad"), {}, club.pad)
    if club.gate is None:
        return lying
    if passage.role in ("breakdown", "intro", "ending"):
        return open_gate(passage, lying)
    return gated(passage, lying, club.gate)


def _arp(passage: Passage, listening: Listening, club: Club) -> Written:
    return looped(passage, arpeggio(_material(passage, "arp"), listening, club.arp))


def _counter(passage: Passage, listening: Listening, club: Club) -> Written:
    return counter_line(passage, listening, club.counter)


def _percussion(passage: Passage, listening: Listening, club: Club) -> Written:
    """A shaker on the sixteenths, tambourine on the off-beats of the drop."""
    loud = (56.0, 40.0, 50.0, 42.0)
    events = [Event(step, 2, kit.SHAKER, loud[step // 3 % 4]) for step in range(0, passage.steps, 3)]
    if passage.role == "drop" and dice(passage.seed, "tambourine").chance(0.5):
        events += [Event(step + 6, 3, kit.TAMBOURINE, 62.0) for step in range(0, passage.steps - 6, 12)]
    return Written(sorted(events))


def _fx(passage: Passage, listening: Listening, club: Club) -> Written:
    return club_effects(passage, club.effects)


def _material(passage: Passage, name: str) -> Passage:
    """As one section with all others, so that what a machine plays comes back as it was."""
    return passage if passage.role == "ending" else replace(passage, role="groove", name=name)


# Instruments ------------------------------------------------------------------------------------------------------

_PLUCKS = frozenset({"pluck", "arp", "arpeggio", "arpeggiator", "synth-pluck", "sequence", "bell", "bells", "fm-bell",
                     "marimba", "kalimba"})  # fmt: skip
_STABBING = frozenset({"poly-synth", "polysynth", "synth-keys", "synth", "brass", "synth-brass", "horns",
                       "brass-section", "horn-section"})  # fmt: skip
_TURNS = {"lead": (("melody",), ("counter",)), "keys": (("comp",), ("riff",)), "pluck": (("arp",), ("riff",))}


def arranged(instruments: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Who plays what: the first lead the hook, the second a voice beside it; keys and synths that attack the stabs,
    plucks the arpeggio, pads the chords that lie. Where no lead is, a pluck or the first of the others plays the hook.
    """
    parts: dict[str, tuple[str, ...]] = {}
    counts = {"lead": 0, "keys": 0, "pluck": 0}
    for name in instruments:
        word = plain(name)
        kind = ("pluck" if word in _PLUCKS else "lead" if word in LEADS else
                "keys" if word in KEYBOARDS or word in GUITARS or word in _STABBING else "")  # fmt: skip
        if word in DRUMS:
            parts[name] = ("drums", "percussion")
        elif word in BASSES:
            parts[name] = ("bass",)
        elif word in EFFECTS:
            parts[name] = ("fx",)
        elif kind:
            row = _TURNS[kind]
            parts[name] = row[min(counts[kind], len(row) - 1)]
            counts[kind] += 1
        else:
            parts[name] = ("pad",)
    pads = [name for name, own in parts.items() if own == ("pad",)]
    if not counts["keys"] and pads:
        parts[pads[0]] = ("pad", "comp") if len(pads) == 1 else ("comp",)
    if not counts["lead"]:
        tuned = [name for name, own in parts.items() if own[0] not in ("drums", "bass", "fx")]
        first = next((name for name in tuned if parts[name] == ("arp",)), tuned[0] if tuned else None)
        if first is not None:
            parts[first] = ("melody", *parts[first])
    return parts
