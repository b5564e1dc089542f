"""A genre as a set of styles: checks what a plan asks for, chooses what it leaves open, and makes the band."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import log

from composers.band import StyleBand
from composers.composer import PARTS, Plan
from composers.dice import dice
from composers.errors import MusicError
from composers.instrumentation import BASSES, DRUMS, EFFECTS, GUITARS, INSTRUMENTS, KEYBOARDS, LEADS, PADS, plain
from composers.score import Meter
from composers.style import Style
from composers.theory.modes import plain_mode
from composers.theory.scales import Key
from composers.vocabulary import Words

_FAVOURED = 6.0
"""How much likelier a style is in a mode that it favours."""
Arranger = Callable[[tuple[str, ...]], Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class StyledGenre:
    """See composer.Genre. `by_name`: its styles, the first of them the usual one.

    arranger  who plays what of which instruments; None: composers.genre.arranged
    words     what people call its music, see composers.vocabulary
    """

    name: str
    by_name: Mapping[str, Style]
    arranger: Arranger | None = None
    words: Words = field(default_factory=dict)

    @property
    def styles(self) -> tuple[str, ...]:
        return tuple(self.by_name)

    @property
    def parts(self) -> tuple[str, ...]:
        return PARTS

    @property
    def forms(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(form for style in self.by_name.values() for form in style.forms))

    @property
    def meters(self) -> tuple[Meter, ...]:
        return tuple(dict.fromkeys(meter for style in self.by_name.values() for meter in style.meters))

    @property
    def modes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(mode for style in self.by_name.values() for mode in style.modes))

    @property
    def instruments(self) -> tuple[str, ...]:
        return INSTRUMENTS

    def style(self, name: str | None) -> Style:
        """A style by name, None: the usual one. Raises MusicError."""
        if name is None:
            return next(iter(self.by_name.values()))
        try:
            return self.by_name[name]
        except KeyError:
            raise MusicError(
                f"style {name!r} is not one of {self.name}: choose one of {', '.join(self.by_name)}"
            ) from None

    def usual_tempo(self, style: str | None = None) -> float:
        return self.style(style).tempi.usual

    def ensemble(self, style: str | None = None) -> tuple[str, ...]:
        return self.style(style).ensemble

    def arrange(self, instruments: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
        for name in instruments:
            if plain(name) not in INSTRUMENTS:
                raise MusicError(
                    f"instrument {name!r} has no place in {self.name}: choose from {', '.join(INSTRUMENTS)}"
                )
        return (self.arranger or arranged)(instruments)

    def resolve(self, plan: Plan) -> Plan:
        plan = replace(plan, mode=plain_mode(plan.mode))
        if plan.lead_sheet is not None:
            from composers.restyle.charted import resolved  # it reads this module, and few plans have a sheet

            plan = resolved(self, plan)
        self._check(plan)
        style = self.by_name[plan.style] if plan.style is not None else self._own_style(plan)
        form = plan.form
        if form is None:
            forms = style.forms_in(plan.mode)
            form = dice(plan.seed, "form").weighted(tuple(forms), tuple(forms.values()))
        return replace(plan, style=style.name, form=form)

    def band(self, plan: Plan) -> StyleBand:
        plan = self.resolve(plan)
        style = self.style(plan.style)
        if plan.lead_sheet is not None:
            from composers.restyle.charted import charted

            style = charted(self, style, plan)
        return StyleBand(plan, style)

    def _own_style(self, plan: Plan) -> Style:
        """One that plays this meter, mode and form, and this tempo if there is such a one, drawn by weight."""
        fitting = [s for s in self.by_name.values() if not _misfit(plan, s)]
        if not fitting:
            raise MusicError(f"{self.name} has no style that plays form {plan.form!r} in {plan.meter}, {plan.mode}: "
                             f"leave one of them out")  # fmt: skip
        in_time = [s for s in fitting if s.tempi.low <= plan.tempo <= s.tempi.high]
        if not in_time:  # the nearest
            in_time = [min(fitting, key=lambda s: abs(log(s.tempi.usual / plan.tempo)))]
        weights = [s.weight * (_FAVOURED if plan.mode in s.favours else 1.0) for s in in_time]
        return dice(plan.seed, "style").weighted(in_time, weights)

    def _check(self, plan: Plan) -> None:
        """What the plan asks for exists, and goes together."""
        styles = list(self.by_name.values()) if plan.style is None else [self.style(plan.style)]
        where = self.name if plan.style is None else f"{self.name} ({plan.style})"
        for what, value, known in (
            ("mode", plan.mode, dict.fromkeys(m for s in styles for m in s.modes)),
            ("meter", plan.meter, dict.fromkeys(m for s in styles for m in s.meters)),
            ("form", plan.form, {None: None} | dict.fromkeys(f for s in styles for f in s.forms)),
        ):
            if value not in known:
                offered = ", ".join(str(k) for k in known if k is not None)
                shown = value if what == "meter" else repr(value)
                raise MusicError(f"{what} {shown} is not one that {where} plays: choose one of {offered}")
        tonic = Key.parse(plan.key).tonic
        if abs(tonic.alter) > 1:
            raise MusicError(f"key {plan.key!r} has a double accidental: write it as {tonic.plain()}")
        _check_numbers(plan)
        if plan.form is not None and not any(plan.form in s.forms_in(plan.mode) for s in styles):
            offered = ", ".join(dict.fromkeys(form for s in styles for form in s.forms_in(plan.mode)))
            raise MusicError(
                f"form {plan.form!r} has no changes in {plan.mode}: with that mode choose one of {offered}"
            )
        for track, names in plan.parts.items():
            for part in names:
                if part not in PARTS:
                    raise MusicError(f"track {track!r}: part {part!r} is not known: choose one of {', '.join(PARTS)}")
        for what, tracks in (("mute", plan.mute), ("composers", plan.composers), ("sounds", plan.sounds)):
            for track in tracks:
                if track not in plan.parts:
                    raise MusicError(f"{what}: {track!r} is no track: choose from {', '.join(plan.parts)}")


def _misfit(plan: Plan, style: Style) -> bool:
    forms = style.forms_in(plan.mode)
    return plan.meter not in style.meters or plan.mode not in style.modes or not forms or (
        plan.form is not None and plan.form not in forms
    )


def _check_numbers(plan: Plan) -> None:
    for what, value, low, high, words in (
        ("energy", plan.energy, 0.0, 1.0, ""),
        ("density", plan.density, 0.0, 1.0, ""),
        ("complexity", plan.complexity, 0.0, 1.0, ""),
        ("strength", plan.strength, 0.0, 1.0, ""),
        ("register", plan.register, -12, 12, " semitones"),
        ("tempo", plan.tempo, 1.0, 1000.0, " beats a minute"),
        ("swing", 0.5 if plan.swing is None else plan.swing, 0.5, 0.75, " (0.5 is straight), or none"),
    ):
        if not low <= value <= high:
            raise MusicError(f"{what} = {value} is out of range: give {low:g} to {high:g}{words}")


def arranged(instruments: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Who plays what. A lead instrument takes the melody; without one the guitar beside a keyboard, else the first
    comper takes it too. Pads comp where nobody else does, else they are pads.
    """
    keyboards = [name for name in instruments if plain(name) in KEYBOARDS]
    guitars = [name for name in instruments if plain(name) in GUITARS]
    pads = [name for name in instruments if plain(name) in PADS]
    leads = {name for name in instruments if plain(name) in LEADS}
    if not leads and keyboards and guitars:
        leads = {guitars[0]}
    compers = [name for name in (*keyboards, *guitars, *pads) if name not in leads]
    alone = "" if leads or not compers else compers[0]
    parts: dict[str, tuple[str, ...]] = {}
    for name in instruments:
        if plain(name) in DRUMS:
            parts[name] = ("drums",)
        elif plain(name) in BASSES:
            parts[name] = ("bass",)
        elif plain(name) in EFFECTS:
            parts[name] = ("fx",)
        elif name in leads:
            parts[name] = ("melody",)
        else:
            parts[name] = ("comp", "melody") if name == alone else ("comp",)
    return parts
