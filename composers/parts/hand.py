"""Hands as values: how an instrument is played, and where.

A millisecond is one at the plan's tempo. Figures: Groove MIDI (deviation by instrument), Weimar Jazz Database
(soloists lie behind the beat).
"""

from __future__ import annotations

from typing import NamedTuple

from composers.feel import Feel
from composers.pulse import Pulse
from composers.score import Tick


class Place(NamedTuple):
    """Where and when a passage is played.

    first_tick  of the passage
    bar_ticks   of a bar
    feel        what swings, at this tempo
    tempo       quarters a minute
    bend_range  semitones of a full bend
    pulse       the meter's beats, where hands know them: backbeats are steadier, arcs and accents follow them
    seed        of the drift that the whole band shares, see drift.py; None: there is none
    up          semitones by which it sounds higher than it is written
    """

    first_tick: Tick
    bar_ticks: Tick
    feel: Feel
    tempo: float
    bend_range: float = 2.0
    pulse: Pulse | None = None
    seed: int | None = None
    up: int = 0


class Hand(NamedTuple):
    """How an instrument is played.

    name        what its generator is named by, so that hands do not tremble alike
    shift_ms    behind (+) or before (-) the beat
    beat_ms     the same, in addition, for notes on the beat
    beat_share  the same in shares of a quarter note: soloists lie behind by about .055 of a beat from 90 to 220 beats a
                minute (Weimar Jazz Database: 28 ms at 115, 20 at 175)
    spread_ms   standard deviation of the wander around that
    velocity    standard deviation of the velocity's wander
    articulate  sounding share of the written length
    swing       how much of the swing it takes: 1 = all
    off16_ms    later than `shift_ms` where a sixteenth lies between eighths: kicks of funk by 20, of hip-hop by 25 to
                40; hats stay even
    ghost_ms    later than `shift_ms` where it is struck softly (below 60)
    steady      share of the wander that is left on backbeats, the steadiest place of a bar
    arc         velocity gained in the middle of four bars and lost at their ends: the arc of a phrase
    accent      share of the meter's accents in the velocity; a part whose velocities are all one has them all
    strum       steps in which the hand goes down and up again: 12 strums eighths, 6 sixteenths; 0: chords are struck
    drift       share of the band's drift that it follows: 0 for machines
    together    of a kit's hands, share of the wander (its variance) that is the drummer's and common to all hands: on
                Groove MIDI hat, kick and snare of one step deviate together, r = .64 to .79
    """

    name: str
    shift_ms: float
    beat_ms: float = 0.0
    spread_ms: float = 7.0
    velocity: float = 5.0
    articulate: float = 0.9
    swing: float = 1.0
    beat_share: float = 0.0
    off16_ms: float = 0.0
    ghost_ms: float = 0.0
    steady: float = 1.0
    arc: float = 0.0
    accent: float = 0.0
    strum: int = 0
    drift: float = 1.0
    together: float = 0.0


LEAD = Hand("lead", 3.0, 14.0, 7.0, 5.0, 0.88, 0.9)
COMP = Hand("comp", 4.0, 0.0, 6.0, 4.0, 0.9)
BASS = Hand("bass", 4.0, 0.0, 5.0, 4.0, 0.92)
RIDE = Hand("ride", 2.0, 0.0, 5.0, 4.0)
SNARE = Hand("snare", 0.0, 0.0, 8.0, 4.0)
KICK = Hand("kick", -2.0, 0.0, 6.0, 3.0)
PEDAL_HAT = Hand("pedal hat", -8.0, 0.0, 4.0, 3.0)
