"""Where each number lies in the arrays that synth.py and drums.py share with their kernels.

Names are positions: `P_ATTACK = PARAMS.index("attack")`. numba freezes them into the code as constants.
"""

from __future__ import annotations

GRID = 32
EVENTS = 256
"""Events to a kernel call; a busier block is rendered in more calls."""
CHANNELS = 16
OSCILLATORS = 8
PARTIALS = 16
MODES = 96
HARMONICS = 12
"""Of a string's measured levels."""
TABLES = 5
SPARE_VOICES = 8
"""Slots beyond the polyphony, for voices that fade out after being stolen."""

# Event rows: offset, kind, channel, number, value, cents.
E_OFFSET, E_KIND, E_CHANNEL, E_NUMBER, E_VALUE, E_CENTS = range(6)
EVENT_FIELDS = 6

# The patch. Times in seconds, frequencies in Hz, levels linear, unless named otherwise.
(
    P_RATE, P_SEED, P_GAIN, P_POLYPHONY, P_BEND, P_VELOCITY, P_BRIGHT,
    P_ATTACK, P_DECAY, P_SUSTAIN, P_RELEASE, P_UNDAMPED,
    P_FILTER, P_STAGES, P_CUTOFF, P_Q, P_TRACK, P_FENV, P_FATTACK, P_FDECAY, P_FSUSTAIN, P_FLFO_HZ, P_FLFO,
    P_VIB_HZ, P_VIB_CENTS, P_VIB_WHEEL, P_VIB_PRESSURE, P_VIB_DELAY, P_VIB_FADE, P_SCOOP, P_SCOOP_TIME,
    P_NOISE, P_NOISE_HZ, P_NOISE_Q, P_NOISE_TRACK, P_NOISE_BURST, P_NOISE_TAU,
    P_CLICK, P_CLICK_HZ, P_CLICK_Q, P_CLICK_TAU, P_CLICK_TRACK,
    P_RAND_CENTS, P_RAND_DB, P_SPREAD, P_KEY_DB,
    P_TREM_HZ, P_TREM, P_TREM_PAN,
    P_PARTIALS, P_M_KEY, P_M_UPPER, P_M_T60, P_M_TKEY, P_M_B, P_M_BKEY, P_M_TILT, P_M_PICK, P_M_LP, P_M_LPKEY,
    P_M_LPPOLES, P_M_HP, P_M_LOSS, P_M_LOSSKEY, P_M_SECOND, P_M_SECOND_T, P_M_BEAT, P_M_WIDTH, P_M_RAND,
    P_M_COUNT, P_BIQUADS, P_M_TABLES,
) = range(72)
PATCH_FIELDS = 72

# A MIDI channel.
C_BEND, C_SUSTAIN, C_WHEEL, C_VOLUME, C_EXPRESSION, C_PRESSURE, C_GAIN = range(7)
CHANNEL_FIELDS = 7

# A voice.
(V_STATE, V_KEY, V_CHANNEL, V_VELOCITY, V_AGE, V_ORDER, V_HZ, V_OCT, V_ENV, V_DENV, V_OUT, V_DOUT, V_LEVEL, V_LEFT,
 V_RIGHT, V_FADE, V_G, V_DG, V_CUT, V_LFO, V_NOISE, V_DNOISE, V_NOISE_LEVEL, V_CLICK, V_CLICK_G, V_NOISE_G, V_N1, V_N2,
 V_C1, V_C2, V_MODES, V_PITCH, V_F) = range(33)
VOICE_FIELDS = V_F + 8
FREE, HELD, PEDAL, RELEASING, FADING = range(5)

# Rows of a voice's modes (float32).
M_RE, M_IM, M_COS, M_SIN, M_LEFT, M_RIGHT, M_OMEGA, M_RADIUS = range(8)
MODE_ROWS = 8

# The instrument.
G_IDLE, G_TREM_L, G_TREM_R, G_DTREM_L, G_DTREM_R, G_ACTIVE = range(6)
GLOBAL_FIELDS = 6

# The drum kit: a piece.
(
    D_LEVEL, D_PAN, D_VELOCITY, D_SNAP, D_DECAY_VEL, D_ATTACK, D_NOISE_ATTACK, D_SWEEP, D_TAU, D_SWEEP2, D_TAU2, D_HOLD,
    D_DRIVE, D_METAL, D_SHARE, D_LP, D_BURSTS, D_BURST_GAP, D_BURST_TAU, D_TAIL_TAU, D_GROUP, D_CHOKE, D_OVERLAP,
    D_VARY, D_SHIMMER, D_SHIMMER_LOW, D_SHIMMER_HIGH, D_SHIMMER_LEVEL, D_SHIMMER_T60, D_SHIMMER_KEY, D_SHIMMER_TILT,
    D_WIDTH, D_TILT, D_CENTRE,
) = range(34)
PIECE_FIELDS = 34
DRUM_MODES, DRUM_BANDS, SHIMMER = 8, 16, 64
PLATE = SHIMMER + DRUM_MODES
"""Modes of a hit's bank: the shimmer, and those that do not sweep."""
B_HIGH, B_HZ, B_LEVEL, B_Q, B_T60 = range(5)
BAND_FIELDS = 5

# A hit.
(H_PIECE, H_AGE, H_END, H_LEFT, H_RIGHT, H_FADE, H_KFADE, H_THETA, H_SWEEP, H_SWEEP2, H_HOLD, H_LP, H_MODES,
 H_BURST, H_ORDER, H_GAP, H_LATE, H_SINGS, H_RATTLES) = range(19)
HIT_FIELDS = 19
HM_HZ, HM_PHASE, HM_AMP, HM_FALL = range(4)
HB_G, HB_A, HB_DRY, HB_MID, HB_LOW, HB_AMP, HB_FALL, HB_S1, HB_S2 = range(9)
HIT_BAND_ROWS = 9
"""Each of DRUM_BANDS numbers: the lanes of lanes.py."""
