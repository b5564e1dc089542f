"""All instruments by name: patches, SoundFonts, and what others register or install. The one front door.

Nothing here imports numba or a player: `make_instrument` loads what a sound needs when it is really wanted.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from instruments import patch as patches
from instruments.block import Instrument, InstrumentError
from instruments.note_audio import NOTES, Generate, Notes
from instruments.patch import Placement, find_patch
from instruments.soundfont_file import DRUM_BANK, find_sound, is_font

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "sideman.instruments"
"""The entry points by which installed packages bring instruments: name = "module:function, class or Synthesizer"."""

GUEST_PLACE = Placement(-9.0, 0.0, -14.0)
"""In the mix, where nobody says otherwise: functions tend to fill the whole scale with one note."""
_GM_FAMILIES = ("keys", "mallets", "organ", "guitar", "bass", "strings", "strings", "brass", "reed", "pipe", "lead",
                "pad", "effects", "plucked", "percussion", "effects")


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesizer:
    """An instrument of one's own: either a function of notes, or a class of the full contract.

    generate     (frequency in Hz, duration in s, NoteContext) -> audio: see instruments.note_audio
    notes        how that function is asked
    instrument   called without arguments, gives an `Instrument` (instruments/block.py): its process() runs in the
                 engine's callback, and must keep the contract
    family       "keys", "bass", "drums", ...: for lists, and the phrase that `sideman patches --play` plays
    placement    where it sits in a mix if nobody says otherwise
    fallback     the patch that plays its part if it fails, or None for silence
    """

    generate: Generate | None = None
    notes: Notes = NOTES
    instrument: Callable[[], Instrument] | None = None
    family: str = "other"
    aliases: tuple[str, ...] = ()
    description: str = ""
    placement: Placement = GUEST_PLACE
    fallback: str | None = "piano"

    def __post_init__(self) -> None:
        if (self.generate is None) == (self.instrument is None):
            raise InstrumentError("a synthesizer needs either generate (a function of frequency, duration and context) "
                                  "or instrument (a class of the Instrument contract)")
        made = self.generate or self.instrument
        if not callable(made):
            raise InstrumentError(f"a synthesizer is made of {made!r}, which cannot be called: give a function")
        if self.generate is not None:
            _takes_three(self.generate)
        if self.fallback is not None:
            find_patch(self.fallback)


@dataclass(frozen=True, slots=True)
class InstrumentInfo:
    """An instrument as people see it. engine: what makes its sound; source: where it is from; problem: or ""."""

    name: str
    family: str
    engine: str
    aliases: tuple[str, ...]
    source: str
    description: str = ""
    problem: str = ""


@dataclass(slots=True)
class _Entry:
    """A name that others brought. An entry point is loaded when it is first needed."""

    name: str
    source: str
    modules: tuple[str, ...]
    synthesizer: Synthesizer | None = None
    point: EntryPoint | None = None
    problem: str = ""

    def load(self) -> Synthesizer:
        """Raises InstrumentError that names the package, always the same."""
        if self.problem:
            raise InstrumentError(self.problem)
        if self.synthesizer is None:
            assert self.point is not None
            try:
                self.synthesizer = _as_synthesizer(self.point.load())
            except Exception as error:
                self.problem = (f"instrument {self.name!r} of {self.source} cannot be loaded from {self.point.value}: "
                                + (str(error) if isinstance(error, InstrumentError)
                                   else f"{type(error).__name__}: {error}"))
                raise InstrumentError(self.problem) from error
        return self.synthesizer


_registered: dict[str, _Entry] = {}


def register_synthesizer(
    name: str, *, generate: Generate | None = None, instrument: Callable[[], Instrument] | None = None,
    family: str = "other", aliases: tuple[str, ...] = (), description: str = "", gain_db: float = -9.0,
    pan: float = 0.0, send_db: float = -14.0, fallback: str | None = "piano", **notes: Any,
) -> None:
    """Make an instrument known by its name, for this process and those that it starts.

    notes: the fields of note_audio.Notes (duration_s, release_s, keys, velocities, one_shot, polyphony), for generate.
    The rest: see Synthesizer. The last registration of a name wins. Register at the top level of a module: sessions
    play in other processes, which import it again (also a script's `__main__`, above its `if __name__` line).

    A name that is only a built-in's alias ("piano" of "acoustic-piano") may be taken: it then means this one.

    Raises InstrumentError for what does not fit, and for the name of a built-in patch.
    """
    plain = _plain(name)
    if not plain or ":" in name or plain.endswith((".toml", ".sf2", ".sf3")):
        raise InstrumentError(f"synthesizer name {name!r} does not fit: give a word like \"my-synth\"")
    if plain in patches.patch_names():
        raise InstrumentError(f"synthesizer name {name!r} is taken by a built-in patch: choose another")
    try:
        asked = Notes(**notes)
    except TypeError as error:
        raise InstrumentError(f"synthesizer {name!r}: {str(error).partition(') ')[2] or error}: see "
                              "instruments.note_audio.Notes") from None
    made = Synthesizer(generate=generate, notes=asked, instrument=instrument, family=family, aliases=tuple(aliases),
                       description=description, placement=Placement(gain_db, pan, send_db), fallback=fallback)
    module = str(getattr(generate or instrument, "__module__", "") or "?")
    _registered[plain] = _Entry(plain, f"registered by {module}", (module,), made)


@cache
def _installed() -> Mapping[str, _Entry]:
    """What installed packages announce, not yet loaded."""
    from importlib.metadata import entry_points

    found: dict[str, _Entry] = {}
    for point in entry_points(group=GROUP):
        package = f"{point.dist.name} {point.dist.version}" if point.dist is not None else "an installed package"
        name = _plain(point.name)
        entry = _Entry(name, package, (point.module,), None, point)
        if name in patches.patch_names():
            entry.problem = f"instrument {name!r} of {package}: a built-in patch has that name, and keeps it"
        found.setdefault(name, entry)
    return found


def _entries() -> dict[str, _Entry]:
    return {**_installed(), **_registered}


def _takes_three(function: Callable[..., Any]) -> None:
    try:
        inspect.signature(function).bind(440.0, 1.0, None)
    except TypeError as error:
        raise InstrumentError(f"{function!r} does not take frequency, duration and context: {error}") from None
    except ValueError:
        return  # built in C: it will show


def _as_synthesizer(given: object) -> Synthesizer:
    """From what an entry point leads to: a Synthesizer, a class of the Instrument contract, or a function."""
    if isinstance(given, Synthesizer):
        return given
    if inspect.isclass(given) and hasattr(given, "process"):
        return Synthesizer(instrument=cast("Callable[[], Instrument]", given), description=_first_line(given))
    if callable(given):
        return Synthesizer(generate=given, description=_first_line(given))
    raise InstrumentError(f"it is {given!r}: give a function, a class of the Instrument contract, or a Synthesizer")


def _first_line(documented: object) -> str:
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def _plain(name: str) -> str:
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())


def _entry(name: str) -> _Entry | None:
    """By a built-in's name (None), a name of others, a built-in's alias (None), an alias of others (loads them all)."""
    plain = _plain(name)
    if name.endswith(".toml") or plain in patches.patch_names():
        return None
    entries = _entries()
    if plain in entries:
        return entries[plain]
    if plain in patches.aliases():
        return None
    for entry in entries.values():
        try:
            if plain in map(_plain, entry.load().aliases):
                return entry
        except InstrumentError:
            continue
    return None


def synthesizer_named(name: str) -> Synthesizer:
    """What others registered or installed under a name. Raises InstrumentError."""
    entry = _entry(name)
    if entry is None:
        raise InstrumentError(f"synthesizer {name!r} is not registered")
    return entry.load()


def check_instrument(name: str) -> None:
    """Whether a session may name it. Others' code is not run but to find an alias: an error shows when it is to play.

    Raises InstrumentError that lists the known names; of a SoundFont what is wrong with file or preset.
    """
    if is_font(name):
        find_sound(name)
    elif _entry(name) is None:
        _patch(name)


def _patch(name: str) -> patches.Patch:
    try:
        return find_patch(name)
    except InstrumentError:
        if name.endswith(".toml"):
            raise
    known = sorted({*patches.patch_names(), *_entries()})
    near = difflib.get_close_matches(_plain(name), {*known, *patches.aliases()}, 1, 0.7)
    raise InstrumentError(
        f"instrument {name!r} is not known: " + (f"did you mean {near[0]!r}? " if near else "")
        + f"choose one of {', '.join(known)} (or an everyday name: `sideman patches` lists these), the path of a patch "
        "that ends in .toml, or a SoundFont (NAME.sf2:PROGRAM)"
    )


def find_instrument(name: str) -> InstrumentInfo:
    """Everything about one, by name, alias, patch file or SoundFont. Raises InstrumentError as check_instrument."""
    if is_font(name):
        sound = find_sound(name)
        bank, program, title = sound.preset
        family = "drums" if bank == DRUM_BANK else _GM_FAMILIES[program % 128 // 8]
        return InstrumentInfo(name, family, "soundfont", (), str(sound.path), title)
    entry = _entry(name)
    if entry is not None:
        return _info(entry)
    found = _patch(name)
    if name.endswith(".toml"):
        return InstrumentInfo(found.name, found.family, found.engine, (), name)
    aliases = tuple(alias for alias in found.aliases if _plain(alias) not in _entries())
    return InstrumentInfo(found.name, found.family, found.engine, aliases, "built in")


def _info(entry: _Entry) -> InstrumentInfo:
    try:
        made = entry.load()
    except InstrumentError as error:
        return InstrumentInfo(entry.name, "other", "-", (), entry.source, problem=str(error))
    return InstrumentInfo(entry.name, made.family, "function" if made.generate else "class", made.aliases,
                          entry.source, made.description)


def instruments() -> list[InstrumentInfo]:
    """All that have a name: patches first, then what others brought (loaded: runs their code)."""
    own = [find_instrument(name) for name in patches.patch_names()]
    return own + [_info(entry) for _, entry in sorted(_entries().items())]


def placement(name: str) -> Placement:
    """Where an instrument sits in a mix if nobody says otherwise. Raises InstrumentError as check_instrument."""
    if is_font(name):
        return Placement(0.0, 0.0, -14.0)
    entry = _entry(name)
    if entry is None:
        return patches.placement(_patch(name).name if not name.endswith(".toml") else name)
    try:
        return entry.load().placement
    except InstrumentError:
        return GUEST_PLACE


def bends_each_channel(name: str) -> bool:
    """Whether an instrument of that name has bends, pressure and timbre by MIDI channel, in the range that RPN 0 says:
    then each note may have its own. Of others' instruments it is not known. Raises InstrumentError as
    check_instrument."""
    if is_font(name):
        return True
    return _entry(name) is None and _patch(name).engine == "oscillators"


def make_instrument(name: str, *, tempo: float = 120.0, offline: bool = False, stand_in: str = "piano") -> Instrument:
    """The instrument of that name, not yet prepared.

    tempo     BPM, which functions of notes are told
    offline   others' instruments are exact and raise, instead of being late or giving way to a fallback
    stand_in  the patch that plays where others' code cannot even be loaded, and so names no fallback

    Raises InstrumentError as check_instrument.
    """
    if is_font(name):
        from instruments.soundfont import SoundFont

        return SoundFont(find_sound(name))
    entry = _entry(name)
    if entry is None:
        return patches.make_instrument(_patch(name).name if not name.endswith(".toml") else name)
    return _guest(entry, tempo, offline, stand_in)


def _guest(entry: _Entry, tempo: float, offline: bool, stand_in: str) -> Instrument:
    from instruments.guest import Guest

    def make() -> Instrument:
        made = entry.load()
        if made.instrument is not None:
            return made.instrument()
        from instruments.function_synth import FunctionSynth

        assert made.generate is not None
        return FunctionSynth(entry.name, made.generate, made.notes, modules=entry.modules, tempo=tempo,
                             offline=offline)

    try:
        fallback = entry.load().fallback
    except InstrumentError:
        fallback = stand_in
    return Guest(entry.name, make, None if fallback is None else lambda: patches.make_instrument(fallback),
                 fallback_name=fallback or "", offline=offline)
