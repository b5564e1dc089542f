"""Parameter paths as OSC addresses, and the addresses that a pattern means (OSC 1.0)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bridge.errors import MessageError

_NOT_IN_A_NAME = re.compile(r"[\s#*,/?\[\]{}]")
"""OSC 1.0 keeps these for itself."""
_PATTERN = re.compile(r"[*?\[\]{}]")
_LONGEST, _MOST_STARS = 256, 8
"""A pattern may be as hard as its stars are many."""


def address_of(path: str) -> str:
    """"mixer.bass.gain_db" is /mixer/bass/gain_db; what OSC does not allow in a name is an underscore."""
    return "/" + "/".join(_NOT_IN_A_NAME.sub("_", part) for part in path.split("."))


def is_pattern(address: str) -> bool:
    return _PATTERN.search(address) is not None


def matching(pattern: str, addresses: Iterable[str]) -> list[str]:
    """Those that the pattern means: ? one character, * any number (none of them a /), [a-c] and [!a-c] one of or none
    of these, {one,other} one of these. Raises MessageError for one that is too long or has no end."""
    expression = re.compile(_expression(pattern))
    return [address for address in addresses if expression.fullmatch(address)]


def _expression(pattern: str) -> str:
    pattern = re.sub(r"\*+", "*", pattern)
    if len(pattern) > _LONGEST or pattern.count("*") > _MOST_STARS:
        raise MessageError(f"the pattern {pattern[:40]!r} is too long: give at most {_LONGEST} characters and "
                           f"{_MOST_STARS} stars")
    out, i = [], 0
    while i < len(pattern):
        sign, rest = pattern[i], pattern[i + 1 :]
        if sign == "*":
            out.append("[^/]*")
        elif sign == "?":
            out.append("[^/]")
        elif sign in "[{":
            end = rest.find("]" if sign == "[" else "}")
            if end < 1:
                raise MessageError(f"the pattern {pattern!r} has a {sign} without its end")
            inner = rest[:end]
            if sign == "{":
                out.append(f"(?:{'|'.join(map(re.escape, inner.split(',')))})")
            else:
                out.append(_characters(inner))
            i += end + 1
        else:
            out.append(re.escape(sign))
        i += 1
    return "".join(out)


def _characters(inner: str) -> str:
    no = inner.startswith("!")
    inner = inner[1:] if no else inner
    parts, i = [], 0
    while i < len(inner):
        if inner[i + 1 : i + 2] == "-" and i + 2 < len(inner) and inner[i] <= inner[i + 2]:
            parts.append(f"{re.escape(inner[i])}-{re.escape(inner[i + 2])}")
            i += 3
        else:
            parts.append(re.escape(inner[i]))
            i += 1
    return f"[{'^/' if no else ''}{''.join(parts)}]" if parts else "[^/]"
