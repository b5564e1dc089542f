"""What the composers can be turned by, as parameter paths beside those of the sound: music.energy, music.mute.drums.

A fader of a controller, `sideman set` and `modify` then speak of both alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bridge.errors import MessageError
from bridge.parameter_paths import ParameterInfo, find, number
from bridge.refusal import invalid
from bridge.session import Session
from bridge.stream import wire

ROOT = "music."
_NUMBERS = (
    # field, unit, low, high, default, whole
    ("tempo", "BPM", 20.0, 400.0, 120.0, False),
    ("energy", "", 0.0, 1.0, 0.6, False),
    ("density", "", 0.0, 1.0, 0.5, False),
    ("complexity", "", 0.0, 1.0, 0.5, False),
    ("register", "semitones", -12.0, 12.0, 0.0, True),
    ("swing", "share of the pair", 0.5, 0.75, 0.5, False),
    ("seed", "", 0.0, 2.0**31, 1.0, True),
)
WORDS = ("key", "mode", "genre", "style", "form", "chords", "section")
"""What takes a word (or a text); it is not in the list of parameters, which are numbers."""


def listed(session: Session) -> list[ParameterInfo]:
    """Those of a session, with their values."""
    music = session.music
    found = []
    for name, unit, low, high, default, whole in _NUMBERS:
        value = getattr(music, name)
        found.append(ParameterInfo(ROOT + name, default if value is None else float(value), unit, low, high, default,
                                   whole))
    for track in session.tracks:
        rests = float(track.name in music.mute)
        found.append(ParameterInfo(f"{ROOT}mute.{track.name}", rests, "", 0.0, 1.0, 0.0, True))
    return found


def takes_words(path: str) -> bool:
    """Whether it is one of the composers' that takes a word."""
    return path.startswith(ROOT) and path.removeprefix(ROOT) in WORDS


def words(session: Session) -> dict[str, str]:
    """Those that take words, as they are; "" where nothing is said."""
    return {ROOT + name: str(getattr(session.music, name, None) or "") for name in WORDS}


def wishes(session: Session, values: Mapping[str, float | str]) -> wire.ModifyParams | None:
    """The values of music paths as what `modify` is asked; None where there are none.

    Raises MessageError: the path or value that is wrong, and what would do.
    """
    known = {info.path: info for info in listed(session)}
    given: dict[str, Any] = {}
    mute = list(session.music.mute)
    for path, value in values.items():
        name = path.removeprefix(ROOT)
        if name in WORDS:
            if not isinstance(value, str):
                raise MessageError(f"{path} = {value!r} does not fit: give a word, as {ROOT}{name} is no number")
            given[name] = value
            continue
        info = find(path, known)
        turned = number(info, value)
        if info.path.startswith(f"{ROOT}mute."):
            track = info.path.removeprefix(f"{ROOT}mute.")
            mute = [n for n in mute if n != track] + ([track] if turned >= 0.5 else [])
            given["mute"] = mute
        else:
            given[info.path.removeprefix(ROOT)] = int(turned) if info.whole else turned
    try:
        return msgspec.convert(given, wire.ModifyParams) if given else None
    except msgspec.ValidationError as problem:
        raise MessageError(ROOT + invalid(given, wire.ModifyParams, str(problem))) from None
