"""What real music keeps to, genre by genre: bands for statistics, and how a piece fares.

The bands come from the real data's 10 to 90 % (POP909, McGill Billboard, OpenScore Lieder and quartets, Polish scores,
folk tunes, When in Rome, Weimar Jazz Database, Groove MIDI) where `measured`, else from what is taught. A statistic
inside its band is necessary, never sufficient; one that the random baselines pass too measures nothing (`worth`).

What random music passes is no gate, whatever real music does (`LEFT_OUT` says why), and stays a measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from composers.errors import MusicError
from composers.statistics.measures import MEASURES
from composers.statistics.piece import Piece


@dataclass(frozen=True, slots=True)
class Gate:
    """low <= value <= high; None for no bound. `measured`: from data, not from teaching."""

    measure: str
    low: float | None = None
    high: float | None = None
    measured: bool = True

    @property
    def scope(self) -> str:
        return MEASURES[self.measure].scope

    def passes(self, value: float) -> bool:
        """Compared as tables show values: to a hundredth."""
        shown = round(value, 2)
        return (self.low is None or shown >= self.low) and (self.high is None or shown <= self.high)

    def __str__(self) -> str:
        if self.low is None:
            return f"<= {self.high:g}"
        return f">= {self.low:g}" if self.high is None else f"{self.low:g} - {self.high:g}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`value` None: the piece has nothing to measure, and the gate does not apply."""

    gate: Gate
    value: float | None

    @property
    def passed(self) -> bool | None:
        return None if self.value is None else self.gate.passes(self.value)


_MELODY = (Gate("melody.turns", 0.36, 0.6), Gate("melody.leaps", 0.03, 0.22))
"""What lines of all kinds do: the turns and leaps of tunes, songs, pop and solos, .43 to .54 and .12 to .15, widened
to what single pieces show."""
_CLASSICAL = (
    Gate("key4", 0.72), Gate("dia4", 0.86, 1.0), Gate("dissonance", None, 0.28), Gate("lag4", 0.03, 0.25),
    Gate("melody.on_strong", 0.70, 0.90, measured=False),
    Gate("melody.steps", 0.60, 0.75), *_MELODY,
    Gate("melody.rep", 0.05, 0.40), Gate("melody.rrep", 0.45, 0.9), Gate("chords_resolved", 0.65),
)  # fmt: skip

GATES: Mapping[str, tuple[Gate, ...]] = {
    "pop/rock": (
        Gate("key4", 0.78), Gate("dia4", 0.95),
        Gate("melody.on_strong", 0.70, 0.85), Gate("melody.on_off16", 0.50, 0.70),
        Gate("melody.steps", 0.60, 0.75), *_MELODY, Gate("melody.phrase_notes", 4, 22),
        Gate("melody.rep", 0.27, 0.65), Gate("rep", 0.05, 0.45), Gate("melody.rrep", 0.40, 0.75),
        Gate("drums.jac1", 0.35, 0.75), Gate("chords_equal4", 0.30, 0.55),
    ),
    "EDM": (
        Gate("key4", 0.78), Gate("dia4", 0.95),
        Gate("melody.on_strong", 0.70, 0.85), Gate("melody.on_off16", 0.50, 0.70),
        Gate("melody.steps", 0.55, 0.80), *_MELODY, Gate("melody.phrase_notes", 3, 24, measured=False),
        Gate("melody.rep", 0.3, 0.8, measured=False), Gate("rep", 0.3, 0.8, measured=False),
        Gate("melody.rrep", 0.5, 0.95), Gate("drums.jac1", 0.6, 1.0, measured=False),
        Gate("chords_equal4", 0.5, 1.0, measured=False),
    ),
    "classical voices": (*_CLASSICAL, Gate("melody.phrase_notes", 3, 20)),
    "classical piano": (*_CLASSICAL, Gate("melody.phrase_notes", 5, 24)),
    "jazz": (
        Gate("key4", 0.75), Gate("dia4", 0.77, 0.95), Gate("drums.jac1", 0.3, 0.6),
        Gate("chords_equal4", 0.1, 0.3, measured=False),
    ),
    "jazz solo": (
        Gate("melody.key4", 0.60), Gate("melody.dia4", 0.77, 0.95),
        Gate("melody.on_strong", 0.50, 0.65), Gate("melody.at_ends", 0.60),
        Gate("melody.steps", 0.55, 0.65), Gate("melody.leaps", 0.08, 0.20), Gate("melody.turns", 0.36, 0.52),
        Gate("melody.runs", 0.20, 0.40), Gate("melody.rrep", 0.05, 0.3),
        Gate("melody.phrase_notes", 5, 24), Gate("melody.phrase_beats", 3, 12),
    ),
    "jazz head": (
        Gate("melody.rep", 0.3, 0.5, measured=False), Gate("melody.phrase_notes", 3, 24, measured=False),
        Gate("melody.turns", 0.36, 0.6), Gate("melody.leaps", 0.03, 0.25),
    ),
    "ambient": (
        Gate("key4", 0.75), Gate("dia4", 0.97), Gate("clash_s", None, 2.0),
        Gate("melody.steps", 0.40, 0.80), Gate("chords_equal4", 0.2, 0.8, measured=False),
    ),
}  # fmt: skip
"""By profile. "hip-hop" shares the bands of "EDM": loops that vary. Strings and voices are "classical voices", all with
a keyboard "classical piano"."""
GATES = {**GATES, "hip-hop": GATES["EDM"]}

LEFT_OUT: Mapping[str, str] = {
    "melody.breathes":
        "a rest of half a beat in four bars: a line of few notes at random places always has one. melody.phrase_notes "
        "is the gate: so many notes between rests, where dice leave two",
    "melody.rep of jazz solos": "solos do not repeat a bar, and neither do dice",
    "rep of ambient music": "loops of unlike lengths do not repeat a bar, and neither do dice",
    "rep of classical music":
        "real pieces repeat few bars, dice none. lag4 is the gate: what a bar shares with the one four before, where "
        "dice share .02",
    "chords_equal4 of classical music":
        "When in Rome has a median of 0 (10 to 90 %: 0 to .11), and so has each of its works with its bars in another "
        "order: the taught .05 to .2 was no fact. chords_resolved is the gate: dominant sevenths that fall a fifth, "
        ".86 there and .65 of the same bars in another order",
    "parallels of classical music":
        "octaves are doublings and no longer count; fifths are .000 in the median of real pieces and .004 of random "
        "ones: a rule for a checker, no statistic. dissonance is the gate: outer voices a second, seventh or tritone "
        "apart, .18 to .20 there and .32 to .42 of dice",
}  # fmt: skip
"""What was a gate, or would seem one, and measures nothing: why, and what stands in its place."""

PROFILES: Mapping[str, tuple[str, ...]] = {
    "jazz": ("jazz", "jazz head", "jazz solo"), "rock": ("pop/rock",), "pop": ("pop/rock",),
    "hiphop": ("hip-hop",), "hip-hop": ("hip-hop",), "edm": ("EDM",),
    "classical": ("classical voices", "classical piano"),
    "ambient": ("ambient",),
}  # fmt: skip
"""By genre, the profiles that its pieces are judged by: "jazz head" on heads, "jazz solo" on solos, "classical voices"
on styles without a keyboard."""


def gates(profile: str) -> tuple[Gate, ...]:
    """Raises MusicError for a profile that has none: it lists them."""
    try:
        return GATES[profile]
    except KeyError:
        raise MusicError(f"no gates are known for {profile!r}: choose one of {', '.join(GATES)}") from None


def judge(piece: Piece, profile: str) -> tuple[Verdict, ...]:
    """Each gate of a profile against a piece of 8 bars and more. Raises MusicError for an unknown profile."""
    return tuple(Verdict(gate, MEASURES[gate.measure].of(piece)) for gate in gates(profile))


def worth(gate: Gate, noise: Sequence[float]) -> float:
    """Share of random pieces that the gate rejects, 0..1; near 0 it measures nothing. 0 without any."""
    return sum(not gate.passes(value) for value in noise) / len(noise) if noise else 0.0
