"""Roman numerals read: RomanText, music21's and usual spellings, and those of lead sheets."""

from __future__ import annotations

import re
from functools import lru_cache

from composers.errors import MusicError
from composers.theory.chord_kinds import read_kind
from composers.theory.roman_figures import Figure, complete, shortest
from composers.theory.roman_numeral import NUMERALS, Change, RomanNumeral

_SIGNS = str.maketrans({"♯": "#", "♭": "b", "𝄪": "##", "𝄫": "bb", "º": "o", "°": "o", "Ø": "ø", "−": "-", "–": "-"})
_NUMERAL = re.compile(r"VII|VI|V|IV|I{1,3}|vii|vi|v|iv|i{1,3}")
_ACCIDENTAL = re.compile(r"#+|b+|-+|")
_SIXTH = re.compile(r"(It|Fr|Ger|Sw)\+?")
_QUALITY = re.compile(r"/o|ø|o|0|\+?(?:maj|Maj|M|Δ)|\+|d")
_NEAPOLITAN_SEVENTH = re.compile(r"(?:maj|Maj|M|Δ)(?=7|6/?5|4/?[23]|2)")
_FIGURE = re.compile(r"/?(?P<open>\(?)(?P<alter>#{1,3}|b{1,3}|-{1,3}|)(?P<number>11|13|[2-9])(?P<shut>\)?)")
_LONELY = re.compile("#{1,2}|b{1,2}")
_CHANGES = re.compile(r"\[(?P<inside>[^\[\]]*)\]")
_CHANGE = re.compile(r"(?P<what>no|omit|add|sus|)(?P<alter>#{1,3}|b{1,3}|-{1,3}|)(?P<number>1[0-5]|[1-9])")
_DEFAULTS = {"It": (6,), "Fr": (4, 3), "Ger": (6, 5), "Sw": (4, 3)}
_SAYS_ITSELF = re.compile(r"[oøh+-]|dim|m(?!aj)")
_NO_TENSION = re.compile(r"/(?!(?:6|9|11|13)(?!\d)|maj)")
_MEMBER_IN_BASS = re.compile(r"/([2-57])(?!\d)")


class _Stop(Exception):  # noqa: N818
    """Where reading stopped, and what may stand there."""

    def __init__(self, at: int, allowed: str) -> None:
        self.at, self.allowed = at, allowed


@lru_cache(maxsize=8192)
def parse_roman(text: str, *, chart: bool = False) -> RomanNumeral:
    """ "V65/V", "viiø7", "vii/o4/3", "bII6", "N6", "Ger+6", "Cad64", "♭VI", "V7[no5][add6]" -> RomanNumeral.

    With `chart` degrees count along major and a symbol's suffix follows: "I7", "bVIImaj7", "V7alt/ii", "IV6/9", "I/3"
    (the third in the bass). Raises MusicError that says where it stopped understanding and what may stand there.
    """
    plain = text.translate(_SIGNS)
    try:
        return _Reader(plain, chart).read(0)
    except _Stop as stop:
        at = next((i for i in range(len(text)) if len(text[: i + 1].translate(_SIGNS)) > stop.at), len(text))
        where = f"from {text[at:]!r} (character {at + 1}) on" if at < len(text) else "at its end"
        raise MusicError(f"roman numeral {text!r} is not understood {where}: {stop.allowed}") from None


class _Reader:
    __slots__ = ("chart", "text")

    def __init__(self, text: str, chart: bool) -> None:
        self.text, self.chart = text, chart

    def read(self, start: int) -> RomanNumeral:
        """From text[start] to the end."""
        found, at = self._primary(start)
        changes: tuple[Change, ...] = ()
        if not self.chart or found.name:
            changes, at = self._changes(at)
        of = None
        if at < len(self.text):
            if self.text[at] != "/":
                raise _Stop(at, self._what_follows())
            of = self.read(at + 1)
        return RomanNumeral(
            found.degree, found.accidental, found.quality, found.figures, changes, of, found.name, self.chart
        )

    def _what_follows(self) -> str:
        if self.chart:
            return "after a numeral write a chord suffix (7, m7b5, maj9), /3 /5 /7 for the bass, /V for a secondary one"
        return (
            "after a numeral write o, ø, + or M, figures (6, 65, b9), brackets ([no5], [add#4], [b9]), "
            "then /V for a secondary one"
        )

    def _primary(self, start: int) -> tuple[RomanNumeral, int]:
        text = self.text
        if text.startswith("Cad", start):
            at = start + 3
            for figures in ("64", "6/4"):
                if text.startswith(figures, at):
                    at += len(figures)
                    break
            return RomanNumeral(1, 0, "", (Figure(6), Figure(4)), name="Cad"), at
        if sixth := _SIXTH.match(text, start):
            return self._augmented_sixth(sixth[1], sixth.end())
        at = _ACCIDENTAL.match(text, start).end()  # type: ignore[union-attr]  # matches the empty string, too
        alter = (1 if text[start:at].startswith("#") else -1) * (at - start)
        if at == start and text.startswith("N", at):
            return self._neapolitan(at + 1)
        numeral = _NUMERAL.match(text, at)
        if numeral is None:
            raise _Stop(at, "write a numeral I to VII or i to vii, N, It6, Fr43, Ger65, Sw43 or Cad64")
        degree = NUMERALS.index(numeral[0].upper()) + 1
        lower = numeral[0].islower()
        if self.chart:
            return self._chart(degree, alter, lower, numeral.end())
        return self._figured(degree, alter, lower, numeral.end())

    def _figured(self, degree: int, alter: int, lower: bool, at: int) -> tuple[RomanNumeral, int]:
        sign = _QUALITY.match(self.text, at)
        mark, at_figures = (sign[0], sign.end()) if sign else ("", at)
        figures, end = self._figures(at_figures)
        if end < len(self.text) and self.text[end] == "+" and not mark and figures:  # I6+ for I+6
            mark, end = "+", end + 1
        seventh = any(member in (7, 9, 11, 13) for member, _ in complete(figures).members)
        quality = _quality(mark, lower, seventh)
        if quality is None:
            allowed = {"d": "d takes a figure of a seventh behind a capital numeral: IVd7, IVd65"}
            raise _Stop(at, allowed.get(mark, f"{mark} takes a figure of a seventh: {mark}7, {mark}65, {mark}43"))
        return RomanNumeral(degree, alter, quality, figures), end

    def _chart(self, degree: int, alter: int, lower: bool, start: int) -> tuple[RomanNumeral, int]:
        end = len(self.text)
        if slash := _NO_TENSION.search(self.text, start):
            end = slash.start()
        suffix = self.text[start:end]
        kind, read = read_kind(("m" if lower and not _SAYS_ITSELF.match(suffix) else "") + suffix)
        if kind is None or read < len(suffix):
            raise _Stop(start + max(0, read - (1 if lower else 0)), self._what_follows())
        figures: tuple[Figure, ...] = ()
        if match := _MEMBER_IN_BASS.match(self.text, end):
            member = int(match[1])
            if (member - 1) not in {step % 7 for step in kind.steps}:
                raise _Stop(end + 1, f"the chord has no {member} to put in the bass; {self._what_follows()}")
            figures, end = (Figure(member),), match.end()
        return RomanNumeral(degree, alter, kind.quality, figures, chart=True), end

    def _neapolitan(self, at: int) -> tuple[RomanNumeral, int]:
        mark = _NEAPOLITAN_SEVENTH.match(self.text, at)
        figures, end = self._figures(mark.end() if mark else at)
        if end == at:
            figures = (Figure(6),)
        return RomanNumeral(2, -1, "maj7" if mark else "", figures, name="N"), end

    def _augmented_sixth(self, name: str, at: int) -> tuple[RomanNumeral, int]:
        figures, end = self._figures(at)
        if end == at or (name != "It" and figures == (Figure(6),)):
            figures = tuple(Figure(n) for n in _DEFAULTS[name])
        degree, alter = {"It": (4, 1), "Ger": (4, 1), "Fr": (2, 0), "Sw": (2, 1)}[name]
        return RomanNumeral(degree, alter, "", figures, name=name), end

    def _figures(self, at: int) -> tuple[tuple[Figure, ...], int]:
        found: list[Figure] = []
        while match := _FIGURE.match(self.text, at):
            if bool(match["open"]) != bool(match["shut"]):
                raise _Stop(match.start("number"), "close the bracket: V7(b9)")
            alter = len(match["alter"]) * (1 if match["alter"].startswith("#") else -1)
            found.append(Figure(int(match["number"]), alter))
            at = match.end()
        if match := _LONELY.match(self.text, at):  # a sharp alone is one before the third
            found.append(Figure(3, len(match[0]) * (1 if match[0][0] == "#" else -1)))
            at = match.end()
        if len({f.number for f in found}) < len(found):
            raise _Stop(at, "write each figure once")
        return shortest(tuple(found)), at

    def _changes(self, at: int) -> tuple[tuple[Change, ...], int]:
        found: list[Change] = []
        while match := _CHANGES.match(self.text, at):
            inside, end = match.start("inside"), match.end("inside")
            while inside < end:
                change = _CHANGE.match(self.text, inside, end)
                alter = len(change["alter"]) * (1 if change["alter"].startswith("#") else -1) if change else 0
                if change is None or (change["what"] in ("no", "omit") and alter) or not (change["what"] or alter):
                    raise _Stop(inside, "in brackets write [no5], [add9], [add#4], [sus4] or [b9]")
                number = int(change["number"])
                if change["what"] == "sus":
                    found += [Change("no", 3), Change("add", number, alter)]
                else:
                    found.append(Change({"omit": "no"}.get(change["what"], change["what"]), number, alter))
                inside = change.end()
                while inside < end and self.text[inside] in ", ":
                    inside += 1
            at = match.end()
        return tuple(found), at


@lru_cache(maxsize=64)
def _quality(mark: str, lower: bool, seventh: bool) -> str | None:
    """What case and sign say; None where they contradict."""
    mark = {"/o": "ø", "0": "o", "maj": "M", "Maj": "M", "Δ": "M", "+maj": "+M", "+Maj": "+M", "+Δ": "+M"}.get(
        mark, mark
    )
    if mark == "":
        return "m" if lower else ""
    if mark == "o":
        return "o7" if seventh else "o"
    if mark == "ø":
        return "m7b5" if seventh else "o"
    if mark == "+":
        return "+"
    if not seventh:
        return None
    if mark == "M":
        return "m(maj7)" if lower else "maj7"
    if mark == "+M":
        return "maj7#5"
    return None if lower else "7"
