"""A fake python-rtmidi: one MIDI system, what exists on it, and what our handles did."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, ClassVar

import pytest

ON, OFF = b"\x90\x3c\x64", b"\x80\x3c\x40"


class FakeSystem:
    def __init__(self) -> None:
        self.outputs = ["Piano:in 20:0", "Organ:in 21:0"]
        self.inputs = ["DAW:clock 30:0"]
        self.sent: list[tuple[str, bytes]] = []
        self.virtual: list[str] = []
        self.listeners: dict[str, Callable[..., None]] = {}
        self.open = 0
        self.trouble = ""
        self.fail_send = False
        self.busy: set[str] = set()


class FakeHandle:
    system: ClassVar[FakeSystem]

    def __init__(self, api: int, name: str = "", queue_size_limit: int = 0) -> None:
        if self.system.trouble:
            raise FakeError(self.system.trouble)
        self.target = ""
        self.callback: Callable[..., None] | None = None
        self.ignored: dict[str, bool] = {}
        self.system.open += 1

    def open_virtual_port(self, name: str) -> None:
        self.target = name
        self.system.virtual.append(name)
        self._listen()

    def open_port(self, index: int, name: str) -> None:
        self.target = self.get_ports()[index]
        if self.target in self.system.busy:
            raise FakeError("Device or resource busy")
        self._listen()

    def get_ports(self) -> list[str]:
        raise NotImplementedError

    def _listen(self) -> None:
        if self.callback is not None:
            assert self.ignored == {"sysex": False, "timing": False, "active_sense": True}
            self.system.listeners[self.target] = self.callback

    def ignore_types(self, **ignored: bool) -> None:
        self.ignored = ignored

    def set_callback(self, callback: Callable[..., None]) -> None:
        self.callback = callback

    def cancel_callback(self) -> None:
        self.callback = None

    def send_message(self, data: bytes) -> None:
        if not data:
            raise ValueError("'message' must not be empty.")
        if self.system.fail_send:
            raise FakeError("unplugged")
        self.system.sent.append((self.target, bytes(data)))

    def delete(self) -> None:
        assert self.callback is None, "a callback could be waiting"
        self.system.open -= 1


class FakeOut(FakeHandle):
    def get_ports(self) -> list[str]:
        return list(self.system.outputs)


class FakeIn(FakeHandle):
    def get_ports(self) -> list[str]:
        return list(self.system.inputs)


class FakeError(Exception):
    pass


def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSystem]:
    """For a fixture: a fake rtmidi that was built for CoreMIDI, and no pylibremidi."""
    module: Any = ModuleType("rtmidi")
    module.MidiOut, module.MidiIn, module.RtMidiError = FakeOut, FakeIn, FakeError
    module.API_LINUX_ALSA, module.API_UNIX_JACK = 2, 3
    module.get_compiled_api = lambda: [1]
    module.get_api_name = lambda number: {1: "core", 2: "alsa"}[number]
    module.get_api_display_name = lambda number: {1: "CoreMIDI", 2: "ALSA"}[number]
    monkeypatch.setitem(sys.modules, "rtmidi", module)
    monkeypatch.setitem(sys.modules, "pylibremidi", None)
    monkeypatch.delenv("SIDEMAN_MIDI", raising=False)
    from bridge.ports.libremidi_ports import libremidi_module

    libremidi_module.cache_clear()
    FakeHandle.system = FakeSystem()
    yield FakeHandle.system
    libremidi_module.cache_clear()
    assert FakeHandle.system.open == 0, "all handles are closed"
