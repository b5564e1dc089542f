"""Composers of others in a band: programs that play a track's parts in place of the genre's rules."""

from __future__ import annotations

from collections.abc import Mapping

from composers.composer import Context, Plan, find_composer
from composers.forms import Section, label
from composers.instrumentation import plain
from composers.parts.humanise import Played
from composers.parts.passage import Event, Passage
from composers.pulse import STEPS
from composers.registers import REGISTERS
from composers.score import PPQ, Clip, Span
from composers.style import Player
from composers.theory.scales import Key

_STEP_TICKS = PPQ // STEPS


class Guests:
    """Those that a plan names, by track. `notices`: what people should know of them; whoever reads it empties it."""

    def __init__(self, plan: Plan, style: str, key: Key) -> None:
        """Raises MusicError for a composer that is not known."""
        self._plan, self._style, self._key = plan, style, key
        self._composers = {track: find_composer(name) for track, name in plan.composers.items()}
        self.notices: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._composers)

    @property
    def tracks(self) -> tuple[str, ...]:
        return tuple(self._composers)

    def compose(self, track: str, section: Section, passage: Passage, played: Mapping[str, Played]) -> Clip | None:
        """What the track's composer plays, having heard `played`; None where it failed: the style's rules play then."""
        meter = self._plan.meter
        span = Span(section.first_bar * meter.bar_ticks, section.end_bar * meter.bar_ticks)
        try:
            clip = self._composers[track].compose(span, self._context(track, span, section, passage, played))
            return Clip.of(span, clip.notes, clip.controls, clip.ramps)
        except Exception as error:
            self.notices.append(f"composer {self._plan.composers[track]!r} failed at bar {section.first_bar + 1} "
                                f"({type(error).__name__}: {error}): {track} plays by rules")  # fmt: skip
            return None

    def _context(
        self, track: str, span: Span, section: Section, passage: Passage, played: Mapping[str, Played]
    ) -> Context:
        plan, key = self._plan, self._key
        sound = plan.sounds.get(track, track)
        register = REGISTERS.get(plain(sound))
        return Context(
            seed=plan.seed, genre=plan.genre, style=self._style, key=str(key.tonic), mode=key.mode,
            tonic=key.tonic.pitch_class, meter=plan.meter, tempo=plan.tempo,
            chords=tuple((span.start + region.start * _STEP_TICKS, str(region.chord)) for region in passage.regions),
            section=label(section), section_span=span, energy=passage.energy, density=plan.density,
            complexity=plan.complexity, parts=plan.parts[track], sound=sound,
            lowest=register.easy_lowest if register else 36, highest=register.easy_highest if register else 96,
            heard={part: Clip.of(span, p.notes, p.controls, p.ramps) for part, p in played.items()},
        )  # fmt: skip


def as_events(clip: Clip, player: Player, tonic: int) -> list[Event]:
    """A composer's notes for the parts that listen, on the nearest step, as `player` would have written them."""
    down = 0 if player.absolute or player.channel == 9 else tonic
    return sorted(
        Event(round((n.start - clip.span.start) / _STEP_TICKS), max(1, round(n.length / _STEP_TICKS)),
              n.pitch - down, n.velocity)
        for n in clip.notes
    )  # fmt: skip
