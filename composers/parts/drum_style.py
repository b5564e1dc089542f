"""A style of drumming as data: what stays, what keeps time, what varies, how it fills."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from composers.feel import STRAIGHT, Feel
from composers.parts.fills import FillStyle

Patterns = tuple[tuple[str, float], ...]
"""Bars as cells (see meter_cells) with their weights: "X...x... ........", two bars divided by "/"."""


class Layer(NamedTuple):
    """An instrument of a groove and the bars it chooses from, once for a kind of section.

    loud     velocities of accent, normal, light, ghost ("X", "x", "o", "g")
    chance   that a kind of section has it
    low, high  energies between which it plays
    """

    key: int
    patterns: Patterns
    loud: tuple[float, float, float, float] = (104.0, 80.0, 60.0, 36.0)
    chance: float = 1.0
    low: float = 0.0
    high: float = 1.01


@dataclass(frozen=True, slots=True)
class Groove:
    """A style of drumming as data. Cells are of 4/4; every other meter takes its beats from them (meter_cells).

    kick, snare  patterns that stay
    times     what keeps time, of which one is chosen for each kind of section among those whose energies fit
    ghosts    percent of bars with a ghost note in the cell, and
    pickups   with a kick that is not in the pattern: what varies from bar to bar
    opens     percent with an open hat, where a hat keeps time
    extras    more layers: claps, percussion, a pedalled hat
    pedal     percent with a pedalled hat while cymbals keep time
    unit      bars of the pattern
    exact     chance that a bar is played just as the pattern has it; of machines: the first three of four always are
    changes   most cells changed in a bar that is not
    machine   whether it is a program that plays
    swung     whether triplet cells follow the feel: the third is the swung off-beat
    side      the snare's place at low energies (a rim), None: the snare itself, and
    side_below  the energy below which it is
    fills     see FillStyle
    feel      what swings, for the style that uses it
    hands     a key of kit.HANDS that suits
    drops     chance of a drop-out (a beat or a bar without kick or hats) every four bars
    ghost_loud  mean velocity of ghosts, and
    accents   share of the hits off the backbeat that are accents instead: there is little between the two
    rolls     rolls of the hat in two bars, most of them
    """

    name: str
    kick: Layer
    snare: Layer
    times: tuple[Layer, ...]
    ghosts: tuple[int, ...] = (0,) * 16
    pickups: tuple[int, ...] = (0,) * 16
    opens: tuple[int, ...] = (0,) * 16
    extras: tuple[Layer, ...] = ()
    pedal: tuple[int, ...] = (0,) * 16
    unit: int = 2
    exact: float = 0.15
    changes: int = 3
    machine: bool = False
    swung: bool = False
    side: int | None = None
    side_below: float = 0.4
    fills: FillStyle = field(default_factory=FillStyle)
    feel: Feel = STRAIGHT
    hands: str = "live"
    drops: float = 0.0
    ghost_loud: float = 36.0
    accents: float = 0.0
    rolls: int = 0
