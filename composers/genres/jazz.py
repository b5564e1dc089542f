"""Jazz: a head, solos over the changes, comping, walking bass and a kit that swings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from composers.composer import BarChart, Plan
from composers.dice import dice
from composers.errors import MusicError
from composers.forms import Part, Performance, Section
from composers.genres.jazz_charts import CHARTS, ENDINGS
from composers.harmony import STEPS, Bar, Region, chord_beats, parse_chart, regions
from composers.instrumentation import BASSES, DRUMS, GUITARS, INSTRUMENTS, KEYBOARDS, LEADS, PADS, plain
from composers.parts import drums as kit
from composers.parts import humanise
from composers.parts.comping import comping
from composers.parts.melody import melody
from composers.parts.passage import Event, Passage
from composers.parts.walking_bass import walking_bass
from composers.score import Clip, Meter, Note
from composers.theory.chords import Chord, parse_chord
from composers.theory.scales import Key

PARTS = ("melody", "comp", "bass", "drums")
METERS = (Meter(4, 4), Meter(3, 4))
MODES = ("major", "minor", "dorian", "mixolydian", "lydian", "phrygian")
_SAME_MODE = {"ionian": "major", "aeolian": "minor"}
DEFAULT_SWING = 0.655
"""Share of the beat before the off-beat eighth, a ratio of 1.9: the ride's median from 93 to 215 beats a minute."""
_TRITONE_SUBSTITUTIONS = 0.14
_HANDS = {
    kit.KICK: humanise.KICK, kit.SNARE: humanise.SNARE, kit.PEDAL_HAT: humanise.PEDAL_HAT, kit.RIDE: humanise.RIDE,
    kit.BELL: humanise.RIDE, kit.CRASH: humanise.RIDE,
}  # fmt: skip

Tracks = Mapping[str, tuple[Note, ...]]


class JazzBand:
    """A plan made playable. compose and chart are pure; finished sections are cached, a few dozen at a time."""

    def __init__(self, plan: Plan) -> None:
        """Raises MusicError for what the plan asks for in vain."""
        mode = _SAME_MODE.get(plan.mode, plan.mode)
        _check(plan, mode)
        self._plan = plan
        form = plan.form or dice(plan.seed, "form").weighted(*_own_choice(mode))
        if form == "minor-blues" and mode == "major":
            mode = "minor"
        if form in ("blues", "minor-blues") and mode in ("mixolydian", "dorian"):
            self._key = Key.parse(plan.key, "major" if mode == "mixolydian" else "minor")
        else:
            self._key = Key.parse(plan.key, mode)
        charts = CHARTS[form][mode]
        chart = dice(plan.seed, "chart", form).one_of(charts)
        self._bars: tuple[Bar, ...] = tuple(
            bar for _, text in chart for bar in parse_chart(text, self._key)
        )
        parts = tuple(Part(name, text.count("|") + 1) for name, text in chart)
        played = {part for names in plan.parts.values() for part in names}
        self._performance = Performance(parts, plan.length, trades={"melody", "drums"} <= played)
        ending = "blues" if form == "blues" and self._key.mode == "major" else self._key.mode
        self._blues = form in ("blues", "minor-blues")
        self._ending = parse_chart(ENDINGS[ending], self._key)
        self._tonic = (self._key.tonic.pitch_class + 5) % 12 - 5
        self._rooted = "bass" not in played
        self._leads = tuple(name for name, names in plan.parts.items() if "melody" in names)
        self._comps = tuple(name for name, names in plan.parts.items() if "comp" in names)
        self._swing = DEFAULT_SWING if plan.swing is None else plan.swing
        self._written = lru_cache(maxsize=48)(self._write)
        self._finished = lru_cache(maxsize=48)(self._finish)

    def compose(self, bar: int) -> Mapping[str, Clip]:
        """One clip a track, spanning `bar` (>= 0, else MusicError). Past the plan's length the clips are empty."""
        section = self._section(bar)
        span = self._plan.meter.bar(bar)
        if section is None:
            return {track: Clip(span) for track in self._plan.parts}
        tracks = self._finished(section)
        return {
            track: Clip.of(span, humanise.of_bar(tracks[track], span)) for track in self._plan.parts
        }

    def chart(self, bar: int) -> BarChart:
        """The section and the chords of a bar, substitutions included; no chords past the end."""
        section = self._section(bar)
        if section is None:
            return BarChart(bar, "end", ())
        chords = self._changes(section)[bar - section.first_bar]
        name = section.role if section.role in ("intro", "ending") else f"{section.role} {section.name}"
        return BarChart(bar, name, chord_beats(chords, self._plan.meter.beats))

    def _section(self, bar: int) -> Section | None:
        if bar < 0:
            raise MusicError(f"bar {bar} is before the piece: bars count from 0")
        return self._performance.section(bar)

    def _changes(self, section: Section) -> tuple[Bar, ...]:
        if section.role == "ending":
            return self._ending[-section.bars :]
        bars = list(self._bars[section.chart_bar : section.chart_bar + section.bars])
        if section.role != "solo" or section.chorus < 2:
            return tuple(bars)
        draw = dice(self._plan.seed, "substitutions", section.first_bar)
        flat = [(index, place) for index, bar in enumerate(bars) for place in range(len(bar))]
        for (index, place), (then, where) in pairwise(flat):
            chord, target = bars[index][place], bars[then][where]
            falls = (chord.root.pitch_class - target.root.pitch_class) % 12 == 7
            if falls and chord.family == "dominant" and draw.chance(_TRITONE_SUBSTITUTIONS):
                substitute = _above(target)
                bars[index] = (*bars[index][:place], substitute, *bars[index][place + 1 :])
        return tuple(bars)

    def _regions(self, section: Section) -> tuple[Region, ...]:
        following = self._performance.section(section.end_bar)
        changes = self._changes(section)
        after = changes[-1][-1] if following is None else self._changes(following)[0][0]
        return regions(changes, after, self._key, self._plan.meter.beats)

    def _passage(self, section: Section) -> Passage:
        plan, beats = self._plan, self._plan.meter.beats
        own = self._regions(section)
        after = self._performance.section(section.end_bar)
        steps = section.bars * beats * STEPS
        coming = own[-1] if after is None else self._regions(after)[0]
        following = coming._replace(start=steps, end=steps + coming.end - coming.start)
        energy = min(1.0, max(0.05, section.energy + 0.9 * (plan.energy - 0.6)))
        return Passage(
            seed=plan.seed, identity=(section.role, section.first_bar), beats=beats, bars=section.bars,
            written=section.written, role=section.role, name=section.name, turn=section.turn, chorus=section.chorus,
            closes=section.closes, blues=self._blues, regions=own, following=following, energy=energy,
            energy_end=min(1.0, energy + 0.05), starts=tuple(region.start for region in own),
        )  # fmt: skip

    def _write(self, section: Section) -> Tracks:
        """The notes of a section by track, as far as the section alone decides them."""
        plan = self._plan
        passage = self._passage(section)
        lead: list[Event] = melody(passage) if self._leads else []
        played: dict[str, tuple[Note, ...]] = {}
        parts: dict[str, list[Note]] = {}
        if lead:
            keyed = [event._replace(pitch=event.pitch + self._tonic) for event in lead]
            parts["melody"] = self._play(keyed, humanise.LEAD, section, "melody")
        if self._comps:
            chords = comping(passage, lead, tonic=self._tonic, rooted=self._rooted)
            parts["comp"] = self._play(chords, humanise.COMP, section, "comp")
        if not self._rooted:
            line = [event._replace(pitch=event.pitch + self._tonic) for event in walking_bass(passage)]
            parts["bass"] = self._play(line, humanise.BASS, section, "bass")
        if any("drums" in names for names in plan.parts.values()):
            parts["drums"] = self._drums(passage, lead, section)
        for track, names in plan.parts.items():
            sounding = [part for part in names if self._takes_part(track, part, section)]
            played[track] = tuple(sorted(note for part in sounding for note in parts.get(part, ())))
        return played

    def _takes_part(self, track: str, part: str, section: Section) -> bool:
        """Leads play heads together and take choruses in turn; two compers take turns all the time."""
        if part == "melody" and len(self._leads) > 1 and section.role in ("solo", "trade"):
            return self._leads[section.chorus % len(self._leads)] == track
        if part == "comp" and len(self._comps) > 1 and section.role != "ending":
            return self._comps[section.chorus % len(self._comps)] == track
        return True

    def _drums(self, passage: Passage, lead: list[Event], section: Section) -> list[Note]:
        before = self._performance.section(section.first_bar - 1) if section.first_bar else None
        previous = kit.fill_beats(self._passage(before)) if before else 0
        by_hand: dict[humanise.Hand, list[Event]] = {}
        for event in kit.drums(passage, lead, previous):
            by_hand.setdefault(_HANDS.get(event.pitch, humanise.SNARE), []).append(event)
        notes: list[Note] = []
        for hand, events in by_hand.items():
            name = f"drums {events[0].pitch}"
            notes += self._play(sorted(events), hand, section, name, channel=kit.CHANNEL)
        return notes

    def _play(
        self, events: list[Event], hand: humanise.Hand, section: Section, name: str, channel: int = 0
    ) -> list[Note]:
        meter = self._plan.meter
        draw = dice(self._plan.seed, "play", name, section.first_bar)
        first = section.first_bar * meter.bar_ticks
        return humanise.play(events, hand, first, meter.bar_ticks, self._swing, channel, draw)

    def _finish(self, section: Section) -> Tracks:
        """The section's notes with what rings over its end cut where the next section strikes the same key."""
        following = self._performance.section(section.end_bar)
        mine, theirs = self._written(section), self._written(following) if following else {}
        end = section.end_bar * self._plan.meter.bar_ticks
        finished: dict[str, tuple[Note, ...]] = {}
        for track, names in self._plan.parts.items():
            after = theirs.get(track, ())
            notes = humanise.merged(mine[track], end, after)
            if names in (("melody",), ("bass",)):
                notes = humanise.legato(notes, after[0].start if after else None)
            finished[track] = tuple(notes)
        return finished


def _above(target: Chord) -> Chord:
    """The dominant a semitone above a chord, as lead sheets write a tritone substitution."""
    return parse_chord(f"{target.root.up(1, 1).plain()}7#11")


def _own_choice(mode: str) -> tuple[list[str], list[float]]:
    weights = {"aaba": 0.5, "blues": 0.25, "ii-V-I": 0.1, "rhythm-changes": 0.15}
    offered = {form: weight for form, weight in weights.items() if mode in CHARTS[form]}
    return list(offered), list(offered.values())


def _check(plan: Plan, mode: str) -> None:
    if mode not in MODES:
        raise MusicError(f"mode {plan.mode!r} is not one that jazz plays: choose one of {', '.join(MODES)}")
    if abs(Key.parse(plan.key).tonic.alter) > 1:
        raise MusicError(f"key {plan.key!r} has a double accidental: write it as {Key.parse(plan.key).tonic.plain()}")
    if plan.form is not None and plan.form not in CHARTS:
        raise MusicError(f"form {plan.form!r} is not one of jazz: choose one of {', '.join(CHARTS)}")
    if plan.form is not None and mode not in CHARTS[plan.form]:
        forms = ", ".join(form for form in CHARTS if mode in CHARTS[form])
        raise MusicError(f"form {plan.form!r} has no changes in {plan.mode}: with that mode choose one of {forms}")
    if plan.meter not in METERS:
        raise MusicError(f"meter {plan.meter} is not one that jazz plays: choose one of {', '.join(map(str, METERS))}")
    if plan.swing is not None and not 0.5 <= plan.swing <= 0.75:
        raise MusicError(f"swing = {plan.swing} is out of range: give 0.5 (straight) to 0.75, or none")
    if not 0.0 <= plan.energy <= 1.0:
        raise MusicError(f"energy = {plan.energy} is out of range: give 0 to 1")
    for track, names in plan.parts.items():
        for part in names:
            if part not in PARTS:
                raise MusicError(
                    f"track {track!r}: part {part!r} is not one of jazz: choose one of {', '.join(PARTS)}"
                )


@dataclass(frozen=True, slots=True)
class Jazz:
    """The genre: what it can play, who plays what, and the band for a plan."""

    name: str = "jazz"
    parts: tuple[str, ...] = PARTS
    forms: tuple[str, ...] = tuple(CHARTS)
    meters: tuple[Meter, ...] = METERS
    modes: tuple[str, ...] = MODES
    instruments: tuple[str, ...] = INSTRUMENTS

    def band(self, plan: Plan) -> JazzBand:
        """Raises MusicError for a key, mode, form, meter, swing, energy or part that it does not know."""
        return JazzBand(plan)

    def arrange(self, instruments: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
        """Who plays what. A lead instrument takes the melody; without one the guitar beside a keyboard, else the
        first comper takes it too. Raises MusicError for an instrument that has no place in jazz.
        """
        for name in instruments:
            if plain(name) not in INSTRUMENTS:
                raise MusicError(f"instrument {name!r} has no place in jazz: choose from {', '.join(INSTRUMENTS)}")
        keyboards = [name for name in instruments if plain(name) in KEYBOARDS]
        guitars = [name for name in instruments if plain(name) in GUITARS]
        pads = [name for name in instruments if plain(name) in PADS]
        leads = {name for name in instruments if plain(name) in LEADS}
        if not leads and keyboards and guitars:
            leads = {guitars[0]}
        compers = [name for name in (*keyboards, *guitars, *pads) if name not in leads]
        alone = "" if leads or not compers else compers[0]
        arranged: dict[str, tuple[str, ...]] = {}
        for name in instruments:
            if plain(name) in DRUMS:
                arranged[name] = ("drums",)
            elif plain(name) in BASSES:
                arranged[name] = ("bass",)
            elif name in leads:
                arranged[name] = ("melody",)
            else:
                arranged[name] = ("comp", "melody") if name == alone else ("comp",)
        return arranged


JAZZ = Jazz()
