"""What has been turned, and can be: kept by main, so that a new engine sounds as the old one did."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from bridge.engine.inbox import ParameterMove, SetParameter
from bridge.errors import MessageError
from bridge.parameter_paths import ParameterInfo, find, matching, number
from bridge.stream import wire

MASTER_GAIN = "mixer.master.gain_db"
_CUTOFF, _RESONANCE, _BYPASS = "master.filter.cutoff_hz", "master.filter.resonance", "master.filter.bypass"
_OFF_DB = -90.0


class Knobs:
    """Parameters by path, as the engine listed them, and where they have been turned since. Belongs to one thread."""

    def __init__(self) -> None:
        self._known: dict[str, ParameterInfo] = {}
        self._base: dict[str, float] = {}
        """Values of the session itself."""
        self._turned: dict[str, float] = {}
        self._waiting: dict[str, float] = {}
        """What was turned of plug-ins that have yet to load."""

    def learn(self, infos: Iterable[ParameterInfo], *, loading: bool = False) -> list[SetParameter]:
        """An engine is ready, with these, and with what was turned before; or has more, since a plug-in has loaded.

        loading: more are to come; else what is not there any more is forgotten. Returns what the engine is to be told
        again, as it could not know it when it began.
        """
        self._known = {info.path: info for info in infos}
        back = {path: value for path, value in self._waiting.items() if path in self._known}
        gone = {path: value for path, value in self._turned.items() if path not in self._known}
        self._waiting = {p: v for p, v in {**self._waiting, **gone}.items() if loading and p not in back}
        self._turned = {path: value for path, value in {**self._turned, **back}.items() if path in self._known}
        for path, info in self._known.items():
            if path not in self._turned:
                self._base[path] = info.value
        return [SetParameter(path, value, 0.0) for path, value in back.items()]

    def __len__(self) -> int:
        """How many parameters are known."""
        return len(self._known)

    def info(self, path: str) -> ParameterInfo | None:
        """Of a path as the engine tells it."""
        return self._known.get(path)

    def now(self, path: str) -> ParameterInfo | None:
        """As it stands, by its exact path."""
        info = self._known.get(path)
        return None if info is None else msgspec.structs.replace(info, value=self._turned.get(path, info.value))

    def listed(self, match: str | None) -> Sequence[ParameterInfo]:
        """Those whose path holds all the words, with their values now."""
        return [msgspec.structs.replace(info, value=self._turned.get(info.path, info.value))
                for info in matching(self._known.values(), match)]

    def commands(self, values: Mapping[str, float | str], ramp_s: float | None) -> list[SetParameter]:
        """All of them or none. Raises MessageError: the path or the value that is wrong, and what would do."""
        if not self._known:
            raise MessageError("the engine is still starting: try again when it plays")
        told = []
        for path, value in values.items():
            info = find(path, self._known)
            told.append(SetParameter(info.path, number(info, value), ramp_s))
        if _BYPASS in self._known and _BYPASS not in values:
            for command in [each for each in told if each.path == _CUTOFF]:  # turned is heard; open, it is taken out
                out = float(command.value >= 20_000)
                if (ramp_s is None or not out) and out != self._turned.get(_BYPASS, self._known[_BYPASS].value):
                    told.append(SetParameter(_BYPASS, out, None))
        self._turned.update((command.path, command.value) for command in told)
        return told

    @property
    def turned(self) -> dict[str, float]:
        """For an engine that takes over."""
        return {**self._turned, **self._waiting}

    def moved(self, moves: Iterable[ParameterMove]) -> None:
        """As the engine tells it: by clients, controllers or composers."""
        for move in moves:
            self._turned[move.path] = move.value

    # The two that the seed's `modify` has names for.

    def volume_db(self, volume: float) -> float:
        """The master fader for a volume of 0..1, where 1 is the session's own level."""
        base = self._base.get(MASTER_GAIN, 0.0)
        return max(_OFF_DB, base + 20 * math.log10(volume)) if volume > 0 else _OFF_DB

    @property
    def volume(self) -> float:
        """Where the master fader stands, as such a volume; above the session's own level it is 1."""
        db = self._turned.get(MASTER_GAIN)
        if db is None:
            return 1.0
        return 0.0 if db <= _OFF_DB else min(1.0, 10 ** ((db - self._base.get(MASTER_GAIN, 0.0)) / 20))

    def filter_values(self, low_pass: wire.Filter) -> dict[str, float | str]:
        """The mix's low-pass; open, at 20 kHz, it is taken out."""
        return {_CUTOFF: low_pass.cutoff, _RESONANCE: low_pass.resonance, _BYPASS: float(low_pass.cutoff >= 20_000)}
