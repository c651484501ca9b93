# SPDX-License-Identifier: MIT
"""Draws the landscape of the objectives of a sweep: F, |F'| and sharpness along s = x y.

Good regularity (degree of regularity up to 1) concentrates the sharpness at the minimum s = 1; bad
regularity spreads it outward, so that gradient descent with a large rate has nowhere to land.
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

CURVES_MAX = 10
DOR = (0.25, 0.5, 0.75, 1, 2, 6, 10, 14)


def of_file(path):
    """(degrees of regularity, title, footer) of a result file, or of none."""
    if path is None:
        return np.array(DOR), "The regularity family", ["arXiv 2310.17087"]
    sweep = brink_io.open(path)
    if "dor" not in sweep.coords:
        raise figures.UsageError(f"{path}: no degree of regularity: not of the regularity family")
    dor = np.unique(np.atleast_1d(sweep["dor"].values))
    kept = np.unique(np.linspace(0, dor.size - 1, min(dor.size, CURVES_MAX)).round().astype(int))
    title, footer = figures.source_words(path)
    return dor[kept], title, footer


def along_ray(curve, s):
    """Sharpness where |x| = |y|, the flattest point of each level s = x y."""
    size = np.sqrt(abs(s))
    return curve.sharpness(size, np.sign(s) * size)


def shades(dor):
    """One colour each: cold for good regularity, warm for bad, darker with the degree."""
    good = np.count_nonzero(dor <= 1)
    cold = plt.get_cmap("winter")(np.linspace(0.4 if figures.is_dark() else 0, 0.85, max(good, 1)))
    warm = plt.get_cmap("autumn_r")(np.linspace(0.3, 1, max(dor.size - good, 1)))
    return [*cold[:good], *warm[:dor.size - good]]


def landscape_figure(dor, title, footer, width="column"):
    """F, |F'| and sharpness along s for the degrees `dor` (growing) as a Figure."""
    s = np.linspace(-2.5, 4.5, 1401)
    with plt.rc_context(figures.RC):
        figure, panels = plt.subplots(3, 1, figsize=(figures.WIDTHS[width], 5))
        handles = []
        for value, colour in zip(dor, shades(dor)):
            curve = objective.of_dor(value)
            style = {"color": colour, "linewidth": 1.0,
                     "linestyle": "solid" if value <= 1 else (0, (5, 1.2))}
            unit = curve.curvature_minimum  # so that all minima are equally sharp
            panels[0].plot(s, curve.excess(s) / unit, **style)
            panels[1].plot(s, abs(curve.slope(s)) / unit, **style)
            panels[2].plot(s, along_ray(curve, s) / (2 * unit), **style)
            handles.append(Line2D([], [], label=f"dor {figures.number(value)}", **style))
        for axes, label, limits in zip(
                panels, ("$(F-F_{\\min})\\,/\\,F''(1)$", "$|F'|\\,/\\,F''(1)$",
                         "sharpness /\nsharpness at $s=1$"),
                ((0, 4), (0, 4), (-0.6, 4))):
            axes.set(xlim=(s[0], s[-1]), ylim=limits, ylabel=label)
            axes.axvline(1, color=figures.theme["faint"], linewidth=0.6, zorder=1)
        panels[2].axhline(1, color=figures.theme["faint"], linewidth=0.6, zorder=1)
        panels[2].set_xlabel("$s=xy$   (sharpness at $|x|=|y|$)")
        for axes in panels[:-1]:
            axes.tick_params(labelbottom=False)
        figure.align_ylabels(panels)
        height = 1.15 if width == "column" else 1.5
        return figures.arrange(figure, [(axes, height) for axes in panels], title, footer, handles,
                               columns=4 if width == "column" else 8)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?",
                        help="a result file of brink with dor, a or b [the family]")
    figures.add_drawing(parser, "FILE-landscape.png")
    options = parser.parse_args(arguments)
    figures.use_theme(options.theme)
    figure = landscape_figure(*of_file(options.file), options.width)
    figures.save(figure, figures.output_path(options.output, options.file or "brink",
                                             "-landscape"))


if __name__ == "__main__":
    sys.exit(figures.run_tool(main, sys.argv[1:]))
