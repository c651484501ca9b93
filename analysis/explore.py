# SPDX-License-Identifier: MIT
"""Writes one HTML page that shows a sweep in a browser, from the file alone, and replays its cells.

The page is built by `make explorer`; this puts the data of a file into it. A file that is too large
is thinned out: every k-th cell along an axis, so that each cell shown is one of the file.
"""
import argparse
import base64
import json
import os
import sys
import zlib

import h5py
import numpy as np

import brink_io
import figures

HERE = os.path.dirname(os.path.abspath(__file__))
MARK = "<!--SWEEP-->"  # of the page, where the data goes
TYPES = {"i1": "int8", "i4": "int32", "f8": "float64"}


def page_template(path):
    """The built page without data."""
    if path is None:
        places = [os.path.join(HERE, "..", *rest) for rest in
                  (("build", "explorer", "page.html"), ("explorer", "page.html"))]
        path = next((place for place in places if os.path.exists(place)), None)
    if path is None or not os.path.exists(path):
        raise figures.UsageError("the explorer's page is not built: run `make explorer` first "
                                 "(it needs npm and clang)")
    with open(path, encoding="utf-8") as file:
        page = file.read()
    if page.count(MARK) != 1:
        raise figures.UsageError(f"{path}: not the explorer's page, or it has data already")
    return page


def strides_for(shape, cell_bytes, budget):
    """How far apart the cells along each axis are, so that they fit `budget` bytes."""
    strides = [1] * len(shape)

    def left(axis):
        return -(-shape[axis] // strides[axis])

    while cell_bytes * np.prod([left(axis) for axis in range(len(shape))], dtype=float) > budget:
        axis = max(range(len(shape)), key=left)
        if left(axis) == 1:
            break
        strides[axis] *= 2
    return strides


def packed(array):
    """{type, data}: an array as deflated base64, little-endian and row-major."""
    kind = next(key for key, name in TYPES.items() if array.dtype.name == name)
    raw = np.ascontiguousarray(array, dtype=f"<{kind}").tobytes()
    return {"type": kind, "data": base64.b64encode(zlib.compress(raw, 6)).decode()}


def numbers(values):
    """Plain numbers for JSON; Python writes doubles so that they read back to the same bits."""
    return [float(value) for value in np.atleast_1d(values)]


def describe_axes(sweep, strides):
    names, spec = sweep["status"].dims, brink_io.spec(sweep)
    axes = []
    for name, stride in zip(names, strides):
        entry = spec["axes"][name]
        values = sweep[name].values[::stride]
        words = [value for value in entry.get("values", []) if isinstance(value, str)]
        axes.append({"name": name, "names": words[::stride] or None,
                     "values": numbers(values), "stride": stride, "size": sweep.sizes[name],
                     "scale": entry.get("scale", "list" if "values" in entry else "linear"),
                     "meaning": sweep[name].attrs.get("long_name", name)})
    return axes


def describe_curves(file, shape, strides):
    """Stored curves of cells (/curves of network sweeps), thinned out like the cells."""
    group = file.get("curves")
    if not isinstance(group, h5py.Group):
        return None
    cells = tuple(slice(None, None, stride) for stride in strides)
    found = {}
    for name, dataset in group.items():
        if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "fiu":
            continue
        if dataset.shape[:-1] == shape:
            found[name] = {**packed(dataset[cells].astype(float)), "length": dataset.shape[-1]}
        elif dataset.ndim == 1:
            found[name] = {**packed(dataset[...].astype(float)), "shared": True}
    return found or None


def describe(path, budget):
    """All that the page needs of a file, for JSON."""
    sweep = brink_io.open(path)
    status = sweep["status"]
    with h5py.File(path, "r") as file:
        stored = [name for name in sweep.data_vars if name != "status" and name in file
                  and sweep[name].dims == status.dims]
        cell_bytes = sum(file[name].dtype.itemsize for name in ("status", *stored))
        strides = strides_for(status.shape, cell_bytes, budget)
        cells = tuple(slice(None, None, stride) for stride in strides)
        arrays = {name: packed(file[name][cells]) for name in ("status", *stored)}
        curves = describe_curves(file, status.shape, strides)
    keys = "title model commit version kernel_version spec spec_hash lr_unit".split()
    pairs = None
    if "init_x0" in sweep.coords:
        stride = strides[status.dims.index("init")]
        pairs = {"x": numbers(sweep["init_x0"].values[::stride]),
                 "y": numbers(sweep["init_y0"].values[::stride])}
    return {
        "name": os.path.basename(path),
        "attributes": {key: str(sweep.attrs.get(key, "")) for key in keys},
        "shape": [-(-size // stride) for size, stride in zip(status.shape, strides)],
        "reduced": any(stride > 1 for stride in strides),
        "axes": describe_axes(sweep, strides),
        "fields": [{"name": name, "meaning": sweep[name].attrs.get("long_name", name)}
                   for name in stored],
        "statuses": [{"value": value, "name": name}
                     for value, name in brink_io.status_names(sweep).items()],
        "pairs": pairs, "arrays": arrays, "curves": curves,
    }


def main(arguments):
    parser = argparse.ArgumentParser(prog="brink explore", description=__doc__.splitlines()[0])
    parser.add_argument("file", help="a result file of brink")
    parser.add_argument("-o", "--output", help="the page [FILE.html]")
    parser.add_argument("--max-mb", type=float, default=48, metavar="MB",
                        help="thin the cells out to so many megabytes before compression [48]")
    parser.add_argument("--page", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    page = page_template(options.page)
    text = json.dumps(describe(options.file, options.max_mb * 1e6), separators=(",", ":"))
    text = text.replace("<", "\\u003c")
    script = f'<script type="application/json" id="sweep">{text}</script>'
    output = options.output or os.path.splitext(options.file)[0] + ".html"
    with open(output, "w", encoding="utf-8") as file:
        file.write(page.replace(MARK, script))
    print(f"{output}: {os.path.getsize(output) / 1e6:.1f} MB", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(figures.run_tool(main, sys.argv[1:]))
