"""numba DSP, a file per family. Only engine and plug-in hosts import these: importing numba takes half a second."""
