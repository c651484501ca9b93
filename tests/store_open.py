# SPDX-License-Identifier: MIT
"""Opens a result file in other people's tools: labelled, also while it is written, also after that
writer was killed.

From the environment: BUILD, where tests/check_store is, which makes the files.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import h5py
import netCDF4
import numpy as np
import xarray

CHECK_STORE = pathlib.Path(os.environ.get("BUILD", "build")) / "tests" / "check_store"
ENGINES = ("h5netcdf", "netcdf4")
SHAPE, TILE = (7, 33), (2, 16)  # of the sample: grid and tiles
RUNS_MAX = 256


def expect(truth, *words):
    if not truth:
        raise AssertionError(" ".join(str(word) for word in words))


def output_of(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True,
                          text=True, timeout=60).stdout


def tile_is_done():
    """Mask over the grid: every second tile of the sample is done."""
    tiles = [-(-size // tile) for size, tile in zip(SHAPE, TILE)]
    rows, columns = np.indices(SHAPE)
    return (rows // TILE[0] * tiles[1] + columns // TILE[1]) % 2 == 0


def test_xarray(path):
    for engine in ENGINES:
        with xarray.open_dataset(path, engine=engine) as data:
            expect(data.sizes == {"init": 7, "lr": 33}, engine, data.sizes)
            expect(list(data.data_vars) == ["status", "steps", "value"], engine, data.data_vars)
            expect(set(data.coords) == {"init", "init_x0", "init_y0", "lr"}, engine, data.coords)
            expect(data.status.dims == ("init", "lr"), engine, data.status.dims)
            expect(data.status.dtype == np.int8 and data.steps.dtype == np.int32, engine)
            expect(data.value.dtype == np.float64, engine)
            expect(np.array_equal(data.init_x0, 10 + np.arange(7)), engine, data.init_x0)
            expect(np.array_equal(data.init_y0, -np.arange(7)), engine, data.init_y0)
            expect(np.array_equal(data.lr, 0.1 * np.arange(1, 34)), engine, data.lr)
            expect(np.array_equal(data.status != 0, tile_is_done()), engine)
            expect(np.array_equal(data.steps == -1, ~tile_is_done()), engine)
            expect(np.isnan(data.value.values[~tile_is_done()]).all(), engine)
            flags = dict(zip(data.status.flag_meanings.split(), data.status.flag_values))
            expect(flags == {"pending": 0, "converged": 1, "diverged": 5}, engine, flags)
            expect(data.title == "Toy \N{CHECK MARK}", engine, data.title)
            expect(data.fixed_x0 == 4 and data.schema_version == 1, engine)
            for name, array in data.variables.items():
                expect(array.attrs["units"] and array.attrs["long_name"], engine, name)


def test_h5py(path):
    with h5py.File(path, "r") as file:
        for name in ("status", "steps", "value"):
            expect(file[name].chunks == TILE and file[name].compression is None, name)
            scales = [dimension[0] for dimension in file[name].dims]
            expect(scales == [file["init"], file["lr"]], name, scales)
        expect(file["init"].attrs["CLASS"] == b"DIMENSION_SCALE")
        expect(file["lr"].attrs["scale"] == "log")
        expect(np.isnan(file["value"].attrs["_FillValue"]) and np.isnan(file["value"].fillvalue))
        expect("_FillValue" not in file["status"].attrs and file["status"].fillvalue == 0)
        expect(file["steps"].fillvalue == -1)
        cells = np.arange(np.prod(SHAPE)).reshape(SHAPE)
        expect(np.array_equal(file["steps"][:], np.where(tile_is_done(), cells, -1)))
        expect(np.array_equal(file["tiles/state"][:], np.arange(12) % 2 == 0))
        expect(np.array_equal(file["tiles/checksum"][:] != 0, np.arange(12) % 2 == 0))
        expect(list(file["tiles"].attrs["tile_shape"]) == list(TILE))
        expect(file["runs/count"][0] == 1 and file["runs/host"][0] == b"node")
        expect(all(file["runs"][name].shape == (RUNS_MAX,) for name in file["runs"]
                   if name not in ("count", "writing")))
        expect(file.attrs["spec_hash"] == "0123456789abcdef" and file.attrs["spec"][0] == "{")
        expect("T" not in file.attrs["history"], "a time in", file.attrs["history"])


def test_nexus(path):
    """The way silx and H5Web go from the root to the plot."""
    with h5py.File(path, "r") as file:
        entry = file[file.attrs["default"]]
        data = entry[entry.attrs["default"]]
        expect(entry.attrs["NX_class"] == "NXentry" and data.attrs["NX_class"] == "NXdata")
        expect(data[data.attrs["signal"]].shape == SHAPE)
        for k, name in enumerate(data.attrs["axes"]):
            expect(data[name].shape == (SHAPE[k],) and data.attrs[f"{name}_indices"] == k, name)
        expect(data["title"][()].decode() == data.attrs["title"] == file.attrs["title"])
        for name in ("init", "init_x0", "init_y0", "lr", "status", "steps", "value"):
            expect(data[name] == file[name], name, "is not the same object")


def test_netcdf4(path):
    with netCDF4.Dataset(path) as data:
        expect(list(data.variables) == ["init", "init_x0", "init_y0", "lr", "status", "steps",
                                        "value"], list(data.variables))
        expect(data["value"].dimensions == ("init", "lr"))
        expect(np.array_equal(np.ma.getmaskarray(data["value"][:]),
                              np.isnan(data["value"][:].data)))
        expect(set(data.groups) == {"tiles", "runs", "seal", "entry"}, set(data.groups))


def test_dumps(path):
    header = output_of("ncdump", "-h", path)
    expect("double value(init, lr) ;" in header and "status:flag_values = 0b, 1b, 5b ;" in header)
    header = output_of("h5dump", "-H", "-p", "-d", "/value", path)
    expect("CHUNKED ( 2, 16 )" in header and "H5D_ALLOC_TIME_EARLY" in header, header)
    # Nothing of the library that wrote it: the format is that of HDF5 1.10 for ever.
    expect("SUPERBLOCK_VERSION 3" in output_of("h5dump", "-B", "-H", path))


def read_everything(path):
    """The whole file; every tile marked done must hold its cells."""
    for engine in ENGINES:
        with xarray.open_dataset(path, engine=engine) as data:
            expect(data.sizes == {"init": 3, "lr": 5, "angle": 7}, engine, data.sizes)
            data.load()
    with h5py.File(path, "r") as file:
        done = file["tiles/state"][:]
        expect(set(done) <= {0, 1}, done)
        if done.all():
            expect(np.array_equal(file["steps"][:].ravel(), np.arange(3 * 5 * 7)))
    output_of("ncdump", "-h", path)
    output_of("h5dump", "-H", path)


def test_while_it_is_written_and_after_a_kill(path):
    for attempt in range(3):
        path.unlink(missing_ok=True)
        writer = subprocess.Popen([str(CHECK_STORE), "write", str(path)])
        try:
            patience = time.monotonic() + 60
            while not path.exists():
                expect(writer.poll() is None and time.monotonic() < patience, "no file was made")
                time.sleep(0.001)
            for _ in range(attempt + 1):
                read_everything(path)
                expect(writer.poll() is None, "the writer ended by itself")
        finally:
            writer.kill()
            writer.wait()
        read_everything(path)
        with h5py.File(path, "r+"):
            pass  # not marked as open for writing by the dead


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="brink-open-") as folder:
        sample = pathlib.Path(folder) / "a sample.h5"
        subprocess.run([str(CHECK_STORE), "sample", str(sample)], check=True)
        tests = {name: test for name, test in globals().items() if name.startswith("test_")}
        for name, test in tests.items():
            killed = name == "test_while_it_is_written_and_after_a_kill"
            try:
                test(pathlib.Path(folder) / "written.h5" if killed else sample)
                passed += 1
            except Exception as error:  # pylint: disable=broad-except
                print(f"FAIL {name}: {type(error).__name__}: {error}")
                failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
