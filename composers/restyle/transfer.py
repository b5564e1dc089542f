"""Style transfer: a piece given to the band of another genre, its tune, its phrases and its form kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

from composers.band import StyleBand
from composers.composer import Plan, find_genre
from composers.errors import MusicError
from composers.genre import StyledGenre
from composers.instrumentation import KEYBOARDS, LEADS, plain
from composers.lead_sheet import LeadSheet
from composers.performing import played
from composers.piece import Piece, unique_names
from composers.pulse import pulse_of
from composers.restyle import report as measures
from composers.restyle.charted import Chart, chart_of, choose_style, own_mode, playing
from composers.restyle.hearing import Heard, hear
from composers.restyle.layers import OWN_PARTS, WHOLE_BAND, Players
from composers.restyle.reading import key_at
from composers.restyle.report import Report
from composers.restyle.timing import best_fit, leaning, unbent
from composers.style import Style
from composers.theory.pitch import parse_pitch_name
from composers.theory.scales import Key


@dataclass(frozen=True, slots=True)
class Restyled:
    """A piece in its new style, and what was kept of it."""

    piece: Piece
    report: Report


def restyle(
    piece: Piece, to: str, strength: float = 0.7, style: str | None = None, seed: int = 0, *,
    key: str | None = None, tempo: float | None = None, heard: Heard | None = None,
) -> Restyled:  # fmt: skip
    """The piece as a band of genre `to` plays it. Pure: the same arguments give the same piece.

    strength  0 the piece itself; to .2 its own parts on the style's instruments, in the style's feel; to .5 the style's
              drums and bass under its own accompaniment; from .5 on the style's whole band, whose chords, rhythm and
              tempo go further from the source up to 1
    style     of the genre; None: the one that bends the piece least (its meter, its tempo, its mode)
    key       another tonic ("Eb"); tempo: quarters a minute. None: the piece's key, the style's nearest tempo
    heard     what `hear` found in the piece, where it is wanted more than once

    Raises MusicError for a piece without a melody, an unknown genre or style, and numbers out of range.
    """
    if not 0.0 <= strength <= 1.0:
        raise MusicError(f"strength = {strength} is out of range: give 0 (the piece itself) to 1 (the new style whole)")
    if tempo is not None and not 20.0 <= tempo <= 400.0:
        raise MusicError(f"tempo = {tempo} is out of range: give 20 to 400 quarters a minute")
    genre = styled(to)
    found = heard or hear(piece)
    chosen = genre.style(style) if style is not None else choose_style(genre, found.sheet)
    if strength == 0.0:
        return _itself(piece, found, to, chosen, seed)
    if strength < OWN_PARTS:
        chosen = replace(chosen, meters=(found.sheet.meter,))
        fit = unbent(found.sheet, tempo or leaning(found.sheet.tempo, chosen, strength))
    else:
        fit = best_fit(found.sheet, chosen, strength, tempo)
    chart = chart_of(genre, chosen, found.sheet, fit.meter, strength, seed, fit=fit)
    plan = plan_of(genre, chosen, chart, seed, key, tempo)
    made = _performed(piece, found, chosen, chart, plan)
    lead = made.tracks[0].name
    up = _raised(key_at(found.sheet, 0), made.keys[0][1])
    kept = measures.of_output(found, fit, made.tracks[0].clip.notes, made.chords, made.bars, up)
    return Restyled(made, Report(
        to=to, style=chosen.name, strength=strength, seed=seed, melody_track=found.melody.track, melody_now=lead,
        key=(_words(key_at(found.sheet, 0)), _words(made.keys[0][1])),
        meter=(str(found.sheet.meter), str(plan.meter)), tempo=(found.sheet.tempo, plan.tempo),
        bars=(found.sheet.bars, made.bars), sections=_sections(found.sheet, chart),
        tracks={t.name: t.instrument or t.name for t in made.tracks}, notices=found.notices, **kept,
    ))  # fmt: skip


def _performed(piece: Piece, heard: Heard, style: Style, chart: Chart, plan: Plan) -> Piece:
    """What is played, the track that sings first."""
    assert plan.length is not None
    own = key_at(heard.sheet, 0)
    key = Key(parse_pitch_name(plan.key), own.mode)
    band = StyleBand(plan, playing(style, chart, plan))
    made = played(plan, band, plan.length, piece.title)
    lead = lead_of(plan)
    tracks = [made.track(lead), *(t for t in made.tracks if t.name != lead)]
    if chart.strength < WHOLE_BAND:
        up = _raised(own, key)
        theirs = Players(piece, heard.melody.track, heard.bars, chart.fit, style.feel.at(plan.tempo))
        sounds = _sounds(plan)
        rhythm = [t for t in tracks[1:] if set(plan.parts[t.name]) <= {"drums", "bass", "percussion"}]
        if chart.strength < OWN_PARTS:
            rhythm, mine = [], theirs.all(sounds)
        else:
            mine = theirs.over_a_bass(sounds)
        names = unique_names([tracks[0].name, *(t.name for t in (*mine, *rhythm))])
        rows = [replace(t, name=n) for t, n in zip((tracks[0], *mine, *rhythm), names, strict=True)]
        if up:
            rows[1 : 1 + len(mine)] = Piece.of(rows[1 : 1 + len(mine)]).transposed(up).tracks
        tracks = rows
    return replace(made, tracks=tuple(tracks), keys=((0, key),))


def _raised(before: Key, after: Key) -> int:
    """Semitones, -5..6."""
    return (after.tonic.pitch_class - before.tonic.pitch_class + 5) % 12 - 5


def _sounds(plan: Plan) -> dict[str, str]:
    """Who of the style's band stands for whom of the piece's."""
    found: dict[str, str] = {}
    for name, parts in plan.parts.items():
        for role in ("bass", "drums", "comp", "pad", "riff", "arp"):
            if role in parts:
                place = role if role in ("bass", "drums") else "comp"
                found[place] = f"{found[place]} {plan.sounds[name]}" if place in found else plan.sounds[name]
                break
    return {k: v if k == "comp" else v.split()[0] for k, v in found.items()}


def _itself(piece: Piece, heard: Heard, to: str, style: Style, seed: int) -> Restyled:
    """Strength 0."""
    fit = unbent(heard.sheet)
    notes = [n._replace(start=round(heard.bars.step(n.start) * 80)) for n in heard.melody.notes]
    chords = [(chord.step * 80, chord.symbol) for chord in heard.sheet.chords]
    kept = measures.of_output(heard, fit, notes, chords, piece.bars)
    sheet = heard.sheet
    return Restyled(piece, Report(
        to=to, style=style.name, strength=0.0, seed=seed, melody_track=heard.melody.track,
        melody_now=heard.melody.track, key=(_words(key_at(sheet, 0)),) * 2, meter=(str(sheet.meter),) * 2,
        tempo=(sheet.tempo, sheet.tempo), bars=(piece.bars, piece.bars),
        sections=tuple((f"{s.role or s.kind} {s.letter}", s.role or s.kind, s.first_bar, s.bars)
                       for s in sheet.sections),
        tracks={t.name: t.instrument or t.name for t in piece.tracks}, notices=heard.notices, **kept,
    ))  # fmt: skip


def _words(key: Key) -> str:
    return f"{key.tonic} {key.mode}"


def styled(name: str) -> StyledGenre:
    """Raises MusicError for a genre that is not known, or has no styles to give a tune to."""
    genre = find_genre(name)
    if not isinstance(genre, StyledGenre):
        raise MusicError(f"genre {name!r} plays no tunes of others: choose a genre that is built on styles, as jazz is")
    return genre


def plan_of(
    genre: StyledGenre, style: Style, chart: Chart, seed: int, key: str | None = None, tempo: float | None = None
) -> Plan:
    """The band that plays a chart: the style's own, the tune on a track of its own."""
    parts, sounds = band_of(genre, style)
    own = key_at(chart.sheet, 0)
    mode = own_mode(own, style)
    forms = style.forms_in(mode)
    form = max(forms, key=lambda name: forms[name])
    return Plan(
        genre=genre.name, key=key or str(own.tonic), mode=mode, meter=chart.sheet.meter, form=form, seed=seed,
        parts=parts, sounds=sounds, length=chart.sheet.bars, style=style.name, tempo=tempo or chart.fit.tempo,
    )  # fmt: skip


def band_of(genre: StyledGenre, style: Style) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Tracks with their parts, and their instruments; the melody is on a track that plays nothing else."""
    parts = dict(genre.arrange(style.ensemble))
    sounds = {name: name for name in parts}
    alone = [name for name, own in parts.items() if own == ("melody",)]
    if alone:
        return parts, sounds
    shared = next((name for name, own in parts.items() if "melody" in own), None)
    sound = style.practice.lead or (shared if shared is not None else _lead_for(style))
    if shared is not None:
        parts[shared] = tuple(part for part in parts[shared] if part != "melody")
    return {"melody": ("melody",), **parts}, {"melody": sound, **sounds}


def _lead_for(style: Style) -> str:
    names = [n for n in style.ensemble if plain(n) in LEADS] or [n for n in style.ensemble if plain(n) in KEYBOARDS]
    return names[0] if names else "piano"


def lead_of(plan: Plan) -> str:
    """The first track that plays the melody."""
    return next(name for name, parts in plan.parts.items() if "melody" in parts)


def _sections(sheet: LeadSheet, chart: Chart) -> tuple[tuple[str, str, int, int], ...]:
    """What each section of the chart was."""
    per = pulse_of(chart.sheet.meter).steps
    source = pulse_of(sheet.meter).steps
    starts = [int(chart.fit.step(s.first_bar * source)) // per for s in sheet.sections]
    found = []
    for section in chart.sheet.sections:
        index = max((i for i, start in enumerate(starts) if start <= section.first_bar), default=0)
        old = sheet.sections[index]
        found.append((f"{old.role or old.kind} {old.letter}", section.role, section.first_bar, section.bars))
    return tuple(found)
