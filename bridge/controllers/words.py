"""Values and names in few letters, for displays and tables."""

from __future__ import annotations

from bridge.parameter_paths import ParameterInfo

OFF_DB = -90.0
"""Where a fader or send is off: see the unit of gain_db."""


_UNITS = ("db", "hz", "ms", "s", "cents", "octaves", "semitones", "beats")


def in_words(info: ParameterInfo, value: float | None = None) -> str:
    """A value (None: as it stands) with its unit as on a display: "-6.0 dB", "1.2 kHz", "on", "saw"."""
    value = info.value if value is None else value
    if info.words:
        return info.words[min(max(round(value), 0), len(info.words) - 1)]
    if info.whole and (info.low, info.high) == (0.0, 1.0):
        return "on" if value >= 0.5 else "off"
    unit = info.unit.replace(";", " ").replace(",", " ").split(" ")[0]
    if unit == "dB" and value <= OFF_DB:
        return "off"
    if unit == "Hz" and value >= 1000:
        return f"{value / 1000:.3g} kHz"
    if info.whole:
        return f"{value:.0f}"
    number = f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 or unit == "dB" else \
        f"{value:.2f}"
    return f"{number} {unit}" if unit in ("dB", "Hz", "ms", "s", "BPM", "cents", "octaves", "semitones") else number


def bare_name(path: str) -> str:
    """A parameter's own name: the last word of its path without its unit."""
    name = path.rpartition(".")[2]
    bare, _, unit = name.rpartition("_")
    return bare if bare and unit in _UNITS else name


def shortened(text: str, width: int) -> str:
    """So many letters: vowels go first, from the end, then what is left over."""
    text = text.replace("_", " ").replace("-", " ")
    place = len(text) - 1
    while len(text) > width and place > 0:
        if text[place] in "aeiou ":
            text = text[:place] + text[place + 1 :]
        place -= 1
    return text[:width]


def pan_in_words(value: float) -> str:
    """-1 .. 1 as desks write it."""
    percent = round(abs(value) * 100)
    return "C" if not percent else f"{'L' if value < 0 else 'R'}{percent}"
