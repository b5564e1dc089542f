"""MIDI controllers from a program: the seed's `map_cc`, for Sideman as it plays.

    midi = MidiController()
    midi.map_cc(1, "filter.cutoff", 20, 20000, "log")
    midi.map_cc(2, "reverb.mix", 0, 1, "linear")
    midi.map_cc(3, "density")
    if __name__ == "__main__":  # the port is heard in a process of its own, which reads this file, too
        asyncio.run(midi.run(port="nanoKONTROL2"))

Or without a port of its own: hear() takes bytes and tells what they set. toml() is the same for a session's file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from bridge.controllers.map_edit import lines
from bridge.controls.control_map import ControlMap
from bridge.controls.curves import CurveName
from bridge.controls.mapping import Control, Mapped, check_controls
from bridge.errors import MessageError, SessionError
from bridge.parameter_paths import ParameterInfo, find

_LOOK_S = 0.005
_TURN_S = 0.02
"""A fader sends hundreds of values a second: the last of each goes out so often."""
_URL = "ws://localhost:3000/music"


class Player(Protocol):
    """Who turns parameters: a MusicClient, for one."""

    async def parameters(self, match: str | None = None) -> Iterable[ParameterInfo]: ...

    async def set(self, values: dict[str, float | str], ramp: float | None = None) -> None: ...


class MidiController:
    """Controls and what they turn. One thread's. Paths may be short: see bridge.parameter_paths.find()."""

    def __init__(self, *, takeover: str = "jump") -> None:
        """takeover: "jump", "pickup" or "scale": see bridge.controls.take_over. Raises MessageError for another."""
        self._control = _checked(lambda: msgspec.convert({"takeover": takeover}, Control))
        self._map = ControlMap([self._control])
        self._known: dict[str, ParameterInfo] = {}
        self._full: dict[str, str] = {}

    @property
    def mappings(self) -> list[Mapped]:
        return list(self._control.map)

    def map_cc(self, number: int, path: str, low: float | None = None, high: float | None = None,
               curve: CurveName | None = None, **more: Any) -> Mapped:
        """Controller `number` (0..127) turns `path` from low to high (default: its own range, in its unit), along a
        curve: linear, log, exponential, stepped, toggle, bipolar or fader (default: as the parameter wants it).

        more: channel (1..16), steps, centre, latch, value, relative, detents, takeover: see bridge.controls.mapping.
        A control that is mapped again turns the new parameter, too. Raises MessageError for what does not fit.
        """
        return self.map(path, cc=number, low=low, high=high, curve=curve, **more)

    def map(self, path: str, **what: Any) -> Mapped:
        """Any control: cc, cc14, nrpn, rpn, note, program, key_pressure, bend or pressure, and the rest as map_cc().
        Raises MessageError."""
        keys = {"path": path} | {key: value for key, value in what.items() if value is not None}
        mapped: Mapped = _checked(lambda: msgspec.convert(keys, Mapped))
        control = msgspec.structs.replace(self._control, map=[*self._control.map, mapped])
        try:
            check_controls([control], set(), "map")
        except SessionError as error:
            raise MessageError(str(error)) from None
        self._control = control
        self._map.remap(0, control.map)
        return mapped

    def unmap(self, path: str) -> int:
        """What turns it goes. Returns how many."""
        kept = [m for m in self._control.map if m.path != path]
        count = len(self._control.map) - len(kept)
        self._control = msgspec.structs.replace(self._control, map=kept)
        self._map.remap(0, kept)
        return count

    def toml(self) -> str:
        """[[control.map]] lines for a session's file."""
        return "\n".join(lines(mapped) for mapped in self._control.map)

    # -- playing -------------------------------------------------------------------------------------------------------

    def know(self, infos: Iterable[ParameterInfo]) -> None:
        """The parameters there are, as they stand now: ranges that mappings leave out, and where a value stands."""
        self._known = {info.path: info for info in infos}
        self._full.clear()

    def hear(self, data: bytes) -> dict[str, float | str]:
        """What MIDI bytes set, by full path: the last value of each. Raises MessageError for a path that is not known
        (where know() has told some), or a mapping without a range."""
        values = self._map.values(self._map.hear(0, data), self._find)
        found = {self._full.get(path, path): value for path, value in values.items()}
        for path, value in found.items():
            if path in self._known and not isinstance(value, str):
                self._known[path] = msgspec.structs.replace(self._known[path], value=value)
        return found

    def _find(self, path: str) -> ParameterInfo | None:
        if not self._known:
            return None
        if path not in self._full:
            try:
                self._full[path] = find(path, self._known).path
            except MessageError:
                if not path.startswith("music."):
                    raise
                return None  # one that takes words is in no list
        return self._known[self._full[path]]

    async def run(self, port: str | None = None, player: Player | None = None, *, url: str = _URL,
                  started: Callable[[str], object] = lambda _source: None) -> None:
        """Turn what plays until cancelled: from a MIDI port (an exact name or a part that fits one; None: an input of
        ours that people connect to) to `player`, or to the Sideman at `url`. started: called with the port's name once
        it is heard, after a second or so.

        Raises PortError, MessageError, ConnectionError.
        """
        if player is not None:
            await self._turn(player, port, started)
            return
        from bridge.client import MusicClient

        async with MusicClient(url) as client:
            await self._turn(client, port, started)

    async def _turn(self, player: Player, port: str | None, started: Callable[[str], object]) -> None:
        from bridge.watch.listener import ClockListener

        self.know(await player.parameters())
        listener = ClockListener(port)
        await asyncio.to_thread(listener.start)
        started(listener.source.name)
        try:
            while listener.lost is None:
                heard = await asyncio.to_thread(listener.take, _LOOK_S)
                values: dict[str, float | str] = {}
                for each in heard:
                    values |= self.hear(each.data)
                if values:
                    await player.set(values)
                    await asyncio.sleep(_TURN_S)
        finally:
            await asyncio.to_thread(listener.stop)


def _checked(convert: Callable[[], Any]) -> Any:
    try:
        return convert()
    except msgspec.ValidationError as error:
        raise MessageError(f"map: {error}") from None
