"""What clients may wish of a session: the parameters of `generate` and `modify` turned into another session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from bridge.errors import SessionError
from bridge.session import Session, Track, check
from bridge.stream import wire
from composers.composer import find_genre
from instruments.registry import check_instrument


def generated(session: Session, params: wire.GenerateParams) -> Session:
    """Another piece: what is not said stays as it is, but without `duration` it is endless.

    Raises SessionError and MusicError: the value, and what is known.
    """
    given = params.given()
    genre = find_genre(given.get("genre", session.music.genre))
    if (names := given.pop("instruments", None)) is not None:
        session = msgspec.structs.replace(session, tracks=_tracks(names, genre.arrange(tuple(names)), session))
    given.setdefault("duration", None)
    new = _with_music(session, given)
    check(new, "generate")
    return new


def modified(session: Session, params: wire.ModifyParams) -> Session | None:
    """The music changed, or None where none of it was. Tempo, volume and filter are not the plan's affair."""
    given = {k: v for k, v in params.given().items() if k not in ("tempo", "volume", "filter")}
    if not given:
        return None
    new = _with_music(session, given)
    check(new, "modify")
    return new


def _with_music(session: Session, given: Mapping[str, Any]) -> Session:
    """By the names of the session file."""
    changes = dict(given)
    if "time_signature" in changes:
        changes["meter"] = "{}/{}".format(*changes.pop("time_signature"))
    if "duration" in changes:
        changes["bars"] = changes.pop("duration")
    if changes.get("genre", session.music.genre) != session.music.genre:
        changes.setdefault("form", None)
    for name in ("form", "swing"):
        if changes.get(name) == "auto":
            changes[name] = None
    return session.with_music(**changes)


def _tracks(names: Sequence[str], parts: Mapping[str, tuple[str, ...]], session: Session) -> list[Track]:
    """A track for each instrument; one that the session has already keeps its settings."""
    if len(set(names)) != len(names):
        raise SessionError(f"instruments = {list(names)} names one twice: name each once")
    have = {t.name: t for t in session.tracks}
    tracks = []
    for name in names:
        check_instrument(name)
        taken = list(parts[name])
        old = have.get(name)
        tracks.append(old if old is not None and old.parts == taken else Track(name, taken, name))
    return tracks
