"""Who plays in ambient music, style by style. Hands are far from the clock: 30 to 80 ms (common figures)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from composers.parts import kit
from composers.parts.drone import DroneStyle, drone
from composers.parts.ensemble import within_key
from composers.parts.field_pad import FieldPadStyle, field_pad
from composers.parts.humanise import Hand
from composers.parts.modal_line import ModalStyle, modal_line
from composers.parts.passage import Listening, Passage, Written
from composers.parts.phase_loops import LoopStyle, PhasingStyle, phase_loops, phasing
from composers.parts.textures import CloudStyle, clouds, heartbeat
from composers.parts.tides import Tide, tides
from composers.style import Player, Writer

_FREE = Hand("free", 0.0, 0.0, 45.0, 6.0, 1.0, 0.0, arc=4.0, drift=0.0)
_LOOSE = Hand("tape", 0.0, 0.0, 30.0, 5.0, 1.0, 0.0, drift=0.0)
_SLOW = Hand("slow", 0.0, 0.0, 40.0, 3.0, 1.0, 0.0, drift=0.0)
_HEART = Hand("heart", 0.0, 0.0, 12.0, 3.0, 1.0, 0.0, drift=0.0)

PAD_TIDES: Mapping[str, Tide] = {
    "filter.cutoff_hz": Tide(450.0, 8000.0, 23.0, log=True, energy=0.35),
    "pan": Tide(-0.25, 0.25, 13.0),
    "send.hall": Tide(-14.0, -5.0, 37.0),
}
LOOP_TIDES: Mapping[str, Tide] = {
    "filter.cutoff_hz": Tide(1800.0, 14000.0, 29.0, log=True, energy=0.3),
    "pan": Tide(-0.5, 0.5, 17.0),
    "send.hall": Tide(-15.0, -6.0, 19.0),
    "send.echo": Tide(-20.0, -8.0, 31.0),
}
LOW_TIDES: Mapping[str, Tide] = {"filter.cutoff_hz": Tide(160.0, 900.0, 41.0, log=True, energy=0.4)}
LINE_TIDES: Mapping[str, Tide] = {"send.hall": Tide(-12.0, -5.0, 27.0), "send.echo": Tide(-18.0, -8.0, 21.0)}


def _with(write: Writer, part: str, courses: Mapping[str, Tide]) -> Writer:
    """In the key's own scale, with the automation of the part's track."""

    def written(passage: Passage, listening: Listening) -> Written:
        found = write(within_key(passage), listening)
        return Written(found.events, found.turns, (*found.sweeps, *tides(passage, part, courses)))

    return written


def _looped(passage: Passage, listening: Listening, part: str, style: LoopStyle, other: PhasingStyle | None = None
            ) -> Written:  # fmt: skip
    """Loops; in sections for phasing two voices of one pattern instead."""
    if other is not None and passage.role == "phasing":
        return phasing(passage, part, other)
    return phase_loops(passage, part, style)


def _players(
    line: ModalStyle, pad: FieldPadStyle, low: DroneStyle, arp: LoopStyle, comp: LoopStyle, counter: ModalStyle, *,
    grains: CloudStyle | None = None, phases: tuple[PhasingStyle, PhasingStyle] | None = None,
    singing: LoopStyle | None = None,
) -> Mapping[str, Player]:  # fmt: skip
    """A band. singing: loops that stand in for the melody."""
    first, second = phases if phases is not None else (None, None)
    melody: Writer = partial(modal_line, style=line)
    if singing is not None:
        melody = partial(_looped, part="melody", style=singing)
    return MappingProxyType({
        "melody": Player(_with(melody, "melody", LINE_TIDES), _FREE, single=True),
        "pad": Player(_with(partial(field_pad, style=pad), "pad", PAD_TIDES), _SLOW),
        "bass": Player(_with(partial(drone, style=low), "bass", LOW_TIDES), _SLOW),
        "counter": Player(_with(partial(modal_line, style=counter, part="counter"), "counter", LOOP_TIDES), _FREE,
                          single=True),
        "arp": Player(_with(partial(_looped, part="arp", style=arp, other=first), "arp", LOOP_TIDES), _LOOSE),
        "comp": Player(_with(partial(_looped, part="comp", style=comp, other=second), "comp", LOOP_TIDES), _LOOSE),
        "fx": Player(_with(partial(clouds, style=grains or CloudStyle()), "fx", LINE_TIDES), _LOOSE),
        "drums": Player(heartbeat, _HEART, channel=kit.CHANNEL),
        "percussion": Player(heartbeat, _HEART, channel=kit.CHANNEL),
    })  # fmt: skip


_LINE = ModalStyle()
_LONG = ModalStyle(notes=(1, 3), values=((24, 0.4), (36, 0.6)), final=(48, 90), rest=(180, 330), low=55, high=74,
                   velocity=50.0, echoes=0)  # fmt: skip
_HIGH = LoopStyle(loops=3, low=67, high=91, velocity=46.0, ring=48)
_MIDDLE = LoopStyle(loops=3, shortest=251, longest=431, notes=2, low=52, high=72, velocity=46.0, ring=84)
PADS = _players(_LINE, FieldPadStyle(), DroneStyle(), _HIGH, _MIDDLE, _LONG)
DRONE = _players(
    ModalStyle(notes=(1, 3), final=(48, 96), rest=(216, 420), velocity=50.0), FieldPadStyle(voices=5, late=36, low=43),
    DroneStyle(companion=1.0, bars=14, home=True, depth=44.0), LoopStyle(loops=2, notes=1, shortest=331, longest=499),
    LoopStyle(loops=2, notes=2, shortest=331, longest=521, low=48, high=67, ring=120), _LONG,
)  # fmt: skip
PHASE = _players(
    _LINE, FieldPadStyle(voices=3, velocity=48.0), DroneStyle(velocity=56.0), LoopStyle(loops=3, velocity=50.0),
    LoopStyle(loops=3, shortest=239, longest=419, low=52, high=76, velocity=52.0, ring=72), _LONG,
    phases=(PhasingStyle(), PhasingStyle(slots=(8, 9), slot=24, filled=0.5, slower=2, low=52, high=72, ring=40)),
    singing=LoopStyle(loops=3, shortest=283, longest=463, notes=4, low=62, high=84, velocity=58.0, ring=54),
)  # fmt: skip
BELLS = _players(
    ModalStyle(notes=(2, 4), steps=0.5, low=67, high=91, velocity=56.0), FieldPadStyle(voices=3, velocity=46.0),
    DroneStyle(), LoopStyle(loops=3, low=72, high=96, velocity=44.0, ring=72),
    LoopStyle(loops=3, low=60, high=84, velocity=46.0, ring=96), _LONG, grains=CloudStyle(apart=(96, 220)),
)  # fmt: skip
WORLD = _players(
    ModalStyle(notes=(4, 10), values=((5, 0.15), (8, 0.25), (12, 0.3), (18, 0.2), (27, 0.1)), final=(36, 72),
               rest=(84, 200), steps=0.66, repeats=0.1, velocity=66.0, echoes=1, slides=0.3, drones=True),
    FieldPadStyle(voices=3, velocity=46.0, late=30), DroneStyle(companion=1.0, bars=8, velocity=58.0, home=True),
    LoopStyle(loops=3, notes=3, low=60, high=84, velocity=44.0, ring=42), LoopStyle(loops=2, notes=2, low=50, high=70,
                                                                                  velocity=44.0, ring=60),
    ModalStyle(notes=(2, 5), final=(36, 72), rest=(130, 280), low=50, high=69, velocity=50.0, echoes=0, slides=0.2,
               drones=True),
)  # fmt: skip
