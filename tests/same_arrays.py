#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Do two result files hold the same arrays, bit for bit? Usage: same_arrays.py A.h5 B.h5

Compares every dataset of the root group: names, types, shapes, and the bytes of the values, so
that a NaN equals only the same NaN and 0 is not -0. Groups (/runs, tile states) may differ.
Exit 0: all the same. 1: they differ, and how. 2: not two readable files with arrays.
"""
import sys

import h5py
import numpy as np


def root_arrays(path):
    """{name: dataset} of the root group, with the file open."""
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise OSError(f"{path}: {error}") from error
    arrays = {name: item for name, item in file.items() if isinstance(item, h5py.Dataset)}
    if not arrays:
        raise OSError(f"{path}: no arrays in the root group")
    return arrays


def value_bytes(array):
    """The values as rows of bytes, one row an element; objects (strings) as text."""
    if array.dtype.hasobject:
        return np.array([repr(value).encode() for value in array.ravel()], dtype=bytes)
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(array.size, -1)


def words_of(value):
    """A value for the reader; a float with its bits, as two NaN look alike."""
    if isinstance(value, np.floating):
        return f"{value!r} ({value.tobytes()[::-1].hex()})"
    return repr(value)


def difference(a, b):
    """What tells dataset `a` from `b`, or None."""
    # The file's own types: byte order and string padding count.
    if not a.id.get_type().equal(b.id.get_type()):
        return f"types {a.dtype} and {b.dtype}"
    if a.shape != b.shape:
        return f"shapes {a.shape} and {b.shape}"
    if a.size == 0:
        return None
    values_a, values_b = a[()], b[()]
    unlike = value_bytes(np.asarray(values_a)) != value_bytes(np.asarray(values_b))
    if unlike.ndim == 2:
        unlike = unlike.any(axis=1)
    if not unlike.any():
        return None
    first = np.unravel_index(int(np.argmax(unlike)), a.shape)
    index = ", ".join(str(int(i)) for i in first)
    pair = " and ".join(words_of(np.asarray(values)[first]) for values in (values_a, values_b))
    return f"{int(unlike.sum())} of {a.size} values, first at [{index}]: {pair}"


def differences(paths):
    """How the two files differ, a line each."""
    files = [root_arrays(path) for path in paths]
    try:
        a, b = files
        found = [f"{name}: only in {paths[0]}" for name in sorted(a.keys() - b.keys())]
        found += [f"{name}: only in {paths[1]}" for name in sorted(b.keys() - a.keys())]
        for name in sorted(a.keys() & b.keys()):
            words = difference(a[name], b[name])
            if words:
                found.append(f"{name}: {words}")
        return found
    finally:
        for arrays in files:
            next(iter(arrays.values())).file.close()


def main(paths):
    if len(paths) != 2:
        print("usage: same_arrays.py A.h5 B.h5", file=sys.stderr)
        return 2
    try:
        found = differences(paths)
    except OSError as error:
        print(f"same_arrays: {error}", file=sys.stderr)
        return 2
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
