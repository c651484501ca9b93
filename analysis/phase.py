# SPDX-License-Identifier: MIT
"""Draws the phase diagram of a sweep.

The last two axes that are not sliced are the picture (vertical, horizontal); one axis alone gives
a line plot. Black lines: where the start is at the edge of stability, and h = h_GF.
"""
import argparse
import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colors, patheffects
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import brink_io
import figures
from picture import choose, read_picture

NEUTRAL = {"diverged": "#a8a8a8", "undefined": "#6a6a6a"}
START_FIELDS = ("loss_start", "edge_start", "flow_ratio", "lr_actual")  # known of all cells
# Without its darkest ends, so that black lines show on all of it.
DIVERGING = colors.ListedColormap(plt.get_cmap("RdYlBu_r")(np.linspace(0.07, 0.93, 256)))
DIVERGING.set_extremes(under="#26307f", over="#8f0021")
FLAG = colors.ListedColormap(["#e9e3d5", "#3f78a8"])
# Field: (label, kind). "edge" is centred on 1, "zero" on 0, "log" and "linear" run low to high,
# "flag" is no or yes.
FIELDS = {
    "steps": ("steps until the verdict", "log"),
    "period": ("period of the limit cycle", "log"),
    "x_end": ("$x$ at the verdict", "zero"), "y_end": ("$y$ at the verdict", "zero"),
    "loss_start": ("excess loss at the start", "log"),
    "loss_end": ("excess loss at the verdict", "log"),
    "loss_peak": ("peak loss / loss at the start", "log"),
    "peak_step": ("step of the peak loss", "log"),
    "loss_rises": ("steps that raise the loss", "log"),
    "edge_start": ("$h\\cdot\\mathrm{sharpness}/2$ at the start", "edge"),
    "edge_end": ("$h\\cdot\\mathrm{sharpness}/2$ at the end", "edge"),
    "edge_max": ("largest $h\\cdot\\mathrm{sharpness}/2$", "edge"),
    "edge_cross_step": ("step of the first $h\\cdot\\mathrm{sharpness}/2>1$", "log"),
    "flow_ratio": ("$h\\,/\\,h_\\mathrm{GF}$", "log"),
    "balance": ("$(x^2-y^2)$, end / start", "zero"),
    "lyapunov": ("Lyapunov exponent per step", "zero"),
    "lr_actual": ("learning rate $h$", "log"),
    "eos": ("edge of stability", "flag"), "balanced": ("balanced", "flag"),
    "catapult": ("catapult", "flag"), "monotone": ("monotone", "flag"),
}
GUIDES = {"edge_start": ("$h\\cdot\\mathrm{sharpness}_0/2=1$", (0, (4, 1.6))),
          "flow_ratio": ("$h=h_\\mathrm{GF}$", "solid")}


# ---- drawing

def cells(axes, picture, values, **style):
    """pcolormesh that is one image in vector formats, without seams."""
    return axes.pcolormesh(picture.column_edges, picture.row_edges, values, rasterized=True,
                           edgecolors="none", antialiased=False, shading="flat", **style)


def status_colour(name):
    return figures.STATUS_COLOURS.get(name, "#999999")


def draw_status(axes, picture, names):
    """Verdicts by colour; returns the legend, most frequent first, pending last."""
    values = [value for value in sorted(names) if picture.counts[value] and value]
    handles = []
    if values:
        table = np.full(128, np.nan)
        table[values] = np.arange(len(values))
        colour_map = colors.ListedColormap([status_colour(names[value]) for value in values])
        cells(axes, picture, np.ma.masked_invalid(table[picture.status]), cmap=colour_map,
              norm=colors.BoundaryNorm(np.arange(len(values) + 1) - 0.5, len(values)))
    total = picture.counts.sum()
    for value in sorted(values, key=lambda value: -picture.counts[value]):
        name = names[value]
        label = figures.STATUS_LABELS.get(name, name)
        handles.append(Patch(facecolor=status_colour(name),
                             label=f"{label}  {figures.share(picture.counts[value], total)}"))
    return handles + pending_handle(axes, picture)


def pending_handle(axes, picture):
    """Hatches the ground, on which pending cells are left open; its legend entry if any are."""
    if not picture.counts[brink_io.PENDING]:
        return []
    style = figures.pending_style()
    axes.patch.set(facecolor=style["facecolor"], edgecolor=style["edgecolor"],
                   hatch=style["hatch"], linewidth=0)
    words = figures.share(picture.counts[brink_io.PENDING], picture.counts.sum())
    return [Patch(label=f"not computed yet  {words}", **style)]


def extension(values, low, high):
    """Which ends of a colour bar are open."""
    under, over = values.min() < low, values.max() > high
    return "both" if under and over else "min" if under else "max" if over else "neither"


def field_scale(name, values):
    """(Normalize, colour map, extend) of a field; values [any] are finite."""
    kind = FIELDS.get(name, (name, "linear"))[1]
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


def draw_field(axes, bar_axes, picture, names, field):
    """A continuous field; cells without a value in neutral colours. Returns the legend."""
    values = np.where(picture.status == brink_io.PENDING, np.nan, picture.fields[field])
    neutral = {}
    for value, name in names.items():
        if name in NEUTRAL and field not in START_FIELDS:
            values = np.where(picture.status == value, np.nan, values)
            neutral[value] = NEUTRAL[name]
    handles = []
    total = picture.counts.sum()
    ground = np.full((*values.shape, 4), np.nan)
    for value, colour in neutral.items():
        ground[picture.status == value] = colors.to_rgba(colour)
        if picture.counts[value]:
            label = figures.STATUS_LABELS.get(names[value], names[value])
            handles.append(Patch(facecolor=colour, label=(
                f"{label}  {figures.share(picture.counts[value], total)}")))
    void = np.isnan(values) & np.isnan(ground[..., 0]) & (picture.status != brink_io.PENDING)
    if void.any():
        ground[void] = colors.to_rgba(figures.theme["page"])
        handles.append(Patch(facecolor=figures.theme["page"], edgecolor=figures.theme["faint"],
                             linewidth=0.4, label="no value"))
    drawn = ~np.isnan(ground[..., 0])
    if drawn.any():
        kinds, index = np.unique(ground[drawn], axis=0, return_inverse=True)
        flat = np.full(drawn.shape, np.nan)
        flat[drawn] = index
        cells(axes, picture, np.ma.masked_invalid(flat), cmap=colors.ListedColormap(kinds),
              vmin=-0.5, vmax=len(kinds) - 0.5)
    norm, colour_map, extend = field_scale(field, values[np.isfinite(values)])
    mesh = cells(axes, picture, np.ma.masked_invalid(values), norm=norm, cmap=colour_map)
    bar = axes.figure.colorbar(mesh, cax=bar_axes, extend=extend)
    bar.set_label(FIELDS.get(field, (field, ""))[0])
    if isinstance(norm, colors.BoundaryNorm):
        bar.set_ticks([0.25, 0.75], labels=["no", "yes"])
        bar.ax.tick_params(length=0)
    bar.outline.set_linewidth(0.5)
    return handles + pending_handle(axes, picture)


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
    halo = [patheffects.withStroke(linewidth=2, foreground="white")]
    return {"color": "black", "linewidth": 0.9, "linestyle": GUIDES[name][1], "zorder": 4,
            "path_effects": halo if figures.theme["page"] != "#ffffff" else None}


def draw_guide(axes, picture, name):
    """The line where field `name` is 1; its legend entry, or None if it is not on the picture."""
    style = guide_style(name)
    handle = Line2D([], [], label=GUIDES[name][0], **style)
    values = proportional(picture, name)
    rows, columns = picture.rows, picture.columns
    if not rows.named and not columns.named and min(values.shape) > 1:
        if not (np.nanmin(values) < 1 < np.nanmax(values)):
            return None
        lines = axes.contour(picture.column_centres, picture.row_centres,
                             np.ma.masked_invalid(values), levels=[1], colors="black",
                             linewidths=0.9, linestyles=[style["linestyle"]], zorder=4)
        for line in lines.collections:
            line.set_path_effects(style["path_effects"])
        return handle if any(len(part) for part in lines.allsegs) else None
    if columns.named and rows.named:
        return None
    along = rows if columns.named else columns
    centres = picture.column_centres if along is columns else picture.row_centres
    edges = picture.row_edges if along is columns else picture.column_edges
    found = line_crossings(along, centres, values if along is columns else values.T)
    if not any(row.size for row in found):
        return None
    if all(row.size <= 1 for row in found):  # one stepped line
        place = np.repeat([row[0] if row.size else np.nan for row in found], 2)
        lines = [(place, np.repeat(edges, 2)[1:-1])]
    else:
        lines = [([place, place], edges[i:i + 2]) for i, row in enumerate(found) for place in row]
    for place, across_edges in lines:
        pair = (place, across_edges) if along is columns else (across_edges, place)
        axes.plot(*pair, solid_capstyle="butt", **style)
    return handle


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


def picture_figure(part, field, width):
    """(figure, panels, colour bar, legend, counts) of a part with two axes."""
    guides = [name for name in GUIDES if name in part]
    fields = sorted({*guides, *([field] if field != "status" else [])})
    picture = read_picture(part, fields)
    names = brink_io.status_names(part)
    figure = plt.figure(figsize=(figures.WIDTHS[width], 4))
    axes = figure.add_axes([0.2, 0.2, 0.6, 0.6])
    bar_axes = None
    if field == "status":
        handles = draw_status(axes, picture, names)
    else:
        bar_axes = figure.add_axes([0.9, 0.2, 0.03, 0.6])
        handles = draw_field(axes, bar_axes, picture, names, field)
    handles += [handle for name in guides if (handle := draw_guide(axes, picture, name))]
    figures.set_axis(axes.xaxis, picture.columns)
    figures.set_axis(axes.yaxis, picture.rows)
    if picture.rows.named:
        axes.hlines(picture.row_edges[1:-1], *axes.get_xlim(), color=figures.theme["page"],
                    linewidth=0.6)
    height = panel_height(picture, 1 if width == "column" else 1.6)
    return figure, [(axes, height)], bar_axes, handles, picture.counts


def draw_line(axes, position, values, kind):
    """A measure along an axis [n]; values far above the others become arrows at the top."""
    known = values[np.isfinite(values)]
    top = max(2, np.percentile(known, 90)) if kind == "edge" and known.size else np.inf
    axes.plot(position, values, color=figures.theme["line"], linewidth=0.8,
              marker="." if values.size <= 128 else "", markersize=3)
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


def line_figure(part, field, width):
    """The same of a part with one axis: verdicts as a strip, a measure as a line below."""
    field = "edge_end" if field == "status" and "edge_end" in part else field
    guides = [name for name in GUIDES if name in part]
    picture = read_picture(part, sorted({*guides, field} - {"status"}))
    names = brink_io.status_names(part)
    figure, (strip, axes) = plt.subplots(2, 1, figsize=(figures.WIDTHS[width], 3))
    handles = draw_status(strip, picture, names)
    strip.set(xlim=picture.columns.edges[[0, -1]], yticks=[], xticks=[])
    if picture.columns.scale == "log":
        strip.set_xscale("log")
    strip.tick_params(which="both", bottom=False, labelbottom=False)
    figures.set_axis(axes.xaxis, picture.columns)
    lost = [value for value, name in names.items() if name in NEUTRAL] + [brink_io.PENDING]
    values = picture.fields[field][0] if field != "status" else np.full(picture.status.size, np.nan)
    if field not in START_FIELDS:
        values = np.where(np.isin(picture.status[0], lost), np.nan, values)
    label, kind = FIELDS.get(field, (field, "linear"))
    axes.set_ylabel(label)
    draw_line(axes, picture.column_centres, values, kind)
    for name in guides:
        places = line_crossings(picture.columns, picture.column_centres,
                                [proportional(picture, name)[0]])[0]
        style = guide_style(name)
        for place in places:
            strip.axvline(place, **style)
            axes.axvline(place, **style)
        if places.size:
            handles.append(Line2D([], [], label=GUIDES[name][0], **style))
    return figure, [(strip, 0.16), (axes, 1.9)], None, handles, picture.counts


def phase_figure(sweep, field="status", slices=(), width="column"):
    """The phase diagram of an opened sweep as a Figure; see the module's head."""
    if field not in sweep or sweep[field].dims != sweep["status"].dims:
        stored = [name for name, array in sweep.data_vars.items()
                  if array.dims == sweep["status"].dims and name != "verdict"]
        raise figures.UsageError(f"--field {field}: not in the file, which has "
                                 + ", ".join(stored))
    part, words = choose(sweep, slices)
    draw = picture_figure if part["status"].ndim == 2 else line_figure
    with plt.rc_context(figures.RC):
        figure, panels, bar_axes, handles, counts = draw(part, field, width)
        footer = figures.provenance(sweep, counts.sum() - counts[brink_io.PENDING], counts.sum(),
                                    words)
        return figures.arrange(figure, panels, sweep.attrs.get("title", ""), footer, handles,
                               bar_axes, 2 if width == "column" else 4)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="a result file of brink")
    figures.add_drawing(parser, "FILE.png")
    parser.add_argument("--field", default="status", help="status, edge_end, steps, ... [status]")
    figures.add_slice(parser)
    options = parser.parse_args(arguments)
    figures.use_theme(options.theme)
    figure = phase_figure(brink_io.open(options.file), options.field, options.slice,
                          options.width)
    figures.save(figure, figures.output_path(options.output, options.file, ""))


if __name__ == "__main__":
    sys.exit(figures.run_tool(main, sys.argv[1:]))
