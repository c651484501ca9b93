# SPDX-License-Identifier: MIT
"""The only reader of brink result files: open(path) gives a lazy, labelled xarray.Dataset.

    import brink_io
    sweep = brink_io.open("dor.h5")
    sweep.edge_end.sel(dor=0.5)               # reads that row only
    sweep.verdict.isel(dor=0)                 # names: "converged", "diverged", ...
    sweep.eos.mean("lr")                      # derived flags are variables, computed when read
    sweep.h, sweep.dor                        # learning rate and degree of regularity of cells

Every array has the shape of the grid, its axes in the order of the specification; the last two
are the picture (vertical, horizontal). All fields are dimensionless. A file may be read while a
job is writing it: cells that are not computed yet have status 0 (pending), NaN and -1.
"""
import builtins
import json
import os

# A brink file is written in place; a reader that took HDF5's lock would only get in the way of
# the job that resumes it, and fails on file systems without locks.
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")

import h5py  # noqa: E402
import numpy as np  # noqa: E402
import xarray as xr  # noqa: E402
from xarray.backends import BackendArray  # noqa: E402
from xarray.core import indexing  # noqa: E402

SCHEMA_VERSION = 1
PENDING = 0  # the status of a cell that is not computed yet, in every model


class BrinkFileError(Exception):
    """The file is not a brink result this reader knows, or is damaged: one line that says so."""


def open(path):
    """The sweep in `path` as an xarray.Dataset that reads from the file when it is indexed.

    Adds to the stored arrays: coordinate `dor` (degree of regularity, along the axis it depends
    on), coordinate `h` (learning rate; of the shape it needs), variables `verdict` (names) and
    the flags of FLAGS whose measures are stored. Raises BrinkFileError, or OSError if the file
    cannot be read at all.
    """
    path = os.fspath(path)
    _refuse_foreign(path)
    try:
        stored = xr.open_dataset(path, engine="h5netcdf", decode_cf=False)
    except Exception as error:
        raise BrinkFileError(f"{path}: cannot be read as labelled arrays: {error}") from error
    stored = stored.set_coords([name for name in stored.data_vars
                                if name not in stored.dims and stored[name].ndim < 2
                                and stored[name].dims != stored["status"].dims])
    stored.attrs = {key: _text(value) for key, value in stored.attrs.items()}
    stored.encoding["source"] = path
    sweep = stored
    for name, derived in (("dor", _dor(stored)), ("h", _learning_rate(stored))):
        if derived is not None:
            sweep = sweep.assign_coords({name: derived})
    lazy = {"verdict": (_verdict, ["status"], np.dtype("U16"), "verdict, by name")}
    of_start = [name for name in START_MEASURES
                if parameter(stored, "seed") is not None and name in stored]
    flags = NETWORK_FLAGS if stored.attrs.get("model") == "network" else FLAGS
    for name, (function, needs, meaning) in flags.items():
        if all(need in stored for need in needs):
            lazy[name] = (function, {*needs, *of_start}, np.dtype(bool), meaning)
    for name, (function, needs, dtype, meaning) in lazy.items():
        sweep[name] = _lazy_variable(stored, function, needs, dtype, meaning)
    return sweep


def curves(sweep):
    """The curves of a network sweep as a Dataset over its axes and `step`; empty if it has none."""
    try:
        return xr.open_dataset(sweep.encoding["source"], engine="h5netcdf", group="curves",
                               decode_cf=False)
    except OSError:
        return xr.Dataset()


def spec(sweep):
    """The resolved specification as a dict: title, model, axes, fixed, lr_unit, stop, ..."""
    return json.loads(sweep.attrs["spec"])


def _flag_names(attributes):
    """The words of an array of numbers: {value: word}."""
    values = np.atleast_1d(attributes["flag_values"])
    return dict(zip((int(value) for value in values), attributes["flag_meanings"].split()))


def status_names(sweep):
    """The statuses of the file's model: {0: "pending", 1: "converged", ...}."""
    return _flag_names(sweep["status"].attrs)


def words(coordinate):
    """The words of a coordinate that is stored as their numbers (loss: "mse", ...), else None."""
    if "flag_meanings" not in coordinate.attrs:
        return None
    names = _flag_names(coordinate.attrs)
    return np.array([names.get(value, "") for value in range(max(names) + 1)])[coordinate.values]


def parameter(sweep, name):
    """A parameter: a DataArray along its axis, a number (init: a pair) if fixed, else None."""
    if name in sweep.coords:
        return sweep.coords[name].reset_coords(drop=True)
    return sweep.attrs.get(f"fixed_{name}")


def fixed(sweep):
    """The parameters with one value, in the order of the file: {"x0": 4.0, "y0": 0.5}."""
    return {name[len("fixed_"):]: value for name, value in sweep.attrs.items()
            if name.startswith("fixed_")}


def regularity_axis(sweep):
    """The axis the degree of regularity varies along ("dor", "a" or "b"), or None."""
    return next((name for name in ("dor", "a", "b") if name in sweep.dims), None)


def tiles_done(path):
    """(tiles done, tiles) of a file, also while a job is writing it."""
    with h5py.File(path, "r") as file:
        states = file["tiles/state"][...]
    return int(np.count_nonzero(states)), int(states.size)


# ---- what is refused

def _text(value):
    """HDF5 attributes come as str, bytes or arrays of them, depending on who wrote them."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    return value.decode() if isinstance(value, bytes) else value


def _refuse_foreign(path):
    with builtins.open(path, "rb"):
        pass  # an OSError that names the file when there is none, or it may not be read
    if not h5py.is_hdf5(path):
        raise BrinkFileError(f"{path}: not an HDF5 file")
    try:
        with h5py.File(path, "r") as file:
            kind = _text(file.attrs.get("brink_format", ""))
            schema = _text(file.attrs.get("schema_version", -1))
            missing = [name for name in ("spec", "spec_hash", "lr_unit") if name not in file.attrs]
            status = file.get("status")
            flags = status is not None and "flag_meanings" in status.attrs
            shards = sorted({source.file_name for source in status.virtual_sources()}
                            if flags and status.is_virtual else [])
    except (OSError, KeyError, RuntimeError) as error:
        raise BrinkFileError(f"{path}: damaged HDF5 file: {error}") from error
    if kind != "sweep":
        raise BrinkFileError(f"{path}: not a brink sweep (attribute brink_format is {kind!r})")
    if schema != SCHEMA_VERSION:
        raise BrinkFileError(f"{path}: schema {schema}, this reader knows {SCHEMA_VERSION}: "
                             "use the analysis tools of the brink that wrote it")
    if missing or not flags:
        what = ", ".join(missing + ([] if flags else ["status with flag_meanings"]))
        raise BrinkFileError(f"{path}: damaged brink file: no {what}")
    folder = os.path.dirname(path)
    if shards and not any(os.path.exists(os.path.join(folder, shard)) for shard in shards):
        raise BrinkFileError(f"{path}: views of {len(shards)} shards, none of which is beside it "
                             f"({shards[0]}, ...)")


# ---- coordinates

def _dor(stored):
    """Degree of regularity: a for F_a, 2 b for F_b; None for models without one."""
    for name, factor in (("dor", 1), ("a", 1), ("b", 2)):
        values = parameter(stored, name)
        if values is not None:
            attributes = {"units": "1", "long_name": "degree of regularity"}
            values = xr.DataArray(values) * factor
            return values.assign_attrs(getattr(parameter(stored, name), "attrs", {}), **attributes)
    return None


def _learning_rate(stored):
    """h: along its axis when that is the unit, else as stored for every cell (lazily)."""
    attributes = {"units": "1", "long_name": "learning rate h"}
    if stored.attrs["lr_unit"] == "one":
        rate = parameter(stored, "lr")
        return None if rate is None else xr.DataArray(rate).assign_attrs(attributes)
    if "lr_actual" not in stored:
        return None
    return stored["lr_actual"].reset_coords(drop=True).assign_attrs(attributes)


# ---- derived variables

class _LazyArray(BackendArray):
    """An array computed from stored ones for the cells that are asked for, when asked."""

    def __init__(self, stored, function, needs, dtype):
        self.stored = stored[list(needs)]
        self.function = function
        self.dims = stored["status"].dims
        self.shape = stored["status"].shape
        self.dtype = dtype

    def __getitem__(self, key):
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._compute)

    def _compute(self, key):
        part = self.stored.isel(dict(zip(self.dims, key)))
        return np.asarray(self.function(part), dtype=self.dtype)


def _lazy_variable(stored, function, needs, dtype, meaning):
    array = _LazyArray(stored, function, needs, dtype)
    return xr.Variable(array.dims, indexing.LazilyIndexedArray(array),
                       {"units": "1", "long_name": meaning})


def _verdict(part):
    names = status_names(part)
    table = np.array([names.get(value, "") for value in range(128)])
    return table[part["status"].values]


def _eos(part):
    gap = 1 - part["edge_end"].variable
    return (part["flow_ratio"].variable > 1) & (gap >= 0) & (gap <= 0.05) & _flow_arrives(part)


def _balanced(part):
    return abs(part["balance"].variable) <= 0.5


def _catapult(part):
    return ((part["loss_peak"].variable > 1.01)
            & (part["loss_end"].variable < part["loss_start"].variable)
            & (part["edge_end"].variable < part["flow_ratio"].variable) & _flow_arrives(part))


def _monotone(part):
    return part["loss_rises"].variable == 0


def _flow_arrives(part):
    """Does gradient flow from this start reach a minimum, so that h_GF means something?

    It does not from x0 = -y0 (to the origin), nor for b >= 3 with s0 <= 0 (to a flat axis).
    """
    dor = _dor(part)
    if dor is None:
        return True
    negative, antidiagonal = _start(part, dor)
    flat = xr.DataArray(dor) >= 6
    return ~((flat & negative) | antidiagonal).variable


def _start(part, dor):
    """(s0 <= 0, x0 = -y0), of the shape of the start's axes; s0 = x0*y0."""
    x, y, s, difference, radius, angle = (
        parameter(part, name) for name in ("x0", "y0", "s0", "D0", "radius", "angle"))
    pair = parameter(part, "init")
    if "init_x0" in part.coords:
        x, y = part["init_x0"].reset_coords(drop=True), part["init_y0"].reset_coords(drop=True)
    elif isinstance(pair, np.ndarray) and pair.shape == (2,):
        x, y = pair
    if x is not None:
        x, y = xr.DataArray(x), xr.DataArray(y)
        return (x <= 0) & (y >= 0) | (x >= 0) & (y <= 0), x == -y
    if s is not None:
        s = xr.DataArray(s)
        balanced = False if difference is None else xr.DataArray(difference) == 0
        return s <= 0, (s < 0) & balanced  # with a seed, D0 is drawn and never 0
    if radius is not None:
        turn = xr.DataArray(angle) % 180  # s0 = radius^2 sin(2 angle) / 2
        return (turn >= 90) | (turn == 0), turn == 135
    return _drawn_start(part, dor)


# What a start that was drawn at random (`seed`) can be told from.
START_MEASURES = ("loss_start", "edge_start", "flow_ratio", "lr_actual")


def _drawn_start(part, dor):
    """(s0 <= 0, False) where only measures of the start are known, F_b only.

    The loss (1 - s^b)^2 leaves two values of s; the sharpness of the right one is the stored
    one. N = x0^2 + y0^2 follows from s and D = x0^2 - y0^2, and D from h_GF.
    """
    if any(name not in part for name in START_MEASURES):
        return xr.DataArray(False), xr.DataArray(False)
    loss, edge, ratio, rate = (part[name].reset_coords(drop=True) for name in START_MEASURES)
    power = xr.DataArray(dor).reset_coords(drop=True) / 2
    root = 1 / power
    with np.errstate(all="ignore"):
        difference = np.sqrt(np.maximum((ratio / (rate * power ** 2)) ** 2 - 4, 0))

        def misfit(s):
            size = np.hypot(difference, 2 * s)
            excess = 1 - s * abs(s) ** (power - 1)
            slope = -2 * power * abs(s) ** (power - 1) * excess
            curve = (2 * power ** 2 * abs(s) ** (2 * power - 2)
                     - 2 * power * (power - 1) * np.sign(s) * abs(s) ** (power - 2) * excess)
            sharpness = size * curve / 2 + np.hypot(difference * curve / 2, slope + s * curve)
            return abs(sharpness - 2 * edge / rate)

        above = (1 + np.sqrt(loss)) ** root
        below = np.sign(1 - np.sqrt(loss)) * abs(1 - np.sqrt(loss)) ** root
        return (below <= 0) & (misfit(below) < misfit(above)), xr.DataArray(False)


# Name: function of a loaded part of the file, the measures it needs, its meaning.
FLAGS = {
    "eos": (_eos, ("flow_ratio", "edge_end"),
            "edge of stability: 0 <= 1 - edge_end <= .05 where gradient flow ends unstable"),
    "balanced": (_balanced, ("balance",), "|x^2 - y^2| at most half of what it was"),
    "catapult": (_catapult, ("loss_peak", "loss_start", "loss_end", "edge_end", "flow_ratio"),
                 "loss peaked, fell, and ended flatter than gradient flow would"),
    "monotone": (_monotone, ("loss_rises",), "no step raised the loss"),
}


# ---- of networks, where gradient flow has no known end: the start is the yardstick

def _eos_network(part):
    return abs(part["edge_end"].variable - 1) <= 0.05


def _catapult_network(part):
    return ((part["loss_peak"].variable > 1.01)
            & (part["loss_end"].variable < part["loss_start"].variable)
            & (part["sharpness_end"].variable < part["sharpness_start"].variable))


NETWORK_FLAGS = {
    "eos": (_eos_network, ("edge_end",), "edge of stability: |edge_end - 1| <= .05"),
    "balanced": (_balanced, ("balance",),
                 "| ||W_last||^2 - ||W_first||^2 | at most half of what it was"),
    "catapult": (_catapult_network, ("loss_peak", "loss_start", "loss_end", "sharpness_start",
                                     "sharpness_end"),
                 "loss_peak > 1.01, loss_end < loss_start and sharpness_end < sharpness_start"),
    "monotone": (_monotone, ("loss_rises",), "no step raised the loss"),
}
