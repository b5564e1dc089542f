"""The rules of two-voice species counterpoint by name: what each asks, and who says so."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """A rule of counterpoint: its name, what it asks, and who says so."""

    name: str
    text: str
    source: str


_FUX, _JEPPESEN, _KENNAN = "Fux, Gradus ad Parnassum", "Jeppesen, Counterpoint", "Kennan, Counterpoint"
RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("rhythm", "the values of the species, from the first bar to a whole note in the last", _FUX),
        Rule("mode", "notes of the mode; raised ones only in the cadence", _JEPPESEN),
        Rule("melodic interval", "seconds, thirds, fourths, fifths, a rising minor sixth, octaves", _JEPPESEN),
        Rule("repetition", "no note twice in a row; in the first species not three times", _JEPPESEN),
        Rule("two leaps", "two leaps in one direction stay within an octave", _JEPPESEN),
        Rule("leap recovery", "a leap of a fourth or more is answered by a step back", _JEPPESEN),
        Rule("tritone", "no line from turn to turn spans an augmented fourth", _JEPPESEN),
        Rule("range", "a voice stays within a tenth", _JEPPESEN),
        Rule("climax", "the highest note comes once, the last tone not counted", _KENNAN),
        Rule("beginning", "a unison, fifth or octave above, a unison or octave below", _FUX),
        Rule("ending", "a unison or octave, reached by step in contrary motion, the leading tone rising", _FUX),
        Rule("dissonance on the beat", "the beat is consonant, but for suspensions", _FUX),
        Rule("dissonance off the beat", "passing; in quarters also neighbours and the cambiata", _JEPPESEN),
        Rule("suspension", "prepared by a consonance, resolved down a step: 7-6, 4-3, 9-8; below 2-3", _FUX),
        Rule("chain", "no more than three suspensions of one kind in a row", _JEPPESEN),
        Rule("unison", "only first and last, or off the beat", _FUX),
        Rule("parallel fifths", "no perfect fifth after another", _FUX),
        Rule("parallel octaves", "no unison or octave after another", _FUX),
        Rule("fifths on the beat", "none on the beats of two bars in a row", _FUX),
        Rule("octaves on the beat", "no unison or octave on the beats of two bars in a row", _FUX),
        Rule("octaves off the beat", "none after the suspensions of two bars in a row", _JEPPESEN),
        Rule("direct fifth", "reached in similar motion only if the upper voice steps", _FUX),
        Rule("direct octave", "reached in similar motion only if the upper voice steps", _FUX),
        Rule("crossing", "the voices keep their places", _FUX),
        Rule("overlap", "no voice goes beyond where the other one just was", _KENNAN),
        Rule("distance", "no more than a twelfth between the voices", _JEPPESEN),
        Rule("imperfect row", "note against note no more than three thirds or sixths in a row", _JEPPESEN),
        Rule("contrary motion", "half of the moves or more are contrary or oblique", _FUX),
        Rule("eighths", "in pairs, by step, on the second or fourth quarter", _FUX),
        Rule("tie", "a half, tied to a half or a quarter", _FUX),
        Rule("monotony", "no more than two bars of one rhythm in a row", _KENNAN),
    )
}  # fmt: skip
"""By name."""
