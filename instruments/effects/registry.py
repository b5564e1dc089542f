"""All effects by name: the built-in ones, and what others register or install. The one front door.

Nothing here imports numba before prepare(): sessions are checked where there is none.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from instruments.block import Effect, InstrumentError
from instruments.effects.guest_effect import GuestEffect
from instruments.effects.values import Values
from instruments.parameter import Choice, Parameter

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "sideman.effects"
"""The entry points by which installed packages bring effects: name = "module:function, or class"."""

Parameters = Mapping[str, Parameter | Choice]

_BUILT_IN = {
    "chorus": "instruments.effects.chorus:Chorus",
    "compressor": "instruments.effects.compressor:Compressor",
    "delay": "instruments.effects.delay:Delay",
    "distortion": "instruments.effects.distortion:Distortion",
    "duck": "instruments.effects.ducker:Ducker",
    "eq": "instruments.effects.equalizer:Equalizer",
    "filter": "instruments.effects.filter:Filter",
    "flanger": "instruments.effects.flanger:Flanger",
    "gate": "instruments.effects.gate:Gate",
    "hall": "instruments.effects.reverb:Hall",
    "limiter": "instruments.effects.limiter:Limiter",
    "phaser": "instruments.effects.phaser:Phaser",
    "plate": "instruments.effects.plate:Plate",
    "reverb": "instruments.effects.reverb:Reverb",
    "transient": "instruments.effects.transient:Transient",
    "tremolo": "instruments.effects.tremolo:Tremolo",
    "width": "instruments.effects.width:Width",
}
"""name: module:class. Imported when first wanted."""

_SUMMARIES = {
    "chorus": "two or three swaying copies: width and body; also a Juno's and a string machine's",
    "compressor": "turns down what is loud; with a key, what is loud elsewhere",
    "delay": "echoes in beats or milliseconds, from side to side, worn by a tape",
    "distortion": "soft, tube, hard, fold or crush, and a guitar's loudspeaker",
    "duck": "makes room for each kick, by its notes, to the frame",
    "eq": "two passes, two shelves, two peaks",
    "filter": "a synth's filter over a whole track, moved by hand, LFO or level",
    "flanger": "a comb that sweeps, through zero if you like",
    "gate": "turns down what is quiet: a gate or an expander",
    "hall": "a large room, with a shimmer an octave up",
    "limiter": "holds true peaks at a ceiling",
    "phaser": "notches that sweep",
    "plate": "a bright, dense plate reverb",
    "reverb": "a room",
    "transient": "attacks and sustain louder or softer, at any level",
    "tremolo": "level or pan that sways",
    "width": "wider or narrower, the bass mono",
}


@dataclass(frozen=True, slots=True)
class EffectInfo:
    """An effect as people see it. source: "built in", or where it is from; problem: why it cannot be loaded, or ""."""

    name: str
    source: str
    description: str = ""
    parameters: Parameters | None = None
    problem: str = ""


@dataclass(slots=True)
class _Entry:
    """An effect that others brought. An entry point is loaded when it is first needed."""

    name: str
    source: str
    modules: tuple[str, ...]
    made_of: Callable[..., Any] | None = None
    parameters: Parameters | None = None
    point: EntryPoint | None = None
    problem: str = ""

    def load(self) -> Callable[..., Any]:
        """Raises InstrumentError that names the package, always the same."""
        if self.problem:
            raise InstrumentError(self.problem)
        if self.made_of is None:
            assert self.point is not None
            try:
                found = self.point.load()
                self.parameters = _fitting(self.name, found, None)
                self.made_of = found
            except Exception as error:
                self.problem = (f"effect {self.name!r} of {self.source} cannot be loaded from {self.point.value}: "
                                + (str(error) if isinstance(error, InstrumentError)
                                   else f"{type(error).__name__}: {error}"))
                raise InstrumentError(self.problem) from error
        return self.made_of


_registered: dict[str, _Entry] = {}


def register_effect(name: str, made_of: Callable[..., Any], *, parameters: Parameters | None = None) -> None:
    """Make an effect known by its name, for this process and those that it starts.

    made_of     a class of the `Effect` contract (instruments/block.py), which runs in the engine and must keep the
                contract; or a function (audio, rate) -> audio, which runs in a process of its own: audio is float32 of
                shape (2, frames), rate in Hz. Either may raise, or put out NaN or a wrong shape: then the dry sound
                goes on, and the status says so. A function may also hang or crash
    parameters  None: the attribute PARAMETERS of the function or class, if it has one. A function takes them as
                keywords besides; a class is called with a dict of them, and may have set(name, value)

    The last registration of a name wins. Register at the top level of a module: sessions play in other processes,
    which import it again (also a script's `__main__`, above its `if __name__` line).

    Raises InstrumentError for what does not fit, and for the name of a built-in effect.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise InstrumentError(f"effect name {name!r} does not fit: give a word like \"my-fx\"")
    if name in _BUILT_IN:
        raise InstrumentError(f"effect name {name!r} is taken by a built-in effect: choose another")
    rules = _fitting(name, made_of, parameters)
    module = str(getattr(made_of, "__module__", "") or "?")
    _registered[name] = _Entry(name, f"registered by {module}", (module,), made_of, rules)


def _fitting(name: str, made_of: object, parameters: Parameters | None) -> Parameters:
    """The parameters of what is to be an effect. Raises InstrumentError if it cannot be one."""
    if not callable(made_of):
        raise InstrumentError(f"effect {name!r} is made of {made_of!r}, which cannot be called: give a function "
                              "(audio, rate) -> audio, or a class of the Effect contract")
    if inspect.isclass(made_of):
        lacking = [m for m in ("prepare", "process", "reset", "close") if not callable(getattr(made_of, m, None))]
        if lacking:
            raise InstrumentError(f"effect {name!r}: {made_of.__name__} has no {', '.join(lacking)}: see Effect in "
                                  "instruments/block.py")
    parameters = (parameters if parameters is not None else getattr(made_of, "PARAMETERS", None)) or {}
    for word, rule in parameters.items():
        if not isinstance(rule, Parameter | Choice) or rule.default is None:
            raise InstrumentError(f"effect {name!r}: parameter {word!r} is {rule!r}: give a Parameter or a Choice with "
                                  "a default (instruments/parameter.py)")
    if not inspect.isclass(made_of):
        try:
            inspect.signature(made_of).bind(None, 48000, **dict.fromkeys(parameters))
        except TypeError as error:
            raise InstrumentError(f"effect {name!r}: {made_of!r} does not take audio, rate"
                                  f"{''.join(f', {word}=' for word in parameters)}: {error}") from None
        except ValueError:
            pass  # built in C: it will show
    return parameters


@cache
def _installed() -> Mapping[str, _Entry]:
    """What installed packages announce, not yet loaded."""
    from importlib.metadata import entry_points

    found: dict[str, _Entry] = {}
    for point in entry_points(group=GROUP):
        package = f"{point.dist.name} {point.dist.version}" if point.dist is not None else "an installed package"
        entry = _Entry(point.name, package, (point.module,), point=point)
        if point.name in _BUILT_IN:
            entry.problem = f"effect {point.name!r} of {package}: a built-in effect has that name, and keeps it"
        found.setdefault(point.name, entry)
    return found


def _entries() -> dict[str, _Entry]:
    """Of others, by name; a built-in's name stays the built-in's."""
    return {**_installed(), **_registered}


def _entry(name: str) -> _Entry:
    entry = _entries().get(name)
    if entry is None:
        near = difflib.get_close_matches(name, effect_names(), 1)
        raise InstrumentError(f"effect {name!r} is not known: " + (f"did you mean {near[0]!r}? " if near else "")
                              + f"choose one of {', '.join(effect_names())}")
    return entry


def _class(name: str) -> Any:
    module, _, attribute = _BUILT_IN[name].partition(":")
    return getattr(import_module(module), attribute)


def effect_names() -> list[str]:
    """All that make_effect() knows, in order of the alphabet."""
    return sorted({*_BUILT_IN, *_entries()})


def parameters_of(name: str) -> Parameters:
    """Each parameter with unit, range and default. Others' code is loaded for it. Raises InstrumentError."""
    if name in _BUILT_IN:
        rules: Parameters = _class(name).PARAMETERS
        return rules
    entry = _entry(name)
    entry.load()
    return entry.parameters or {}


def effects() -> list[EffectInfo]:
    """All effects, built-in ones first; what others brought is loaded (runs their code)."""
    found = [EffectInfo(name, "built in", _SUMMARIES.get(name) or _first_line(_class(name)), parameters_of(name))
             for name in sorted(_BUILT_IN)]
    for name, entry in sorted(_entries().items()):
        if name in _BUILT_IN:
            found.append(EffectInfo(name, entry.source, problem=entry.problem))
            continue
        try:
            made_of = entry.load()
        except InstrumentError as error:
            found.append(EffectInfo(name, entry.source, problem=str(error)))
        else:
            found.append(EffectInfo(name, entry.source, _first_line(made_of), entry.parameters))
    return found


def _first_line(documented: object) -> str:
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def function_named(name: str) -> Callable[..., Any]:
    """What others registered or installed: for the process that runs it. Raises InstrumentError."""
    return _entry(name).load()


def make_effect(
    name: str, params: Mapping[str, float | str] | None = None, *, offline: bool = False, block: int = 0,
) -> Effect:
    """An effect, not yet prepared.

    offline  others' effects are exact and raise, instead of being late or giving way to the dry sound
    block    frames of the device's period: a function has one of it, at least, to answer

    Raises InstrumentError that lists the known names or parameters; live, what is wrong with others' code shows in
    the status of the effect (a GuestEffect or a FunctionEffect) instead.
    """
    if name in _BUILT_IN:
        made: Effect = _class(name)(params or {})
        return made
    entry = _entry(name)
    try:
        made_of = entry.load()
    except InstrumentError:
        return GuestEffect(name, entry.load, offline=offline)
    values = Values(f"effect {name!r}", entry.parameters, params)
    if inspect.isclass(made_of):
        made_by: Callable[..., Any] = made_of
        return GuestEffect(name, (lambda: made_by(dict(values.now))) if entry.parameters else made_by, values,
                           offline=offline)
    from instruments.effects.function_effect import PIPELINE_FRAMES, FunctionEffect

    return FunctionEffect(name, made_of, values, modules=entry.modules, offline=offline,
                          pipeline_frames=max(PIPELINE_FRAMES, block))
