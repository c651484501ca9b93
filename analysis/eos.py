# SPDX-License-Identifier: MIT
"""Draws trajectories: loss and sharpness against the step with 2/h, and the path in the plane.

Cells are recomputed by `brink trace`, so what is drawn has the bits of the sweep. A cell is written
as for `brink trace`, its words joined by commas: "dor=0.5,lr#700".
"""
import argparse
import sys

import needs  # noqa: F401 (before what it checks for)

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

import brink_io
import figures
import objective
import traces

POINTS_MAX = 20000
CELLS_MAX = len(figures.CURVES)


def objective_of(path, trace):
    """The Objective of a Trace of a result file, None where it is not of the regularity family."""
    if not path.endswith(".h5"):
        return None
    sweep = brink_io.open(path)
    if "dor" not in sweep.coords:
        return None
    return objective.of_dor(float(sweep["dor"].isel(trace.places, missing_dims="ignore")))


def steps_of(trace):
    """Steps from 1 on for a log axis: the start is at 1/2."""
    return np.where(trace["step"] > 0, trace["step"], 0.5)


def draw_loss(axes, found):
    """Loss above its minimum; a loss that underflows to 0 ends the line."""
    for colour, trace in zip(figures.CURVES, found):
        loss = np.where(trace["loss"] > 0, trace["loss"], np.nan)
        axes.plot(steps_of(trace), loss, color=colour, linewidth=0.9)
    axes.set(yscale="log", ylabel="loss above\nits minimum")


def draw_sharpness(axes, found):
    """Sharpness with 2/h of the same colour."""
    highest, lowest = 0, np.inf
    for colour, trace in zip(figures.CURVES, found):
        axes.plot(steps_of(trace), trace["sharpness"], color=colour, linewidth=0.9)
        axes.axhline(2 / trace.rate, color=colour, linewidth=0.9, linestyle=(0, (4, 1.6)))
        known = trace["sharpness"][np.isfinite(trace["sharpness"])]
        highest = max(highest, 2 / trace.rate, np.percentile(known, 98))
        lowest = min(lowest, known.min())
    axes.set(ylabel="sharpness", xlabel="step",
             ylim=(min(0, max(lowest, -0.3 * highest)) - 0.03 * highest, 1.15 * highest))


def plane_limits(found):
    """(low, high) of x and of y that hold nearly all states, with a margin, equal in scale."""
    x, y = (np.concatenate([trace[name] for trace in found]) for name in ("x", "y"))
    inside = np.isfinite(x) & np.isfinite(y) & (abs(x) < 1e3) & (abs(y) < 1e3)
    spans = []
    for values in (x[inside], y[inside]):
        low, high = values.min(initial=np.inf), values.max(initial=-np.inf)
        margin = 0.08 * (high - low) + 0.05
        spans.append([low - margin, high + margin])
    size = max(high - low for low, high in spans)
    return [(sum(span) / 2 - size / 2, sum(span) / 2 + size / 2) for span in spans]


def draw_plane(axes, found, curve):
    """The paths over the contours of f and the minima x y = 1."""
    (left, right), (bottom, top) = plane_limits(found)
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel="$x$", ylabel="$y$")
    x, y = np.meshgrid(np.linspace(left, right, 400), np.linspace(bottom, top, 400))
    faint = figures.theme["faint"]
    if curve is not None:
        height = np.log10(curve.excess(x * y) + 1e-300)
        levels = np.linspace(max(-3, np.nanmin(height)), np.nanmax(height), 9)
        axes.contour(x, y, height, levels=levels, colors=faint, linewidths=0.35, alpha=0.7,
                     linestyles="solid")
    axes.contour(x, y, x * y, levels=[1], colors=figures.theme["ink"], linewidths=0.9)
    for colour, trace in zip(figures.CURVES, found):
        axes.plot(trace["x"], trace["y"], ".-", color=colour, linewidth=0.5, markersize=2,
                  alpha=0.8)
        axes.plot(trace["x"][0], trace["y"][0], "o", color=figures.theme["page"],
                  markeredgecolor=colour, markersize=4.5, zorder=4)
        axes.plot(trace["x"][-1], trace["y"][-1], "*", color=colour, zorder=5,
                  markeredgecolor=figures.theme["page"], markeredgewidth=0.4, markersize=8)


def legend_of(found):
    """One entry a cell, and what the lines and marks are."""
    ink, page = figures.theme["ink"], figures.theme["page"]
    handles = [Line2D([], [], color=colour, marker=".",
                      label=f"{trace.words}: {trace.status}, {trace.steps:,} steps")
               for colour, trace in zip(figures.CURVES, found)]
    return handles + [
        Line2D([], [], color=ink, linestyle=(0, (4, 1.6)), label="$2/h$"),
        Line2D([], [], color=ink, label="minima $xy=1$"),
        Line2D([], [], color=page, marker="o", markeredgecolor=ink, markersize=4.5,
               label="start"),
        Line2D([], [], color=ink, linestyle="none", marker="*", markersize=8, label="end")]


def shorten(words):
    """Numbers of "lr#858 = 4.994613977464354" as a figure shows them."""
    parts = []
    for part in words.split(", "):
        name, equals, value = part.partition(" = ")
        parts.append(f"{name} = {figures.number(float(value))}" if equals else part)
    return ", ".join(parts)


def eos_figure(found, curve, title, footer, width="column"):
    """Loss, sharpness and path of the Traces `found` (at most CELLS_MAX) as a Figure."""
    with plt.rc_context(figures.RC):
        figure, panels = plt.subplots(3, 1, figsize=(figures.WIDTHS[width], 5))
        draw_loss(panels[0], found)
        draw_sharpness(panels[1], found)
        draw_plane(panels[2], found, curve)
        longest = max(trace.steps for trace in found)
        for axes in panels[:2]:
            if longest > 300:
                axes.set_xscale("log")
                axes.set_xlim(0.5, longest * 1.1)
            else:
                axes.set_xlim(0, longest * 1.02 + 1)
        panels[0].tick_params(labelbottom=False)
        figure.align_ylabels(panels)
        heights = [1.2, 1.4, lambda panel: min(panel, 4.0)]
        return figures.arrange(figure, list(zip(panels, heights)), title, footer,
                               legend_of(found), columns=1 if width == "column" else 2)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="a result file of brink, or a specification of one cell")
    parser.add_argument("cells", nargs="*", metavar="CELL",
                        help='"dor=0.5,lr#700": nearest values or places on the axes')
    figures.add_drawing(parser, "FILE-eos.png")
    options = parser.parse_args(arguments)
    figures.use_theme(options.theme)
    cells = [cell.split(",") for cell in options.cells] or [[]]
    if len(cells) > CELLS_MAX:
        raise figures.UsageError(f"{len(cells)} cells: at most {CELLS_MAX} can be told apart")
    found = [traces.trace(options.file, words, "--max-points", str(POINTS_MAX))
             for words in cells]
    if "x" not in found[0].columns:
        raise figures.UsageError(f"{options.file}: no trajectory in a plane; use curves.py")
    curves = {objective_of(options.file, trace) for trace in found}
    for trace in found:
        trace.words = shorten(trace.words) or "the cell"
    title, footer = figures.source_words(options.file)
    figure = eos_figure(found, curves.pop() if len(curves) == 1 else None, title, footer,
                        options.width)
    figures.save(figure, figures.output_path(options.output, options.file, "-eos"))


if __name__ == "__main__":
    sys.exit(figures.run_tool(main, sys.argv[1:]))
