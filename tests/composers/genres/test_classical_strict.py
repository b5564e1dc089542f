"""The strict style breaks no rule: what a band really plays is read back, and judged by the theory checkers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from composers.composer import Plan
from composers.genres.classical import CLASSICAL, STYLES
from composers.genres.classical_strict import SPECIES
from composers.score import PPQ, Note
from composers.theory.chords import Chord, parse_chord
from composers.theory.counterpoint.cantus import Cantus, mode_on
from composers.theory.counterpoint.checker import check as check_species
from composers.theory.counterpoint.lines import Counterpoint, Slot, Tone
from composers.theory.pitch import Pitch
from composers.theory.scales import Key
from composers.theory.voice_rules import Sonority, check

VOICES = ("cello", "viola", "violin", "solo-violin")
KEYS = ("C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F")
EIGHTH = PPQ // 2


def played(plan: Plan, bars: int) -> tuple[dict[str, list[Note]], list[str], list[tuple[int, Chord]]]:
    """The notes of each track, the section of each bar, and (tick, chord)."""
    band = CLASSICAL.band(plan)
    clips = [band.compose(bar) for bar in range(bars)]
    notes = {track: [n for clip in clips for n in clip[track].notes] for track in plan.parts}
    charts = [band.chart(bar) for bar in range(bars)]
    chords = [(c.bar * plan.meter.bar_ticks + round(at * PPQ), parse_chord(s)) for c in charts for at, s in c.chords]
    return notes, [c.section for c in charts], chords


def strict(form: str, seed: int, bars: int, mode: str = "major") -> Plan:
    parts = dict(CLASSICAL.arrange(STYLES["strict"].ensemble))
    return Plan(genre="classical", style="strict", form=form, seed=seed, key=KEYS[seed % 12], mode=mode, length=bars,
                parts=parts, sounds={name: name for name in parts}, tempo=84.0)  # fmt: skip


def on_grid(notes: list[Note]) -> list[tuple[int, int, int]]:
    """(start, end, key) in eighths, as written: hands move notes by some milliseconds."""
    rows = [(round(n.start / EIGHTH), n.pitch) for n in notes]
    ends = [max(a + 1, round(n.end / EIGHTH)) for (a, _), n in zip(rows, notes, strict=True)]
    return [(start, end, key) for (start, key), end in zip(rows, ends, strict=True)]


def sonorities(
    notes: Mapping[str, list[Note]], chords: list[tuple[int, Chord]], key: Key, *, between: bool
) -> list[Sonority]:
    """What sounds on each chord, and with `between` wherever a voice moves; None where a voice rests."""
    grids = {track: on_grid(notes[track]) for track in VOICES}
    at_chord = {round(tick / EIGHTH): chord for tick, chord in chords}
    steps = sorted({s for grid in grids.values() for s, _, _ in grid} if between else at_chord)
    rests = sorted(
        {e for grid in grids.values() for _, e, _ in grid} - {s for grid in grids.values() for s, _, _ in grid}
    )
    found: list[Sonority] = []
    names = {n.pitch_class: n for n in mode_on("major" if key.mode == "major" else "minor", key.tonic).degrees}
    current: Chord | None = None
    for step in sorted({*steps, *rests}):
        current = at_chord.get(step, current)
        keys = [next((k for s, e, k in grids[t] if s <= step < e), None) for t in VOICES]
        spelled = names | ({n.pitch_class: n for n in current.notes} if current is not None else {})
        row = tuple(None if k is None else Pitch(spelled[k % 12], (k - spelled[k % 12].alter) // 12 - 1) for k in keys)
        on_chord = step in at_chord and None not in row
        found.append(Sonority(step // 8 + 1, 1 + step % 8 / 2, row, at_chord[step] if on_chord else None))
    return found


def chorale_faults(seed: int, bars: int = 18) -> list[str]:
    plan = strict("chorale", seed, bars, "minor" if seed % 3 == 2 else "major")
    notes, _, chords = played(plan, bars)
    key = Key.parse(plan.key, plan.mode)
    faults: list[str] = []
    for between in (False, True):
        moments = sonorities(notes, chords, key, between=between)
        assert len(moments) > bars
        faults += map(str, check(moments, key=key))
    return faults


def test_a_hundred_chorales_break_no_rule() -> None:
    faults = {seed: found for seed in range(100) if (found := chorale_faults(seed))}
    assert not faults


def test_the_checker_objects_to_a_voice_that_doubles_another() -> None:
    """A baseline that has to fail: the alto sings with the soprano, an octave lower."""
    plan = strict("chorale", 3, 18)
    notes, _, chords = played(plan, 18)
    notes["violin"] = [n._replace(pitch=n.pitch - 12) for n in notes["solo-violin"]]
    found = check(sonorities(notes, chords, Key.parse(plan.key, plan.mode), between=False))
    assert sum(f.rule.name == "parallel octaves" for f in found) > 10


def species_faults(seed: int, kind: int, mode: str, bars: int = 11) -> list[str]:
    plan = strict(f"species-{kind}", seed, bars, mode)
    notes, _, _ = played(plan, bars)
    low, high = (on_grid(sorted(notes[t])) for t in ("cello", "solo-violin"))
    names = _names(mode, Key.parse(plan.key).tonic)
    whole = [row for row in (low, high) if len(row) == bars and all(e - s >= 7 and s % 8 == 0 for s, e, _ in row)]
    assert whole, "one voice is the cantus"
    faults: dict[bool, list[str]] = {}
    for cantus_low in (True, False):  # in the first species either voice may be the cantus
        own, other = (low, high) if cantus_low else (high, low)
        if own not in whole:
            continue
        pitches = tuple(_pitch(names, k) for _, _, k in own)
        cantus = Cantus("read back", mode_on(mode, Key.parse(plan.key).tonic), pitches)
        starts = [s for s, _, _ in other] + [8 * bars]
        tones = tuple(
            Tone(Slot(s, then - s), _pitch(names, k)) for (s, _, k), then in zip(other, starts[1:], strict=True)
        )
        faults[cantus_low] = list(map(str, check_species(Counterpoint(cantus, kind, cantus_low, tones))))
    return min(faults.values(), key=len)


def _names(mode: str, tonic: object) -> dict[int, object]:
    church = mode_on(mode, tonic)  # type: ignore[arg-type]
    extra = [n for n in (church.soft, church.raised_sixth, church.leading_tone) if n is not None]
    return {n.pitch_class: n for n in (*extra, *church.degrees)}


def _pitch(names: Mapping[int, object], key: int) -> Pitch:
    name = names[key % 12]
    return Pitch(name, (key - name.alter) // 12 - 1)  # type: ignore[attr-defined, arg-type]


@pytest.mark.parametrize("form", SPECIES)
def test_counterpoint_in_species_breaks_no_rule(form: str) -> None:
    """Twenty seeds for each of five species: a hundred exercises, in six modes and all keys."""
    kind = int(form[-1])
    modes = STYLES["strict"].modes
    faults = {s: found for s in range(20) if (found := species_faults(20 * kind + s, kind, modes[s % 6]))}
    assert not faults
