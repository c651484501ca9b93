#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where networks end, by activation, loss and norm, beside their empirical degree of regularity.

    python3 analysis/regularity.py FILE.h5 [-o FIGURE] [--slice seed#0]

One row for each combination of named axes (activation, loss, norm), the most regular first; one dot
for each learning rate at which the training did not diverge: how near the edge of stability it
ends, how balanced its layers become, and how high the loss rose before. Within a row the dots rise
with the learning rate, so that none hides another; a cross at the right is one that diverged. Needs
the fields edge_end, balance, loss_peak; with dor (record: full) the degree along the ray of the
start stands beside.
"""
import argparse
import itertools
import sys

import needs

needs.modules("matplotlib", "numpy")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402

import brink_io  # noqa: E402
import figures  # noqa: E402
import picture  # noqa: E402

NAMED = ("activation", "loss", "norm", "bias")
WORDS = {("norm", "none"): "", ("bias", "true"): "bias", ("bias", "false"): ""}  # in a row's name
RATES = ("lr", "lr1")
MEASURES = ("edge_end", "balance", "loss_peak")
SPREAD = 0.56      # of a row that its dots take up
NEAR, FAR = 2, 10  # a balance beyond FAR makes its axis logarithmic beyond NEAR


def row_name(axes, places):
    """"relu, mse, batch": the words of a row, without those that say that something is not."""
    words = [WORDS.get((axis.name, axis.names[place]), axis.names[place])
             for axis, place in zip(axes, places)]
    return ", ".join(word for word in words if word) or "plain"


def rows_of(sweep, slices):
    """([(name, part over the learning rate)], the rate's axis, words on the slices)."""
    missing = [name for name in MEASURES if name not in sweep]
    if missing:
        raise figures.UsageError(f"the file has no {', '.join(missing)}")
    named = [name for name in NAMED if name in sweep["status"].dims]
    rate = next((name for name in RATES if name in sweep["status"].dims), None)
    if not named or rate is None:
        raise figures.UsageError("the file needs the axis lr (or lr1) and one of activation, loss, "
                                 "norm, bias")
    chosen = picture.indices(sweep, slices)
    chosen.update((name, 0) for name in sweep["status"].dims
                  if name not in (*named, rate, *chosen))
    if rate in chosen:
        raise figures.UsageError(f"--slice: {rate} is what the dots are drawn for")
    words = picture.words_of(sweep, chosen)
    part = sweep.isel(chosen)
    axes = [figures.grid_axis(sweep, name) for name in named if name in part.dims]
    rows = []
    for places in itertools.product(*(range(axis.values.size) for axis in axes)):
        chosen = {axis.name: place for axis, place in zip(axes, places)}
        rows.append((row_name(axes, places), part.isel(chosen)))
    return rows, rate, words


def degree(part):
    """The empirical degree of regularity of a row, NaN if it is not stored."""
    if "dor" not in part.data_vars:
        return np.nan
    values = part["dor"].values
    return np.nanmedian(values) if np.isfinite(values).any() else np.nan


def order(row):
    """Sorts rows: the most regular first, to what a degree is computed to; then by name."""
    title, part = row
    found = degree(part)
    return np.isnan(found), 0 if np.isnan(found) else round(float(found), 3), title


def heights(place, count):
    """Where the dots of row `place` lie: they rise (on an axis that falls) with the rate."""
    return place + (SPREAD * (0.5 - np.arange(count) / (count - 1)) if count > 1 else np.zeros(1))


def draw_rows(panels, rows, shades, diverged):
    """The dots of each row; returns the values drawn, by measure."""
    drawn = {name: [] for name in MEASURES}
    for place, (_, part) in enumerate(rows):
        ended = part["status"].values != diverged
        height = heights(place, ended.size)
        for axes, name in zip(panels, MEASURES):
            if place % 2:
                axes.axhspan(place - 0.5, place + 0.5, color=figures.theme["blank"], linewidth=0,
                             zorder=0)
            values = part[name].values[ended]
            axes.scatter(values, height[ended], c=shades[ended], s=10, linewidth=0.3,
                         edgecolor=figures.theme["page"], zorder=3)
            drawn[name] += list(values[np.isfinite(values)])
            for row in np.flatnonzero(~ended):
                axes.plot(1.0, height[row], "x", color=shades[row], markersize=3.2,
                          markeredgewidth=1.1, clip_on=False,
                          transform=axes.get_yaxis_transform())
    return drawn


def set_measures(panels, drawn):
    """Scales, limits and yardsticks of the three measures; returns words on the axes."""
    edge, balance, peak = panels
    words = []
    edge.set(xlabel="$h\\cdot$sharpness/2 at the end")
    low, high = min([0.0, *drawn["edge_end"]]), max([1.0, *drawn["edge_end"]])
    edge.set_xlim(low - 0.03 * (high - low), high + 0.06 * (high - low))
    edge.axvline(1, color=figures.theme["line2"], linewidth=0.8, zorder=1)
    balance.set(xlabel="balance, end over start")
    low, high = min([0.0, *drawn["balance"]]), max([1.0, *drawn["balance"]])
    if max(-low, high) > FAR:
        figures.set_linear_range(balance.xaxis, NEAR, 2 * low if low < -NEAR else -0.25 * NEAR,
                                 2 * high)
        words = [f"balance: shaded linear, to ±{NEAR}; logarithmic beyond"]
    else:
        balance.set_xlim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    for bound in (-0.5, 0.5):
        balance.axvline(bound, color=figures.theme["line2"], linewidth=0.8, zorder=1)
    highest = max([1.0, *drawn["loss_peak"]])
    peak.set(xlabel="peak of the loss over its start")
    if highest > 30:
        peak.set_xscale("log")
    peak.set_xlim(0.8 if highest > 30 else 1 - 0.06 * max(highest - 1, 0.5),
                  2 * highest if highest > 30 else 1 + 1.06 * max(highest - 1, 0.5))
    return words


def regularity_figure(sweep, slices=(), width="page"):
    """The panels of an opened sweep as a Figure; see the module's head."""
    rows, rate, words = rows_of(sweep, slices)
    rows.sort(key=order)
    grid = figures.grid_axis(sweep, rate)
    shades = figures.shades(grid.values.size)
    diverged = {word: value for value, word in brink_io.status_names(sweep).items()}["diverged"]
    beside = width == "page"
    with plt.rc_context(figures.RC):
        figure, panels = plt.subplots(*((1, 3) if beside else (3, 1)), sharey=beside,
                                      figsize=(figures.WIDTHS[width], 3))
        words = [*words, *set_measures(panels, draw_rows(panels, rows, shades, diverged))]
        labels = [title + ("" if np.isnan(degree(part)) else f"   dor {degree(part):.2g}")
                  for title, part in rows]
        for axes in panels[:1] if beside else panels:
            axes.set_yticks(range(len(rows)), labels)
            axes.set_ylim(len(rows) - 0.45, -0.55)
        for axes in panels:
            axes.tick_params(axis="y", length=0)
            axes.spines[["top", "right", "left"]].set_visible(False)
        label = figures.LR_LABELS.get(sweep.attrs["lr_unit"], "learning rate")
        handles = [Line2D([], [], color=shade, marker="o", linestyle="none", markersize=3.6,
                          label=f"{label} = {name}") for shade, name in zip(shades, grid.names)]
        if any((part["status"].values == diverged).any() for _, part in rows):
            handles.append(Line2D([], [], color=figures.theme["faint"], marker="x", markersize=3.2,
                                  linestyle="none", label="diverged"))
        handles.append(Line2D([], [], color=figures.theme["line2"], linewidth=0.8,
                              label="edge of stability; balanced"))
        status = sweep["status"].values
        footer = figures.provenance(sweep, np.count_nonzero(status != brink_io.PENDING),
                                    status.size, words)
        height = 0.28 * len(rows) + 0.1
        stacked = [(list(panels), height)] if beside else [(axes, height) for axes in panels]
        return figures.arrange(figure, stacked, sweep.attrs.get("title", ""), footer, handles,
                               columns=3 if beside else 2)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="a result file of the model network")
    figures.add_slice(parser)
    figures.add_drawing(parser, "FILE-regularity.png")
    figures.add_watch(parser)
    parser.set_defaults(width="page")
    options = parser.parse_args(arguments)
    figures.draw(options, lambda: regularity_figure(brink_io.open(options.file), options.slice,
                                                    options.width), "-regularity")


if __name__ == "__main__":
    sys.exit(figures.run_tool(main, sys.argv[1:]))
