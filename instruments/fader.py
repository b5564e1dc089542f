"""The fader of a channel: gain, pan, mute, solo and sends, gliding like the parameters of an effect."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from instruments.glide import Gliding
from instruments.parameter import Choice, Parameter

OFF_DB = -90.0
"""What counts as silence: a gain or a send that is down there is off."""
GAIN = Parameter("dB; -90 = off", OFF_DB, 24, 0)
PAN = Parameter("-1 left .. 1 right", -1, 1, 0)
SWITCH = Parameter("0 off .. 1 on", 0, 1, 0, whole=True)
SEND = Parameter("dB; -90 = off", OFF_DB, 12, OFF_DB)
_HEARD = Parameter("share", 0, 1, 1, glide_ms=10)


class Send(NamedTuple):
    """How loud a channel goes to a return; pre: whatever its gain and pan are (mute and solo count)."""

    level_db: float
    pre: bool = False


@lru_cache(1024)  # what stands still is asked for again and again
def linear(db: float) -> float:
    """Gain of a level in dB; 0 at OFF_DB."""
    return 0.0 if db <= OFF_DB else float(10 ** (db / 20))


@lru_cache(1024)
def panned(pan: float) -> tuple[float, float]:
    """Gains of left and right: equal power, normalised so that the centre changes nothing (left^2 + right^2 = 2)."""
    if pan == 0:
        return 1.0, 1.0
    angle = (pan + 1) * math.pi / 4
    return math.cos(angle) * 2**0.5, math.sin(angle) * 2**0.5


class Fader(Gliding):
    """Two coefficients (left, right) for each way out of a channel: its output, then each of its sends.

    `mute` and `solo` only hold what was set; what is heard after all is the console's to say, by hear().
    """

    def __init__(self, channel: str, values: Mapping[str, float], sends: Mapping[str, Send]) -> None:
        """sends: for every return, in order. Raises InstrumentError: channel, parameter, value, range."""
        rules: dict[str, Parameter | Choice] = {"gain_db": GAIN, "pan": PAN, "mute": SWITCH, "solo": SWITCH}
        rules |= {f"send.{name}": SEND for name in sends}
        self.listed = tuple(rules)
        """The names that are for others."""
        rules |= {f"heard {k}": _HEARD for k in range(len(sends) + 1)}
        super().__init__(f"channel {channel!r}", rules,
                         {**values, **{f"send.{name}": send.level_db for name, send in sends.items()}})
        self._pre = [send.pre for send in sends.values()]

    def hear(self, way: int, yes: bool, ramp_frames: int | None = None, delay_frames: int = 0) -> bool:
        """Whether a way out is heard, by mutes and solos. Returns whether that is new."""
        if self.get(f"heard {way}") == yes:
            return False
        self.set(f"heard {way}", float(yes), ramp_frames, delay_frames=delay_frames)
        return True

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        gain, pan, _, _, *rest = values.values()
        sends = len(self._pre)
        left, right = panned(pan)
        level = linear(gain)
        left, right = left * level, right * level
        heard = rest[sends]
        found = [left * heard, right * heard]
        for k, pre in enumerate(self._pre):
            level = linear(rest[k]) * rest[sends + 1 + k]
            found += (level, level) if pre else (left * level, right * level)
        return found


class MasterFader(Gliding):
    """The mix's volume."""

    listed = ("gain_db",)

    def __init__(self, gain_db: float) -> None:
        super().__init__("channel 'master'", {"gain_db": GAIN}, {"gain_db": gain_db})

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        gain = linear(values["gain_db"])
        return gain, gain
