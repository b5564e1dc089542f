"""Another rig while one plays: built beside it, handed to the audio thread, and what is left over cleared away."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from bridge.assembly import rig_change, succeeding_rig
from bridge.driver import Driver
from bridge.engine.rig_change import RigChange, RigWithdrawn
from bridge.engine_link import Rebuild, RigRefused
from bridge.engine_shell import EngineShell
from bridge.errors import SidemanError
from bridge.port_plan import plan_ports
from bridge.rig import Rig
from bridge.rig_heritage import untuned
from bridge.session import Session

_BREATH_S = 0.002
"""The audio thread has this long for itself between two steps of the building: most of a block."""
_STANDS_S = 1.0
"""So long a rig stands by though another is wanted already: who tries one instrument after the other hears them."""
_TOLD_S = 1.0
_LATE_S = 1.2
"""MIDI may be sent half a second before its music and after it: so long the ports of tracks that are gone stay
open after the change."""


_YIELD_S = 0.00005
"""The audio thread gives the interpreter away with each byte that it writes to wake a reader, and gets it back after so
long: the usual half a millisecond, four times a block, would be most of a block."""


@contextlib.contextmanager
def _yielding() -> Iterator[None]:
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(_YIELD_S)
    try:
        yield
    finally:
        sys.setswitchinterval(usual_s)


class _Offer(NamedTuple):
    """A rig that stands by, and the outputs that were opened for it."""

    change: RigChange
    rig: Rig
    session: Session
    ports: dict[str, int]
    since_s: float


class RigBuilder:
    """Of the engine's process. ask() is for any thread; look() for the main thread, which it may hold for some 10 ms (a
    plug-in's process is started, no more: it loads by itself). One rig is built at a time, always on the one that
    plays; of what is asked for meanwhile the last counts.

    What fails leaves the old rig playing: `tell` is given the reason.
    """

    def __init__(self, rig: Rig, driver: Driver, shell: EngineShell, session: Session,
                 tell: Callable[[RigRefused], None]) -> None:
        self.rig = rig
        """That plays, as far as is known here."""
        self.session = session
        self._driver, self._shell, self._tell = driver, shell, tell
        self._asked: Rebuild | None = None
        self._lock = threading.Lock()
        self._offer: _Offer | None = None
        self._ports = {name: i for i, name in enumerate(plan_ports(session).outputs)}
        """The driver's open outputs, by name."""
        self._to_close: list[tuple[float, str]] = []
        self._closed: frozenset[str] = frozenset()
        """Of the strips of `rig` that have rung out."""

    def ask(self, rebuild: Rebuild) -> None:
        with self._lock:
            self._asked = rebuild

    @property
    def busy(self) -> bool:
        """look() is to be called soon."""
        return self._offer is not None or self._asked is not None

    def look(self) -> int | None:
        """Do what there is to do. Returns the number of a rig that plays since the last look."""
        begun = self._settle()
        self._clear_away()
        if self._asked is not None and self._offer is None:
            with self._lock:
                asked, self._asked = self._asked, None
            assert asked is not None
            try:
                with _yielding():
                    self._build(asked)
            except Exception as error:
                known = isinstance(error, SidemanError)
                self._tell(RigRefused(asked.number, str(error) if known else f"{type(error).__name__}: {error}"))
        return begun

    def close(self) -> None:
        """With the engine at rest."""
        offer, self._offer = self._offer, None
        if offer is not None and self._shell.rig_number == offer.change.number:
            self._begin(offer)
        elif offer is not None:
            offer.rig.close(self.rig.played())
        self.rig.close()

    # -- building ----------------------------------------------------------------------------------------------------

    def _build(self, rebuild: Rebuild) -> None:
        session = rebuild.session
        plan = plan_ports(session)
        before = plan_ports(self.session)
        moved = [name for name in plan.outputs if name in before.outputs
                 and plan.connect.get(name) != before.connect.get(name)]
        if moved or plan.inputs != before.inputs:
            which = f"port {moved[0]!r} is" if moved else "the inputs are"
            self._tell(RigRefused(rebuild.number, f"{which} not what it was", restart=True))
            return
        fresh = [name for name in plan.outputs if name not in self._ports]
        try:
            numbers = self._driver.open_outputs(fresh, {n: plan.connect[n] for n in fresh if n in plan.connect}
                                                ) if fresh else []
        except SidemanError as error:
            self._tell(RigRefused(rebuild.number, str(error), True))
            return
        opened = dict(zip(fresh, numbers, strict=True))
        try:
            rig = succeeding_rig(rebuild, self.rig, self._driver.frames, breathe=lambda: time.sleep(_BREATH_S))
        except BaseException:
            self._driver.close_outputs(numbers)
            raise
        self._ports |= opened
        self._to_close = [(due, name) for due, name in self._to_close if name not in plan.outputs]
        change = rig_change(rebuild.number, rig, plan, self._ports, self._shell.engine.routes)
        self._offer = _Offer(change, rig, session, opened, time.monotonic())
        self._shell.rigs.append(change)

    # -- when it plays -----------------------------------------------------------------------------------------------

    def _settle(self) -> int | None:
        """See whether the rig that stands by has been taken; take it back where another is wanted."""
        offer, shell = self._offer, self._shell
        if offer is None:
            return None
        number = offer.change.number
        if shell.rig_number != number:
            if self._asked is None or time.monotonic() - offer.since_s < _STANDS_S:
                return None
            told = shell.rigs_told + len(shell.rigs)
            shell.rigs.append(RigWithdrawn(number))
            deadline_s = time.monotonic() + _TOLD_S
            while shell.rigs_told <= told and time.monotonic() < deadline_s:
                time.sleep(0.001)
            if shell.rigs_told <= told:
                return None  # the device stands still: later
        self._offer = None
        if shell.rig_number == number:
            self._begin(offer)
            return number
        offer.rig.close(self.rig.played())
        self._close_ports(offer.ports)
        return None

    def _begin(self, offer: _Offer) -> None:
        before, self.rig, self.session = self.rig, offer.rig, offer.session
        with _yielding():
            before.close(self.rig.played())
            del before, offer
        self._closed = frozenset()
        wanted = plan_ports(self.session).outputs
        due = time.monotonic() + _LATE_S
        self._to_close += [(due, name) for name in self._ports if name not in wanted
                           and name not in [n for _, n in self._to_close]]

    def _clear_away(self) -> None:
        """What has rung out is closed, and so are its ports."""
        gone = self.rig.gone
        if gone != self._closed:
            still = self._offer.rig.played() if self._offer is not None else set[int]()
            for strip in self.rig.strips:
                if strip.name in gone - self._closed and strip.instrument is not None:
                    if id(untuned(strip.instrument)) not in still:
                        strip.instrument.close()
                    for stage in self.rig.stages(strip.name):
                        if id(stage.insert.effect) not in still:
                            stage.insert.effect.close()
            self._closed = gone
        now = time.monotonic()
        due = [name for when, name in self._to_close if when <= now]
        if due:
            self._to_close = [each for each in self._to_close if each[1] not in due]
            self._close_ports({name: self._ports[name] for name in due})

    def _close_ports(self, ports: dict[str, int]) -> None:
        for name in ports:
            self._ports.pop(name, None)
        if ports:
            with contextlib.suppress(SidemanError):
                self._driver.close_outputs(list(ports.values()))
