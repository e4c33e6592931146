"""Random variates from keyed draws, and the functions they need: the same bits on every machine.

Only `+ - * /` and the square root are used, which IEEE 754 fixes to the bit.
"""

from __future__ import annotations

import math

from bifurque.rules.compiled import kernel
from bifurque.rules.numbers import caused, draw, log, power_of_half

LN2 = 0.6931471805599453
ATTEMPTS = 64


@kernel
def exp(x: float) -> float:
    """E to the power x, within 3·(4 + |x|) parts in 10^16; 0 and 1e300 beyond what a float64 can hold."""
    if x <= 0.0:
        return power_of_half(-x / LN2)
    return 1.0 / power_of_half(x / LN2) if x < 690.0 else 1e300


@kernel
def stock(word: float, t: int, seconds: float) -> float:
    """A quantity that falls to 1/e in `seconds`, kept in one number: the instant at which it is (or was) 1."""
    x = (word - float(t)) / seconds
    return exp(x) if x > -40.0 else 0.0


@kernel
def stocked(level: float, t: int, seconds: float) -> float:
    """The number that keeps a positive quantity of the instant t."""
    return float(t) + seconds * log(level)


@kernel
def logistic(x: float) -> float:
    """The share whose logit is x."""
    if x >= 0.0:
        return 1.0 / (1.0 + exp(-x))
    e = exp(x)
    return e / (1.0 + e)


@kernel
def normal(u: float) -> float:
    """The standard normal quantile of u in (0, 1), within 1.2e-9 relative: P. J. Acklam's rational approximation."""
    if u > 0.5:
        return -normal_below(1.0 - u)
    return normal_below(u)


@kernel
def normal_below(u: float) -> float:
    """The quantile of u in (0, 1/2]."""
    if u < 0.02425:
        q = math.sqrt(-2.0 * log(u))
        top = -7.784894002430293e-03 * q - 3.223964580411365e-01
        top = ((top * q - 2.400758277161838) * q - 2.549732539343734) * q + 4.374664141464968
        top = top * q + 2.938163982698783
        low = ((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q + 3.754408661907416
        return top / (low * q + 1.0)
    q = u - 0.5
    r = q * q
    top = -3.969683028665376e01 * r + 2.209460984245205e02
    top = ((top * r - 2.759285104469687e02) * r + 1.383577518672690e02) * r - 3.066479806614716e01
    top = (top * r + 2.506628277459239) * q
    low = -5.447609879822406e01 * r + 1.615858368580409e02
    low = ((low * r - 1.556989798598866e02) * r + 6.680131188771972e01) * r - 1.328068155288572e01
    return top / (low * r + 1.0)


@kernel
def gamma(key: int, cause: int, shape: float) -> float:
    """A Gamma(shape, 1) variate: Marsaglia & Tsang, ACM TOMS 26 (2000), with their boost for shapes below 1."""
    d = (shape if shape >= 1.0 else shape + 1.0) - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    v = 1.0
    for attempt in range(ATTEMPTS):
        x = normal(draw(key, cause, 2 * attempt))
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        if log(draw(key, cause, 2 * attempt + 1)) < 0.5 * x * x + d - d * v + d * log(v):
            break
    if shape >= 1.0:
        return d * v
    return d * v * exp(log(draw(key, caused(cause, 1), 0)) / shape)
