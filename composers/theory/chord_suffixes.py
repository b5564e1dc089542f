"""What stands behind the root of a chord symbol: read in the spellings in use, held as one kind, printed again."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

# Longest first, because "maj" begins with "m" and "min" with "mi"; "madd9" and "malt" are minor.
_BASES = {
    "half-diminished": "h", "half-dim": "h", "halfdim": "h", "diminished": "o", "dominant": "dom", "augmented": "+",
    "major": "maj", "minor": "m", "maj": "maj", "Maj": "maj", "MAJ": "maj", "min": "m", "Min": "m", "MIN": "m",
    "MA": "maj", "MI": "m",
    "dim": "o", "aug": "+", "dom": "dom", "ma": "maj", "Ma": "maj", "mi": "m", "Mi": "m", "M": "maj", "Δ": "maj",
    "∆": "maj", "△": "maj", "^": "maj", "m": "m", "-": "m", "−": "m", "–": "m", "°": "o", "º": "o", "o": "o", "ø": "h",
    "Ø": "h", "+": "+",
}  # fmt: skip
_BASE = re.compile("|".join(re.escape(b) + ("(?!dd|lt)" if b == "ma" else "") for b in _BASES))
_TRIANGLES = frozenset("Δ∆△^")
_TOKEN = re.compile(
    r"(?P<number>6/9|69|13|11|[5679])"
    r"|(?P<major>major|maj|Maj|MAJ|ma(?!dd|lt)|Ma|M|[Δ∆△^])(?P<major_number>7|9|11|13)?"
    r"|(?P<sus>sus(?:2sus4|4sus2|24|42|2/4|2|4)?)|(?P<alt>alt)"
    r"|add(?P<added>[b♭]6|[b♭]9|[#♯]9|[#♯]11|[b♭]13|11|13|[2469])|(?:no|omit)(?P<left>[35])"
    r"|(?P<sign>[b#♭♯+−–-])(?P<degree>13|11|[45679])|(?P<plus>\+|aug)|(?P<punctuation>[(), ])"
)
_AFTER_SLASH = re.compile(r"/(?=[b#♭♯]?(?:6|9|11|13)|(?:maj|Maj|ma|M|Δ)(?:7|9|11|13))")
"""C7/9, Cm7/11 and Cm/maj7: what follows is no bass."""
_TENSIONS = {"": (), "5": (), "6": (), "7": (), "6/9": (14,), "9": (14,), "11": (14, 17), "13": (14, 21)}
_DEGREES = {"2": 2, "4": 5, "6": 9, "9": 14, "11": 17, "13": 21, "b6": 8, "b9": 13, "#9": 15, "#11": 18, "b13": 20}
_ALTERED = {"b5": 6, "#5": 8, "b9": 13, "#9": 15, "#11": 18, "b6": 8, "b13": 20}
_REPLACED = {"b9": 14, "#9": 14, "#11": 17, "b13": 21, "b6": 21}
_ORDER = {"b5": 0, "#5": 1, "b9": 2, "#9": 3, "#11": 4, "b6": 5, "b13": 6}
_STEPS = {0: 0, 2: 1, 3: 2, 4: 2, 5: 3, 6: 4, 7: 4, 8: 4, 9: 5, 10: 6, 11: 6, 13: 8, 14: 8, 15: 8, 17: 10, 18: 10,
          20: 12, 21: 12}  # fmt: skip
"""Letters above the root with which each interval is written, unless the symbol says otherwise."""


class ChordKind(NamedTuple):
    """A chord on no root.

    quality    the canonical suffix, "" for a major triad: "m7b5", "maj7", "7alt", "6/9", "(b5)", ...
    intervals  semitones above the root, ascending; tensions above the octave (9 = 14, 11 = 17, 13 = 21)
    steps      letters above the root that each is written with: a diminished seventh is 6, a sixth 5, a ninth 8
    """

    quality: str
    intervals: tuple[int, ...]
    steps: tuple[int, ...]

    @property
    def unicode(self) -> str:
        """With music signs: "ø7", "°7", "7♭9", "maj7♯11"."""
        text = _HALF_DIMINISHED.sub(r"ø\1", self.quality)
        text = re.sub("^o", "°", text)
        return text.replace("b", "♭").replace("#", "♯")

    @property
    def shorthand(self) -> str:
        """As jazz musicians write it by hand: "-7", "Δ7", "-Δ7", "ø7", "°7"."""
        text = re.sub(r"\(maj(\d+)\)", r"Δ\1", self.unicode)
        return re.sub("^m(?!aj)", "-", re.sub("^maj", "Δ", text))


_HALF_DIMINISHED = re.compile(r"^m(7|9|11|13)b5(?!#5)")


class _Read:
    """What the tokens have said so far."""

    __slots__ = ("added", "altered", "base", "depth", "left", "major", "number", "slash", "sus")

    def __init__(self) -> None:
        self.base = self.number = self.sus = ""
        self.major = False
        self.altered: list[str] = []
        self.added: list[str] = []
        self.left: list[str] = []
        self.depth = 0
        self.slash = False

    def take(self, match: re.Match[str]) -> bool:
        """Add one token; False where it makes no sense behind the others."""
        if match["number"]:
            return self._number(match["number"].replace("69", "6/9"))
        if match["major"]:
            return self._major(match["major_number"] or "")
        if match["sus"]:
            if self.sus or self.base in ("o", "h") or self.number == "5":
                return False
            self.sus = {"": "sus4", "2": "sus2", "4": "sus4"}.get(match["sus"][3:], "sus24")
        elif match["alt"]:
            if self.base or self.major or "alt" in self.altered or self.number in ("5", "6", "6/9"):
                return False
            self.number = self.number or "7"
            self.altered.append("alt")
        elif match["added"]:
            self.added.append(match["added"].replace("♭", "b").replace("♯", "#"))
        elif match["left"]:
            self.left.append(match["left"])
        elif match["sign"]:
            return self._alter(("#" if match["sign"] in "#♯+" else "b") + match["degree"])
        elif match["plus"]:  # C7+
            if (self.number not in ("7", "9", "11", "13") and self.base != "m") or self.base in ("o", "h", "+"):
                return False
            return self._alter("#5")
        else:
            self.depth += {"(": 1, ")": -1}.get(match["punctuation"], 0)
            return self.depth in (0, 1)
        return True

    def _number(self, number: str) -> bool:
        if self.slash or (self.number and self.depth):  # C7/9, C7(9,13)
            if number not in ("6", "9", "11", "13"):
                return False
            self.added.append(number)
            return True
        if self.number or self.altered or self.added or self.left:
            return False
        if number == "5":
            if self.base == "+":  # C+5 is an augmented triad
                return True
            if self.base or self.sus:
                return False
        if number[0] == "6" and (self.base in ("o", "h", "+", "dom") or self.major):
            return False
        self.number = number
        return True

    def _major(self, number: str) -> bool:
        if self.major or self.base in ("maj", "h", "dom") or self.altered or self.added or self.left:
            return False
        if self.number:  # C7M, but neither C9maj7 nor C6maj7
            if number or self.number not in ("7", "9", "11", "13"):
                return False
        elif not number and self.base == "":
            return False
        self.major, self.number = True, self.number or number or "7"
        return True

    def _alter(self, sign: str) -> bool:
        if sign == "#7" and self.base in ("m", "o"):
            return self._major("7")
        sign = "#11" if sign == "#4" else sign
        if sign not in _ALTERED or sign in self.altered or (sign == "#5" and self.base in ("o", "h", "+")):
            return False
        if not (sign == "b5" and self.base in ("o", "h")):  # those have it
            self.altered.append(sign)
        return True

    def kind(self) -> ChordKind:
        """Tokens to one canonical kind."""
        base, number, major, altered, added, left = (
            self.base, self.number, self.major, list(self.altered), list(self.added), list(self.left))  # fmt: skip
        if base == "h":
            base, number = "m", number or "7"
            altered.append("b5")
        if base == "maj":
            base, major = "", number in ("7", "9", "11", "13")
        if base == "dom":
            base = ""
        if base == "+" and (number or self.sus or "b5" in altered):
            base = ""
            altered.append("#5")
        if base == "m" and "b5" in altered and "#5" not in altered and (not number or major) and not self.sus:
            base = "o"
            altered.remove("b5")
        if base == "m" and self.sus:
            base = ""
        if base == "" and not number and altered == ["#5"] and not self.sus:
            base = "+"
            altered.clear()
        if not base and not number and not self.sus and not altered and "3" in left:
            number = "5"
            left.remove("3")
        if "6" in added and not number and base in ("", "m"):
            number = "6"
            added.remove("6")
        number, added = _folded(base, number, bool(self.sus), altered, added)
        if "5" in left and {"b5", "#5"} & set(altered):
            left = [x for x in left if x != "5"]
        degrees = _degrees(base, number, major, self.sus, altered, added, left)
        signs = sorted(dict.fromkeys(altered), key=lambda a: (_ORDER.get(a, 9), a))
        rest = "".join([f"add{a}" for a in sorted(set(added))] + [f"no{x}" for x in sorted(set(left))])
        text = f"{base}(maj{number})" if base and major else base + ("maj" if major else "") + number
        text += self.sus
        if signs and not text and signs[0][0] in "b#":  # "Cb5" would be C flat's
            text = "(" + "".join(signs) + ")"
        else:
            text += "".join(signs)
        pairs = sorted(degrees.items())
        return ChordKind(text + rest, tuple(i for i, _ in pairs), tuple(s for _, s in pairs))


def _folded(base: str, number: str, sus: bool, altered: list[str], added: list[str]) -> tuple[str, list[str]]:
    """Added tensions that make a higher number: 7 and 9 are a ninth chord, 9 and 13 a thirteenth."""
    rest, signs, minor = set(added), set(altered), base in ("m", "o")
    altered_ninth = bool(signs & {"b9", "#9"})
    if "9" in rest and number in ("6", "7") and not altered_ninth:
        number = "6/9" if number == "6" else "9"
        rest.remove("9")
    if "11" in rest and number == "9" and not sus and "#11" not in signs:
        number = "11"
        rest.remove("11")
    lower = "11" if minor else "7" if altered_ninth else "9"
    if "13" in rest and number == lower and not signs & {"b13", "b6"} and not (sus and minor) and "alt" not in signs:
        number = "13"
        rest.remove("13")
    return number, sorted(rest)


def _degrees(
    base: str, number: str, major: bool, sus: str, altered: list[str], added: list[str], left: list[str]
) -> dict[int, int]:
    """Semitones -> letters of all that sounds."""
    found: dict[int, int] = {0: 0}
    if sus:
        found |= {"sus2": {2: 1}, "sus4": {5: 3}, "sus24": {2: 1, 5: 3}}[sus]
    elif number != "5" and "3" not in left:
        third = 3 if base in ("m", "o") else 4
        found[third] = 2
    fifths = {_ALTERED[a] for a in altered if a in ("b5", "#5")}
    if not fifths and "alt" not in altered and "5" not in left:
        fifths = {6 if base == "o" else 8 if base == "+" else 7}
    found |= dict.fromkeys(fifths, 4)
    if number in ("6", "6/9"):
        found[9] = 5
    elif number not in ("", "5"):
        found[11 if major else 9 if base == "o" else 10] = 6
    above = set(_TENSIONS[number])
    if number == "13" and base in ("m", "o"):
        above.add(17)  # no major third with which it clashes
    if "sus4" in sus or sus == "sus24":
        above.discard(17)
    above -= {_REPLACED[a] for a in altered if a in _REPLACED}
    if "alt" in altered:
        above = (above - {14, 21}) | {13, 15, 18, 20}
    above |= {_ALTERED[a] for a in altered if a not in ("b5", "#5", "alt", "b6")}
    for degree in sorted(above):
        found[degree] = _STEPS[degree]
    if "b6" in altered:
        found.setdefault(8, 5)
    for name in added:
        found.setdefault(_DEGREES[name], 5 if name == "b6" else _STEPS[_DEGREES[name]])
    return found


@lru_cache(maxsize=8192)
def read_kind(text: str) -> tuple[ChordKind | None, int]:
    """The kind that `text` begins with, up to a "/" or "|" or its end, and where reading stopped.

    Without a kind the number is the place of the first character that is not understood.
    """
    read = _Read()
    at = 0
    if match := _BASE.match(text):
        read.base, at = _BASES[match.group()], match.end()
        if match.group() in _TRIANGLES and not re.match(r"[679]|1[13]", text[at:]):
            read.number = "7"  # a triangle alone is a major seventh
    while at < len(text) and text[at] != "|":
        if text[at] == "/":
            if not _AFTER_SLASH.match(text, at):
                break
            read.slash, at = True, at + 1
        token = _TOKEN.match(text, at)
        if token is None or not read.take(token):
            return None, at
        at = token.end()
    if read.depth or (read.base == "dom" and not read.number):
        return None, at
    return read.kind(), at


def steps_of(quality: str, intervals: tuple[int, ...]) -> tuple[int, ...]:
    """Letters above the root for a chord's intervals; by custom for intervals that its symbol does not have."""
    kind, end = read_kind(quality)
    if kind is not None and end == len(quality) and kind.intervals == intervals:
        return kind.steps
    by_custom = (0, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6)
    return tuple(_STEPS.get(i, by_custom[i % 12] + 7 * (i // 12)) for i in intervals)
