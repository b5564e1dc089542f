"""What clients may wish of a session: the parameters of `generate` and `modify` turned into another session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from bridge.errors import MusicError, SessionError
from bridge.session import CueSpec, Session, Track, check
from bridge.sound_files import SoundFiles
from bridge.stream import wire
from bridge.tunes import restyled
from composers.composer import Plan, Sectioned, find_genre, make_band, resolve
from composers.forms import ENDING_BARS
from instruments.registry import check_instrument

_NOT_COMPOSED = ("tempo", "volume", "filter", "section", "instruments", "solo", "mute", "restyle")
_OWN_CHOICE = "auto"
_CLOSE = ("ending", "end", "outro", "coda")
"""Names of the end, where the form itself has no section that is called so."""


def generated(session: Session, params: wire.GenerateParams, files: SoundFiles = SoundFiles()) -> Session:  # noqa: B008
    """Another piece: what is not said stays, but without `duration` it is endless, and mutes and jumps are gone. files:
    that may be named as instruments.

    Raises SessionError and MusicError: the value, and what is known.
    """
    given = params.given()
    session = session.with_music(cues=[], mute=[], lead_sheet=None, piece=None)
    if (names := given.pop("instruments", None)) is not None:
        session = _with_band(session, names, given.get("genre", session.music.genre), files)
    given.setdefault("duration", None)
    return settled(_with_music(session, given), "generate")


def modified(session: Session, params: wire.ModifyParams, bar: int,
             files: SoundFiles = SoundFiles()) -> Session | None:  # noqa: B008 - a value
    """The music changed, or None where none of it was. Volume and filter are not the plan's affair.

    bar    counted from 0, at which a jump to a section takes place
    files  that may be named as instruments
    """
    given = params.given()
    new = session
    wish = params.restyle
    if wish == "off":
        new = new.with_music(lead_sheet=None, piece=None)
    elif wish is not None:
        new = restyled(session, wish.to, wish.strength, wish.style, bar, band=wish.band == "new")
    new = _with_music(new, {k: v for k, v in given.items() if k not in _NOT_COMPOSED})
    if params.tempo is not None:
        new = new.with_music(tempo=params.tempo)
    if params.solo is not None:
        new = new.with_music(mute=[t.name for t in new.tracks if t.name not in _known(new, params.solo, "solo")])
    if params.mute is not None:
        new = new.with_music(mute=_known(new, params.mute, "mute"))
    if params.instruments is not None:
        new = _with_sounds(new, params.instruments, files)
    if new != session:
        new = settled(new, "modify")
    if params.section is not None:
        new = settled(_jumped(new, params.section, bar), "modify")
    return new if new != session else None


def sections_of(session: Session) -> tuple[str, ...]:
    """What a jump may name."""
    band = make_band(session.plan())
    return (*band.places(), _CLOSE[0]) if isinstance(band, Sectioned) else ()


def settled(session: Session, place: str) -> Session:
    """Checked, and with the style and form that the genre chooses, so that what is chosen stays when the tempo changes.

    A style or form that other changes have made impossible is chosen anew. Raises SessionError naming `place`.
    """
    plan = session.plan()
    try:
        found = resolve(plan)
    except MusicError:
        found = _chosen_anew(plan, place)
    session = session.with_music(style=found.style, form=found.form)
    tracks = {t.name for t in session.tracks}
    session = session.with_music(mute=[name for name in session.music.mute if name in tracks])
    check(session, place)
    return session


def _chosen_anew(plan: Plan, place: str) -> Plan:
    for free in (replace(plan, style=None), replace(plan, style=None, form=None)):
        try:
            return resolve(free)
        except MusicError as error:
            problem = error
    raise SessionError(f"{place}: {problem}")


def _with_music(session: Session, given: Mapping[str, Any]) -> Session:
    """By the names of the session file."""
    changes = dict(given)
    if "time_signature" in changes:
        changes["meter"] = "{}/{}".format(*changes.pop("time_signature"))
    if "duration" in changes:
        changes["bars"] = changes.pop("duration")
    if changes.get("genre", session.music.genre) != session.music.genre:
        changes.setdefault("style", None)
        changes.setdefault("cues", [])
    if changes.get("style", session.music.style) != session.music.style:
        changes.setdefault("form", None)
    for name in ("style", "form", "swing", "chords"):
        if changes.get(name) == _OWN_CHOICE:
            changes[name] = None
    return session.with_music(**changes)


def _known(session: Session, names: Sequence[str], field: str) -> list[str]:
    tracks = [t.name for t in session.tracks]
    for name in names:
        if name not in tracks:
            raise SessionError(f"modify: {field}: {name!r} is no track: choose from {', '.join(tracks)}")
    return list(dict.fromkeys(names))


def _jumped(session: Session, section: str, bar: int) -> Session:
    """From `bar` on the form goes on elsewhere; jumps that were to come later are dropped."""
    music = session.music
    before = [cue for cue in music.cues if cue.bar - 1 < bar]
    here = session.with_music(cues=before)
    name = section.strip().lower()
    try:
        band = make_band(here.plan())
        if not isinstance(band, Sectioned):
            raise SessionError(f"modify: section = {section!r}: what plays {music.genre} has no sections to jump to")
        if name in _CLOSE and name not in band.places():
            return here.with_music(bars=bar + ENDING_BARS)
        if name in ("next", "again"):
            name = (band.place_after if name == "next" else band.place_at)(max(0, bar - 1))
    except MusicError as error:
        raise SessionError(f"modify: {error}") from None
    return here.with_music(cues=[*before, CueSpec(bar + 1, name)])


def _with_sounds(session: Session, sounds: Mapping[str, str] | Sequence[str], files: SoundFiles) -> Session:
    """Other instruments for some tracks, or another band."""
    if not isinstance(sounds, Mapping):
        return _with_band(session, sounds, session.music.genre, files)
    _known(session, list(sounds), "instruments")
    tracks = []
    for track in session.tracks:
        if (sound := sounds.get(track.name)) is not None:
            sound = files.admitted(sound, [t.instrument for t in session.tracks])
            check_instrument(sound)
            track = msgspec.structs.replace(track, instrument=sound)
        tracks.append(track)
    return msgspec.structs.replace(session, tracks=tracks)


def _with_band(session: Session, names: Sequence[str], genre: str, files: SoundFiles) -> Session:
    return msgspec.structs.replace(session, tracks=_tracks(
        names, find_genre(genre).arrange(tuple(names)), session, files))


def _tracks(names: Sequence[str], parts: Mapping[str, tuple[str, ...]], session: Session,
            files: SoundFiles) -> list[Track]:
    """A track for each instrument; one that the session has already keeps its settings."""
    if len(set(names)) != len(names):
        raise SessionError(f"instruments = {list(names)} names one twice: name each once")
    have = {t.name: t for t in session.tracks}
    tracks = []
    for name in names:
        sound = files.admitted(name, [t.instrument for t in session.tracks])
        check_instrument(sound)
        taken = list(parts[name])
        old = have.get(name)
        tracks.append(old if old is not None and old.parts == taken else Track(name, taken, sound))
    return tracks
