"""Tunes that a session's band is given: of a MIDI file, or of what has just been playing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import msgspec

from bridge.errors import MusicError, SessionError
from bridge.session import Session, Track, check
from composers.genre import StyledGenre
from composers.lead_sheet import LeadSheet
from composers.piece import Piece
from composers.restyle.charted import choose_style, own_mode
from composers.restyle.hearing import hear
from composers.restyle.keeping import kept
from composers.restyle.reading import key_at
from composers.restyle.timing import best_fit, refitted
from composers.restyle.transfer import band_of, styled
from composers.score import Meter
from composers.style import Style
from instruments.registry import check_instrument


def with_piece(
    session: Session, path: str, place: str, *, folder: Path | None = None, given: Collection[str] = ()
) -> Session:
    """The session with a piece's tune, chords and form, on its own tracks.

    folder  where a relative path begins; None: where Sideman was started
    given   what of [music] stays as it is: key, meter, tempo, style

    Reads the file, and listens to it: some 100 ms. Raises SessionError naming `place`.
    """
    music = session.music
    try:
        file = Path(path) if folder is None else folder / path
        sheet = hear(Piece.load(file)).sheet
        genre = styled(music.genre)
        wanted = music.style if "style" in given else None
        meter = session.meter if "meter" in given else None
        style = genre.style(wanted) if wanted is not None else choose_style(genre, sheet, meter)
        if meter is not None:
            style = replace(style, meters=(meter,))
        fit = best_fit(sheet, style, max(0.5, music.strength), music.tempo if "tempo" in given else None)
    except MusicError as error:
        raise SessionError(f"{place}: music.piece: {error}") from None
    key = key_at(sheet, 0)
    changes = {"key": str(key.tonic), "meter": str(fit.meter), "tempo": min(400.0, max(20.0, fit.tempo)),
               "style": style.name}  # fmt: skip
    kept_as_given = {name: value for name, value in changes.items() if name not in given}
    sheet = replace(refitted(sheet, fit), settled=True)
    return session.with_music(**kept_as_given, mode=own_mode(key, style), form=None, lead_sheet=sheet, piece=str(file))


def played_by(
    session: Session, piece: Path, to: str | None, strength: float | None, given: Collection[str]
) -> Session:
    """The session with a piece, by the band of another genre where `to` names one. Raises SessionError."""
    music = session.music
    other = to is not None and to != music.genre
    session = session.with_music(genre=to or music.genre, style=None if other else music.style, form=None, cues=[],
                                 strength=music.strength if strength is None else strength)  # fmt: skip
    found = with_piece(session, str(piece), "--piece", given=given)
    if other:
        genre = styled(found.music.genre)
        found = msgspec.structs.replace(found, tracks=_tracks(genre, genre.style(found.music.style), found))
    check(found, "--piece")
    return found


def restyled(
    session: Session, to: str, strength: float, style: str | None, bar: int, *, band: bool
) -> Session:
    """What plays at a bar, counted from 0, given to another genre; unchecked. Beats stay beats, the tempo stays.

    band  the new style's instruments, each on a track of its own; else the session's tracks as they are

    Raises SessionError for what is not known, or has no tune to give.
    """
    try:
        sheet = kept(session.plan(), bar)
        genre = styled(to)
        chosen = genre.style(style) if style is not None else _style_for(genre, sheet, session)
    except MusicError as error:
        raise SessionError(f"modify: restyle: {error}") from None
    meter = session.meter if session.meter in chosen.meters else chosen.meters[0]
    if band:
        session = msgspec.structs.replace(session, tracks=_tracks(genre, chosen, session))
    sheet = sheet if sheet.meter == meter else replace(sheet, settled=False)
    return session.with_music(genre=to, style=chosen.name, form=None, meter=str(meter), cues=[], chords=None,
                              lead_sheet=sheet, strength=strength,
                              mode=own_mode(key_at(sheet, 0), chosen))  # fmt: skip


def _style_for(genre: StyledGenre, sheet: LeadSheet, session: Session) -> Style:
    """In the meter that plays, if the genre has it; near the tempo that plays."""
    meter: Meter | None = session.meter if session.meter in genre.meters else None
    return choose_style(genre, sheet, meter, session.music.tempo)


def _tracks(genre: StyledGenre, style: Style, session: Session) -> list[Track]:
    """A track for each of the style's players; one that the session has, with the same parts, keeps its settings."""
    parts, sounds = band_of(genre, style)
    have = {t.name: t for t in session.tracks}
    tracks = []
    for name, taken in parts.items():
        check_instrument(sounds[name])
        old = have.get(name)
        tracks.append(old if old is not None and tuple(old.parts) == taken else Track(name, list(taken), sounds[name]))
    return tracks
