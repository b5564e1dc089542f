"""What has been learnt: kept in the session's file where it has one, and undone one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from bridge import session_edit
from bridge.controllers.learning import Learned, replaced
from bridge.controllers.map_edit import added, removed
from bridge.controls.mapping import Control, Mapped
from bridge.errors import MessageError, SessionError

_MOST = 64


class Lesson:
    """The controls of a session with what was learnt since. One thread's; writes to disk, which may take some ms."""

    def __init__(self, controls: Sequence[Control], file: Path | None) -> None:
        """file: the session's; None: nothing is kept."""
        self.controls = list(controls)
        self._file = file
        self._before: list[tuple[list[Control], str | None, str | None]] = []
        """Controls, and the file's text, before; and the text after."""

    def add(self, learned: Learned) -> str:
        """A mapping more, in place of what the same control turned. Returns the file's name that it is kept in, "" for
        none. Raises SessionError where it cannot be: it holds until the end all the same."""
        control = self.controls[learned.input]
        old = set(replaced(control.map, learned.mapped))

        def gone(mapped: Mapped) -> bool:
            return mapped in old

        return self._change(
            learned.input, [*(m for m in control.map if m not in old), learned.mapped],
            lambda text, place: added(text, place, learned.input, control, learned.mapped, gone))

    def remove(self, path: str) -> int:
        """Take out all that turns a parameter. Returns how many."""
        count = sum(m.path == path for control in self.controls for m in control.map)
        if not count:
            raise MessageError(f"nothing turns {path!r} that was learnt or is in the session's file")
        kept = [msgspec.structs.replace(c, map=[m for m in c.map if m.path != path]) for c in self.controls]
        before, self.controls = self.controls, kept
        self._write(before, lambda text, place: removed(text, place, path)[0])
        return count

    def undo(self) -> int:
        """The last change. Raises MessageError: there is none, or the file has been changed by others since."""
        if not self._before:
            raise MessageError("there is nothing to undo: nothing has been learnt")
        controls, text, after = self._before[-1]
        if self._file is not None and text is not None:
            def back(now: str) -> str:
                if now != after:
                    raise SessionError(f"{self._file} has been changed since: take the mapping out yourself")
                return text

            session_edit.rewrite(self._file, back)
        self._before.pop()
        self.controls = list(controls)
        return 1

    def _change(self, index: int, maps: list[Mapped], edit: Callable[[str, str], str]) -> str:
        before = list(self.controls)
        self.controls[index] = msgspec.structs.replace(self.controls[index], map=maps)
        return self._write(before, edit)

    def _write(self, before: list[Control], edit: Callable[[str, str], str]) -> str:
        self._before = [*self._before[-_MOST:], (before, None, None)]
        if self._file is None:
            return ""
        texts: list[str] = []

        def change(text: str) -> str:
            new = edit(text, str(self._file))
            texts.extend((text, new))
            return new

        session_edit.rewrite(self._file, change)
        self._before[-1] = before, texts[0], texts[1]
        return self._file.name
