# SPDX-License-Identifier: MIT
"""What `make bench` found: rows against what is required, BENCH.json, the plot of growth.

    report.py README.md NAME JSON...   puts the table of ratios, a column for each machine, between
                                       README.md's two marks of that name

BENCH.json: {"machine", "rows": [{"what", "value", "unit", "peer", "ratio", "required", "verdict"}],
"notes", and the sections the rows come from}. `ratio` is peer / value: how many times faster.
`required` is a least ratio where there is a peer, else the bound `bound` names. `verdict` is ok,
MISSED, or null where nothing is required.
"""
import json
import os
import platform
import subprocess
import sys
import time

# A core's window (window.h) below this is all of it: cores with AVX-512 have been seen at 1.2 when
# they had all of theirs, and at 1.9 when another hardware thread had the other half.
WHOLE_WINDOW = 1.5
# What the rows do not say, for who reads them.
NOTES = [
    "Raw kernels are the engine's own blocks of 32 steps, with all that a block does besides "
    "stepping: running peak of the loss, watch on escape and ends, Brent's kept states. Their "
    "cells do not end within the steps measured; a sweep would put others in their place. `its "
    "steps alone` is the same arithmetic, to the bit, without all that.",
    "Where the rows `ports: ...` are near 1, sums and maxima take turns with multiply-adds on the "
    "same ports (Intel cores: two of 512 bits), and whatever is watched in a step costs as much as "
    "a multiply-add. Where they are near .5 (Zen 4, family 25), sums and maxima are free beside "
    "multiply-adds, of which one of 512 bits starts a cycle; but there compares and looks into a "
    "table of 16 take the turn of a multiply-add each, a division those of three, and a number "
    "loaded into all lanes that of a third (measured by loops of eight multiply-adds with each). "
    "`floor ... over time` is the share of the time that the operations of a step, counted in the "
    "source, need at least; what compilers load again and a block's end are not in it. `floor of "
    "ports, divider and stores` adds the stores that gcc 12 makes for want of registers.",
    "Zen 4, what a step takes in turns of a multiply-add: a = 1 14 products and multiply-adds and "
    "a division, 17; general a 22 and 16 looks, 38; the direct formula 46 and four divisions, 58; "
    "b = 3 8, b = 7 10. A store of 512 bits takes 1.3 to 1.6 turns beside multiply-adds (row `a "
    "store beside multiply-adds`; none beside sums): compiled steps have 3.4 (a = 1: two states "
    "and a peak of eight vectors beside constants), 2.9 and 8.5 of them. Fewer vectors would need "
    "no stores, but then wait: four at a time took 1.12 times as long (a = 1; general a 1.05). The "
    "rest are constants loaded into all lanes, a third of a turn each, and a block's end.",
    "Zen 4, direct formula: with products in place of its four divisions the same loop took 62 of "
    "79 cycles, so that a division costs 5.4 turns there, not 3: four of them stand together, and "
    "each keeps the divider for 9 cycles. All eight vectors side by side took 2.67 ns where two "
    "groups of four took 2.70, four groups of two 3.39, eight alone 4.05, four vectors in all 2.95 "
    "(the formula before kernel version 4: 3.46); constants as operands from memory 2.70 for 2.79 "
    "(and a = 1 .86 for .79).",
    "Zen 4, b: steps alone take just their ports (floors of .98 to 1), blocks .85 (b = 3) and .87 "
    "(b = 7) of their time. Told apart by the samples of perf record: the loop of the steps, peak "
    "included, takes 85 and 91 % of a block, which is the time of the steps alone (.271 of .272 "
    "ns; .354 of .349): ports hold it. Every 8th |x|, |y| is 2 %, the tests of the block's end 7 "
    "and 6 %, the rest states on their way between lanes and loop. (Ends took 15 % while they "
    "stored nine fields and divided.)",
    "Zen 4, a = 1: where the loop of the steps lies decides. The same 315 instructions, moved by 8 "
    "bytes at a time, took .78 to .79 ns in the median of 60 calls where the loop begins at byte "
    "2, 10, 18, 26, 34, 42 or 50 of a line of 64, with spells of up to 1.0, and 1.03 at byte 58, "
    "where it was never below .98. (Other kernels did not care.) So labels of the AVX-512 engine "
    "begin with a line: .784, three quarters of the calls below .791. Why the core does so is not "
    "known; what was taken for an effect of the order of instructions before (.80 or .97 ns with "
    "gcc's for any core) was at least in part this. With the order for 512-bit cores "
    "(-mtune=icelake-server) b = 7 takes 10 % less, direct 4.",
    "b: the C peer's step of b = 3 has 7 products and multiply-adds and takes just their turns on "
    "Zen 4 (floor over time 1), so that with the same 7 the ratio could be 1 at most; ours has 8, "
    "since h F' is rounded by itself, which is what every replay, trace and verdict computes.",
    "Intel cores: what holds the rest is at least in part the window: how many operations ahead "
    "the core looks for some that can run; see the floors in half of it. A step is a chain of some "
    "70 cycles (a = 1; 230 for the direct formula), so that many vectors have to be in sight. The "
    "other hardware thread of a core, which may be another guest of the host, takes half of the "
    "window when it is busy: chains of 30 multiply-adds after each other then take 1.9 times as "
    "long as chains in turn, else 1.2 times. The raw rows compare times with the whole window, if "
    "there are four of both or more; and beside them with half of it.",
    "general a, direct: what the engine does with lanes beyond the row table, four vectors "
    "together there, here eight in two groups as blocks have. Replays of eight vectors gained "
    "nothing in a sweep.",
    "Engine over raw: in a profile (perf record) of the very sweep of general a without tails, 93 "
    "% of the samples are blocks (84 % as long as ends and cycles were measured one by one, 88 % "
    "before recurrence and max_steps were tested at one state, 92 % as long as their loops were of "
    "256 bits), 1.5 % moves and refills, 1.8 % replays, .5 % losses and sharpness of ends, .6 % "
    "cycles, .3 % giving results back; lanes without a cell are another 1 %. Of 77,000 alarms of "
    "49,152 cells 28,000 are false, nearly all of chaotic lanes that left the row table for a "
    "block: they take the direct formula, which no block tries; that it is evaluated in their own "
    "vectors instead of gathered ones took replays from 2.5 to 1.8 %. Replays of such lanes by "
    "themselves gained nothing. The engine's rows are medians of calls in which the window stayed "
    "as it was, but where they say otherwise.",
    "b: a step of the C peer is 7 operations (b = 3), ours 9.4: also the peak of the loss, "
    "every 8th |x|, |y|, and h F' by itself, so that 7/9.4 = .74 of the peer is the most there "
    "can be while two ports serve all. The peer that watches the same (`watches peak and "
    "escape`) is the same work.",
    "record: full on Zen 4, stores a step: 3.3 (a = 1) and 3 (general a). It was 9 and 12 while a "
    "rare call for an exact edge was inside the loop and left no number in a register. Two vectors "
    "at a time need no store at all, but wait (a = 1: .493 s where four take .416, both with "
    "20000 steps), and general a with F'' of nine terms for fifteen takes .928 s for .964. In the "
    "map of general a 738,000 of 2.5 million lanes looked at closer were states with NaN.",
    "record: full of b: the edge at every state needs F'', about 20 operations beside the 9.4 "
    "of a step. The screen of kernel_watch.h is all that is run; exact edges are rare.",
    "C peers: gcc -O3, the CPU's level; libm in scalar loops; `omp simd`, 64 lanes, -ffast-math "
    "and libmvec. numpy as researchers write it, arrays in cache; numba with fastmath.",
    "The numba script has early exits for every verdict, finds cycles with Brent's points to "
    "1e-13 relative, and runs from its compile cache. A cycle ends as soon as two states agree "
    "to 1e-13, for brink only when they are equal: verdicts differ where rounding decides.",
    "Two over one and the share of MPI, HDF5 and schedule are of the sweep (start and end in "
    "/runs), the comparison with numba is of whole processes, mpirun and imports included. The "
    "share is over the same cells through the same stream on two threads without MPI and HDF5, "
    "the median of pairs that ran one after the other. It holds the disk's time for the file, "
    "which `a plain write` shows alone; and two over one is no more than twice what the machine "
    "gives `a core while the other works, too`. Before syncs had a thread of their own the share "
    "was .051 and two threads 1.87: in sweeps of 8 s under strace the two ranks waited .25 to .30 "
    "and .11 to .13 s for fdatasync (one at 5 s, both at the end; once, with the disk busy, 2.6 "
    "s) and wrote for .13 to .16 and .40 to .47 s. What is left is little more than the writes, 2 "
    "% of the samples of perf record, as is `a plain write`. To send what is written on its way "
    "four times a second (sync_file_range) took .23 to .30 s of either rank, and was not kept. In "
    "the EPYC's run of kernel version 7 the nine shares lie between -.13 and .09 (the sweeps on "
    "two ranks took 7.5 to 8.2 s, those without MPI 7.4 to 7.6, once 9.0), four of them above .03; "
    "in five pairs just before, calmer, between .004 and .027, the median .016. Two runs before "
    "had medians of .031 and .033. 64 ranks, .944, are the least of three (8.03 s) over the least "
    "of three of two ranks (7.58 s; the others 7.93 and 8.08).",
    "C tools are started afresh for each round of raw kernels: in one process of a whole run the "
    "peer of a = 1 took 4.28 ns in all of 20 calls, in others 2.55.",
]


class Result:
    def __init__(self, quick):
        self.data = {"quick": quick, "machine": {}, "rows": [], "notes": NOTES}

    def describe_machine(self, brink, isa):
        with open("/proc/cpuinfo") as file:
            facts = dict(line.split(":", 1) for line in file.read().splitlines() if ":" in line)
        facts = {key.strip(): value.strip() for key, value in facts.items()}
        version = subprocess.run([brink, "version"], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout.splitlines()
        self.data["machine"] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "cpu": facts.get("model name", platform.machine()),
            "cpu_family_model_stepping": " ".join(
                facts.get(key, "?") for key in ("cpu family", "model", "stepping")),
            "cpu_flags": facts.get("flags", ""),
            "cores": len(os.sched_getaffinity(0)),
            "busy_before": _busy(2),
            "isa": isa,
            "brink": version,
            "python": {"python": platform.python_version(), **_versions("numpy", "numba")},
        }

    # ---- rows

    def _add(self, what, value, unit, verdict, **more):
        self.data["rows"].append({"what": what, "value": round(value, 5), "unit": unit,
                                  "peer": None, "ratio": None, **more, "verdict": verdict})

    def ratio(self, what, value, peer, unit, required):
        ratio = peer / value
        self._add(what, value, unit, _verdict(required is None or ratio >= required, required),
                  peer=round(peer, 5), ratio=round(ratio, 3), required=required)

    def at_most(self, what, value, required):
        self._add(what, value, "", _verdict(required is None or value <= required, required),
                  required=required, bound="at most")

    def at_least(self, what, value, required):
        self._add(what, value, "", _verdict(required is None or value >= required, required),
                  required=required, bound="at least")

    # ---- out

    def print(self):
        width = max(len(row["what"]) for row in self.data["rows"])
        print(f"\n{'':{width}} {'brink':>9} {'peer':>9} {'ratio':>8} {'required':>9}")
        for row in self.data["rows"]:
            peer = "" if row["peer"] is None else f"{row['peer']:.3f}"
            ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}x"
            sign = ("<=" if row.get("bound") == "at most" else ">=")
            required = "" if row["required"] is None else f"{sign}{row['required']:g}"
            print(f"{row['what']:{width}} {row['value']:9.3f} {peer:>9} {ratio:>8} {required:>9} "
                  f"{row['verdict'] or ''}".rstrip())
        missed = sum(row["verdict"] == "MISSED" for row in self.data["rows"])
        print(f"{missed} missed" if missed else "all reached")

    def write(self, path):
        with open(path, "w") as file:
            json.dump(self.data, file, indent=1)
            file.write("\n")


def _verdict(reached, required):
    if required is None:
        return None
    return "ok" if reached else "MISSED"


def _busy(seconds):
    """The share of all cores' time that was not idle, in the next seconds."""
    def times():
        with open("/proc/stat") as file:
            user, nice, system, idle, wait, *rest = map(int, file.readline().split()[1:])
        return user + nice + system + sum(rest[:3]), idle + wait

    busy, idle = times()
    time.sleep(seconds)
    busy, idle = (after - before for after, before in zip(times(), (busy, idle)))
    return busy / (busy + idle)


def _versions(*names):
    versions = {}
    for name in names:
        try:
            versions[name] = __import__(name).__version__
        except ImportError:
            versions[name] = None
    return versions


def draw_growth(growth, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 3, figsize=(10, 3.5), layout="constrained")
    for panel, (name, label) in zip(panels, (("cells", "cells"), ("steps", "max_steps"),
                                             ("threads", "threads"))):
        at, seconds = zip(*growth[name])
        panel.plot(at, seconds, "o-", label="measured")
        anchor, slope = (0, -1) if name == "threads" else (-1, 1)
        panel.plot(at, [seconds[anchor] * (value / at[anchor]) ** slope for value in at], "--",
                   color="gray", label="proportional")
        panel.set(xscale="log", yscale="log", xlabel=label)
        if name == "threads":
            panel.set_xticks(at, [str(value) for value in at])
            panel.minorticks_off()
    panels[0].set_ylabel("seconds of the sweep")
    panels[0].legend(frameon=False)
    figure.suptitle("brink run, tests/bench/map.yaml (near start): time of a sweep")
    figure.savefig(path, dpi=120)


# ---- the README's table

MARKS = ("<!-- {}: tests/bench/report.py writes the table -->", "<!-- end of {} -->")
HEADING = "on one core, but for `brink run` and two over one"


def shown(row):
    """Rows with something required, and those that explain them."""
    explains = any(words in row["what"] for words in
                   ("watches", "alone,", "floor", "window", "a plain write", "works, too"))
    return row["required"] is not None or (explains and "in half" not in row["what"])


def reached(row):
    if row is None:
        return ""
    mark = "**" if row["verdict"] == "MISSED" else ""
    value = f"{row['value']:.3g}" if row["ratio"] is None else f"{row['ratio']:.2f}x"
    return mark + value + mark


def required(row):
    if row["required"] is None:
        return ""
    sign = "<= " if row.get("bound") == "at most" else ">= "
    return f"{sign}{row['required']:g}" + ("" if row["ratio"] is None else "x")


def name(machine):
    return " ".join(machine["cpu"].replace("(R)", "").split()[:2])


def table(runs):
    """The same rows of runs on several machines, a column each, as Markdown."""
    rows = {row["what"]: row for run in reversed(runs) for row in run["rows"] if shown(row)}
    order = [row["what"] for run in runs for row in run["rows"]]
    names = [name(run["machine"]) for run in runs] if len(runs) > 1 else ["reached"]
    lines = [f"| {runs[0].get('heading', HEADING)} | {' | '.join(names)} | required |",
             "|---" * (len(runs) + 2) + "|"]
    for what in sorted(rows, key=order.index):
        cells = [reached(next((row for row in run["rows"] if row["what"] == what), None))
                 for run in runs]
        lines.append(f"| {what} | {' | '.join(cells)} | {required(rows[what])} |")
    lines.append("")
    for run in runs:
        machine = run["machine"]
        lines.append(f"Measured on {machine['cores']} cores of an {machine['cpu']} "
                     f"({machine['isa']}), {machine['time'][:10]}, before which they were "
                     f"{machine['busy_before']:.0%} busy" + (", in short" if run["quick"] else "")
                     + ("; bold: missed." if run is runs[-1] else "."))
    return "\n".join(lines)


def main():
    path, name_of_table, *results = sys.argv[1:]
    runs = []
    for result in results:
        with open(result) as file:
            runs.append(json.load(file))
    with open(path) as file:
        text = file.read()
    begin, end = (mark.format(name_of_table) for mark in MARKS)
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    with open(path, "w") as file:
        file.write(f"{before}{begin}\n{table(runs)}\n{end}{after}")


if __name__ == "__main__":
    main()
