"""Instrument names that people write, and what each can do in a band."""

from __future__ import annotations

BASSES = ("bass", "upright-bass", "double-bass", "acoustic-bass", "electric-bass", "synth-bass")
DRUMS = ("drums", "jazz-kit", "drum-kit", "brushes")
KEYBOARDS = ("piano", "electric-piano", "rhodes", "wurlitzer", "organ", "keys")
GUITARS = ("guitar", "jazz-guitar", "acoustic-guitar", "electric-guitar")
LEADS = (
    "sax", "alto-sax", "tenor-sax", "soprano-sax", "trumpet", "flugelhorn", "trombone", "flute", "clarinet", "violin",
    "vibraphone", "vibes", "harmonica", "lead", "voice",
)  # fmt: skip
INSTRUMENTS = (*KEYBOARDS, *GUITARS, *BASSES, *DRUMS, *LEADS)
"""Every name that a genre may be given."""
