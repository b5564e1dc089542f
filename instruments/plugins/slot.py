"""One plug-in's place in a process: what is loaded there, what has happened to it, and what it is to remember."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from instruments.hosts.function_host import FunctionSpec
from instruments.hosts.host import ParamValue
from instruments.hosts.parameter_units import plain_name
from instruments.plugins.link import Link
from instruments.plugins.parameters import Described, Standing
from instruments.plugins.use import PluginUse

CRASH_WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class HostSpec:
    """What makes a `PluginHost` in a plug-in's process.

    adapter   module and class, called with (path, which, load_timeout_s); None for a function
    """

    name: str
    path: Path
    adapter: tuple[str, str] | None
    which: str | None = None
    function: FunctionSpec | None = None
    load_timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class SlotSpec:
    """What to load, and how to set it: state first, then preset, then params.

    known  the parameters' descriptions are at hand from an earlier life: they need not be asked for again
    """

    host: HostSpec
    state: bytes | None = None
    preset: Path | None = None
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    known: tuple[Described, ...] | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """What is said of a plug-in when it has loaded: its own latency in frames, what took how long, what it can."""

    name: str
    vendor: str
    version: str
    latency: int
    load_s: float
    is_instrument: bool = False
    takes_key: bool = False
    sends_midi: bool = False
    follows_tempo: bool = False
    described: tuple[Described, ...] = ()
    standing: tuple[Standing, ...] = ()
    """Where parameters stand that stood elsewhere when they were described, in an earlier life."""


class Slot:
    """Shared by the plug-in's owner and its home's thread; the methods are for any thread and never block for long."""

    def __init__(self, spec: HostSpec, use: PluginUse, max_crashes: int | None) -> None:
        """max_crashes within CRASH_WINDOW_S that this plug-in is to blame for, and it stays out; None: never."""
        self.host = spec
        self.max_crashes = max_crashes
        self.state = "loading"
        self.last_error = ""
        self.crashes = 0
        self.ready: Ready | None = None
        self.open = False
        self.fresh = True
        """Loaded, or to be, and not yet played by the owner."""
        self.on_link: Callable[[Link], None] | None = None
        self.links: deque[Link] = deque()
        self.link: Link | None = None
        """Of the present process; its commands are counted in the home's thread."""
        self.crash_times: deque[float] = deque()
        self.wanted: deque[Mapping[str, ParamValue]] = deque()
        """Parameters to be told to the present process."""
        self.settled, self.gone = threading.Event(), threading.Event()
        self._use = use
        self._lock = threading.Lock()
        self._params = dict(use.params)
        self._told: Mapping[str, ParamValue] = {}
        self._taken: bytes | None = None
        self._trusted = True

    @property
    def name(self) -> str:
        return self.host.name

    @property
    def out(self) -> bool:
        """It will not be started again."""
        return self.state.startswith("out")

    @property
    def params(self) -> Mapping[str, ParamValue]:
        """All that has been set and not been refused, where it stands now."""
        with self._lock:
            return dict(self._params)

    @property
    def taken(self) -> bytes | None:
        """The plug-in's last state, or what it was given to begin with."""
        return self._use.state if self._taken is None else self._taken

    def untold(self) -> dict[str, ParamValue]:
        """What has been set since the present process was told."""
        told, params = self._told, self.params
        return {name: value for name, value in params.items() if name not in told or told[name] != value}

    def remember(self, params: Mapping[str, ParamValue]) -> None:
        with self._lock:
            self._params.update(params)

    def changed(self, name: str, raw: float) -> None:
        """By the plug-in itself; what was never set by name, its state has."""
        with self._lock:
            for known in [n for n in self._params if plain_name(n) == name]:
                self._params[known] = {"raw": raw}

    def forget(self, *names: str) -> None:
        """Refused."""
        with self._lock:
            for name in names:
                self._params.pop(name, None)

    def take(self, state: bytes) -> None:
        self._taken, self._trusted = state, False

    def has_loaded(self) -> None:
        """The state that it was given has not killed it."""
        self._trusted = True

    def died_loading(self) -> None:
        """It may be its last state that kills it: the next life begins as the first one did."""
        if not self._trusted:
            self._taken, self._trusted = None, True

    def hear(self, name: str, value: Any) -> None:
        """What the player of the plug-in says, in the home's thread."""
        match name:
            case "state":
                self.take(value)
            case "refused params":
                self.forget(*value[0])
                self.last_error = value[1]
            case "done" if value[1]:
                self.last_error = f"{value[0]}: {value[1]}"
            case "latency" if self.link is not None:
                self.link.latency = value
                self.hand_over(self.link)

    def hand_over(self, link: Link) -> None:
        """Give the owner a new link, or one whose latency has changed."""
        self.link = link
        if self.on_link is None:
            self.links.append(link)
        else:
            self.on_link(link)

    def crashed(self, reason: str) -> None:
        """It is to blame for the end of its process: it will be started again, or stays out."""
        now, times = time.monotonic(), self.crash_times
        self.crashes += 1
        self.last_error = reason
        times.append(now)
        while now - times[0] > CRASH_WINDOW_S:
            times.popleft()
        if self.ready is None or self.link is None:
            self.died_loading()
        if self.max_crashes is not None and len(times) >= max(1, self.max_crashes):
            often = f"{len(times)} times within {CRASH_WINDOW_S:.0f} s" if self.max_crashes > 1 else "once"
            self.give_up(f"crashed {often}, the last time: {reason}")
            self.last_error = reason
        else:
            self.state = f"crashed: respawning ({reason})"

    def give_up(self, reason: str) -> None:
        """It stays out."""
        self.last_error = reason
        self.state = f"out: {reason}"
        self.settled.set()
        self.gone.set()

    def begin(self) -> None:
        """Its owner prepares it: nothing has happened yet."""
        self.open, self.state = True, "loading"
        self.crash_times.clear()
        self.crashes, self.last_error = 0, ""
        self.settled.clear()
        self.gone.clear()

    def spec(self) -> SlotSpec:
        """For the next process; what was still to be told is in it."""
        self.wanted.clear()
        self._told = self.params
        known = None if self.ready is None else self.ready.described
        if self._taken is not None:
            return SlotSpec(self.host, self._taken, None, self._told, known)
        return SlotSpec(self.host, self._use.state, self._use.preset, self._told, known)
