"""The tables of `sideman bench music`: for people in a terminal, and as Markdown for docs/music.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bridge.bench import tables as printing
from bridge.bench.tables import Table, number, share, spread
from composers.statistics.gates import LEFT_OUT
from composers.statistics.measures import MEASURES

_SHOWN_NOISE = ("uniform", "diatonic", "shuffled pitches", "own grid", "shuffled chords")


def gate_table(title: str, found: dict[str, Any]) -> Table:
    rows = []
    for gate in found["gates"]:
        verdict = "does not apply" if gate["met"] is None else "met" if gate["met"] else "MISSED"
        worth = gate["worth"]
        rejects = "-" if worth is None else f"{worth:.0%}" + (" (measures nothing)" if gate["measure"]
                                                              in found["worthless"] else "")  # fmt: skip
        source = "" if gate["measured"] else " (taught)"
        inside = "-" if gate["inside"] is None else f"{gate['inside']:.0%}"
        real = ", ".join(f"{corpus} {share:.0%}" for corpus, share in gate["real_inside"].items())
        rows.append((gate["measure"], gate["band"] + source, number(gate["median"]), verdict, inside, real, rejects))
    head = ("gate", "band", "our median", "", "ours inside", "real pieces inside", "best baseline rejected")
    return Table(f"{title}: gates", head, tuple(rows))


def measure_table(title: str, found: dict[str, Any]) -> Table:
    heard = {MEASURES[gate["measure"]].scope for gate in found["gates"]}
    measures = {name: measure for name, measure in found["measures"].items()
                if heard != {"melody"} or MEASURES[name].scope == "melody"}
    noise = [name for name in _SHOWN_NOISE if any(m["random"].get(name) for m in measures.values())]
    corpora = list(dict.fromkeys(name for m in measures.values() for name in m.get("real", {})))
    rows = []
    for name, measure in measures.items():
        random = [number(s["p50"]) if (s := measure["random"].get(who)) else "-" for who in noise]
        real = [spread(measure.get("real", {}).get(corpus)) for corpus in corpora]
        unit = MEASURES[name].unit
        rows.append((name + (f" [{unit}]" if unit else ""), spread(measure["ours"]), *real, *random))
    missing = f"No reference: {found['no_reference']}" if found["no_reference"] else ""
    return Table(f"{title}: median (10-90 %)", ("measure", "ours", *corpora, *noise), tuple(rows), missing)


def style_table(genre: str, profiles: dict[str, Any]) -> Table:
    rows = []
    for profile, found in profiles.items():
        for style, missed in found["styles"].items():
            told = ", ".join(f"{name} {number(value)}" for name, value in missed.items())
            rows.append((style, profile, told or "none"))
    return Table(f"{genre}: gates that a style misses by its own median", ("style", "profile", "missed"), tuple(rows))


def drum_table(genre: str, found: dict[str, Any]) -> Table:
    rows = []
    for name, words in (("pattern", "pattern alone"), ("played", "pattern, velocities and timing")):
        each = found[name]
        named = ", ".join(f"{style} {count}" for style, count in each["named"].items())
        because = ", ".join(feature for feature, _ in each["because"][:4])
        rows.append((words, f"{each['right']:.0%}", f"{each['right_by_genre']:.0%}",
                     f"{each['right_of_three']:.0%}", named, because))  # fmt: skip
    for style, right in found["by_style"].items():
        told = f"{style}, filed under {found['filed'][style]}"
        rows.append((f"  {told}", f"{right['played']:.0%} (pattern {right['pattern']:.0%})", "", "", "", ""))
    head = ("heard", "called what Groove MIDI files them under", f"called {found['wanted']}",
            "of jazz, rock, hip-hop", "named", "because of")  # fmt: skip
    title = f"{genre}: drums of {found['pieces']} pieces, by a classifier of Groove MIDI's styles"
    return Table(title, head, tuple(rows))


def seed_table(genre: str, found: dict[str, Any]) -> Table:
    rows = [
        (of, number(each["seeds"]), number(each["nearest"]), number(each["halves"]), number(each["repeated"]),
         number(each["real"]), f"{each['different']} of {each['pieces']}")
        for of, each in found.items() if each
    ]  # fmt: skip
    head = ("distance of", "two seeds", "the nearest two", "halves of a piece", "a piece and its first 4 bars repeated",
            "two real songs", "different")  # fmt: skip
    return Table(f"{genre}: twenty seeds of one plan", head, tuple(rows))


def trial_table(trials: dict[str, Any]) -> Table:
    rows = []
    for name in ("pattern", "played"):
        each = trials[name]
        for style, row in each["confusion"].items():
            rows.append((f"{name}: {style}", *(str(n) for n in row.values())))
        rows.append((f"{name}: right", f"takes {each['takes_right']:.0%}", f"windows {each['windows_right']:.0%}",
                     f"mean of styles {each['mean_of_styles']:.0%}", "", ""))  # fmt: skip
    head = ("held-out takes", *trials["pattern"]["confusion"])
    return Table(f"Drum styles: {trials['train_takes']} takes learned, {trials['held_out_takes']} held out", head,
                 tuple(rows))  # fmt: skip


def called_table(result: dict[str, Any]) -> Table:
    rows = []
    for genre, found in result["genres"].items():
        for style, named in found["called"].items():
            count = sum(named.values())
            told = ", ".join(f"{name} {times}" for name, times in named.items())
            rows.append((f"{genre}: {style}", share(named.get(genre, 0) / count), told))
    note = ("The same rules made its references of all but classical music, and of jazz, rock and hip-hop all but the "
            "drums: other seeds are no independent test.")  # fmt: skip
    return Table("What the classifier of genres calls our pieces", ("style", "right", "called"), tuple(rows), note)


def genre_trial_tables(found: dict[str, Any]) -> Iterator[Table]:
    """What it was trained on, and how it fares on real pieces that it has not seen."""
    rows = tuple(
        (genre, ", ".join(f"{source} {count}" for source, count in each["pieces"].items()), share(each["real_share"]))
        for genre, each in found["trained"].items()
    )
    yield Table("Classifier of genres: trained on", ("genre", "pieces", "real share of the weight"), rows,
                "`rules` are pieces by the genres of this program.")  # fmt: skip
    told = (("held_out", "held-out split of the same corpora"), ("pop909", "POP909, which it knows nothing of"),
            ("polish_scores", "Polish scores, which it knows nothing of"))  # fmt: skip
    trials = tuple(
        (words, genre, str(each["pieces"]), share(each["right"]),
         ", ".join(f"{called} {count}" for called, count in each["called"].items()))
        for name, words in told for genre, each in found["trials"][name]["genres"].items()
    )  # fmt: skip
    note = (f"Of our own styles, each left out of training in its turn, {share(found['unseen_styles'])} of the pieces "
            "are named right (mean over genres).")  # fmt: skip
    yield Table("Classifier of genres: real pieces", ("pieces of", "genre", "pieces", "right", "called"), trials, note)


def tables(result: dict[str, Any]) -> Iterator[Table]:
    """Everything that was measured, genre by genre."""
    for genre, found in result["genres"].items():
        for profile, each in found["profiles"].items():
            yield gate_table(profile, each)
            yield measure_table(profile, each)
        yield style_table(genre, found["profiles"])
        if found["drums"]:
            yield drum_table(genre, found["drums"])
        yield seed_table(genre, found["seeds"])
    if result["drum_classifier"]:
        yield trial_table(result["drum_classifier"])
    if result["genre_classifier"]:
        yield called_table(result)
        yield from genre_trial_tables(result["genre_classifier"])


def show(result: dict[str, Any]) -> None:
    """Print the tables; a miss stands out."""
    gone = [f"not registered: {', '.join(result['absent'])}"] if result["absent"] else []
    printing.show(tables(result), [*gone, "missed: " + ("; ".join(result["missed"]) or "nothing")])


def markdown(result: dict[str, Any]) -> str:
    """All tables, what each measure means, and what is missed."""
    missed = "\n".join(f"- {name}" for name in result["missed"]) or "nothing"
    gone = f"\n\nNot registered here: {', '.join(result['absent'])}." if result["absent"] else ""
    head = f"Measured over {result['seeds']} seeds of {result['bars']} bars each.{gone}\n\n### Missed\n\n{missed}"
    return "\n\n".join([head, *map(printing.markdown, [*tables(result), left_out_table(), meaning_table()])])


def left_out_table() -> Table:
    return Table("What is no gate, and why", ("what", "why"), tuple(LEFT_OUT.items()))


def meaning_table() -> Table:
    rows = tuple((m.name, m.scope, m.meaning + (f" [{m.unit}]" if m.unit else "")) for m in MEASURES.values())
    return Table("What each measure means", ("measure", "of", "meaning"), rows)


def write_into(path: Path, result: dict[str, Any]) -> None:
    """Replace the tables of a page. Raises DataError where it has no place for them."""
    printing.write_into(path, "music", markdown(result))
