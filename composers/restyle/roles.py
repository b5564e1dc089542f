"""What a song's sections are in a style: a chorus is a drop, a hook, a head or a second theme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from composers.composer import Plan
from composers.lead_sheet import LeadSheet, SheetSection
from composers.style import Style

_WANTED: Mapping[str, tuple[str, ...]] = {
    "intro": ("intro",),
    "verse": ("verse", "head", "theme", "groove", "main", "drop", "field", "pads"),
    "chorus": ("chorus", "hook", "drop", "head", "second theme", "theme", "verse", "groove"),
    "bridge": ("bridge", "breakdown", "couplet", "second theme", "head", "theme", "verse"),
    "interlude": ("interlude", "breakdown", "transition", "bridge", "verse", "head", "theme"),
    "outro": ("outro", "coda", "closing", "out", "tag", "ending"),
}
_BUILD_LEAST = 8
"""A section of so many bars before a chorus ends with a build of half as many, up to eight, where the style has one."""
_FORM_BARS, _FINITE = 160, 128
_ENERGY_SHARE = 0.5

_known: dict[tuple[str, str], tuple[Style, dict[str, float]]] = {}


def roles_of(style: Style) -> Mapping[str, float]:
    """The roles in a style's forms, with the energy that each has there at first."""
    place = (style.name, next(iter(style.forms)))
    kept = _known.get(place)
    if kept is not None and kept[0] is style:
        return kept[1]
    found: dict[str, float] = {}
    for form in [f for f, weight in style.forms.items() if weight > 0] or list(style.forms):
        mode = next((m for m in style.modes if form in style.forms_in(m)), style.modes[0])
        plan = Plan(genre="", style=style.name, mode=mode, meter=style.meters[0], form=form, length=_FINITE,
                    tempo=style.tempi.usual, parts={"lead": ("melody",), "keys": ("comp",)})  # fmt: skip
        sheet = style.sheet(plan)
        for made, bars in ((sheet.endless, _FORM_BARS), (sheet.form, _FINITE)):
            bar = 0
            while bar < bars and (section := made.section(bar)) is not None:
                found.setdefault(section.role, section.energy)
                bar = section.end_bar
    _known[place] = (style, found)
    return found


def cast(sheet: LeadSheet, style: Style, strength: float) -> LeadSheet:
    """The sheet with the style's roles and energies. Sections that come from this style keep what they were."""
    roles = roles_of(style)
    found: list[SheetSection] = []
    for index, section in enumerate(sheet.sections):
        role = section.role if section.role in roles and section.role != "ending" else _role(section.kind, style, roles)
        energy = section.energy + (roles.get(role, section.energy) - section.energy) * _ENERGY_SHARE * strength
        section = section._replace(role=role, energy=round(energy, 3))
        following = sheet.sections[index + 1].kind if index + 1 < len(sheet.sections) else ""
        build = min(8, section.bars // 2)
        if "build" in roles and following == "chorus" and section.kind != "chorus" and section.bars >= _BUILD_LEAST:
            first = section.bars - build
            found.append(section._replace(bars=first))
            found.append(SheetSection("interlude", section.letter.lower(), section.first_bar + first, build,
                                      roles["build"], "build"))  # fmt: skip
            continue
        found.append(section)
    return replace(sheet, sections=tuple(found))


def _role(kind: str, style: Style, roles: Mapping[str, float]) -> str:
    told = style.practice.roles.get(kind)
    if told is not None:
        return told
    found = next((role for role in _WANTED[kind] if role in roles), None)
    if found is not None:
        return found
    singing = [role for role in roles if role not in ("intro", "outro", "ending", "solo", "trade", "tag")]
    return singing[0] if singing else kind
