"""sideman theory"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.errors import MusicError

if TYPE_CHECKING:
    from bridge.audition import Played
    from composers.theory.chords import Chord
    from composers.theory.progressions import Progression
    from composers.theory.scale_types import ScaleType

_SHOWN_SCALES = 8


@click.group()
def command() -> None:
    """Look up scales, chords, voicings and progressions, hear them; analyse the harmony of a file.

    \b
    sideman theory scale D dorian              notes, degrees, intervals; without arguments: all scales
    sideman theory chord Bb13#11/D             what is in a chord; chord C E G Bb: what some notes are
    sideman theory voicing Cmaj9               all voicings of a chord on a piano
    sideman theory progression "rhythm changes" --key Eb
    sideman theory progression "ii-V-I" --voices jazz --play
    sideman theory progression --style jazz --chords 16 --seed 7
    sideman theory analyze song.mid            keys, chords, Roman numerals, cadences (MIDI or MusicXML)
    """


def _sounding(function: Callable[..., None]) -> Callable[..., None]:
    """The options of what can be heard."""
    for option in (
        click.option("--audio", type=click.Choice(["auto", "jack", "portaudio"]), default="auto",
                     help="With --play: where the sound goes."),
        click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path),
                     help="Write the sound to this WAV file instead of playing it."),
        click.option("--instrument", "patch", default="acoustic-piano", show_default=True,
                     help="What plays (see sideman patches)."),
        click.option("--play", is_flag=True, help="Play it."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table."),
    ):  # fmt: skip
        function = option(function)
    return function


@command.command()
@click.argument("words", nargs=-1)
@click.option("--with", "notes", metavar="NOTES", help='Find the scales that hold these notes: --with "C E G".')
@_sounding
def scale(words: tuple[str, ...], notes: str | None, as_json: bool, play: bool, patch: str, output: Path | None,
          audio: str) -> None:
    """Show a scale: TONIC NAME, or a name alone for C, or a Scala file. Without arguments: all scales.

    \b
    sideman theory scale D dorian
    sideman theory scale "Eb harmonic minor" --play
    sideman theory scale D maqam rast --json
    sideman theory scale C slendro.scl
    sideman theory scale --with "C Eb F# A"
    """
    from bridge import theory_tables as tables
    from composers.theory.progressions import diatonic_chords
    from composers.theory.scale_types import CATALOGUE, scales_with

    if notes is not None:
        found = scales_with(notes.replace(",", " ").split())
        _print([{"scale": s.name, "notes": " ".join(map(str, s))} for s in found], as_json,
               f"no scale of the catalogue holds {notes}")
        return
    if not words:
        _print([tables.type_row(kind) for kind in CATALOGUE], as_json)
        return
    tonic, kind = _scale_of(words)
    spelled = kind.on(tonic)
    chords = None
    if len(kind) == 7 and kind.tempered:
        chords = diatonic_chords(tonic, kind.name, sevenths=True) if _is_known(kind) else None
    if as_json:
        click.echo(json.dumps(tables.scale_data(spelled, chords), indent=2, ensure_ascii=False))
    else:
        click.echo(f"{spelled.name}: {' '.join(map(str, spelled))}")
        rows = tables.scale_rows(spelled)
        by_root = {} if chords is None else {str(c.root): str(c) for c in chords}
        for row in rows:
            row["cents"] = f"{row['cents']:g}"
            row["chord"] = by_root.get(row["note"], "")
        _table(rows, right=("degree", "cents"))
        if kind.descending is not None:
            click.echo(f"descending: {' '.join(map(str, spelled.descending))}")
        if kind.aliases:
            click.echo(f"also called {', '.join(kind.aliases)}")
        if kind.source:
            click.echo(f"after {kind.source}")
        click.echo("\n" + tables.keyboard(tables.marks_of(spelled)))
    if play or output is not None:
        from bridge.theory_playing import scale_notes

        _hear(scale_notes(spelled), spelled.name, patch, output, audio)


@command.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--key", help="Name the Roman numeral in this key, too.")
@_sounding
def chord(words: tuple[str, ...], key: str | None, as_json: bool, play: bool, patch: str, output: Path | None,
          audio: str) -> None:
    """Show a chord by its symbol, or name the chord of some notes, the lowest first.

    \b
    sideman theory chord Bb13#11/D
    sideman theory chord C "half-diminished seventh"
    sideman theory chord D7/F# --key C
    sideman theory chord E G Bb C
    """
    from bridge import theory_tables as tables
    from composers.theory.chord_kinds import NAMES
    from composers.theory.music_theory import MusicTheory
    from composers.theory.progressions import key_of
    from composers.theory.scale_types import find_scale_type, scales_with
    from composers.theory.scales import chord_scale

    theory = MusicTheory()
    words = tuple(" ".join(words).split())
    if len(words) > 1 and all(_is_note(word) for word in words):
        matches = theory.name_chord(words, key, count=3)
        value, others = matches[0], [str(c) for c in matches[1:]]
    else:
        value, others = _chord_of(words), []
    usual = find_scale_type(chord_scale(value, key=None if key is None else key_of(key)).name).on(value.root)
    others_too = (s for s in scales_with(value.notes, tonic=value.root) if 5 <= len(s) <= 8)
    scales = list({s.pitch_classes: s for s in (usual, *others_too)}.values())[:_SHOWN_SCALES]
    roman = None if key is None else str(theory.roman_numeral(value, key))
    if as_json:
        data = tables.chord_data(value, scales, roman)
        click.echo(json.dumps(data | ({"others": others} if others else {}), indent=2, ensure_ascii=False))
    else:
        called = NAMES.get(value.quality)
        spellings = dict.fromkeys((str(value), value.unicode, value.shorthand))
        click.echo(" = ".join(spellings) + (f", {value.root} {called}" if called else ""))
        _table(tables.chord_rows(value), right=("semitones",))
        click.echo(f"from the bass: {' '.join(map(str, value.notes_from_bass))}")
        if roman:
            click.echo(f"in {key_of(key or 'C').tonic} {key_of(key or 'C').mode}: {roman}")
        if others:
            click.echo(f"or else {', '.join(others)}")
        if scales:
            click.echo(f"scales: {', '.join(s.name for s in scales)}")
        click.echo("\n" + tables.keyboard(tables.marks_of(value.notes_from_bass, 48)))
    if play or output is not None:
        from bridge.theory_playing import chord_notes

        _hear(chord_notes(sorted(tables.marks_of(value.notes_from_bass, 48))), str(value), patch, output, audio)


@command.command()
@click.argument("symbol")
@click.option("--style", help="One style (close, drop-2, quartal ...) instead of all.")
@click.option("--inversion", type=click.IntRange(0, 11), default=0, show_default=True)
@click.option("--on", "compass", default="piano", show_default=True, help="An instrument whose compass it must fit.")
@_sounding
def voicing(symbol: str, style: str | None, inversion: int, compass: str, as_json: bool, play: bool, patch: str,
            output: Path | None, audio: str) -> None:
    """Lay a chord out on an instrument: close, drops, quartal, shells, rootless, upper structures ...

    \b
    sideman theory voicing Cmaj9
    sideman theory voicing Dm11 --style quartal --play
    sideman theory voicing G7alt --style drop-2 --inversion 1 --on guitar
    """
    from bridge import theory_tables as tables
    from composers.registers import register_of
    from composers.theory.chords import PolyChord, parse_symbol
    from composers.theory.music_theory import MusicTheory
    from composers.theory.voicings import STYLES

    theory = MusicTheory()
    register_of(compass)
    asked = parse_symbol(symbol)
    names = [style] if style else ["close"] if isinstance(asked, PolyChord) else list(STYLES)
    rows: list[dict[str, Any]] = []
    made = []
    for name in names:
        try:
            found = theory.voice(symbol, name, inversion=inversion, instrument=compass)
        except MusicError as error:
            if style:
                raise
            if not as_json:
                rows.append({"style": name, "notes": "-", "keys": "", "span": "", "why": str(error).partition(":")[0]})
            continue
        made.append(found)
        rows.append({"style": name, "notes": " ".join(map(str, found.pitches)),
                     "keys": list(found.keys) if as_json else " ".join(map(str, found.keys)),
                     "span": found.keys[-1] - found.keys[0], "why": ""})  # fmt: skip
    if as_json:
        click.echo(json.dumps([{k: v for k, v in row.items() if k != "why"} for row in rows], indent=2))
    else:
        _table(rows, right=("span",))
        if style:
            click.echo("\n" + tables.keyboard({p.midi: str(p) for p in made[0].pitches}))
    if (play or output is not None) and made:
        from bridge.theory_playing import held

        if style:
            from bridge.theory_playing import chord_notes

            _hear(chord_notes(made[0].keys), f"{symbol} {style}", patch, output, audio)
        else:
            _hear(held((2.0 * i, 2.0, v.keys) for i, v in enumerate(made)), f"{symbol} voiced", patch, output, audio)


@command.command()
@click.argument("words", nargs=-1)
@click.option("--key", default="C", show_default=True, help="Tonic, with its mode if you like: Eb, F#m, 'D dorian'.")
@click.option("--mode", help="major, minor, dorian, phrygian, lydian, mixolydian or locrian.")
@click.option("--style", help="Make one up: jazz, rock, hip-hop, edm, classical or ambient.")
@click.option("--chords", "count", type=click.IntRange(1, 4096), default=8, show_default=True, help="With --style.")
@click.option("--seed", type=int, help="With --style: another seed is another progression.")
@click.option("--voices", metavar="STYLE", help="Voice leading: classical, chorale, jazz, 'jazz with bass' or pop.")
@click.option("--substitutions", is_flag=True, help="What may stand for each chord.")
@click.option("--midi", type=click.Path(dir_okay=False, path_type=Path), help="Write the chords to this MIDI file.")
@_sounding
def progression(words: tuple[str, ...], key: str, mode: str | None, style: str | None, count: int, seed: int | None,
                voices: str | None, substitutions: bool, midi: Path | None, as_json: bool, play: bool, patch: str,
                output: Path | None, audio: str) -> None:
    """Show a progression by name, in numerals or in symbols; or make one up. Without arguments: all that have a name.

    \b
    sideman theory progression "12-bar blues" --key F
    sideman theory progression "I VI7 | ii V7" --key Bb
    sideman theory progression "Dm7 G7 | Cmaj7" --substitutions
    sideman theory progression "ii-V-I" --voices jazz
    sideman theory progression --style classical --mode minor --key A --chords 16 --play
    sideman theory progression --style edm --midi loop.mid
    """
    from bridge import theory_tables as tables
    from composers.theory import named_progressions, progressions
    from composers.theory.progression_styles import DEFAULT_SEED, generate

    if words and style:
        raise click.UsageError("give a progression, or --style to make one up, not both")
    if not words and not style:
        _print([{"name": p.name, "kind": p.kind, "chart": p.chart, "mode": p.mode, "about": p.about}
                for p in named_progressions.CATALOGUE], as_json)  # fmt: skip
        return
    if style:
        made = generate(key, mode, style, count, seed=DEFAULT_SEED if seed is None else seed)
    else:
        made = progressions.progression(" ".join(words), key, mode)
    rows = tables.progression_rows(made)
    if voices is not None:
        from composers.theory.music_theory import MusicTheory

        leading = MusicTheory().lead_voices(made.chords, voices, key=made.key)
        for row, voiced in zip(rows, leading.voicings, strict=True):
            names = list(map(str, voiced))
            row["voices"] = names if as_json else " ".join(f"{name:<3}" for name in names).rstrip()
    offers = _offers(made) if substitutions else []
    if as_json:
        data = {"key": str(made.key.tonic), "mode": made.key.mode, "name": made.name, "chart": made.chart,
                "numerals": made.numeral_chart, "chords": rows}  # fmt: skip
        click.echo(json.dumps(data | ({"substitutions": offers} if offers else {}), indent=2, ensure_ascii=False))
    else:
        title = f"{made.name} in " if made.name else ""
        click.echo(f"{title}{made.key.tonic} {made.key.mode}: | {made.chart} |")
        _table(rows, right=("bar",))
        if offers:
            click.echo()
            _table([o | {"play": " ".join(o["play"])} for o in offers])
    if midi is not None:
        _write_midi(midi, made)
    if play or output is not None:
        from bridge.theory_playing import progression_notes

        _hear(progression_notes(made), made.name or "progression", patch, output, audio)


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--chart", is_flag=True, help="A lead sheet, four bars a line, instead of the table.")
@_sounding
def analyze(file: Path, chart: bool, as_json: bool, play: bool, patch: str, output: Path | None, audio: str) -> None:
    """Hear the harmony of a FILE, MIDI (.mid) or MusicXML (.musicxml, .mxl, .xml): keys, chords, cadences, phrases.

    \b
    sideman theory analyze song.mid
    sideman theory analyze chorale.mxl --json
    sideman theory analyze song.mid --chart
    sideman theory analyze song.mid --play     the chords alone, on a piano
    """
    from composers.theory.music_theory import MusicTheory

    heard = MusicTheory().analyze_harmony(file).analysis
    if as_json:
        click.echo(json.dumps(heard.as_dict(), indent=2, ensure_ascii=False))
    else:
        keys = [str(k) for k in heard.keys]
        click.echo(f"{file.name}: {heard.key.tonic} {heard.scale.name}, {len(heard.chords)} chords")
        if len(keys) > 1:
            click.echo("keys: " + " > ".join(keys))
        click.echo()
        click.echo(_lead_sheet(heard.chords) if chart else heard.table())
    if play or output is not None:
        from bridge.theory_playing import held, voiced
        from composers.score import PPQ

        first = heard.chords[0].span.start
        keys_of = voiced([c.chord for c in heard.chords], heard.key)
        notes = held(((c.span.start - first) / PPQ, c.span.length / PPQ, keys)
                     for c, keys in zip(heard.chords, keys_of, strict=True))  # fmt: skip
        _hear(notes, file.stem, patch, output, audio)


def _offers(made: Progression) -> list[dict[str, Any]]:
    """What may be played instead of each chord, or before it."""
    from composers.theory.substitutions import substitutions

    rows: list[dict[str, Any]] = []
    for index, value in enumerate(made):
        after = made[index + 1] if index + 1 < len(made) else None
        for offer in substitutions(value, after, made.key):
            rows.append({"chord": str(value), "play": list(map(str, offer.chords)),
                         "where": "instead" if offer.replaced else "before", "name": offer.name, "why": offer.why})
    return rows


def _lead_sheet(chords: Sequence[Any]) -> str:
    """Bars with their chords, four a line; % where a chord goes on."""
    by_bar: dict[int, list[str]] = {}
    for found in chords:
        by_bar.setdefault(found.bar, []).append(str(found.chord))
    bars = [" ".join(by_bar.get(bar, ["%"])) for bar in range(min(by_bar), max(by_bar) + 1)]
    width = max(map(len, bars))
    return "\n".join(f"{min(by_bar) + i:>4} | " + " | ".join(f"{b:<{width}}" for b in bars[i : i + 4]) + " |"
                     for i in range(0, len(bars), 4))


def _scale_of(words: Sequence[str]) -> tuple[str, ScaleType]:
    """Tonic and scale from words: "D dorian", "dorian", "Eb", "C slendro.scl". Raises MusicError."""
    from composers.theory.pitch import parse_pitch_name
    from composers.theory.scale_types import find_scale_type

    parts = " ".join(words).split()
    if len(parts) == 1 and len(parts[0]) == 1:
        parse_pitch_name(parts[0])  # a letter is meant as a tonic
    tonic, rest = ("C", parts) if not _is_name(parts[0]) else (parts[0], parts[1:])
    name = " ".join(rest) or "major"
    return tonic, _from_scala(Path(name)) if name.lower().endswith(".scl") else find_scale_type(name)


def _from_scala(path: Path) -> ScaleType:
    from composers.theory.scale_types import custom_scale
    from instruments.scala import parse_scl, read_text

    scala = parse_scl(read_text(path), str(path))
    cents = sorted({0.0, *(round(c, 4) for c in scala.cents[:-1])})
    return custom_scale(path.stem, cents, cents=True, period=scala.cents[-1])


def _is_known(kind: ScaleType) -> bool:
    from composers.theory.scale_types import scale_names

    return kind.name in scale_names()


def _is_name(word: str) -> bool:
    """A note's name without an octave."""
    from composers.theory.pitch import parse_pitch_name

    try:
        parse_pitch_name(word)
    except MusicError:
        return False
    return True


def _is_note(word: str) -> bool:
    return _is_name(word.rstrip("0123456789").removesuffix("-") or "?")


def _chord_of(words: Sequence[str]) -> Chord:
    """A symbol, or a root and a quality by any name. Raises MusicError."""
    from composers.theory.chords import parse_chord
    from composers.theory.music_theory import MusicTheory

    if len(words) > 1 and _is_name(words[0]):
        return MusicTheory().build_chord(words[0], " ".join(words[1:])).chord
    symbol = "".join(words)
    if "|" in symbol:
        raise MusicError(f"{symbol} is two chords: look at each, or at both with sideman theory voicing '{symbol}'")
    return parse_chord(symbol)


def _write_midi(path: Path, made: Progression) -> None:
    from bridge.theory_playing import progression_notes
    from composers.piece import Piece
    from composers.score import PPQ, Clip, Note, Span
    from composers.smf import write_smf

    notes = [Note(round(n.beat * PPQ), round(n.beats * PPQ), n.key, n.velocity) for n in progression_notes(made)]
    end = max(n.end for n in notes)
    starts = sorted({n.start for n in notes})
    symbols = [(start, str(c)) for start, c in zip(starts, made, strict=True)]
    clip = Clip.of(Span(0, end), notes)
    write_smf(path, Piece.of({"chords": clip}, 100.0, key=made.key, markers=symbols, chords=symbols))
    click.echo(f"{path}: {len(made)} chords", err=True)


def _print(rows: list[dict[str, Any]], as_json: bool, nothing: str = "") -> None:
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif rows:
        _table([{k: ", ".join(v) if isinstance(v, list) else v for k, v in row.items()} for row in rows])
    else:
        click.echo(nothing)


def _table(rows: Sequence[dict[str, Any]], right: Sequence[str] = ()) -> None:
    """Columns by the first row's keys; those that are empty throughout are left out."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    columns = [k for k in rows[0] if any(row.get(k) not in ("", None) for row in rows)]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape("" if row.get(k) is None else str(row[k])) for k in columns))
    Console().print(table)


def _hear(notes: Sequence[Played], what: str, patch: str, output: Path | None, audio: str) -> None:
    from bridge.commands.warmup import warm_up_with_bar
    from bridge.errors import InstrumentError
    from instruments import registry

    info = registry.find_instrument(patch)
    if info.problem:
        raise InstrumentError(info.problem)
    warm_up_with_bar()

    from bridge import audition, listening

    listening.listen(lambda rate: audition.render(patch, notes, rate), what, output, audio)
