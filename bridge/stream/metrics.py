"""What /metrics tells: values in the text format of Prometheus, version 0.0.4.

The format: https://prometheus.io/docs/instrumenting/exposition_formats/. Names follow its rules: base units (seconds,
bytes), `_total` for what only grows, until the process that counts it is started again.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Sample(NamedTuple):
    """One number, told apart by its labels. suffix: "" or, of a histogram, "_bucket", "_sum", "_count"."""

    value: float
    labels: Mapping[str, str] = {}
    suffix: str = ""


class Metric(NamedTuple):
    """A name with its samples. `name` without the prefix sideman_."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    about: str
    samples: Sequence[Sample]

    @staticmethod
    def counter(name: str, about: str, value: float) -> Metric:
        return Metric(name, "counter", about, (Sample(value),))

    @staticmethod
    def gauge(name: str, about: str, value: float) -> Metric:
        return Metric(name, "gauge", about, (Sample(value),))

    @staticmethod
    def by(name: str, kind: Literal["counter", "gauge"], about: str, label: str, values: Mapping[str, float]) -> Metric:
        """One sample for each value of a label."""
        return Metric(name, kind, about, tuple(Sample(value, {label: key}) for key, value in values.items()))


class Histogram:
    """How often values were at most each of `bounds` (rising), and their sum. One thread adds; adding is 0.4 us."""

    def __init__(self, bounds: Sequence[float], counts: Sequence[int] = (), total: float = 0.0) -> None:
        """counts: of values so far, by bucket, the last above all bounds."""
        self.bounds = tuple(bounds)
        self.counts = list(counts) or [0] * (len(self.bounds) + 1)
        self.total = total

    def add(self, value: float) -> None:
        self.counts[bisect.bisect_left(self.bounds, value)] += 1
        self.total += value

    def metric(self, name: str, about: str) -> Metric:
        samples, below = [], 0
        for bound, count in zip((*self.bounds, None), self.counts, strict=True):
            below += count
            samples.append(Sample(below, {"le": "+Inf" if bound is None else f"{bound:g}"}, "_bucket"))
        samples += Sample(self.total, suffix="_sum"), Sample(below, suffix="_count")
        return Metric(name, "histogram", about, tuple(samples))


def text(metrics: Iterable[Metric]) -> str:
    """The page that a Prometheus server reads."""
    lines: list[str] = []
    for name, kind, about, samples in metrics:
        lines += f"# HELP sideman_{name} {_escaped(about)}", f"# TYPE sideman_{name} {kind}"
        for value, labels, suffix in samples:
            inner = ",".join(f'{key}="{_escaped(word, quotes=True)}"' for key, word in labels.items())
            lines.append(f"sideman_{name}{suffix}{f'{{{inner}}}' if inner else ''} {_number(value)}")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return str(int(value)) if abs(value) < 2**53 and value == int(value) else repr(float(value))


def _escaped(words: str, *, quotes: bool = False) -> str:
    words = words.replace("\\", "\\\\").replace("\n", "\\n")
    return words.replace('"', '\\"') if quotes else words
