# SPDX-License-Identifier: MIT
"""Draws the phase diagram of a sweep.

The last two axes that are not sliced are the picture (vertical, horizontal); one axis alone gives
a line plot; --panels draws one small picture per value of a third axis. Black lines (--guides):
edge: the start is at the edge of stability; flow: h = h_GF; minimum: h = 1/F''(1), above which no
minimum is stable; proof: h = sqrt(2)/M, below which good regularity provably never diverges.
Fields are those of the file and the flags eos, balanced, catapult and monotone, which brink-file(5)
defines for each model.
"""
import argparse
import sys
import warnings

import needs  # noqa: F401 (before what it checks for)

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colors, ticker
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import brink_io
import figures
import labels
import objective
from picture import choose, multiples, read_picture

NEUTRAL = {"diverged": "#a8a8a8", "undefined": "#6a6a6a"}
START_FIELDS = ("loss_start", "edge_start", "flow_ratio", "lr_actual")  # known of all cells
# Without its darkest ends, so that black lines show on all of it.
DIVERGING = colors.ListedColormap(plt.get_cmap("RdYlBu_r")(np.linspace(0.07, 0.93, 256)))
DIVERGING.set_extremes(under="#26307f", over="#8f0021")
FLAG = colors.ListedColormap(["#e9e3d5", "#3f78a8"])
PANELS_ACROSS = {"column": 2, "page": 4}
# Guide: (label, dashes, the stored field that tells it, its value where the line is, by dor).
GUIDES = {
    "edge": ("$h\\cdot\\mathrm{sharpness}_0/2=1$", (0, (4, 1.6)), "edge_start",
             lambda dor: 1),
    "flow": ("$h=h_\\mathrm{GF}$", "solid", "flow_ratio", lambda dor: 1),
    "minimum": ("$h=1/F''(1)$", (0, (4, 1.5, 1, 1.5)), "lr_actual",
                lambda dor: 1 / objective.of_dor(dor).curvature_minimum),
    "proof": ("$h=\\sqrt{2}/M$", (0, (1, 1.3)), "lr_actual",
              lambda dor: np.sqrt(2) / (objective.of_dor(dor).slope_bound or np.nan)),
}


# ---- drawing

def cells(axes, picture, values, **style):
    """pcolormesh that is one image in vector formats, without seams."""
    return axes.pcolormesh(picture.column_edges, picture.row_edges, values, rasterized=True,
                           edgecolors="none", antialiased=False, shading="flat", **style)


def draw_status(axes, picture, names):
    """Verdicts by colour; pending cells are left open."""
    values = [value for value in sorted(names) if picture.counts[value] and value]
    if values:
        table = np.full(128, np.nan)
        table[values] = np.arange(len(values))
        colour = figures.status_colours(names)
        colour_map = colors.ListedColormap([colour[names[value]] for value in values])
        cells(axes, picture, np.ma.masked_invalid(table[picture.status]), cmap=colour_map,
              norm=colors.BoundaryNorm(np.arange(len(values) + 1) - 0.5, len(values)))
    hatch_pending(axes, picture)


def share_handle(name, part, whole, **style):
    label = figures.STATUS_LABELS.get(name, name)
    return Patch(label=f"{label}  {figures.share(part, whole)}", **style)


def status_handles(counts, names):
    """The legend of verdicts with their shares, most frequent first, pending last."""
    values = [value for value in sorted(names) if counts[value] and value]
    colour = figures.status_colours(names)
    return [share_handle(names[value], counts[value], counts.sum(), facecolor=colour[names[value]])
            for value in sorted(values, key=lambda value: -counts[value])] + pending_handle(counts)


def hatch_pending(axes, picture):
    """Hatches the ground, on which pending cells are left open."""
    if picture.counts[brink_io.PENDING]:
        axes.patch.set(**figures.pending_style())


def pending_handle(counts):
    if not counts[brink_io.PENDING]:
        return []
    return [share_handle("not computed yet", counts[brink_io.PENDING], counts.sum(),
                         **figures.pending_style())]


def extension(values, low, high):
    """Which ends of a colour bar are open."""
    under, over = values.min() < low, values.max() > high
    return "both" if under and over else "min" if under else "max" if over else "neither"


def field_scale(name, values):
    """(Normalize, colour map, extend) of a field; values [any] are finite."""
    kind = labels.kind_of(name)
    if values.size == 0:
        return colors.Normalize(0, 1), "viridis", "neither"
    low, high = np.percentile(values, [0.5, 99.5])
    if kind == "flag":
        return colors.BoundaryNorm([0, 0.5, 1], 2), FLAG, "neither"
    if kind == "edge":
        return colors.Normalize(0, 2), DIVERGING, extension(values, 0, 2)
    if kind == "zero":
        size = max(abs(low), abs(high)) or 1
        size = 1 if name == "balance" and size < 1 else size
        return colors.Normalize(-size, size), DIVERGING, extension(values, -size, size)
    if kind == "log" and (values > 0).any():
        positive = values[values > 0]
        high = positive.max()
        low = min(np.percentile(positive, 0.5), high / 1.01)
        return colors.LogNorm(low, high), "viridis", extension(values, low, high)
    return colors.Normalize(values.min(), values.max()), "viridis", "neither"


def field_values(picture, names, field):
    """(values, codes) of a field: NaN and a neutral status's code, or -1, where it has none."""
    values = np.where(picture.status == brink_io.PENDING, np.nan, picture.fields[field])
    if labels.kind_of(field) == "log" and (values > 0).any():
        values = np.where(values > 0, values, np.nan)
    codes = np.where(np.isnan(values) & (picture.status != brink_io.PENDING), VOID, -1)
    if field not in START_FIELDS:
        for value, name in names.items():
            if name in NEUTRAL:
                codes[picture.status == value] = value
                values = np.where(picture.status == value, np.nan, values)
    return values, codes


VOID = 127  # the code of cells without a value


def draw_field(axes, picture, names, field, scale):
    """A continuous field; cells without a value in neutral colours. Returns the mesh."""
    values, codes = field_values(picture, names, field)
    norm, colour_map, _ = scale
    kinds = [value for value in np.unique(codes) if value >= 0]
    if kinds:
        table = np.full(256, np.nan)
        table[kinds] = np.arange(len(kinds))
        faces = [figures.theme["page"] if value == VOID else NEUTRAL[names[value]]
                 for value in kinds]
        cells(axes, picture, np.ma.masked_invalid(table[codes]), vmin=-0.5, vmax=len(kinds) - 0.5,
              cmap=colors.ListedColormap(faces))
    mesh = cells(axes, picture, np.ma.masked_invalid(values), norm=norm, cmap=colour_map)
    hatch_pending(axes, picture)
    return mesh


def field_handles(counts, names, field, void):
    """The legend of cells a field has no value in."""
    handles = []
    for value, name in names.items():
        if name in NEUTRAL and counts[value] and field not in START_FIELDS:
            handles.append(share_handle(name, counts[value], counts.sum(),
                                        facecolor=NEUTRAL[name]))
    if void:
        handles.append(Patch(facecolor=figures.theme["page"], edgecolor=figures.theme["faint"],
                             linewidth=0.4, label="no value above 0"
                             if labels.kind_of(field) == "log" else "no value"))
    return handles + pending_handle(counts)


def draw_bar(bar_axes, mesh, label, scale):
    """The colour bar of a field."""
    norm, _, extend = scale
    bar = bar_axes.figure.colorbar(mesh, cax=bar_axes, extend=extend)
    bar.set_label(label)
    if isinstance(norm, colors.BoundaryNorm):
        bar.set_ticks([0.25, 0.75], labels=["no", "yes"])
        bar.ax.tick_params(length=0)
    elif isinstance(norm, colors.LogNorm):
        ticks = figures.log_ticks(norm.vmin, norm.vmax, 8)
        if not len(ticks) and norm.vmax < 3 * norm.vmin:
            ticks = [norm.vmin, norm.vmax]
        if len(ticks):
            bar.set_ticks(ticks, labels=[f"{value:.4g}" for value in ticks])
            bar.ax.yaxis.set_minor_formatter(ticker.NullFormatter())
    bar.outline.set_linewidth(0.5)


def proportional(picture, name):
    """A field that is proportional to lr, filled up along an lr axis where cells are pending."""
    values = picture.fields[name]
    for number, axis, centres in ((0, picture.rows, picture.row_centres),
                                  (1, picture.columns, picture.column_centres)):
        if axis.name == "lr" and not axis.named:
            rate = centres[:, None] if number == 0 else centres
            known = np.where(np.isfinite(values), values / rate, np.nan)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # rows without any value
                values = rate * np.nanmedian(known, axis=number, keepdims=True)
    return values


def crossings(position, values):
    """Where values [n] > 0 pass 1, interpolated in the logarithm; position [n] may be any."""
    with np.errstate(all="ignore"):
        height = np.log(values)
        here = np.flatnonzero(np.isfinite(height[:-1] + height[1:])
                              & ((height[:-1] < 0) != (height[1:] < 0)))
        part = height[here] / (height[here] - height[here + 1])
    return position[here] + part * (position[here + 1] - position[here])


def line_crossings(axis, centres, lines):
    """For each line of values along `axis`: the places where it passes 1."""
    if axis.named:
        return [np.empty(0) for _ in lines]
    if axis.scale == "log":
        return [np.exp(crossings(np.log(centres), line)) for line in lines]
    return [crossings(centres, line) for line in lines]


def guide_style(name):
    return {"color": "black", "linewidth": 0.9, "linestyle": GUIDES[name][1], "zorder": 4,
            "path_effects": figures.over_cells()}


def guide_handle(name):
    style = {**guide_style(name), "color": figures.theme["ink"]}
    del style["path_effects"]  # on plain paper
    return Line2D([], [], label=GUIDES[name][0], **style)


def available_guides(part, guides):
    """Those of `guides` whose fields the file stores; h alone is known where lr is in that unit."""
    unknown = [name for name in guides if name not in GUIDES]
    if unknown:
        raise figures.UsageError(f"--guides {unknown[0]}: one of {', '.join(GUIDES)} or none")
    return [name for name in guides if GUIDES[name][2] in part
            and (GUIDES[name][2] != "lr_actual" or "dor" in part.coords)]


def guide_values(part, picture, name):
    """[rows, columns] that pass 1 where the guide is."""
    dor = brink_io.regularity_axis(part)
    degrees = np.atleast_1d(part["dor"].values) if "dor" in part.coords else np.full(1, np.nan)
    shape = (1, 1)
    for axis, count, along in ((picture.rows, picture.status.shape[0], (-1, 1)),
                               (picture.columns, picture.status.shape[1], (1, -1))):
        if axis.name == dor and dor is not None:
            factor = -(-axis.values.size // count)  # cells in a block
            starts = np.arange(0, degrees.size, factor)
            degrees = np.add.reduceat(degrees, starts) / np.diff(np.append(starts, degrees.size))
            shape = along
    _, _, field, level = GUIDES[name]
    levels = np.array([level(dor) for dor in degrees], float)
    return proportional(picture, field) / levels.reshape(shape)


def draw_guide(axes, picture, name, values):
    """The line where the guide's values are 1; False if it is not on the picture."""
    style = guide_style(name)
    rows, columns = picture.rows, picture.columns
    if not rows.named and not columns.named and min(values.shape) > 1:
        known = values[np.isfinite(values)]
        if not known.size or not known.min() < 1 < known.max():
            return False
        lines = axes.contour(picture.column_centres, picture.row_centres,
                             np.ma.masked_invalid(values), levels=[1], colors="black",
                             linewidths=0.9, linestyles=[style["linestyle"]], zorder=4)
        for part in lines.collections:
            part.set_path_effects(style["path_effects"])
        return any(len(part) for part in lines.allsegs)
    if columns.named and rows.named:
        return False
    along = rows if columns.named else columns
    centres = picture.column_centres if along is columns else picture.row_centres
    edges = picture.row_edges if along is columns else picture.column_edges
    found = line_crossings(along, centres, values if along is columns else values.T)
    if not any(row.size for row in found):
        return False
    if all(row.size <= 1 for row in found):  # one stepped line
        place = np.repeat([row[0] if row.size else np.nan for row in found], 2)
        lines = [(place, np.repeat(edges, 2)[1:-1])]
    else:
        lines = [([place, place], edges[i:i + 2]) for i, row in enumerate(found) for place in row]
    for place, across_edges in lines:
        pair = (place, across_edges) if along is columns else (across_edges, place)
        axes.plot(*pair, solid_capstyle="butt", **style)
    return True


# ---- figures

def panel_height(picture, factor):
    """Inches: rows of names are equally high, starts in the plane have equal scales."""
    if {picture.rows.name, picture.columns.name} == {"x0", "y0"} and not (
            picture.rows.named or picture.columns.named):
        ratio = np.ptp(picture.row_edges) / np.ptp(picture.column_edges)
        return lambda panel_width: np.clip(ratio, 0.3, 1.3) * panel_width
    if picture.rows.named:
        return factor * np.clip(0.24 * picture.rows.values.size, 1.2, 3.2)
    return factor * 2.4


def draw_picture(axes, picture, labels_max=16):
    """The axes of a picture with their ticks and labels."""
    figures.set_axis(axes.xaxis, picture.columns, ticks_max=labels_max // 2)
    figures.set_axis(axes.yaxis, picture.rows, labels_max, labels_max // 2)
    if picture.rows.named and picture.rows.values.size <= 64:
        axes.hlines(picture.row_edges[1:-1], *axes.get_xlim(), color=figures.theme["page"],
                    linewidth=0.6)


def picture_figure(parts, field, width, guides):
    """(figure, rows of panels, colour bar, legend, counts) of [(part, caption)] with two axes."""
    across = min(len(parts), PANELS_ACROSS[width])
    guides = available_guides(parts[0][0], guides)
    names = brink_io.status_names(parts[0][0])
    fields = sorted({*(GUIDES[name][2] for name in guides), field} - {"status"})
    pictures = [read_picture(part, fields, None if across == 1 else 1200 // across)
                for part, _ in parts]
    counts = np.sum([picture.counts for picture in pictures], axis=0)
    figure = plt.figure(figsize=(figures.WIDTHS[width], 4))
    panels = [figure.add_axes([place % across / across + 0.05, 0.2, 0.8 / across, 0.6])
              for place in range(len(parts))]
    bar_axes = None
    if field == "status":
        handles = status_handles(counts, names)
    else:
        values, codes = zip(*(field_values(picture, names, field) for picture in pictures))
        known = np.concatenate([part[np.isfinite(part)] for part in values])
        scale = field_scale(field, known)
        handles = field_handles(counts, names, field, any((code == VOID).any() for code in codes))
        bar_axes = figure.add_axes([0.95, 0.2, 0.03, 0.6])
    drawn = set()
    for place, (axes, picture, (part, caption)) in enumerate(zip(panels, pictures, parts)):
        if field == "status":
            draw_status(axes, picture, names)
        else:
            mesh = draw_field(axes, picture, names, field, scale)
        drawn |= {name for name in guides
                  if draw_guide(axes, picture, name, guide_values(part, picture, name))}
        draw_picture(axes, picture, 16 if across == 1 else 8)
        if len(parts) > 1:
            axes.set_title(caption, size=6.5, pad=2.5)
            label_outside(axes, place, across, len(parts))
    handles += [guide_handle(name) for name in guides if name in drawn]
    height = panel_height(pictures[0], 1 if width == "column" else 1.6)
    if len(parts) > 1 and not callable(height):
        height = max(1.1, height * 0.55)
    rows = [(panels[first:first + across], height) for first in range(0, len(panels), across)]
    if bar_axes:
        tall = 2.4 if callable(height) else height * len(rows)
        draw_bar(bar_axes, mesh, labels.broken(labels.label_of(parts[0][0], field), tall), scale)
    return figure, rows, bar_axes, handles, counts


def label_outside(axes, place, across, count):
    """Labels of a panel only where no other panel stands on that side."""
    if place % across:
        axes.set_ylabel("")
        axes.tick_params(which="both", labelleft=False)
    if place + across < count:
        axes.set_xlabel("")
        axes.tick_params(which="both", labelbottom=False)


def draw_line(axes, position, values, kind):
    """A measure along an axis [n]; values far above the others become arrows at the top."""
    known = values[np.isfinite(values)]
    top = max(2, np.percentile(known, 90)) if kind == "edge" and known.size else np.inf
    axes.plot(position, values, color=figures.theme["line"], linewidth=0.8,
              marker="." if values.size <= 128 else "", markersize=3)
    if not known.size:
        axes.text(0.5, 0.5, "no cell has a value", transform=axes.transAxes, ha="center",
                  va="center", color=figures.theme["faint"])
        axes.set_yticks([])
    if kind == "log" and (known > 0).any():
        axes.set_yscale("log")
    if kind == "edge":
        axes.axhline(1, color=figures.theme["faint"], linewidth=0.6, zorder=1)
        bottom = min(0, known.min(initial=0))
        axes.set_ylim(max(bottom, -1) - 0.03, min(top, known.max(initial=1)) * 1.05)
    above = values > top
    if above.any():
        axes.plot(position[above], np.full(above.sum(), top), "^", color=figures.theme["line"],
                  markersize=2.5)


def line_figure(parts, field, width, guides):
    """The same of a part with one axis: verdicts as a strip, a measure as a line below."""
    part, _ = parts[0]
    field = "edge_end" if field == "status" and "edge_end" in part else field
    guides = available_guides(part, guides)
    picture = read_picture(part, sorted({*(GUIDES[name][2] for name in guides), field}
                                        - {"status"}))
    names = brink_io.status_names(part)
    figure, (strip, axes) = plt.subplots(2, 1, figsize=(figures.WIDTHS[width], 3))
    draw_status(strip, picture, names)
    handles = status_handles(picture.counts, names)
    strip.set(xlim=picture.columns.edges[[0, -1]], yticks=[], xticks=[])
    if picture.columns.scale == "log":
        strip.set_xscale("log")
    strip.tick_params(which="both", bottom=False, labelbottom=False)
    figures.set_axis(axes.xaxis, picture.columns)
    values = np.full(picture.status.size, np.nan) if field == "status" else (
        field_values(picture, names, field)[0][0])
    axes.set_ylabel(labels.broken(labels.label_of(part, field), 1.9))
    draw_line(axes, picture.column_centres, values, labels.kind_of(field))
    for name in guides:
        places = line_crossings(picture.columns, picture.column_centres,
                                [guide_values(part, picture, name)[0]])[0]
        for place in places:
            strip.axvline(place, **guide_style(name))
            axes.axvline(place, **{**guide_style(name), "color": figures.theme["ink"],
                                   "path_effects": None})
        if places.size:
            handles.append(guide_handle(name))
    return figure, [(strip, 0.16), (axes, 1.9)], None, handles, picture.counts


def phase_figure(sweep, field="status", slices=(), width="column", panels=None,
                 guides=tuple(GUIDES)):
    """The phase diagram of an opened sweep as a Figure; see the module's head."""
    if field not in sweep or sweep[field].dims != sweep["status"].dims:
        stored = [name for name, array in sweep.data_vars.items()
                  if array.dims == sweep["status"].dims and name != "verdict"]
        raise figures.UsageError(f"--field {field}: not in the file, which has "
                                 + ", ".join(stored))
    if panels:
        parts, words = multiples(sweep, panels, slices)
    else:
        part, words = choose(sweep, slices)
        parts = [(part, "")]
    rank = parts[0][0]["status"].ndim
    if panels and rank != 2:
        raise figures.UsageError(f"--panels {panels}: two more axes are needed for the pictures")
    draw = picture_figure if rank == 2 else line_figure
    with plt.rc_context(figures.RC):
        figure, rows, bar_axes, handles, counts = draw(parts, field, width, guides)
        footer = figures.provenance(sweep, counts.sum() - counts[brink_io.PENDING], counts.sum(),
                                    words)
        return figures.arrange(figure, rows, sweep.attrs.get("title", ""), footer, handles,
                               bar_axes, 2 if width == "column" else 4)


def flags_meaning():
    """The flags of networks as the help says them."""
    return "; ".join(f"{name} ({meaning})"
                     for name, (_, _, meaning) in brink_io.NETWORK_FLAGS.items())


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0],
                                     epilog=" ".join(__doc__.split("\n\n", 1)[1].split())
                                     + f" Of networks: {flags_meaning()}.")
    parser.add_argument("file", help="a result file of brink")
    parser.add_argument("--field", default="status",
                        help="status, edge_end, steps, eos, ... [status]")
    figures.add_slice(parser)
    parser.add_argument("--panels", metavar="AXIS",
                        help="one small picture per value of this axis, at most 12")
    parser.add_argument("--guides", nargs="+", default=list(GUIDES), metavar="GUIDE",
                        help=f"lines of the theory: {', '.join(GUIDES)}, or none [all]")
    figures.add_drawing(parser, "FILE.png")
    figures.add_watch(parser)
    options = parser.parse_args(arguments)
    guides = () if options.guides == ["none"] else tuple(options.guides)
    figures.draw(options, lambda: phase_figure(
        brink_io.open(options.file), options.field, options.slice, options.width, options.panels,
        guides))


if __name__ == "__main__":
    sys.exit(figures.run_tool(main, sys.argv[1:]))
