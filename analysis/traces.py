# SPDX-License-Identifier: MIT
"""Trajectories of single cells, recomputed by `brink trace` with the bits of the sweep."""
import io
import os
import shutil
import subprocess
from dataclasses import dataclass

import numpy as np

import brink_io
import figures


@dataclass
class Trace:
    """A cell's states; columns are arrays [rows]."""

    words: str     # which cell: "dor#1 = 0.5, lr#858 = 4.99"
    status: str    # "converged", ...
    steps: int     # until the verdict
    columns: dict  # name: values; "step" is the first

    def __getitem__(self, name):
        return self.columns[name]

    @property
    def places(self):
        """{axis: index} of the cell, as brink chose it."""
        names = (part.split(" = ")[0].partition("#") for part in self.words.split(", "))
        return {name: int(index) for name, mark, index in names if mark}

    @property
    def rate(self):
        """The learning rate h: edge = h * sharpness / 2."""
        with np.errstate(all="ignore"):
            rates = 2 * self["edge"] / self["sharpness"]
        known = rates[np.isfinite(rates)]
        return float(np.median(known)) if known.size else float("nan")


def program():
    """The brink to run: $BRINK, else of the same tree or installation, else on PATH."""
    here = os.path.dirname(os.path.abspath(__file__))
    near = [os.path.join(here, *parts) for parts in (("..", "build", "brink"),
                                                     ("..", "..", "..", "bin", "brink"))]
    for path in (os.environ.get("BRINK"), *near, shutil.which("brink")):
        if path and os.access(path, os.X_OK):
            return path
    raise figures.UsageError("the program brink is not found: build it with make, put it on PATH, "
                             "or name it in BRINK")


def trace(path, words, *options):
    """The Trace of the cell that `words` (["dor=0.5", "lr#3"]) choose in the file or spec `path`.

    Raises UsageError with what brink says if there is no such cell, BrinkFileError if the cell
    does not end as stored.
    """
    return run(path, words, options)[0]


def trace_along(path, words, axis, places, *options):
    """The Traces at `places` (indices) on `axis`, by one run; `words` choose on the other axes."""
    return run(path, [*words, f"{axis}#" + ",".join(str(place) for place in places)], options)


def run(path, words, options):
    """The Traces of the cells that `brink trace` goes through; raises as trace()."""
    done = subprocess.run([program(), "trace", path, *words, *options], capture_output=True,
                          text=True, check=False)
    said = done.stderr.strip().splitlines() or [f"brink trace ended with {done.returncode}"]
    if done.returncode in (4, 7):
        raise brink_io.BrinkFileError(said[-1])
    if done.returncode != 0:
        raise figures.UsageError(said[-1])
    text, _, rest = done.stdout.partition("\n")
    names = text.split(",")
    rows = np.loadtxt(io.StringIO(rest), delimiter=",", ndmin=2)
    told = [line for line in said if line.startswith("trace: ") and " step" in line]
    parts = [rows]
    if names[0] == "cell":
        cells, rows, names = rows[:, 0], rows[:, 1:], names[1:]
        parts = np.split(rows, np.searchsorted(cells, np.arange(1, len(told))))
    return [trace_of(line, dict(zip(names, part.T))) for line, part in zip(told, parts)]


def trace_of(line, columns):
    """The Trace with `columns` that brink says `line` of."""
    *cell, steps, status = line[len("trace: "):].split(", ")
    return Trace(", ".join(cell), status, int(steps.split()[0]), columns)
