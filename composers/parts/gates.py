"""A chord that lies, opened and shut in a rhythm: the trance gate, told as expression (CC 11) that any synth knows."""

from __future__ import annotations

from dataclasses import dataclass

from composers.dice import dice
from composers.parts.passage import Passage, Turn, Written

_EXPRESSION = 11


@dataclass(frozen=True, slots=True)
class GateStyle:
    """patterns: a bar of sixteen sixteenths, "x" open, "." shut, with weights; share of a sixteenth that it is open;
    floor: expression where it is shut, 0..127."""

    patterns: tuple[tuple[str, float], ...] = (
        ("xxx.xxx.xxx.xxx.", 0.35), ("xxx.xxx.xxx.xx.x", 0.2), ("x.xxx.xxx.xxx.xx", 0.2), ("xx.xx.xx.xx.xx.x", 0.25),
    )  # fmt: skip
    share: float = 0.7
    floor: float = 12.0


def gated(passage: Passage, written: Written, style: GateStyle) -> Written:
    """The part with its gate; open again where the passage ends. Drawn once for a piece."""
    texts, weights = zip(*style.patterns, strict=True)
    text = dice(passage.seed, "gate").weighted(texts, weights)
    turns = list(written.turns)
    for bar in range(0, passage.steps, passage.bar_steps):
        for index in range(passage.bar_steps // 3):
            step = bar + 3 * index
            if text[index % 16] == "x":
                turns.append(Turn(step, 0, "cc", _EXPRESSION, 127.0))
                turns.append(Turn(step + max(1, round(3 * style.share)), 0, "cc", _EXPRESSION, style.floor))
            else:
                turns.append(Turn(step, 0, "cc", _EXPRESSION, style.floor))
    return Written(written.events, sorted(turns), written.sweeps)


def open_gate(passage: Passage, written: Written) -> Written:
    """The same without one: what was shut before opens."""
    return Written(written.events, [Turn(0, 0, "cc", _EXPRESSION, 127.0), *written.turns], written.sweeps)
