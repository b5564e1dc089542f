"""Fugues: subject, answer and countersubject are played where they belong, without a fault of strict counterpoint."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise

import pytest

from composers.composer import Plan
from composers.genres.classical import CLASSICAL, STYLES
from composers.parts.fugue import ENTRY_KEYS, Fugue, answer, countersubject, subject
from composers.pulse import pulse_of
from composers.score import PPQ, Meter
from composers.theory.chords import Chord, parse_chord

VOICES = ("cello", "viola", "violin", "solo-violin")
KEYS = ("C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F")
METERS = (Meter(4, 4), Meter(3, 4), Meter(2, 4), Meter(6, 8))
GRID = PPQ // 4
Line = list[tuple[int, int, int]]
"""(start, end, key) in sixteenths, as written."""


def fugue(seed: int, bars: int, mode: str = "major", meter: Meter = METERS[0], style: str = "quartet") -> Plan:
    parts = dict(CLASSICAL.arrange(STYLES[style].ensemble))
    return Plan(genre="classical", style=style, form="fugue", seed=seed, mode=mode, meter=meter, length=bars,
                parts=parts, sounds={n: n for n in parts}, key=KEYS[seed % 12])  # fmt: skip


def read(plan: Plan, bars: int) -> tuple[dict[str, Line], list[str], list[tuple[int, Chord]]]:
    """The voices without the ending, whose chords come late on purpose, the sections, and (sixteenth, chord)."""
    band = CLASSICAL.band(plan)
    clips = [band.compose(bar) for bar in range(bars - 2)]
    charts = [band.chart(bar) for bar in range(bars - 2)]
    meter = plan.meter
    lines = {
        t: [(round(n.start / GRID), round(n.end / GRID), n.pitch) for c in clips for n in c[t].notes] for t in VOICES
    }
    chords = [(round((c.bar * meter.bar_ticks + at * meter.beat_ticks) / GRID), parse_chord(symbol))
              for c in charts for at, symbol in c.chords]  # fmt: skip
    resolved = CLASSICAL.resolve(plan)
    form = CLASSICAL.style(resolved.style).sheet(resolved).form
    sections = [f"{s.role} {s.name}" if (s := form.section(bar)) is not None else "" for bar in range(bars - 2)]
    return lines, sections, chords


def faults(lines: dict[str, Line], chords: list[tuple[int, Chord]], meter: Meter) -> Counter[str]:
    """Foreign notes on beats, foreign notes that come or go by anything but step, parallel fifths and octaves."""
    found: Counter[str] = Counter()
    beats = {beat // 3 for beat in pulse_of(meter).beats}
    bar = meter.bar_ticks // GRID
    for line in lines.values():
        for before, (start, _, key), after in zip([None, *line], line, [*line[1:], None], strict=False):
            found["notes"] += 1
            chord = [c for at, c in chords if at <= start][-1]
            if key % 12 in {(chord.root.pitch_class + i) % 12 for i in chord.tones}:
                continue
            found["foreign on a beat"] += start % bar in beats
            found["foreign by leap"] += any(n is not None and abs(n[2] - key) not in (1, 2) for n in (before, after))
    for a, b in combinations(lines.values(), 2):
        at = {start: k for k, (start, _, _) in enumerate(a)}
        for k, (start, _, key) in enumerate(b):
            j = at.get(start, 0)
            if not j or not k or a[j - 1][1] < start - 1 or b[k - 1][1] < start - 1:
                continue  # not both struck, or one comes from a rest
            above, then = (b[k - 1][2] - a[j - 1][2]) % 12, (key - a[j][2]) % 12
            move, other = key - b[k - 1][2], a[j][2] - a[j - 1][2]
            found["parallel"] += above == then and above in (0, 7) and move * other > 0
    return found


def test_a_hundred_fugues_without_a_fault() -> None:
    total: Counter[str] = Counter()
    for seed in range(100):
        plan = fugue(seed, 26, "minor" if seed % 3 == 2 else "major", METERS[seed % 4])
        lines, _, chords = read(plan, 26)
        total += faults(lines, chords, plan.meter)
    assert total["notes"] > 20_000
    assert {name: count for name, count in total.items() if name != "notes"} == {}


def test_the_same_rules_find_faults_in_shuffled_voices() -> None:
    """A baseline: the bass a beat later than it was written."""
    plan = fugue(3, 26)
    lines, _, chords = read(plan, 26)
    lines["cello"] = [(start + 4, end + 4, key) for start, end, key in lines["cello"]]
    found = faults(lines, chords, plan.meter)
    assert found["foreign on a beat"] > 5


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_the_answer_stands_at_the_fifth(mode: str) -> None:
    """Real: every interval is the subject's. Tonal: its first fifth is answered by the tonic, the rest is real.

    As it is played: each entry of the exposition begins in another voice, two bars after the one before.
    """
    tonal = 0
    for seed in range(40):
        made = Fugue(seed, pulse_of(METERS[0]), mode == "minor", 4)
        theme, (line, is_tonal) = subject(made, made.minor), answer(made, made.minor)
        moves, answered = ([b[2] - a[2] for a, b in pairwise(x)] for x in (theme, line))
        assert theme[0][2] % 12 in (0, 7) and len(theme) >= 4
        assert [n[:2] for n in theme] == [n[:2] for n in line], "in its own rhythm"
        if is_tonal:
            tonal += 1
            assert theme[0][2] % 12 == 7 and (line[0][2] + 7) % 12 == 0, "5 is answered by 1"
            assert moves[1:] == answered[1:] and moves[0] + 2 == answered[0]
        else:
            assert moves == answered
    assert 2 <= tonal <= 30
    for seed in range(8):
        plan = fugue(seed, 40, mode)
        lines, sections, _ = read(plan, 40)
        made = Fugue(seed, pulse_of(METERS[0]), mode == "minor", 4)
        theme, (line, _) = subject(made, made.minor), answer(made, made.minor)
        assert [s.split("/")[0] for s in sections[:8:2]] == [f"exposition A{k}" for k in (1, 2, 3, 4)]
        entered: list[str] = []
        for k in range(4):
            new = [v for v in VOICES if v not in entered and any(s < (k + 1) * 32 for s, _, _ in lines[v])]
            assert len(new) == 1, "one voice comes in at a time"
            entered += new
            notes = [n for n in lines[new[0]] if k * 32 <= n[0] < (k + 1) * 32]
            wanted = line if k % 2 else theme
            assert [(s - k * 32) * 3 for s, _, _ in notes] == [at for at, _, _ in wanted]
            assert [b[2] - a[2] for a, b in pairwise(notes)] == [b[2] - a[2] for a, b in pairwise(wanted)]
            home = (notes[0][2] - KEYS_PC[plan.key]) % 12
            away = 7 if k % 2 else 0
            assert home == (wanted[0][2] + away) % 12, "the answer lies a fifth above"


KEYS_PC = {"C": 0, "G": 7, "D": 2, "A": 9, "E": 4, "B": 11, "F#": 6, "Db": 1, "Ab": 8, "Eb": 3, "Bb": 10, "F": 5}


def test_the_countersubject_comes_with_every_later_entry() -> None:
    for seed in range(8):
        plan = fugue(seed, 40)
        lines, sections, _ = read(plan, 40)
        made = Fugue(seed, pulse_of(METERS[0]), False, 4)
        moves = [b[2] - a[2] for a, b in pairwise(countersubject(made, False))]
        for bar, (name, before) in enumerate(zip(sections, ["", *sections], strict=False)):
            if name == before or not name.startswith(("exposition", "entry", "stretto")) or "A1" in name:
                continue
            if "/" in name and name.split("/")[1].islower():
                continue  # in minor it has other intervals
            heard = []
            for voice in VOICES:
                notes = [n for n in lines[voice] if bar * 16 <= n[0] < (bar + 2) * 16]
                heard.append([b[2] - a[2] for a, b in pairwise(notes)])
            assert moves in heard, (seed, name)


def test_entries_stand_in_related_keys_and_end_at_home() -> None:
    _, sections, _ = read(fugue(2, 60), 60)
    names = list(dict.fromkeys(sections))
    entries = [n.split("/")[1] for n in names if n.startswith("entry")]
    assert len(entries) >= 3 and entries == [ENTRY_KEYS[False][k % 4] for k in range(len(entries))]
    assert names[-1] in ("stretto F", "close K") and "stretto F" in names


def test_a_keyboard_alone_plays_three_voices() -> None:
    plan = fugue(1, 24, style="piano")
    band = CLASSICAL.band(plan)
    starts: Counter[int] = Counter()
    for bar in range(14, 22):
        clip = band.compose(bar)["piano"]
        for tick in {n.start for n in clip.notes}:
            starts[sum(n.start <= tick < n.end for n in clip.notes)] += 1
    assert max(starts) == 3 and starts[3] > starts[1]
