# SPDX-License-Identifier: MIT
"""Draws where gradient descent ends against the learning rate: fixed points, cycles, chaos.

Cells along the axis lr are recomputed by `brink trace`; their last states are drawn, coloured by
verdict, and below them the Lyapunov exponent: below 0 a stable cycle, above 0 chaos.
"""
import argparse
import sys
from concurrent.futures import ThreadPoolExecutor

import needs  # noqa: F401 (before what it checks for)

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colors
from matplotlib.lines import Line2D

import brink_io
import figures
import objective
import picture
import traces

LAST = 256       # states of a cell
CELLS = 400      # traced at most
WORKERS = 2      # traces at a time
QUANTITIES = {"s": "$s=xy$", "x": "$x$", "y": "$y$", "loss": "excess loss",
              "sharpness": "sharpness", "edge": "$h\\cdot\\mathrm{sharpness}/2$"}
NO_LIMIT = ("diverged", "undefined", "pending")
SETTLED = ("converged", "periodic", "saddle", "axis", "stationary_start")
SETTLED_SHARE = 0.9  # of the cells that settle are within the linear range
DWARFED = 30         # times that range, what goes farther hides it on a linear axis


def exponent(trace, curve):
    """Lyapunov exponent per step over the states of a trace; NaN where there are too few.

    The mean growth of a tangent under the Jacobian of the GD map, I - h Hessian.
    """
    x, y, rate = trace["x"], trace["y"], trace.rate
    if x.size < 32:
        return np.nan
    s = x * y
    first, second = curve.slope(s), curve.curvature(s)
    tangent, total = np.array([0.8, 0.6]), 0.0
    hessians = np.array([[y * y * second, first + s * second],
                         [first + s * second, x * x * second]]).transpose(2, 0, 1)
    for hessian in hessians[:-1]:
        tangent = tangent - rate * hessian @ tangent
        size = np.hypot(*tangent)
        total += np.log(size) if size > 0 else -np.inf
        tangent /= size or 1
    return total / (x.size - 1)


def chosen_cells(sweep, slices, span):
    """(part along lr, indices of the axes, places on the axis lr) of at most CELLS cells."""
    chosen = picture.indices(sweep, slices)
    if "lr" not in sweep.dims or "lr" in chosen:
        raise figures.UsageError("bifurcation needs an axis lr that is not sliced")
    for name in sweep["status"].dims:
        if name != "lr":
            chosen.setdefault(name, 0)
    part = sweep.isel(chosen)
    rates = part["lr"].values
    places = np.flatnonzero((rates >= span[0]) & (rates <= span[1]))
    if not places.size:
        raise figures.UsageError(f"no lr from {span[0]:g} to {span[1]:g}: the axis has "
                                 f"{rates.min():g} to {rates.max():g}")
    kept = np.unique(np.linspace(0, places.size - 1, min(places.size, CELLS)).round().astype(int))
    return part, chosen, places[kept]


def read_limits(path, part, chosen, places):
    """{place: Trace} of the cells that have a limit."""
    verdicts = part["verdict"].values
    drawn = [int(place) for place in places if verdicts[place] not in NO_LIMIT]
    words = [f"{name}#{index}" for name, index in chosen.items()]
    shares = [share for share in (drawn[k::WORKERS] for k in range(WORKERS)) if share]

    def some(share):
        return traces.trace_along(path, words, "lr", share, "--last", str(LAST))

    with ThreadPoolExecutor(WORKERS) as pool:
        found = dict(pair for share, traced in zip(shares, pool.map(some, shares))
                     for pair in zip(share, traced))
    return {place: found[place] for place in drawn}


def limit_values(trace, quantity, period):
    """The values to draw of a trace: one turn of a cycle, all of chaos, the end of the others."""
    values = trace["x"] * trace["y"] if quantity == "s" else trace[quantity]
    if trace.status == "periodic" and period:
        return values[-period:]
    return values if trace.status in ("bounded", "unsettled", "periodic") else values[-1:]


def dot_colour(status):
    """The verdict's colour, dark enough for dots on a white page."""
    colour = figures.STATUS_COLOURS.get(status, "#999999")
    if figures.is_dark():
        return colour
    return colors.to_hex(np.array(colors.to_rgb(colour)) * 0.78)


def linear_range(settled, others):
    """Up to which size values are drawn on a linear axis; inf: all of them.

    Chaos of good regularity goes out by orders of magnitude and comes back: then what settles,
    and should be legible, is drawn linearly, and what goes beyond by its logarithm. `settled`
    and `others`: values by cell, those that reach a minimum or a cycle, and the rest.
    """
    if not others:
        return np.inf
    largest = max(abs(values).max() for values in [*settled, *others])
    usual = np.median([abs(values).max() for values in others])
    if settled:  # most of it: a cycle in a window of chaos is as wide as the chaos
        usual = np.quantile([abs(values).max() for values in settled], SETTLED_SHARE)
    if not 0 < DWARFED * usual < largest:
        return np.inf
    step = 10 ** np.floor(np.log10(usual))
    return step * np.ceil(usual / step)


def set_limits(axes, by_status):
    """All of a limit set, but not its rare far excursions where the axis is linear.

    by_status: {verdict: [values of a cell]}. Returns words on the axis, if there is need.
    """
    settled = [values for status in SETTLED for values in by_status.get(status, [])]
    others = [values for status, cells in by_status.items() if status not in SETTLED
              for values in cells]
    values = np.concatenate([*settled, *others])
    limit = linear_range(settled, others)
    if np.isfinite(limit):
        low = 2 * values.min() if values.min() < -limit else min(values.min(), -0.2 * limit)
        figures.set_linear_range(axes.yaxis, limit, low, 2 * values.max())
        return [f"shaded: linear, to ±{figures.number(limit)}; logarithmic beyond"]
    low, high = np.percentile(values, [0.5, 99.5])
    room = 0.06 * (high - low) + 1e-3 * max(abs(low), abs(high))
    inside = (values.min() >= low - 4 * room) and (values.max() <= high + 4 * room)
    low, high = (values.min(), values.max()) if inside else (low, high)
    axes.set_ylim(low - room, high + room)
    return []


def draw_limits(axes, part, limits, quantity):
    """The limit sets; returns legend entries by verdict, words on the axis."""
    rates = part["lr"].values
    periods = part["period"].values if "period" in part else np.zeros(rates.size, int)
    by_status = {}
    for place, trace in limits.items():
        values = limit_values(trace, quantity, periods[place])
        pairs = by_status.setdefault(trace.status, [])
        pairs.append(np.stack([np.full(values.size, rates[place]), values]))
    handles = []
    for status, pairs in by_status.items():
        at, values = np.concatenate(pairs, axis=1)
        colour = dot_colour(status)
        axes.plot(at, values, ".", color=colour, markersize=1.1, markeredgewidth=0,
                  rasterized=True, zorder=2)
        handles.append(Line2D([], [], linestyle="none", marker="s", color=colour, markersize=5,
                              label=figures.STATUS_LABELS.get(status, status)))
    if not by_status:
        return handles, []
    return handles, set_limits(axes, {status: [pair[1] for pair in pairs]
                                      for status, pairs in by_status.items()})


def draw_exponents(axes, part, limits, curve):
    """Stored exponents, or those of the traces where the file has none."""
    rates, values = part["lr"].values, []
    stored = part["lyapunov"].values if "lyapunov" in part else None
    for place, trace in limits.items():
        value = stored[place] if stored is not None else np.nan
        values.append(value if np.isfinite(value) else
                      exponent(trace, curve) if trace.status != "converged" else np.nan)
    values = np.array(values)
    axes.axhline(0, color=figures.theme["faint"], linewidth=0.6, zorder=1)
    axes.plot(rates[list(limits)], values, ".", color=figures.theme["line"], markersize=1.8,
              markeredgewidth=0)
    known = values[np.isfinite(values)]
    if known.size:
        low, high = np.percentile(known, 2), known.max()
        room = 0.1 * (high - min(low, 0) + 0.01)
        axes.set_ylim(min(low, 0) - room, max(high, 0) + room)
    axes.set_ylabel("Lyapunov\nexponent")


def bifurcation_figure(path, slices=(), quantity="s", span=(0, np.inf), width="column"):
    """Limit set and Lyapunov exponent of a result file as a Figure."""
    sweep = brink_io.open(path)
    if "dor" not in sweep.coords:
        raise figures.UsageError(f"{path}: not of the regularity family")
    part, chosen, places = chosen_cells(sweep, slices, span)
    limits = read_limits(path, part, chosen, places)
    curve = objective.of_dor(float(part["dor"]))
    grid = figures.grid_axis(part.isel(lr=places), "lr")
    with plt.rc_context(figures.RC):
        figure, (upper, lower) = plt.subplots(2, 1, figsize=(figures.WIDTHS[width], 4))
        for axes in (upper, lower):
            figures.set_axis(axes.xaxis, grid)
        handles, axis_words = draw_limits(upper, part, limits, quantity)
        upper.set(ylabel=QUANTITIES[quantity], xlabel="")
        upper.tick_params(labelbottom=False)
        draw_exponents(lower, part, limits, curve)
        figure.align_ylabels([upper, lower])
        title, footer = figures.source_words(path)
        footer += picture.words_of(sweep, chosen) + [
            f"{len(limits)} of {places.size} cells have a limit", f"last {LAST} states each",
            *axis_words]
        heights = (2.0, 0.9) if width == "column" else (3.2, 1.2)
        return figures.arrange(figure, list(zip((upper, lower), heights)), title, footer,
                               handles, columns=2 if width == "column" else 4)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="a result file of brink with an axis lr")
    parser.add_argument("--quantity", choices=QUANTITIES, default="s", help="[s]")
    parser.add_argument("--from", dest="low", type=float, default=0, metavar="LR",
                        help="the smallest lr drawn")
    parser.add_argument("--to", dest="high", type=float, default=np.inf, metavar="LR",
                        help="the largest lr drawn")
    figures.add_slice(parser)
    figures.add_drawing(parser, "FILE-bifurcation.png")
    figures.add_watch(parser)
    options = parser.parse_args(arguments)
    figures.draw(options, lambda: bifurcation_figure(
        options.file, options.slice, options.quantity, (options.low, options.high),
        options.width), "-bifurcation")


if __name__ == "__main__":
    sys.exit(figures.run_tool(main, sys.argv[1:]))
