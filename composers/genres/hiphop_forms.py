"""Hip-hop's songs: verses of 16 bars with drop-outs, hooks of 8, beat switches; lo-fi's loop with players in turn."""

from __future__ import annotations

from composers.dice import dice
from composers.errors import MusicError
from composers.forms import Arrangement, Stretch

_NO_OUTRO, _NO_INTRO = 24, 20
"""Bars of a song that would rather have its hook than an outro, or an intro."""
FORMS = ("verse-hook", "loop", "beat-switch", "through-composed")


def arrangement(form: str, style: str, seed: int, length: int | None, short: bool = False) -> Arrangement:
    """The sections of a song, whose lengths the seed draws. short: verses of 8, so that there is time for a hook.
    Raises MusicError for an unknown form.

    Energies are MUSIC's: introduction .35, verse .55, hook .8, breakdown .4; lo-fi stays at .4 to .5.
    """
    draw = dice(seed, "hip-hop form")
    trap = style in ("trap", "drill")
    intro_bars = draw.weighted((4, 8), (0.7, 0.3))
    verse_bars = draw.weighted((12, 16), (0.5, 0.5) if trap else (0.1, 0.9))
    intro = Stretch("intro", "intro", 4 if short else intro_bars, 0.34, 0.42)
    verse = Stretch("verse", "A", 8 if short else verse_bars, 0.55, 0.62)
    hook = Stretch("hook", "B", 8, 0.8, 0.84)
    bridge = Stretch("bridge", "C", draw.weighted((4, 8), (0.4, 0.6)), 0.55, 0.68)
    breakdown = Stretch("breakdown", "A", 4, 0.4, 0.46)
    outro_bars = draw.weighted((4, 8), (0.7, 0.3))
    outro = Stretch("outro", "intro", 4 if short else outro_bars, 0.5, 0.32)
    if form == "verse-hook":
        opening = (intro, hook) if draw.chance(0.3) else (intro,)
        cycle = (verse, hook, verse, hook, draw.one_of((bridge, breakdown)), hook)
        if length is not None and length < _NO_OUTRO:
            return Arrangement(() if length < _NO_INTRO else (intro,), cycle, (), length)
        return Arrangement(opening, cycle, (outro,), length)
    if form == "loop":
        rows = [Stretch("verse", "A", 8, 0.42 + 0.02 * (k % 3), 0.46 + 0.02 * (k % 2)) for k in range(3)]
        hooks = Stretch("hook", "B", 8, 0.52, 0.5)
        return Arrangement((Stretch("intro", "intro", 4, 0.3, 0.38),),
                           (*rows[:2], hooks, rows[2], Stretch("breakdown", "A", 4, 0.34, 0.38), hooks), (outro,),
                           length)  # fmt: skip
    if form == "beat-switch":
        other = (Stretch("verse", "D", 16, 0.66, 0.72), Stretch("hook", "E", 8, 0.85, 0.9))
        return Arrangement((intro,), (verse, hook, verse, breakdown, *other, *other), (outro,), length)
    if form == "through-composed":
        letters = (Stretch("verse", letter, 8, 0.5 + 0.05 * k, 0.55 + 0.05 * k) for k, letter in enumerate("ADFG"))
        return Arrangement((intro,), (*letters, hook), (outro,), length)
    raise MusicError(f"form {form!r} is not one of hip-hop: choose one of {', '.join(FORMS)}")
