# SPDX-License-Identifier: MIT
"""A map of lr1 against lr2 in PyTorch, batches of networks on every core, beside brink's result.

    network_map.py MAP.h5 [--batch SIZE ...] [--networks N]

MAP.h5: a finished sweep of jobs/fractal.yaml or of its kind (one hidden layer, tanh, mean field,
f64). Each core trains every other batch of SIZE networks of the same grid, all steps; with
--networks only batches of N networks on each core, drawn evenly, and the time of all is
extrapolated. Both times are on the wall clock, brink's from start to end in /runs. Prints them
and their ratio, for each SIZE.
"""
import argparse
import multiprocessing
import os
import time

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")

import network_peers  # noqa: E402, I001 (before numpy)
import h5py  # noqa: E402
import numpy as np  # noqa: E402

BATCHES = [16, 32, 64, 128]  # of this network, per core: the best lies in between


def read_map(path):
    """(lr1, lr2 of all cells, samples, width, steps, brink's seconds on the wall clock)."""
    with h5py.File(path) as file:
        runs = file["runs"]
        seconds = float(np.nansum(runs["end_time"][:] - runs["start_time"][:]))
        lr2, lr1 = (values.ravel() for values in
                    np.meshgrid(file["lr2"][:], file["lr1"][:], indexing="ij"))
        return (lr1, lr2, int(file.attrs["fixed_n"]), int(file.attrs["fixed_width"]),
                int(file["steps"][:].max()), seconds)


def train(lr1, lr2, inputs, width, samples, steps):
    """The final losses of a batch of networks; one that is over trains on in NaNs, as it would."""
    torch = network_peers.torch
    torch.manual_seed(1)
    batch, real = len(lr1), torch.float64
    x, y = torch.randn(samples, inputs, dtype=real), torch.randn(samples, 1, dtype=real)
    first = torch.randn(width, inputs, dtype=real).repeat(batch, 1).requires_grad_()
    second = torch.randn(1, width, dtype=real).repeat(batch, 1, 1).requires_grad_()
    rate1 = torch.tensor(lr1).repeat_interleave(width)[:, None]
    rate2 = torch.tensor(lr2)[:, None, None]
    gains = (2 / inputs) ** .5, width ** -.5
    for _ in range(steps):
        a = torch.tanh(gains[0] * (first @ x.t())).view(batch, width, samples)
        losses = .5 * ((gains[1] * torch.bmm(second, a) - y.t()) ** 2).sum((1, 2)) / samples
        gradients = torch.autograd.grad(losses.sum(), (first, second))
        with torch.no_grad():
            first.addcmul_(rate1, gradients[0], value=-1)
            second.addcmul_(rate2, gradients[1], value=-1)
    return losses.detach()


def work(job):
    core, lr1, lr2, batches, size, shape = job
    os.sched_setaffinity(0, {core})
    train(lr1[:size], lr2[:size], *shape[:-1], 2)  # libraries and memory are there
    begin = time.monotonic()
    for batch in batches:
        cells = slice(batch * size, (batch + 1) * size)
        train(lr1[cells], lr2[cells], *shape)
    return time.monotonic() - begin


def time_all(pool, cores, lr1, lr2, size, limit, shape):
    """(seconds, batches trained, batches that there are), `size` networks a batch."""
    count = -(-len(lr1) // size)
    drawn = np.arange(count)
    chosen = max(1, limit // size) * len(cores) if limit else count
    if chosen < count:
        drawn = np.linspace(0, count - 1, chosen).round().astype(int)
    jobs = [(core, lr1, lr2, drawn[i::len(cores)], size, shape) for i, core in enumerate(cores)]
    return max(pool.map(work, jobs, chunksize=1)), len(drawn), count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("map")
    parser.add_argument("--batch", type=int, nargs="+", default=BATCHES, help="networks of one")
    parser.add_argument("--networks", type=int, help="of each core; default: all")
    arguments = parser.parse_args()
    lr1, lr2, samples, width, steps, ours = read_map(arguments.map)
    cores = sorted(os.sched_getaffinity(0))
    print(f"{len(lr1)} networks of {steps} steps on {len(cores)} cores")
    print(f"brink    {ours:8.1f} s  {len(lr1) / ours:8.0f} cells/s")
    with multiprocessing.get_context("spawn").Pool(len(cores)) as pool:
        for size in arguments.batch:
            took, trained, count = time_all(pool, cores, lr1, lr2, size, arguments.networks,
                                            (16, width, samples, steps))
            theirs = took * count / trained
            print(f"PyTorch  {theirs:8.1f} s  {len(lr1) / theirs:8.0f} cells/s, ratio "
                  f"{theirs / ours:.2f}, from {trained} of {count} batches of {size} "
                  f"in {took:.1f} s", flush=True)


if __name__ == "__main__":
    main()
