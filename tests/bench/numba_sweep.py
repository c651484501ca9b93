# SPDX-License-Identifier: MIT
"""The peer of `brink run`: the same sweep as a numba script that a researcher would write.

    numba_sweep.py CELLS_PER_AXIS MAX_STEPS X0 Y0 LR_MIN LR_MAX linear|log OUT.npz

Axes a (vertical) and learning rate, rules as in tests/bench/map.yaml. All cores by prange over
cells in chunks, every verdict with its early exit; cycles are found by comparison with
a kept state (Brent) to a tolerance, chaos by the Lyapunov exponent of the last 1024 steps. Statuses
as in the result files: 1 converged, 2 stationary start, 3 saddle, 5 diverged, 6 periodic,
7 bounded, 8 unsettled.
"""
import math
import sys

import numba
import numpy as np
from numba import njit, prange

GRAD_TOL, ESCAPE, TAIL = 1e-10, 1e8, 1024
CYCLE_TOL = 1e-13  # relative; looser ones take slow spirals into a minimum for cycles


@njit(inline="always")
def slope_at(t, a):
    """F' of F = L^a, L = log(e^t + 1) + log(e^-t + 1)."""
    size = abs(t)
    decay = math.exp(-size)
    length = size + 2 * math.log1p(decay)
    return a * length ** (a - 1) * math.copysign((1 - decay) / (1 + decay), t)


@njit(inline="always")
def bend_at(t, a):
    """F''."""
    size = abs(t)
    decay = math.exp(-size)
    length = size + 2 * math.log1p(decay)
    tangent = math.copysign((1 - decay) / (1 + decay), t)
    bend = 2 * decay / ((1 + decay) * (1 + decay))
    return a * length ** (a - 1) * ((a - 1) * tangent * tangent / length + bend)


@njit(inline="always")
def excess(t, a):
    least = 2 * math.log(2.0)
    size = abs(t)
    if size < 1:
        above = math.log1p(math.sinh(t / 2) ** 2)
    else:
        above = size - least + 2 * math.log1p(math.exp(-size))
    return least ** a * math.expm1(a * math.log1p(above / least))


@njit(cache=True)
def run_cell(x, y, h, a, max_steps):
    """(status, steps, period, x, y, largest |t|)"""
    curvature = a * (2 * math.log(2.0)) ** (a - 1) / 2
    kept_x, kept_y, kept_at, keep_next = x, y, 0, 1
    peak, sum_log, dx, dy = 0.0, 0.0, 2 / math.sqrt(5.0), 1 / math.sqrt(5.0)
    for n in range(max_steps + 1):
        t = x * y - 1
        slope = slope_at(t, a)
        peak = max(peak, abs(t))
        if not (abs(x) < ESCAPE and abs(y) < ESCAPE):
            return 5, n, 0, x, y, peak
        norm2 = x * x + y * y
        if abs(slope) * math.sqrt(norm2) <= GRAD_TOL:
            if n == 0:
                return 2, n, 0, x, y, peak
            if abs(t) <= 1e-6 and h * curvature * norm2 <= 2:
                return 1, n, 0, x, y, peak
            if norm2 <= 1e-12:
                return 3, n, 0, x, y, peak
        if n == keep_next:
            kept_x, kept_y, kept_at, keep_next = x, y, n, 2 * n
        elif n > 0 and (abs(x - kept_x) <= CYCLE_TOL * abs(x)
                        and abs(y - kept_y) <= CYCLE_TOL * abs(y)):
            if abs(t) <= 1e-6 and h * curvature * norm2 <= 2:
                return 1, n, 0, x, y, peak
            return 6, n, n - kept_at, x, y, peak
        g = h * slope
        if n >= max_steps - TAIL:
            pull = h * bend_at(t, a) * (y * dx + x * dy)
            dx, dy = dx - pull * y - g * dy, dy - pull * x - g * dx
            growth = math.sqrt(dx * dx + dy * dy)
            sum_log += math.log(growth)
            dx, dy = dx / growth, dy / growth
        x, y = x - g * y, y - g * x
    return (7 if sum_log / TAIL > .005 else 8), max_steps, 0, x, y, peak


@njit(parallel=True, cache=True)
def sweep(x0, y0, a_axis, lr_axis, max_steps, status, steps, period, measures):
    rows, columns = status.shape
    for cell in prange(rows * columns):
        i, j = cell // columns, cell % columns
        a = a_axis[i]
        difference = (x0 - y0) * (x0 + y0)
        curvature = a * (2 * math.log(2.0)) ** (a - 1) / 2
        flow_rate = 2 / (curvature * math.sqrt(difference * difference + 4))
        h = lr_axis[j] * flow_rate
        status[i, j], steps[i, j], period[i, j], x, y, peak = run_cell(x0, y0, h, a, max_steps)
        slope, bend = slope_at(x * y - 1, a), bend_at(x * y - 1, a)
        end = (x - y) * (x + y)
        sharpness = ((x * x + y * y) * bend / 2
                     + math.hypot(end * bend / 2, slope + x * y * bend))
        loss_start = excess(x0 * y0 - 1, a)
        values = (x, y, loss_start, excess(x * y - 1, a), excess(peak, a) / loss_start,
                  h * sharpness / 2, lr_axis[j], end / difference, h)
        for k in range(len(values)):
            measures[k, i, j] = values[k]


def main():
    size, max_steps, scale, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[7], sys.argv[8]
    x0, y0, lr_min, lr_max = map(float, sys.argv[3:7])
    a_axis = np.linspace(.1, 1, size)
    lr_axis = (np.geomspace if scale == "log" else np.linspace)(lr_min, lr_max, size)
    status, steps, period = (np.empty((size, size), dtype) for dtype in ("i1", "i4", "i4"))
    measures = np.empty((9, size, size))
    if hasattr(numba, "set_parallel_chunksize"):
        numba.set_parallel_chunksize(256)  # costs of cells differ 1e4-fold
    sweep(x0, y0, a_axis, lr_axis, max_steps, status, steps, period, measures)
    np.savez(out, a=a_axis, lr=lr_axis, status=status, steps=steps, period=period,
             measures=measures)


main()
