"""A band of a style, playing a plan: sections become passages, parts write them in turn, hands play what is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from composers.changes import EVERYWHERE, parse_changes
from composers.composer import BarChart, Plan
from composers.errors import MusicError
from composers.feel import STRAIGHT
from composers.forms import Cued, Section, label
from composers.guests import Guests, as_events
from composers.harmony import Bar, Region, chord_beats, mask, regions, splits
from composers.instrumentation import plain
from composers.parts import humanise
from composers.parts.joined import merged
from composers.parts.passage import Event, Lane, Passage, Written
from composers.pulse import pulse_of
from composers.registers import REGISTERS
from composers.score import PPQ, Clip, Note, Tick
from composers.style import Sheet, Style
from composers.theory.chords import Chord, parse_chord
from composers.theory.modes import MODES, find_mode
from composers.track import Track, Tracks

_STEP_TICKS = PPQ // 12
_SECTIONS = 48
"""Finished sections that are kept."""
_PLAN_ENERGY = 0.6
"""The plan's energy at which a form is played as written."""


class _Pages(NamedTuple):
    """What the parts of a section write, by part; and what guests play, by track, with what they have heard by part."""

    written: Mapping[str, Written]
    composed: Mapping[str, Clip | None]
    played: Mapping[str, humanise.Played]


class StyleBand:
    """A plan made playable by a style. compose and chart are pure; finished sections are cached, a few dozen."""

    def __init__(self, plan: Plan, style: Style) -> None:
        """plan: checked and resolved (genre.StyledGenre does both). Raises MusicError for chords, cues or composers
        that are not understood."""
        self._plan = plan
        self._style = style
        self._sheet: Sheet = style.sheet(plan)
        self._form = self._sheet.form
        if plan.cues:
            self._form = Cued(self._sheet.form, self._sheet.endless, plan.cues, plan.length)
        self._typed = None if plan.chords is None else parse_changes(plan.chords, self._sheet.key)
        if self._typed is not None:
            self._check_typed(self._typed)
        self._heard_chords = tuple(
            (tick, None if symbol == "" else parse_chord(symbol)) for tick, symbol in plan.heard.chords
        )
        self._guests = Guests(plan, style.name, self._sheet.key)
        self._pulse = pulse_of(plan.meter)
        tonic = self._sheet.key.tonic.pitch_class
        self._tonic = (tonic + 5) % 12 - 5
        mode = find_mode(self._sheet.key.mode) if self._sheet.key.mode in MODES else None
        self._mode = None if mode is None or mode.tempered else mode
        """Whose cents the notes get."""
        self._scale = mask(p - tonic for p in self._sheet.key.scale.pitch_classes)
        feel = style.feel if plan.swing is None else style.feel._replace(share=plan.swing, tempo=False)
        # Pairs that do not fit into the felt beats (eighths in 6/8 and 7/8) cannot swing.
        beats = (*self._pulse.beats, self._pulse.steps)
        self._feel = STRAIGHT if any(beat % feel.pair for beat in beats) else feel
        self._parts = {
            track: tuple(dict.fromkeys(p for p in map(style.stands_in, names) if p is not None))
            for track, names in plan.parts.items()
        }
        self._tracks_of: dict[str, tuple[str, ...]] = {
            part: tuple(track for track, names in self._parts.items() if part in names) for part in style.players
        }
        self._lanes = self._find_lanes()
        self._bends = {
            part: min((plan.bends.get(track, 2.0) for track in tracks), default=2.0)
            for part, tracks in self._tracks_of.items()
        }
        self._sounds = {
            part: plain(plan.sounds.get(tracks[0], tracks[0])) for part, tracks in self._tracks_of.items() if tracks
        }
        self._pages: Callable[[Section], _Pages] = lru_cache(maxsize=_SECTIONS)(self._ask)
        self._written: Callable[[Section], Tracks] = lru_cache(maxsize=_SECTIONS)(self._write)
        self._regions: Callable[[Section], tuple[Region, ...]] = lru_cache(maxsize=_SECTIONS)(self._find_regions)
        self._ringing: Callable[[Section], Tick] = lru_cache(maxsize=_SECTIONS)(self._first_ringing)
        self._finished: Callable[[Section], Tracks] = lru_cache(maxsize=_SECTIONS)(self._finish)

    # -- what others ask ---------------------------------------------------------------------------------------------

    def compose(self, bar: int) -> Mapping[str, Clip]:
        """One clip a track, spanning `bar` (>= 0, else MusicError). Past the plan's length the clips are empty."""
        section = self._section(bar)
        span = self._plan.meter.bar(bar)
        if section is None:
            return {track: Clip(span) for track in self._plan.parts}
        tracks = self._written(section)
        if span.end > self._ringing(section):
            tracks = self._finished(section)
        return {
            track: Clip(span) if track in self._plan.mute else tracks[track].clip(span) for track in self._plan.parts
        }

    def chart(self, bar: int) -> BarChart:
        """The section and the chords of a bar, substitutions included; no chords past the end."""
        section = self._section(bar)
        if section is None:
            return BarChart(bar, "end", ())
        chords = self._changes(section)[bar - section.first_bar]
        return BarChart(bar, label(section), chord_beats(chords, self._plan.meter))

    def places(self) -> tuple[str, ...]:
        """See composer.Sectioned."""
        return self._sheet.endless.places()

    def place_at(self, bar: int) -> str:
        """See composer.Sectioned."""
        return self._place(self._section(bar))

    def place_after(self, bar: int) -> str:
        """See composer.Sectioned."""
        section = self._section(bar)
        return self._place(None if section is None else self._form.section(section.end_bar))

    def _place(self, section: Section | None) -> str:
        if section is None or section.role == "ending":
            raise MusicError(f"the piece ends there: choose one of {', '.join(self.places())}")
        return f"{section.role} {section.name}"

    def take_notices(self) -> list[str]:
        """What people should know that has happened since the last call: composers that failed."""
        notices, self._guests.notices = self._guests.notices, []
        return notices

    # -- the sheet -----------------------------------------------------------------------------------------------------

    def _section(self, bar: int) -> Section | None:
        if bar < 0:
            raise MusicError(f"bar {bar} is before the piece: bars count from 0")
        return self._form.section(bar)

    def _check_typed(self, typed: Mapping[str, tuple[Bar, ...]]) -> None:
        for name in typed:
            if name != EVERYWHERE and self._sheet.endless.find(name) is None:
                raise MusicError(f"chords: section {name!r} is not one of this form: choose one of "
                                 f"{', '.join(self._sheet.endless.places())}")  # fmt: skip

    def _changes(self, section: Section) -> tuple[Bar, ...]:
        bars = self._typed_bars(section)
        if bars is None:
            bars = self._sheet.changes(section)
        return self._heard_bars(section, bars) if self._heard_chords else bars

    def _typed_bars(self, section: Section) -> tuple[Bar, ...] | None:
        if self._typed is None:
            return None
        names = (section.role.lower(), section.name.lower(), EVERYWHERE)
        bars = next((self._typed[name] for name in names if name in self._typed), None)
        if bars is None:
            return None
        if section.role == "ending":
            return (*(bars * section.bars)[-section.bars : -1], bars[0][:1]) if section.bars > 1 else (bars[0][:1],)
        return tuple(bars[index % len(bars)] for index in range(section.bars))

    def _heard_bars(self, section: Section, bars: tuple[Bar, ...]) -> tuple[Bar, ...]:
        """The chart's bars with what a player plays in place of them, beat by beat."""
        meter, pulse, hold = self._plan.meter, self._pulse, self._plan.heard.hold
        found: list[Bar] = []
        for index, bar in enumerate(bars):
            start = (section.first_bar + index) * meter.bar_ticks
            starts = splits(len(bar), pulse)
            chart = [bar[max(i for i, at in enumerate(starts) if at <= beat)] for beat in pulse.beats]
            mine = [self._heard_at(start + beat * _STEP_TICKS, hold) for beat in pulse.beats]
            found.append(bar if not any(mine) else tuple(m or c for m, c in zip(mine, chart, strict=True)))
        return tuple(found)

    def _heard_at(self, tick: int, hold: int) -> Chord | None:
        latest = next(((at, chord) for at, chord in reversed(self._heard_chords) if at <= tick), None)
        return latest[1] if latest is not None and tick - latest[0] < hold else None

    def _find_regions(self, section: Section) -> tuple[Region, ...]:
        following = self._form.section(section.end_bar)
        changes = self._changes(section)
        after = changes[-1][-1] if following is None else self._changes(following)[0][0]
        return regions(changes, after, self._sheet.key, self._plan.meter)

    def _passage(self, section: Section) -> Passage:
        plan, form = self._plan, self._form
        own = self._regions(section)
        before = form.section(section.first_bar - 1) if section.first_bar else None
        after = form.section(section.end_bar)
        steps = section.bars * self._pulse.steps
        coming = own[-1] if after is None else self._regions(after)[0]
        following = coming._replace(start=steps, end=steps + coming.end - coming.start)
        energy, energy_end = self._energy(section)
        return Passage(
            seed=plan.seed, identity=(section.role, section.first_bar), pulse=self._pulse, bars=section.bars,
            written=section.written, role=section.role, name=section.name, turn=section.turn, chorus=section.chorus,
            closes=section.closes, regions=own, following=following, energy=energy, energy_end=energy_end,
            blues=self._sheet.blues, minor=self._scale >> 3 & 1 == 1, scale=self._scale,
            before=before.role if before else "", after=after.role if after else "", density=plan.density,
            complexity=plan.complexity, register=plan.register, tempo=plan.tempo, tonic=self._tonic,
            style=self._style.name, first_bar=section.first_bar, lanes=self._lanes, sounds=self._sounds,
            bends=self._bends,
            starts=tuple(region.start for region in own), chart_bar=section.chart_bar,
            mode=self._sheet.key.mode,
        )  # fmt: skip

    def _energy(self, section: Section) -> tuple[float, float]:
        """At the section's start and end: the form's curve moved by the plan's energy, or by what is heard."""
        end = section.energy + 0.05 if section.energy_end is None else section.energy_end
        bar_ticks = self._plan.meter.bar_ticks
        curve = ((section.energy, section.first_bar), (end, section.end_bar))
        start, stop = (_unit(level + 0.9 * (self._level(bar * bar_ticks) - _PLAN_ENERGY)) for level, bar in curve)
        return start, stop

    def _level(self, tick: int) -> float:
        return next((level for at, level in reversed(self._plan.heard.energy) if at <= tick), self._plan.energy)

    def _find_lanes(self) -> dict[str, Lane]:
        """What each part's instrument plays with ease; where several play it, what they have in common."""
        lanes: dict[str, Lane] = {}
        for part, tracks in self._tracks_of.items():
            known = [REGISTERS[plain(sound)] for sound in (self._plan.sounds.get(t, t) for t in tracks)
                     if plain(sound) in REGISTERS]  # fmt: skip
            if known:
                low, high = max(r.easy_lowest for r in known), min(r.easy_highest for r in known)
                if high - low >= 12:
                    lanes[part] = Lane(low, high)
        return lanes

    # -- writing and playing -----------------------------------------------------------------------------------------

    def _ask(self, section: Section) -> _Pages:
        """Each part in turn writes its share of a section, having heard those before it."""
        passage = self._passage(section)
        listening: dict[str, Sequence[Event]] = {}
        written: dict[str, Written] = {}
        played: dict[str, humanise.Played] = {}
        composed: dict[str, Clip | None] = {}
        for part, player in self._style.players.items():
            tracks = self._tracks_of[part]
            if not tracks:
                continue
            others = [track for track in tracks if track in self._guests.tracks]
            for track in others:
                if track not in composed:
                    composed[track] = self._guests.compose(track, section, passage, played)
            heard = composed.get(others[0]) if others and len(others) == len(tracks) else None
            if heard is not None:
                listening[part] = as_events(heard, player, self._tonic)
                continue
            written[part] = player.write(passage, listening)
            listening[part] = written[part].events
            if self._guests:
                played[part] = self._play(part, written[part], section)
        for track in self._guests.tracks:  # of parts that the style does not have
            if track not in composed:
                composed[track] = self._guests.compose(track, section, passage, played)
        return _Pages(written, composed, played)

    def _write(self, section: Section) -> Tracks:
        """The notes of a section by track, as far as the section alone decides them."""
        played = {(part, 0): heard for part, heard in self._pages(section).played.items()}
        return {track: self._track(track, section, played) for track in self._parts}

    def _track(
        self, track: str, section: Section, played: dict[tuple[str, int], humanise.Played], until: Tick | None = None
    ) -> Track:
        """A track's share of a section; up to the bar of tick `until` at least, where its end is not wanted.

        played: by part and take, what hands have played already; it grows.
        """
        pages, names = self._pages(section), self._parts[track]
        clip = pages.composed.get(track)
        if clip is not None:
            notes = self._unled(clip.notes) if set(self._plan.parts[track]) == {"melody"} else clip.notes
            return Track(merged(notes), clip.controls, clip.ramps)
        mine: list[humanise.Played] = []
        for part in names:
            if part in pages.written and self._takes_part(track, part, section):
                take = self._take(track, part)
                if (part, take) not in played:
                    played[part, take] = self._play(part, pages.written[part], section, take, until)
                heard = played[part, take]
                mine.append(heard._replace(notes=self._unled(heard.notes)) if part == "melody" else heard)
        return Track.of(mine, single=bool(names) and all(self._style.players[part].single for part in names),
                        bend_range=min((self._bends[part] for part in names), default=2.0),
                        expressive=track in self._plan.expressive)  # fmt: skip

    def _unled(self, notes: Sequence[Note]) -> list[Note]:
        """Of the lead's notes those that do not begin where a player leads."""
        leads = self._plan.heard.leads
        if not leads:
            return list(notes)
        return [note for note in notes if not any(span.start <= note.start < span.end for span in leads)]

    def _take(self, track: str, part: str) -> int:
        """Which of the hands that double a part is the track's; 0: the first, or one hand for all of them."""
        if part in self._style.turns or self._style.players[part].channel == 9:
            return 0
        return self._tracks_of[part].index(track)

    def _takes_part(self, track: str, part: str, section: Section) -> bool:
        """Leads play heads together and take choruses in turn; two compers take turns all the time."""
        tracks = self._tracks_of[part]
        if len(tracks) < 2 or part not in self._style.turns or section.role == "ending":
            return True
        if part == "melody" and section.role not in ("solo", "trade"):
            return True
        return tracks[section.chorus % len(tracks)] == track

    def _play(
        self, part: str, written: Written, section: Section, take: int = 0, until: Tick | None = None
    ) -> humanise.Played:
        """What is written as hands play it; each `take` is another time, or another player, who plays the same."""
        plan, meter, player = self._plan, self._plan.meter, self._style.players[part]
        up = 0 if player.absolute or player.channel == 9 else self._tonic
        if self._mode is not None and player.channel != 9:
            tonic, off = self._sheet.key.tonic.pitch_class, self._mode.off
            events = [e._replace(cents=e.cents + off(e.pitch + up, tonic)) for e in written.events]
            written = Written(events, written.turns, written.sweeps)
        bend = self._bends[part]
        place = humanise.Place(
            section.first_bar * meter.bar_ticks, meter.bar_ticks, self._feel.at(plan.tempo), plan.tempo, bend,
            self._pulse, plan.seed, up,
        )  # fmt: skip
        draws = (plan.seed, "play", part, section.first_bar, *(("take", take) if take else ()))
        return humanise.play(written, player.hand, place, player.channel, *draws, until=until)

    def _finish(self, section: Section) -> Tracks:
        """The section's notes with what rings over its end cut where the next section strikes the same key."""
        following = self._form.section(section.end_bar)
        if following is None:
            return self._written(section)
        end = section.end_bar * self._plan.meter.bar_ticks
        found: dict[str, Track] = {}
        for track, mine in self._written(section).items():
            last = max((note.start + note.length for note in mine.notes), default=0)
            found[track] = mine if last < end else mine.before(self._track(track, following, {}, last), end)
        return found

    def _first_ringing(self, section: Section) -> Tick:
        """Where the first of the section's notes begins that sounds beyond its end; none does: that end."""
        end = section.end_bar * self._plan.meter.bar_ticks
        return min((track.rings(end) for track in self._written(section).values()), default=end)


def _unit(value: float) -> float:
    return min(1.0, max(0.05, value))
