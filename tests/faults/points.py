#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Faults at every point: brink is killed at each call that changes the disk, each such call fails,
each allocation fails, each call of HDF5 and each question to Linux fails (asks.py).

A step of creation or commit is a call that changes the disk: between two of them a kill leaves the
same files. BRINK_ASK_DEPTH=3 in the environment makes calls fail on more ways that lead to them.
Usage: BUILD=build points.py [ROW [NUMBER]]
"""
import concurrent.futures
import errno
import os
import sys

import asks
import jobs
from solo import LAUNCHED, RANKS, SPECS, Failed, Solo, demand, read_log

WORD = 8  # bytes: an aligned write of so many is made at once, or not

# Writes that fail say so; a call that was only interrupted is made again. EINTR comes once.
FAULTS = [("once", errno.EIO), ("ever", errno.EIO), ("once", errno.ENOSPC), ("ever", errno.ENOSPC),
          ("once", errno.EDQUOT), ("ever", errno.EDQUOT), ("once", errno.EINTR), ("short", 0)]
# What a file system need not have, how it says so, and how else these calls end.
LACKING = {"link": [("once", errno.EOPNOTSUPP), ("ever", errno.EOPNOTSUPP), ("once", errno.EPERM),
                    ("once", errno.ENOSYS), ("once", errno.EEXIST)],
           "allocate": [("once", errno.EOPNOTSUPP), ("once", errno.ENOSYS), ("once", errno.EFBIG)]}
COMMANDS = {
    "run": lambda sweep, folder: ["run", sweep.spec, "-t", "1", "-o", f"{folder}/r.h5"],
    "resume": lambda sweep, folder: ["run", sweep.spec, "-t", "1", "-o", sweep.result],
    "check": lambda sweep, folder: ["check", sweep.spec],
    "verify": lambda sweep, folder: ["verify", sweep.result, "--deep", "3"],
    "status": lambda sweep, folder: ["status", sweep.result, "--json"],
    "trace": lambda sweep, folder: ["trace", sweep.result, *sweep.cell],
    "diff": lambda sweep, folder: ["diff", sweep.result, sweep.result],
    "pack": lambda sweep, folder: ["pack", sweep.result, "-o", f"{folder}/p.h5"],
    "check a network": lambda sweep, folder: ["check", sweep.network],
}


class Points:
    def __init__(self, solo):
        self.solo, self.asks = solo, asks.Asks(solo)

    # ---- kills

    def kill_cases(self, specs, thin):
        """(specification, call, how): each call, and each write (thin: some) also in its middle."""
        cases = []
        for name in specs:
            for at, record in enumerate(self.solo.sweep(name).calls, 1):
                cases.append((name, at, "kill"))
                torn = record.call == "write" and record.length > WORD
                if torn and (not thin or at % 8 == 2):
                    cases.append((name, at, "half"))
        return cases

    def kill(self, name, at, how):
        sweep, folder = self.solo.sweep(name), self.solo.folder()
        code, words = sweep.run(folder, SHIM_FAULT=f"{at} {how}")
        demand(code == 137, "killed, but exit code", code, words)
        record = sweep.calls[at - 1]
        # A torn lease is waited for; a minute each time is not to be slept on (see small.py).
        torn = record.call == "write" and record.name.endswith(".lease")
        sweep.heal(folder, *(["--steal-lease"] if torn else []))
        self.solo.remove(folder)
        return f"{how} at {record.call} {at}"

    # ---- calls that fail

    def io_cases(self, specs, thin):
        """(specification, call, way, errno); thin: two ways at each call, all in turn."""
        cases = []
        for name in specs:
            for at, record in enumerate(self.solo.sweep(name).calls, 1):
                cases += [(name, at, *fault) for fault in LACKING.get(record.call, [])]
                for i, (way, number) in enumerate(FAULTS):
                    if way == "short" and record.call != "write":
                        continue
                    if not thin or i in (at % 2, 2 + at % (len(FAULTS) - 2)):
                        cases.append((name, at, way, number))
        return [(*case, RANKS[i // LAUNCHED % len(RANKS)]) if i % LAUNCHED == 1 else case
                for i, case in enumerate(cases)]

    def io(self, name, at, way, number, ranks=0):
        sweep, folder = self.solo.sweep(name), self.solo.folder()
        code, words = sweep.run(folder, ranks=ranks, SHIM_FAULT=f"{at} {way} {number}")
        call = sweep.calls[at - 1].call
        demand(code in (0, 2, 3) or number == errno.EEXIST and code == 5, "exit code", code, words)
        demand(code == 0 or "r.h5" in words, "no word about the file:", words)
        demand(code != 2 or call == "allocate", "a failing call is no misuse:", words)
        demand("cannot reserve its space" in words
               or call != "allocate" or number not in (errno.EOPNOTSUPP, errno.ENOSYS),
               "no warning that the disk may fill up:", words)
        made = os.path.exists(os.path.join(folder, "r.h5"))
        demand(made or code != 0, "no error, and no file")
        if made:
            sweep.heal(folder)
        else: # as before; a lease that could not be removed is that of a dead process
            left = [name for name in os.listdir(folder) if not name.endswith(".lease")]
            demand(not left or way == "ever", "left behind:", left)
        self.solo.remove(folder)
        by = f" of {ranks} ranks" if ranks else ""
        return f"{call} {at} {way} {errno.errorcode.get(number, '')}{by} -> {code}"

    # ---- memory

    def memory(self, name, command):
        """Each allocation in turn, until there are no more; a few can be done without."""
        sweep, at, reached = self.solo.sweep(name), 0, True
        while reached:
            at += 1
            folder = self.solo.folder()
            log = os.path.join(folder, "log")
            code, words = self.solo.brink(folder, *COMMANDS[command](sweep, folder),
                                          SHIM_ALLOC=str(at), SHIM_LOG=log)
            reached = any(record.call == "no memory" for record in read_log(log))
            demand(code == 0 or (reached and code == 3 and "out of memory" in words), command,
                   "allocation", at, "exit code", code, words)
            os.unlink(log)
            left = [name for name in os.listdir(folder) if name not in ("r.h5", "p.h5")]
            demand(not left or "the job ends here" in words, command, "allocation", at,
                   "left:", left)
            if os.path.exists(os.path.join(folder, "r.h5")):
                sweep.heal(folder)
            self.solo.remove(folder)
        demand(at > 5, command, "no allocation is known to the shim")
        return f"{command}: {at - 1} allocations"

    # ---- all

    def cases(self, row, large):
        specs = list(SPECS) if large else ["plane"]
        if row == "kill":
            return [(self.kill, case) for case in self.kill_cases(specs, not large)]
        if row == "io":
            return [(self.io, case) for case in self.io_cases(specs, not large)]
        if row == "ask":
            depth = os.environ.get("BRINK_ASK_DEPTH", "4" if large else "1")
            return [(self.asks.ask, case) for case in self.asks.cases(["plane"], depth)]
        return [(self.memory, (name, command)) for name in specs for command in COMMANDS]


ROWS = ("memory", "kill", "io", "ask")


def attempt(function, case):
    """(passed?, words)."""
    try:
        return True, function(*case)
    except Failed as failure:
        return False, f"FAIL {function.__name__} {' '.join(map(str, case))}: {failure}"


def main(arguments):
    scratch = jobs.Scratch()
    passed = failed = 0
    try:
        points = Points(Solo(scratch))
        for row in arguments[:1] or ROWS:
            cases = points.cases(row, False)
            if len(arguments) > 1:
                cases = [cases[int(arguments[1])]]
            before = passed
            with concurrent.futures.ThreadPoolExecutor(max_workers=6) as pool:
                for good, words in pool.map(lambda case: attempt(*case), cases):
                    passed, failed = passed + good, failed + (not good)
                    if not good or row == "memory" or len(arguments) > 1:
                        print(words, flush=True)
            print(f"{row}: {passed - before} of {len(cases)} points", flush=True)
    finally:
        scratch.close()
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
