# SPDX-License-Identifier: MIT
"""A second reader of results, written from src/man/brink-file.5 alone: it proves the page.

Usage: read_file.py FILE: checks every sum that the page defines; says what does not fit.
"""
import json
import struct
import sys

import h5py
import numpy as np
import xxhash

COLUMNS = ("start_time end_time ranks threads kernel_version exit_code tiles_before tiles_done "
           "host job_id isa commit mpi hdf5").split()


def arrays(group):
    """Names of the arrays of a group in the order of their creation; none without a group."""
    names = []
    if group is not None:
        group.id.links.iterate(lambda name: names.append(name.decode()),
                               idx_type=h5py.h5.INDEX_CRT_ORDER)
    return [name for name in names if isinstance(group[name], h5py.Dataset)]


def u8(*numbers):
    return struct.pack(f"<{len(numbers)}Q", *(int(number) for number in numbers))


def digest(data, left_out):
    """XXH3 over the bytes of `data` outside of the ranges."""
    total, at = xxhash.xxh3_64(), 0
    for start, end in sorted(map(tuple, left_out)):
        total.update(data[at:max(at, start)])
        at = max(at, end)
    total.update(data[at:])
    return total.intdigest()


def check_header(file, data):
    yield "superblock", data[:9] == b"\x89HDF\r\n\x1a\n\x03" and data[9:11] == b"\x08\x08"
    yield "brink_format", file.attrs["brink_format"] == "sweep"
    yield "schema_version", file.attrs["schema_version"] == 1
    spec = xxhash.xxh3_64(file.attrs["spec"].encode())
    yield "spec_hash", file.attrs["spec_hash"] == spec.hexdigest()


def tile_sums(file, spec):
    """Pairs of the number of a tile that is done and the sum over it."""
    shape, counts = (file["tiles"].attrs[name] for name in ("tile_shape", "tile_counts"))
    grid = file["status"].shape
    axes = json.loads(file.attrs["spec"])["axes"]
    axes = [name + end for name in axes for end in ("", "_x0", "_y0")]
    fields = [name for name in arrays(file) if name not in axes]
    fields += [f"curves/{name}" for name in arrays(file.get("curves")) if name != "step"]
    for number in np.flatnonzero(file["tiles/state"][:]):
        place = np.unravel_index(number, counts)
        box = tuple(slice(p * t, min((p + 1) * t, n)) for p, t, n in zip(place, shape, grid))
        total = xxhash.xxh3_64()
        for name in fields:
            total.update(file[name][box].tobytes())
        total.update(u8(number, spec))
        yield number, total.intdigest()


def check_tiles(file, spec):
    shape, counts = (file["tiles"].attrs[name] for name in ("tile_shape", "tile_counts"))
    yield "tile_counts", all(-(-n // t) == c
                             for n, t, c in zip(file["status"].shape, shape, counts))
    states, sums = file["tiles/state"][:], file["tiles/checksum"][:]
    yield "number of tiles", len(states) == len(sums) == np.prod(counts)
    for number, total in tile_sums(file, spec):
        yield f"tile {number}", states[number] == 1 and total == sums[number]


def run_sums(file, spec):
    """Pairs of a row of /runs and the sum over it."""
    runs = file["runs"]
    for row in range(int(runs["count"][0])):
        total = xxhash.xxh3_64()
        for name in COLUMNS:
            width = runs[name].dtype.itemsize
            total.update(runs[name][row:row + 1].tobytes().ljust(width, b"\0"))
        total.update(u8(row, spec))
        yield row, total.intdigest()


def check_runs(file, spec):
    runs = file["runs"]
    for row, total in run_sums(file, spec):
        if row != runs["writing"][0]:
            yield f"start {row}", total == runs["checksum"][row]


def check_seal(file, data):
    seal = file["seal"]
    own, whole = (seal[name].id.get_offset() for name in ("digest", "whole"))
    yield "seal", digest(data, seal["ranges"][:]) == seal["digest"][0]
    if file.attrs["storage"] == "packed":
        yield "seal of all", digest(data, [(own, own + 8), (whole, whole + 8)]) == seal["whole"][0]
    else:
        yield "no seal of all", seal["whole"][0] == 0


def check(path):
    """Pairs of what was looked at and whether it fits."""
    with open(path, "rb") as stream:
        data = stream.read()
    with h5py.File(path) as file:
        spec = int(file.attrs["spec_hash"], 16)
        yield from check_header(file, data)
        yield from check_tiles(file, spec)
        yield from check_runs(file, spec)
        yield from check_seal(file, data)


if __name__ == "__main__":
    results = list(check(sys.argv[1]))
    for name, fits in results:
        if not fits:
            print(f"{sys.argv[1]}: {name}: does not fit")
    print(f"{sum(fits for _, fits in results)} of {len(results)} fit")
    sys.exit(not all(fits for _, fits in results))
