"""Opening and closing JACK clients so that a server that hangs cannot hang us; what ports a server has."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from bridge.errors import DeviceError
from bridge.jack.lib import jack

T = TypeVar("T")

OPEN_TIMEOUT_S = 5.0
"""A healthy server answers in some 10 ms; one that a killed client has wedged never does."""

_messages: deque[str] = deque(maxlen=8)
"""What libjack says went wrong, newest last; it would print it on stderr."""


@cache
def _listen() -> None:
    jack.set_error_function(_messages.append)
    jack.set_info_function(lambda _message: None)


def within(seconds: float, call: Callable[[], T], failure: str) -> T:
    """call() on a thread of its own, left behind (a daemon) when it takes longer: then DeviceError(failure)."""
    result: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            result.append(call())
        except BaseException as error:  # handed to the caller below
            errors.append(error)

    thread = threading.Thread(target=run, name="jack call", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not result:
        raise DeviceError(failure)
    return result[0]


def server_name(server: str | None) -> str:
    """The server's name, as JACK finds it: the argument, JACK_DEFAULT_SERVER, or "default"."""
    return server or os.environ.get("JACK_DEFAULT_SERVER") or "default"


def open_client(name: str, server: str | None = None) -> Any:
    """A jack.Client of a running server; never starts one. Raises DeviceError within OPEN_TIMEOUT_S.

    Blocks (some 10 ms): not for a real-time thread.
    """
    _listen()
    _messages.clear()
    which = server_name(server)
    try:
        return within(
            OPEN_TIMEOUT_S,
            lambda: jack.Client(name, no_start_server=True, servername=which),
            f"JACK server {which!r} does not answer within {OPEN_TIMEOUT_S:g} s: it hangs; stop it (kill jackd) and "
            "start it again",
        )
    except jack.JackOpenError as error:
        if error.status.version_error:
            why = "speaks another version of JACK's protocol than our libjack: install both from one source"
        elif error.status.server_failed:  # what libjack prints of this case is of no help to anybody
            why = "does not run: start it (jackd -d alsa, QjackCtl, or PipeWire's pw-jack), or choose another device"
        else:
            said = "; ".join(message.strip() for message in _messages) or str(error.status)
            why = f"refuses us: restart it (JACK says: {said})"
        raise DeviceError(f"JACK server {which!r} {why}") from None


def close_client(client: Any) -> bool:
    """Deactivate and close; False if the server did not let us go within 2 s (then the client is left to the exit)."""

    def close() -> bool:
        client.deactivate()
        client.close()
        return True

    try:
        return within(2.0, close, "JACK does not close the client")
    except DeviceError:
        return False


def midi_ports(client: Any) -> tuple[list[str], list[str]]:
    """Full names of the MIDI ports of other clients: (those that send, those that receive)."""
    return (
        names(client, is_midi=True, is_output=True),
        names(client, is_midi=True, is_input=True),
    )


def names(client: Any, **flags: bool) -> list[str]:
    """Full names of the ports with these flags (as of jack.Client.get_ports) that are not our own, in JACK's order."""
    own = client.name + ":"
    for _ in range(3):
        try:
            return [port.name for port in client.get_ports(**flags) if not port.name.startswith(own)]
        except jack.JackError:
            continue  # a port went away between the list and the look at it: look again
    return []
