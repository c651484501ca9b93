# SPDX-License-Identifier: MIT
"""The part of a sweep that is drawn: chosen by slices, reduced to what can be seen."""
from dataclasses import dataclass

import numpy as np

import brink_io
import figures

CELLS_MAX = 1200       # drawn along an axis; more are reduced in blocks, counts never are
STRIP_CELLS = 1 << 21  # read at a time
ONE_ROW = figures.GridAxis("", "", np.zeros(1), [""], "list", np.zeros(1), np.array([-0.5, 0.5]))


def nearest(coordinate, value):
    """The index of the number nearest to `value` (text), or of a word or the number it has."""
    words = brink_io.words(coordinate)
    if words is None:
        return int(np.argmin(abs(coordinate.values - float(value))))
    found = np.flatnonzero((words == value) | (coordinate.values.astype(str) == value))
    if not found.size:
        raise figures.UsageError(f"--slice {coordinate.name}={value}: {coordinate.name} is one of "
                                 + ", ".join(words))
    return int(found[0])


def indices(sweep, slices):
    """{axis: index} of "name=value" (the nearest value, or a word) or "name#index"."""
    chosen = {}
    for text in slices:
        name, mark, value = text.partition("#" if "#" in text else "=")
        if name not in sweep.dims:
            raise figures.UsageError(f"--slice {text}: no axis {name!r}; the file has "
                                     + ", ".join(sweep["status"].dims))
        try:
            index = int(value) if mark == "#" else nearest(sweep[name], value)
        except ValueError:
            raise figures.UsageError(f"--slice {text}: write {name}=VALUE or {name}#INDEX")
        if not 0 <= index < sweep.sizes[name]:
            raise figures.UsageError(
                f"--slice {text}: {name} has indices 0 to {sweep.sizes[name] - 1}")
        chosen[name] = index
    return chosen


def words_of(sweep, chosen):
    """["init = (4, 0.5) (1 of 3)", ...] for the footer."""
    axes = {name: figures.grid_axis(sweep, name) for name in sweep["status"].dims
            if name in chosen}
    return [f"{name} = {axis.names[chosen[name]]} ({chosen[name] + 1} of {axis.values.size})"
            for name, axis in axes.items()]


def choose(sweep, slices=(), besides=()):
    """(part of the sweep with one or two axes, words on what was chosen).

    Axes above the last two that are not sliced are shown at their first value. Those named in
    `besides` stay whole and do not count.
    """
    chosen = indices(sweep, slices)
    free = [name for name in sweep["status"].dims if name not in chosen and name not in besides]
    if not free:
        raise figures.UsageError("--slice: at least one axis must be left to draw")
    chosen.update((name, 0) for name in free[:-2])
    return sweep.isel(chosen), words_of(sweep, chosen)


def multiples(sweep, name, slices=(), panels_max=12):
    """([(part, caption)], words) for one small picture per value of axis `name`, evenly chosen."""
    if name not in sweep.dims:
        raise figures.UsageError(f"--panels {name}: no such axis; the file has "
                                 + ", ".join(sweep["status"].dims))
    part, words = choose(sweep, slices, (name,))
    if name not in part.dims:
        raise figures.UsageError(f"--panels {name}: --slice keeps one value of it")
    axis = figures.grid_axis(sweep, name)
    size = axis.values.size
    shown = np.unique(np.linspace(0, size - 1, min(size, panels_max)).round().astype(int))
    if shown.size < size:
        words = [*words, f"{shown.size} of {size} values of {name}"]
    return [(part.isel({name: place}), f"{axis.short} = {axis.names[place]}")
            for place in shown], words


@dataclass
class Picture:
    """A two-dimensional part, reduced to what can be seen: [rows, columns] in blocks of cells."""

    rows: figures.GridAxis
    columns: figures.GridAxis
    row_edges: np.ndarray
    column_edges: np.ndarray
    row_centres: np.ndarray
    column_centres: np.ndarray
    status: np.ndarray      # the most frequent status of a block
    counts: np.ndarray      # [128] cells by status, of all cells
    fields: dict            # name: mean over the block's cells of that status


def blocks(array, factors, fill):
    """[rows, columns] -> [block rows, block columns, cells of a block], filled up at the ends."""
    rows, columns = factors
    padding = [(0, -size % factor) for size, factor in zip(array.shape, factors)]
    array = np.pad(array, padding, constant_values=fill)
    tall, wide = array.shape[0] // rows, array.shape[1] // columns
    array = array.reshape(tall, rows, wide, columns).swapaxes(1, 2)
    return array.reshape(tall, wide, rows * columns)


def reduce_strip(status, fields, factors):
    """(status, {name: mean}) of a strip [rows, columns] in blocks of cells; see Picture."""
    status = blocks(status, factors, -1)
    found = [value for value in np.unique(status) if value >= 0]
    mode = np.array(found, "i1")[
        np.argmax([np.count_nonzero(status == value, axis=2) for value in found], axis=0)]
    same = status == mode[..., None]
    reduced = {}
    for name, values in fields.items():
        lost = values == -1 if values.dtype.kind == "i" else np.isnan(values)
        values = blocks(np.where(lost, np.nan, values), factors, np.nan)
        known = same & ~np.isnan(values)
        with np.errstate(invalid="ignore", over="ignore"):
            reduced[name] = (np.where(known, values, 0).sum(axis=2)
                             / np.count_nonzero(known, axis=2))
    return mode, reduced


def read_picture(part, names, cells_max=None):
    """The Picture of a part with one or two axes, with the fields `names`.

    Reads strips of rows: memory is bounded by the picture, not by the file. At most `cells_max`
    [CELLS_MAX] blocks along an axis.
    """
    dims = part["status"].dims
    columns = figures.grid_axis(part, dims[-1])
    rows = figures.grid_axis(part, dims[0]) if len(dims) == 2 else ONE_ROW
    factors = tuple(-(-axis.values.size // (cells_max or CELLS_MAX)) for axis in (rows, columns))
    height = factors[0] * max(1, STRIP_CELLS // (factors[0] * columns.values.size))
    counts = np.zeros(128, int)
    strips = []
    for first in range(0, rows.values.size, height):
        strip = part[["status", *names]]
        if len(dims) == 2:
            strip = strip.isel({rows.name: slice(first, first + height)})
        status = np.atleast_2d(strip["status"].values)
        counts += np.bincount(status.ravel(), minlength=128)
        fields = {name: np.atleast_2d(strip[name].values) for name in names}
        strips.append(reduce_strip(status, fields, factors))
    return Picture(rows, columns, *(reduced_edges(*pair) for pair in zip((rows, columns), factors)),
                   *(reduced_centres(*pair) for pair in zip((rows, columns), factors)),
                   np.concatenate([status for status, _ in strips]), counts,
                   {name: np.concatenate([fields[name] for _, fields in strips])
                    for name in names})


def reduced_edges(axis, factor):
    """Edges of blocks of `factor` cells along an axis."""
    return np.append(axis.edges[:-1:factor], axis.edges[-1])


def reduced_centres(axis, factor):
    """Centres of blocks of `factor` cells along an axis."""
    if factor == 1:
        return axis.position
    edges = reduced_edges(axis, factor)
    return np.sqrt(edges[1:] * edges[:-1]) if axis.scale == "log" else (edges[1:] + edges[:-1]) / 2
