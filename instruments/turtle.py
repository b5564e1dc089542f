"""Reads Turtle (RDF 1.1 Turtle, W3C 2014), the language in which LV2 bundles describe themselves.

Written for small files that people and build scripts make; nothing is loaded or fetched. Escapes in names are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

_TOKEN = re.compile(
    r'(?P<skip>(?:\s+|#[^\n]*)+)'
    r'|(?P<iri><[^<>"\s]*>)'
    r'|(?P<text>"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*\'\'\''
    r'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\')'
    r'|(?P<mark>\^\^|[\[\]();,])'
    r'|(?P<word>[^\s<>"\'\[\]();,#^]+)',
    re.DOTALL,
)
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))', re.DOTALL)
_LETTERS = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}


class TurtleError(ValueError):
    """What was read is not Turtle. Never reaches users."""


class Iri(str):
    """A name of a thing, as it is written where it is relative; of a thing without a name "_:..."."""

    __slots__ = ()


class Triple(NamedTuple):
    """subject, predicate, object; an object that is a plain str is a text or a number as written."""

    subject: Iri
    predicate: Iri
    object: str


class _Token(NamedTuple):
    kind: str
    text: str


def read_turtle(text: str) -> list[Triple]:
    """All statements, in order. Raises TurtleError."""
    return list(_Reader(text).statements())


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._token: _Token | None = next(self._tokens, None)
        self._prefixes: dict[str, str] = {}
        self._blanks = 0
        self._found: list[Triple] = []

    def statements(self) -> Iterator[Triple]:
        while self._token is not None:
            word = self._token.text.casefold()
            if self._token.kind == "word" and word in ("@prefix", "prefix", "@base", "base"):
                self._directive(word)
                continue
            subject = self._thing()
            if self._token != ("mark", "."):  # a description in brackets may stand alone
                self._description(Iri(subject))
            self._take(".")
            yield from self._found
            self._found.clear()

    def _directive(self, word: str) -> None:
        self._next()
        if "prefix" in word:
            prefix = self._next().text
            self._prefixes[prefix.removesuffix(":")] = self._next().text[1:-1]
        else:
            self._next()  # relative names are kept as they are: their base is the bundle
        if word.startswith("@"):
            self._take(".")

    def _description(self, subject: Iri) -> None:
        """predicate object, object; predicate object ..."""
        while True:
            predicate = Iri(TYPE) if self._token == ("word", "a") else None
            if predicate is None:
                predicate = Iri(self._thing())
            else:
                self._next()
            while True:
                self._found.append(Triple(subject, predicate, self._thing()))
                if self._token != ("mark", ","):
                    break
                self._next()
            if self._token != ("mark", ";"):
                return
            while self._token == ("mark", ";"):
                self._next()
            if self._token in (("mark", "."), ("mark", "]")):
                return

    def _thing(self) -> str:
        kind, text = self._next()
        if kind == "iri":
            return Iri(text[1:-1])
        if kind == "text":
            return self._literal(text)
        if kind == "word":
            return self._named(text)
        if text == "[":
            blank = self._blank()
            if self._token != ("mark", "]"):
                self._description(blank)
            self._take("]")
            return blank
        if text == "(":
            blank = self._blank()
            while self._token != ("mark", ")"):
                self._found.append(Triple(blank, Iri("member"), self._thing()))
            self._take(")")
            return blank
        raise TurtleError(f"{text!r} where a thing is due")

    def _literal(self, text: str) -> str:
        quotes = 3 if text[:3] in ('"""', "'''") else 1
        if self._token == ("mark", "^^"):
            self._next()
            self._thing()
        elif self._token is not None and self._token.kind == "word" and self._token.text.startswith("@"):
            self._next()
        return _ESCAPE.sub(_unescaped, text[quotes:-quotes])

    def _named(self, text: str) -> str:
        prefix, colon, local = text.partition(":")
        if not colon:
            return text  # a number, true or false
        if prefix == "_":
            return Iri(text)
        if prefix not in self._prefixes:
            raise TurtleError(f"prefix {prefix!r} is not declared")
        return Iri(self._prefixes[prefix] + local)

    def _blank(self) -> Iri:
        self._blanks += 1
        return Iri(f"_:{self._blanks}")

    def _next(self) -> _Token:
        token = self._token
        if token is None:
            raise TurtleError("it ends too soon")
        self._token = next(self._tokens, None)
        return token

    def _take(self, mark: str) -> None:
        if self._next() != ("mark", mark):
            raise TurtleError(f"no {mark!r} where one is due")


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise TurtleError(f"{text[at : at + 20]!r} is not Turtle")
        at = found.end()
        kind = found.lastgroup
        assert kind is not None
        if kind == "skip":
            continue
        word = found.group()
        if kind == "word" and word.endswith("."):
            if len(word) > 1:
                yield _Token(kind, word[:-1])
            yield _Token("mark", ".")
        else:
            yield _Token(kind, word)


def _unescaped(found: re.Match[str]) -> str:
    short, long, letter = found.groups()
    return chr(int(short or long, 16)) if letter is None else _LETTERS.get(letter, letter)
