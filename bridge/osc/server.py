"""OSC in and out on the event loop of the main process."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket, ParseError

from bridge.controls.curves import CurveName, share_at, value_at
from bridge.errors import DeviceError, MessageError, SidemanError
from bridge.osc.addresses import address_of, is_pattern, matching
from bridge.osc.spec import Osc, Peer, peer_of
from bridge.parameter_paths import ParameterInfo

_GATHER_S = 0.005
"""What comes within this is carried out together, the last value of each parameter: a fader sends hundreds a second."""
_MOST_WAITING = 4096
_MOST_PEERS = 16
_ERRORS_A_SECOND = 10
_ECHO_S = 0.3
"""Who has turned a parameter is not told its value for so long: a finger is still on the fader."""
_SHARE = "/share"
_log = logging.getLogger("sideman.osc")

Value = float | str


class Conductor(Protocol):
    """Who carries out what is asked; bridge.stream.server.Conductor is one."""

    async def set(self, values: Mapping[str, float | str], ramp_s: float | None) -> None: ...

    def parameters(self, match: str | None) -> Sequence[ParameterInfo]: ...

    async def play(self) -> None: ...

    async def stop(self) -> None: ...

    async def locate(self, bar: int) -> None: ...


class _Asked(NamedTuple):
    peer: Peer
    address: str
    arguments: tuple[Any, ...]


class OscServer(asyncio.DatagramProtocol):
    """From start() to close(). All methods belong to the event loop's thread; nothing waits for a peer.

    In:  any parameter by its path, /mixer/bass/gain_db -6.0 [ramp in seconds], /music/energy 0.9, /music/key "Eb", and
         by a pattern, /mixer/*/mute 1; /share/... the same as a share of its range; without a value it is answered.
         /transport/play, /transport/stop, /transport/locate BAR; /subscribe [PORT], /unsubscribe; /parameters [WORDS]
    Out: each change of a parameter, /transport/playing, /transport/bar, /transport/beat, /transport/tempo,
         /transport/section; /error TEXT to whom it concerns
    """

    def __init__(self, conductor: Conductor, spec: Osc, session_words: Callable[[], Mapping[str, str]]) -> None:
        """session_words: the composers' parameters that are words, by path."""
        self.faults: Counter[str] = Counter()
        """What peers did wrong: refused (not accepted), broken (no OSC), dropped (too many at once), bad."""
        self._conductor = conductor
        self._spec = spec
        self._words = session_words
        self._fixed: list[Peer] = []
        self._peers: dict[Peer, Peer] = {}
        """Who asked -> where its answers go."""
        self._asked: deque[_Asked] = deque(maxlen=_MOST_WAITING)
        self._wake = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None
        self._worker: asyncio.Task[None] | None = None
        self._turned: dict[tuple[str, Peer], float] = {}
        self._errors: deque[float] = deque(maxlen=_ERRORS_A_SECOND)
        self._told: dict[str, Value] = {}

    async def start(self) -> list[str]:
        """Listen. Returns what is to be known: who in osc.send is not found.

        Raises DeviceError when the port is taken or the host is no address of this machine.
        """
        loop = asyncio.get_running_loop()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: self, local_addr=(self._spec.host, self._spec.port))
        except OSError as problem:
            raise DeviceError(
                f"OSC port {self._spec.port} of {self._spec.host} cannot be used ({problem.strerror or problem}): give "
                f"another osc.port, and a host that is this machine's"
            ) from problem
        self._worker = loop.create_task(self._work())
        family = self._transport.get_extra_info("socket").family
        missing = []
        for text in self._spec.send:  # by number: a name would be looked up, and waited for, at each message
            peer = peer_of(text)
            try:
                found = await loop.getaddrinfo(*(peer or Peer("", 0)), family=family, type=socket.SOCK_DGRAM)
                self._fixed.append(Peer(*found[0][4][:2]))
            except (OSError, UnicodeError):
                missing.append(f"OSC: {text!r} is not found, and is sent nothing: give its IP address in osc.send")
        return missing

    async def close(self) -> None:
        """Idempotent."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    # -- in ------------------------------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        peer = Peer(addr[0], addr[1])
        if self._spec.accept and peer.host not in self._spec.accept:
            self.faults["refused"] += 1
            return
        try:
            messages = [each.message for each in OscPacket(data).messages]
            asked = [_Asked(peer, each.address, tuple(each.params)) for each in messages]
        except (ParseError, ValueError, TypeError, IndexError, OverflowError, RecursionError):
            self.faults["broken"] += 1
            return
        if len(self._asked) + len(asked) > _MOST_WAITING:
            self.faults["dropped"] += len(asked)
        self._asked.extend(asked)
        self._wake.set()

    def error_received(self, exc: Exception) -> None:
        """A peer has gone; it may come back."""

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(_GATHER_S)
            self._wake.clear()
            asked, self._asked = list(self._asked), deque(maxlen=_MOST_WAITING)
            await self._carry_out(asked)

    async def _carry_out(self, asked: Sequence[_Asked]) -> None:
        values: dict[tuple[str, float | None], tuple[Value, Peer]] = {}
        known: dict[str, ParameterInfo] | None = None
        for each in asked:
            try:
                command = each.address.startswith("/transport/") or each.address in ("/subscribe", "/unsubscribe")
                if values and (command or not each.arguments or each.address == "/parameters"):
                    await self._set(values)  # what came before it is heard before it
                    values, known = {}, None
                if command:
                    await self._command(each)
                    continue
                if known is None:
                    known = {info.path: info for info in self._conductor.parameters(None)}
                self._turn(each, known, values)
            except SidemanError as error:
                self._refuse(each.peer, str(error))
            except Exception as fault:
                _log.exception("%s failed", each.address)
                self._refuse(each.peer, f"{each.address} failed inside Sideman ({type(fault).__name__})")
        await self._set(values)

    async def _set(self, values: Mapping[tuple[str, float | None], tuple[Value, Peer]]) -> None:
        """Each by itself: a wrong one spoils none of the others."""
        for (path, ramp_s), (value, peer) in values.items():
            try:
                await self._conductor.set({path: value}, ramp_s)
            except SidemanError as error:
                self._refuse(peer, str(error))
            else:
                self._turned[path, peer] = time.monotonic()

    async def _command(self, asked: _Asked) -> None:
        pressed = not asked.arguments or bool(asked.arguments[0])
        match asked.address:
            case "/transport/play" if pressed:
                await self._conductor.play()
            case "/transport/stop" if pressed:
                await self._conductor.stop()
            case "/transport/locate":
                bar = asked.arguments[0] if asked.arguments else None
                if not isinstance(bar, int | float) or not math.isfinite(bar) or not 1 <= bar < 1_000_000:
                    raise MessageError(f"/transport/locate {bar!r} does not fit: give a bar from 1 on")
                await self._conductor.locate(int(bar))
            case "/subscribe":
                port = asked.arguments[0] if asked.arguments else asked.peer.port
                if not isinstance(port, int) or not 1 <= port <= 65_535:
                    raise MessageError(f"/subscribe {port!r} does not fit: give the port that you listen on, or none")
                if len(self._peers) >= _MOST_PEERS and asked.peer not in self._peers:
                    raise MessageError(f"{_MOST_PEERS} are subscribed, which is the most: /unsubscribe one")
                self._peers[asked.peer] = Peer(asked.peer.host, port)
                self._told.clear()  # all is told anew
            case "/unsubscribe":
                self._peers.pop(asked.peer, None)
            case "/transport/play" | "/transport/stop":
                pass  # a button that was let go
            case _:
                raise MessageError(f"there is no {asked.address}: /transport/ has play, stop and locate")

    def _turn(self, asked: _Asked, known: Mapping[str, ParameterInfo],
              values: dict[tuple[str, float | None], tuple[Value, Peer]]) -> None:
        if asked.address == "/parameters":
            word = asked.arguments[0] if asked.arguments else None
            if word is not None and not isinstance(word, str):
                raise MessageError(f"/parameters {word!r} does not fit: give a word that their paths hold, or none")
            for listed in self._conductor.parameters(word):
                self._send(self._back_to(asked.peer), "/parameter", address_of(listed.path), float(listed.value),
                           float(listed.low), float(listed.high), listed.unit)
            return
        shares = asked.address.startswith(f"{_SHARE}/")
        address = asked.address.removeprefix(_SHARE) if shares else asked.address
        by_address = {address_of(path): path for path in (*known, *self._words())}
        found = matching(address, by_address) if is_pattern(address) else [address] * (address in by_address)
        if not found:
            raise MessageError(f"there is no parameter at {asked.address!r}: /parameters lists them")
        for each in found:
            path = by_address[each]
            info = known.get(path)
            if not asked.arguments:
                value: Value = self._words()[path] if info is None else info.value
                self._send(self._back_to(asked.peer), *self._spoken(path, value, info, shares))
                continue
            ramp = asked.arguments[1] if len(asked.arguments) > 1 else None
            if ramp is not None and (not isinstance(ramp, int | float) or not 0 <= ramp <= 600):
                raise MessageError(f"{asked.address}: {ramp!r} is no ramp: give seconds from 0 to 600")
            values[path, ramp] = self._value(asked, info, shares), asked.peer

    def _value(self, asked: _Asked, info: ParameterInfo | None, shares: bool) -> Value:
        value = asked.arguments[0]
        if isinstance(value, str):
            return value
        if not isinstance(value, bool | int | float) or not math.isfinite(value):
            raise MessageError(f"{asked.address} {value!r} does not fit: give a number or a word")
        if shares and info is not None:
            value = value_at(float(value), info.low, info.high, *_curve(info))
        if info is not None and info.whole:
            return float(round(value))
        return float(value)

    # -- out -----------------------------------------------------------------------------------------------------------

    def tell(self, values: Mapping[str, tuple[Value, ParameterInfo | None]]) -> None:
        """Parameters as they are now, by path: what has changed since it was last told goes out."""
        if self._transport is None or not (self._peers or self._fixed):
            return
        now = time.monotonic()
        self._turned = {key: at for key, at in self._turned.items() if now - at < _ECHO_S}
        for path, (value, info) in values.items():
            if self._told.get(path) != value:
                self._told[path] = value
                message = self._spoken(path, value, info, self._spec.shares)
                for peer in self._fixed:
                    self._send(peer, *message)
                for peer, back in self._peers.items():
                    if (path, peer) not in self._turned:
                        self._send(back, *message)

    def tell_transport(self, **values: float | int | str) -> None:
        """playing, bar, beat, tempo, section: as they are now."""
        self.tell({f"transport.{name}": (value, None) for name, value in values.items()})

    def _spoken(self, path: str, value: Value, info: ParameterInfo | None, shares: bool) -> tuple[Any, ...]:
        if shares and info is not None and not isinstance(value, str):
            return _SHARE + address_of(path), share_at(value, info.low, info.high, *_curve(info))
        return address_of(path), value

    def _back_to(self, peer: Peer) -> Peer:
        return self._peers.get(peer, peer)

    def _refuse(self, peer: Peer, text: str) -> None:
        self.faults["bad"] += 1
        now = time.monotonic()
        if len(self._errors) < _ERRORS_A_SECOND or now - self._errors[0] > 1:
            self._errors.append(now)
            self._send(self._back_to(peer), "/error", text)

    def _send(self, peer: Peer, address: str, *arguments: Value) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        message = OscMessageBuilder(address)
        for argument in arguments:
            message.add_arg(argument)
        with suppress(OSError):
            self._transport.sendto(message.build().dgram, tuple(peer))


def _curve(info: ParameterInfo) -> tuple[CurveName, int]:
    if info.words:
        return "stepped", len(info.words)
    return ("log" if info.log and info.low * info.high > 0 else "linear"), 0

