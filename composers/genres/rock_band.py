"""A rock band's players: what each part of a style writes, with what all of them do together around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from composers.genres.rock_forms import lift_of
from composers.instrumentation import BASSES, DRUMS, GUITARS, KEYBOARDS, LEADS, PADS, plain
from composers.parts import ensemble, kit, riffs
from composers.parts.bass_groove import BassStyle, bass_groove
from composers.parts.chord_cells import CompStyle, chord_cells
from composers.parts.groove import Groove, groove
from composers.parts.guitar import GuitarStyle, guitar
from composers.parts.guitar_solo import guitar_solo, harmony
from composers.parts.humanise import Hand
from composers.parts.pads import PadStyle, pads
from composers.parts.passage import Event, Listening, Passage, Written
from composers.parts.riffs import RiffStyle
from composers.parts.tune import tune
from composers.parts.tune_style import ROCK_TUNE, TuneStyle
from composers.style import Player, Writer

STRUMMING = Hand("rhythm guitar", 0.0, 0.0, 10.0, 5.0, 0.96, arc=3.0, strum=12)
FAST_STRUMMING = STRUMMING._replace(strum=6)
PICKING = Hand("riff guitar", 0.0, 0.0, 9.0, 5.0, 0.95)
SINGING = Hand("rock lead", 4.0, 4.0, 11.0, 5.0, 0.86, arc=6.0)
LOW = Hand("rock bass", 5.0, 0.0, 9.0, 5.0, 0.9)
BOARD = Hand("rock keys", 3.0, 0.0, 11.0, 6.0, 0.94, arc=4.0)

_ABSOLUTE = frozenset({"riff", "comp", "pad", "arp"})
_ORGAN = PadStyle(voices=3, low=50, high=70, swell=0, velocity=60.0)
_BROKEN = CompStyle(texture="broken", left="fifth", velocity=64.0, pedal=True)
_STRINGLESS = frozenset({*KEYBOARDS, *PADS})
_INSTRUMENTAL = frozenset({"intro", "theme", "interlude", "outro", "build"})
_LAST_CHORUS = 0.9
"""The energy from which a second guitar sings along with a chorus."""


@dataclass(frozen=True, slots=True)
class Rock:
    """What is particular to a style.

    grooves  by section's role, "" for all others
    keys     what a keyboard plays where no guitar comps; `pad`, `arp`: what those parts play
    locked   whether the kick joins the riff
    """

    riff: RiffStyle
    guitar: GuitarStyle
    bass: BassStyle
    grooves: Mapping[str, Groove]
    tune: TuneStyle = ROCK_TUNE
    keys: CompStyle = field(default_factory=CompStyle)
    pad: PadStyle = _ORGAN
    arp: CompStyle = _BROKEN
    locked: bool = True


def players(rock: Rock, hands: str = "live") -> Mapping[str, Player]:
    """Who plays, in the order in which they are asked: riff and tune lead, kick and bass lock, guitars answer."""
    strum = FAST_STRUMMING if rock.guitar.sixteenths else STRUMMING
    return {
        "riff": Player(_together("riff", partial(riffs.riff, style=rock.riff)), PICKING, absolute=True),
        "melody": Player(_together("melody", partial(_melody, rock=rock)), SINGING),
        "drums": Player(partial(_drums, rock=rock), kit.HANDS[hands], channel=kit.CHANNEL),
        "bass": Player(_together("bass", partial(_bass, rock=rock)), LOW, single=True),
        "comp": Player(_together("comp", partial(_comp, rock=rock)), strum, absolute=True),
        "pad": Player(_together("pad", partial(pads, style=rock.pad)), BOARD, absolute=True),
        "arp": Player(_together("arp", partial(chord_cells, style=rock.arp)), BOARD, absolute=True),
        "counter": Player(_together("counter", _counter), SINGING),
    }


def _together(part: str, write: Writer) -> Writer:
    """A writer in its band: in the key as songs are sung, at the height at which the section stands, with the entrance
    and the stop that everybody makes."""
    return partial(_written, part=part, write=write)


def _written(passage: Passage, listening: Listening, part: str, write: Writer) -> Written:
    name, up = lift_of(passage.name)
    if up:
        at_home = ensemble.within_key(ensemble.lowered(passage, up, name))
        written = write(at_home, {p: events if p in _ABSOLUTE or p == "drums" else ensemble.moved(events, -up)
                                  for p, events in listening.items()})  # fmt: skip
        if part not in _ABSOLUTE:
            written = Written(ensemble.moved(written.events, up), written.turns, written.sweeps)
    else:
        written = write(ensemble.within_key(passage), listening)
    if part not in ("melody", "counter"):  # a voice breathes as it likes, and may lead into what comes
        written = ensemble.stopped(passage, written)
    return ensemble.entered(passage, part, written)


def _melody(passage: Passage, listening: Listening, rock: Rock) -> Written:
    """A voice, and in solos a guitar; where the riff is the theme, the voice rests."""
    if passage.role == "solo":
        return guitar_solo(passage, listening)
    if passage.role in _INSTRUMENTAL and listening.get("riff"):
        return Written()
    return tune(passage, listening, rock.tune)


def _drums(passage: Passage, listening: Listening, rock: Rock) -> Written:
    name, _ = lift_of(passage.name)
    style = rock.grooves.get(passage.role, rock.grooves[""])
    written = groove(replace(passage, name=name), listening, style)
    events: Sequence[Event] = written.events
    if rock.locked:
        events = ensemble.kicked(passage, events, riffs.accents(listening.get("riff", ())))
    return ensemble.entered(passage, "drums", Written(ensemble.drums_stopped(passage, events)))


def _bass(passage: Passage, listening: Listening, rock: Rock) -> Written:
    """Doubles a riff that carries the section; under one that only answers it goes on."""
    if not riffs.plays(passage, rock.riff):
        listening = {part: events for part, events in listening.items() if part != "riff"}
    return bass_groove(passage, listening, rock.bass)


def _comp(passage: Passage, listening: Listening, rock: Rock) -> Written:
    """Guitars strum; keyboards and pads, which have no strings, play the style's chords in their own way."""
    if passage.sounds.get("comp") in _STRINGLESS:
        return chord_cells(passage, listening, rock.keys)
    return guitar(passage, listening, rock.guitar)


def _counter(passage: Passage, listening: Listening) -> Written:
    """A second guitar in thirds: in the second half of a solo, in themes and last choruses; elsewhere it rests."""
    lead = listening.get("melody", ())
    if passage.role == "solo":
        lead = [event for event in lead if event.step >= passage.bars // 2 * passage.bar_steps]
    elif not (passage.role == "chorus" and passage.energy >= _LAST_CHORUS):
        return Written()
    return Written(harmony(passage, lead, above=True))


# Who plays what ---------------------------------------------------------------------------------------------------

_LEAD_GUITARS = frozenset({"lead-guitar", "distortion-guitar", "metal-guitar"})
_ORGANS = frozenset({
    "organ", "hammond", "b3", "drawbar-organ", "church-organ", "rock-organ", "leslie", "gospel-organ",
})  # fmt: skip


def arranged(instruments: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Who plays what of which instruments.

    Leads sing; without one a lead guitar does, else the last of two guitars, else who comps. Guitars riff and comp; a
    keyboard beside them plays broken chords, an organ or a pad holds them.
    """
    def among(names: Sequence[str]) -> list[str]:
        return [name for name in instruments if plain(name) in names]

    guitars, boards, pads, singers = among(GUITARS), among(KEYBOARDS), among(PADS), among(LEADS)
    if not singers and len(guitars) + len(boards) + len(pads) > 1:
        leads = [name for name in guitars if plain(name) in _LEAD_GUITARS]
        singers = (leads or guitars[1:] or boards[:1] or pads[:1])[:1] if guitars else (pads or boards[1:])[:1]
    rhythm = [name for name in guitars if name not in singers]
    parts: dict[str, tuple[str, ...]] = {}
    alone = not singers
    compers = rhythm or [name for name in (*boards, *pads) if name not in singers][:1]
    for name in instruments:
        if plain(name) in DRUMS:
            parts[name] = ("drums",)
        elif plain(name) in BASSES:
            parts[name] = ("bass",)
        elif name in singers:
            parts[name] = ("melody",) if name == singers[0] else ("counter",)
        elif name in rhythm:
            parts[name] = ("riff", "comp")
        elif name in compers:
            parts[name] = ("comp",)
        else:
            parts[name] = ("pad",) if plain(name) in PADS or plain(name) in _ORGANS else ("arp",)
        if alone and compers and name == compers[0]:
            parts[name] = (*parts[name], "melody")
    return parts

