# SPDX-License-Identifier: MIT
"""GD steps in Python, as researchers write them: numpy over arrays in cache, numba over cells.

step(x, y, h, a, steps) advances the arrays; numpy returns new ones, numba works in place.
"""
import math

import numpy as np

try:
    from numba import njit
except ImportError:  # the bench then goes without it
    njit = None


# ---- numpy

def _numpy_a1(x, y, h, a, steps):
    for _ in range(steps):
        g = h * np.tanh(.5 * (x * y - 1))
        x, y = x - g * y, y - g * x
    return x, y


def _numpy_a(x, y, h, a, steps):
    for _ in range(steps):
        t = x * y - 1
        size = np.abs(t)
        decay = np.exp(-size)
        length = size + 2 * np.log1p(decay)
        g = h * a * length ** (a - 1) * np.copysign((1 - decay) / (1 + decay), t)
        x, y = x - g * y, y - g * x
    return x, y


def _numpy_b(b):
    def step(x, y, h, a, steps):
        for _ in range(steps):
            s = x * y
            power = s ** (b - 1)
            g = h * (-2 * b) * power * (1 - power * s)
            x, y = x - g * y, y - g * x
        return x, y
    return step


NUMPY = {"a1": _numpy_a1, "a": _numpy_a, "b3": _numpy_b(3), "b7": _numpy_b(7)}


# ---- numba

def _numba_a1(xs, ys, hs, a, steps):
    for i in range(xs.size):
        x, y, h = xs[i], ys[i], hs[i]
        for _ in range(steps):
            g = h * math.tanh(.5 * (x * y - 1))
            x, y = x - g * y, y - g * x
        xs[i], ys[i] = x, y


def _numba_a(xs, ys, hs, a, steps):
    for i in range(xs.size):
        x, y, h, power = xs[i], ys[i], hs[i], a[i]
        for _ in range(steps):
            t = x * y - 1
            size = abs(t)
            decay = math.exp(-size)
            length = size + 2 * math.log1p(decay)
            g = (h * power * length ** (power - 1)
                 * math.copysign((1 - decay) / (1 + decay), t))
            x, y = x - g * y, y - g * x
        xs[i], ys[i] = x, y


def _numba_b3(xs, ys, hs, a, steps):
    for i in range(xs.size):
        x, y, h = xs[i], ys[i], hs[i]
        for _ in range(steps):
            s = x * y
            power = s * s
            g = -6 * h * power * (1 - power * s)
            x, y = x - g * y, y - g * x
        xs[i], ys[i] = x, y


def _numba_b7(xs, ys, hs, a, steps):
    for i in range(xs.size):
        x, y, h = xs[i], ys[i], hs[i]
        for _ in range(steps):
            s = x * y
            power = s ** 6
            g = -14 * h * power * (1 - power * s)
            x, y = x - g * y, y - g * x
        xs[i], ys[i] = x, y


NUMBA = {}
if njit:
    NUMBA = {name: njit(fastmath=True)(function) for name, function in
             (("a1", _numba_a1), ("a", _numba_a), ("b3", _numba_b3), ("b7", _numba_b7))}
