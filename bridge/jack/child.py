"""A JACK client in a process of its own, asked and answered over a pipe: for tests and benches, both ways."""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Protocol

from bridge.errors import DeviceError
from bridge.processes import still_garbage

_START_S = 20.0
"""Starting Python, importing NumPy and joining the server take about a second on an idle machine."""


class Client(Protocol):
    """What runs in the child. Its constructor joins the server, still inactive, and raises what goes wrong."""

    def begin(self) -> None:
        """Activate; called once, when the process's garbage has been put aside."""
        ...

    def answer(self, question: Any) -> Any:
        """Called on the child's main thread, which sleeps between two questions."""
        ...

    def finish(self) -> Any:
        """Leave the server; the last answer."""
        ...


class JackChild:
    """Starts the client in a spawned process, so that its Python never holds up the program under test, nor the test
    the client. Raises DeviceError, naming `who`, for all that goes wrong."""

    def __init__(self, who: str, make: Callable[..., Client], *arguments: Any) -> None:
        """`make` and `arguments` must be picklable: a module's class and plain values. Blocks for about a second."""
        self._who = who
        context = multiprocessing.get_context("spawn")
        self._pipe: Connection[Any, Any]
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(theirs, make, *arguments), daemon=True)
        self._process.start()
        theirs.close()
        answer = self._receive(_START_S, "start")
        if answer != "running":
            self._end()
            raise DeviceError(f"{who} cannot start: {answer}")

    def ask(self, question: Any, seconds: float = 5.0) -> Any:
        """The client's answer. Raises DeviceError when it has died or is silent for so long."""
        self._pipe.send(question)
        return self._receive(seconds, "answer")

    def finish(self) -> Any:
        """End the client and its process. Its last answer, which may be what went wrong, as text."""
        self._pipe.send(None)
        answer = self._receive(30.0, "hand over what it has")
        self._end()
        return answer

    def _receive(self, seconds: float, what: str) -> Any:
        try:
            if self._pipe.poll(seconds):
                return self._pipe.recv()
        except (EOFError, ConnectionError):
            self._end()
            raise DeviceError(f"{self._who}'s process died before it could {what}") from None
        self._end()
        raise DeviceError(f"{self._who} did not {what} within {seconds:g} s: does the JACK server hang?")

    def _end(self) -> None:
        self._process.join(2.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(2.0)
        self._process.close()
        self._pipe.close()


def _run(pipe: Connection[Any, Any], make: Callable[..., Client], *arguments: Any) -> None:
    """The process. Ends when told to, or when the pipe to the parent does."""
    sys.setswitchinterval(0.0005)  # this thread sleeps almost always; when it wakes, JACK's must not wait 5 ms for it
    try:
        client = make(*arguments)
        still_garbage()
        client.begin()
    except Exception as error:  # told to the parent, who raises it
        pipe.send(f"{error}")
        return
    pipe.send("running")
    with contextlib.suppress(EOFError, ConnectionError):
        while (question := pipe.recv()) is not None:
            pipe.send(client.answer(question))
        pipe.send(client.finish())
        return
    client.finish()
