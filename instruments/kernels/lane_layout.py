"""Where each number lies in the arrays that synth.py shares with the kernel of the oscillators.

Sixteen voices are a tile: what belongs to a voice is a lane of a vector, and a tile's vectors lie side by side in two
flat arrays, float32 and int32. A *line* is two vectors: a value at the grid point before, and its slope for a frame.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from instruments.kernels import layout

GRID, CHANNELS, OSCILLATORS = layout.GRID, layout.CHANNELS, layout.OSCILLATORS
E_OFFSET, E_KIND, E_CHANNEL = layout.E_OFFSET, layout.E_KIND, layout.E_CHANNEL
EVENT_FIELDS = layout.EVENT_FIELDS
E_NUMBER, E_VALUE, E_CENTS = layout.E_NUMBER, layout.E_VALUE, layout.E_CENTS

WIDTH = 16
"""Voices to a tile; LANES of lanes.py, which this module must not import: patch.py reads it, and knows no numba."""
UNISON = 16
LFOS = 3
MODULATIONS = 32
SPARE_VOICES = 16
"""Slots beyond the polyphony, for voices that fade out after being stolen."""
HELD_KEYS = 32
"""Keys that a synth of one voice remembers below the one that sounds."""
OVERSAMPLED = 2
"""Times the rate at which quality = "high" runs."""
TAPS = 95
"""Of the half-band filter that brings it back."""
STRETCH = 4
"""Grids that a tile of voices plays before the next tile takes its turn: its lanes stay in the nearest cache."""

SHAPES = ("sine", "saw", "pulse", "triangle", "noise", "pink")
SINE, SAW, PULSE, TRIANGLE, NOISE, PINK = range(6)
LFO_SHAPES = ("sine", "triangle", "saw", "square", "random")
ENVELOPES = ("amp", "filter", "pitch", "envelope")
AMP, FILTER, PITCH = range(3)

# The patch. Times in seconds, frequencies in Hz, levels linear, unless named otherwise.
(
    P_RATE, P_TIMES, P_SEED, P_GAIN, P_POLYPHONY, P_MODE, P_GLIDE, P_GLIDE_LEGATO, P_BEND, P_NOTE_BEND,
    P_VELOCITY, P_BRIGHT, P_UNDAMPED, P_ENDS,
    P_FILTER, P_STAGES, P_CUTOFF, P_Q, P_TRACK, P_FENV, P_FENV_VEL, P_DRIVE, P_TIMBRE, P_PENV, P_PENV_VEL,
    P_VIB, P_VIB_WHEEL, P_VIB_PRESSURE, P_SCOOP, P_SCOOP_TIME,
    P_NOISE, P_NOISE_HZ, P_NOISE_Q, P_NOISE_TRACK, P_NOISE_BURST, P_NOISE_TAU,
    P_CLICK, P_CLICK_HZ, P_CLICK_Q, P_CLICK_TAU, P_CLICK_TRACK,
    P_STEREO, P_RAND_CENTS, P_RAND_DB, P_SPREAD, P_KEY_DB, P_TREM_HZ, P_TREM, P_TREM_PAN, P_OSCS, P_ROWS, P_MODS,
    P_BIQUADS, P_FLOATS, P_INTS, P_VOICES, P_LINES, P_PHASES,
) = range(58)
PATCH_FIELDS = 58
POLY, MONO, LEGATO = range(3)

# An envelope of the patch.
(X_ATTACK, X_DECAY, X_SUSTAIN, X_RELEASE, X_ATTACK_CURVE, X_DECAY_CURVE, X_RELEASE_CURVE, X_KEY, X_VELOCITY,
 X_USED) = range(10)
ENVELOPE_FIELDS = 10

# A slow oscillator of the patch: the LFOs, then the vibrato, then the filter's.
(T_SHAPE, T_HZ, T_BEATS, T_DELAY, T_FADE, T_PHASE, T_FREE, T_USED) = range(8)
LFO_FIELDS = 8
SLOW = LFOS + 2
VIBRATO, WAH = LFOS, LFOS + 1

# An oscillator of the patch; the sub oscillator comes last.
VOICE_OSCILLATORS = OSCILLATORS + 1
(O_SHAPE, O_RATIO, O_HZ, O_LEVEL, O_T60, O_TKEY, O_WIDTH, O_START, O_FM_RATIO, O_FM_BY, O_INDEX, O_INDEX_TAU,
 O_INDEX_SUSTAIN, O_INDEX_KEY, O_INDEX_VEL, O_SYNC, O_FIRST, O_HEARD, O_PITCHED, O_LEVELLED,
 O_LEVEL_LINE, O_WIDTH_LINE, O_INDEX_LINE, O_TURN) = range(24)
OSC_FIELDS = 24

# A row: one copy of an oscillator. O_FIRST is an oscillator's first row. Lanes that one does not need are -1.
R_OSC, R_PLACE, R_RATIO, R_LEFT, R_RIGHT, R_START, R_TURN, R_RATIO_LINE, R_MEMORY, R_GENERATOR = range(10)
ROW_FIELDS = 10

# Modulations: source, by the source, to the target, amount in the target's unit.
SOURCES = ("one", "velocity", "key", "random", "wheel", "pressure", "timbre", "bend", *ENVELOPES,
           "lfo1", "lfo2", "lfo3", "vibrato", "filter_lfo")
S_ONE, S_VELOCITY, S_KEY, S_RANDOM, S_WHEEL, S_PRESSURE, S_TIMBRE, S_BEND, S_ENV = range(9)
S_LFO = S_ENV + len(ENVELOPES)
TARGETS = ("pitch_cents", "level_db", "pan", "cutoff_octaves", "q_octaves", "drive_db", "pulse_width", "fm_index",
           "unison_cents", "noise_db", "vibrato_cents", "lfo1_octaves", "lfo2_octaves", "lfo3_octaves")
(M_PITCH, M_LEVEL, M_PAN, M_CUTOFF, M_Q, M_DRIVE, M_WIDTH, M_INDEX, M_UNISON, M_NOISE, M_VIBRATO, M_LFO) = range(12)
OSC_TARGETS = ("pitch_cents", "level_db", "pulse_width", "fm_index")
MO_PITCH, MO_LEVEL, MO_WIDTH, MO_INDEX = range(4)
M_OSC = M_LFO + LFOS
MOD_SUMS = M_OSC + VOICE_OSCILLATORS * len(OSC_TARGETS)
MOD_FIELDS = 4

# A MIDI channel.
(C_BEND, C_RANGE, C_SUSTAIN, C_WHEEL, C_VOLUME, C_EXPRESSION, C_PRESSURE, C_TIMBRE, C_GAIN, C_RPN, C_MASTER,
 C_MEMBERS, C_GAINS) = range(13)
CHANNEL_FIELDS = 13 + STRETCH

# A voice's whole numbers.
N_STATE, N_KEY, N_CHANNEL, N_ORDER, N_DRAW = range(5)
VOICE_NUMBERS = 5
DRAW_ON, DRAW_NEW = 1, 2
"""N_DRAW: an event has bent the voice's lines; or it is new, and they start at once where they are."""
FREE, HELD, PEDAL, RELEASING, FADING = range(5)

# A voice's float lanes. Ages in frames at the grid point before. Then lines: the voice's own, its envelopes', and those
# of its oscillators and rows, as O_.._LINE and R_RATIO_LINE say; then what rows remember.
(
    L_AGE, L_SINCE_OFF, L_GATE, L_HZ, L_OCT, L_VELOCITY, L_LOUD, L_LEVEL, L_RANDOM, L_CUT, L_FENV, L_PENV, L_GLIDE,
    L_GLIDE_AGE, L_FADE, L_FADING, L_PAN, L_BEND, L_WHEEL, L_PRESSURE, L_TIMBRE, L_BENT, L_GAIN,
    L_NOISE_LEVEL, L_NOISE_G, L_CLICK, L_CLICK_G, L_N1, L_N2, L_C1, L_C2, L_F,
) = range(32)
L_ENV = L_F + 8
A_FROM, A_ATTACK, A_SLOW, A_FALL, A_OFF_FROM = range(5)
"""A_ATTACK in frames; A_SLOW: 1 / the decay's time constant; A_FALL: 1 / the release's frames."""
ENV_LANES = 5
L_LINES = L_ENV + len(ENVELOPES) * ENV_LANES
LINE_LEFT, LINE_RIGHT, LINE_G, LINE_K, LINE_DRIVE, LINE_NOISE, LINE_ENV = (L_LINES + 2 * i for i in range(7))
L_OSC = LINE_ENV + 2 * len(ENVELOPES)

# A voice's int lanes: seeds, LFOs' cycles, then phases (2^32 to the cycle) with their steps: LFOs', modulators', rows'.
I_SEED, I_NOISE, I_CLICK, I_CYCLES = range(4)
I_PHASES = I_CYCLES + SLOW
I_LFO = I_PHASES
I_OSC = I_LFO + 2 * SLOW

# Scratch, in vectors. A few spare ones between the buffers keep them off each other's addresses modulo 4096.
_GRID = GRID * OVERSAMPLED + 5
_STRETCH = STRETCH * GRID * OVERSAMPLED + 5
B_LEFT, B_RIGHT, B_WAVE, B_BENT, B_RAMP, B_RAW = (i * _GRID for i in range(6))
RAW_STEP = _GRID
B_SUM_LEFT = B_RAW + VOICE_OSCILLATORS * _GRID
B_SUM_RIGHT = B_SUM_LEFT + _STRETCH
B_SOURCES = B_SUM_RIGHT + _STRETCH
B_SUMS = B_SOURCES + len(SOURCES)
B_HZ = B_SUMS + MOD_SUMS
B_MASK = B_HZ + VOICE_OSCILLATORS
B_FADED = B_MASK + 1  # the share of its depth that the vibrato has reached
SCRATCH = B_FADED + 1

# The instrument; the first are as in layout.py.
(G_IDLE, G_TREM_L, G_TREM_R, G_DTREM_L, G_DTREM_R, G_LAST, G_KEYS, G_COUNT, G_CHANGED, G_MOVED) = range(10)
GLOBAL_FIELDS = G_MOVED + STRETCH + 1
# A held key of a synth of one voice.
K_KEY, K_CHANNEL, K_VELOCITY, K_CENTS = range(4)
KEY_FIELDS = 4


class Synthesis(NamedTuple):
    """Every array of a synth as a table (tables.py), as its kernel's functions hand them on."""

    p: Any
    """The patch, float64."""
    x: Any
    """Its envelopes."""
    t: Any
    """Its slow oscillators."""
    o: Any
    """Its oscillators."""
    rows: Any
    """Their copies."""
    mods: Any
    """Its modulations: source, by, target, amount."""
    c: Any
    """MIDI channels, float64."""
    v: Any
    """Voices' whole numbers, int64."""
    f: Any
    """Float lanes of all tiles, flat float32."""
    n: Any
    """Int lanes of all tiles, flat int32."""
    w: Any
    """Scratch, flat float32."""
    g: Any
    """The instrument, float64."""
    h: Any
    """Held keys of a synth of one voice."""
    events: Any
    """What happens in this call."""


class Moment(NamedTuple):
    """Where the kernel is. frame, beat: of the grid point before (frames of the kernel's rate); pos: frames since.

    ahead: frames to the next grid point, or 0 for "it is so now".
    """

    frame: Any
    beat: Any
    bpm: Any
    pos: Any
    ahead: Any
