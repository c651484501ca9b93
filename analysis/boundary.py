# SPDX-License-Identifier: MIT
"""Measures the box-counting dimension of a boundary between verdicts, and draws the boundary.

A cell is on the boundary if a neighbour (right or above) differs in whether it has one of the
chosen verdicts. N(r) boxes of r x r cells hold boundary cells; the dimension is the slope of
log N against log 1/r for r from 4 cells to an eighth of the picture. Its error is the sum of two
parts: that of the fit, and the drift, by which the slope over the finer half of these boxes is
above that over the coarser half. Lines, circles, Koch curves and areas come out within it, and the
boundary of Mandelbrot's set, which has 2, near the Feigenbaum point. But it speaks of the boxes
that were counted, and a dimension is a limit: the whole of that boundary shows 1.5, from 128 to
1024 cells a side, without a drift that would tell.
"""
import argparse
import sys
from dataclasses import dataclass

import needs  # noqa: F401 (before what it checks for)

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colors
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import brink_io
import figures
import picture

SMALLEST = 4       # cells: smaller boxes see the grid, not the set
LARGEST = 1 / 8    # of the shorter side: larger boxes see the whole, not its parts
ROOM = 1 / 4       # boxes up to this part of the shorter side are drawn
POINTS_MIN = 4     # scales in a fit
OFFSETS = 4        # places of the lattice of boxes tried at each scale, along each axis


@dataclass
class Dimension:
    """A box-counting dimension: slope over boxes of `low` to `high` cells, and its error."""

    value: float
    fit_error: float   # the larger of the standard error and the spread of the local slopes
    drift: float       # of the slope from the coarser half of the boxes to the finer
    low: int
    high: int
    sizes: np.ndarray  # [k] sides of boxes, cells
    boxes: np.ndarray  # [k] boxes with boundary in them
    intercept: float   # log boxes at size 1

    @property
    def error(self):
        """Of the value: a drift may go on, so that the two parts add up."""
        return self.fit_error + abs(self.drift)

    @property
    def words(self):
        """"1.46 ± 0.10 (fit 0.01, drift +0.09)", with two digits of the error."""
        digits = min(max(1 - int(np.floor(np.log10(max(self.error, 1e-9)))), 2), 4)
        drift = f"{self.drift:+.{digits}f}".replace("-", "\u2212")
        return (f"{self.value:.{digits}f} ± {self.error:.{digits}f} (fit "
                f"{self.fit_error:.{digits}f}, drift {drift})")


def edge_cells(inside):
    """Which cells of `inside` [rows, columns] differ from the cell to the right or above."""
    edge = np.zeros(inside.shape, bool)
    edge[:, :-1] |= inside[:, 1:] != inside[:, :-1]
    edge[:-1] |= inside[1:] != inside[:-1]
    return edge


def any_of_rows(cells, shift, size):
    """Whether any of `size` rows of `cells` is set; of the first, `shift` lie before the array."""
    first = (size - shift) % size
    whole = first + (cells.shape[0] - first) // size * size
    groups = cells[first:whole].reshape(-1, size, cells.shape[1])
    return np.concatenate([part for part in (
        np.bitwise_or.reduce(cells[:first], axis=0, keepdims=True),
        np.bitwise_or.reduce(groups, axis=1),
        np.bitwise_or.reduce(cells[whole:], axis=0, keepdims=True)) if part.size])


def count_boxes(edge, size):
    """The fewest boxes of size x size cells that cover `edge`, over places of the lattice."""
    places = sorted({int(round(size * i / OFFSETS)) for i in range(OFFSETS)} - {size})
    counts = []
    for down in places:
        rows = np.ascontiguousarray(any_of_rows(edge, down, size).T)
        counts += [np.count_nonzero(any_of_rows(rows, across, size)) for across in places]
    return min(counts)


def box_dimension(edge):
    """The Dimension of a set of cells [rows, columns]; None if it is too small to have one."""
    largest = int(min(edge.shape) * LARGEST)
    if edge.sum() < 32 or largest < SMALLEST * 2 ** ((POINTS_MIN - 1) / 2):
        return None
    scales = 2 ** np.arange(0, np.log2(min(edge.shape) * ROOM) + 1e-9, 0.5)
    sizes = np.unique(np.round(scales).astype(int))
    boxes = np.array([count_boxes(edge, size) for size in sizes])
    used = (sizes >= SMALLEST) & (sizes <= largest)
    across, up = np.log(1 / sizes[used]), np.log(boxes[used])
    fit, covariance = np.polyfit(across, up, 1, cov=True)
    slopes = np.diff(up) / np.diff(across)
    spread = slopes.std(ddof=1) / np.sqrt(slopes.size)
    half = (across.size + 1) // 2
    finer, coarser = (np.polyfit(across[part], up[part], 1)[0]
                      for part in (slice(half), slice(-half, None)))
    return Dimension(float(fit[0]), float(max(np.sqrt(covariance[0, 0]), spread)),
                     float(finer - coarser), int(sizes[used][0]), int(sizes[used][-1]), sizes,
                     boxes, float(fit[1]))


def chosen_statuses(sweep, verdicts):
    """Values of the verdicts by name."""
    codes = {name: value for value, name in brink_io.status_names(sweep).items()}
    wrong = [name for name in verdicts if name not in codes]
    if wrong:
        raise figures.UsageError(f"--verdict {wrong[0]}: the file has " + ", ".join(codes))
    return [codes[name] for name in verdicts]


@dataclass
class Boundary:
    """A set of cells and its boundary; `kind` is reduced to what can be seen."""

    edge: np.ndarray   # [rows, columns]
    kind: np.ndarray   # of blocks: 2 with boundary in it, 1 inside, 0 outside, NaN not computed
    inside: int        # cells
    known: int         # cells that are computed
    factors: tuple     # cells of a block


def read_boundary(part, values):
    """The Boundary of the cells with one of the statuses `values`, read in strips of rows."""
    shape, up = part["status"].shape, part["status"].dims[0]
    factors = tuple(-(-size // picture.CELLS_MAX) for size in shape)
    height = factors[0] * max(1, picture.STRIP_CELLS // (factors[0] * shape[1]))
    found = Boundary(np.zeros(shape, bool), None, 0, 0, factors)
    kinds = []
    for first in range(0, shape[0], height):
        # With one row more: what is above the last.
        status = part["status"].isel({up: slice(first, first + height + 1)}).values
        inside, known = np.isin(status, values), status != brink_io.PENDING
        beside = known.copy()  # the boundary with what is unknown is none
        beside[:, :-1] &= known[:, 1:]
        beside[:-1] &= known[1:]
        edge, inside, known = ((edge_cells(inside) & beside)[:height], inside[:height],
                               known[:height])
        found.edge[first:first + height] = edge
        found.inside += np.count_nonzero(inside & known)
        found.known += np.count_nonzero(known)
        edge, inside, known = (picture.blocks(cells, factors, False)
                               for cells in (edge, inside & known, known))
        shares = [np.count_nonzero(cells, axis=2) for cells in (inside, known)]
        kind = np.where(edge.any(axis=2), 2.0, (2 * shares[0] > shares[1]).astype(float))
        kind[shares[1] == 0] = np.nan
        kinds.append(kind)
    found.kind = np.concatenate(kinds)
    return found


def draw_boundary(axes, rows, columns, found):
    """The set, its boundary in ink, and cells that are not computed yet."""
    shade = colors.ListedColormap([figures.theme["page"], figures.theme["hatch"],
                                   figures.theme["ink"]])
    edges = [picture.reduced_edges(axis, factor)
             for axis, factor in zip((rows, columns), found.factors)]
    axes.pcolormesh(edges[1], edges[0], np.ma.masked_invalid(found.kind), cmap=shade, vmin=-0.5,
                    vmax=2.5, rasterized=True)
    if found.known < found.edge.size:
        axes.patch.set(**figures.pending_style())
    figures.set_axis(axes.xaxis, columns)
    figures.set_axis(axes.yaxis, rows)


def draw_counts(axes, found):
    """Boxes against their size with the fit."""
    line = figures.theme["line"]
    used = (found.sizes >= found.low) & (found.sizes <= found.high)
    for rows, face in ((used, line), (~used, figures.theme["page"])):
        axes.plot(found.sizes[rows], found.boxes[rows], "o", color=line, markerfacecolor=face,
                  markersize=3)
    sizes = np.array([found.low, found.high])
    axes.plot(sizes, np.exp(found.intercept) * sizes ** -found.value, color=figures.theme["line2"])
    axes.set(xscale="log", yscale="log", xlabel="side of a box (cells)", ylabel="boxes")


def boundary_figure(sweep, verdicts, slices=(), width="column"):
    """(Figure, Dimension or None) of the boundary of the cells with one of `verdicts`."""
    part, words = picture.choose(sweep, slices)
    if part["status"].ndim != 2:
        raise figures.UsageError("a boundary needs a picture of two axes")
    values = chosen_statuses(sweep, verdicts)
    boundary = read_boundary(part, values)
    found = box_dimension(boundary.edge)
    rows, columns = (figures.grid_axis(part, name) for name in part["status"].dims)
    what = " or ".join(figures.STATUS_LABELS.get(name, name) for name in verdicts)
    with plt.rc_context(figures.RC):
        figure, (upper, lower) = plt.subplots(2, 1, figsize=(figures.WIDTHS[width], 4))
        draw_boundary(upper, rows, columns, boundary)
        handles = [Patch(facecolor=figures.theme["hatch"],
                         label=f"{what}  {figures.share(boundary.inside, boundary.known)}"),
                   Patch(facecolor=figures.theme["ink"],
                         label=f"its boundary, {boundary.edge.sum():,} cells")]
        if found:
            draw_counts(lower, found)
            handles.append(Line2D([], [], color=figures.theme["line2"],
                                  label=f"dimension {found.words}"))
            words = [*words, f"boxes of {found.low} to {found.high} cells",
                     "drift: slope over the finer half of them less that over the coarser"]
        else:
            lower.text(0.5, 0.5, "too few boundary cells for a dimension", ha="center",
                       va="center", transform=lower.transAxes)
            lower.set(xticks=[], yticks=[])
        footer = figures.provenance(sweep, boundary.known, boundary.edge.size, words)
        square = {rows.name, columns.name} == {"x0", "y0"}
        height = (lambda panel: panel) if square else 2.4 if width == "column" else 3.6
        return figures.arrange(figure, [(upper, height), (lower, 1.2)],
                               sweep.attrs.get("title", ""), footer, handles, columns=1), found


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="a result file of brink")
    parser.add_argument("--verdict", nargs="+", default=["converged"], metavar="NAME",
                        help="the boundary of the cells with one of these verdicts [converged]")
    figures.add_slice(parser)
    figures.add_drawing(parser, "FILE-boundary.png")
    figures.add_watch(parser)
    options = parser.parse_args(arguments)

    def make():
        figure, found = boundary_figure(brink_io.open(options.file), options.verdict,
                                        options.slice, options.width)
        print(f"dimension {found.words}, boxes of {found.low} to {found.high} cells" if found
              else "no dimension: too few boundary cells")
        return figure

    figures.draw(options, make, "-boundary")


if __name__ == "__main__":
    sys.exit(figures.run_tool(main, sys.argv[1:]))
