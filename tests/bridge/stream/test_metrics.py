"""The text of Prometheus, read back by a reader of its own, line by line as the format's description has it."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bridge.stream.metrics import Histogram, Metric, Sample, text

LINE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\.)*)"')


def read(page: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """(name, labels) -> value; every line that is no comment must be one sample of a metric that was announced."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    announced: set[str] = set()
    assert page.endswith("\n")
    for line in page.split("\n")[:-1]:
        if line.startswith("# TYPE "):
            announced.add(line.split()[2])
        if line.startswith("#"):
            assert re.match(r"^# (HELP|TYPE) sideman_\w+ .+$", line)
            continue
        match = LINE.match(line)
        assert match, line
        name, labels, value = match.groups()
        assert name in announced or re.sub(r"_(bucket|sum|count)$", "", name) in announced
        pairs = tuple((key, re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], word))
                      for key, word in LABEL.findall(labels or ""))
        assert (name, pairs) not in found
        found[name, pairs] = float(value)
    return found


def test_a_page() -> None:
    page = text([Metric.counter("late_total", "Late ones.", 3), Metric.by("clients", "gauge", "By kind.", "kind",
                                                                         {"a": 1, "b": 2.5})])
    assert page == (
        "# HELP sideman_late_total Late ones.\n# TYPE sideman_late_total counter\nsideman_late_total 3\n"
        '# HELP sideman_clients By kind.\n# TYPE sideman_clients gauge\nsideman_clients{kind="a"} 1\n'
        'sideman_clients{kind="b"} 2.5\n'
    )


def test_buckets_of_a_histogram_hold_all_below() -> None:
    histogram = Histogram((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7):
        histogram.add(value)
    values = read(text([histogram.metric("wait_seconds", "Waits.")]))
    assert values == {
        ("sideman_wait_seconds_bucket", (("le", "0.1"),)): 2, ("sideman_wait_seconds_bucket", (("le", "1"),)): 3,
        ("sideman_wait_seconds_bucket", (("le", "+Inf"),)): 4, ("sideman_wait_seconds_sum", ()): 7.65,
        ("sideman_wait_seconds_count", ()): 4,
    }


@given(st.dictionaries(st.text(), st.floats(allow_nan=False)))
def test_labels_of_any_letters_come_back(values: dict[str, float]) -> None:
    page = text([Metric("odd", "gauge", "Odd\nones \\.", [Sample(v, {"name": k}) for k, v in values.items()])])
    read_back = {labels[0][1]: value for (_, labels), value in read(page).items()}
    assert read_back == values
