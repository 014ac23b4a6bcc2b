"""Fits the polynomials of coefficients.rs and prints them: python3 coefficients.py (needs mpmath and numpy).

Remez's exchange algorithm in 50 digits: the polynomial of the given degree with the smallest largest error, where the error
at x is weighted by what it does to the function's value in the end.
"""

import numpy as np
from mpmath import cos, erf, erfc, exp, expm1, log, lu_solve, matrix, mp, mpf, nstr, pi, sqrt, tanh

mp.dps = 50


def remez(function, weight, low, high, degree, grid=300, rounds=12):
    low, high = mpf(low), mpf(high)

    def chebyshev(count):
        return [(low + high) / 2 - (high - low) / 2 * cos(pi * i / (count - 1)) for i in range(count)]

    count = degree + 2
    points = chebyshev(grid)
    extrema = chebyshev(count)
    for _ in range(rounds):
        system, values = matrix(count, count), matrix(count, 1)
        for i, x in enumerate(extrema):
            for j in range(degree + 1):
                system[i, j] = x**j
            system[i, degree + 1] = (-1) ** i / weight(x)
            values[i] = function(x)
        solution = lu_solve(system, values)
        coefficients = [solution[j] for j in range(degree + 1)]
        errors = [weight(x) * (function(x) - sum(c * x**j for j, c in enumerate(coefficients))) for x in points]
        alternating = []
        for i, error in enumerate(errors):
            if alternating and (error > 0) == (errors[alternating[-1]] > 0):
                if abs(error) > abs(errors[alternating[-1]]):
                    alternating[-1] = i
            else:
                alternating.append(i)
        while len(alternating) > count:
            alternating.pop(0 if abs(errors[alternating[0]]) < abs(errors[alternating[-1]]) else -1)
        if len(alternating) < count:
            break
        extrema = [points[i] for i in alternating]
    return coefficients, max(abs(error) for error in errors)


def exp_tail(r):
    """exp(r) = 1 + r + r^2 q(r)."""
    return (expm1(r) - r) / r**2 if abs(r) > mpf(10) ** -15 else mpf(1) / 2


def ln_tail(z):
    """ln((1 + s) / (1 - s)) = 2 s + s z q(z), where z = s^2."""
    s = sqrt(z)
    return (log((1 + s) / (1 - s)) / s - 2) / z if z > mpf(10) ** -20 else mpf(2) / 3


def tanh_tail(z):
    """tanh(y) = y + y z q(z), where z = y^2."""
    y = sqrt(z)
    return (tanh(y) / y - 1) / z if z > mpf(10) ** -20 else -mpf(1) / 3


def erf_near(z):
    """erf(x) = x + x q(z), where z = x^2."""
    x = sqrt(z)
    return erf(x) / x - 1 if z > mpf(10) ** -30 else 2 / sqrt(pi) - 1


def table(name, numpy_type, result):
    coefficients, error = result
    print(f"    // Largest weighted error {nstr(error, 2)}.")
    print(f"    const {name}: &'static [f64] = &[")
    for c in coefficients:
        rounded = numpy_type(str(c))
        print(f"        {np.format_float_scientific(rounded, unique=True, trim='-')},")
    print("    ];")


for numpy_type, exp_degree, ln_degree, tanh_degree, near, near_degree, far, far_degree in (
    (np.float32, 4, 2, 2, 0.9, 5, 3.95, 6),
    (np.float64, 9, 6, 5, 1.0, 11, 5.95, 18),
):
    print(f"{numpy_type.__name__}:")
    table("EXP", numpy_type, remez(exp_tail, lambda r: max(r**2 / exp(r), mpf("1e-3")), -0.3467, 0.3467, exp_degree))
    table("LN", numpy_type, remez(ln_tail, lambda z: max(z, mpf("1e-4")), 0, 0.02944, ln_degree))
    table("TANH", numpy_type, remez(tanh_tail, lambda z: max(z, mpf("1e-4")), 0, 0.0302, tanh_degree))
    table("ERF_NEAR", numpy_type, remez(erf_near, lambda z: mpf(1), 0, near**2, near_degree))
    table("LN_ERFC", numpy_type, remez(lambda x: log(erfc(x)), erfc, near, far, far_degree))
