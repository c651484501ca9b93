# SPDX-License-Identifier: MIT
"""Draws two results of the same grid side by side, and where they differ.

Of verdicts the third panel shows which became which; a block of many cells shows its most frequent
change, so that one changed cell is seen. Of a measure it shows second - first, or their ratio.
"""
import argparse
import os
import sys

import needs  # noqa: F401 (before what it checks for)

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colors
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import brink_io
import figures
import labels
import phase
import picture

CHANGES_MAX = len(figures.CURVES)  # told apart by colour; the others are one
SAME, OTHER = "#d9d9d9", "#7a7a7a"


def check_grids(first, second):
    """A UsageError that says how the grids differ, if they do."""
    if first["status"].dims != second["status"].dims:
        raise figures.UsageError("the axes differ: " + ", ".join(first["status"].dims) + " and "
                                 + ", ".join(second["status"].dims))
    for name in first["status"].dims:
        left, right = first[name].values, second[name].values
        if left.shape != right.shape:
            raise figures.UsageError(f"axis {name} has {left.size} and {right.size} values")
        if not np.allclose(left, right, rtol=1e-12, atol=0):
            raise figures.UsageError(f"the values of axis {name} differ")
    if brink_io.status_names(first) != brink_io.status_names(second):
        raise figures.UsageError("the files are of models with different verdicts")


def read_changes(first, second):
    """(codes [rows, columns] of blocks, {(from, to): cells}, cells computed in both).

    A code is 128 from + to of the most frequent change in a block, 0 where nothing changed, -1
    where no cell is computed in both.
    """
    shape = np.atleast_2d(np.empty(first["status"].shape, "V0")).shape
    factors = tuple(-(-size // picture.CELLS_MAX) for size in shape)
    height = factors[0] * max(1, picture.STRIP_CELLS // (factors[0] * shape[1]))
    counts, compared, strips = np.zeros(128 * 128, int), 0, []
    for row in range(0, shape[0], height):
        left, right = (np.atleast_2d(part["status"][row:row + height].values
                                     if part["status"].ndim == 2 else part["status"].values)
                       .astype(int) for part in (first, second))
        known = (left != brink_io.PENDING) & (right != brink_io.PENDING)
        codes = np.where(known, np.where(left == right, 0, 128 * left + right), -1)
        compared += np.count_nonzero(known)
        changed, found = np.unique(codes[codes > 0], return_counts=True)
        counts[changed] += found
        blocks = picture.blocks(codes, factors, -1)
        reduced = np.where((blocks >= 0).any(axis=2), 0, -1)
        most = np.zeros(reduced.shape, int)
        for code in changed:
            here = np.count_nonzero(blocks == code, axis=2)
            reduced = np.where(here > most, code, reduced)
            most = np.maximum(most, here)
        strips.append(reduced)
    pairs = {divmod(int(code), 128): int(counts[code]) for code in np.flatnonzero(counts)}
    return np.concatenate(strips), pairs, compared


def verdict_handles(pictures, names):
    """One entry per verdict, with its shares in the first and in the second file."""
    counts = [shown.counts for shown in pictures]
    both = counts[0] + counts[1]
    colour = figures.status_colours(names)
    handles = []
    for value in sorted(np.flatnonzero(both[1:]) + 1, key=lambda value: -both[value]):
        name = names[value]
        shares = " / ".join(figures.share(count[value], count.sum()) for count in counts)
        handles.append(Patch(facecolor=colour[name], label=(
            f"{figures.STATUS_LABELS.get(name, name)}  {shares}")))
    return handles + phase.pending_handle(both)


def draw_changes(axes, shown, codes, pairs, names, compared):
    """The third panel for verdicts; returns its legend, most frequent change first."""
    order = sorted(pairs, key=lambda pair: -pairs[pair])
    table = np.full(128 * 128, len(order[:CHANGES_MAX]) + 1)
    table[0] = 0
    handles = [Patch(facecolor=SAME, label="same verdict  "
                     + figures.share(compared - sum(pairs.values()), compared))]
    for place, (before, after) in enumerate(order[:CHANGES_MAX]):
        table[128 * before + after] = place + 1
        handles.append(Patch(facecolor=figures.CURVES[place], label=(
            f"{names[before]} → {names[after]}  {pairs[before, after]:,}")))
    if len(order) > CHANGES_MAX:
        rest = sum(pairs[pair] for pair in order[CHANGES_MAX:])
        handles.append(Patch(facecolor=OTHER, label=f"other changes  {rest:,}"))
    faces = [SAME, *figures.CURVES[:len(order)], OTHER]
    phase.cells(axes, shown, np.ma.masked_array(table[codes], codes < 0),
                cmap=colors.ListedColormap(faces), vmin=-0.5, vmax=len(faces) - 0.5)
    if (codes < 0).any():
        axes.patch.set(**figures.pending_style())
    return handles


def draw_difference(axes, bar_axes, shown, left, right, ratio, label):
    """The third panel for a measure; where `left` or `right` [rows, columns] is NaN it is grey."""
    with np.errstate(all="ignore"):
        values = np.log10(right / left) if ratio else right - left
    values = np.where(np.isfinite(values), values, np.nan)
    known = values[np.isfinite(values)]
    size = (np.percentile(abs(known), 99.5) if known.size else 0) or 1
    axes.set_facecolor(phase.NEUTRAL["diverged"])
    mesh = phase.cells(axes, shown, np.ma.masked_invalid(values), cmap=phase.DIVERGING,
                       norm=colors.Normalize(-size, size))
    bar = axes.figure.colorbar(mesh, cax=bar_axes, extend=phase.extension(known, -size, size)
                               if known.size else "neither")
    words = ("log10 second / first: " if ratio else "second − first: ") + label
    height = phase.panel_height(shown, 0.8)
    bar.set_label(labels.broken(words, 1.6 if callable(height) else height))
    bar.outline.set_linewidth(0.5)


def compare_figure(first, second, field="status", slices=(), width="page"):
    """Two opened sweeps of one grid and their difference as a Figure."""
    check_grids(first, second)
    missing = [field for sweep in (first, second) if field not in sweep]
    if missing:
        raise figures.UsageError(f"--field {field}: not in both files")
    (left, words), (right, _) = picture.choose(first, slices), picture.choose(second, slices)
    names = brink_io.status_names(first)
    fields = [] if field == "status" else [field]
    pictures = [picture.read_picture(part, fields) for part in (left, right)]
    with plt.rc_context(figures.RC):
        figure = plt.figure(figsize=(figures.WIDTHS[width], 4))
        panels = [figure.add_axes([0.1 + 0.3 * place, 0.3, 0.2, 0.4]) for place in range(3)]
        codes, pairs, compared = read_changes(left, right)
        bar_axes = None
        if field == "status":
            for axes, shown in zip(panels, pictures):
                phase.draw_status(axes, shown, names)
            handles = verdict_handles(pictures, names)
            handles += draw_changes(panels[2], pictures[0], codes, pairs, names, compared)
        else:
            found = [phase.field_values(shown, names, field) for shown in pictures]
            scale = phase.field_scale(field, np.concatenate(
                [values[np.isfinite(values)] for values, _ in found]))
            for axes, shown in zip(panels, pictures):
                phase.draw_field(axes, shown, names, field, scale)
            bar_axes = figure.add_axes([0.95, 0.3, 0.02, 0.4])
            label = labels.label_of(first, field)
            draw_difference(panels[2], bar_axes, pictures[0], found[0][0], found[1][0],
                            labels.kind_of(field) == "log", label)
            handles = phase.field_handles(sum(shown.counts for shown in pictures), names, field,
                                          any((code == phase.VOID).any() for _, code in found))
            norm = scale[0]
            ends = "blue to red" if scale[1] is phase.DIVERGING else "dark to light"
            handles.append(Line2D([], [], linestyle="none", label=(
                f"the two files: {label}, {ends} from {norm.vmin:.3g} to {norm.vmax:.3g}")))
        across = 3 if width == "page" else 1
        captions = [os.path.basename(sweep.encoding.get("source", "")) for sweep in (first, second)]
        for place, (axes, caption) in enumerate(zip(panels, [*captions, "difference"])):
            phase.draw_picture(axes, pictures[0], 8)
            axes.set_title(caption, size=6.5, pad=2.5)
            phase.label_outside(axes, place, across, 3)
        done = min(shown.counts.sum() - shown.counts[brink_io.PENDING] for shown in pictures)
        footer = figures.provenance(first, done, pictures[0].counts.sum(), [
            *words, f"against {captions[1]}", *figures.run_words(second)[1:]])
        height = phase.panel_height(pictures[0], 0.8)
        rows = [(panels, height)] if across == 3 else [(axes, height) for axes in panels]
        return figures.arrange(figure, rows, first.attrs.get("title", ""), footer, handles,
                               bar_axes, 3 if width == "page" else 1)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0],
                                     epilog=" ".join(__doc__.split("\n\n", 1)[1].split()))
    parser.add_argument("file", help="a result file of brink")
    parser.add_argument("second", help="another of the same grid")
    parser.add_argument("--field", default="status", help="status, edge_end, ... [status]")
    figures.add_slice(parser)
    figures.add_drawing(parser, "FILE-compare.png")
    parser.set_defaults(width="page")
    options = parser.parse_args(arguments)
    figures.draw(options, lambda: compare_figure(
        brink_io.open(options.file), brink_io.open(options.second), options.field, options.slice,
        options.width), "-compare")


if __name__ == "__main__":
    sys.exit(figures.run_tool(main, sys.argv[1:]))
