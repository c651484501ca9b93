#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Prints the polynomial coefficients and split constants of our elementary functions.

    gen_coefficients.py                 the C lines, to paste
    gen_coefficients.py --check FILE... exit 1 unless each line stands in one of the files

Each polynomial interpolates its function at Chebyshev nodes, in 60-digit decimals, and is then
rounded to doubles; the committed numbers are this script's output (tests/bits.sh checks that).
"""
import sys
from decimal import Decimal as D
from decimal import getcontext, localcontext

getcontext().prec = 60
LN2 = D(2).ln()
ROOT2 = D(2).sqrt()


def pi():
    """Machin's formula."""

    def arctan_inverse(n):
        total, power, k = D(0), D(1) / n, 0
        while abs(power) > D(10) ** -58:
            total += power / (2 * k + 1) * (-1) ** k
            power /= n * n
            k += 1
        return total

    return 16 * arctan_inverse(5) - 4 * arctan_inverse(239)


PI = pi()


def series(first, ratio, v):
    """sum of c_k v^k, with c_0 = first and c_k = c_(k-1) ratio(k), until it no longer changes"""
    total, term, k = D(0), D(first), 0
    while k < 200 and (k == 0 or abs(term) > D(10) ** -57 * abs(total)):
        total += term
        k += 1
        term = term * v * ratio(k)
    return total


def exp_tail(r):
    """(e^r - 1 - r) / r^2"""
    return series(D(1) / 2, lambda k: D(1) / (k + 2), r)


def odd_sum(v, skip):
    """sum over k >= skip of v^(k-skip) / (2k+1): the tail of atanh(z)/z in v = z^2"""
    return sum(v ** (k - skip) / (2 * k + 1) for k in range(skip, skip + 60))


def coth_tail(v, log):
    """(k(r) - 2/log) / v in v = r^2; with k(r) = r coth(r log/2), e^(r log) = (k + r)/(k - r)"""
    r = v.sqrt()
    power = (r * log).exp()
    return (r * (power + 1) / (power - 1) - 2 / log) / v


def sine_tail(v):
    """(sin(r degrees) / r - pi/180) / v in v = r^2, r in degrees"""
    c = PI / 180
    return series(-(c**3) / 6, lambda k: -c * c / ((2 * k + 2) * (2 * k + 3)), v)


def cosine_tail(v):
    """(cos(r degrees) - 1) / v in v = r^2"""
    c = PI / 180
    return series(-c * c / 2, lambda k: -c * c / ((2 * k + 1) * (2 * k + 2)), v)


def cosine(angle):
    return series(1, lambda k: -angle * angle / ((2 * k - 1) * (2 * k)), D(1))


def interpolate(function, low, high, degree):
    """Monomial coefficients of the interpolant at the Chebyshev nodes of [low, high]."""
    n = degree + 1
    nodes = [
        (low + high) / 2 + (high - low) / 2 * cosine(PI * (2 * k + 1) / (2 * n)) for k in range(n)
    ]
    difference = [function(x) for x in nodes]
    for j in range(1, n):
        for i in range(n - 1, j - 1, -1):
            difference[i] = (difference[i] - difference[i - 1]) / (nodes[i] - nodes[i - j])
    coefficients = [D(0)] * n
    for k in range(n - 1, -1, -1):  # Newton's form, multiplied out from the inside
        shifted = [D(0)] + coefficients[:-1]
        coefficients = [s - nodes[k] * c for s, c in zip(shifted, coefficients)]
        coefficients[0] += difference[k]
    return coefficients


def table(name, function, low, high, degree, first=()):
    """the interpolant's coefficients, after those of `first`"""
    rounded = [float(c) for c in [*first, *interpolate(function, D(low), D(high), degree)]]
    return [f"double {name}[{len(rounded)}]"] + [c.hex() for c in rounded]


def split(name, value, bits=53):
    """value = NAME_HI + NAME_LO; NAME_HI has at most `bits` significant bits"""
    high = float(value)
    mantissa, exponent = high.hex().split("p")
    digits = int(mantissa.split(".")[1], 16) >> (53 - bits) << (53 - bits)
    high = float.fromhex(f"0x1.{digits:013x}p{exponent}")
    return [f"{name}_HI {high.hex()}", f"{name}_LO {float(value - D(high)).hex()}"]


def lagrange(nodes):
    """matrix[power][node]: the monomial coefficients of the polynomials that are 1 at one node"""
    columns = []
    for k, node in enumerate(nodes):
        coefficients = [D(1)]
        for other in nodes[:k] + nodes[k + 1 :]:
            shifted = [D(0)] + coefficients
            coefficients = [
                (s - other * c) / (node - other) for s, c in zip(shifted, coefficients + [D(0)])
            ]
        columns.append(coefficients)
    return [list(row) for row in zip(*columns)]


def row_nodes():
    """Chebyshev's nodes in [-1, 1], and the v [node][slot] where a row table's slots have them"""
    unit = [cosine(PI * (2 * k + 1) / 30) for k in range(7)]
    unit = unit + [D(0)] + [-x for x in reversed(unit)]
    slots = [(D(2 * j + 1) / 4, D(1) / 4) for j in range(4)]  # centre and half-width in 17/16 v
    slots += [(D(2 * j + 1) / 2, D(1) / 2) for j in range(2, 6)]
    slots += [(D(2 * j + 1), D(1)) for j in range(3, 7)]
    slots += [(D(4 * j), D(2)) for j in range(4, 8)]
    return unit, [[(centre + half * x) * 16 / 17 for centre, half in slots] for x in unit]


def words(values):
    """C's initialiser of nested lists of numbers as pairs of doubles {high, low}"""
    if isinstance(values, list):
        return "{" + ", ".join(words(value) for value in values) + "}"
    with localcontext() as shorter:  # an exact value again where 60 digits only nearly are
        shorter.prec = 50
        values = +values
    return f"{{{float(values).hex()}, {float(values - D(float(values))).hex()}}}"


def pairs(name, values):
    shape = f"[{len(values)}]" + (f"[{len(values[0])}]" if isinstance(values[0], list) else "")
    return [f"struct brink_pair {name}{shape}"] + [words(value) for value in values]


def row_table():
    """What a row table is built from"""
    unit, nodes = row_nodes()
    decays = [[(-v).exp() for v in row] for row in nodes]
    grid = [list(zip(*rows)) for rows in zip(nodes, decays)]
    yield pairs("log_length", [[(v + 2 * (1 + e).ln()).ln() for v, e in row] for row in grid])
    yield pairs("tangent", [[(1 - e) / (1 + e) / v for v, e in row] for row in grid])
    squares = [x * x for x in unit[:8]]
    even = lagrange(squares)[1:]  # of f(x) + f(-x), and of f(0) last
    yield pairs("even", [[c / 2 for c in row[:7]] + row[7:] for row in even])
    odd = lagrange(squares[:7])  # of f(x) - f(-x)
    yield pairs("odd", [[c / 2 / x for c, x in zip(row, unit)] for row in odd])
    yield pairs("exp_eighths", [(D(-j) / 8).exp() for j in range(28)])
    yield pairs("inverse_factorial", [1 / D(6), 1 / D(24), 1 / D(120)])


def lines():
    z2 = ((ROOT2 - 1) / (ROOT2 + 1)) ** 2 * D("1.001")  # the largest square of (m-1)/(m+1)
    r = LN2 / 2 * D("1.0005")
    yield table("brink_exp_tail_terms", exp_tail, -r, r, 9)
    yield table("brink_log_tail_terms", lambda v: 2 * odd_sum(v, 2), 0, z2, 6)
    yield table("sine_tail", sine_tail, 0, 2025, 6)
    yield table("cosine_tail", cosine_tail, 0, 2025, 6)
    yield table("brink_coth_tail_terms", lambda v: coth_tail(v, D(1)), 0, r * r, 4)
    yield table("brink_coth2_terms", lambda v: coth_tail(v, LN2), 0, D(".5005") ** 2, 4, [2 / LN2])
    yield table("brink_atanh_terms", lambda v: 4 * odd_sum(v, 1), 0, z2, 6, [4])
    yield table("brink_log2_terms", lambda v: 2 / LN2 * odd_sum(v, 1), 0, z2, 6, [2 / LN2])
    yield split("BRINK_LN2", LN2, bits=42)
    yield split("DEGREE", PI / 180)
    yield split("BRINK_TWO_THIRDS", D(2) / 3)
    yield [f"BRINK_LN2 {float(LN2).hex()}", f"BRINK_LOG2E {float(1 / LN2).hex()}"]
    yield [f"BRINK_SQRT2 {float(ROOT2).hex()}"]
    yield [f"BRINK_2LOG_SQRT2 {float(2 * D(float(ROOT2)).ln()).hex()}"]
    yield from row_table()


def main():
    if sys.argv[1:2] != ["--check"]:
        for line in lines():
            if "[" in line[0]:
                print(f"static const {line[0]} = {{{', '.join(line[1:])}}};")
            else:
                print("\n".join(f"#define {word}" for word in line))
        return 0
    text = ""
    for name in sys.argv[2:]:
        with open(name, encoding="utf-8") as file:
            text += " ".join(file.read().split()).replace("{ ", "{").replace(", }", "}") + "\n"
    missing = 0
    for line in lines():
        wanted = [f"{line[0]} = {{{', '.join(line[1:])}}};"] if "[" in line[0] else line
        for words in wanted:
            if words not in text:
                print(f"gen_coefficients: not in the sources: {words}", file=sys.stderr)
                missing = 1
    return missing


sys.exit(main())
