#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The large sizes of the fault tests, for as long as there is time, counted in TRUST.json beside.

Rows take turns of some seconds each until all have come to their number, or TRUST_MINUTES are over.
Started again it goes on where it stopped, with other seeds, and counts what each program did under
its commit and kernel version; what failed with one program is tried again with the next one. Rows
of listed cases go on as long as the list is the same, and begin again with another one.
Usage: BUILD=build TRUST_MINUTES=60 trust.py [ROW ...]
"""
import concurrent.futures
import datetime
import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
import time

import jobs
import points
import power
import small
from solo import RANKS, SPECS, Solo

BUILD = os.path.join(jobs.TOP, os.environ.get("BUILD", "build"))
OUT = os.path.join(jobs.TOP, "tests", "faults", "TRUST.json")
TURN = 20  # seconds that a row works before the next one does
WORKERS = 6
CELLS = 240  # of a sweep under mpirun: it takes about as long as its launch
SEEDS = 10000  # of the simulator, a call
SMALL = {"kill": 1000, "stop": 200, "together": 600, "steal": 300, "clock": 80, "beating": 10,
         "waiting": 5, "silent": 5, "power": 100, "kernel": 20}


def shell(command, **environment):
    """(exit code, output) of a command in the top folder."""
    done = subprocess.run(command, cwd=jobs.TOP, env=dict(os.environ, **environment), check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace")
    return done.returncode, done.stdout


class Row:
    """A kind of fault: attempt(1), attempt(2), ... give (cases, how many failed, words). `listed`
    says which these are, if they are not drawn by their number."""

    def __init__(self, wanted, attempt, workers=WORKERS, listed=None):
        self.wanted, self.attempt, self.workers = wanted, attempt, workers
        self.listed = listed and hashlib.sha256(repr(listed).encode()).hexdigest()[:16]


def one(function, cases=1):
    """A row's attempt from one that gives (passed?, words), of so many cases."""
    def attempt(number):
        good, words = function(number)
        return cases, int(not good), words
    return attempt


def flips(number):
    """6,000 flips of single bits: whole, packed and incomplete files."""
    count = 4000
    code, words = shell([f"{BUILD}/tests/check_verify"], BRINK_FLIPS=str(count),
                        BRINK_SEED=str(number), OMP_NUM_THREADS="1")
    done = sum(map(int, re.findall(r"(\d+) (?:found|change no value|crash HDF5|silent)", words)))
    return done, int(code != 0), words[-2000:]


def fuzz(name):
    def attempt(number):
        code, words = shell(["bash", "tests/fuzz/run.sh", str(TURN), str(number), name])
        return int((re.findall(r"executions (\d+)", words) or ["0"])[0]), int(code != 0), words
    return attempt


def hostile(number):
    code, words = shell([sys.executable, "tests/hostile.py"], HOSTILE_FUZZ="300",
                        HOSTILE_SEED=str(number))
    return 300, int(code != 0), words[-2000:]


def simulated(number):
    """The schedule with ranks and messages that are slow, dying, doubled, out of order."""
    code, words = shell([f"{BUILD}/tests/faults", str(SEEDS), str((number - 1) * SEEDS)])
    return SEEDS, int(code != 0), words[-2000:]


def disks(number):
    """Disks that are full at a byte of its own choice, limits, odd names."""
    code, words = shell(["bash", "tests/faults/disks.sh", str(number)])
    return int((re.findall(r"healed: (\d+)", words) or ["0"])[0]), int(code != 0), words[-2000:]


def listed(solo, cases, names=None):
    """One case after the other: a function and its arguments. They name calls by number: which
    calls these are belongs to the list. `names`: instead of the arguments."""
    def attempt(number):
        function, case = cases[number - 1]
        good, words = points.attempt(function, case)
        return 1, int(not good), words
    calls = [[record.call for record in solo.sweep(name).calls] for name in SPECS]
    names = names or [(function.__name__, *case) for function, case in cases]
    return Row(len(cases), attempt, listed=(calls, names))


def asked(solo, cases):
    """How many calls are made before one may depend on the time that a job takes: it is known by
    its command and function, and its place among all ways to calls."""
    return listed(solo, cases, [(name, command, function)
                                for _, (name, command, _, function) in cases])


def killed_ranks(faults, solo):
    """Kills one rank at each call that changes the disk, of jobs of 2 and 4 ranks."""
    def rank_killed(*case):
        return kill_rank(faults, solo, *case)
    calls = len(solo.sweep("plane").calls)
    return listed(solo, [(rank_killed, (ranks, rank, at)) for ranks in RANKS[1:]
                         for rank in range(ranks) for at in range(1, calls + 1)
                         if rank == 0 or at <= calls // 4])


def kill_rank(faults, solo, ranks, rank, at):
    """A rank that comes to fewer calls ends its job well."""
    sweep, folder = solo.sweep("plane"), solo.folder()
    environment = {"LD_PRELOAD": solo.library, "SHIM_FOLDER": os.path.realpath(folder),
                   "SHIM_FAULT": f"{at} kill", "SHIM_RANK": str(rank)}
    job = faults.start(os.path.join(folder, "r.h5"), ranks=ranks, environment=environment,
                       spec=sweep.spec)
    code = job.wait()
    points.demand(code in (0, 137), f"exit code {code}: {job.words()}")
    sweep.heal(folder)
    solo.remove(folder)
    return f"rank {rank} of {ranks} killed at call {at}"


def rows(scratch):
    solo = Solo(scratch)
    faults = small.Faults(scratch)
    point = points.Points(solo)
    found = {
        f"small {name}": Row(count, one(lambda number, name=name: small.attempt(
            faults, name, 1000 + number), small.KILLS if name == "kill" else 1))
        for name, count in SMALL.items()}
    found["each call: kill"] = listed(solo, point.cases("kill", True))
    found["each call: kill of one of 2 and 4 ranks"] = killed_ranks(faults, solo)
    found["each call fails"] = listed(solo, point.cases("io", True))
    found["each call of HDF5 or question to Linux fails"] = asked(solo, point.cases("ask", True))
    found["each allocation fails"] = listed(solo, point.cases("memory", True))
    found["power loss"] = Row(10000, one(power.Power(Solo(scratch, power.EAGER)).attempt))
    found["bit flips"] = Row(100000, flips, 2)
    found["full and failing disks"] = Row(50, disks, 1)
    found["schedule simulated"] = Row(10**7, simulated, 2)
    found["damage behind a forged seal"] = Row(3000, hostile, 2)
    if os.path.exists(f"{BUILD}/fuzz/fuzz_spec"):
        found["fuzzed specifications"] = Row(10**8, fuzz("spec"), 2)
        found["fuzzed overrides"] = Row(10**6, fuzz("override"), 2)
        found["fuzzed results"] = Row(20000, fuzz("verify"), 2)
    return found


class Ledger:
    """What was done so far, on the disk after each turn."""

    def __init__(self):
        self.program = shell([jobs.BRINK, "version"])[1].partition("\n")[0]
        self.data = {"rows": {}, "programs": {}}
        try:
            with open(OUT, encoding="utf-8") as file:
                self.data = json.load(file)
        except FileNotFoundError:
            pass

    def row(self, name, row):
        new = {"wanted": row.wanted, "done": 0, "failed": 0, "seconds": 0, "next_seed": 1,
               "failures": []}
        if row.listed:
            new["cases"] = row.listed
        told = self.data["rows"].get(name, new)
        if told.get("cases") != row.listed:
            told = new
        self.data["rows"][name] = told
        told["wanted"] = row.wanted
        return told

    def seconds(self, name):
        return self.data["rows"][name]["seconds"]

    def to_repeat(self, row):
        """What failed with another program."""
        return [failure for failure in row["failures"] if failure["program"] != self.program]

    def count(self, name, done):
        counts = self.data["programs"].setdefault(self.program, {})
        counts[name] = counts.get(name, 0) + done

    def save(self):
        self.data["time"] = datetime.datetime.now(datetime.timezone.utc).isoformat("T", "seconds")
        sections = []
        for section in ("rows", "programs"):  # an entry a line
            lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(entry)}"
                               for name, entry in self.data[section].items())
            sections.append(f' "{section}": {{\n{lines}\n }},\n')
        with open(OUT + ".new", "w", encoding="utf-8") as file:
            file.write("{\n" + "".join(sections) + f' "time": "{self.data["time"]}"\n}}\n')
        os.replace(OUT + ".new", OUT)


def again(told, failures):
    """The seeds that failed with another program; their counts are taken back."""
    told["failures"] = [failure for failure in told["failures"] if failure not in failures]
    for failure in failures:
        told["failed"] -= failure["failed"]
        told["done"] -= failure["done"]
    return [failure["seed"] for failure in failures]


def turn(name, row, ledger, end):
    """Works at a row for a while."""
    start, told = time.monotonic(), ledger.row(name, row)
    end = min(end, start + TURN)

    def work(number):
        return number, row.attempt(number)

    average = max(1, told["done"] // max(1, told["next_seed"] - 1))
    limit = told["next_seed"] + max(1, -(-(row.wanted - told["done"]) // average))
    fresh = itertools.takewhile(lambda number: time.monotonic() < end,
                                range(told["next_seed"], limit))
    numbers = itertools.chain(again(told, ledger.to_repeat(told)), fresh)
    with concurrent.futures.ThreadPoolExecutor(max_workers=row.workers) as pool:
        while batch := list(itertools.islice(numbers, row.workers)):
            for number, (done, failed, words) in pool.map(work, batch):
                told["next_seed"] = max(told["next_seed"], number + 1)
                told["done"] += done
                told["failed"] += failed
                ledger.count(name, done)
                if failed:
                    told["failures"].append({"seed": number, "done": done, "failed": failed,
                                             "program": ledger.program, "words": words[:2000]})
                    print(words, flush=True)
    told["seconds"] = round(told["seconds"] + time.monotonic() - start)
    ledger.save()
    print(f"{name}: {told['done']} of {told['wanted']}, {told['failed']} failed", flush=True)


def main(arguments):
    end = time.monotonic() + 60 * float(os.environ.get("TRUST_MINUTES", "60"))
    scratch, ledger = jobs.Scratch(CELLS), Ledger()
    try:
        wanted = {name: row for name, row in rows(scratch).items()
                  if not arguments or any(word in name for word in arguments)}
        for name, row in wanted.items():
            ledger.row(name, row)
        open_rows = list(wanted)
        while open_rows and time.monotonic() < end:
            for name in sorted(open_rows, key=ledger.seconds):  # short runs come to all rows, too
                told = ledger.row(name, wanted[name])
                if told["done"] >= told["wanted"] and not ledger.to_repeat(told):
                    open_rows.remove(name)
                elif time.monotonic() < end:
                    turn(name, wanted[name], ledger, end)
    finally:
        scratch.close()
    failed = sum(row["failed"] for row in ledger.data["rows"].values())
    done = sum(row["done"] for row in ledger.data["rows"].values())
    print(f"{done - failed} passed, {failed} failed: {OUT}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
