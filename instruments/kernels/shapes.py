"""Curves that distort: by arithmetic alone, so that LLVM makes vectors of them."""

from __future__ import annotations

import numpy as np

from instruments.kernels.tone import part

_NINE, _HALF = np.float32(9), np.float32(0.5)
_N0, _N1, _N2 = np.float32(135135), np.float32(17325), np.float32(378)
_D1, _D2, _D3 = np.float32(62370), np.float32(3150), np.float32(28)


@part
def saturated(x):  # type: ignore[no-untyped-def]
    """tanh(x) of a float32, error 2e-7: Lambert's continued fraction of x / 2, doubled (tanh 2a = 2 t / (1 + t t))."""
    y = min(max(x, -_NINE), _NINE) * _HALF
    z = y * y
    n = y * (_N0 + z * (_N1 + z * (_N2 + z)))
    d = _N0 + z * (_D1 + z * (_D2 + z * _D3))
    return (n + n) * d / (n * n + d * d)


_ONE, _FOURTH = np.float32(1), np.float32(0.25)
_BIAS, _TANH_BIAS = np.float32(0.4), np.float32(0.3799489622552249)
_STEEPER = np.float32(1 / (1 - 0.3799489622552249**2))
_S1, _S3, _S5, _S7, _S9 = (np.float32(c) for c in (6.283185307, -41.34170224, 81.60524928, -76.70585975, 42.05869394))
_S11 = np.float32(-15.09464258)


@part
def biased(x):  # type: ignore[no-untyped-def]
    """A valve's curve: tanh away from its middle, through 0 with slope 1; even harmonics at any level."""
    return (saturated(x + _BIAS) - _TANH_BIAS) * _STEEPER


@part
def clipped(x):  # type: ignore[no-untyped-def]
    return min(max(x, -_ONE), _ONE)


@part
def folded(x):  # type: ignore[no-untyped-def]
    """sin(pi / 2 x): what is beyond 1 folds back, again and again."""
    y = x * _FOURTH
    y = y - np.floor(y + np.float32(0.5))
    y = min(max(y, -np.float32(0.5) - y), np.float32(0.5) - y)
    z = y * y
    return y * (_S1 + z * (_S3 + z * (_S5 + z * (_S7 + z * (_S9 + z * _S11)))))
