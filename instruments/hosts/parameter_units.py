"""From a parameter's own units to the 0..1 that plug-ins take, by asking the plug-in for its texts.

Plug-in formats know a parameter only as 0..1 and as text, so the way back is a question: the plug-in's own parser is
tried first and believed only if the text of its answer says what was asked for (many parse badly, see pedalboard's
`get_raw_value_for`); otherwise the text is bisected, and scanned where it does not rise or fall steadily.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from instruments.block import InstrumentError
from instruments.hosts.host import ParamValue

TextOf = Callable[[float], str]
RawOf = Callable[[str], float]

_SCAN_STEPS = 1000
_BISECTIONS = 40
_NUMBER = re.compile(r"^\s*([-+−]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|[-+−]?inf\w*)\s*(k(?=hz))?", re.IGNORECASE)


def plain_name(name: str) -> str:
    """A name as people may write it: "Wet / Dry" -> "wet_dry"."""
    return re.sub(r"[^0-9a-z]+", "_", name.casefold()).strip("_")


def number_in(text: str) -> float | None:
    """The number that a text starts with ("-20.5 dB" -> -20.5, "1.2 kHz" -> 1200.0), None if with none."""
    match = _NUMBER.match(text)
    if match is None:
        return None
    digits = match[1].replace("−", "-").lower()
    if "inf" in digits:
        return -math.inf if digits.startswith("-") else math.inf
    return float(digits) * (1000.0 if match[2] else 1.0)


def raw_for(name: str, value: ParamValue, text_of: TextOf, raw_of: RawOf, steps: int) -> float:
    """The raw value 0..1 at which parameter `name` shows `value`.

    text_of(raw) and raw_of(text) ask the plug-in; `steps` is how many values it says that it has. Raises
    InstrumentError where the value is out of range, not among the choices, or of the wrong type.
    """
    if isinstance(value, Mapping):
        return _given_raw(name, value)
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    lowest, highest = number_in(text_of(0.0)), number_in(text_of(1.0))
    number = number_in(value) if isinstance(value, str) else float(value)
    if isinstance(value, str) and (number is None or lowest is None or highest is None):
        return _of_choice(name, value, text_of, raw_of, steps)
    if number is None or math.isnan(number):
        raise InstrumentError(f"parameter {name!r} = {value!r} is no value: give a number, a text or {{ raw = 0..1 }}")
    if lowest is None or highest is None:
        raise InstrumentError(f"parameter {name!r} = {value!r} is a number, but it shows texts: give "
                              f"{_choices(text_of, steps)}, or {{ raw = 0..1 }}")
    return _of_number(name, number, text_of, raw_of)


def _given_raw(name: str, value: Mapping[str, float]) -> float:
    raw = value.get("raw")
    if len(value) != 1 or not isinstance(raw, int | float) or isinstance(raw, bool) or not 0.0 <= raw <= 1.0:
        raise InstrumentError(f"parameter {name!r} = {dict(value)!r}: give {{ raw = x }} with x from 0 to 1")
    return float(raw)


def _of_number(name: str, number: float, text_of: TextOf, raw_of: RawOf) -> float:
    def shown(raw: float) -> float:
        value = number_in(text_of(raw))
        return math.nan if value is None else value

    def miss(value: float) -> float:
        return 0.0 if value == number else abs(value - number) if math.isfinite(value) else math.inf

    parsed = raw_of(f"{number:.9g}")
    if 0.0 <= parsed <= 1.0 and miss(shown(parsed)) <= 1e-4 * abs(number):
        return parsed
    table = {raw: shown(raw) for raw in (0.0, 1.0)}
    for raws in ([_bisected(number, shown, table[0.0] <= table[1.0])], [s / _SCAN_STEPS for s in range(_SCAN_STEPS)]):
        table.update((raw, shown(raw)) for raw in raws)
        finite = [value for value in table.values() if math.isfinite(value)]
        best = min(table, key=lambda raw: miss(table[raw]))
        # Half a hundredth of the range beside it counts as shown: plug-ins round their texts and step their values.
        if finite and miss(table[best]) <= max(1e-4 * abs(number), 0.005 * (max(finite) - min(finite))):
            return best
    raise InstrumentError(f"parameter {name!r} = {number:g} is out of range: it goes from {text_of(0.0)} to "
                          f"{text_of(1.0)}; nearest is {text_of(best)}")


def _bisected(number: float, shown: Callable[[float], float], rising: bool) -> float:
    below, above = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (below + above) / 2
        if (shown(middle) < number) == rising:
            below = middle
        else:
            above = middle
    return min((below, above), key=lambda raw: abs(shown(raw) - number))


def _of_choice(name: str, choice: str, text_of: TextOf, raw_of: RawOf, steps: int) -> float:
    wanted = choice.strip().casefold()
    parsed = raw_of(choice)
    if 0.0 <= parsed <= 1.0 and text_of(parsed).strip().casefold() == wanted:
        return parsed
    last = _last_step(steps)
    for step in range(last + 1):
        if text_of(step / last).strip().casefold() == wanted:
            return step / last
    raise InstrumentError(f"parameter {name!r} = {choice!r} is not one of its values: give {_choices(text_of, steps)}, "
                          f"or {{ raw = 0..1 }}")


def _choices(text_of: TextOf, steps: int) -> str:
    last = _last_step(steps)
    texts = list(dict.fromkeys(text_of(step / last).strip() for step in range(last + 1)))
    if all(number_in(text) is not None for text in texts):
        return f"a number from {texts[0]} to {texts[-1]}"
    return ", ".join(repr(text) for text in texts[:24]) + (", ..." if len(texts) > 24 else "")


def _last_step(steps: int) -> int:
    return steps - 1 if 2 <= steps <= _SCAN_STEPS else _SCAN_STEPS
