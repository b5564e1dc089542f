"""docs/theory.md: its examples give what it says, its lists are whole.

python tests/composers/theory/test_theory_doc.py writes the lists anew.
"""

from __future__ import annotations

import doctest
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[3]), str(Path(__file__).resolve().parent)]

import test_seed as seed

from bridge.commands import cli
from composers.theory.named_progressions import CATALOGUE

PAGE = Path(__file__).resolve().parents[3] / "docs" / "theory.md"
PARTS = {
    "Scales and modes": ("test_scale", seed.SCALES), "Chords": ("test_chord", seed.CHORDS),
    "Progressions": ("test_progression", seed.PROGRESSIONS), "Substitutions": ("test_substitution", seed.SUBSTITUTIONS),
    "Intervals": ("test_interval", seed.INTERVALS), "Chord functions": ("test_function", seed.FUNCTIONS),
}  # fmt: skip
SINGLE = {
    "Jazz voicings": ("test_voicing_drop_2", "test_voicing_drop_3", "test_voicing_drop_2_and_4", "test_voicing_quartal",
                      "test_voicing_cluster", "test_voicing_spread"),
    "Voice leading rules": ("TestVoiceLeadingRules::test_smooth_voice_leading",
                            "TestVoiceLeadingRules::test_contrary_motion",
                            "TestVoiceLeadingRules::test_oblique_motion_and_common_tones",
                            "TestVoiceLeadingRules::test_parallel_motion", "TestVoiceLeadingRules::test_resolution"),
    "Circle of fifths": ("test_circle_of_fifths", "test_enharmonics_are_told_apart"),
    "Custom scales": ("test_custom_scales",),
    "API": ("TestApi::test_get_scale", "TestApi::test_build_chord", "TestApi::test_generate_progression",
            "TestApi::test_analyze_harmony"),
}  # fmt: skip


def entries() -> str:
    rows = ["| part | entry | test |", "|---|---|---|"]
    for part, (test, table) in PARTS.items():
        rows += [f"| {part} | {entry} | `{test}[{entry}]` |" for entry in table]
    for part, tests in SINGLE.items():
        rows += [f"| {part} | {_words(test)} | `{test}` |" for test in tests]
    return "\n".join(rows)


def _words(test: str) -> str:
    return test.rpartition("test_")[2].removeprefix("voicing_").replace("_", " ")


def progressions() -> str:
    rows = ["| kind | name | chart |", "|---|---|---|"]
    for p in CATALOGUE:
        chart = p.chart if len(p.chart) < 90 else f"{p.chart[:80].rpartition(' | ')[0]} | ..."
        names = ", ".join((p.name, *p.aliases))
        rows.append(f"| {p.kind} | {names} | `{chart}`{f': {p.about}' if p.about else ''} |".replace(" | ", " \\| ")
                    .replace(f"| {p.kind} \\| ", f"| {p.kind} | ").replace(f"{names} \\| ", f"{names} | "))
    return "\n".join(rows)


LISTS = {"progressions": progressions, "entries": entries}


def written() -> str:
    """The page with its lists as they should be."""
    text = PAGE.read_text(encoding="utf-8")
    for name, make in LISTS.items():
        mark = f"<!-- {name} -->"
        pattern = re.compile(re.escape(mark) + r"\n(?:\n?\|[^\n]*\n)*(?:\n(?:\|[^\n]*\n)+)?")
        text = pattern.sub(lambda _, mark=mark, make=make: f"{mark}\n\n{make()}\n", text)
    return text


def consoles() -> Iterator[tuple[str, str]]:
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        for call in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = call.partition("\n")
            yield command, output


@pytest.mark.parametrize(("command", "output"), list(consoles()))
def test_commands_print_what_the_page_shows(command: str, output: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "sideman"
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    assert [line.rstrip() for line in done.output.splitlines()] == output.splitlines()


def test_python_examples_give_what_the_page_shows() -> None:
    text = PAGE.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(code, {}, PAGE.name, str(PAGE), 0)
    said: list[str] = []
    result = doctest.DocTestRunner().run(test, out=said.append)
    assert result.attempted > 20
    assert not result.failed, "".join(said)


def test_lists_are_whole() -> None:
    assert written() == PAGE.read_text(encoding="utf-8"), f"out of date: python {Path(__file__).name}"


def test_every_test_that_the_page_names_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in re.findall(r"`((?:Test\w+::)?test_\w+)(?:\[[^`]*\])?`", text):
        owner, _, test = name.rpartition("::")
        assert hasattr(getattr(seed, owner) if owner else seed, test), name


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
