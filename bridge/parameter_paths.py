"""The names of all that can be turned while it plays, as dotted paths, and how one is found.

    mixer.bass.gain_db              a fader: gain_db, pan, mute, solo, send.RETURN; of a track, group, return, or master
    track.bass.eq.low_db            an effect of a track's chain, by its name (a second one is eq2) and parameter
    track.bass.synth.filter.cutoff_hz   the track's own instrument, as in its patch
    group.band.compressor.ratio, return.room.reverb.t60_s, master.limiter.ceiling_db

`set`, `modify`, automation and MIDI mapping speak of parameters by these. Values are in the unit that the path's last
word ends in (gain_db: dB); a switch is 0 or 1, a word out of a list is itself, or its place in the list.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import msgspec

from bridge.errors import MessageError
from instruments.parameter import Choice, Parameter

ROOTS = ("mixer", "track", "group", "return", "master")
_SHORT = ("master", "music", "return", "mixer", "group", "track")
_FADER = ("gain_db", "pan", "mute", "solo", "send")


class ParameterInfo(msgspec.Struct, frozen=True):
    """One parameter. value: where it stands, or glides to; log: knobs and controllers go by its logarithm; words: of a
    choice, whose low is 0 and whose high is the place of the last."""

    path: str
    value: float
    unit: str
    low: float
    high: float
    default: float
    whole: bool = False
    log: bool = False
    words: tuple[str, ...] = ()


def described(path: str, rule: Parameter | Choice, value: float) -> ParameterInfo:
    """A parameter as its rule says."""
    if isinstance(rule, Choice):
        return ParameterInfo(path, value, "", 0, len(rule.words) - 1, rule.words.index(rule.default), True, False,
                             rule.words)
    default = value if rule.default is None else rule.default
    return ParameterInfo(path, value, rule.unit, rule.low, rule.high, default, rule.whole, rule.log)


def path_of(kind: str, channel: str, stage: str, name: str) -> str:
    """The path of what a console lists (instruments.console.Listed)."""
    if not stage:
        return f"mixer.{channel}.{name}"
    return f"master.{stage}.{name}" if kind == "master" else f"{kind}.{channel}.{stage}.{name}"


def absolute(path: str, track: str) -> str:
    """A path as a composer's clip gives it, seen from the track that plays it."""
    first = path.partition(".")[0]
    if first in ROOTS:
        return path
    return f"mixer.{track}.{path}" if first in _FADER else f"track.{track}.{path}"


def find(path: str, known: Mapping[str, ParameterInfo]) -> ParameterInfo:
    """The parameter that is meant: by its exact path, or by the only one that has the same words but for units
    ("master.filter.cutoff" for ...cutoff_hz), or whose path ends with them, in the mix, or else in the music, a return,
    the mixer, a group or a track ("filter.cutoff", "density"). Raises MessageError that names what is near."""
    if path in known:
        return known[path]
    words = path.casefold().split(".")
    names = {name: name.casefold().split(".") for name in known}
    fits = [name for name, parts in names.items() if _fits(words, parts)]
    for first in () if fits else _SHORT:  # "filter.cutoff", "density": the mix's, or the composers', goes before
        fits = [name for name, parts in names.items() if parts[0] == first and _fits(words, parts[-len(words):])]
        if fits:
            break
    if len(fits) == 1:
        return known[fits[0]]
    near = fits or difflib.get_close_matches(path, known, 3, 0.6)
    hint = f"did you mean {' or '.join(map(repr, near[:3]))}? " if near else ""
    raise MessageError(f"there is no parameter {path!r}: {hint}`sideman set --list` shows all")


def _fits(given: list[str], name: list[str]) -> bool:
    return len(given) == len(name) and all(
        g == n or n.startswith(f"{g}_") for g, n in zip(given, name, strict=True))


def number(info: ParameterInfo, value: float | str | bool) -> float:
    """What a client gave, as the parameter's number. Raises MessageError: path, value, range."""
    if info.words:
        if isinstance(value, str) and value in info.words:
            return float(info.words.index(value))
        if isinstance(value, int | float) and value in range(len(info.words)):
            return float(value)
        raise MessageError(f"{info.path} = {value!r} is not known: give one of {', '.join(info.words)}")
    unit = f" ({info.unit})" if info.unit else ""
    kind = "a whole number" if info.whole else "a number"
    if isinstance(value, str) or not info.low <= value <= info.high or (info.whole and value != round(value)):
        raise MessageError(f"{info.path} = {value!r} does not fit: give {kind} from {info.low:g} to "
                           f"{info.high:g}{unit}")
    return float(value)


def matching(infos: Iterable[ParameterInfo], pattern: str | None) -> list[ParameterInfo]:
    """Those whose path holds all the pattern's words (divided by spaces), in any case."""
    words = (pattern or "").casefold().split()
    return [info for info in infos if all(word in info.path.casefold() for word in words)]
