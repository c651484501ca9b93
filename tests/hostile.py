# SPDX-License-Identifier: MIT
"""Foreign, damaged and hostile files: `brink verify` ends each time, soon, with code 4 and why.

From the environment: BUILD, where brink is; HOSTILE_FUZZ, how many random corruptions [60];
HOSTILE_SEED [1]; HOSTILE_SECONDS, of CPU time that a file may take [8].
"""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import h5py
import netCDF4
import numpy as np

BRINK = pathlib.Path(os.environ.get("BUILD", "build")).resolve() / "brink"
FUZZ = int(os.environ.get("HOSTILE_FUZZ", "60"))
SEED = int(os.environ.get("HOSTILE_SEED", "1"))
SECONDS = int(os.environ.get("HOSTILE_SECONDS", "8"))
XXH3_OF_NOTHING = 0x2D06800538D394C2
SPEC = """
title: Hostile
model: regularity
axes:
  init: {values: [[4, 0.5], [3, 1], [2, 2]]}
  lr: {min: 0.01, max: 1, num: 7, scale: log}
fixed: {dor: 1}
tile: [2, 3]
stop: {max_steps: 500}
"""


# ---- edits of a good file: function -> words of the finding

def remake(file, name, **options):
    """The array anew, with other properties."""
    old = file[name]
    made = {key: getattr(old, key) for key in ("shape", "dtype", "chunks", "fillvalue")}
    made.update(options)
    del file[name]
    return file.create_dataset(name, **made)


def low_level(file, name, space, creation):
    del file[name]
    h5py.h5d.create(file.id, name.encode(), h5py.h5t.IEEE_F64LE, space, creation)


def huge(file):
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk((2, 3))
    space = h5py.h5s.create_simple((2**62, 2**62), (h5py.h5s.UNLIMITED, h5py.h5s.UNLIMITED))
    low_level(file, "x_end", space, creation)


def raw_elsewhere(file):
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_external(b"/etc/passwd", 0, h5py.h5f.UNLIMITED)
    low_level(file, "x_end", h5py.h5s.create_simple((3, 7)), creation)


def virtual(file):
    layout = h5py.VirtualLayout((3, 7), "f8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (3, 7))
    del file["x_end"]
    file.create_virtual_dataset("x_end", layout)


def link(file, name, target):
    del file[name]
    file[name] = target


def text_attribute(file, name, value, where="/"):
    file[where].attrs[name] = value


def detach(file):
    file["x_end"].dims[1].detach_scale(file["lr"])


def other_scale(file):
    file["x_end"].dims[1].detach_scale(file["lr"])
    file["x_end"].dims[1].attach_scale(file["init"])


def bad_scale_list(file):
    del file["x_end"].attrs["DIMENSION_LIST"]
    file["x_end"].attrs["DIMENSION_LIST"] = np.full((2, 2), 2**63, "u8")


def spec_with(change):
    def edit(file):
        spec = json.loads(file.attrs["spec"])
        change(spec)
        file.attrs["spec"] = json.dumps(spec)
    return edit


def many_attributes(file):
    for i in range(2000):
        file.attrs[f"a{i}"] = i


def deep_groups(file):
    group = file
    for _ in range(300):
        group = group.create_group("g")


EDITS = {
    "another object": (lambda f: f.create_dataset("mine", data=1), "holds 22 members where 21"),
    "another group": (deep_groups, "holds 22 members"),
    "another attribute": (lambda f: text_attribute(f, "note", "good"), "attributes where"),
    "many attributes": (many_attributes, "attributes where"),
    "title": (lambda f: text_attribute(f, "title", "Other"), 'title is "Other", not "Hostile"'),
    "units": (lambda f: text_attribute(f, "units", "m", "lr"), 'lr: attribute units is "m"'),
    "flag values": (lambda f: text_attribute(f, "flag_values", np.arange(1, 11, dtype="i1"),
                                             "status"), "status: attribute flag_values"),
    "flag meanings": (lambda f: text_attribute(f, "flag_meanings", "a b c", "status"),
                      "status: attribute flag_meanings"),
    "fill attribute": (lambda f: text_attribute(f, "_FillValue", 0.0, "x_end"),
                       "attribute _FillValue has another value"),
    "commit": (lambda f: text_attribute(f, "commit", "0000"), "not \"brink"),
    "kernel": (lambda f: text_attribute(f, "kernel_version", np.int32(77)), "seal/digest"),
    "history": (lambda f: text_attribute(f, "history", "made by hand"), "seal/digest"),
    "no format": (lambda f: f.attrs.__delitem__("brink_format"), "no attribute brink_format"),
    "formats": (lambda f: text_attribute(f, "brink_format", ["sweep"] * 3), "brink_format"),
    "format": (lambda f: text_attribute(f, "brink_format", "x" * 60000), "its format is"),
    "schema": (lambda f: text_attribute(f, "schema_version", np.int32(99)), "schema version 99"),
    "storage": (lambda f: text_attribute(f, "storage", "on tape"), 'storage is "on tape"'),
    "packed": (lambda f: text_attribute(f, "storage", "packed"), "stored in another way"),
    "no spec": (lambda f: f.attrs.__delitem__("spec"), "spec"),
    "no such spec": (lambda f: text_attribute(f, "spec", "{]"), "not a specification"),
    "empty spec": (lambda f: text_attribute(f, "spec", ""), "not a specification"),
    "numeric spec": (lambda f: text_attribute(f, "spec", np.arange(10)), "wrong type"),
    "deep spec": (lambda f: text_attribute(f, "spec", "[" * 60000), "not a specification"),
    "spec of more cells": (spec_with(lambda s: s["axes"]["lr"].update(num=8)), "shape"),
    "spec of 2^24 points": (spec_with(lambda s: s["axes"]["lr"].update(num=2**24)), "shape"),
    "spec of too many tiles": (spec_with(lambda s: (s["axes"]["lr"].update(num=2**24),
                                                    s.update(tile=[1, 1]))), ""),
    "spec of another limit": (spec_with(lambda s: s["stop"].update(max_steps=501)), "spec_hash"),
    "spec of another model": (spec_with(lambda s: s.update(model="other")), "not a specification"),
    "spec of a point": (spec_with(lambda s: s.pop("axes")), ""),
    "coordinate": (lambda f: f["lr"].__setitem__(3, 0.5), "lr: value 3 is not"),
    "index": (lambda f: f["init"].__setitem__(0, 9), "init: value 0 is not"),
    "start": (lambda f: f["init_x0"].__setitem__(2, 9), "init_x0: value 2 is not"),
    "detached": (detach, "x_end"),
    "other scale": (other_scale, "dimension 1 has not lr as its scale"),
    "scale list": (bad_scale_list, "DIMENSION_LIST is of a wrong type"),
    "missing array": (lambda f: f.__delitem__("x_end"), "x_end: missing"),
    "missing states": (lambda f: f.__delitem__("tiles/state"), "tiles/state: missing"),
    "missing group": (lambda f: f.__delitem__("tiles"), "tiles/state: missing"),
    "missing seal": (lambda f: f.__delitem__("seal"), "seal/ranges: missing"),
    "rank": (lambda f: remake(f, "x_end", shape=(3, 7, 1), chunks=(2, 3, 1)), "number of dim"),
    "shape": (lambda f: remake(f, "x_end", shape=(3, 8)), "x_end: wrong shape"),
    "2^62 x 2^62": (huge, "x_end: wrong shape"),
    "byte order": (lambda f: remake(f, "x_end", dtype=">f8"), "x_end: wrong type"),
    "float32": (lambda f: remake(f, "x_end", dtype="f4"), "x_end: wrong type"),
    "texts": (lambda f: remake(f, "x_end", dtype=h5py.string_dtype(), fillvalue=None),
              "x_end: wrong type"),
    "compound": (lambda f: remake(f, "x_end", dtype=[("a", "f8"), ("b", "i4")], fillvalue=None),
                 "x_end: wrong type"),
    "contiguous": (lambda f: remake(f, "x_end", chunks=None), "stored in another way"),
    "other chunks": (lambda f: remake(f, "x_end", chunks=(3, 7)), "x_end"),
    "compressed": (lambda f: remake(f, "x_end", compression=4), "stored in another way"),
    "fill": (lambda f: remake(f, "x_end", fillvalue=1.0), "x_end"),
    "raw elsewhere": (raw_elsewhere, "stored in another way"),
    "virtual": (virtual, "stored in another way"),
    "soft link": (lambda f: link(f, "x_end", h5py.SoftLink("/y_end")), "leads elsewhere"),
    "link to itself": (lambda f: link(f, "x_end", h5py.SoftLink("/x_end")), "leads elsewhere"),
    "external link": (lambda f: link(f, "x_end", h5py.ExternalLink("/etc/passwd", "/x")),
                      "leads elsewhere"),
    "link to a pipe": (lambda f: link(f, "entry", h5py.ExternalLink("pipe", "/x")),
                       "leads elsewhere"),
    "external seal": (lambda f: link(f, "seal", h5py.ExternalLink("pipe", "/x")),
                      "leads elsewhere"),
    "a group": (lambda f: (f.__delitem__("x_end"), f.create_group("x_end")), "x_end"),
    "a circle": (lambda f: f["entry"].__setitem__("root", f["/"]), "members where"),
    "second name": (lambda f: link(f, "entry/data/x_end", f["y_end"]), "under another name"),
    "state": (lambda f: f["tiles/state"].__setitem__(1, 3), "tile 1: its state is 3"),
    "cell": (lambda f: f["x_end"].__setitem__((2, 6), 3), "tile 5: its checksum"),
    "checksum": (lambda f: f["tiles/checksum"].__setitem__(1, 3), "tile 1: its checksum"),
    "runs": (lambda f: f["runs/host"].__setitem__(0, b"elsewhere"), "runs row 0"),
    "count": (lambda f: f["runs/count"].__setitem__(0, 2**31 - 1), "runs/count: is"),
    "ranges of another rank": (lambda f: remake(f, "seal/ranges", shape=(10,)), "seal/ranges"),
    "2^40 ranges": (lambda f: remake(f, "seal/ranges", shape=(2**40, 2), chunks=(64, 2)),
                    "seal/ranges"),
    "ranges beyond": (lambda f: f["seal/ranges"].__setitem__((0, 1), 2**62), "beyond the end"),
    "digest": (lambda f: f["seal/digest"].__setitem__(0, 1), "seal/digest: does not fit"),
}


def forge(path):
    """A seal over nothing, which fits whatever is edited."""
    with h5py.File(path, "r+") as file:
        file["seal/ranges"][...] = 0
        file["seal/ranges"][0] = [0, path.stat().st_size]
        file["seal/digest"][0] = XXH3_OF_NOTHING


# ---- files that were never ours

def netcdf4(path):
    with netCDF4.Dataset(path, "w") as data:
        data.createDimension("x", 3)
        data.createVariable("x", "f8", ("x",))[:] = [1, 2, 3]


def matlab(path):
    with h5py.File(path, "w", userblock_size=512) as file:
        file["x"] = np.arange(10.0)
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


def pretender(path):
    """Says that it is ours, and holds nothing."""
    with h5py.File(path, "w") as file:
        file.attrs["brink_format"] = "sweep"
        file.attrs["schema_version"] = np.int32(1)
        file.attrs["spec"] = "{}"


FOREIGN = {
    "empty": lambda path: path.write_bytes(b""),
    "one byte": lambda path: path.write_bytes(b"\x89"),
    "signature": lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n"),
    "signature and zeros": lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(4096)),
    "signature and noise": lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + noise(4096)),
    "noise": lambda path: path.write_bytes(noise(100000)),
    "text": lambda path: path.write_text(SPEC),
    "netCDF 3": lambda path: netCDF4.Dataset(path, "w", format="NETCDF3_CLASSIC").close(),
    "netCDF 4": netcdf4,
    "MATLAB": matlab,
    "pretender": pretender,
    "empty HDF5": lambda path: h5py.File(path, "w").close(),
    "latest HDF5": lambda path: h5py.File(path, "w", libver="latest").close(),
    "folder": lambda path: path.mkdir(),
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
}


def noise(count):
    return random.Random(SEED).randbytes(count)


# ---- the tests

class Bench:
    def __init__(self, folder):
        self.folder, self.passed, self.failed = folder, 0, 0
        (folder / "spec.yaml").write_text(SPEC)
        self.good = folder / "good.h5"
        subprocess.run([BRINK, "run", folder / "spec.yaml", "-q", "-o", self.good], check=True)
        os.mkfifo(folder / "pipe")  # opened by nobody: whoever opens it waits for ever

    def judge(self, name, truth, *words):
        if truth:
            self.passed += 1
        else:
            self.failed += 1
            print("FAIL", name, *words)

    def verify(self, name, path, words, code=4):
        """The program ends with `code`, and a finding has `words`."""
        small = path.is_file() and not path.is_symlink() and path.stat().st_size < 2**24
        before = path.read_bytes() if small else b""
        try:
            done = subprocess.run(["bash", "-c", f'ulimit -t {SECONDS}; exec "$@"', "-", BRINK,
                                   "verify", path, "--json"], cwd=self.folder,
                                  capture_output=True, timeout=120 + 10 * SECONDS, check=False)
            report = json.loads(done.stdout)
        except (subprocess.TimeoutExpired, ValueError) as error:
            self.judge(name, False, repr(error))
            return
        found = "\n".join(f"{item['object']}: {item['what']}" for item in report["findings"])
        self.judge(name, done.returncode == code == report["exit_code"], done.returncode, found,
                   done.stderr)
        self.judge(name, words in found and (found or code == 0), f"no '{words}' in:", found)
        if before:
            self.judge(name, path.read_bytes() == before, "the file was written to")

    def edited(self, edit, forged):
        path = self.folder / "edited.h5"
        shutil.copy(self.good, path)
        with h5py.File(path, "r+") as file:
            edit(file)
        if forged:
            forge(path)
        return path

    def run_edits(self):
        for name, (edit, words) in EDITS.items():
            self.verify(name, self.edited(edit, False), words)
        for name, (edit, _) in EDITS.items():
            if "seal" not in name and "ranges" not in name and name != "digest":
                self.verify("forged: " + name, self.edited(edit, True), "")

    def run_foreign(self):
        path = self.folder / "foreign.h5"
        for name, make in FOREIGN.items():
            make(path)
            self.verify(name, path, "")
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()

    def run_cuts(self):
        good, path = self.good.read_bytes(), self.folder / "cut.h5"
        for i in range(20):
            path.write_bytes(good[:len(good) * i // 20])
            self.verify(f"cut {i}/20", path, "")
        path.write_bytes(good)
        os.truncate(path, 2**40)
        self.verify("2^40 bytes", path, "")

    def forged(self):
        path = self.folder / "forged.h5"
        shutil.copy(self.good, path)
        forge(path)
        return path.read_bytes()

    def run_fuzz(self):
        """Bursts of noise under a forged seal: HDF5 meets the damage."""
        draw, path, forged = random.Random(SEED), self.folder / "fuzz.h5", self.forged()
        for i in range(FUZZ):
            bytes_ = bytearray(forged)
            for _ in range(draw.randint(1, 4)):
                at = draw.randrange(40000)  # the headers, among others
                length = draw.choice((1, 2, 8, 16))
                bytes_[at:at + length] = draw.randbytes(length)
            path.write_bytes(bytes_)
            self.verify(f"fuzz {i}, seed {SEED}", path, "")

    def run_heap(self):
        """Odd sizes in the heap of texts, behind a forged seal: HDF5 1.10 never comes to an end
        with the first, and crashes in the others."""
        path, forged = self.folder / "heap.h5", self.forged()
        heap = forged.find(b"GCOL\x01\x00\x00\x00")
        self.judge("heap", heap > 0, "no collection found")
        for field, size in ((24, 2**64 - 16), (24, 2**64 - 1), (8, 16)):  # of an object; of all
            bytes_ = bytearray(forged)
            bytes_[heap + field:heap + field + 8] = size.to_bytes(8, "little")
            path.write_bytes(bytes_)
            self.verify(f"heap: {size} at {field}", path, "")


def main():
    with tempfile.TemporaryDirectory(prefix="brink-hostile-") as folder:
        bench = Bench(pathlib.Path(folder))
        bench.verify("good", bench.good, "", 0)
        bench.run_edits()
        bench.run_foreign()
        bench.run_cuts()
        bench.run_fuzz()
        bench.run_heap()
    print(f"{bench.passed} passed, {bench.failed} failed")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
