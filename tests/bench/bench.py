# SPDX-License-Identifier: MIT
"""`make bench`: brink and its peers on the same cells in the same run, against what is required.

    bench.py BUILD ISA [--quick]

Prints a table with ratios; writes BUILD/bench/BENCH.json and BUILD/bench/growth.png. Everything on
one core is pinned, in CPU time, and the best of many repeats in turn, because machines are shared
and clocks wander: ratios taken in one run mean something, single times little.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

for tuned in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # peers run as their packages come
    os.environ.pop(tuned, None)
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")

import h5py  # noqa: E402
import numpy as np  # noqa: E402

import estimates  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402

HERE = pathlib.Path(__file__).parent
CORES = sorted(os.sched_getaffinity(0))
# Raw cells, of one a in a row, and steps of each; fewer for peers that take longer.
COUNT, ROW, STEPS, SLOW_STEPS = 4608, 1536, 3840, 96

# What is compared with what, per family: ours, then the C and Python peers.
FAMILIES = ("a1", "a", "b3", "b7")
OURS = {"a1": ["brink_a1", "alone_a1"], "a": ["brink_row", "brink_direct"],
        "b3": ["brink_b3", "alone_b3"], "b7": ["brink_b7", "alone_b7"]}


class Bench:
    """Where things are, how long to measure, and what was found."""

    def __init__(self, build, isa, quick):
        self.folder = pathlib.Path(build) / "bench"
        self.brink = pathlib.Path(build) / "brink"
        self.isa = isa
        self.quick = quick
        self.result = report.Result(quick)
        self.environment = dict(
            os.environ, BRINK_ISA=isa, NUMBA_CACHE_DIR=str(self.folder / "numba"),
            OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")

    def tool(self, *arguments):
        """The JSON that the C side prints, on one core."""
        output = subprocess.run([self.folder / "bench", *map(str, arguments)], check=True,
                                stdout=subprocess.PIPE, preexec_fn=pin).stdout
        return json.loads(output)


def pin():
    os.sched_setaffinity(0, CORES[-1:])


def say(text):
    print(f"bench: {text}", flush=True)


# ---- raw kernels, one core

def make_cells():
    """{family: (x, y, h, a)}. Rates are so low that no cell ends: a sweep would take it out."""
    random = np.random.default_rng(1)
    cells = {}
    for family in FAMILIES:
        x, y = .2 + 2 * random.random((2, COUNT))
        part = 1e-3 * (.05 + .65 * random.random(COUNT))
        a = np.ones(COUNT) if family != "a" else np.repeat([.25, .5, .75], ROW)
        if family[0] == "a":
            curvature = a * (2 * np.log(2)) ** (a - 1) / 2
        else:
            x, y, curvature = .5 + x / 4, .5 + y / 4, 2 * int(family[1:]) ** 2
        cells[family] = (x, y, part / curvature, a)
    return cells


# Windows (window.h) of one state differ by less than this.
SAME_WINDOW, FEWEST = 1.15, 4


class Times:
    """Seconds of a step of all cells, each with the core's windows before and after."""

    def __init__(self):
        self.taken = {}  # name: [(windows, seconds)]

    def note(self, name, windows, seconds):
        self.taken.setdefault(name, []).append((windows, seconds))

    def best(self, whole):
        """{name: (least, how often taken)} with the whole window, or with half of it."""
        chosen = {name: [seconds for windows, seconds in taken
                         if all((window < report.WHOLE_WINDOW) == whole for window in windows)]
                  for name, taken in self.taken.items()}
        return {name: (min(seconds), len(seconds)) for name, seconds in chosen.items() if seconds}

    def rarest(self):
        """How often the kernel that was taken least with the whole window was taken so."""
        best = self.best(True)
        return min(best.get(name, (0, 0))[1] for name in self.taken)

    def as_they_come(self):
        return {name: (min(seconds for _, seconds in taken), len(taken))
                for name, taken in self.taken.items()}


def time_round(timer, times, cells):
    """Times of every kernel, once: of ours and the C peers in the process `timer`."""
    def ask(name, steps):
        timer.stdin.write(f"{name} {steps}\n")
        timer.stdin.flush()
        seconds, *windows = map(float, timer.stdout.readline().split())
        return seconds, windows

    def time_c(name, steps):
        seconds, windows = ask(name, steps)
        times.note(name, windows, seconds / steps)

    def time_python(name, function, cells, steps):
        before = ask("window", 0)[1]
        x, y, h, a = (column.copy() for column in cells)
        begin = time.thread_time()
        function(x, y, h, a, steps)
        seconds = time.thread_time() - begin
        times.note(name, before + ask("window", 0)[1], seconds / steps)

    for family in FAMILIES:
        for name in (*OURS[family], f"simd_{family}", f"watch_{family}"):
            time_c(name, STEPS)
        time_c(f"scalar_{family}", SLOW_STEPS)
        with np.errstate(all="ignore"):
            time_python(f"numpy_{family}", peers.NUMPY[family], cells[family], SLOW_STEPS)
        if peers.NUMBA:
            time_python(f"numba_{family}", peers.NUMBA[family], cells[family], SLOW_STEPS)


def run_raw(bench):
    """ns per cell-step of every kernel, {"brink_a1": (.9, how often taken), ...}: with all of the
    core's window, with half of it while another hardware thread had the rest, and as they came."""
    cells = make_cells()
    path = bench.folder / "cells.bin"
    with open(path, "wb") as file:
        file.write(f"{COUNT}\n".encode())
        for family in FAMILIES:
            file.write(np.concatenate(cells[family]).tobytes())
    say(f"raw kernels on one core, {COUNT} cells")
    pin()
    times = Times()
    if peers.NUMBA:
        for family in FAMILIES:  # compiles
            peers.NUMBA[family](*(column.copy() for column in cells[family]), 1)
    rounds, enough, limit = (4, 1, 60) if bench.quick else (20, 8, 300)
    begin = time.monotonic()
    while rounds > 0 or (times.rarest() < enough and time.monotonic() < begin + limit):
        rounds -= 1
        # A process for each: in one, a peer took two thirds more time by where its parts lay.
        with subprocess.Popen([bench.folder / "bench", "cells", path], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as timer:
            time_round(timer, times, cells)
            timer.stdin.close()
    os.sched_setaffinity(0, CORES)
    return [{name: (1e9 / COUNT * seconds, count) for name, (seconds, count) in best.items()}
            for best in (times.best(True), times.best(False), times.as_they_come())]


REQUIRED_RAW = (  # what, ours, {peer: ratio}
    ("a = 1, raw", "brink_a1", {"simd_a1": 2.6, "alone_a1": None, "numpy_a1": 4.5, "numba_a1": 22}),
    ("general a, long rows, raw", "brink_row", {"simd_a": 6, "numpy_a": 9, "numba_a": 45}),
    ("general a, direct", "brink_direct", {"simd_a": 2.6}),
    ("b = 3, raw", "brink_b3", {"simd_b3": 1, "watch_b3": None, "alone_b3": None,
                              "numpy_b3": 14, "numba_b3": 13}),
    ("b = 7, raw", "brink_b7", {"simd_b7": 1, "watch_b7": None, "alone_b7": None,
                              "numpy_b7": 14, "numba_b7": 13}),
)
PEER_NAMES = {"simd": "C omp simd, libmvec", "numpy": "numpy in cache", "numba": "numba",
              "scalar": "C, libm", "watch": "C omp simd that watches peak and escape",
              "alone": "its steps alone, without watch and ends"}
# Vector operations of a step, counted in the source: the floor of the time if all take turns on the
# same ports, or if sums and maxima have their own (the second: products, multiply-adds and looks
# into a table). A division is three of them, and keeps the divider for longer: another floor.
OPERATIONS = {"brink_a1": (29.75, 17), "brink_row": (41.75, 38), "brink_direct": (89, 58),
              "brink_b3": (9.4, 8), "brink_b7": (11.4, 10), "alone_b3": (8, 8),
              "alone_b7": (10, 10), "simd_b3": (7, 7), "simd_b7": (9, 9)}
# Stores of a step, counted in what gcc 12 makes of it for AVX-512: 8 vectors' states and constants
# are more than 32 registers hold.
STORES = {"brink_a1": 27 / 8, "brink_row": 23 / 8, "brink_direct": 68 / 8}


def judge_raw(bench, whole, half, all_taken):
    """Ratios with the whole window where there are FEWEST such times of both, else as they came."""
    for name, times in (("whole_window", whole), ("half_window", half)):
        bench.result.data[f"raw_ns_per_cell_step_{name}"] = {
            kernel: {"ns": round(ns, 4), "times": count} for kernel, (ns, count) in times.items()}
    for what, ours, ratios in REQUIRED_RAW:
        for peer, required in ratios.items():
            if peer not in all_taken:
                continue
            both = min(whole.get(name, (0, 0))[1] for name in (ours, peer))
            best = whole if both >= FEWEST else all_taken
            over = f"{what} over {PEER_NAMES[peer.split('_')[0]]}"
            if best is all_taken:
                over += ", whatever the window"
            bench.result.ratio(over, best[ours][0], best[peer][0], "ns/step", required)
            if peer.startswith("simd") and ours in half and peer in half:
                bench.result.ratio(f"{over}, in half of the core's window", half[ours][0],
                                   half[peer][0], "ns/step", None)


def judge_limits(bench, times, half):
    """How near the raw kernels are to what the core's ports and divider allow."""
    limits = bench.tool("limits")
    for _ in range(3 if bench.quick else 20):
        again = bench.tool("limits")
        limits = {name: min(limits[name], again[name]) for name in limits}
    operation = limits["multiply_add_twice"] / 2 / limits["lanes"]
    apart = limits["with_larger"] < 0.75 * limits["multiply_add_twice"]
    floors = {name: counts[apart] * operation for name, counts in OPERATIONS.items()}
    floors["brink_a1"] = max(floors["brink_a1"], limits["divide"] / limits["lanes"])
    store = max(0, limits["four_with_store"] / limits["lanes"] - 4 * operation)
    limits["floor_ns_per_cell_step"] = floors
    bench.result.data["limits"] = limits
    bench.result.at_least("ports: a store beside multiply-adds, over one of them",
                          store / operation, None)
    bench.result.at_most("window: chains of multiply-adds after each other over such in turn",
                         limits["window"], None)
    for name in ("larger", "sum"):
        bench.result.at_least(f"ports: multiply-add and {name} over two multiply-adds",
                              limits[f"with_{name}"] / limits["multiply_add_twice"], None)
    for name, floor in floors.items():
        bench.result.at_least(f"floor of ports and divider over time, {name}",
                              floor / times[name][0], None)
        if name in STORES and bench.isa == "avx512":
            bench.result.at_least(f"floor of ports, divider and stores over time, {name}",
                                  (floor + STORES[name] * store) / times[name][0], None)
        if name in half:
            bench.result.at_least(f"floor of ports and divider over time, {name}, in half of the "
                                  "core's window", floor / half[name][0], None)


# ---- the engine, one core

MAPS = {"row": "general a", "a1": "a = 1", "b3": "b = 3"}


TIMINGS = ("raw_step", "engine", "engine_with_tails", "engine_full")


def run_engine(bench):
    # Rows as long as those of a map of 4096 x 4096: each leaves stragglers behind.
    shape, enough, calls = ((6, 4096, 20000), 2, 8) if bench.quick else ((12, 4096, 20000), 5, 16)
    for name, what in MAPS.items():
        say(f"engine on a mixed map, {what}")
        taken = []
        while len(taken) < calls and len(same_window(taken)) < enough:
            taken.append(bench.tool("engine", name, *shape))
        same = same_window(taken) or taken
        if not same_window(taken):
            what += " (the window changed)"
        one = dict(taken[0], calls=len(taken), calls_in_one_window=len(same_window(taken)))
        for timing in TIMINGS:
            one[timing] = [call[timing] for call in same]
        bench.result.data.setdefault("engine", {})[name] = one

        def excess(value, base):
            return float(np.median([value(call) / base(call) for call in same])) - 1

        def seconds(timing):
            return lambda call: call[timing]["seconds"]

        bench.result.at_most(
            f"engine over raw, {what}: excess, tails apart",
            excess(seconds("engine"), lambda call: call["raw_step"]["seconds"] * call["steps"]),
            .10 if name == "row" else None)
        bench.result.at_most(f"Lyapunov tails, {what}: excess over the sweep without",
                             excess(seconds("engine_with_tails"), seconds("engine")), None)
        if name == "row":
            bench.result.at_least("lane utilisation, mixed (h, a) map", one["used"] / one["run"],
                                  .99)
        bench.result.at_most(f"record: full over basic, {what}",
                             1 + excess(seconds("engine_full"), seconds("engine_with_tails")),
                             2 if name != "b3" else None)


def same_window(calls):
    """The calls during which the core's window did not change."""
    windows = [[call[timing]["window"] for timing in TIMINGS] for call in calls]
    return [call for call, seen in zip(calls, windows) if max(seen) <= SAME_WINDOW * min(seen)]


def run_accuracy(bench):
    say("accuracy against 80 bits")
    found = bench.tool("accuracy", 400_000 if bench.quick else 5_000_000)
    bench.result.data["accuracy_ulp"] = found
    bench.result.at_most("tanh(t/2): largest error, ulp", found["tanh"], 4)
    bench.result.at_most("F' by the direct formula, where it holds (beyond 28), ulp",
                         found["direct"], 4)
    bench.result.at_most("F' by the direct formula, everywhere, ulp", found["direct_all"], None)
    bench.result.at_most("F' by the row table, ulp", found["table"], 2.5)


# ---- the program, both cores

# Start and rates (in units of h_GF) of a sweep over a and learning rate. "near" is half converged,
# a quarter periodic, a quarter chaotic; in "far" long chaotic orbits leave the row table.
MAPS_WHOLE = {"near": (1.3, .4, .01, 2.5, "linear"), "far": (4, .5, .05, 20, "log")}


def overrides(name, size, max_steps):
    x, y, low, high, scale = MAPS_WHOLE[name]
    return [f"a.num={size}", f"lr.num={size}", f"lr.min={low}", f"lr.max={high}",
            f"lr.scale={scale}", f"fixed.x0={x}", f"fixed.y0={y}", f"stop.max_steps={max_steps}"]


def run_brink(bench, size, max_steps, ranks=1, threads=1, name="near"):
    """(whole process, sweep) in seconds; the result is BUILD/bench/map.h5."""
    path = bench.folder / "map.h5"
    path.unlink(missing_ok=True)
    launcher = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks > 1 else []
    command = [*launcher, bench.brink, "run", HERE / "map.yaml", *overrides(name, size, max_steps),
               "-o", path, "-t", str(threads), "-q"]
    begin = time.perf_counter()
    subprocess.run(command, check=True, env=bench.environment)
    whole = time.perf_counter() - begin
    with h5py.File(path) as file:
        runs = file["runs"]
        sweep = float(runs["end_time"][0] - runs["start_time"][0])
    return whole, sweep


def run_numba(bench, size, max_steps, name="near"):
    """Whole process in seconds; the result is BUILD/bench/map.npz."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, HERE / "numba_sweep.py", str(size), str(max_steps),
                    *map(str, MAPS_WHOLE[name]), bench.folder / "map.npz"],
                   check=True, env=bench.environment)
    return time.perf_counter() - begin


def run_bare(bench, size, max_steps, threads):
    """The same cells without MPI and HDF5: seconds."""
    output = subprocess.run(
        [bench.folder / "bare", HERE / "map.yaml", str(threads),
         *overrides("near", size, max_steps)], check=True, env=bench.environment,
        stdout=subprocess.PIPE).stdout
    return float(output.split()[0])


def compare_verdicts(bench):
    """Share of equal verdicts in the two last results, and the commonest differences."""
    with h5py.File(bench.folder / "map.h5") as file:
        ours = file["status"][...]
        names = dict(zip(file["status"].attrs["flag_values"].tolist(),
                         np.asarray(file["status"].attrs["flag_meanings"]).item().split()))
    theirs = np.load(bench.folder / "map.npz")["status"]
    pairs, counts = np.unique(np.stack([ours, theirs])[:, ours != theirs], axis=1,
                              return_counts=True)
    order = np.argsort(-counts)[:4]
    return {"equal": float(np.mean(ours == theirs)),
            "differences": [{"brink": names[int(pairs[0, i])], "numba": names[int(pairs[1, i])],
                             "share": float(counts[i] / ours.size)} for i in order]}


def run_whole(bench):
    """`brink run` under mpirun -n 2 against the numba-parallel script, whole processes."""
    # start, size, max_steps, required, repeats. The peer takes minutes: once, and fewer steps.
    todo = [("near", 512, 4000, 14, 2)] if bench.quick else [
        ("near", 1024, 20000, 14, 3), ("near", 2048, 4000, 20, 3), ("far", 512, 4000, None, 3)]
    found = bench.result.data["whole"] = {}
    if not peers.NUMBA:
        return
    run_numba(bench, 16, 16)  # compiles into its cache: a second run of a researcher's script
    for name, size, max_steps, required, repeats in todo:
        what = f"{size} x {size}, {max_steps} steps, {name} start"
        say(f"brink run and the numba script, {what}")
        ours = run_brink(bench, size, max_steps, ranks=2, name=name)[0]
        theirs = run_numba(bench, size, max_steps, name)
        for _ in range(repeats - 1):
            ours = min(ours, run_brink(bench, size, max_steps, ranks=2, name=name)[0])
        verdicts = compare_verdicts(bench)
        found[what] = {"brink_s": ours, "numba_s": theirs, "verdicts": verdicts}
        bench.result.ratio(f"brink run over numba parallel, {what}", ours, theirs, "s", required)
        bench.result.at_least(f"share of verdicts equal, {what}", verdicts["equal"], None)


def time_both_cores(bench):
    """Seconds of multiply-adds on one core while the other is idle, and while it does the same."""
    def start(core):
        return subprocess.Popen([bench.folder / "bench", "limits"], stdout=subprocess.PIPE,
                                preexec_fn=lambda: os.sched_setaffinity(0, [core]))

    alone = together = 1e9
    for _ in range(3 if bench.quick else 20):
        for cores in (CORES[-1:], CORES[-2:]):
            tools = [start(core) for core in cores]
            times = [json.loads(tool.communicate()[0])["multiply_add_twice"] for tool in tools]
            if len(times) == 1:
                alone = min(alone, times[0])
            else:
                together = min(together, max(times))
    return alone, together


def time_plain_write(bench):
    """Seconds to write as many bytes as the last result has, and to sync them."""
    bytes_all, path = (bench.folder / "map.h5").read_bytes(), bench.folder / "plain.bin"
    best = 1e9
    for _ in range(3):
        begin = time.perf_counter()
        with open(path, "wb") as file:
            file.write(bytes_all)
            os.fdatasync(file)
        best = min(best, time.perf_counter() - begin)
        path.unlink()
    return best


def run_scaling(bench):
    """Two threads, two ranks over one; and what MPI, HDF5 and the schedule take."""
    size, max_steps = (512, 4000) if bench.quick else (2048, 4000)
    say(f"threads and ranks, {size} x {size}")
    # One after the other, so that a core's state is the same more often than not.
    rounds, pairs, many = [], [], 1e9
    for repeat in range(2 if bench.quick else 9):
        pairs.append((run_brink(bench, size, max_steps, ranks=2)[1],
                      run_bare(bench, size, max_steps, 2)))
        rounds.append((run_brink(bench, size, max_steps)[1],
                       run_brink(bench, size, max_steps, threads=2)[1], pairs[-1][0]))
        if repeat < 3:
            many = min(many, run_brink(bench, size, max_steps, ranks=64)[1])
    ranks = min(both for both, _ in pairs[:3])  # the least of as many as of the 64
    speed = np.median([(one / threads, one / both) for one, threads, both in rounds], axis=0)
    share = float(np.median([1 - alone / both for both, alone in pairs]))
    plain = time_plain_write(bench)
    alone, together = time_both_cores(bench)
    bench.result.data["scaling"] = {"size": size, "max_steps": max_steps,
                                    "one_two_threads_two_ranks_s": rounds,
                                    "sixty_four_ranks_s": many, "plain_write_s": plain,
                                    "two_ranks_and_bare_s": pairs}
    bench.result.at_least(f"speed of two threads over one, {size} x {size}", float(speed[0]), 1.9)
    bench.result.at_least(f"speed of two ranks over one, {size} x {size}", float(speed[1]), 1.9)
    bench.result.at_least("throughput of 64 ranks on these cores over two", ranks / many, .95)
    bench.result.at_most("MPI, HDF5 and schedule: share of two ranks' time", share, .03)
    bench.result.at_most("a plain write of as many bytes, synced: share of that time",
                         plain / ranks, None)
    bench.result.at_least("speed of a core while the other works, too, over alone",
                          alone / together, None)


def run_estimates(bench):
    found = bench.result.data["estimates"] = {}
    for name in estimates.EXAMPLES:
        say(f"estimates and runs of jobs/{name}.yaml")
        found[name] = estimates.measure(bench.brink, name, bench.folder / "example.h5",
                                        bench.environment)
        bench.result.at_most(f"brink estimate over brink run, jobs/{name}.yaml: core-hours, off by",
                             abs(found[name]["ratio"] - 1), .2)


def run_growth(bench):
    """How the time grows with cells, steps and threads: seconds of the sweep."""
    say("growth with cells, steps, threads")
    edge, middle, repeats = (256, 128, 1) if bench.quick else (1024, 512, 3)

    def seconds(size, max_steps, threads):
        return min(run_brink(bench, size, max_steps, threads=threads)[1] for _ in range(repeats))

    growth = {
        "cells": [(size ** 2, seconds(size, 4000, 2))
                  for size in (edge // 8, edge // 4, edge // 2, edge)],
        "steps": [(steps, seconds(middle, steps, 2)) for steps in (500, 1000, 2000, 4000, 8000)],
        "threads": [(threads, seconds(middle, 4000, threads))
                    for threads in range(1, len(CORES) + 1)],
    }
    bench.result.data["growth"] = growth
    report.draw_growth(growth, bench.folder / "growth.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("isa")
    parser.add_argument("--quick", action="store_true", help="about three minutes")
    arguments = parser.parse_args()
    bench = Bench(arguments.build, arguments.isa, arguments.quick)
    bench.result.describe_machine(bench.brink, arguments.isa)
    if not peers.NUMBA:
        say("no numba: its rows are left out (Debian: python3-numba)")
    whole, half, all_taken = run_raw(bench)
    judge_raw(bench, whole, half, all_taken)
    judge_limits(bench, {**all_taken, **whole}, half)
    run_accuracy(bench)
    run_engine(bench)
    run_scaling(bench)
    if not bench.quick:
        run_estimates(bench)
    run_whole(bench)
    run_growth(bench)
    bench.result.print()
    bench.result.write(bench.folder / "BENCH.json")
    say(f"wrote {bench.folder / 'BENCH.json'} and {bench.folder / 'growth.png'}")


main()
