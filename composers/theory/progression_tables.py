"""What the six genres' progressions are made of: grammars of functions, transitions, and how chords are dressed.

Weights in rows marked (M) are measured: rock in 739 songs of the McGill Billboard annotations, pop (which stands for
EDM here) in POP909, jazz in 2,614 tunes (Bunks et al. 2023), classical in the human analyses of When in Rome (Gotham
et al.). They are conditional probabilities or shares of transitions; only their proportions matter. The rest is common
teaching: Kostka & Payne's and Aldwell & Schachter's flow of functions, Levine's and Nettles & Graf's preparations,
Persichetti's primary chords of the modes, production practice for hip-hop and house, common tones for ambient. Grammars
have four symbols to start from: opening (begins at home), closing (ends there), half (ends on the dominant), bridge
(begins away, ends on the dominant).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from composers.theory.progression_grammar import rules

JAZZ_MAJOR = rules("""
opening: 8 home groups | 1 home | 1.5 away_first five home groups | .5 away_first five home
away_first: 3 IIm7 | 1 IIIm7 VI7 IIm7
groups:  5 group groups | 5 group
group:   22 two five back | 14 six | 6 three | 12 four | 5 IVmaj7 IVm6 back | 8 backdoor | 6 chromatic
chromatic: 1 IVmaj7 #IVo7 I/5 | 1 #Io7 two five back
home:    10 Imaj7 | 2 I6
back:    12 Imaj7 | 3 I6 | 2 IIIm7
two:     12 IIm7 | 7 toward_two IIm7 | 2 VIm7 IIm7
toward_two: 16 VI7 | 16 IIIm7 VI7 | 7 IIIm7b5 VI7b9 | 3 IIIm7 bIIIo7 | 2 bIII7
five:    64 V7 | 8 bII7 | 4 V7sus4 V7 | 5 V13 | 4 V7b9 | 5 bVI7 V7
six:     10 VIm7 | 10 III7 VIm7 | 4 VIIm7b5 III7 VIm7
three:   8 IIIm7 | 2 #IVm7b5 VII7 IIIm7
four:    8 IVmaj7 | 20 I7 IVmaj7 | 15 Vm7 I7 IVmaj7
backdoor: 8 IVm7 bVII7 back | 5 bVII7 back
closing: 66 two five final | 12 four two five final | 8 IVm7 bVII7 final | 5 IVmaj7 IVm6 final | 6 five final
final:   10 Imaj7 | 4 I6 | 3 I6/9
half:    66 two last | 13 II7 last | 13 VIm7 II7 last | 5 bVI7 last | 3 last
last:    64 V7 | 8 bII7 | 5 V13 | 4 V7sus4
bridge:  5 away half | 5 away groups half
away:    15 Vm7 I7 IVmaj7 | 8 III7 VI7 II7 | 5 VIIm7b5 III7 VIm7 | 4 IVm7 bVII7 bIIImaj7 | 4 IIIm7 VI7 IIm7
""")
"""(M) V7>I .64, IIm>V7 .68, VI7>IIm .56, IIIm>VI7 .43, IIIm7b5>VI7 .91, I7>IV .46, Vm>I7 .63, III7>VIm .46,
VIm>II7 .33, II7>V7 .33, IVm>bVII7 .33, bVI7>V7 .35, bVII7>I .19;
after a dominant a fourth up .60, a semitone down .10."""

JAZZ_MINOR = rules("""
opening: 8 home groups | 1 home | 1.5 IIm7b5 five home groups | .5 IIm7b5 five home
groups:  5 group groups | 5 group
group:   22 two five back | 14 four | 12 relative | 8 six | 3 Im(maj7) Im7 | 3 #Io7 two five back
home:    8 Im7 | 6 Im6
back:    8 Im7 | 5 Im6 | 2 bVImaj7
two:     14 IIm7b5 | 2 bVImaj7 IIm7b5 | 2 VIm7b5 IIm7b5
five:    10 V7b9 | 8 V7 | 4 V7alt | 2 bII7 | 3 bVI7 V7
four:    5 IVm7 | 5 I7b9 IVm7 | 4 Vm7b5 I7b9 IVm7
relative: 6 IVm7 bVII7 bIIImaj7 | 4 IVm7 bVII7 bIIImaj7 bVImaj7 | 2 bVII7 bIIImaj7
six:     5 bVImaj7 | 2 bIII7 bVImaj7
closing: 66 two five final | 10 bVI7 V7b9 final | 8 five final | 6 IVm7 V7b9 final | 8 four two five final
final:   8 Im6 | 8 Im7 | 2 Im6/9
half:    12 two last | 4 bVI7 last | 3 IVm7 last | 2 VIm7b5 II7b9 last | 1 last
last:    10 V7b9 | 6 V7 | 4 V7alt
bridge:  5 away half | 5 away groups half
away:    8 IVm7 bVII7 bIIImaj7 bVImaj7 | 5 Vm7b5 I7b9 IVm7 | 4 bIIImaj7 bVImaj7 | 3 IVm7 bVII7 bIIImaj7
""")

CLASSICAL_MAJOR = rules("""
opening: 8 home stretch | 2 home
stretch: 5 move stretch | 5 move
home:    1 I
move:    38 prolong | 16 phrase | 8 VIm | 5 third | 6 V VIm
prolong: 12 V7/3 I | 10 V7/5 I/3 | 9 VIIo/3 I/3 | 7 V7/7 I/3 | 5 V/3 I | 5 IV/5 I | 4 IV I/3
phrase:  6 IV V7 I | 5 IIm/3 V I | 4 IV V7/7 I/3 | 4 IIm V7/3 I | 4 I7/3 IV V7 I | 3 VI7/3 IIm V7 I | 3 IIm7/3 V VIm
third:   1 IIIm VIm | 2 III7/3 VIm | 1 III7 VIm
closing: 40 pre dominant I | 12 dominant I | 4 deceived pre dominant I
deceived: 1 V7 VIm
pre:     16 IV | 13 IIm/3 | 9 IIm | 9 IIm7/3 | 5 VIm IIm/3 | 4 VIm IV | 3 II7/3 | 3 IV IIm | 2 VI7/3 IIm
dominant: 14 V7 | 8 V | 6 I/5 V7 | 3 I/5 V | 4 V V7 | 1 VIIo/3
half:    10 pre V | 4 pre I/5 V | 4 II7/3 V | 2 I V | 1 V
bridge:  4 round half | 4 round stretch half
round:   3 III7/3 VIm VI7/3 IIm | 3 V7/3 I I7/3 IV | 2 VIm III7/3 VIm | 2 IIm VI7/3 IIm | 3 V II7/3 V
""")
"""(M) V7>I .76, V>I .45, I>V7 .22, I>V .18, I>IV .16, I>ii .08, I>vi .07, vii°>I .68, Cad64>V7 .42, V7/IV>IV .72,
V7/V>V .55, V>V7 .21, V>vi .06, IV>ii .10; half of the chords in root position, a quarter in first inversion."""

CLASSICAL_MINOR = rules("""
opening: 8 home stretch | 2 home
stretch: 5 move stretch | 5 move
home:    1 Im
move:    38 prolong | 16 phrase | 8 bVI | 6 relative | 4 V bVI
prolong: 12 V7/3 Im | 10 V7/5 Im/3 | 9 VIIo/3 Im/3 | 7 V7/7 Im/3 | 5 VIIo7 Im | 5 IVm/5 Im
phrase:  6 IVm V7 Im | 5 IIo/3 V Im | 4 IVm V7/7 Im/3 | 4 IIm7b5/3 V7 bVI | 4 I7/3 IVm V7 Im | 3 bVI IIo/3 V7 Im
relative: 4 bVII bIII | 2 bVII7/3 bIII | 3 bIII bVI
closing: 40 pre dominant Im | 12 dominant Im | 3 deceived pre dominant Im
deceived: 1 V7 bVI
pre:     16 IVm | 12 IIo/3 | 9 IIm7b5/3 | 5 bVI IVm | 4 bVI IIo/3 | 4 bII/3 | 3 VIIo7/V
dominant: 14 V7 | 9 V | 8 Im/5 V7 | 3 Im/5 V | 3 V V7
half:    8 pre V | 5 IVm/3 V | 4 pre Im/5 V | 2 VIIo7/V V | 1 V
bridge:  4 round half | 4 round stretch half
round:   3 bVII bIII bVII7/3 bIII | 3 I7/3 IVm I7 IVm | 2 bIII bVI IVm | 3 IVm bVII bIII bVI
""")
"""(M) V7>i .65, V>i .48, i>V .22, i>V7 .13, i>iv .11, iv>V .22, i>VI .07, Cad64>V .57, vii°>i .64."""

ROCK_MAJOR: Mapping[str, Mapping[str, float]] = {
    "I": {"IV": 0.35, "V": 0.19, "bVII": 0.09, "VIm": 0.09, "IIm": 0.07, "bIII": 0.03, "IIIm": 0.03, "bVI": 0.02,
          "Vsus4": 0.02, "II": 0.01},
    "IV": {"I": 0.47, "V": 0.24, "VIm": 0.04, "IIm": 0.04, "bVII": 0.03, "IVm": 0.02, "Vsus4": 0.02},
    "V": {"I": 0.52, "IV": 0.23, "VIm": 0.05, "IIm": 0.03},
    "bVII": {"IV": 0.26, "I": 0.24, "bVI": 0.03, "V": 0.03},
    "IIm": {"V": 0.33, "I": 0.21, "IV": 0.16, "IIIm": 0.05},
    "VIm": {"IV": 0.29, "V": 0.16, "I": 0.15, "IIm": 0.14, "IIIm": 0.04},
    "bVI": {"bVII": 0.34, "I": 0.1, "V": 0.08},
    "bIII": {"IV": 0.30, "bVII": 0.1, "I": 0.1},
    "IIIm": {"VIm": 0.3, "IV": 0.3},
    "II": {"V": 0.36, "IV": 0.2},
    "Vsus4": {"I": 0.48, "V": 0.3},
    "IVm": {"I": 0.5, "V": 0.1},
}
"""(M) for rows and columns that the table of the commonest thirty transitions has; the small ones complete it."""

ROCK_MINOR: Mapping[str, Mapping[str, float]] = {
    "Im": {"IV": 0.22, "bVII": 0.19, "bVI": 0.18, "IVm": 0.14, "Vm": 0.07, "bIII": 0.06, "V": 0.05},
    "bVII": {"IV": 0.12, "Im": 0.34, "bVI": 0.14, "bIII": 0.08},
    "bVI": {"bVII": 0.34, "Im": 0.1, "V": 0.08, "bIII": 0.08},
    "IV": {"Im": 0.4, "bVII": 0.1, "bVI": 0.08},
    "IVm": {"Im": 0.3, "V": 0.12, "bVII": 0.12, "Vm": 0.08},
    "Vm": {"Im": 0.3, "IVm": 0.15, "bVI": 0.12},
    "bIII": {"IV": 0.2, "bVII": 0.25, "bVI": 0.15},
    "V": {"Im": 0.6, "bVI": 0.1},
}
"""(M) Im's row, bVI>bVII; the others after the major table's proportions."""

POP: Mapping[str, Mapping[str, float]] = {
    "I": {"IV": 0.22, "V": 0.17, "VIm": 0.18, "IIm": 0.11, "IIIm": 0.08},
    "V": {"I": 0.37, "VIm": 0.23, "IV": 0.13, "IIIm": 0.09},
    "IV": {"V": 0.39, "I": 0.17, "IIIm": 0.12, "VIm": 0.06},
    "VIm": {"IV": 0.23, "IIm": 0.21, "V": 0.15, "IIIm": 0.11, "I": 0.09},
    "IIm": {"V": 0.37, "IIIm": 0.11, "IV": 0.08},
    "IIIm": {"VIm": 0.41, "IV": 0.22},
    "III": {"VIm": 0.62},
}
"""(M) of ballads in major; in minor the same chords are heard from the sixth degree (see RELATIVE)."""

RELATIVE: Mapping[str, str] = {
    "I": "bIII", "IIm": "IVm", "IIIm": "Vm", "III": "V", "IV": "bVI", "V": "bVII", "VIm": "Im",
}  # fmt: skip
"""Chords of a major key, seen from its relative minor."""

HIP_HOP_MAJOR: Mapping[str, Mapping[str, float]] = {
    "Imaj9": {"VIm9": 4, "IVmaj9": 3, "IIm9": 3, "IIIm7": 2},
    "IIm9": {"V13": 7, "IIIm7": 2, "Imaj9": 2},
    "V13": {"Imaj9": 7, "IIIm7": 2, "VIm9": 1},
    "VIm9": {"IIm9": 5, "IVmaj9": 3, "V13": 1, "Vm9": 2},
    "IVmaj9": {"IIIm7": 5, "III7#9": 3, "IVm9": 2, "V13": 2, "Imaj9": 2},
    "III7#9": {"VIm9": 1},
    "Vm9": {"I13": 1, "IVmaj9": 2},
    "I13": {"IVmaj9": 1},
    "IVm9": {"Imaj9": 4, "bVII13": 3},
    "bVII13": {"Imaj9": 5},
    "IIIm7": {"VIm9": 4, "IIm9": 4, "bIIIo7": 1, "VI7b9": 2},
    "bIIIo7": {"IIm9": 1},
    "VI7b9": {"IIm9": 1},
}
"""Boom bap and lo-fi: jazz chords in loops, IIm9 V13 Imaj9 VIm9, IVmaj9 IIIm7 IIm9 Imaj9 and IVmaj9 III7#9 VIm9 among
them."""

HIP_HOP_MINOR: Mapping[str, Mapping[str, float]] = {
    "Im": {"bVI": 6, "Vm": 4, "IVm": 3, "bII": 3, "bVII": 3},
    "bVI": {"Vm": 4, "bVII": 4, "Im": 3, "bII": 1, "IVm": 1, "V": 1},
    "Vm": {"Im": 5, "bVI": 3, "IVm": 1},
    "V": {"Im": 1},
    "IVm": {"Vm": 3, "Im": 3, "bVI": 2, "V": 1},
    "bII": {"Im": 6, "bVII": 1},
    "bVII": {"Im": 4, "bVI": 4},
}
"""Trap and drill: tonic, bVI, v, and the phrygian bII."""

AMBIENT_MAJOR = ("Iadd9", "IVmaj9", "VIm9", "IIIm7", "bVImaj7", "IVm6", "bVIIadd9", "IIm11")
AMBIENT_MINOR = ("Im9", "bVImaj9", "IVm9", "bIIImaj7", "bVIIadd9", "Vm7", "bIImaj7")
"""No dominants; what follows what is a matter of the notes that they share (see progression_styles)."""

PRIMARY: Mapping[str, Mapping[str, float]] = {
    "dorian": {"Im": 10, "IV": 7, "IIm": 4, "bVII": 4, "Vm": 3, "bIII": 2},
    "phrygian": {"Im": 10, "bII": 8, "bVIIm": 4, "bIII": 3, "bVI": 2, "IVm": 2},
    "lydian": {"I": 10, "II": 8, "VIIm": 4, "V": 3, "VIm": 2, "IIIm": 2},
    "mixolydian": {"I": 10, "bVII": 8, "IV": 5, "Vm": 4, "IIm": 2, "VIm": 1},
    "aeolian": {"Im": 10, "bVII": 6, "bVI": 6, "IVm": 4, "Vm": 4, "bIII": 3},
    "locrian": {"Io": 10, "bII": 6, "bV": 5, "bVIIm": 3, "IVm": 3, "bVI": 2},
}
"""Weights of a mode's chords: the tonic, then those with the note that sets the mode apart (Persichetti)."""

Dress = Sequence[tuple[float, Mapping[str, str]]]
"""Ways to dress triads, with how often a whole progression wears each."""

_SEVENTHS = {
    "V": "V7", "II": "II7", "IIm": "IIm7", "VIm": "VIm7", "IIIm": "IIIm7", "Im": "Im7", "IVm": "IVm7", "Vm": "Vm7",
}  # fmt: skip
_POWER = {
    n: n.removesuffix("m") + "5"
    for n in ("I", "II", "IV", "V", "bVII", "bVI", "bIII", "Im", "IIm", "IIIm", "IVm", "Vm", "VIm")
}
_DEEP = {
    "I": "Imaj7", "IV": "IVmaj7", "VIm": "VIm7", "IIm": "IIm9", "IIIm": "IIIm7", "Im": "Im9", "IVm": "IVm9",
    "Vm": "Vm7", "bVI": "bVImaj7", "bIII": "bIIImaj7",
}  # fmt: skip
_OPEN = {"I": "Iadd9", "IV": "IVadd9", "Im": "Im7", "VIm": "VIm7", "bVI": "bVIadd9", "bIII": "bIIIadd9"}
_DARK = {"Im": "Im9", "bVI": "bVImaj7", "Vm": "Vm7", "IVm": "IVm9", "bII": "bIImaj7", "V": "V7#9"}
ROCK_DRESS: Dress = ((0.66, {}), (0.26, _SEVENTHS), (0.08, _POWER))
EDM_DRESS: Dress = ((0.6, {}), (0.25, _DEEP), (0.15, _OPEN))
HIP_HOP_DRESS: Dress = ((0.55, {}), (0.45, _DARK))
