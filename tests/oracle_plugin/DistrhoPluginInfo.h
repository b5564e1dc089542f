/* What DPF asks of each plug-in. Chosen on the compiler's command line:
 *   (nothing)            an instrument: MIDI in and out, stereo
 *   ORACLE_EFFECT        stereo effect with a mono side-chain
 *   ORACLE_MONO          mono effect
 *   ORACLE_KNOBS=n       n more parameters that do nothing
 */
#ifndef ORACLE_INFO_H
#define ORACLE_INFO_H

#ifndef ORACLE_KNOBS
# define ORACLE_KNOBS 0
#endif

#ifdef ORACLE_MONO
# define DISTRHO_PLUGIN_NAME        "Oracle Mono"
# define DISTRHO_PLUGIN_URI         "urn:sideman:oracle-mono"
# define ORACLE_ID                  d_cconst('S', 'O', 'r', 'M')
# define DISTRHO_PLUGIN_NUM_INPUTS  1
# define DISTRHO_PLUGIN_NUM_OUTPUTS 1
# define ORACLE_IS_EFFECT           1
#elif defined(ORACLE_EFFECT)
# define DISTRHO_PLUGIN_NAME        "Oracle Effect"
# define DISTRHO_PLUGIN_URI         "urn:sideman:oracle-effect"
# define ORACLE_ID                  d_cconst('S', 'O', 'r', 'E')
# define DISTRHO_PLUGIN_NUM_INPUTS  3
# define DISTRHO_PLUGIN_NUM_OUTPUTS 2
# define ORACLE_IS_EFFECT           1
#else
# if ORACLE_KNOBS
#  define DISTRHO_PLUGIN_NAME       "Oracle Knobs"
#  define DISTRHO_PLUGIN_URI         "urn:sideman:oracle-knobs"
#  define ORACLE_ID                 d_cconst('S', 'O', 'r', 'K')
# else
#  define DISTRHO_PLUGIN_NAME       "Oracle Synth"
#  define DISTRHO_PLUGIN_URI         "urn:sideman:oracle-synth"
#  define ORACLE_ID                 d_cconst('S', 'O', 'r', 'S')
# endif
# define DISTRHO_PLUGIN_NUM_INPUTS  0
# define DISTRHO_PLUGIN_NUM_OUTPUTS 2
# define ORACLE_IS_EFFECT           0
# define DISTRHO_PLUGIN_IS_SYNTH    1
#endif

#define DISTRHO_PLUGIN_BRAND "Sideman"
#define DISTRHO_PLUGIN_HAS_UI            0
#define DISTRHO_PLUGIN_IS_RT_SAFE        1
#define DISTRHO_PLUGIN_WANT_LATENCY      1
#define DISTRHO_PLUGIN_WANT_MIDI_INPUT   1
#define DISTRHO_PLUGIN_WANT_MIDI_OUTPUT  1
#define DISTRHO_PLUGIN_WANT_TIMEPOS      1
#define DISTRHO_PLUGIN_WANT_STATE        1
#define DISTRHO_PLUGIN_WANT_FULL_STATE   1
#define DISTRHO_PLUGIN_WANT_PARAMETER_VALUE_CHANGE_REQUEST 1

#endif
