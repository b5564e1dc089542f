"""Opens a plug-in's own window in a process of its own, and brings back what was changed there.

`edit` is the near end, for any thread that may wait; `python -m instruments.plugins.editor` is the far one. No sound is
made meanwhile. A state that one JUCE host gives (pedalboard) another takes (minihost): see docs/plugins.md.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from instruments.block import Transport
from instruments.errors import InstrumentError
from instruments.hosts.host import Parameter, ParamValue
from instruments.hosts.parameter_units import number_in, plain_name
from instruments.plugins.hosts import HOSTS, adapter_path, installed
from instruments.plugins.probe import end_with_parent, how_it_ended, listen
from instruments.plugins.scan import FoundPlugin

_RATE, _FRAMES = 48_000, 128
_SETTLING_BLOCKS = 16
"""Run behind the window, as JUCE hands over what was turned there with a block."""
_CLOSING_S = 10.0
_OPEN = "open"
_CLOSE_ENOUGH = 1e-3


class Edited(msgspec.Struct, frozen=True):
    """state: all that the plug-in keeps now, as PluginHost.load_state() takes it; touched: it is not what it was.

    changed  parameters that were turned in the window, by plain name: a number or word in their own units where the
             plug-in reads that back as the same, else None
    """

    state: bytes
    touched: bool
    changed: dict[str, float | str | None]


class _Question(msgspec.Struct, frozen=True):
    path: str
    which: str | None
    host: str
    state: bytes | None
    preset: str | None
    params: dict[str, Any]
    load_timeout_s: float


class _Answer(msgspec.Struct, frozen=True):
    edited: Edited | None = None
    refused: str = ""


def editing_host(format_name: str, is_there: Callable[[str], bool] = installed) -> str:
    """The host that opens windows of plug-ins of a format. Raises InstrumentError that says what would do."""
    able = [name for name, traits in HOSTS.items() if traits.editor and format_name in traits.formats]
    for name in able:
        if is_there(name):
            return name
    if able:
        raise InstrumentError(f"windows of {format_name} plug-ins need {able[0]}, which is not installed: "
                              f"{HOSTS[able[0]].install}")
    windowed = sorted({name for traits in HOSTS.values() if traits.editor for name in traits.formats})
    raise InstrumentError(f"no host here opens windows of {format_name} plug-ins: use the plug-in as "
                          f"{' or '.join(windowed)}, or set its parameters in the session (`sideman plugins info`)")


def check_display(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> None:
    """Raises InstrumentError where no window can be opened."""
    env = os.environ if environ is None else environ
    if platform.startswith("linux") and not env.get("DISPLAY"):
        raise InstrumentError("there is no display to open a window on (DISPLAY is not set): run this on a desktop, by "
                              "`ssh -X`, or set the plug-in's parameters in the session (`sideman plugins info`)")


def edit(found: FoundPlugin, host: str, *, state: bytes | None = None, preset: Path | None = None,
         params: Mapping[str, ParamValue] | None = None, load_timeout_s: float = 30.0,
         opened: Callable[[], None] = lambda: None) -> Edited:
    """Open the window, set as given, and wait until it is closed or this is interrupted (Ctrl-C): both count.

    opened: called once the plug-in has loaded. Raises InstrumentError where it does not load, has no window, or
    crashes; nothing is then to be kept.
    """
    question = _Question(str(found.path), found.which, host, state, None if preset is None else str(preset),
                         dict(params or {}), load_timeout_s)
    root = str(Path(__file__).resolve().parent.parent)
    with tempfile.TemporaryDirectory(prefix="sideman-edit-") as folder:
        asked, answered = Path(folder) / "question", Path(folder) / "answer"
        asked.write_bytes(msgspec.msgpack.encode(question))
        child = subprocess.Popen(
            [sys.executable, "-m", __name__, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in (root, *sys.path) if p)},
        )
        words = bytearray()
        reader = threading.Thread(target=listen, args=(child.stderr, words), daemon=True)
        reader.start()
        try:
            _attend(child, load_timeout_s, opened)
        finally:
            child.kill()
            child.wait()
            reader.join(1.0)
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
        try:
            answer = msgspec.msgpack.decode(answered.read_bytes(), type=_Answer)
        except (OSError, msgspec.DecodeError):
            raise InstrumentError(f"plug-in {found.name} ({found.path}) {how_it_ended(child.returncode, words)} in its "
                                  f"window: nothing was changed") from None
    if answer.edited is None:
        raise InstrumentError(f"plug-in {found.name} ({found.path}) cannot be edited: {answer.refused}")
    return answer.edited


def _attend(child: subprocess.Popen[bytes], load_timeout_s: float, opened: Callable[[], None]) -> None:
    """Until the child is done. An interrupt closes its window."""
    assert child.stdout is not None
    late = threading.Timer(load_timeout_s + 5.0, child.kill)
    late.start()
    try:
        line = child.stdout.readline()
        late.cancel()
        if line.strip() == _OPEN.encode():
            opened()
        child.wait()
    except KeyboardInterrupt:
        child.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_CLOSING_S)
    finally:
        late.cancel()


def _main(folder: Path) -> None:
    """The child."""
    question = msgspec.msgpack.decode((folder / "question").read_bytes(), type=_Question)
    faulthandler.enable(2)
    faulthandler.dump_traceback_later(question.load_timeout_s + 5.0, exit=True, file=2)
    say = os.dup(1)
    os.dup2(2, 1)  # plug-ins print on both
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        answer = _Answer(_edit(question, say))
    except InstrumentError as error:
        answer = _Answer(refused=str(error))
    except Exception as error:
        answer = _Answer(refused=f"{type(error).__name__}: {error}")
    partial = folder / "answer.part"
    partial.write_bytes(msgspec.msgpack.encode(answer))
    partial.replace(folder / "answer")
    os._exit(0)  # without the plug-in's destructors


def _edit(question: _Question, say: int) -> Edited:
    module, name = adapter_path(question.host)
    host: Any = getattr(importlib.import_module(module), name)(Path(question.path), question.which,
                                                               question.load_timeout_s)
    if question.state is not None:
        host.load_state(question.state)
    if question.preset is not None:
        host.load_preset(Path(question.preset))
    host.set_params(question.params)
    host.prepare(_RATE, _FRAMES)
    _settle(host)
    before, state = host.parameters(), host.state()
    faulthandler.cancel_dump_traceback_later()
    os.write(say, f"{_OPEN}\n".encode())
    with contextlib.suppress(KeyboardInterrupt):
        host.edit()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _settle(host)
    changed, new = _changed(host, before, host.parameters()), host.state()
    return Edited(new, bool(changed) or new != state, changed)


def _settle(host: Any) -> None:
    for _ in range(_SETTLING_BLOCKS):
        host.process(np.zeros((2, _FRAMES), np.float32), Transport())


def _changed(host: Any, before: tuple[Parameter, ...], after: tuple[Parameter, ...]) -> dict[str, float | str | None]:
    changed: dict[str, float | str | None] = {}
    for old, new in zip(before, after, strict=False):
        if old.raw != new.raw and plain_name(new.name):
            number = number_in(new.text)
            value = new.text.strip() if number is None else number
            try:
                read_back = host.raw_of(new.name, value)[1]
                changed[plain_name(new.name)] = value if abs(read_back - new.raw) < _CLOSE_ENOUGH else None
            except InstrumentError:
                changed[plain_name(new.name)] = None
    return changed


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
