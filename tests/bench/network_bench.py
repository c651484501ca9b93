# SPDX-License-Identifier: MIT
"""`make bench-network`: brink's networks and PyTorch's in the same run, against what is required.

    network_bench.py BUILD ISA [--quick]

Prints a table with ratios; writes BUILD/bench/NETWORK.json. All but the two ranks is on one core,
in CPU time, the best of several rounds in turn: ratios taken in one run mean something, single
times little.
"""
import argparse
import os
import pathlib
import subprocess

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")

import network_peers as peers  # noqa: E402, I001 (before numpy)
import h5py  # noqa: E402
import report  # noqa: E402

HERE = pathlib.Path(__file__).parent
CORES = sorted(os.sched_getaffinity(0))
STEPS_MIN = 50  # that make a median
NOTES = [
    "A step is forward, backward and update over all samples; no bias, random data of the shape "
    "named. Share of the fma peak: each of 301 steps is weighed against the stretches of fma on "
    "registers, 3 ms each, before and after it; the median step of the best round; only the "
    "operations of the Gram form count (2 n^2 h, and 6 n h k of the output layer). By quarters "
    "(square.c) 7/8 of 2 n^2 h are taken: the row below it is of these. The host's other thread "
    "on the core, where it is busy, slows the step, but hardly the stretches: it takes half of the "
    "window (see BENCH.json) and of the cycles in which the step starts 3 instructions. So the "
    "required row is of steps with the whole window right before and after them, where there are "
    f"{STEPS_MIN} in a round.",
    "PyTorch, on OpenBLAS with AVX-512 or AVX2 kernels: one network is nn.Sequential with SGD; a "
    "batch is one product for all first layers and bmm, torch.autograd.grad, updates in place; the "
    "best of the batches 16 to 4096.",
    "Sharpness on the same kind of network after every 10 steps. eigsh: scipy's defaults on "
    "autograd products with a new graph each (as published code does); tuned: the last "
    "eigenvector as start, tol 1e-3, ncv 6, one graph. brink: warm Lanczos to 1e-3.",
    "The products of a step alone: torch.mm into arrays that are there, so what an engine on "
    "OpenBLAS could at best need for a step; ours is the whole step, activations, loss and update "
    "included. Such an engine would be worth its bits, which hold for one OpenBLAS and CPU, if it "
    "took 1/1.3 of our time: a rule set before. OpenBLAS 0.3.21 takes its kernels for Prescott on "
    "CPUs newer than itself, a third as fast, unless OPENBLAS_CORETYPE is set, as it is here.",
    "Two ranks over one: the sweep of network.yaml (start and end in /runs), on the wall clock.",
]

# engine, precision, widths, samples, activation, loss
PAPER = ("gram", "f32", (784, 200, 10), 1000, "relu", "mse")
SINGLE = [(PAPER, 1.9), (("gram", "f32", (3072, 200, 10), 1000, "relu", "mse"), 6.5),
          (("gram", "f32", (784, 32, 10), 200, "tanh", "mse"), 10),
          (("gram", "f32", (784, 200, 200, 10), 1000, "relu", "mse"), None)]
# Where no Gram form is shorter.
DIRECT = [("gram", "f32", (784, 200, 10), 4000, "relu", "mse"),
          ("gram", "f64", (784, 200, 10), 4000, "relu", "mse"),
          ("gram", "f32", (64, 200, 200, 10), 1000, "relu", "mse"),
          ("gram", "f32", (50, 64, 64, 64, 64, 10), 500, "relu", "mse"),
          ("gram", "f32", (100, 1000, 1000, 10), 2000, "relu", "mse")]
TINY = [(("lanes", "f32", (10, 16, 1), 100, "tanh", "mse"), 50, 8),
        (("lanes", "f64", (16, 16, 1), 272, "tanh", "mse"), None, 5),
        (("lanes", "f32", (100, 32, 10), 200, "tanh", "mse"), None, None)]


def name_of(case):
    engine, precision, widths, samples, activation, _ = case
    return f"{'-'.join(map(str, widths))}, n = {samples}, {activation}, {precision}"


class Ours:
    """The C side, which answers a line with a line."""

    def __init__(self, build, isa):
        self.process = subprocess.Popen(
            [build / "bench" / "network"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, BRINK_ISA=isa))

    def ask_all(self, what, case):
        engine, precision, widths, samples, activation, loss = case
        line = " ".join([what, engine, precision, "-".join(map(str, widths)), str(samples),
                         activation, loss])
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return [float(word) for word in self.process.stdout.readline().split()]

    def ask(self, what, case):
        return self.ask_all(what, case)[0]


def least(old, new):
    return [min(pair) for pair in zip(old, new)] if old else list(new)


def run_single(ours, result, rounds):
    weighed, found = [], {}
    for _ in range(rounds):
        weighed.append(ours.ask_all("weigh", PAPER))
        for case, _ in SINGLE:
            _, precision, widths, samples, activation, _ = case
            times = ours.ask("step", case), peers.time_step(widths, samples, activation, precision)
            found[case] = least(found.get(case), times)
    for case, required in SINGLE:
        mine, torch = found[case]
        result.ratio(f"step of {name_of(case)}", 1e3 * mine, 1e3 * torch, "ms", required)
    _, _, (_, hidden, outputs), samples, _, _ = PAPER
    output = 6 * samples * hidden * outputs
    tell_share(result, f"share of the fma peak, {name_of(PAPER)}",
               2 * samples ** 2 * hidden + output, 7 / 4 * samples ** 2 * hidden + output, weighed)


def tell_share(result, what, operations, taken, weighed):
    """Of the best round with the whole window for STEPS_MIN steps, and of the best as they came;
    weighed: rounds of [weight, window, weight, window, ...]. `taken` of the operations are."""
    def median(weights):
        return operations / sorted(weights)[len(weights) // 2]

    rounds = [list(zip(line[::2], line[1::2])) for line in weighed]
    whole = [[weight for weight, window in steps if window < report.WHOLE_WINDOW]
             for steps in rounds]
    shares = [median(weights) for weights in whole if len(weights) >= STEPS_MIN]
    came = max(median([weight for weight, _ in steps]) for steps in rounds)
    if shares:
        result.at_least(f"{what}: median step in all of the core's window", max(shares), .88)
    result.at_least(f"{what}: median step, whatever the window", came, None if shares else .88)
    result.at_least(f"{what}: of the multiply-adds taken", taken / operations * came, None)
    result.data["steps_weighed_with_the_whole_window"] = [len(weights) for weights in whole]


def run_direct(ours, result, rounds):
    found = {}
    for _ in range(rounds):
        for case in DIRECT:
            _, precision, widths, samples, _, _ = case
            times = ours.ask("step", case), peers.time_products(widths, samples, precision)
            found[case] = least(found.get(case), times)
    for case, (mine, products) in found.items():
        result.ratio(f"{name_of(case)}: OpenBLAS for the products alone", 1e3 * mine,
                     1e3 * products, "ms", .77)


def run_tiny(ours, result, rounds):
    found, batches = {}, {}
    for _ in range(rounds):
        for case, one_required, _ in TINY:
            _, precision, widths, samples, activation, _ = case
            batch, batches[name_of(case)] = peers.time_batch(widths, samples, activation, precision)
            one = peers.time_step(widths, samples, activation, precision, .5)
            found[case] = least(found.get(case), (ours.ask("step", case), one, batch))
    for case, one_required, batch_required in TINY:
        mine, one, batch = (1e6 * seconds for seconds in found[case])
        result.ratio(f"{name_of(case)}: one at a time", mine, one, "us", one_required)
        result.ratio(f"{name_of(case)}: best batch", mine, batch, "us", batch_required)
    result.data["best_batches"] = batches


def run_sharpness(ours, result, rounds):
    found = None
    _, precision, widths, samples, activation, _ = PAPER
    for _ in range(rounds):
        cold, tuned = peers.time_sharpness(widths, samples, activation, precision)
        found = least(found, (ours.ask("sharpness", PAPER), cold, tuned))
    mine, cold, tuned = (1e3 * seconds for seconds in found)
    result.ratio(f"sharpness of {name_of(PAPER)}: eigsh", mine, cold, "ms", 15)
    result.ratio(f"sharpness of {name_of(PAPER)}: tuned", mine, tuned, "ms", 4)


def run_ranks(build, isa, result, rounds):
    """The same sweep on one rank and on two in turn, each with one thread."""
    path, pairs = build / "bench" / "network.h5", []
    environment = dict(os.environ, BRINK_ISA=isa, OMPI_ALLOW_RUN_AS_ROOT="1",
                       OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    for _ in range(rounds):
        took = {}
        for ranks in (1, 2):
            path.unlink(missing_ok=True)
            subprocess.run(["mpirun", "--oversubscribe", "-n", str(ranks), build / "brink", "run",
                            HERE / "network.yaml", "-o", path, "-t", "1", "-q"], check=True,
                           env=environment)
            with h5py.File(path) as file:
                runs = file["runs"]
                took[ranks] = float(runs["end_time"][0] - runs["start_time"][0])
        pairs.append((took[1], took[2]))
    one, two = (min(times) for times in zip(*pairs))
    result.ratio("two ranks over one", two, one, "s", 1.9)
    result.data["one_and_two_ranks_s"] = pairs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("isa")
    parser.add_argument("--quick", action="store_true", help="one round of each")
    arguments = parser.parse_args()
    rounds = 1 if arguments.quick else 4
    result = report.Result(arguments.quick)
    result.data["notes"] = NOTES
    result.data["heading"] = "on one core, but for two ranks"
    result.describe_machine(arguments.build / "brink", arguments.isa)
    result.data["machine"]["python"]["torch"] = peers.torch.__version__
    result.data["machine"]["blas_core"] = peers.blas_core()
    os.sched_setaffinity(0, CORES[-1:])
    ours = Ours(arguments.build, arguments.isa)
    run_single(ours, result, rounds)
    run_direct(ours, result, rounds)
    run_tiny(ours, result, rounds)
    run_sharpness(ours, result, rounds)
    os.sched_setaffinity(0, CORES)
    run_ranks(arguments.build, arguments.isa, result, rounds)
    result.print()
    result.write(arguments.build / "bench" / "NETWORK.json")


main()
