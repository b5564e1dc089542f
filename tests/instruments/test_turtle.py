"""Turtle as LV2 bundles use it, and whatever else may lie in a file of that name."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.turtle import TYPE, Iri, TurtleError, read_turtle

PREFIXES = "@prefix : <urn:x#> .\nPREFIX lv2: <http://lv2plug.in/ns/lv2core#>\n@base <file:///nowhere/> .\n"


def test_names_lists_and_descriptions() -> None:
    found = read_turtle(PREFIXES + """
        :one a lv2:Plugin , lv2:DelayPlugin ;   # a comment with . and ;
            :name "One"@en , 'Eins' , \"\"\"Two "quoted"
lines\"\"\" ;
            :port [ a lv2:InputPort ; :index 0 ; ] , [ :index 1 ] ;
            :numbers ( 1 -2.5e3 true ) ;
            .
        <relative.ttl> :is "\\u00e9\\t\\"" .
        [] :alone 1.
    """)
    one = "urn:x#one"
    assert [t.object for t in found if t.subject == one and t.predicate == TYPE] == [
        "http://lv2plug.in/ns/lv2core#Plugin", "http://lv2plug.in/ns/lv2core#DelayPlugin"]
    assert [t.object for t in found if t.predicate == "urn:x#name"] == ["One", "Eins", 'Two "quoted"\nlines']
    ports = [t.object for t in found if t.predicate == "urn:x#port"]
    assert [t.object for p in ports for t in found if t.subject == p and t.predicate == "urn:x#index"] == ["0", "1"]
    assert [t.object for t in found if t.predicate == "member"] == ["1", "-2.5e3", "true"]
    assert ("relative.ttl", "urn:x#is", 'é\t"') in found
    assert [t.object for t in found if t.predicate == "urn:x#alone"] == ["1"]


def test_a_typed_text_is_its_text() -> None:
    assert read_turtle(PREFIXES + ':a :b "4.5"^^:decimal .')[0].object == "4.5"


@pytest.mark.parametrize("text", [
    ":a :b :c .", "<a> <b>", "<a> <b> <c>", '<a> <b> "open .', "<a> <b> [ <c> 1 .", "<a> ) .", "<a> <b> ( 1",
    "@prefix x", "\0", '<a> <b> "x" "y" .',
])
def test_what_is_no_turtle_is_refused(text: str) -> None:
    with pytest.raises(TurtleError):
        read_turtle(text)


@given(st.text(alphabet='<>[]()"\'.;,:@^#\\ \nab1', max_size=60))
def test_nothing_else_is_raised_whatever_it_reads(text: str) -> None:
    with suppress(TurtleError):
        read_turtle(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_comes_back(text: str) -> None:
    escaped = "".join(f"\\U{ord(letter):08x}" for letter in text)
    assert read_turtle(f'<a> <b> "{escaped}" .') == [(Iri("a"), Iri("b"), text)]
