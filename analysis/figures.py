# SPDX-License-Identifier: MIT
"""What all figures share: colours, axes of the grid, page layout, and the frame of a tool."""
import contextlib
import logging
import os
import sys
import textwrap
import time
from dataclasses import dataclass

import needs  # noqa: F401 (before what it checks for)

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib import colors, patheffects, ticker  # noqa: E402

import brink_io  # noqa: E402

# It reports the dates that Matplotlib leaves out of the fonts in a PDF.
logging.getLogger("fontTools").setLevel(logging.ERROR)

WIDTHS = {"column": 3.5, "page": 7.2}  # inches: one and two columns of a journal
# What is not data. `line`, `line2`, ... are the first colours of curves, told apart by all readers.
THEMES = {
    "light": {"page": "#ffffff", "ink": "#1a1a1a", "faint": "#707070", "line": "#224477",
              "line2": "#c2571a", "blank": "#f1f1f1", "hatch": "#c4c4c4", "good": "#eaf1f8",
              "bad": "#fbeee8"},
    "dark": {"page": "#16181c", "ink": "#e6e6e6", "faint": "#9aa0a6", "line": "#8ab8f2",
             "line2": "#f0a070", "blank": "#26292f", "hatch": "#50555d", "good": "#1c2733",
             "bad": "#33231f"},
}
theme = dict(THEMES["light"])
# Curves on either theme, after Okabe and Ito.
CURVES = ("#2686c5", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#7f7fd5")
# After Paul Tol's "light" set: areas a colour-blind reader tells apart and black lines show on.
STATUS_COLOURS = {
    "converged": "#77aadd", "diverged": "#ee8866", "periodic": "#44bb99", "bounded": "#eedd88",
    "unsettled": "#ffaabb", "axis": "#bbcc33", "saddle": "#8250a0",
    "stationary_start": "#c3ecff", "undefined": "#777777",
}
# Of networks most trainings are either diverged or unsettled, and none is bounded: orange and blue.
UNSETTLED_ALONE = "#c3ecff"
STATUS_LABELS = {"bounded": "bounded (chaotic)", "stationary_start": "stationary start",
                 "axis": "creeps to an axis", "undefined": "rate undefined"}
LR_LABELS = {"one": "learning rate $h$", "norm2": "$h\\cdot(x_0^2+y_0^2)$",
             "sharpness": "$h\\cdot\\mathrm{sharpness}_0/2$", "flow": "$h\\,/\\,h_\\mathrm{GF}$"}
AXIS_LABELS = {"activation": "activation", "loss": "loss function", "norm": "normalization",
               "bias": "bias", "width": "width (units)", "depth": "depth (hidden layers)",
               "dor": "degree of regularity", "a": "exponent $a$ (good regularity)",
               "b": "exponent $b$ (bad regularity)", "x0": "$x_0$", "y0": "$y_0$",
               "radius": "radius of the start", "angle": "angle of the start (degrees)",
               "s0": "$s_0=x_0y_0$", "D0": "$D_0=x_0^2-y_0^2$", "init": "start $(x_0, y_0)$",
               "seed": "seed", "scale": "scale of the start", "n": "samples $n$",
               "offset": "offset of the first weights",
               **{f"norm{l}": f"‖$W_{l}$‖ at the start" for l in range(1, 6)}}
# What a network's specification says of it beside the parameters: (section, key, its usual value).
NETWORK_KEYS = (("network", "hidden", "none"), ("network", "parametrization", "standard"),
                ("network", "init", "uniform"), ("network", "precision", None),
                ("train", "batch", "full"), ("train", "max_steps", None))
RC = {
    "font.family": "DejaVu Sans", "font.size": 7, "mathtext.fontset": "dejavusans",
    "axes.titlesize": 8, "axes.labelsize": 7.5, "xtick.labelsize": 6.5, "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5, "axes.linewidth": 0.6, "xtick.major.width": 0.6,
    "ytick.major.width": 0.6, "xtick.minor.width": 0.4, "ytick.minor.width": 0.4,
    "xtick.major.size": 3, "ytick.major.size": 3, "xtick.minor.size": 1.6,
    "ytick.minor.size": 1.6, "hatch.linewidth": 0.5,
    "figure.dpi": 300, "savefig.dpi": 300, "pdf.fonttype": 42, "svg.hashsalt": "brink",
    "axes.unicode_minus": True, "lines.linewidth": 1.0, "figure.max_open_warning": 0,
}


def use_theme(name):
    """Colours the figures drawn from now on: "light" or "dark"."""
    theme.update(THEMES[name])
    RC.update({key: theme["ink"] for key in ("text.color", "axes.edgecolor", "axes.labelcolor",
                                             "xtick.color", "ytick.color")})
    RC.update({"figure.facecolor": theme["page"], "axes.facecolor": theme["page"],
               "savefig.facecolor": theme["page"]})


use_theme("light")


def pending_style():
    """Of areas that are not computed yet."""
    return {"facecolor": theme["blank"], "edgecolor": theme["hatch"], "hatch": "/////",
            "linewidth": 0}


def is_dark():
    """Is the paper dark?"""
    return np.mean(colors.to_rgb(theme["page"])) < 0.5


def shades(count):
    """Colours of an ordered series, from cold to warm, that show on the theme's paper."""
    low, high = (0.3, 0.97) if is_dark() else (0.05, 0.83)
    return plt.get_cmap("plasma")(np.linspace(low, high, count))


def over_cells():
    """Path effects of black lines over coloured cells: they stay visible on dark ones."""
    return [patheffects.withStroke(linewidth=2.1, foreground="white", alpha=0.55)]


def status_colours(names):
    """{name: colour} of the verdicts of a model, {value: name}."""
    colour = {name: STATUS_COLOURS.get(name, "#999999") for name in names.values()}
    if "unsettled" in colour and "bounded" not in colour:
        colour["unsettled"] = UNSETTLED_ALONE
    return colour


class UsageError(Exception):
    """The request does not fit the file: one line that says what would."""


# ---- axes of the grid

@dataclass
class GridAxis:
    """An axis of the sweep as it is drawn; `position` and `edges` are in plot coordinates."""

    name: str
    label: str
    values: np.ndarray    # [n] coordinates as stored
    names: list           # [n] tick labels, of categories only
    scale: str            # "list" (equal steps, named), "linear" or "log"
    position: np.ndarray  # [n] centres of the cells
    edges: np.ndarray     # [n + 1]

    @property
    def named(self):
        return self.scale == "list"

    @property
    def short(self):
        """The label as a symbol where it has one, else the axis's name."""
        symbols = {"a": "$a$", "b": "$b$", "init": "start", "lr": self.label}
        return symbols.get(self.name, self.label if self.label.startswith("$") else self.name)


def number(value):
    """A number as short as it can be read back from a figure: 0.25, 4, 1e-04; a word as it is."""
    return value if isinstance(value, str) else f"{value:.6g}"


def grid_axis(sweep, name):
    """The GridAxis of dimension `name`."""
    coordinate = sweep[name]
    values = coordinate.values
    scale = "list" if name in ("init", "seed") else coordinate.attrs.get("scale", "linear")
    words = brink_io.words(coordinate)
    names = [number(value) for value in values] if words is None else list(words)
    if name == "init":
        names = [f"({number(x)}, {number(y)})"
                 for x, y in zip(sweep["init_x0"].values, sweep["init_y0"].values)]
    if scale == "list":
        position = np.arange(values.size, dtype=float)
        edges = np.arange(values.size + 1) - 0.5
    else:
        position = values.astype(float)
        line = np.log(position) if scale == "log" else position
        middle = (line[1:] + line[:-1]) / 2
        step = line[1] - line[0] if values.size > 1 else 0.5
        last = line[-1] - line[-2] if values.size > 1 else 0.5
        edges = np.concatenate([[line[0] - step / 2], middle, [line[-1] + last / 2]])
        edges = np.exp(edges) if scale == "log" else edges
    return GridAxis(name, axis_label(sweep, name), values, names, scale, position, edges)


def axis_label(sweep, name):
    """What an axis says, with the unit of a learning rate."""
    unit = sweep.attrs["lr_unit"]
    if name == "lr":
        return LR_LABELS.get(unit, "learning rate")
    label = AXIS_LABELS.get(name, sweep[name].attrs.get("long_name", name))
    of_layer = name[:2] == "lr" and name[2:].isdigit()
    return label + (" × sharpness$_0$/2" if of_layer and unit == "sharpness" else "")


def log_ticks(low, high, count_max):
    """At most so many round numbers within two decades, as ticks; [] if there is no good choice."""
    if high >= 100 * low:
        return []
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.log10(high) + 1)
    for steps in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 5), (1, 3)):
        ticks = np.outer(powers, steps).ravel()
        ticks = ticks[(ticks >= low) & (ticks <= high)]
        if 2 <= ticks.size <= count_max:
            return ticks
    return []


def set_axis(axis, grid, labels_max=16, ticks_max=8):
    """Scale, limits, ticks and label of a Matplotlib axis (ax.xaxis or ax.yaxis).

    At most `labels_max` names of a list, `ticks_max` round numbers on a short logarithmic axis.
    """
    side = axis.axis_name
    low, high = sorted((grid.edges[0], grid.edges[-1]))
    if grid.scale == "log":
        getattr(axis.axes, f"set_{side}scale")("log")
        ticks = log_ticks(low, high, ticks_max)
        if len(ticks):
            axis.set_ticks(ticks, [number(value) for value in ticks])
            axis.set_minor_formatter(ticker.NullFormatter())
    getattr(axis.axes, f"set_{side}lim")(low, high)
    axis.set_label_text(grid.label)
    if grid.named:
        shown = np.arange(0, grid.values.size, -(-grid.values.size // labels_max))
        axis.set_ticks(grid.position[shown], [grid.names[i] for i in shown])
        axis.set_tick_params(length=0)
        room = 0.75 * axis.axes.figure.get_figwidth() / 0.055  # characters that fit side by side
        if side == "x" and sum(len(grid.names[i]) + 2 for i in shown) > room:
            axis.set_tick_params(labelrotation=90)


LINEAR_PART = 0.8  # length of a linear range to that of the logarithmic one beyond it
TICKS_BEYOND = 3   # at powers of ten, on each side of it


def set_linear_range(axis, limit, low, high):
    """Makes a Matplotlib axis from `low` to `high` linear up to +-limit, logarithmic beyond.

    Ticks at the limit and at powers of ten, far enough apart for their labels; the linear range is
    shaded.
    """
    decades = np.log10(max(-low, high) / limit)
    side = axis.axis_name
    getattr(axis.axes, f"set_{side}scale")("symlog", linthresh=limit,
                                           linscale=max(1, LINEAR_PART * decades))
    first = np.log10(limit) + decades / 4  # no nearer to the tick at the limit
    powers = np.arange(np.ceil(first), np.log10(max(-low, high)) + 1e-9)
    powers = powers[::-1][::-(-powers.size // TICKS_BEYOND) or 1][::-1]
    ticks = {sign * 10 ** power: f"${'-' * (sign < 0)}10^{{{power:.0f}}}$"
             for sign in (-1, 1) for power in powers}
    ticks.update({value: number(value).replace("-", "\u2212") for value in (-limit, 0, limit)})
    shown = sorted(value for value in ticks if low <= value <= high)
    axis.set_ticks(shown, [ticks[value] for value in shown])
    axis.set_minor_locator(ticker.NullLocator())
    shade = axis.axes.axvspan if side == "x" else axis.axes.axhspan
    shade(max(low, -limit), limit, color=theme["good"], linewidth=0, zorder=0)
    getattr(axis.axes, f"set_{side}lim")(low, high)


# ---- words

def fixed_words(sweep):
    """["x0 = 4", "y0 = 0.5"]: what is not an axis."""
    words = []
    for name, value in brink_io.fixed(sweep).items():
        if name in ("offset", "norm1", "norm2", "norm3", "norm4", "norm5") and value == 0:
            continue  # of networks: as drawn
        value = (number(value) if np.ndim(value) == 0
                 else "(" + ", ".join(number(part) for part in value) + ")")
        words.append(f"{name} = {value}")
    return words + network_words(sweep)


def network_words(sweep):
    """["data = chebyshev (degree 4)", "precision = f64", ...]: which networks, learning what."""
    if sweep.attrs.get("model") != "network":
        return []
    spec = brink_io.spec(sweep)
    data = spec["data"]
    more = {"chebyshev": f" (degree {data['degree']})",
            "gaussian": f" ({data['inputs']} to {data['outputs']})",
            "hdf5": f" ({os.path.basename(data['path'])})"}
    words = [f"data = {data['source']}{more.get(data['source'], '')}"]
    for section, key, usual in NETWORK_KEYS:
        value = spec[section].get(key, usual)
        if value != usual:
            value = ", ".join(map(str, value)) if isinstance(value, list) else number(value)
            words.append(f"{key} = {value}")
    return words


def run_words(sweep):
    """["dor.h5", "spec 0e79...", "brink 0.1.0 (...)"]: the file, its sweep, the program."""
    attributes = sweep.attrs
    return [os.path.basename(sweep.encoding.get("source", "")),
            f"spec {str(attributes['spec_hash'])[:16]}",
            f"brink {attributes.get('version', '?')} ({attributes.get('commit', '?')})"]


def provenance(sweep, done, cells, extra=()):
    """Words of the footer: which run this shows, so that a figure leads back to its file."""
    return [*run_words(sweep), f"{done:,} of {cells:,} cells", f"lr_unit {sweep.attrs['lr_unit']}",
            *fixed_words(sweep), *extra]


def source_words(path):
    """(title, footer) of a figure whose data come from `path`, a result or a specification."""
    if not path.endswith(".h5"):
        return os.path.basename(path), [os.path.basename(path)]
    sweep = brink_io.open(path)
    return sweep.attrs.get("title", ""), [*run_words(sweep), *fixed_words(sweep)]


def wrap(words, characters):
    """Lines of words joined by dots, broken between words only."""
    lines = []
    for word in words:
        if lines and len(lines[-1]) + 3 + len(word) <= characters:
            lines[-1] += " · " + word
        else:
            lines.append(word)
    return "\n".join(lines)


def share(part, whole):
    """A share in per cent that never rounds to none or to all."""
    per_cent = 100 * part / whole if whole else 0
    if 0 < per_cent < 0.1:
        return "<0.1 %"
    if 99.9 < per_cent < 100:
        return ">99.9 %"
    return f"{per_cent:.1f} %"


# ---- layout: sizes in inches, so that text never meets data whatever is in the figure

def arrange(figure, panels, title, footer, legend=(), colour_bar=None, columns=2):
    """Stacks `panels` [(axes, height)] at one width, legend and footer below, and sets the height.

    Instead of axes, a list of axes side by side; only the first may have labels on its left. A
    height is in inches, or a function of the width of its axes in inches. colour_bar: axes to put
    beside the first panel. The legend is ordered down its columns.
    """
    width = figure.get_figwidth()
    panels = [(axes if isinstance(axes, list) else [axes], size) for axes, size in panels]
    _stack(figure, panels)
    characters = int(width * 72 / (5.3 * 0.54))
    note = figure.text(0, 0, wrap(footer, characters), size=5.3, color=theme["faint"],
                       va="bottom", linespacing=1.3)
    heading = figure.text(0, 0, textwrap.fill(title, int(width * 15)), size=8, va="top",
                          weight="bold")
    key = figure.legend(handles=legend, loc="lower left", ncol=columns, frameon=False,
                        handlelength=1.6, handleheight=0.9, columnspacing=1.4, borderpad=0,
                        borderaxespad=0, labelspacing=0.35) if legend else None
    figure.canvas.draw()
    renderer, dpi = figure.canvas.get_renderer(), figure.dpi
    extents = [np.max([_room(axes, renderer, dpi) for axes in row], axis=0) for row, _ in panels]
    left = max(extent[0] for extent in extents) + 0.05
    right = 0.1 + max(extent[1] for extent in extents)
    if colour_bar is not None:
        box, outer = (colour_bar.get_window_extent(renderer), colour_bar.get_tightbbox(renderer))
        right = 0.2 + (outer.x1 - box.x1) / dpi + 0.05
    across = max(len(row) for row, _ in panels)
    span = (width - left - right - GAP_ACROSS * (across - 1)) / across
    heights = [size(span) if callable(size) else size for _, size in panels]
    sizes = {name: text.get_window_extent(renderer).height / dpi if text else 0
             for name, text in (("note", note), ("heading", heading), ("key", key))}
    bottom = 0.05 + sizes["note"] + 0.09 + (sizes["key"] + 0.1 if key else 0)
    height = bottom + 0.07 + sizes["heading"] + 0.06 + sum(
        size + extent[2] + extent[3] for size, extent in zip(heights, extents))
    height += GAP * (len(panels) - 1)
    figure.set_size_inches(width, height)
    top = height - 0.06 - sizes["heading"] - 0.07
    first_top = top - extents[0][3]
    for (row, _), size, extent in zip(panels, heights, extents):
        top -= extent[3] + size
        for place, axes in enumerate(row):
            axes.set_position([(left + place * (span + GAP_ACROSS)) / width, top / height,
                               span / width, size / height])
        top -= extent[2] + GAP
    if colour_bar is not None:
        tall = heights[0] if across == 1 else first_top - top - extents[-1][2] - GAP
        colour_bar.set_position([(width - right + 0.07) / width, (first_top - tall) / height,
                                 0.09 / width, tall / height])
    heading.set_position((left / width if heading.get_window_extent(renderer).width / dpi
                          < width - left - 0.05 else 0.05 / width, (height - 0.06) / height))
    note.set_position((0.05 / width, 0.05 / height))
    if key:
        key.set_bbox_to_anchor((0.05 / width, (0.05 + sizes["note"] + 0.09) / height))
    return figure


GAP, GAP_ACROSS = 0.08, 0.15  # inches between panels


def _stack(figure, panels):
    """Gives axes about the sizes they will have, on which their ticks and their room depend."""
    width = figure.get_figwidth()
    sizes = [size(width - 1) if callable(size) else size for _, size in panels]
    top = height = sum(sizes) + len(sizes)
    figure.set_size_inches(width, height)
    for (row, _), size in zip(panels, sizes):
        top -= size + 1
        for place, axes in enumerate(row):
            span = (width - 1) / len(row)
            axes.set_position([(0.8 + place * span) / width, (top + 0.5) / height,
                               (span - GAP_ACROSS) / width, size / height])


def _room(axes, renderer, dpi):
    """Inches that labels take around axes: left, right, bottom, top."""
    box, outer = axes.get_window_extent(renderer), axes.get_tightbbox(renderer)
    return [max(0, x) / dpi for x in (box.x0 - outer.x0, outer.x1 - box.x1, box.y0 - outer.y0,
                                      outer.y1 - box.y1)]


# ---- the frame of a tool

def add_slice(parser):
    """The option that keeps one value of an axis."""
    parser.add_argument("--slice", nargs="+", default=[], metavar="AXIS=VALUE", action="extend",
                        help="keep one value of an axis: a word or the nearest number, or "
                        "AXIS#INDEX")


def add_drawing(parser, default):
    """The options of every figure: where to, how wide, which theme."""
    parser.add_argument("-o", "--output", help=f"figure: .png, .pdf or .svg [{default}]")
    parser.add_argument("--width", choices=WIDTHS, default="column",
                        help="of one or of two columns of a journal [column]")
    parser.add_argument("--theme", choices=THEMES, default="light", help="[light]")


def add_watch(parser):
    """The option that follows a file that a job is writing."""
    parser.add_argument("--watch", nargs="?", type=float, const=10.0, metavar="SECONDS",
                        help="draw again every SECONDS [10] until the file is complete")


def draw(options, make, suffix=""):
    """Saves make(), a figure of options.file; with --watch again and again until it is whole."""
    use_theme(options.theme)
    path = output_path(options.output, options.file, suffix)
    watch = getattr(options, "watch", None)
    if watch is not None and watch <= 0:
        raise UsageError("--watch: a number of seconds > 0 is needed")
    drawn = None
    while True:
        done, tiles = brink_io.tiles_done(options.file) if watch else (0, 0)
        if done != drawn:
            figure = make()
            save(figure, path)
            plt.close(figure)
            if watch:
                print(f"{path}: {done} of {tiles} tiles", flush=True)
        if done == tiles:
            return
        drawn = done
        time.sleep(watch)


def output_path(given, source, suffix):
    """The figure's path: as given, else the file's stem with a suffix, as PNG beside it."""
    return given or os.path.splitext(source)[0] + suffix + ".png"


def save(figure, path):
    """Writes the figure; PNG, PDF or SVG by the path's ending. The file is there whole or not."""
    stem, kind = os.path.splitext(path)
    if kind.lower() not in (".png", ".pdf", ".svg"):
        raise UsageError(f"{path}: a figure is .png, .pdf or .svg")
    stamp = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}.get(kind.lower(), {})
    draft = f"{stem}.part{os.getpid()}{kind}"
    try:
        with plt.rc_context(RC):
            figure.savefig(draft, metadata=stamp)
        os.replace(draft, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.remove(draft)
        error.filename, error.filename2 = path, None
        raise


def run_tool(tool, arguments):
    """Runs tool(arguments) and ends the program as brink does: 0, 2 usage, 3 I/O, 4 bad file."""
    try:
        tool(arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a table has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except UsageError as error:
        code, words = 2, error
    except brink_io.BrinkFileError as error:
        code, words = 4, error
    except OSError as error:
        code, words = 3, (f"{error.filename}: {error.strerror}" if error.filename else error)
    else:
        return 0
    print(f"{os.path.basename(sys.argv[0])}: {' '.join(str(words).split())}", file=sys.stderr)
    return code
