# SPDX-License-Identifier: MIT
"""Draws what a sweep says about convergence against the degree of regularity.

Three panels: the share of each verdict; the first divergent h/h_GF as h grows; the largest
h*sharpness/2 at the end of the converged cells below it. With several starts (all axes other than
the regularity and lr): median, and quartiles as a bar. --steps draws instead the steps that
converged cells took against h/h_GF, beside what the rate of the linearised map at their minimum,
|1 - h*sharpness|, would take to bring a gradient of 1 down to grad_tol.
"""
import argparse
import sys
import warnings
from dataclasses import dataclass

import needs  # noqa: F401 (before what it checks for)

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import brink_io
import figures
import picture

STRIP_CELLS = 1 << 22  # read at a time
MARKED_MAX = 64        # rows that get a marker each; more are a line with a band
QUARTILES = (0.25, 0.5, 0.75)
FEW = 5                # converged cells; a point that rests on fewer is marked
CURVES_MAX = 8         # degrees of regularity in the figure of steps
POINTS_MAX = 600       # of a curve


@dataclass
class Claim:
    """What the figure shows. R degrees of regularity, S starts."""

    axis: figures.GridAxis  # the regularity axis
    dor: np.ndarray         # [R]
    counts: np.ndarray      # [R, 128] cells by status
    divergence: np.ndarray  # [R, S] first divergent h/h_GF; inf: none on the axis; NaN: unknown
    lowest: np.ndarray      # [R, S] the smallest rate of the axis diverges: divergence is a bound
    unsure: np.ndarray      # [R, S] cells below the first divergence are not computed yet
    edge: np.ndarray        # [R, S] largest edge_end of converged cells below; NaN: there is none
    support: np.ndarray     # [R, S] converged cells below the first divergence
    range: tuple            # smallest and largest h/h_GF of the sweep


def first_divergence(status, ratio, edge, codes):
    """(divergence, lowest, unsure, edge, support) of starts [S] from arrays [S, rates].

    The rates grow. Cells whose rate is undefined do not count. While the file is unfinished, the
    first divergence found so far is a bound (unsure), and none found so far is unknown (NaN).
    """
    diverged = status == codes["diverged"]
    counted = status != codes.get("undefined", -1)
    never = ~diverged.any(axis=1)
    first = np.where(never, status.shape[1], diverged.argmax(axis=1))
    below = np.arange(status.shape[1]) < first[:, None]
    unsure = (below & (status == brink_io.PENDING)).any(axis=1)
    at = np.take_along_axis(ratio, np.minimum(first, status.shape[1] - 1)[:, None], axis=1)[:, 0]
    none = np.where(unsure | ~counted.any(axis=1), np.nan, np.inf)
    converged = below & (status == codes["converged"])
    settled = np.where(converged, edge, -np.inf).max(axis=1)
    settled[np.isinf(settled)] = np.nan
    lowest = ~never & ~(below & counted).any(axis=1)
    return np.where(never, none, at), lowest, unsure, settled, np.count_nonzero(converged, axis=1)


def check_axes(sweep, needs):
    """The name of the axis of regularity; a UsageError if it, lr or a measure is missing."""
    name = brink_io.regularity_axis(sweep)
    if name is None or "lr" not in sweep.dims:
        raise figures.UsageError("convergence needs an axis lr and one of dor, a, b; the file has "
                                 + ", ".join(sweep["status"].dims))
    missing = [field for field in needs if field not in sweep]
    if missing:
        raise figures.UsageError(f"the file does not store {' and '.join(missing)}: "
                                 "`record: basic` does")
    return name


def row_strips(sweep, name):
    """Lists of parts of whole rows of axis `name`; no part is much above STRIP_CELLS cells."""
    size = sweep.sizes[name]
    row = sweep["status"].size // size
    others = [dim for dim in sweep["status"].dims if dim not in (name, "lr")]
    step = max(1, STRIP_CELLS // row)
    for first in range(0, size, step):
        part = sweep.isel({name: slice(first, first + step)})
        if row > STRIP_CELLS and others:
            count = max(1, STRIP_CELLS * part.sizes[others[0]] // row)
            yield [part.isel({others[0]: slice(start, start + count)})
                   for start in range(0, part.sizes[others[0]], count)]
        else:
            yield [part]


def read_claim(sweep):
    """The Claim of an opened sweep; a few rows of the regularity axis are in memory at a time."""
    fields = ["status", "flow_ratio", "edge_end"]
    name = check_axes(sweep, fields)
    codes = {word: value for value, word in brink_io.status_names(sweep).items()}
    order = np.argsort(sweep["lr"].values)
    counts, rows, low, high = [], [], np.inf, -np.inf
    for parts in row_strips(sweep[fields], name):
        found = []  # of each part, of each row: counts and starts
        for part in parts:
            arrays = [part[field].transpose(name, ..., "lr").values for field in fields]
            known = arrays[1][np.isfinite(arrays[1])]
            low, high = min(low, known.min(initial=np.inf)), max(high, known.max(initial=-np.inf))
            found.append([])
            for row in zip(*arrays):
                status, ratio, edge = (array.reshape(-1, order.size)[:, order] for array in row)
                found[-1].append((np.bincount(status.ravel(), minlength=128),
                                  first_divergence(status, ratio, edge, codes)))
        for row in zip(*found):
            counts.append(np.sum([count for count, _ in row], axis=0))
            rows.append([np.concatenate(column) for column in zip(*(part for _, part in row))])
    return Claim(figures.grid_axis(sweep, name), np.atleast_1d(sweep["dor"].values),
                 np.array(counts), *(np.array(column) for column in zip(*rows)), (low, high))


def quartiles(values):
    """[R, S] -> [R, 3], over the known starts; infinite values sort last. NaN where none is."""
    result = np.full((len(values), 3), np.nan)
    for row, known in zip(result, values):
        known = np.sort(known[~np.isnan(known)])
        if known.size:
            row[:] = np.quantile(known, QUARTILES, method="nearest")
    return result


# ---- panels

def draw_shares(axes, claim, names):
    """Stacked shares of the verdicts; returns the legend in the order of the stack."""
    total = claim.counts.sum(axis=1)
    position, edges = claim.axis.position, claim.axis.edges
    bottom = np.zeros(len(total))
    handles = []
    order = sorted((value for value in names if claim.counts[:, value].any()),
                   key=lambda value: (value == brink_io.PENDING, STACK.index(names[value])
                                      if names[value] in STACK else len(STACK)))
    for value in order:
        name = names[value]
        height = 100 * claim.counts[:, value] / total
        style = figures.pending_style() if value == brink_io.PENDING else {
            "facecolor": figures.STATUS_COLOURS.get(name, "#999999")}
        if claim.axis.named:
            axes.bar(position, height, 0.86, bottom=bottom, label=name, **style)
        else:
            axes.fill_between(edges, np.append(bottom, bottom[-1]),
                              np.append(bottom + height, bottom[-1] + height[-1]), step="post",
                              label=name, **{"linewidth": 0, **style})
        bottom += height
        label = "not computed yet" if value == brink_io.PENDING else (
            figures.STATUS_LABELS.get(name, name))
        handles.append(Patch(label=label, **style))
    axes.set(ylim=(0, 100), ylabel="cells (%)")
    return handles


# From what settles to what escapes.
STACK = ("converged", "stationary_start", "saddle", "axis", "unsettled", "periodic", "bounded",
         "undefined", "diverged")


def draw_quartiles(axes, claim, found, values, absent):
    """Median line and quartile bars [R, 3] of `found` [R, S]; gaps where there is no median.

    Rows of an unfinished file that may still change are hollow. Above a row for which only some
    starts have a value stands how many, or the word `absent`.
    """
    position, line = claim.axis.position, figures.theme["line"]
    middle = np.where(np.isfinite(values[:, 1]), values[:, 1], np.nan)
    unsure = claim.unsure.any(axis=1)
    axes.plot(position, middle, color=line, zorder=3)
    if position.size <= MARKED_MAX:
        for rows, face in ((~unsure, line), (unsure, figures.theme["page"])):
            axes.plot(position[rows], middle[rows], "o", color=line, markerfacecolor=face,
                      markersize=3.2, zorder=3.5)
    known = np.count_nonzero(~np.isnan(found), axis=1)
    starts = found.shape[1]
    if position.size <= 16:
        for place, count in zip(position[known < starts], known[known < starts]):
            axes.text(place, 1.02, f"{count}" if starts > 1 else absent, size=5,
                      color=figures.theme["faint"], ha="center", va="bottom",
                      transform=axes.get_xaxis_transform())
    high = axes.get_ylim()[1]
    spread = np.isfinite(values[:, 0]) & (values[:, 2] > values[:, 0])
    top = np.where(np.isfinite(values[:, 2]), values[:, 2], high)
    if position.size <= MARKED_MAX:
        axes.vlines(position[spread], values[spread, 0], top[spread], color=line, alpha=0.35,
                    linewidth=3.5, zorder=2)
    else:
        axes.fill_between(position, values[:, 0], top, where=spread, color=line, alpha=0.35,
                          linewidth=0, zorder=2)


def draw_divergence(axes, claim):
    """First divergent h/h_GF; arrows where it lies beyond the axis. Returns legend entries."""
    position, values = claim.axis.position, quartiles(claim.divergence)
    low, high = claim.range
    span = (high / low) ** 0.1 if np.isfinite(high / low) else 10
    axes.set(yscale="log", ylim=(low / span, high * span),
             ylabel="first divergent\n$h\\,/\\,h_\\mathrm{GF}$")
    axes.axhline(1, color=figures.theme["faint"], linewidth=0.6, zorder=1)
    draw_quartiles(axes, claim, claim.divergence, values, "?")
    handles = []
    never = np.isposinf(values[:, 1])
    bound = claim.lowest.mean(axis=1) >= 0.5
    for rows, marker, level, label in (
            (never, "^", high, "no divergence up to here"),
            (bound, "v", low, "diverges from the smallest rate")):
        style = {"marker": marker, "color": figures.theme["line"],
                 "markerfacecolor": figures.theme["page"],
                 "markersize": 4.5 if position.size <= MARKED_MAX else 2,
                 "linestyle": "none", "zorder": 4}
        if rows.any():
            axes.plot(position[rows], np.full(rows.sum(), level), label=label, **style)
            handles.append(Line2D([], [], label=label, **style))
    return handles


def draw_edge(axes, claim):
    """Largest edge_end of converged cells below the first divergence; the edge itself is 1.

    Returns legend entries.
    """
    values = quartiles(claim.edge)
    top = np.nanmax(values, initial=1)
    axes.set(ylim=(-0.05 * top, 1.12 * top), ylabel="largest end\n$h\\cdot\\mathrm{sharpness}/2$")
    axes.axhline(1, color=figures.theme["faint"], linewidth=0.6, zorder=1)
    draw_quartiles(axes, claim, claim.edge, values, "none")
    few = (np.median(claim.support, axis=1) < FEW) & np.isfinite(values[:, 1])
    if not few.any():
        return []
    style = {"marker": "o", "markersize": 6.5, "markerfacecolor": "none", "linestyle": "none",
             "color": figures.STATUS_COLOURS["diverged"], "zorder": 4}
    label = f"fewer than {FEW} converged cells"
    axes.plot(claim.axis.position[few], values[few, 1], label=label, **style)
    return [Line2D([], [], label=label, **style)]


def draw_ground(axes, claim, words):
    """Tints good (dor <= 1) and bad regularity where the axis holds both."""
    good = claim.dor <= 1
    if good.all() or not good.any():
        return
    edges = claim.axis.edges
    for low, high, row in zip(edges[:-1], edges[1:], good):
        axes.axvspan(low, high, color=figures.theme["good" if row else "bad"], linewidth=0,
                     zorder=0)
    if words:
        for rows, word in ((good, "good regularity"), (~good, "bad regularity")):
            place = claim.axis.position[rows]
            axes.text((place.min() + place.max()) / 2, 1.03, word, ha="center", va="bottom",
                      transform=axes.get_xaxis_transform(), color=figures.theme["faint"], size=6.5)


def convergence_figure(sweep, slices=(), width="column"):
    """The three panels of an opened sweep as a Figure; see the module's head."""
    chosen = picture.indices(sweep, slices)
    words = picture.words_of(sweep, chosen)
    sweep = sweep.isel(chosen)
    claim = read_claim(sweep)
    names = brink_io.status_names(sweep)
    starts = claim.divergence.shape[1]
    with plt.rc_context(figures.RC):
        figure, panels = plt.subplots(3, 1, figsize=(figures.WIDTHS[width], 5))
        for number, axes in enumerate(panels):
            draw_ground(axes, claim, number == 0)
            figures.set_axis(axes.xaxis, claim.axis)
        handles = draw_shares(panels[0], claim, names)
        handles += draw_divergence(panels[1], claim)
        handles += draw_edge(panels[2], claim)
        if starts > 1:
            handles.append(Line2D([], [], color=figures.theme["line"], marker="o", markersize=3.2,
                                  label=f"median of {starts} starts"))
            handles.append(Line2D([], [], color=figures.theme["line"], alpha=0.35, linewidth=3.5,
                                  label="quartiles"))
            if np.isnan(claim.edge).any():
                handles.append(Line2D([], [], linestyle="none",
                                      label=f"above: starts of {starts} with a value"))
        if claim.unsure.any():
            handles.append(Line2D([], [], color=figures.theme["line"], marker="o",
                                  markerfacecolor=figures.theme["page"],
                                  markersize=3.2, label="so far (unfinished file)"))
        for axes in panels[:-1]:
            axes.set_xlabel("")
            axes.tick_params(labelbottom=False)
        figure.align_ylabels(panels)
        done = claim.counts.sum() - claim.counts[:, brink_io.PENDING].sum()
        footer = figures.provenance(sweep, done, claim.counts.sum(), words)
        height = 1.15 if width == "column" else 1.5
        return figures.arrange(figure, [(axes, height) for axes in panels],
                               sweep.attrs.get("title", ""), footer, handles,
                               columns=2 if width == "column" else 4)


# ---- steps against the learning rate

@dataclass
class Curve:
    """Steps to convergence of one degree of regularity; medians over starts, [points]."""

    name: str
    ratio: np.ndarray   # h/h_GF
    steps: np.ndarray   # NaN where no start converged
    linear: np.ndarray  # what the rate at the minimum alone would take


def read_curve(part, name, tolerance, code):
    """The Curve of one row of the regularity axis; starts beyond STRIP_CELLS are left out."""
    fields = ("status", "flow_ratio", "edge_end", "steps")
    for dim in part["status"].dims:
        if dim != "lr" and part["status"].size > STRIP_CELLS:
            kept = max(1, STRIP_CELLS * part.sizes[dim] // part["status"].size)
            part = part.isel({dim: np.unique(np.linspace(0, part.sizes[dim] - 1, kept, dtype=int))})
    order = np.argsort(part["lr"].values)
    status, ratio, edge, steps = (part[field].transpose(..., "lr").values.reshape(
        -1, order.size)[:, order] for field in fields)
    converged = status == code
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # rates at which no start converged
        linear = np.log(tolerance) / np.log(abs(1 - 2 * edge))
        curves = [np.nanmedian(np.where(kept, values, np.nan), axis=0)
                  for values, kept in ((ratio, np.isfinite(ratio)), (steps, converged),
                                       (linear, converged & (linear > 0)))]
        factor = -(-order.size // POINTS_MAX)
        curves = [np.nanmedian(np.pad(values, (0, -order.size % factor),
                                      constant_values=np.nan).reshape(-1, factor), axis=1)
                  for values in curves]
    return Curve(name, *curves)


def steps_figure(sweep, slices=(), width="column"):
    """Steps to convergence against h/h_GF, one line per degree of regularity."""
    chosen = picture.indices(sweep, slices)
    words = picture.words_of(sweep, chosen)
    sweep = sweep.isel(chosen)
    name = check_axes(sweep, ("flow_ratio", "edge_end", "steps"))
    axis = figures.grid_axis(sweep, name)
    size = axis.values.size
    rows = np.unique(np.linspace(0, size - 1, min(size, CURVES_MAX)).round().astype(int))
    if rows.size < size:
        words = [*words, f"{rows.size} of {size} values of {name}"]
    codes = {word: value for value, word in brink_io.status_names(sweep).items()}
    tolerance = brink_io.spec(sweep)["stop"]["grad_tol"]
    done = sum(np.count_nonzero(part["status"].values != brink_io.PENDING)
               for parts in row_strips(sweep[["status"]], name) for part in parts)
    with plt.rc_context(figures.RC):
        figure, axes = plt.subplots(figsize=(figures.WIDTHS[width], 3))
        handles = []
        for row, shade in zip(rows, figures.shades(rows.size)):
            curve = read_curve(sweep.isel({name: row}), axis.names[row], tolerance,
                               codes["converged"])
            axes.plot(curve.ratio, curve.linear, color=shade, linewidth=0.6, linestyle=(0, (3, 1)))
            handles += axes.plot(curve.ratio, curve.steps, color=shade, linewidth=1.1,
                                 label=f"{axis.short} = {curve.name}")
        starts = sweep["status"].size // (size * sweep.sizes["lr"])
        axes.set(xscale="log", yscale="log", xlabel=figures.LR_LABELS["flow"],
                 ylabel="steps to convergence" + (f"\n(median of {starts} starts)"
                                                  if starts > 1 else ""))
        axes.axvline(1, color=figures.theme["faint"], linewidth=0.6, zorder=1)
        handles.append(Line2D([], [], color=figures.theme["faint"], linewidth=0.6,
                              linestyle=(0, (3, 1)), label="at the rate of its minimum"))
        footer = figures.provenance(sweep, done, sweep["status"].size, words)
        return figures.arrange(figure, [(axes, 2.3 if width == "column" else 3.4)],
                               sweep.attrs.get("title", ""), footer, handles,
                               columns=2 if width == "column" else 4)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="a result file of brink with axes lr and dor, a or b")
    parser.add_argument("--steps", action="store_true",
                        help="steps to convergence against h/h_GF instead")
    figures.add_slice(parser)
    figures.add_drawing(parser, "FILE-convergence.png")
    figures.add_watch(parser)
    options = parser.parse_args(arguments)
    make, suffix = ((steps_figure, "-steps") if options.steps
                    else (convergence_figure, "-convergence"))
    figures.draw(options, lambda: make(brink_io.open(options.file), options.slice,
                                       options.width), suffix)


if __name__ == "__main__":
    sys.exit(figures.run_tool(main, sys.argv[1:]))
