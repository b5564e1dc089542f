"""The drum kit as a drummer has it before him: General MIDI's keys, what chokes what, and hands by feel.

Timing and its spread are measured on Groove MIDI: against the kit's common lead on the click, the kick lies 3 ms
early, the ride 4 ms late, the pedalled hat 11 ms early; live hands wander by 14 to 18 ms, tight sessions by 6 to 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from composers.parts.humanise import Hand

CHANNEL = 9
"""General MIDI's drums, counted from 0."""

KICK, RIM, SNARE, CLAP, BRUSH_TAP = 36, 37, 38, 39, 40
HAT, PEDAL_HAT, OPEN_HAT = 42, 44, 46
FLOOR_TOM, LOW_TOM, MID_TOM, HIGH_TOM = 43, 45, 47, 50
CRASH, RIDE, CHINA, BELL, SPLASH, CRASH_2 = 49, 51, 52, 53, 55, 57
TAMBOURINE, COWBELL = 54, 56
HIGH_BONGO, LOW_BONGO, MUTE_CONGA, CONGA, LOW_CONGA = 60, 61, 62, 63, 64
HIGH_TIMBALE, LOW_TIMBALE, HIGH_AGOGO, LOW_AGOGO = 65, 66, 67, 68
CABASA, SHAKER, GUIRO, CLAVES, TRIANGLE, OPEN_TRIANGLE = 69, 70, 73, 75, 80, 81

HATS = frozenset({HAT, PEDAL_HAT, OPEN_HAT})
RIDES = frozenset({RIDE, BELL})
CRASHES = frozenset({CRASH, CRASH_2, CHINA, SPLASH})
CYMBALS = HATS | RIDES | CRASHES
TOMS = frozenset({FLOOR_TOM, LOW_TOM, MID_TOM, HIGH_TOM})
DRUMS = frozenset({KICK, SNARE, RIM, CLAP, BRUSH_TAP}) | TOMS

CHOKES: Mapping[int, frozenset[int]] = MappingProxyType(
    {HAT: frozenset({OPEN_HAT}), PEDAL_HAT: frozenset({OPEN_HAT}), OPEN_HAT: frozenset({HAT, PEDAL_HAT}),
     TRIANGLE: frozenset({OPEN_TRIANGLE}), MUTE_CONGA: frozenset({CONGA})}
)  # fmt: skip
"""By key, the keys that it silences: one pair of cymbals cannot be open and closed."""


_TOGETHER = 0.7
"""Share of a drummer's wander that all limbs have in common."""


def _hands(
    name: str, spread: float, velocity: float, *, kick: float = -3.0, snare: float = 0.0, hat: float = 1.0,
    ride: float = 4.0, pedal: float = -11.0, hat_spread: float = 0.9, kick16: float = 0.0, snare16: float = 0.0,
    ghost: float = 0.0, steady: float = 0.75, drift: float = 1.0, kick_swing: float = 1.0, snare_swing: float = 1.0,
) -> Mapping[int, Hand]:  # fmt: skip
    """Hands of one drummer: shifts in ms, `spread` of the snare's wander in ms; the others' in proportion.

    kick16, snare16, ghost  lateness of sixteenths, and of soft snare hits; hats and cymbals stay almost even
    kick_swing, snare_swing  how much of the swing they take
    """

    def hand(limb: str, shift: float, share: float, loud: float, off16: float = 0.0) -> Hand:
        return Hand(f"{name} {limb}", shift, 0.0, spread * share, velocity * loud, off16_ms=off16, drift=drift,
                    together=_TOGETHER)  # fmt: skip

    snares = hand("snare", snare, 1.1, 1.0, snare16)._replace(ghost_ms=ghost, steady=steady, swing=snare_swing)
    found = {
        0: hand("others", 0.0, 1.0, 1.0),
        KICK: hand("kick", kick, 1.0, 0.8, kick16)._replace(swing=kick_swing),
        **dict.fromkeys((SNARE, RIM, CLAP, BRUSH_TAP), snares),
        **dict.fromkeys((HAT, OPEN_HAT), hand("hat", hat, hat_spread, 0.9, 0.2 * kick16)),
        PEDAL_HAT: hand("pedal hat", pedal, 1.0, 0.7),
        **dict.fromkeys((RIDE, BELL, CRASH, CRASH_2, CHINA, SPLASH), hand("ride", ride, 0.9, 0.8)),
    }  # fmt: skip
    return MappingProxyType(found)


HANDS: Mapping[str, Mapping[int, Hand]] = MappingProxyType(
    {
        "live": _hands("live", 16.0, 8.0, kick16=12.0, snare16=5.0, ghost=4.0),
        "tight": _hands("tight", 8.0, 6.0, kick16=5.0),
        "funk": _hands("funk", 14.0, 8.0, kick16=15.0, snare16=8.0, ghost=8.0),
        "hip-hop": _hands("hip-hop", 14.0, 7.0, kick16=18.0, snare=6.0, snare16=8.0, ghost=12.0),
        "soul": _hands("soul", 14.0, 7.0, kick16=16.0, snare16=8.0, ghost=8.0),
        "electronic": _hands("machine", 1.5, 2.5, kick=0.0, hat=0.0, ride=0.0, pedal=0.0, steady=1.0, drift=0.0),
        "boom-bap": _hands("boom-bap", 13.0, 7.0, kick=-2.0, snare=8.0, hat=2.0, drift=0.5, kick_swing=1.15,
                           snare_swing=0.75),
        "lo-fi": _hands("lo-fi", 17.0, 7.0, kick=-4.0, snare=18.0, hat=12.0, ride=8.0, pedal=0.0, hat_spread=1.1,
                        drift=0.5, kick_swing=1.1, snare_swing=0.7),
        "laid back": _hands("laid back", 13.0, 8.0, snare=15.0, kick16=10.0, ghost=8.0),
        "pushed": _hands("pushed", 12.0, 8.0, snare=-8.0),
        "jazz": _hands("jazz", 13.0, 9.0, ride=3.0, pedal=-10.0),
    }
)  # fmt: skip
"""By feel: live drummers (sd 14 to 18 ms), tight sessions (6 to 9), funk and hip-hop whose sixteenths and ghosts lie
late, machines (0 to 4), fingers on pads in boom-bap (10 to 18, snare 5 to 15 ms late; kicks swing more than ghosts) and
lo-fi (15 to 22, snare 15 to 25 late, hats 10 to 20).
Laid back and pushed drummers shift the snare alone: kick and hats hold the time."""
