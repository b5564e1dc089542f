"""Plug-ins in the engine's own process: no isolation, no spare frames for another process. Only for what is trusted."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from instruments.block import InstrumentError
from instruments.hosts.host import ParamValue
from instruments.plugins.child import load
from instruments.plugins.link import Link, LinkDownError
from instruments.plugins.messages import PLUGIN_FRAMES
from instruments.plugins.parameters import describe
from instruments.plugins.player import Player
from instruments.plugins.rings import Rings
from instruments.plugins.slot import Ready, Slot


class LocalLink(Link):
    """A link whose other end is played when it is written to."""

    def __init__(self, player: Player, rings: Rings, latency: int) -> None:
        super().__init__(None, rings, latency)
        self._player = player

    def _flush(self) -> None:
        player = self._player
        try:
            player.hear(self._pending, len(self._pending))
            player.idle()
        except Exception as error:
            raise LinkDownError(str(error) if isinstance(error, InstrumentError) else
                                f"{type(error).__name__}: {error}") from error
        finally:
            self._pending.clear()
        answers, player.answers = player.answers, bytearray()
        self._hear(answers, len(answers))

    def _drain(self) -> None: ...

    def _wait(self, seconds: float) -> None:
        raise LinkDownError("its output is missing")


class LocalHome:
    """A `Home` for one plug-in without a process: it is loaded by open(), in the thread that calls it.

    What it raises is contained, and after max_crashes it stays out; what it does to memory, or a hang, is the engine's.
    """

    pid: int | None = None
    output = ""

    def __init__(self) -> None:
        self._commands: deque[tuple[str, Any]] = deque()
        self._player: Player | None = None
        self._ring_frames = 0

    def join(self, slot: Slot) -> None: ...

    def open(self, slot: Slot, rate: int, ring_frames: int) -> None:
        """May take as long as the plug-in does to load. Never raises: see the slot's state."""
        slot.begin()
        self._ring_frames = -(-ring_frames // PLUGIN_FRAMES) * PLUGIN_FRAMES
        try:
            spec = slot.spec()
            host = load(spec, rate)
            described = describe(host) if spec.known is None else spec.known

            def say(name: str, value: Any) -> None:
                self._hear(slot, name, value)

            rings = Rings(self._ring_frames)
            self._player = player = Player(host, rings, rate, say, described)
            player.begin()
        except Exception as error:
            why = str(error) if isinstance(error, InstrumentError) else f"{type(error).__name__}: {error}"
            slot.give_up(why)
        else:
            slot.ready = Ready(host.name, host.vendor, host.version, host.latency, 0.0, host.is_instrument,
                               host.takes_key, host.sends_midi, host.follows_tempo, described)
            slot.state = "ok"
            self._hand_over(slot, LocalLink(player, rings, host.latency))
        slot.settled.set()

    def close(self, slot: Slot) -> None:
        slot.open = False
        self._player = None

    def retire(self, slot: Slot, link: Link, reason: str, *, certain: bool = False) -> None:
        """It raised: it is reset and goes on, or stays out."""
        link.close()
        player = self._player
        if player is None or link is not slot.link or not reason:
            return
        slot.crashes += 1
        slot.last_error = reason
        if slot.max_crashes is not None and slot.crashes >= slot.max_crashes:
            slot.give_up(f"failed {slot.crashes} times, the last time: {reason}")
            return
        try:
            player.host.reset()
        except Exception as error:
            slot.give_up(f"cannot be reset: {error}")
            return
        self._hand_over(slot, LocalLink(player, player.use(Rings(self._ring_frames)), player.host.latency))

    def set_params(self, slot: Slot, params: Mapping[str, ParamValue]) -> None:
        self.tell(slot, "params", dict(params))

    def tell(self, slot: Slot, command: str, value: object = None) -> None:
        self._commands.append((command, value))
        if slot.link is not None:
            slot.link.commands += 1

    def follow_priority(self) -> None: ...

    def _hand_over(self, slot: Slot, link: LocalLink) -> None:
        link.commands = len(self._commands)
        slot.hand_over(link)

    def _hear(self, slot: Slot, name: str, value: Any) -> None:
        if name != "command":
            slot.hear(name, value)
        elif self._player is not None:
            self._player.obey(*self._commands.popleft())
