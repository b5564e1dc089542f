"""Delay: echoes in beats or milliseconds, on a tape that runs with the tempo or from heads that cross-fade."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from instruments.block import CONTROL_FRAMES
from instruments.native_effect import NativeEffect, power
from instruments.parameter import Choice, Parameter

LONGEST_S = 8.0
"""Longest echo. Beats that would take longer at a slow tempo are halved until they fit: still on the grid."""
_GLIDE_S = 0.08
_FADE_S = 0.03


class Delay(NativeEffect):
    """change "tape": a new time glides there with a change of pitch (time constant 80 ms); at a new tempo the tape
    changes its speed, so that every echo still comes `beats` after its sound, at the pitch of the new speed until what
    was recorded before has passed. "fade": cross-fades to the new time in 30 ms; pitch stays, and echoes that are on
    their way keep the old tempo's time until the fade. wow and flutter are the tape's.

    low_pass_hz and high_pass_hz (6 dB/oct), and saturation, act once in each echo, the first included.
    """

    NAME = "delay"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "beats": Parameter("quarter notes; 0 = free, time_ms", 0, 16, 0.75, glide_ms=0),
        "time_ms": Parameter("ms, where beats is 0", 1, 8000, 350, log=True, glide_ms=0),
        "feedback": Parameter("share", 0, 0.98, 0.35),
        "ping_pong": Parameter("0 straight .. 1 from side to side", 0, 1, 0),
        "low_pass_hz": Parameter("Hz in the loop; 20000 = off", 200, 20000, 5000, log=True),
        "high_pass_hz": Parameter("Hz in the loop; 10 = off", 10, 2000, 200, log=True),
        "saturation": Parameter("0 clean .. 1 a driven tape in the loop", 0, 1, 0),
        "wow": Parameter("% of the tape's speed", 0, 2, 0),
        "flutter": Parameter("% of the tape's speed", 0, 0.5, 0),
        "change": Choice(("tape", "fade"), "tape"),
        "duck_db": Parameter("dB less echo while the dry sound plays", 0, 30, 0),
        "mix": Parameter("0 dry .. 1 echoes only, equal power", 0, 1, 0.2),
    }
    KERNEL = "echoes:delay"
    STATE = 24 + 4096

    def size(self) -> None:
        self.memory = 2 * power(LONGEST_S * self.rate + 256)
        seconds = self._seconds(self.values, self.bpm)
        times = math.log(1e-3) / math.log(max(self.values["feedback"], 1e-3)) + 1
        # An echo may be set to come as late as that while all is silent.
        self.tail = int(max(times * seconds * 1.05, LONGEST_S) * self.rate)

    @staticmethod
    def _seconds(values: Mapping[str, float], bpm: float) -> float:
        beats = values["beats"]
        if beats == 0:
            return min(values["time_ms"] / 1000, LONGEST_S)
        seconds = beats * 60 / max(bpm, 1.0)
        return seconds / 2.0 ** max(0, math.ceil(math.log2(seconds / LONGEST_S)))

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        # The tape's unit is a frame at 120 BPM, so that its speed says the tempo and a head's distance the beats.
        speed = max(bpm, 1.0) / 120 if values["beats"] > 0 else 1.0
        low, high = values["low_pass_hz"], values["high_pass_hz"]
        angle = values["mix"] * math.pi / 2
        return (
            speed, self._seconds(values, bpm) * rate * speed, values["feedback"], values["ping_pong"],
            1.0 if low >= 20000 else 1 - math.exp(-2 * math.pi * low / rate),
            0.0 if high <= 10 else 1 - math.exp(-2 * math.pi * high / rate),
            math.cos(angle) if values["mix"] < 1 else 0.0, math.sin(angle), 3 * values["saturation"],
            values["wow"] / 100, values["flutter"] / 100, 1 - 10 ** (-values["duck_db"] / 20),
            float(values["change"] == 0), 1 - math.exp(-CONTROL_FRAMES / (_GLIDE_S * rate)), 1 / (_FADE_S * rate),
            CONTROL_FRAMES / rate, 1e-4 * rate, 1 - math.exp(-1 / (0.005 * rate)), 1 - math.exp(-1 / (0.25 * rate)),
        )
