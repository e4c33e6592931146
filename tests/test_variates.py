"""Random variates against scipy: accuracy, moments, shapes; the same bits plain and compiled; extreme arguments."""

import math

import numpy as np
import pytest
from scipy import special, stats

from bifurque.engine.compile_realistic import NOTHING, digamma, trigamma
from bifurque.rules.compiled import compiled
from bifurque.rules.numbers import draw
from bifurque.rules.variates import exp, gamma, logistic, normal, stock, stocked

SHAPES = (0.02, 0.3, 0.553, 1.0, 1.5, 3.744, 30.0, 1e6)
EXTREMES = (0.0, 1e-300, 1e-9, 0.3, 1.0, 39.9, 40.1, 689.9, 690.1, 1000.0, 1e18, 1e300)


def figures(x, out):
    """Exponentials, logistics and quantiles of many numbers."""
    for i in range(len(x)):
        out[i, 0], out[i, 1] = exp(x[i]), logistic(x[i])
        out[i, 2] = normal(x[i]) if 0.0 < x[i] < 1.0 else 0.0


def gammas(keys, shape, out):
    """One Gamma variate for each key."""
    for i in range(len(keys)):
        out[i] = gamma(keys[i], 17, shape)


def uniforms(keys, out):
    """One uniform draw for each key."""
    for i in range(len(keys)):
        out[i] = draw(keys[i], 23, 5)


def evaluated(function, *given, columns=()):
    out = np.empty((len(given[0]), *columns))
    with np.errstate(over="ignore"):
        function(*given, out)
    return out


def keys(count):
    return np.random.default_rng(7).integers(-(2**63), 2**63 - 1, count)


def drawn(shape, count=100_000):
    return evaluated(compiled(gammas), keys(count), shape)


def bits(values):
    return values.view(np.int64).tolist()


def test_plain_and_compiled_give_the_same_bits():
    x = np.concatenate([np.random.default_rng(1).normal(0, 30, 1500), np.random.default_rng(2).random(1500)])
    x = np.concatenate([x, EXTREMES, np.negative(EXTREMES)])
    assert bits(evaluated(figures, x, columns=(3,))) == bits(evaluated(compiled(figures), x, columns=(3,)))
    for shape in SHAPES:
        assert bits(evaluated(gammas, keys(200), shape)) == bits(evaluated(compiled(gammas), keys(200), shape))


def test_exponentials_and_logistics_are_accurate():
    x = np.concatenate([np.random.default_rng(3).uniform(-680, 680, 20_000), np.linspace(-40, 40, 8001)])
    found = evaluated(compiled(figures), x, columns=(3,))
    assert np.all(np.abs(found[:, 0] / np.exp(x) - 1) < 3e-16 * (4 + np.abs(x)))
    near = np.abs(x) < 40
    assert np.allclose(found[near, 1], special.expit(x[near]), rtol=3e-14, atol=0)
    assert np.all(np.abs(found[:, 1] + evaluated(compiled(figures), -x, columns=(3,))[:, 1] - 1) < 3e-16)


def test_normal_quantiles_are_accurate_to_1e_8():
    u = np.concatenate([np.random.default_rng(4).random(50_000), np.geomspace(1e-16, 0.5, 5000)])
    u = np.concatenate([u, [0.02425, np.nextafter(0.02425, 0), 0.97575, 1 - 2.0**-53, 2.0**-54]])
    found = evaluated(compiled(figures), u, columns=(3,))[:, 2]
    assert np.all(np.abs(found - special.ndtri(u)) <= 1e-8 * np.maximum(1, np.abs(found)))


def test_normals_look_normal():
    x = evaluated(compiled(figures), evaluated(compiled(uniforms), keys(100_000)), columns=(3,))[:, 2]
    moments = [x.mean(), (x**2).mean() - 1, (x**3).mean(), (x**4).mean() - 3]
    spreads = np.sqrt(np.array([1, 2, 15, 96]) / len(x))
    assert np.all(np.abs(moments) < 4 * spreads)
    assert stats.kstest(x, "norm").pvalue > 1e-3
    assert stats.kstest(x * 1.03, "norm").pvalue < 1e-3  # the test would see it


@pytest.mark.parametrize("shape", SHAPES)
def test_gammas_look_gamma(shape):
    x = drawn(shape)
    n = len(x)
    assert abs(x.mean() - shape) < 4 * math.sqrt(shape / n)
    fourth = 3 * shape**2 + 6 * shape
    assert abs(((x - shape) ** 2).mean() - shape) < 4 * math.sqrt((fourth - shape**2) / n)
    logs = np.log(x[x > 0])
    assert len(logs) > 0.999 * n
    if len(logs) == n:
        assert abs(logs.mean() - special.digamma(shape)) < 4 * math.sqrt(special.polygamma(1, shape) / n)
    assert stats.kstest(x, stats.gamma(shape).cdf).pvalue > 1e-3
    assert stats.kstest(x, stats.gamma(shape * 1.03).cdf).pvalue < 1e-3


def test_extreme_arguments_stay_finite():
    every = np.concatenate([EXTREMES, np.negative(EXTREMES)])
    found = evaluated(compiled(figures), every, columns=(3,))
    assert np.isfinite(found).all()
    assert exp(0.0) == 1.0
    assert exp(-1e300) == 0.0
    assert exp(1e300) == 1e300
    assert (np.diff(found[: len(EXTREMES), 0]) >= 0).all()
    assert logistic(1e300) == 1.0
    assert logistic(-1e300) == 0.0
    assert normal(0.5) == 0.0
    assert normal(1 - 2.0**-53) == pytest.approx(8.2095, abs=1e-3)
    least = drawn(0.001, 2000)
    assert np.isfinite(least).all()
    assert (least >= 0).all()


def test_a_stock_falls_to_one_e_th():
    word = stocked(2.5, 1_767_225_600, 604_800.0)
    assert stock(word, 1_767_225_600, 604_800.0) == pytest.approx(2.5, rel=1e-9)
    assert stock(word, 1_767_225_600 + 604_800, 604_800.0) == pytest.approx(2.5 / math.e, rel=1e-9)
    assert stock(word, 2_767_225_600, 604_800.0) == 0.0
    assert stock(NOTHING, 1_767_225_600, 604_800.0) == 0.0


def test_derivatives_of_the_gamma_function():
    for x in np.geomspace(0.001, 1e6, 60):
        assert digamma(float(x)) == pytest.approx(float(special.digamma(x)), rel=1e-9, abs=1e-9)
        assert trigamma(float(x)) == pytest.approx(float(special.polygamma(1, x)), rel=1e-9)
