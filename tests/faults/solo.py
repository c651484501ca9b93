# SPDX-License-Identifier: MIT
"""Small sweeps, each in a folder of its own, under the shim of shim.c: by brink forked from a
server that has loaded it and started MPI (serve.c), or under mpirun.

The oracle: after the fault, a resume ends well, the file has the bytes of an undisturbed run (but
for /runs, which tells who wrote it, and when each start ended), verify finds it intact, and nothing
else is left beside it.
"""
import os
import queue
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import threading

import h5py

import jobs

LAUNCHED = 50  # one case in so many is a job of mpirun
RANKS = (1, 2, 4)
SPECS = {
    "plane": """model: regularity
axes:
  dor: {values: [0.5, 1]}
  lr: {min: 0.1, max: 1, num: 10, scale: log}
fixed: {x0: 4, y0: 0.5}
lr_unit: flow
stop: {max_steps: 200}
tile: [1, 4]
""",
    "full": """model: regularity
axes:
  dor: {values: [0.5, 6]}
  init: {values: [[4, 0.5], [3, 1]]}
  lr: {min: 0.01, max: 1, num: 3, scale: log}
stop: {max_steps: 300, tail: 64}
record: full
tile: [1, 2, 2]
""",
    "line": """model: regularity
axes: {lr: {min: 0.1, max: 1, num: 5}}
fixed: {dor: 1, x0: 4, y0: 0.5}
stop: {max_steps: 100}
tile: [1]
""",
    "one": """model: regularity
axes: {dor: {values: [0.5, 1, 6]}, lr: {min: 0.1, max: 1, num: 100}}
fixed: {x0: 4, y0: 0.5}
stop: {max_steps: 100}
""",
}


NETWORK = """model: network
axes:
  activation: {values: [tanh, relu]}
  lr: {values: [0.01, 0.02]}
network: {hidden: [2, 3], precision: f32}
data: {source: chebyshev, n: 5}
train: {max_steps: 2, curves_every: 1}
"""


class Failed(Exception):
    pass


def demand(truth, *words):
    if not truth:
        raise Failed(" ".join(map(str, words)))


# What brink asks of Linux without changing the disk, and how such a call fails; fread() has a
# function of its own in shim.c.
ASKED = {"access": -1, "fopen": 0, "fstat": -1, "fstatvfs": -1, "getentropy": -1,
         "gethostname": -1, "getrlimit": -1, "lstat": -1, "opendir": 0, "pread": -1, "read": -1,
         "readdir": 0, "readlink": -1, "stat": -1}


def asked_functions():
    """The same with all functions of HDF5, each -1; but what its macros call on every occasion."""
    symbols = subprocess.run(["nm", "-D", "--undefined-only", jobs.BRINK], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    hdf5 = set(re.findall(r" (H5[A-Z]\w+|H5get_libversion)", symbols))
    demand(hdf5, "no function of HDF5 in", jobs.BRINK)
    names = {name: -1 for name in sorted(hdf5) if not name.endswith("_g")}
    return " ".join(f"ASK({name}, {failed})" for name, failed in (names | ASKED).items())


def shim(folder):
    """The library, built into `folder`; gcc can pass on calls whose arguments it does not know."""
    library = os.path.join(folder, "shim.so")
    sources = [os.path.join(jobs.TOP, "tests", "faults", name)
               for name in ("shim.c", "serve.c", "asks.c")]
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-DASKS=" + asked_functions(), "-shared", "-fPIC",
                    "-O1", "-fno-builtin", *sources, "-o", library, "-ldl"], check=True)
    return library


class Record:
    """One call in the shim's log."""
    HEAD = struct.Struct("12siiQQII")

    def __init__(self, data, at):
        (call, self.rank, self.result, self.offset, self.length, name,
         more) = self.HEAD.unpack_from(data, at)
        at += self.HEAD.size
        self.call = call.rstrip(b"\0").decode()
        self.name = data[at:at + name].decode()
        self.more = data[at + name:at + name + more]
        self.end = at + name + more


def read_log(path):
    with open(path, "rb") as file:
        data = file.read()
    records, at = [], 0
    while at < len(data):
        records.append(Record(data, at))
        at = records[-1].end
    return records


class Sweep:
    """A specification with its undisturbed result, and what its run does to the disk."""

    def __init__(self, solo, name):
        self.solo, self.name = solo, name
        self.folder = os.path.join(solo.scratch.path, f"whole-{id(solo)}-{name}")
        os.mkdir(self.folder)
        self.spec = os.path.join(self.folder, "sweep.yaml")
        with open(self.spec, "w", encoding="ascii") as file:
            file.write(SPECS[name])
        self.network = os.path.join(self.folder, "network.yaml")
        with open(self.network, "w", encoding="ascii") as file:
            file.write(NETWORK)
        self.result = os.path.join(self.folder, "r.h5")
        log = os.path.join(self.folder, "log")
        code, words = self.run(self.folder, *solo.words, SHIM_LOG=log)
        demand(code == 0, "no undisturbed run:", code, words)
        self.records = read_log(log)
        self.calls = [record for record in self.records if record.call != "sync begins"]
        self.holes, self.state, self.cell = self.layout()
        self.bytes = self.masked(self.result)

    def layout(self):
        """Where /runs lies; where the states lie; a cell, as brink trace names it."""
        with h5py.File(self.result, "r") as file:
            places = {name: (array.id.get_offset(), array.id.get_storage_size())
                      for name, array in file["runs"].items()}
            state = file["tiles/state"].id
            place = state.get_offset()
            if place is None:
                place = state.get_chunk_info(0).byte_offset
            cell = [os.path.basename(axis[0].name) + "#0" for axis in file["status"].dims]
            return list(places.values()), (place, file["tiles/state"].size), cell

    def masked(self, path):
        with open(path, "rb") as file:
            data = bytearray(file.read())
        for start, size in self.holes:
            data[start:start + size] = bytes(size)
        return bytes(data)

    def run(self, folder, *words, ranks=0, **faults):
        """Forked from a server, or by mpirun with so many ranks."""
        if ranks:
            return self.solo.launched(folder, ranks, self.spec, *words, **faults)
        return self.solo.brink(folder, "run", self.spec, "-o", os.path.join(folder, "r.h5"), "-t",
                               "1", *words, **faults)

    def heal(self, folder, *words, ranks=0):
        """Resumes; what the resume said. See the oracle above."""
        result = os.path.join(folder, "r.h5")
        code, said = self.run(folder, *words, ranks=ranks)
        demand(code == 0, "resume: exit code", code, said)
        demand(self.masked(result) == self.bytes, "other bytes than undisturbed", said)
        code, found = self.solo.brink(folder, "verify", result)
        demand(code == 0, "verify: exit code", code, found)
        with h5py.File(result, "r") as file:
            ends = file["runs/exit_code"][:file["runs/count"][0]]
        demand(-1 not in ends, "a start without an end:", ends)
        left = sorted(set(os.listdir(folder)) - {"r.h5"})
        demand(not left, "left behind:", left)
        return said


class Server:
    """brink, started once and forked for each case; see serve.c."""

    def __init__(self, solo, place):
        scratch, command = solo.scratch, {"init": "run", "main": "version"}[place]
        self.place, self.output = place, os.path.join(scratch.path, f"said.{id(self)}")
        self.process = subprocess.Popen(
            [jobs.BRINK, command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, bufsize=0, start_new_session=True,
            env=dict(scratch.environment, LD_PRELOAD=solo.library, SHIM_SERVE=place,
                     LD_BIND_NOW="1"))
        self.read = b""
        scratch.servers.append(self)

    def answer(self, seconds=120):
        """The number in the next line, None if it does not come."""
        answers = self.process.stdout.fileno()
        while b"\n" not in self.read:
            if not select.select([answers], [], [], seconds)[0]:
                return None
            self.read += os.read(answers, 4096)
        line, _, self.read = self.read.partition(b"\n")
        return int(line)

    def run(self, folder, words, faults):
        """As Solo.brink."""
        asked = [os.path.realpath(folder), *(faults.get("SHIM_" + name, "") for name in
                                            ("FAULT", "ALLOC", "ASK", "LOG")), self.output]
        words = words[1:] if self.place == "init" else words
        self.process.stdin.write(("\x1f".join([*asked, *words]) + "\n").encode())
        child, code = self.answer(), self.answer()
        if code is None:  # it has not been waited for: the number is still its own
            os.kill(child, signal.SIGKILL)
            self.answer()
        with open(self.output, encoding="utf-8", errors="replace") as file:
            return "no end" if code is None else code, file.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Solo:
    def __init__(self, scratch, words=()):
        """`words`: more options for the undisturbed runs."""
        self.scratch, self.words = scratch, words
        self.library = shim(scratch.path)
        self.sweeps, self.lock = {}, threading.Lock()
        self.idle = {"init": queue.SimpleQueue(), "main": queue.SimpleQueue()}

    def sweep(self, name):
        with self.lock:
            if name not in self.sweeps:
                self.sweeps[name] = Sweep(self, name)
            return self.sweeps[name]

    def brink(self, folder, *words, **faults):
        """(exit code as a shell sees it or "no end", what was said). Allocations fail from the
        beginning on, also before MPI has started."""
        place = "init" if words[0] == "run" and "SHIM_ALLOC" not in faults else "main"
        try:
            server = self.idle[place].get_nowait()
        except queue.Empty:
            server = Server(self, place)
        answer = server.run(folder, words, faults)
        self.idle[place].put(server)
        return answer

    def launched(self, folder, ranks, *words, **faults):
        """The same by a program started for it alone, under mpirun."""
        environment = dict(faults)
        if faults:
            environment.update(LD_PRELOAD=self.library, SHIM_FOLDER=os.path.realpath(folder))
        job = jobs.Job(self.scratch, os.path.join(folder, "r.h5"), *words[1:], ranks=ranks,
                       environment=environment, spec=words[0])
        return job.wait(), job.words()

    def folder(self):
        return tempfile.mkdtemp(dir=self.scratch.path, prefix="case.")

    @staticmethod
    def remove(folder):
        shutil.rmtree(folder, ignore_errors=True)
