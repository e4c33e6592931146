"""Numbers that are the same on every machine: keyed random draws, powers of two and logarithms.

Draws: `draw(key, cause, purpose)` hashes who, why and for what, never when or in which order, so that a change
elsewhere in the plan leaves them untouched. The mixer is SplitMix64's finaliser (Steele, Lea & Flood, OOPSLA 2014).
Powers and logarithms use only `+ - * /`, which IEEE 754 fixes to the bit; the C library's do not agree between
versions.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from bifurque.rules.compiled import as_real, as_word, kernel

GOLD = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
Bits = TypeVar("Bits", np.uint64, npt.NDArray[np.uint64])
U1, U11, U27, U30, U31 = (np.uint64(n) for n in (1, 11, 27, 30, 31))


@kernel
def signed(x: np.uint64) -> int:
    """The same 64 bits as a signed word."""
    return np.int64(x)  # type: ignore[return-value]


@kernel
def mix64(z: Bits) -> Bits:
    """Scramble 64 bits, one to one; outside the kernel those of an array, too."""
    z = (z ^ (z >> U30)) * MIX_1
    z = (z ^ (z >> U27)) * MIX_2
    return z ^ (z >> U31)


@kernel
def contact_key(seed: int, contact: int) -> int:
    """The root of every draw of one contact in one run."""
    return signed(mix64(mix64(np.uint64(seed)) + GOLD * (np.uint64(contact) + U1)))


@kernel
def nth(purpose: int, occurrence: int) -> int:
    """The cause that is the `occurrence`-th happening of `purpose`."""
    return signed(np.uint64(purpose) + GOLD * np.uint64(occurrence))


@kernel
def caused(cause: int, purpose: int) -> int:
    """The cause that follows from `cause` by `purpose`: chains never collide with their roots."""
    return signed(mix64(np.uint64(cause) + np.uint64(purpose)))


@kernel
def draw(key: int, cause: int, purpose: int) -> float:
    """A number in (0, 1) for one contact, one cause, one purpose: 53 random bits, never 0 nor 1."""
    x = mix64(np.uint64(key) + np.uint64(cause) + np.uint64(purpose))
    return (float(signed(x >> U11)) + 0.5) * 1.1102230246251565e-16


@kernel
def power_of_half(x: float) -> float:
    """2 to the power -x for x >= 0, within one part in 10^15; 0 beyond 1,000.

    The whole part goes into the exponent, the rest r in [-1/2, 1/2] through the Taylor series of exp(-r ln 2) to degree
    13, whose first term left out is below 1e-17; summed in pairs (Estrin), so that the processor can work on several.
    """
    if x >= 1000.0:
        return 0.0
    whole = int(x + 0.5)
    y = (float(whole) - x) * 0.6931471805599453
    y2 = y * y
    y4 = y2 * y2
    low = (1.0 + y) + (0.5 + 0.16666666666666666 * y) * y2
    mid = (0.041666666666666664 + 0.008333333333333333 * y) + (0.001388888888888889 + 0.0001984126984126984 * y) * y2
    high = (2.48015873015873e-05 + 2.7557319223985893e-06 * y) + (
        2.755731922398589e-07 + 2.505210838544172e-08 * y
    ) * y2
    top = 2.08767569878681e-09 + 1.6059043836821613e-10 * y
    return ((low + mid * y4) + (high + top * y4) * (y4 * y4)) * as_real((1023 - whole) << 52)


@kernel
def log(x: float) -> float:
    """The natural logarithm of a positive normal number, within a few parts in 10^16.

    x = m·2^e with m in [√½, √2); ln m = 2 artanh(s) with s = (m − 1)/(m + 1), |s| < 0.172, series to s^21.
    """
    bits = as_word(x)
    exponent = (bits >> 52) - 1022
    m = as_real((bits & 0x000FFFFFFFFFFFFF) | 0x3FE0000000000000)
    if m < 0.7071067811865476:
        m = m * 2.0
        exponent -= 1
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    z2 = z * z
    z4 = z2 * z2
    low = (1.0 + 0.3333333333333333 * z) + (0.2 + 0.14285714285714285 * z) * z2
    mid = (0.1111111111111111 + 0.09090909090909091 * z) + (0.07692307692307693 + 0.06666666666666667 * z) * z2
    high = (0.058823529411764705 + 0.05263157894736842 * z) + 0.047619047619047616 * z2
    return 2.0 * s * ((low + mid * z4) + high * (z4 * z4)) + float(exponent) * 0.6931471805599453
