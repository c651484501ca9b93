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
    told = next(line for line in said if line.startswith("trace: ") and " step" in line)
    *cell, steps, status = told[len("trace: "):].split(", ")
    return Trace(", ".join(cell), status, int(steps.split()[0]), dict(zip(names, rows.T)))
