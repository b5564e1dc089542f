"""Which files clients may name as instruments: those of the session itself, those in its folder, installed SoundFonts.

What else they may name is looked up in lists (genres, modes, patches, parameters): see docs/security.md.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from bridge.errors import SessionError
from bridge.session import Session
from instruments.soundfont_file import fonts

_FONT = re.compile(r"(?P<file>.+\.sf[23])(?P<preset>:.*)?", re.IGNORECASE | re.DOTALL)


class SoundFiles(NamedTuple):
    """own: instruments that the session's file names; folder: where that file is, None where it has none."""

    own: frozenset[str] = frozenset()
    folder: Path | None = None

    @classmethod
    def of(cls, session: Session, file: Path | None) -> SoundFiles:
        """Of a session as it was loaded."""
        return cls(frozenset(t.instrument for t in session.tracks), None if file is None else file.parent)

    def admitted(self, name: str, playing: Collection[str] = ()) -> str:
        """The instrument that a client's name means; one that is no file's name is as it is, known or not.

        playing: instruments that play now. Nothing is read of a file that is refused, not even whether it is there: the
        answer is the same. Raises SessionError.
        """
        font = _FONT.fullmatch(name)
        if not (font is not None or name.lower().endswith(".toml")) or name in self.own or name in playing:
            return name
        file, preset = (name, "") if font is None else (font["file"], font["preset"] or "")
        if font is not None and file.lower() in {path.name.lower() for path in fonts()} and not Path(file).exists():
            return name  # a bare name: it is looked for in their folders alone
        if self.folder is not None and "\0" not in file:
            place = self.folder.resolve()
            path = (place / file).resolve()
            if path.is_relative_to(place):
                return f"{path}{preset}"
        raise SessionError(f"instrument {name!r} is a file that clients may not name: give a patch or SoundFont of "
                           "`sideman patches`, or name the file in the session, or put it into the session's folder")
