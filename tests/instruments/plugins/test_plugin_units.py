"""Parameters in their own units, against plug-ins that show and parse their texts in all the ways that they do."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.block import InstrumentError
from instruments.hosts.parameter_units import number_in, plain_name, raw_for


def shows(value_of: Callable[[float], float], text: str = "{:f}") -> Callable[[float], str]:
    return lambda raw: text.format(value_of(raw))


def parses_nothing(_text: str) -> float:
    return 0.0


def decibels(raw: float) -> float:
    return -80.0 + 80.0 * raw


def hertz(raw: float) -> float:
    return float(20.0 * 1000.0**raw)


def falling(raw: float) -> float:
    return 10.0 - 10.0 * raw


def bent(raw: float) -> float:
    """Rises and falls again."""
    return 4.0 * raw * (1.0 - raw)


@given(st.floats(0, 1))
@pytest.mark.parametrize(("value_of", "text"), [
    (decibels, "{:f}"), (decibels, "{:.6f} dB"), (hertz, "{:.3f} Hz"), (falling, "{:.4f}"), (bent, "{:f}"),
])
def test_the_raw_value_found_shows_what_was_asked(value_of: Callable[[float], float], text: str, raw: float) -> None:
    wanted = value_of(raw)
    found = raw_for("p", wanted, shows(value_of, text), parses_nothing, 2**31 - 1)
    assert 0.0 <= found <= 1.0
    low, high = sorted((value_of(0.0), value_of(1.0)))
    assert abs(value_of(found) - wanted) <= max(2e-4 * abs(wanted), 0.005 * max(high - low, 0.0), 1e-4)


def test_the_plugins_own_parser_is_used_when_it_is_right() -> None:
    asked: list[float] = []

    def text_of(raw: float) -> str:
        asked.append(raw)
        return f"{decibels(raw):f}"

    assert raw_for("Threshold", -20, text_of, lambda text: (float(text) + 80) / 80, 2**31 - 1) == 0.75
    assert len(asked) < 8


def test_units_may_be_written_and_thousands_are_understood() -> None:
    def kilo(raw: float) -> str:
        return f"{hertz(raw):.2f} Hz" if hertz(raw) < 1000 else f"{hertz(raw) / 1000:.4f} kHz"

    assert hertz(raw_for("Frequency", "2 kHz", kilo, parses_nothing, 0)) == pytest.approx(2000, rel=1e-3)
    assert decibels(raw_for("Gain", "-20 dB", shows(decibels), parses_nothing, 0)) == pytest.approx(-20, abs=0.01)


def test_minus_infinity_at_the_end_of_a_fader() -> None:
    def fader(raw: float) -> str:
        return "-inf dB" if raw == 0 else f"{60 * math.log10(raw):.2f} dB"

    assert raw_for("Level", "-inf dB", fader, parses_nothing, 0) == 0.0
    assert 60 * math.log10(raw_for("Level", -6.0, fader, parses_nothing, 0)) == pytest.approx(-6, abs=0.01)


ROOMS = ("Hall", "Room", "Plate")


def room(raw: float) -> str:
    return ROOMS[round(raw * 2)]


@pytest.mark.parametrize(("choice", "raw"), [("Hall", 0.0), ("room", 0.5), ("PLATE", 1.0)])
def test_choices_by_their_text(choice: str, raw: float) -> None:
    assert raw_for("Kind", choice, room, parses_nothing, 3) == raw


def test_switches_and_raw_values() -> None:
    assert raw_for("On", True, shows(decibels), parses_nothing, 2) == 1.0
    assert raw_for("On", False, shows(decibels), parses_nothing, 2) == 0.0
    assert raw_for("x", {"raw": 0.25}, shows(decibels), parses_nothing, 0) == 0.25


@pytest.mark.parametrize(("value", "told"), [
    (5.0, "from -80.0+ to 0.0+"), (-81, "out of range"), ("9 dB", "out of range"), (math.nan, "no value"),
    ({"raw": 1.5}, "from 0 to 1"), ({"raw": True}, "from 0 to 1"), ({"cooked": 0.5}, "from 0 to 1"),
    ("loud", "a number from -80"),
])
def test_values_that_do_not_fit_are_told(value: object, told: str) -> None:
    with pytest.raises(InstrumentError, match=told) as error:
        raw_for("Threshold", value, shows(decibels), parses_nothing, 0)  # type: ignore[arg-type]
    assert "'Threshold'" in str(error.value)


@pytest.mark.parametrize("value", ["Cave", 2.0])
def test_choices_are_listed_when_none_fits(value: str | float) -> None:
    with pytest.raises(InstrumentError, match="'Hall', 'Room', 'Plate'"):
        raw_for("Kind", value, room, parses_nothing, 3)


@pytest.mark.parametrize(("text", "number"), [
    ("-20.5 dB", -20.5), ("1.2 kHz", 1200.0), ("+3", 3.0), ("−6.0", -6.0), (".5", 0.5), ("1e-3 s", 0.001),
    ("-inf dB", -math.inf), ("Hall", None), ("", None), ("10 km", 10.0),
])
def test_the_number_in_a_text(text: str, number: float | None) -> None:
    assert number_in(text) == number


def test_plain_names() -> None:
    assert [plain_name(n) for n in ("Wet / Dry", "Threshold dB", "LPF", " Boost/Cut 1 ")] == [
        "wet_dry", "threshold_db", "lpf", "boost_cut_1",
    ]
