"""A mouse for tests of windows: Xlib and its XTEST extension, through ctypes."""

from __future__ import annotations

import ctypes
import ctypes.util
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

REMEDY = "apt-get install xvfb libxtst6"


@contextmanager
def virtual_display(number: int) -> Iterator[str]:
    """An Xvfb; the value of DISPLAY for it. Skips the test where there is none."""
    server = shutil.which("Xvfb")
    if server is None or ctypes.util.find_library("Xtst") is None:
        pytest.skip(f"a display for tests needs Xvfb and libXtst: {REMEDY}")
    name = f":{number}"
    with subprocess.Popen([server, name, "-screen", "0", "1280x1024x24"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        try:
            Mouse(name).close()
            yield name
        finally:
            process.terminate()
            process.wait(10.0)


class Mouse:
    """On one display."""

    def __init__(self, display: str, seconds: float = 10.0) -> None:
        """Waits until there is a server."""
        self._x = ctypes.CDLL(ctypes.util.find_library("X11"))
        self._test = ctypes.CDLL(ctypes.util.find_library("Xtst"))
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._x.XDefaultRootWindow.restype = ctypes.c_ulong
        deadline = time.monotonic() + seconds
        while True:
            opened = self._x.XOpenDisplay(display.encode())
            if opened:
                break
            assert time.monotonic() < deadline, f"no X server at {display}"
            time.sleep(0.05)
        self._display = ctypes.c_void_p(opened)

    def windows(self) -> int:
        """How many the screen shows that are larger than a dot."""
        root, parent, children = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.POINTER(ctypes.c_ulong)()
        count = ctypes.c_uint()
        self._x.XQueryTree(self._display, ctypes.c_ulong(self._x.XDefaultRootWindow(self._display)), ctypes.byref(root),
                           ctypes.byref(parent), ctypes.byref(children), ctypes.byref(count))
        return sum(self._width(children[n]) > 10 for n in range(count.value))

    def _width(self, window: int) -> int:
        root, x, y = ctypes.c_ulong(), ctypes.c_int(), ctypes.c_int()
        width, height, border, depth = (ctypes.c_uint() for _ in range(4))
        self._x.XGetGeometry(self._display, ctypes.c_ulong(window), *map(
            ctypes.byref, (root, x, y, width, height, border, depth)))
        return width.value

    def drag(self, x: int, y: int, to_y: int) -> None:
        """With the left button, a few pixels at a time."""
        self._move(x, y)
        self._button(True)
        step = 3 if to_y > y else -3
        for at in range(y, to_y, step):
            self._move(x, at)
        self._button(False)

    def _move(self, x: int, y: int) -> None:
        self._test.XTestFakeMotionEvent(self._display, -1, x, y, ctypes.c_ulong(0))
        self._x.XSync(self._display, 0)
        time.sleep(0.03)

    def _button(self, down: bool) -> None:
        self._test.XTestFakeButtonEvent(self._display, 1, int(down), ctypes.c_ulong(0))
        self._x.XSync(self._display, 0)
        time.sleep(0.1)

    def close(self) -> None:
        self._x.XCloseDisplay(self._display)
