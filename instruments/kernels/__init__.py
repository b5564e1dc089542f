"""numba DSP, a file per family. Only engine and plug-in hosts import these: importing numba takes half a second."""

from instruments.kernel_cache import settle

settle()
