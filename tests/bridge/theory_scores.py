"""A small score for tests: two voices in G major, as MusicXML."""

from __future__ import annotations

_BARS = (("G4 D4", "G3 B3"), ("E4 G4", "C4 G3"), ("F#4 A4", "D3 D4"), ("G4 B4", "G3 D4"), ("A4 F#4", "D3 C4"),
         ("G4 G4", "G3 B3"))  # fmt: skip


def _note(name: str) -> str:
    alter = "<alter>1</alter>" if "#" in name else ""
    return (f"<note><pitch><step>{name[0]}</step>{alter}<octave>{name[-1]}</octave></pitch><duration>2</duration>"
            "<voice>1</voice></note>")


def _part(index: int) -> str:
    first = ("<attributes><divisions>1</divisions><key><fifths>1</fifths></key><time><beats>4</beats>"
             "<beat-type>4</beat-type></time></attributes>")
    return f'<part id="P{index}">' + "".join(
        f'<measure number="{i}">{first if i == 1 else ""}{"".join(map(_note, bar[index].split()))}</measure>'
        for i, bar in enumerate(_BARS, 1)) + "</part>"


SCORE = ('<?xml version="1.0"?><score-partwise version="4.0"><part-list><score-part id="P0">'
         '<part-name>Soprano</part-name></score-part><score-part id="P1"><part-name>Bass</part-name></score-part>'
         '</part-list>'
         f"{_part(0)}{_part(1)}</score-partwise>")
