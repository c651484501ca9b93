# SPDX-License-Identifier: MIT
"""The regularity family in numpy, for drawing: what decides a result is computed by brink itself.

F(s) with s = x*y, after arXiv 2310.17087: F_a(s) = (log(e^(s-1)+1) + log(e^(1-s)+1))^a for
0 < a <= 1 (degree of regularity a), F_b(s) = (1 - s^b)^2 for odd b (degree of regularity 2 b).
"""
from dataclasses import dataclass

import numpy as np

LOG4 = 2 * np.log(2)


@dataclass(frozen=True)
class Objective:
    """One member of the family: `family` is "a" or "b", `parameter` its exponent."""

    family: str
    parameter: float

    @property
    def dor(self):
        """Degree of regularity."""
        return self.parameter if self.family == "a" else 2 * self.parameter

    @property
    def curvature_minimum(self):
        """F''(1)."""
        p = self.parameter
        return p * LOG4 ** (p - 1) / 2 if self.family == "a" else 2 * p * p

    @property
    def slope_bound(self):
        """The supremum M of |F'|, None if there is none (F_b)."""
        p = self.parameter
        return p * LOG4 ** (p - 1) if self.family == "a" else None

    def excess(self, s):
        """F(s) - F(1) of an array s."""
        p = self.parameter
        s = np.asarray(s, float)
        with np.errstate(over="ignore"):
            if self.family == "b":
                return (1 - s ** int(p)) ** 2
            return self._length(s) ** p - LOG4 ** p

    def slope(self, s):
        """F'(s) of an array s."""
        p = self.parameter
        s = np.asarray(s, float)
        with np.errstate(over="ignore", invalid="ignore"):
            if self.family == "b":
                return -2 * p * s ** int(p - 1) * (1 - s ** int(p))
            return p * self._length(s) ** (p - 1) * np.tanh((s - 1) / 2)

    def curvature(self, s):
        """F''(s) of an array s."""
        p = self.parameter
        s = np.asarray(s, float)
        with np.errstate(over="ignore", invalid="ignore"):
            if self.family == "b":
                if p == 1:
                    return np.full_like(s, 2.0)
                return -2 * p * (p - 1) * s ** int(p - 2) * (1 - s ** int(p)) + (
                    2 * p * p * s ** int(2 * p - 2))
            length, tanh = self._length(s), np.tanh((s - 1) / 2)
            decay = np.exp(-abs(s - 1))
            bend = 2 * decay / (1 + decay) ** 2
            return p * length ** (p - 2) * ((p - 1) * tanh ** 2 + length * bend)

    def sharpness(self, x, y):
        """The largest eigenvalue of the Hessian of f(x, y) = F(x y), arrays of one shape."""
        s = x * y
        first, second = self.slope(s), self.curvature(s)
        return (x * x + y * y) * second / 2 + np.hypot((x * x - y * y) * second / 2,
                                                       first + s * second)

    @staticmethod
    def _length(s):
        away = abs(s - 1)
        return away + 2 * np.log1p(np.exp(-away))


def of_dor(dor):
    """The objective of a degree of regularity: a = dor up to 1, b = dor / 2 above."""
    return Objective("a", float(dor)) if dor <= 1 else Objective("b", float(dor) / 2)
