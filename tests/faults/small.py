#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Faults at random times: jobs killed, signalled, doubled, robbed; leases stale; clocks that jump.

The oracle of all: after the fault and a resume every array equals an undisturbed run, bit for bit,
or the program ended with the documented exit code and message. Each case prints its seed;
`small.py NAME SEED` runs one again (the times are random, the machine is not ours alone: a failure
may need several tries). Usage: BUILD=build small.py [NAME [SEED]]
"""
import concurrent.futures
import ctypes
import glob
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import h5py
import numpy as np

import jobs
from solo import Failed, demand

KILLS = 5  # of one file
TRIES = 5  # at meeting a job while it works
NOTHING_LEFT = "is complete: nothing to do"  # says who finds the result done
FAKETIME = glob.glob("/usr/lib*/*/faketime/libfaketimeMT.so.1")
FOREIGN = """brink lease 1
host elsewhere
boot 0
space pid:[1]
pid 99
start 1
cluster -
job -
token feedfacefeedface
beat {:020d}
"""


class Faults:
    def __init__(self, scratch):
        self.scratch = scratch
        self.lock, self.clock_jumps = threading.Lock(), None
        start = time.monotonic()
        job = self.start("whole.h5", ranks=2)
        demand(job.wait() == 0, "no undisturbed run:\n" + job.words())
        self.seconds = time.monotonic() - start
        print(f"undisturbed: {self.seconds:.2f} s", flush=True)

    def start(self, result, *words, **options):
        return jobs.Job(self.scratch, result, *words, **options)

    def finish(self, result, ranks=2):
        """Resumes to the end; the result is that of the undisturbed run."""
        job = self.start(result, ranks=ranks)
        code = job.wait()
        demand(code == 0, f"resume: exit code {code}:\n{job.words()}")
        words = jobs.same("whole.h5", result)
        demand(words is None, f"{words}\n{job.words()}")
        demand(not os.path.exists(result + ".lease"), "a lease is left")
        return job.words()

    def started(self, result, job):
        """Waits until the job has done a tile; a few percent of the work."""
        end = time.monotonic() + 60
        while time.monotonic() < end and job.process.poll() is None:
            try:
                with h5py.File(result, "r") as file:
                    if file["tiles/state"][:].any():
                        return
            except OSError:
                pass
            time.sleep(0.02)

    # ---- kills and signals

    def moment(self, chance, job):
        """Waits for some time, mostly from the first tile on."""
        if chance.random() < 0.7:
            while "cells in" not in job.words() and job.process.poll() is None:
                time.sleep(0.005)
            time.sleep(chance.uniform(0, self.seconds))
        else:
            time.sleep(chance.uniform(0, 2 * self.seconds))  # others run at the same time

    def kill(self, chance, result):
        """KILLS times in a row, the later ones while it resumes what the ones before have left."""
        told = []
        for _ in range(KILLS):
            job = self.start(result, ranks=chance.choice([1, 2, 2, 3]))
            self.moment(chance, job)
            ranks = job.ranks()
            victim = chance.choice(["all", "one", "master", "launcher"])
            told.append(victim)
            if victim == "launcher" or not ranks:
                job.signal(signal.SIGKILL)
            elif victim == "all":
                job.signal(signal.SIGKILL, ranks)
            else:
                job.signal(signal.SIGKILL, [ranks[0] if victim == "master" else
                                            chance.choice(ranks)])
            code = job.wait()
            demand(code != "no end" and code != "ranks left", f"{victim} killed: {code}")
        self.finish(result, chance.choice([1, 2, 3]))
        return " ".join(told)

    def stop(self, chance, result):
        """A signal, perhaps a second one: to the program, the launcher, one rank, all ranks; at a
        random time. Before brink listens it ends the program."""
        number = chance.choice([signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
        receiver = chance.choice(["program", "launcher", "one", "all"])
        if receiver == "launcher":
            number = signal.SIGUSR1  # which mpirun passes on; the others end mpirun
        job = self.start(result, ranks=0 if receiver == "program" else 3)
        if chance.random() < 0.5:  # just as the work begins
            while "cells in" not in job.words() and job.process.poll() is None:
                time.sleep(0.001)
        else:
            self.moment(chance, job)
        ranks = job.ranks()
        if receiver == "one" and ranks:
            ranks = [chance.choice(ranks)]
        to_ranks = ranks if receiver in ("one", "all") else None
        job.signal(number, to_ranks)
        ends = {0, 75}
        if chance.random() < 0.3:
            time.sleep(chance.uniform(0, 0.1))
            job.signal(number, to_ranks)
            if receiver == "launcher":  # which at its own end no longer listens
                ends.add(128 + number)
        code = job.wait(60)
        if "cells in" in job.words():
            demand(code in ends, f"{number.name}: exit code {code}:\n{job.words()}")
            demand(code == 0 or "goes on from here" in job.words(), "no words on how to go on")
            demand(not os.path.exists(result + ".lease"), "a lease is left")
        self.finish(result)
        return f"{number.name} to {receiver} -> {code}"

    # ---- several jobs, one file

    def together(self, chance, result):
        """Two to eight jobs at once, sometimes with the death of the owner."""
        count = chance.randint(2, 8)
        all_jobs = []
        for _ in range(count):
            all_jobs.append(self.start(result, ranks=chance.choice([0, 0, 2])))
            time.sleep(chance.choice([0, 0, 0.3]))
        killed = None
        if chance.random() < 0.5:
            time.sleep(chance.uniform(0, self.seconds))
            killed = chance.choice(all_jobs)
            killed.signal(signal.SIGKILL, killed.ranks())
        codes = []
        for job in all_jobs:
            code = job.wait()
            codes.append(code)
            if job is killed:
                continue
            demand(code in (0, 5), f"exit code {code}:\n{job.words()}")
            demand(code == 0 or "is being written by process" in job.words(), job.words())
        demand(killed or codes.count(0) >= 1, f"nobody finished: {codes}")
        self.finish(result)
        return " ".join(map(str, codes))

    def steal(self, chance, result):
        """The robbed job ends with 5, even if it sleeps while it is robbed."""
        for _ in range(TRIES):
            sleeping = chance.random() < 0.5
            if self.stolen(chance, result, sleeping):
                self.finish(result)
                return "while it slept" if sleeping else "while it worked"
            self.finish(result)
            os.unlink(result)
        raise Failed("each time the owner was done before it could be robbed")

    def stolen(self, chance, result, sleeping):
        """False: the owner was faster than the thief."""
        first = self.start(result, ranks=chance.choice([0, 2]))
        self.started(result, first)
        ranks = first.ranks()
        if sleeping:
            first.signal(signal.SIGSTOP, ranks)
            other = self.start(result)
            code = other.wait()
            done = code == 0 and self.ended(first) and NOTHING_LEFT in other.words()
            demand(code == 5 or done, f"a stopped owner is not left alone: {code}:\n"
                   f"{other.words()}")
        second = self.start(result, "--steal-lease", ranks=chance.choice([0, 2]))
        if sleeping:
            time.sleep(chance.uniform(0.5, 1))
            first.signal(signal.SIGCONT, ranks)
        codes = first.wait(), second.wait()
        demand(codes[1] == 0, f"the thief: exit code {codes[1]}:\n{second.words()}")
        if codes[0] == 0 and self.ended(first) and NOTHING_LEFT in second.words():
            return False
        demand(codes[0] == 5 and "was taken from this job" in first.words(),
               f"the robbed: exit code {codes[0]}:\n{first.words()}")
        demand("as --steal-lease says" in second.words(), second.words())
        with h5py.File(result, "r") as file:
            ends = list(file["runs/exit_code"][:file["runs/count"][0]])
        if NOTHING_LEFT in second.words():  # all was stored, but the owner had not said so yet
            # -1: before it noticed, the owner had written its row once more.
            demand(ends in ([-2], [-1]), f"/runs: exit codes {ends}")
            return False
        demand(ends == [-2, 0], f"/runs: exit codes {ends}\n{first.words()}{second.words()}")
        return True

    def hanging(self, _chance, result):
        """A rank whose master hangs sees for itself that the lease is lost: before its next
        commit, and however long the master sleeps."""
        long = "lr.num=20000"
        for _ in range(TRIES):
            job = self.start(result, long, "--commit-interval", "0.001", ranks=2)
            self.started(result, job)
            job.signal(signal.SIGSTOP, job.ranks()[:1])
            with open(result + ".new", "w", encoding="ascii") as file:
                file.write(FOREIGN.format(0))
            os.replace(result + ".new", result + ".lease")
            code = job.wait(30)  # "no end": it had nothing left to do when its master was stopped
            os.unlink(result + ".lease")
            demand(code in (5, "no end"), f"exit code {code}:\n{job.words()}")
            demand(code != 5 or "now belongs to process 99 on elsewhere" in job.words(),
                   job.words())
            done = subprocess.run([jobs.BRINK, "verify", "--partial", result], check=False,
                                  capture_output=True, text=True)
            demand(done.returncode == 0, f"verify: {done.returncode}: {done.stdout}{done.stderr}")
            os.unlink(result)
            if code == 5:
                return "exit code 5"
        raise Failed("it went on without a lease, or each time it had nothing left to do")

    @staticmethod
    def ended(job):
        """Has it come to its end?"""
        return "100.0 %" in job.words()

    # ---- leases of others

    def beating(self, _chance, result):
        """A lease of another host that shows a heartbeat is respected."""
        done = threading.Event()

        def beat():
            count = 0
            while not done.wait(0.7):
                count += 1
                with open(result + ".lease", "r+", encoding="ascii") as file:
                    file.write(FOREIGN.format(count))

        with open(result + ".lease", "w", encoding="ascii") as file:
            file.write(FOREIGN.format(0))
        thread = threading.Thread(target=beat)
        thread.start()
        job = self.start(result, ranks=2)
        code = job.wait()
        done.set()
        thread.join()
        demand(code == 5 and "process 99 on elsewhere" in job.words(), job.words())
        demand(not os.path.exists(result), "it made a file")
        os.unlink(result + ".lease")
        return "refused"

    def waiting(self, _chance, result):
        """One without a heartbeat is waited for, whatever the clock; a signal ends the wait."""
        with open(result + ".lease", "w", encoding="ascii") as file:
            file.write(FOREIGN.format(0))
        job = self.start(result, environment=self.jumping())
        time.sleep(4)
        demand(job.process.poll() is None and "waiting up to 60 s" in job.words(), job.words())
        job.signal(signal.SIGTERM)
        code = job.wait()
        demand(code == 75 and "stopped while waiting" in job.words(), f"{code}: {job.words()}")
        demand(os.path.exists(result + ".lease"), "the lease of another was removed")
        os.unlink(result + ".lease")
        return "waited, stopped"

    def silent(self, _chance, result):
        """One that stays silent for 60 s is taken over."""
        with open(result + ".lease", "w", encoding="ascii") as file:
            file.write(FOREIGN.format(0))
        start = time.monotonic()
        job = self.start(result, ranks=2)
        code = job.wait()
        took, words = time.monotonic() - start, job.words()
        demand(code == 0 and took >= 60, f"exit code {code} after {took:.0f} s:\n{words}")
        demand("taken over from process 99 on elsewhere, which is dead" in words, words)
        self.finish(result)
        return "taken over after a minute"

    # ---- clocks, power, versions, traps

    def jumping(self):
        """For a program whose clock of the day jumps by days, back and forth, by libfaketime."""
        path = os.path.join(self.scratch.path, "tmp", "clock")

        def jump():
            chance = random.Random("clock")
            while os.path.isdir(os.path.dirname(path)):
                with open(path + ".new", "w", encoding="ascii") as file:
                    file.write(f"{chance.uniform(-6, 6):+.6f}d")
                os.replace(path + ".new", path)
                time.sleep(0.5)

        with self.lock:
            if not self.clock_jumps:
                self.clock_jumps = threading.Thread(target=jump, daemon=True)
                self.clock_jumps.start()
            while not os.path.exists(path):
                time.sleep(0.01)
        return {"LD_PRELOAD": FAKETIME[0], "FAKETIME_TIMESTAMP_FILE": path, "NO_FAKE_STAT": "1",
                "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def clock(self, _chance, result):
        """The clock of the day jumps by days while a job works and another one asks."""
        for _ in range(TRIES):
            job = self.start(result, ranks=2, environment=self.jumping())
            self.started(result, job)
            other = self.start(result, environment=self.jumping())
            codes = job.wait(), other.wait()
            if codes != (0, 0) or NOTHING_LEFT not in other.words():
                demand(codes == (0, 5), f"exit codes {codes}:\n{job.words()}{other.words()}")
                self.finish(result)
                return "no effect"
            self.finish(result)  # it was done before the other one asked
            os.unlink(result)
        raise Failed("each time the job was done before another one asked")

    def power(self, chance, result):
        """What a power loss may leave of writes that were not synced: any of data, checksum and
        state, in any order, in part."""
        job = self.start(result)
        self.started(result, job)
        time.sleep(chance.uniform(0, 0.3) * self.seconds)
        job.signal(signal.SIGTERM)
        job.wait()
        hurt = 0
        with h5py.File(result, "r+") as file:
            state = file["tiles/state"][:]
            names = [name for name, array in file.items()
                     if isinstance(array, h5py.Dataset) and array.ndim == 2]
            for tile in chance.sample(range(state.size), state.size // 2):
                cells = slice(8 * tile, 8 * tile + chance.randint(1, 8))
                kind = chance.choice(["data", "data", "checksum", "state only"])
                if kind == "data":
                    name = chance.choice(names)
                    before = file[name][0, cells]
                    file[name][0, cells] = file[name].fillvalue
                    lost = before.tobytes() != file[name][0, cells].tobytes()
                elif kind == "checksum":
                    lost = file["tiles/checksum"][tile] != 0
                    file["tiles/checksum"][tile] = 0
                else:
                    lost = state[tile] == 0
                    file["tiles/state"][tile] = 1
                hurt += bool(lost and file["tiles/state"][tile])
        words = self.finish(result)
        found = [line for line in words.splitlines() if "damaged: computed again" in line]
        demand(hurt == 0 or (found and f" {hurt} tile" in found[0]),
               f"{hurt} tiles hurt, but it says {found}")
        return f"{hurt} tiles hurt and found"

    def kernel(self, _chance, result):
        """Another version of the arithmetic is refused, unless it is allowed."""
        job = self.start(result)
        self.started(result, job)
        job.signal(signal.SIGTERM)
        job.wait()
        with h5py.File(result, "r+") as file:
            file.attrs.modify("kernel_version", np.int32(file.attrs["kernel_version"] + 1))
        jobs.reseal(result)
        job = self.start(result, ranks=2)
        code = job.wait()
        demand(code == 6 and "--allow-kernel-change" in job.words(), f"{code}: {job.words()}")
        job = self.start(result, "--allow-kernel-change", ranks=2)
        code = job.wait()
        demand(code == 0 and "going on" in job.words(), f"{code}: {job.words()}")
        words = jobs.same("whole.h5", result)
        demand(words is None, words)
        with h5py.File(result, "r") as file:
            used = file["runs/kernel_version"][:file["runs/count"][0]]
            demand((used == file.attrs["kernel_version"] - 1).all(), f"/runs: kernels {used}")
        return "refused, then allowed"

    def trap(self, _chance, result):
        """A semaphore left by OMPIO hangs the open: the watchdog ends the job."""
        name = f"OMPIO_{os.getpid()}-{result}"
        library = ctypes.CDLL(None)
        library.sem_open.restype = ctypes.c_void_p
        library.sem_open(f"/{name}".encode(), os.O_CREAT, 0o600, 0)
        try:
            job = self.start(name[len("OMPIO_"):], ranks=2, environment={
                "OMPI_MCA_io": "ompio", "BRINK_OPEN_TIMEOUT": "1"})
            code = job.wait(30)
        finally:
            library.sem_unlink(f"/{name}".encode())
        demand(code == 3 and f"/dev/shm/sem.{name}" in job.words(), f"{code}: {job.words()}")
        self.finish(name[len("OMPIO_"):])
        return "exit code 3"

    # ---- what status says

    def look(self, result):
        done = subprocess.run([jobs.BRINK, "status", result, "--json"], capture_output=True,
                              text=True, check=False)
        demand(done.returncode == 0, f"status: {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def status(self, chance, result):
        """While it runs, after it was killed, after its end."""
        job = self.start(result, "--commit-interval", "0.1", ranks=2)
        self.started(result, job)
        time.sleep(chance.uniform(0.2, 0.4))
        sight = self.look(result)
        while not sight["last_commit"] and job.process.poll() is None:  # a machine in great demand
            sight = self.look(result)
        demand(0 < sight["tiles_done"] <= sight["tiles"] == self.scratch.cells // 8, str(sight))
        demand(sum(sight["verdicts"].values()) == sight["cells_done"], str(sight))
        if sight["writer"]:
            demand(job.process.poll() is not None or sight["writer"]["life"] == "alive", str(sight))
        else:  # the lease goes before the process does
            demand(job.wait() == 0, f"no lease while it works: {sight}")
        demand(sight["cells_per_s"] > 0 and sight["last_commit"], str(sight))
        job.signal(signal.SIGKILL, job.ranks())
        code = job.wait()
        sight = self.look(result)
        demand(code == 0 or (sight["writer"]["life"] == "dead"
                             and sight["starts"][-1]["exit_code"] == -1), str(sight))
        watch = subprocess.Popen([jobs.BRINK, "status", result, "--watch"], stdout=subprocess.PIPE,
                                 text=True)
        self.finish(result)
        demand("100.0 %" in watch.communicate(timeout=30)[0] and watch.returncode == 0, "--watch")
        sight = self.look(result)
        last = sight["starts"][-1]["exit_code"]
        ended = last == 0 or last == -2 and len(sight["starts"]) == 1  # killed after its last tile
        demand(sight["complete"] and sight["writer"] is None and sight["left_s"] is None
               and ended, str(sight))
        return "alive, dead, complete"


# Name and how often.
CASES = [("silent", 1), ("kill", 10), ("stop", 15), ("together", 8), ("steal", 6),
         ("hanging", 1), ("beating", 1), ("waiting", 1), ("clock", 3), ("power", 5),
         ("kernel", 1), ("trap", 1), ("status", 1)]
PRELOADING = ("waiting", "clock")  # not with a sanitizer, which must be loaded first
JUMPING = not os.environ.get("SANITIZE") and FAKETIME


def attempt(faults, name, seed):
    """One case: (passed?, words)."""
    begin = time.monotonic()
    try:
        words = getattr(faults, name)(random.Random(f"{name} {seed}"), f"{name}-{seed}.h5")
        return True, f"ok {name}, seed {seed}: {words} ({time.monotonic() - begin:.1f} s)"
    except Failed as failure:
        return False, f"FAIL {name}, seed {seed}: {failure}"


def choose(arguments):
    """The cases asked for, as (name, seed)."""
    cases = [(name, seed) for name, count in CASES for seed in range(1, count + 1)]
    if not JUMPING:
        cases = [case for case in cases if case[0] not in PRELOADING]
    if arguments:
        cases = [case for case in cases if case[0] == arguments[0]]
    if len(arguments) > 1:
        cases = [(arguments[0], int(arguments[1]))]
    return cases


def main(arguments):
    scratch = jobs.Scratch()
    results = []
    try:
        faults = Faults(scratch)
        # Most of the time goes by in waiting: for mpirun, and for the minute of the silent lease.
        with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
            for done in [pool.submit(attempt, faults, *case) for case in choose(arguments)]:
                results.append(done.result())
                print(results[-1][1], flush=True)
    finally:
        scratch.close()
    passed = sum(good for good, _ in results)
    if not FAKETIME and os.geteuid() == 0:  # make check installs it
        print("FAIL clock: no libfaketime: apt install faketime")
        results.append((False, ""))
    elif not JUMPING and not arguments:
        print("SKIPPED clocks that jump: no libfaketime, or a sanitizer is first")
    print(f"{passed} passed, {len(results) - passed} failed, {int(not JUMPING)} skipped")
    return 0 if results and passed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
