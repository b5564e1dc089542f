"""Jazz: a head, solos over the changes, comping, walking bass and a kit that swings; ballads, bossas, waltzes."""

from __future__ import annotations

from collections.abc import Mapping

from composers.feel import STRAIGHT, Feel
from composers.genre import StyledGenre
from composers.genres.jazz_sheet import FORMS, MODES, Manner, offers, sheet_of
from composers.parts import comping, heads, improvisation, jazz_bass, jazz_kit
from composers.parts.humanise import BASS, COMP, Hand
from composers.parts.kit import CHANNEL, HANDS
from composers.parts.passage import Listening, Passage, Written
from composers.practice import Practice
from composers.pulse import STEPS
from composers.score import Meter
from composers.style import Player, Style, Tempi, Writer
from composers.vocabulary import Words

DEFAULT_SWING = 0.655
"""Share of the beat before the off-beat eighth, a ratio of 1.9: the ride's median from 93 to 215 beats a minute."""
_FOUR, _THREE, _FIVE = Meter(4, 4), Meter(3, 4), Meter(5, 4)
_PRACTICES = {
    "medium": Practice(triplets=True, syncopation=0.26, sustain=0.15), "up": Practice(triplets=True, syncopation=0.22),
    "ballad": Practice(triplets=True, syncopation=0.1, sustain=0.5), "bossa": Practice(syncopation=0.3, sustain=0.3),
    "waltz": Practice(triplets=True, syncopation=0.12, sustain=0.2),
}  # fmt: skip
"""How tunes of others are sung; syncopation as our heads have it."""
_SOLOS = frozenset({"solo", "trade"})


def _lead(head: heads.HeadStyle, solo: improvisation.SoloStyle) -> Writer:
    def write(passage: Passage, listening: Listening) -> Written:
        if passage.role in _SOLOS:
            return Written(improvisation.solo(passage, solo))
        if passage.role in ("head", "out", "tag", "ending"):
            return Written(heads.head(passage, head))
        return Written()  # an intro, and where bass or drums have the floor

    return write


def _comp(style: comping.CompStyle) -> Writer:
    def write(passage: Passage, listening: Listening) -> Written:
        lead = listening.get("melody", ())
        return Written(
            comping.comping(passage, style, lead, tonic=passage.tonic, rooted="bass" not in listening)
        )

    return write


def _bass(style: jazz_bass.BassStyle) -> Writer:
    return lambda passage, listening: Written(jazz_bass.bass_line(passage, style))


def _drums(style: jazz_kit.KitStyle) -> Writer:
    return lambda passage, listening: Written(jazz_kit.drums(passage, listening.get("melody", ()), style))


def _hand(delay: float, swing: float, spread_ms: float = 7.0) -> Hand:
    """A soloist's: behind by a share of the beat where notes lie on it, off-beats less late than the ride's.

    In the Weimar Jazz Database the long note is 1.1 to 1.3 times the short one at every tempo, on-beat notes lie 28
    (115 beats a minute) to 3 ms (280) behind, off-beat eighths at .57 to .62 of the beat.
    """
    return Hand("lead", 2.0, 0.0, spread_ms, 5.0, 0.88, swing, delay)


def _style(
    name: str, tempi: Tempi, feel: Feel, meters: tuple[Meter, ...], forms: Mapping[str, float],
    ensemble: tuple[str, ...], lead: Writer, comp: Writer, bass: Writer, drums: Writer, hand: Hand, manner: Manner,
    weight: float = 1.0,
) -> Style:  # fmt: skip
    players = {
        "melody": Player(lead, hand, single=True),
        "bass": Player(bass, BASS, single=True),
        "comp": Player(comp, COMP, absolute=True),
        "drums": Player(drums, HANDS["jazz"], channel=CHANNEL),
    }
    return Style(name, tempi, feel, meters, MODES, {form: forms.get(form, 0.0) for form in FORMS}, ensemble, players,
                 sheet_of(manner), frozenset({"melody", "comp"}), weight, offers=offers,
                 practice=_PRACTICES[name])  # fmt: skip


MEDIUM = _style(
    "medium", Tempi(150.0, 85.0, 205.0), Feel(STEPS, DEFAULT_SWING), (_FOUR, _FIVE),
    {"aaba": 0.36, "abac": 0.16, "blues": 0.2, "rhythm-changes": 0.1, "ii-V-I": 0.07, "16-bar": 0.06, "modal": 0.05},
    ("piano", "bass", "drums"), _lead(heads.MEDIUM, improvisation.MEDIUM), _comp(comping.MEDIUM),
    _bass(jazz_bass.MEDIUM), _drums(jazz_kit.MEDIUM), _hand(0.055, 0.76), Manner(),
)  # fmt: skip
BALLAD = _style(
    "ballad", Tempi(62.0, 45.0, 84.0), Feel(STEPS, 0.62), (_FOUR,),
    {"aaba": 0.55, "abac": 0.3, "16-bar": 0.1, "blues": 0.05},
    ("tenor-sax", "piano", "bass", "brushes"), _lead(heads.BALLAD, improvisation.BALLAD), _comp(comping.BALLAD),
    _bass(jazz_bass.BALLAD), _drums(jazz_kit.BALLAD), _hand(0.03, 0.5, 14.0), Manner(intro=4, trades=0.0, bass=0.25),
)  # fmt: skip
UP = _style(
    "up", Tempi(240.0, 205.0, 330.0), Feel(STEPS, DEFAULT_SWING), (_FOUR,),
    {"aaba": 0.3, "abac": 0.15, "rhythm-changes": 0.25, "blues": 0.2, "modal": 0.06, "16-bar": 0.04},
    ("alto-sax", "trumpet", "piano", "bass", "drums"), _lead(heads.UP, improvisation.UP), _comp(comping.UP),
    _bass(jazz_bass.UP), _drums(jazz_kit.UP), _hand(0.035, 0.66), Manner(trades=0.8),
)  # fmt: skip
BOSSA = _style(
    "bossa", Tempi(132.0, 105.0, 165.0), STRAIGHT, (_FOUR,),
    {"aaba": 0.35, "abac": 0.3, "16-bar": 0.2, "ii-V-I": 0.1, "modal": 0.03, "blues": 0.02},
    ("flute", "guitar", "bass", "drums"), _lead(heads.BOSSA, improvisation.BOSSA), _comp(comping.BOSSA),
    _bass(jazz_bass.BOSSA), _drums(jazz_kit.BOSSA), _hand(0.035, 1.0), Manner(intro=4, trades=0.0, bass=0.2), 0.15,
)  # fmt: skip
WALTZ = _style(
    "waltz", Tempi(150.0, 80.0, 260.0), Feel(STEPS, DEFAULT_SWING), (_THREE,),
    {"aaba": 0.4, "abac": 0.25, "16-bar": 0.1, "blues": 0.1, "modal": 0.08, "ii-V-I": 0.07},
    ("piano", "bass", "drums"), _lead(heads.WALTZ, improvisation.WALTZ), _comp(comping.WALTZ),
    _bass(jazz_bass.WALTZ), _drums(jazz_kit.WALTZ), _hand(0.055, 0.76), Manner(trades=0.4),
)  # fmt: skip
WORDS: Words = {
    "swing": "medium", "swing-tune": "medium", "cool-jazz": "medium cool", "mainstream": "medium", "bebop": "up",
    "be-bop": "up", "bop": "up", "hard-bop": "up", "up-tempo-jazz": "up", "bossa-nova": "bossa", "latin": "bossa",
    "latin-jazz": "bossa", "samba": "bossa energetic 160 bpm", "modal-jazz": "modal", "torch-song": "ballad tender",
    "great-american-songbook": "aaba", "slow-blues": "blues 66 bpm", "jump-blues": "blues energetic 170 bpm",
    "jam-session": "blues", "jazz-waltz": "waltz",
}
JAZZ = StyledGenre("jazz", {style.name: style for style in (MEDIUM, BALLAD, UP, BOSSA, WALTZ)}, words=WORDS)
