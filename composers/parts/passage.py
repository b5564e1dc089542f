"""What a part is given to compose over, and what it writes: events on a grid, not yet played."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from composers.harmony import STEPS, Region
from composers.pulse import Pulse


class Event(NamedTuple):
    """A written note: `step` and `length` in steps (12 a quarter) from the passage's beginning, before any swing.

    strokes  struck so often, evenly within its length: rolls, trills of one key, tremolo
    swell    velocity gained (lost) from the first stroke to the last
    grace    a key struck lightly just before it: a flam, a crushed note
    cents    deviation from the key
    late     ticks by which it is played later than written, within its bar: rubato, a chord broken by hand
    """

    step: int
    length: int
    pitch: int
    velocity: float
    strokes: int = 1
    swell: float = 0.0
    grace: int | None = None
    cents: float = 0.0
    late: int = 0

    @property
    def end(self) -> int:
        return self.step + self.length


class Turn(NamedTuple):
    """A controller turned, evenly over `length` steps (0: at once), to `value`; it stays there.

    kind    "bend" (value in semitones), "cc", "pressure" or "program"
    number  the controller's number where kind is "cc", else 0
    origin  where it begins
    """

    step: int
    length: int
    kind: str
    number: int
    value: float
    origin: float = 0.0


class Sweep(NamedTuple):
    """A parameter of the sound on its way, see score.Ramp: `length` in steps, `path` as seen from the part's track."""

    step: int
    length: int
    path: str
    value: float
    origin: float | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What a part writes for a passage; events sorted."""

    events: Sequence[Event] = ()
    turns: Sequence[Turn] = ()
    sweeps: Sequence[Sweep] = ()


Listening = Mapping[str, Sequence[Event]]
"""What the parts have written that were asked before, by part; pitches as they write them."""


class Lane(NamedTuple):
    """The keys that a part's instrument plays with ease, as sounding, lowest and highest."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A section as a part sees it.

    Lines are written around a tonic of C and moved by `tonic` semitones, so that a key changes no tune; a part that
    thinks in absolute keys (hands, guitars) says so (style.Player.absolute) and adds `tonic` itself.

    seed, identity  what its random generators derive from: the plan's seed and the section's place; what belongs to
                    all sections of one kind (a groove, a riff, a tune) derives from seed and `material` alone
    pulse, bars     the meter in steps, and the bars to write; `written` are the bars that its form has
    role, name      see forms.Section; `turn` counts earlier passages of the same letter in the chorus
    before, after   roles of the passages around it, "" at the ends
    regions         the harmony; beyond it comes `following`, a region of the next passage (steps from this one's start)
    blues           whether the form is a blues: some phrases take the tonic's blues scale over every chord
    minor           whether the tonic chord is minor
    scale           the key's scale as a 12-bit mask relative to the tonic
    energy          0..1, the plan's energy already in it; it grows to `energy_end`
    density         0..1, complexity 0..1, register: see composer.Plan
    tempo           for what is written in ms alone: it decides no note
    temperature     of the draws of heads and solos, see dice.Dice; 1 is the style's own
    tonic           semitones that the piece stands from C, -5..6
    lanes           by part, what its instrument plays with ease, in absolute keys
    bends           by part, semitones of its instrument's full pitch bend
    mode            the key's, a name of theory.modes: what goes up another way than down, what phrases rest on
    sounds          by part, the plain name of the instrument that plays it (of several tracks the first's), where known
    chart_bar       where in its chart the section begins, see forms.Section
    """

    seed: int
    identity: tuple[int | str, ...]
    pulse: Pulse
    bars: int
    written: int
    role: str
    name: str
    turn: int
    chorus: int
    closes: bool
    regions: tuple[Region, ...]
    following: Region
    energy: float
    energy_end: float
    blues: bool = False
    minor: bool = False
    scale: int = 0b101010110101
    before: str = ""
    after: str = ""
    density: float = 0.5
    complexity: float = 0.5
    register: int = 0
    tempo: float = 120.0
    tonic: int = 0
    style: str = ""
    first_bar: int = 0
    lanes: Mapping[str, Lane] = field(default_factory=dict)
    sounds: Mapping[str, str] = field(default_factory=dict)
    bends: Mapping[str, float] = field(default_factory=dict)
    starts: tuple[int, ...] = ()
    temperature: float = 1.0
    chart_bar: int = 0
    mode: str = "major"

    @property
    def material(self) -> tuple[str, str]:
        """What sections of one kind share."""
        return self.role, self.name

    @property
    def beats(self) -> int:
        """Of the meter as written."""
        return self.pulse.meter.beats

    @property
    def bar_steps(self) -> int:
        return self.pulse.steps

    @property
    def steps(self) -> int:
        return self.bars * self.pulse.steps

    def at(self, step: int) -> Region:
        """The chord at a step; past the end the one that follows."""
        if step >= self.steps:
            return self.following
        return self.regions[bisect_right(self.starts, step) - 1]

    def next_to(self, region: Region) -> Region:
        """The chord after `region`."""
        return self.at(region.end)

    def strong(self, step: int) -> bool:
        """Whether a step is a strong beat: 1 and 3 of four, 1 of three."""
        return self.pulse.is_strong(step)

    def drums_alone(self, bar: int) -> bool:
        """Whether the drummer has this bar to himself: every second four of a trading chorus, or the whole solo."""
        return self.role == "drum-solo" or (self.role == "trade" and bar // 4 % 2 == 1)

    def energy_at(self, bar: int) -> float:
        return self.energy + (self.energy_end - self.energy) * bar / max(1, self.bars)

    def lively(self, bar: int) -> float:
        """How many notes, against the style's own measure: .6 to 1.4 by energy, half to double by density."""
        return float((0.6 + 0.8 * self.energy_at(bar)) * 4.0 ** (self.density - 0.5))

    def lane(self, part: str, low: int, high: int) -> Lane:
        """The keys for a part: its instrument's, within `low`..`high` as far as they overlap by an octave at least."""
        own = self.lanes.get(part)
        if own is None:
            return Lane(low, high)
        bottom, top = max(own.low, low), min(own.high, high)
        return Lane(bottom, top) if top - bottom >= 12 else own


def beat_steps(count: float) -> int:
    """Quarters in steps."""
    return round(count * STEPS)
