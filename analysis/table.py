# SPDX-License-Identifier: MIT
"""Writes the cells of a sweep as a tidy table: one row per cell, coordinates first.

CSV with all digits of each number, or parquet (needs pyarrow). Verdicts, activations, losses, ...
are words, cells that are not computed yet are left out.
"""
import argparse
import contextlib
import os
import sys

import needs  # noqa: F401 (before what it checks for)

import numpy as np
import pandas

import brink_io
import figures
import picture

STRIP_CELLS = 1 << 18  # rows in memory


def columns_of(sweep, fields=()):
    """Names of the columns: coordinates of the cells, then `fields`, or all that a cell has."""
    dims = sweep["status"].dims
    # `init` numbers its starts; the numbers say nothing, the starts do.
    coordinates = [name for name in dict.fromkeys((*dims, *sweep.coords)) if name != "init"
                   and sweep[name].ndim < 2 and set(sweep[name].dims) <= set(dims)]
    cells = [name for name, array in sweep.variables.items()
             if array.dims == dims and name not in ("status", *coordinates)]
    cells = ["verdict"] + [name for name in cells if name not in ("verdict", "h")]
    wrong = [name for name in fields if name not in cells]
    if wrong:
        raise figures.UsageError(f"--fields {wrong[0]}: the file has " + ", ".join(cells))
    return coordinates + (list(fields) or cells)


def strips(sweep):
    """Parts of at most STRIP_CELLS cells, or of one row of the last axis, in the file's order."""
    dims = sweep["status"].dims
    inner = sweep["status"].size // sweep.sizes[dims[0]]
    if len(dims) == 1 or inner <= STRIP_CELLS:
        step = max(1, STRIP_CELLS // inner)
        for first in range(0, sweep.sizes[dims[0]], step):
            yield sweep.isel({dims[0]: slice(first, first + step)})
        return
    for place in range(sweep.sizes[dims[0]]):
        row = sweep.isel({dims[0]: place})
        for part in strips(row):
            yield part.expand_dims(dims[0]).transpose(*dims, ...)


def values_of(array):
    """What a table says of an array: words where its numbers stand for some."""
    words = brink_io.words(array)
    return array.values if words is None else words


def frames(sweep, columns, verdicts=()):
    """The rows as pandas.DataFrames, strip by strip; of all verdicts, or of those named."""
    names = list(brink_io.status_names(sweep).values())
    wrong = [name for name in verdicts if name not in names]
    if wrong:
        raise figures.UsageError(f"--verdict {wrong[0]}: the file has " + ", ".join(names))
    for part in strips(sweep):
        dims, shape = part["status"].dims, part["status"].shape
        status = part["status"].values
        words = np.array([brink_io.status_names(sweep).get(value, "") for value in range(128)])
        kept = np.isin(words[status], verdicts) if verdicts else status != brink_io.PENDING
        rows = {}
        for name in columns:
            values = words[status] if name == "verdict" else np.broadcast_to(
                values_of(part[name].transpose(*dims, missing_dims="ignore")).reshape(
                    [part.sizes[dim] if dim in part[name].dims else 1 for dim in dims]), shape)
            rows[name] = values[kept]
        yield pandas.DataFrame(rows)


def write_csv(parts, path):
    """A header and one line per cell; "-" is the standard output."""
    with contextlib.ExitStack() as stack:
        out = sys.stdout if path == "-" else stack.enter_context(open(path, "w", newline=""))
        for number, frame in enumerate(parts):
            frame.to_csv(out, index=False, header=number == 0, lineterminator="\n")


def write_parquet(parts, path):
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise figures.UsageError(f"{path}: parquet needs the Python module pyarrow (pip install "
                                 "pyarrow; Debian 12 has no package): or write .csv") from None
    writer = None
    try:
        for frame in parts:
            rows = pyarrow.Table.from_pandas(frame, preserve_index=False)
            writer = writer or pyarrow.parquet.ParquetWriter(path, rows.schema)
            writer.write_table(rows)
    finally:
        if writer:
            writer.close()


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="a result file of brink")
    parser.add_argument("-o", "--output", help=".csv, .parquet, or - [FILE.csv]")
    parser.add_argument("--fields", nargs="+", default=[], metavar="NAME",
                        help="verdict, edge_end, eos, ... [all]")
    parser.add_argument("--verdict", nargs="+", default=[], metavar="NAME",
                        help="only cells with one of these verdicts [all but pending]")
    figures.add_slice(parser)
    options = parser.parse_args(arguments)
    path = options.output or os.path.splitext(options.file)[0] + ".csv"
    kind = ".csv" if path == "-" else os.path.splitext(path)[1].lower()
    if kind not in (".csv", ".parquet"):
        raise figures.UsageError(f"{path}: a table is .csv or .parquet")
    sweep = brink_io.open(options.file)
    chosen = picture.indices(sweep, options.slice)
    sweep = sweep.isel({name: [index] for name, index in chosen.items()})
    parts = frames(sweep, columns_of(sweep, options.fields), options.verdict)
    (write_csv if kind == ".csv" else write_parquet)(parts, path)


if __name__ == "__main__":
    sys.exit(figures.run_tool(main, sys.argv[1:]))
