# SPDX-License-Identifier: MIT
"""Writes small brink sweeps without brink: numpy gradient descent into the file format.

For tests of the readers and figures, and for trying them. Formulas and verdicts are those of the
real thing, but simple: cycles and chaos are told by tolerances, so borders may differ by a cell.

    python3 sample_sweep.py OUT.h5 [--columns 256] [--starts] [--unfinished]
"""
import argparse
import json

import h5py
import numpy as np

STATUSES = ("pending converged stationary_start saddle axis diverged periodic bounded unsettled "
            "undefined").split()
STATUS = {name: value for value, name in enumerate(STATUSES)}
BASIC = ("status steps period x_end y_end loss_start loss_end loss_peak edge_start edge_end "
         "flow_ratio balance lr_actual").split()
INTEGERS = ("steps", "period", "peak_step", "loss_rises")
LONG_NAMES = {
    "status": "verdict on the cell", "steps": "gradient descent steps until the verdict",
    "edge_end": "learning rate times sharpness / 2 at the verdict", "lr": "learning rate",
    "dor": "degree of regularity", "x0": "x at the start", "y0": "y at the start",
}


class Family:
    """F(s) of each cell by its degree of regularity: F_a (dor <= 1) or F_b (dor = 2 b)."""

    def __init__(self, dor):
        self.good = dor <= 1
        self.a = np.where(self.good, dor, 1)
        self.b = np.where(self.good, 1, dor / 2).astype(int)
        slope_bound = self.a * (2 * np.log(2)) ** (self.a - 1)
        self.curvature_minimum = np.where(self.good, slope_bound / 2, 2.0 * self.b ** 2)

    def at(self, rows):
        part = object.__new__(Family)
        for name, value in vars(self).items():
            setattr(part, name, value[rows])
        return part

    def slope_curvature_excess(self, s):
        """F'(s), F''(s), F(s) - min F."""
        t = s - 1
        e = np.exp(-abs(t))
        base = abs(t) + 2 * np.log1p(e)
        tanh, bend = np.tanh(t / 2), 2 * e / (1 + e) ** 2
        power = base ** (self.a - 1)
        slope = self.a * power * tanh
        curvature = self.a * power / base * ((self.a - 1) * tanh ** 2 + base * bend)
        floor = 2 * np.log(2)
        near = np.log1p(np.sinh(np.minimum(abs(t), 1) / 2) ** 2)
        above = np.where(abs(t) < 1, near, base - floor)
        excess = floor ** self.a * np.expm1(self.a * np.log1p(above / floor))
        for b in np.unique(self.b[~self.good]):
            rows = ~self.good & (self.b == b)
            s_b = s[rows]
            rest = (1 - s_b) * sum(s_b ** k for k in range(b))
            slope[rows] = -2 * b * s_b ** (b - 1) * rest
            curvature[rows] = 2 * b * b * s_b ** (2 * b - 2)
            if b > 1:
                curvature[rows] -= 2 * b * (b - 1) * s_b ** (b - 2) * rest
            excess[rows] = rest ** 2
        return slope, curvature, excess

    def sharpness(self, x, y):
        slope, curvature, _ = self.slope_curvature_excess(x * y)
        return ((x * x + y * y) * curvature / 2
                + np.hypot((x - y) * (x + y) * curvature / 2, slope + x * y * curvature))

    def step(self, h, x, y):
        g = h * self.slope_curvature_excess(x * y)[0]
        return x - g * y, y - g * x


def descend(dor, x0, y0, lr, lr_unit="one", max_steps=20000, escape=1e8):
    """Gradient descent of each cell; arrays of one shape [cells]. Returns fields by name."""
    with np.errstate(all="ignore"):
        return _descend(Family(dor), x0, y0, lr, lr_unit, max_steps, escape)


def _descend(family, x0, y0, lr, lr_unit, max_steps, escape):
    flow_rate = 2 / (family.curvature_minimum * np.hypot(x0 * x0 - y0 * y0, 2))
    sharpness = family.sharpness(x0, y0)
    h = lr * {"one": 1.0, "norm2": 1 / (x0 * x0 + y0 * y0), "sharpness": 2 / sharpness,
              "flow": flow_rate}[lr_unit]
    h = np.where(np.isfinite(h) & (h > 0), h, np.nan)
    excess = family.slope_curvature_excess(x0 * y0)[2]
    out = {"status": np.where(np.isnan(h), STATUS["undefined"], 0).astype("i1"),
           "steps": np.zeros(h.size, "i4"), "period": np.zeros(h.size, "i4"),
           "loss_rises": np.zeros(h.size, "i4"), "x_end": x0.copy(), "y_end": y0.copy(),
           "loss_start": excess, "edge_start": h * sharpness / 2, "flow_ratio": h / flow_rate,
           "lr_actual": h}
    cells = np.flatnonzero(~np.isnan(h))
    part, x, y, rate = family.at(cells), x0[cells], y0[cells], h[cells]
    peak, before = out["loss_start"].copy(), excess[cells]
    for n in range(max_steps + 1):
        slope, _, loss = part.slope_curvature_excess(x * y)
        peak[cells] = np.fmax(peak[cells], loss)
        out["loss_rises"][cells] += loss > before * (1 + 1e-12)
        before = loss
        verdict = _judge(part, rate, x, y, slope, n, escape)
        if n == max_steps:
            verdict = np.where(verdict > 0, verdict, _judge_tail(part, rate, x, y, out, cells))
        over = verdict > 0
        ended = cells[over]
        out["status"][ended], out["steps"][ended] = verdict[over], n
        out["x_end"][ended], out["y_end"][ended] = x[over], y[over]
        cells, x, y, rate, before = (values[~over] for values in (cells, x, y, rate, before))
        part = part.at(~over)
        if not cells.size:
            break
        x, y = part.step(rate, x, y)
    loss_end = family.slope_curvature_excess(out["x_end"] * out["y_end"])[2]
    difference = (x0 - y0) * (x0 + y0)
    out["loss_end"], out["loss_peak"] = loss_end, np.where(excess > 0, peak / excess, 1)
    out["edge_end"] = h * family.sharpness(out["x_end"], out["y_end"]) / 2
    out["balance"] = ((out["x_end"] - out["y_end"]) * (out["x_end"] + out["y_end"])
                      / np.where(difference == 0, np.nan, difference))
    return out


def _judge(family, h, x, y, slope, n, escape):
    """Status of states that are decided, 0 of the others."""
    size, s = x * x + y * y, x * y
    flat = abs(slope) * np.sqrt(size) <= 1e-10
    minimum = (abs(s - 1) <= 1e-6) & (h * family.curvature_minimum * size <= 2)
    out = ~((abs(x) < escape) & (abs(y) < escape))
    out |= ~family.good & (abs(s) >= 2) & (h * abs(slope) * abs(s) >= 2 * size)
    return np.select(
        [out, flat & (n == 0), flat & minimum, flat & (size <= 1e-12),
         (family.b >= 3) & ((x == 0) | (y == 0))],
        [STATUS[name] for name in ("diverged", "stationary_start", "converged", "saddle", "axis")])


def _judge_tail(family, h, x, y, out, cells, steps=512):
    """Status at max_steps: creeping to an axis, periodic, chaotic, or none of them."""
    start_x, start_y, u, v = x, y, x + 1e-9 * (1 + abs(x)), y
    growth = np.zeros(x.size)
    period = np.zeros(x.size, int)
    for n in range(1, steps + 1):
        gap = np.hypot(u - x, v - y)
        x, y = family.step(h, x, y)
        u, v = family.step(h, u, v)
        stretch = np.hypot(u - x, v - y) / gap
        growth += np.log(np.maximum(stretch, 1e-300))
        scale = gap / np.hypot(u - x, v - y)
        u, v = x + (u - x) * scale, y + (v - y) * scale
        back = np.maximum(abs(x - start_x), abs(y - start_y)) <= 1e-9 * (1 + abs(x))
        period = np.where((period == 0) & back, n, period)
    creeping = (family.b >= 3) & (start_x * start_y < 0)
    periodic = (period > 1) & (growth / steps < 0.005)
    out["period"][cells] = np.where(periodic & ~creeping, period, 0)
    return np.select([creeping, periodic, growth / steps > 0.02],
                     [STATUS["axis"], STATUS["periodic"], STATUS["bounded"]],
                     STATUS["unsettled"])


# ---- the file

def write_sweep(path, axes, fixed, lr_unit="one", title="A sample sweep", record=None,
                max_steps=20000, pending=None):
    """Computes and writes a sweep.

    axes: {name: (values, "list" | "linear" | "log")} in order; for "init" values are pairs.
    pending: a mask of the grid's shape (or a function of the shape) of cells to leave pending.
    """
    names = list(axes)
    shape = tuple(len(axes[name][0]) for name in names)
    grid = np.meshgrid(*(np.arange(size) for size in shape), indexing="ij")

    def value(name):
        if name in axes:
            return np.asarray(axes[name][0], float)[grid[names.index(name)].ravel()]
        return np.broadcast_to(np.asarray(fixed[name], float), grid[0].size)

    given = {*axes, *fixed}
    dor = value("dor") if "dor" in given else value("a") if "a" in given else 2 * value("b")
    start = value("init") if "init" in given else np.stack([value("x0"), value("y0")], axis=-1)
    start = np.broadcast_to(start, (dor.size, 2))
    fields = descend(dor, start[:, 0].copy(), start[:, 1].copy(), value("lr"), lr_unit, max_steps)
    empty = np.zeros(shape, bool) if pending is None else (
        pending(shape) if callable(pending) else np.asarray(pending))
    spec = {"title": title, "model": "regularity", "fixed": fixed, "lr_unit": lr_unit, "seed": 0,
            "axes": {name: {"values": np.asarray(axes[name][0]).tolist()} for name in names},
            "stop": {"max_steps": max_steps, "grad_tol": 1e-10, "escape": 1e8, "tail": 1024},
            "record": record or "basic", "tile": [min(size, 64) for size in shape]}
    with h5py.File(path, "w") as file:
        file.attrs.update(brink_format="sweep", schema_version=np.int32(1), title=title,
                          spec=json.dumps(spec), spec_hash="0123456789abcdef", commit="sample",
                          version="0.1.0", model="regularity", lr_unit=lr_unit,
                          **{f"fixed_{name}": np.float64(fixed[name]) for name in fixed})
        for name in names:
            _write_axis(file, name, *axes[name])
        for name in record or BASIC:
            values = fields[name].reshape(shape)
            values[empty] = 0 if name == "status" else -1 if name in INTEGERS else np.nan
            _write_field(file, name, values, names)
        states = np.array([0 if empty.any() else 1], "u1")
        file.create_dataset("tiles/state", data=states)
        file.create_dataset("tiles/checksum", data=np.zeros(1, "u8"))
        file.create_group("runs")
    return path


def _write_axis(file, name, values, scale):
    pairs = np.asarray(values, float) if name == "init" else None
    data = np.arange(len(values), dtype="i4") if pairs is not None else np.asarray(values, "f8")
    dataset = file.create_dataset(name, data=data)
    dataset.attrs.update(units="1", long_name=LONG_NAMES.get(name, name), scale=scale)
    dataset.make_scale(name)
    for column, suffix in enumerate(("x0", "y0") if pairs is not None else ()):
        start = file.create_dataset(f"init_{suffix}", data=pairs[:, column])
        start.attrs.update(units="1", long_name=LONG_NAMES[suffix])
        start.dims[0].attach_scale(dataset)


def _write_field(file, name, values, axes):
    dataset = file.create_dataset(name, data=values)
    dataset.attrs.update(units="1", long_name=LONG_NAMES.get(name, name))
    if name == "status":
        dataset.attrs.update(flag_values=np.arange(len(STATUSES), dtype="i1"),
                             flag_meanings=" ".join(STATUSES))
    elif values.dtype.kind == "f":
        dataset.attrs["_FillValue"] = np.float64(np.nan)
    for number, axis in enumerate(axes):
        dataset.dims[number].attach_scale(file[axis])


DOR = (0.25, 0.5, 0.75, 1, 2, 6, 10, 14)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--columns", type=int, default=256, help="points of the lr axis [256]")
    parser.add_argument("--starts", action="store_true", help="nine starts instead of one")
    parser.add_argument("--unfinished", action="store_true", help="leave a part pending")
    options = parser.parse_args()
    axes = {"dor": (DOR, "list"), "lr": (np.geomspace(1e-4, 40, options.columns), "log")}
    fixed = {"x0": 4.0, "y0": 0.5}
    if options.starts:
        starts = [(x, y) for x in (2.5, 4.0, 6.0) for y in (0.3, 0.5, 0.8)]
        axes, fixed = {"init": (starts, "list"), **axes}, {}
    columns = np.arange(options.columns) // 16

    def pending(shape):
        rows = np.indices(shape)[-2]
        return np.broadcast_to((columns * 7 + rows * 3) % 10 > 5, shape)

    write_sweep(options.out, axes, fixed, "flow", "Convergence against degree of regularity",
                pending=pending if options.unfinished else None)


if __name__ == "__main__":
    main()
