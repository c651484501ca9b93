#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Loss and sharpness against the step for each learning rate of a network sweep, with 2/h.

    python3 analysis/curves.py FILE.h5 [-o FIGURE] [--slice activation#0] [--last N]

One colour per learning rate; the dashed line of its colour is 2/h, the edge of stability. One far
above all sharpness is an arrow at the top, and the legend has its value. Needs curves in the file
(train: {curves_every: N}).
"""
import argparse
import sys

import needs

needs.modules("matplotlib", "numpy")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib import ticker  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402

import brink_io  # noqa: E402
import figures  # noqa: E402
import picture  # noqa: E402

DASHES = (0, (4, 2))
LINES_MAX = 8
ROOM = 1.5  # lines at 2/h are drawn up to so many times the largest sharpness
ABOVE = "\u25b2"  # the arrow, in words
AXES = ("lr", "lr1")  # a rate that the lines may be told apart by


def choose(sweep, slices):
    """(one-dimensional part over the learning rate, its curves, words on the slices)."""
    curves = brink_io.curves(sweep)
    if not curves.data_vars:
        raise figures.UsageError("the file has no curves: run with train.curves_every=N")
    axis = next((name for name in AXES if name in sweep["status"].dims), None)
    if axis is None:
        raise figures.UsageError("the file has no axis lr or lr1 to draw curves for")
    chosen = picture.indices(sweep, slices)
    chosen.update((name, 0) for name in sweep["status"].dims if name not in (axis, *chosen))
    words = picture.words_of(sweep, chosen)
    if axis in chosen:
        raise figures.UsageError(f"--slice: {axis} is what the lines are drawn for")
    curves = curves.assign_coords(
        {name: sweep[name] for name in sweep["status"].dims if name in sweep.coords})
    return axis, sweep.isel(chosen), curves.isel(chosen), words


def draw_limits(axes, limits, shades, sharpness):
    """The lines at 2/h in the range that is drawn, arrows for those above; returns which are."""
    known = sharpness[np.isfinite(sharpness)]
    top = known.max(initial=0) or min(limits)
    above = limits > ROOM * top
    axes.set_ylim(0, 1.15 * max([top, *limits[~above]]))
    for limit, shade in zip(limits[~above], shades[~above]):
        axes.axhline(limit, color=shade, linewidth=0.8, linestyle=DASHES)
    for place, shade in enumerate(shades[above][::-1]):
        axes.plot(0.97 - 0.05 * place, 0.96, "^", color=shade, markersize=4,
                  transform=axes.transAxes)
    return above


def limit_handle(some_above):
    """The legend of 2/h."""
    label = "2/$h$, edge of stability" + (f" ({ABOVE} above)" if some_above else "")
    return Line2D([], [], color=figures.theme["faint"], linewidth=0.8, linestyle=DASHES,
                  label=label)


def curves_figure(sweep, slices=(), last=None, width="column"):
    """The two panels of an opened sweep as a Figure; see the module's head."""
    axis, part, curves, words = choose(sweep, slices)
    grid = figures.grid_axis(sweep, axis)
    size = grid.values.size
    shown = np.unique(np.linspace(0, size - 1, min(size, LINES_MAX)).round().astype(int))
    if shown.size < size:
        words = [*words, f"{shown.size} of {size} values of {axis}"]
    step, rate = curves["step"].values, part["lr_actual"].values
    kept = slice(None) if last is None else step >= step[-1] - last
    with plt.rc_context(figures.RC):
        figure, (above, below) = plt.subplots(2, 1, figsize=(figures.WIDTHS[width], 4))
        limits, shades = 2 / rate[shown], figures.shades(shown.size)
        sharp = curves["sharpness"].isel({axis: shown}).values[..., kept]
        outside = draw_limits(below, limits, shades, sharp)
        handles = []
        for row, shade, limit, far in zip(shown, shades, limits, outside):
            loss = curves["training_loss"].isel({axis: row}).values[kept]
            sharpness = curves["sharpness"].isel({axis: row}).values[kept]
            there = np.isfinite(sharpness)
            label = f"$h$ = {figures.number(float(rate[row]))}"
            label += f" ({ABOVE} 2/$h$ = {limit:.3g})" if far else ""
            handles += above.plot(step[kept], loss, color=shade, linewidth=0.9, label=label)
            below.plot(step[kept][there], sharpness[there], color=shade, linewidth=0.9)
        above.set(yscale="log", ylabel="loss")
        low, high = above.get_ylim()
        if high < 10 * low:  # within a decade powers of ten say little
            above.yaxis.set_major_formatter("{x:g}")
            above.yaxis.set_minor_formatter("{x:g}")
            if high > 3 * low:
                above.yaxis.set_minor_locator(ticker.LogLocator(subs=(2, 3, 5)))
        below.set(xlabel="step", ylabel="sharpness")
        for axes in (above, below):
            axes.set_xlim(step[kept][0], step[kept][-1])
            axes.spines[["top", "right"]].set_visible(False)
        above.tick_params(labelbottom=False)
        figure.align_ylabels([above, below])
        handles.append(limit_handle(outside.any()))
        status = sweep["status"].values
        footer = figures.provenance(sweep, np.count_nonzero(status != brink_io.PENDING),
                                    status.size, words)
        height = 1.4 if width == "column" else 2
        return figures.arrange(figure, [(above, height), (below, height)],
                               sweep.attrs.get("title", ""), footer, handles,
                               columns=2 if width == "column" else 4)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="a result file of the model network with curves")
    parser.add_argument("--last", type=int, metavar="N", help="only the last N steps")
    figures.add_slice(parser)
    figures.add_drawing(parser, "FILE-curves.png")
    figures.add_watch(parser)
    options = parser.parse_args(arguments)
    figures.draw(options, lambda: curves_figure(brink_io.open(options.file), options.slice,
                                                options.last, options.width), "-curves")


if __name__ == "__main__":
    sys.exit(figures.run_tool(main, sys.argv[1:]))
