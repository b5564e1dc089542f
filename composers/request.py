"""Music asked for in words: "jazz ballad in Eb, 32 bars" becomes a plan. Sensible words; others are named."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from composers.composer import Plan, find_genre, genre_names, resolve
from composers.errors import MusicError
from composers.instrumentation import INSTRUMENTS, plain
from composers.score import Meter
from composers.theory.modes import ALIASES
from composers.theory.pitch import parse_pitch_name
from composers.vocabulary import place_of, speaking, translated, words_of

_MOODS: Mapping[str, tuple[float, float]] = {
    # energy, density
    "calm": (0.3, 0.35), "quiet": (0.25, 0.35), "gentle": (0.3, 0.4), "soft": (0.3, 0.4), "mellow": (0.35, 0.4),
    "relaxed": (0.4, 0.4), "sparse": (0.45, 0.2), "busy": (0.65, 0.8), "dense": (0.65, 0.85), "energetic": (0.85, 0.6),
    "wild": (0.95, 0.75), "driving": (0.85, 0.6), "powerful": (0.9, 0.55), "hot": (0.9, 0.65), "happy": (0.7, 0.55),
    "sad": (0.35, 0.4), "dark": (0.5, 0.45), "bright": (0.65, 0.55), "epic": (0.9, 0.55), "intense": (0.95, 0.65),
    "loud": (0.9, 0.55), "heavy": (0.9, 0.55), "aggressive": (0.95, 0.65), "dramatic": (0.85, 0.55),
    "uplifting": (0.85, 0.55), "joyful": (0.75, 0.6), "cheerful": (0.7, 0.55), "lively": (0.75, 0.65),
    "groovy": (0.65, 0.6), "lush": (0.5, 0.6), "warm": (0.45, 0.5), "dusty": (0.45, 0.45), "dreamy": (0.3, 0.4),
    "chill": (0.35, 0.4), "chilled": (0.35, 0.4), "lazy": (0.35, 0.35), "tender": (0.25, 0.35), "cool": (0.4, 0.4),
    "melancholic": (0.35, 0.4), "melancholy": (0.35, 0.4), "deep": (0.45, 0.4), "minimal": (0.45, 0.2),
}  # fmt: skip
_MOOD_MODES = dict.fromkeys(("sad", "dark", "melancholic", "melancholy", "aggressive"), "minor")
_PACES = {"slow": 0.7, "fast": 1.3, "quick": 1.25, "uptempo": 1.3, "medium": 1.0, "midtempo": 1.0,
          "downtempo": 0.75}
_TEMPO_WORDS = {"largo": 50.0, "adagio": 68.0, "andante": 90.0, "moderato": 112.0, "allegro": 138.0, "presto": 180.0}
_BANDS: Mapping[str, int] = {"solo": 1, "duo": 2, "trio": 3, "quartet": 4, "quintet": 5}
_FORM_WORDS = {"12-bar": "blues", "12-bar-blues": "blues", "twelve-bar": "blues", "verse-chorus": "verse-chorus"}
_FILLER = frozenset(
    ("a", "an", "and", "the", "of", "in", "at", "for", "with", "by", "to", "please", "make", "compose", "some", "music",
     "piece", "song", "tune", "track", "beat", "groove", "about", "style", "feel", "played", "on", "band", "long",
     "waltz", "beats", "songs", "tunes", "tracks", "riff", "riffs", "theme", "standard", "number", "loop", "vibe",
     "vibes", "background", "study", "type", "kind", "my", "me", "i", "want", "give", "write", "new", "little", "short",
     "classic", "set")
)  # fmt: skip
_KEY = re.compile(
    r"\b(?:in|key of)\s+([A-Ga-g])(#|b|♯|♭|[- ]?sharp|[- ]?flat)?(?:[- ]?(m|min))?(?![\w#♯♭/])"
)
_KEY_OF_MODE = re.compile(
    r"(?<![\w#♯♭/])([A-G])(#|b|♯|♭|[- ]?sharp|[- ]?flat)?(?:(m|[- ]?min)(?![\w#♯♭/])|[- ]?maj(?![\w])"
    r"|(?=[- ]?(?:minor|major|dorian|phrygian|lydian|mixolydian|aeolian|ionian|locrian)\b))"
)
"""A key that only its mode shows to be one: "Am", "E minor", "F# dorian"."""
_BARS = re.compile(r"(\d+)\s*-?\s*bars?\b(?!\s*blues)")
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*-?\s*(seconds?|secs?|s|minutes?|mins?|min)\b|\b(\d+):([0-5]\d)\b")
_TEMPO = re.compile(r"(\d+(?:\.\d+)?)\s*(?:bpm|beats a minute|beats per minute)\b")
_METER = re.compile(r"\b(\d{1,2})/(1|2|4|8|16)\b")
_SEED = re.compile(r"\bseed\s*[=:]?\s*(-?\d+)\b")


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for.

    plan         resolved; its tempo is the style's where none was named
    bars         how many; None where neither bars nor time were named
    instruments  who plays, as arranged
    title        the words as they were
    """

    plan: Plan
    bars: int | None
    instruments: tuple[str, ...]
    title: str


def parse_request(text: str, *, seed: int = 1) -> Request:
    """Words for a piece: genre, style, form, key, mode, tempo, meter, length, mood, instruments, in any order.

    Raises MusicError: the word that is not understood, with what is near, or what does not go together.
    """
    rest = text.strip()
    if not rest:
        raise MusicError('say what to compose, for example "jazz ballad in Eb, 32 bars"')
    taken = _Numbers(rest)
    genre = _genre(taken.words)
    found = find_genre(genre)
    own = {name: name for name in (*found.styles, *found.forms, *_FORM_WORDS)} | words_of(genre)
    words, meant = translated(taken.words, {genre: ""} | own)
    also = _Numbers(" ".join(meant))  # what is said in so many words comes first
    words = [*also.words, *words]
    taken.tempo = taken.tempo or also.tempo
    taken.meter = taken.meter or also.meter
    fields: dict[str, object] = {"genre": genre, "seed": taken.seed if taken.seed is not None else seed}
    style, words = _one_of(words, found.styles)
    form, words = _one_of(words, (*found.forms, *_FORM_WORDS))
    mode, words = _one_of(words, (*found.modes, *_mode_aliases(found.modes)))
    pace, mood = 1.0, None
    instruments: list[str] = []
    band = 0
    left: list[str] = []
    known = {plain(name): name for name in INSTRUMENTS}
    index = 0
    while index < len(words):
        pair = "-".join(words[index : index + 2])
        triple = "-".join(words[index : index + 3])
        word = words[index]
        if len(words) > index + 2 and triple in known:
            instruments.append(triple)
            index += 3
            continue
        if len(words) > index + 1 and pair in known:
            instruments.append(pair)
            index += 2
            continue
        index += 1
        if word.replace("-", "") in _PACES:
            pace = _PACES[word.replace("-", "")]
        elif word in _TEMPO_WORDS:
            taken.tempo = taken.tempo or _TEMPO_WORDS[word]
        elif word in _MOODS:
            mood = word
        elif word in _BANDS:
            band = _BANDS[word]
        elif word in known:
            instruments.append(word)
        elif word.rstrip("s") in known:
            instruments.append(word.rstrip("s"))
        elif word not in _FILLER:
            left.append(word)
    if left:
        raise MusicError(_not_understood(left[0], found.styles, found.forms, found.modes))
    if mood is not None:
        fields["energy"], fields["density"] = _MOODS[mood]
        mode = mode or _MOOD_MODES.get(mood)
    if taken.minor or (form or "").startswith("minor-"):
        mode = mode or "minor"
    meter = taken.meter or (Meter(3, 4) if "waltz" in text.lower() and Meter(3, 4) in found.meters else Meter())
    plan = Plan(
        **fields,  # type: ignore[arg-type]
        key=taken.key or "C", mode=mode or found.modes[0], meter=meter, style=style,
        form=_FORM_WORDS.get(form or "", form), tempo=taken.tempo or found.usual_tempo(style) * pace,
    )  # fmt: skip
    plan = _in_a_mode_that_is_played(plan, mode is None)
    who = tuple(dict.fromkeys(instruments)) or found.ensemble(plan.style)[: band or None]
    tempo = taken.tempo or found.usual_tempo(plan.style) * pace
    bars = taken.bars
    if bars is None and taken.seconds is not None:
        bars = bars_of(taken.seconds, tempo, plan.meter)
    plan = with_band(plan, who, tempo=tempo, bars=bars)
    return Request(plan, bars, who, text.strip())


def with_band(plan: Plan, instruments: tuple[str, ...], *, tempo: float, bars: int | None) -> Plan:
    """The plan for these players, resolved. Raises MusicError for one that has no place in the genre."""
    parts = find_genre(plan.genre).arrange(instruments)
    return resolve(replace(plan, parts=dict(parts), sounds={n: n for n in instruments}, tempo=tempo, length=bars))


def bars_of(seconds: float, tempo: float, meter: Meter) -> int:
    """How many bars come nearest to a time, at least one."""
    return max(1, round(seconds * tempo * 960 / 60 / meter.bar_ticks))


def _in_a_mode_that_is_played(plan: Plan, free: bool) -> Plan:
    """Where no mode was named, one that the style has."""
    try:
        return resolve(plan)
    except MusicError:
        if not free:
            raise
        for mode in find_genre(plan.genre).modes:
            try:
                return resolve(replace(plan, mode=mode))
            except MusicError:
                continue
        raise


def _mode_aliases(modes: tuple[str, ...]) -> list[str]:
    """Other names of these modes, but for those that are words of any sentence: "in" is a scale of Japan."""
    return [alias for alias, mode in ALIASES.items() if mode in modes and alias not in _FILLER]


class _Numbers:
    """What is said in numbers, and the words that are left."""

    def __init__(self, text: str) -> None:
        lower = text
        self.seed = _int(_SEED, lower)
        lower = _SEED.sub(" ", lower)
        key = _KEY.search(lower) or _KEY_OF_MODE.search(lower)
        self.key: str | None = None
        self.minor = False
        if key is not None:
            self.key = str(parse_pitch_name(_pitch(key[1], key[2] or "")))
            self.minor = key[3] is not None
            lower = lower[: key.start()] + " " + lower[key.end() :]
        lower = lower.lower()
        tempo = _TEMPO.search(lower)
        self.tempo = float(tempo[1]) if tempo else None
        lower = _TEMPO.sub(" ", lower)
        self.bars = _int(_BARS, lower)
        lower = _BARS.sub(" ", lower)
        meter = _METER.search(lower)
        self.meter = Meter(int(meter[1]), int(meter[2])) if meter else None
        lower = _METER.sub(" ", lower)
        time = _TIME.search(lower)
        self.seconds = None
        if time is not None:
            if time[3] is not None:
                self.seconds = 60.0 * int(time[3]) + int(time[4])
            else:
                self.seconds = float(time[1]) * (60.0 if time[2].startswith("m") else 1.0)
            lower = lower[: time.start()] + " " + lower[time.end() :]
        self.words = [plain(word) for word in re.findall(r"[^\s,;.!?]+", lower)]


def _int(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return int(match[1]) if match else None


def _pitch(letter: str, sign: str) -> str:
    return letter.upper() + ("#" if "sharp" in sign or (sign in "#♯" and sign) else "b" if sign else "")


def _genre(words: list[str]) -> str:
    """The genre that is named, or the one of whose words, styles, forms or modes something is said; else jazz."""
    names = genre_names()
    for name in names:
        if place_of(name, words) is not None:
            return name
    spoken = speaking(words)
    if spoken is not None:
        return spoken
    for name in names:
        genre = find_genre(name)
        own = tuple(word for word in (*genre.styles, *genre.forms) if word not in INSTRUMENTS)
        if _one_of(words, own)[0] is not None:
            return name
    usual = "jazz" if "jazz" in names else names[0]
    if not any(word in find_genre(usual).modes for word in words):
        for name in names:
            modes = find_genre(name).modes
            if _one_of(words, (*modes, *_mode_aliases(modes)))[0] is not None:
                return name
    return usual


def _one_of(words: list[str], names: tuple[str, ...]) -> tuple[str | None, list[str]]:
    """The longest name that the words hold, and the words without it."""
    for size in (3, 2, 1):
        for index in range(len(words) - size + 1):
            joined = "-".join(words[index : index + size])
            for name in names:
                if plain(name).replace("-", "") == joined.replace("-", ""):
                    return name, words[:index] + words[index + size :]
    return None, words


def _not_understood(word: str, *offered: tuple[str, ...]) -> str:
    every = [*genre_names(), *(n for names in offered for n in names), *_MOODS, *_PACES, *_BANDS, *INSTRUMENTS]
    near = difflib.get_close_matches(word, every, 3, 0.6)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return (f"{word!r} is not understood: {hint}name a genre ({', '.join(genre_names())}), a style "
            f"({', '.join(offered[0])}), a form ({', '.join(offered[1])}), a key (in Eb), a tempo (90 bpm), a length "
            f"(32 bars, 2 minutes), a mood (calm, energetic), instruments")  # fmt: skip
