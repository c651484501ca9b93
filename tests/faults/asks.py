# SPDX-License-Identifier: MIT
"""Calls that change nothing on the disk: what brink asks of HDF5 and of Linux fails, one call at a
time, at each way that leads to one through the program (see asks.c).

The oracle: brink says so and ends with a documented exit code, or needs no answer and then says
what it says undisturbed (but for `status`, which tells what it can); a command that only reads has
changed nothing, and what the others leave heals as after any fault.
"""
import os
import re
import shutil
import signal
import threading

import h5py
import numpy as np

from solo import demand, read_log

DOCUMENTED = (0, 2, 3, 4, 5)
SHARDS = "2"
NETWORK = """model: network
axes: {lr: {values: [0.01, 0.02]}}
network: {width: 2}
data: {source: hdf5, path: none.h5, n: 3, digest: auto}
train: {max_steps: 2}
"""


class Command:
    """Words of the command line for (sweep, folder); the folder is a copy of `material`."""

    def __init__(self, words, material=None, reads=False):
        self.words, self.material, self.reads = words, material, reads


def run(sweep, folder, *more):
    return ["run", sweep.spec, "-t", "1", "-o", f"{folder}/r.h5", *more]


COMMANDS = {
    "run": Command(run),
    "resume": Command(lambda *place: run(*place, "--steal-lease"), "half"),
    "run shards": Command(lambda *place: run(*place, "--shards", SHARDS)),
    "join": Command(lambda _, folder: ["join", f"{folder}/r.h5"], "shards"),
    "pack": Command(lambda _, folder: ["pack", f"{folder}/r.h5", "-o", f"{folder}/p.h5"], "whole"),
    "check": Command(lambda sweep, _: ["check", sweep.spec], reads=True),
    "trace": Command(lambda sweep, folder: ["trace", f"{folder}/r.h5", *sweep.cell], "whole", True),
    "trace to a file": Command(lambda sweep, folder: [
        "trace", f"{folder}/r.h5", *sweep.cell, "--hdf5", "-o", f"{folder}/t.h5"], "whole"),
    "check data": Command(lambda _, folder: [
        "check", f"{folder}/network.yaml", f"data.path={folder}/data.h5"], "data", True),
    "diff": Command(lambda _, folder: ["diff", f"{folder}/r.h5", f"{folder}/p.h5"], "packed", True),
    "verify": Command(lambda _, folder: ["verify", f"{folder}/r.h5", "--deep", "3"], "whole", True),
    "verify packed": Command(lambda _, folder: ["verify", f"{folder}/p.h5"], "packed", True),
    "verify joined": Command(lambda _, folder: ["verify", f"{folder}/r.h5"], "joined", True),
    "status": Command(lambda _, folder: ["status", f"{folder}/r.h5", "--json"], "half", True),
    "status shards": Command(lambda _, folder: ["status", f"{folder}/r.h5"], "shards", True),
}


def contents(folder):
    found = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = file.read()
    return found


def arrays(path):
    """{name: bytes} of those in the root group."""
    with h5py.File(path, "r") as file:
        return {name: array[...].tobytes() for name, array in file.items()}


def constant(words, folder):
    """Words without what differs from run to run: the folder, seconds."""
    return re.sub(r"[0-9.]+ s\b", "? s", words.replace(folder, ""))


class Asks:
    def __init__(self, solo):
        self.solo, self.lock, self.made = solo, threading.Lock(), {}
        self.said = {}  # (specification, command): words, undisturbed

    # ---- what the commands begin with

    def material(self, sweep, name):
        """A folder with it, made once."""
        with self.lock:
            if (sweep, name) not in self.made:
                folder = self.solo.folder()
                self.made[sweep, name] = folder
                getattr(self, name)(sweep, folder)
            return self.made[sweep, name]

    def good(self, folder, *words):
        code, said = self.solo.brink(folder, *words)
        demand(code == 0, *words, "exit code", code, said)

    def whole(self, sweep, folder):
        self.good(folder, *run(sweep, folder))

    def packed(self, sweep, folder):
        self.whole(sweep, folder)
        self.good(folder, *COMMANDS["pack"].words(sweep, folder))

    def traced(self, sweep, folder):
        self.whole(sweep, folder)
        self.good(folder, *COMMANDS["trace to a file"].words(sweep, folder))

    @staticmethod
    def data(_sweep, folder):
        with open(os.path.join(folder, "network.yaml"), "w", encoding="ascii") as file:
            file.write(NETWORK)
        with h5py.File(os.path.join(folder, "data.h5"), "w") as file:
            file["X"], file["Y"] = np.arange(6.0).reshape(3, 2), np.arange(3.0)

    def shards(self, sweep, folder):
        self.good(folder, *COMMANDS["run shards"].words(sweep, folder))

    def joined(self, sweep, folder):
        self.shards(sweep, folder)
        self.good(folder, "join", f"{folder}/r.h5")

    def half(self, sweep, folder):
        """Killed in the middle of storing, with a lease left behind."""
        places = [at for at, record in enumerate(sweep.calls, 1)
                  if record.call == "write" and record.name == "r.h5"]
        code, said = sweep.run(folder, SHIM_FAULT=f"{places[-len(places) // 4]} kill")
        demand(code == 128 + signal.SIGKILL, "killed, but exit code", code, said)

    def folder(self, sweep, command):
        folder = self.solo.folder()
        if command.material:
            shutil.copytree(self.material(sweep, command.material), folder, dirs_exist_ok=True)
        return folder

    # ---- cases

    def cases(self, specs, depth):
        """(specification, command, call, function), one for each way to a call, of that depth."""
        cases = []
        for name in specs:
            sweep, ways = self.solo.sweep(name), set()
            for key, command in COMMANDS.items():
                folder = self.folder(sweep, command)
                log = os.path.join(self.solo.scratch.path, f"asks.{id(folder)}")
                code, words = self.solo.brink(folder, *command.words(sweep, folder),
                                              SHIM_ASK=f"0 {depth}", SHIM_LOG=log)
                demand(code in (0, 7), key, "exit code", code, words)
                self.said[name, key] = constant(words, folder)
                calls = [record for record in read_log(log) if record.call == "ask"]
                demand(calls, key, "asks nothing")
                for at, record in enumerate(calls, 1):
                    if (record.name, record.offset) not in ways:
                        ways.add((record.name, record.offset))
                        cases.append((name, key, at, record.name))
                os.unlink(log)
                self.solo.remove(folder)
        return cases

    def ask(self, name, key, at, function):
        sweep, command = self.solo.sweep(name), COMMANDS[key]
        folder = self.folder(sweep, command)
        before = contents(folder)
        code, words = self.solo.brink(folder, *command.words(sweep, folder), SHIM_ASK=str(at))
        demand(code in DOCUMENTED, "exit code", code, words)
        demand(code == 0 or words.strip(), "no word about it")
        if command.reads:
            demand(contents(folder) == before, "a command that reads has changed files")
            if code == 0 and not key.startswith("status"):
                undisturbed = self.said[name, key]
                demand(constant(words, folder) == undisturbed, words, "instead of", undisturbed)
        elif key == "pack":
            left = contents(folder)
            demand(left.pop("r.h5") == before["r.h5"], "the result has changed")
            demand(not left or list(left) == ["p.h5"], "left:", list(left))
            demand(left or code != 0, "no archive")
            if left:
                self.good(folder, "verify", os.path.join(folder, "p.h5"))
        elif key == "trace to a file":
            left = contents(folder)
            demand(left.pop("r.h5") == before["r.h5"], "the result has changed")
            demand(not left or list(left) == ["t.h5"], "left:", list(left))
            demand(left or code != 0, "no trace")
            if left:
                whole = os.path.join(self.material(sweep, "traced"), "t.h5")
                demand(arrays(os.path.join(folder, "t.h5")) == arrays(whole), "another trace")
        elif key in ("run shards", "join"):
            after = contents(folder)
            kept = [shard for shard in before if after.get(shard) == before[shard]]
            demand(kept == list(before), "shards have changed; the same are", kept)
            self.heal_shards(sweep, folder)
        elif os.path.exists(os.path.join(folder, "r.h5")):
            sweep.heal(folder)
        else:
            demand(code != 0 and not before, "no result is left")
        self.solo.remove(folder)
        return f"{key}: {function} {at} fails -> {code}"

    def heal_shards(self, sweep, folder):
        """Run again and joined they have the arrays of the undisturbed run."""
        result = os.path.join(folder, "r.h5")
        if not os.path.exists(result):
            self.good(folder, *COMMANDS["run shards"].words(sweep, folder))
            self.good(folder, "join", result)
        self.good(folder, "verify", result)
        code, words = self.solo.brink(folder, "diff", result, sweep.result)
        demand(code == 0, "other arrays than undisturbed:", words)
