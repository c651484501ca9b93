# SPDX-License-Identifier: MIT
"""The same trainings in PyTorch on one thread, as researchers write them; times are CPU time.

Before numpy: import this module first, so that OpenBLAS takes the kernels named here.
"""
import ctypes
import os
import time

# OpenBLAS takes its slowest kernels on CPUs newer than itself: PyTorch would be 3 times as slow.
with open("/proc/cpuinfo") as file:
    CORE = os.environ.setdefault("OPENBLAS_CORETYPE",
                                 "SkylakeX" if " avx512dq " in file.read() else "Haswell")

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn.utils import parameters_to_vector  # noqa: E402


def blas_core():
    """The core whose kernels the BLAS of this process uses."""
    name = ctypes.CDLL("libblas.so.3").openblas_get_corename
    name.restype = ctypes.c_char_p
    return name().decode()


if blas_core() != CORE:
    raise SystemExit(f"OpenBLAS uses kernels of {blas_core()}, not {CORE}: numpy came before it")
torch.set_num_threads(1)
PRECISIONS = {"f32": torch.float32, "f64": torch.float64}


def best(step, seconds, repeats):
    """Least CPU time of a call, over `repeats` stretches of `seconds` altogether."""
    step()
    least, end = float("inf"), time.process_time() + seconds
    while time.process_time() < end:
        begin = time.process_time()
        for _ in range(repeats):
            step()
        least = min(least, (time.process_time() - begin) / repeats)
    return least


def make_network(widths, samples, activation, precision):
    """(parameters, loss()) of a stack of Linear layers without bias on random data."""
    dtype = PRECISIONS[precision]
    torch.manual_seed(1)
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        linear = nn.Linear(inputs, outputs, bias=False, dtype=dtype)
        nn.init.normal_(linear.weight, std=inputs ** -.5)
        layers += [linear, {"relu": nn.ReLU, "tanh": nn.Tanh}[activation]()]
    network = nn.Sequential(*layers[:-1])
    x = torch.randn(samples, widths[0], dtype=dtype)
    y = nn.functional.one_hot((x[:, 0].abs() * 4).long() % widths[-1], widths[-1]).to(dtype)
    return list(network.parameters()), lambda: .5 * ((network(x) - y) ** 2).sum() / samples


def make_step(parameters, loss, lr=1e-3):
    optimizer = torch.optim.SGD(parameters, lr=lr)

    def step():
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    return step


def time_step(widths, samples, activation, precision, seconds=1):
    """Seconds of a step of one network."""
    step = make_step(*make_network(widths, samples, activation, precision))
    return best(step, seconds, 20 if widths[0] < 500 else 2)


def time_products(widths, samples, precision, seconds=1):
    """Seconds of the matrix products of a step alone: what a BLAS engine could at best need."""
    dtype = PRECISIONS[precision]
    pairs = list(zip(widths, widths[1:]))
    a = [torch.randn(samples, width, dtype=dtype) for width in widths]
    weights = [torch.randn(outputs, inputs, dtype=dtype) for inputs, outputs in pairs]
    gradients = [torch.empty_like(weight) for weight in weights]
    outputs = [torch.empty_like(values) for values in a]

    def step():
        for l, weight in enumerate(weights):
            torch.mm(a[l], weight.t(), out=outputs[l + 1])
        for l in reversed(range(len(weights))):
            torch.mm(a[l + 1].t(), a[l], out=gradients[l])
            if l > 0:
                torch.mm(a[l + 1], weights[l], out=outputs[l])
    return best(step, seconds, 1)


def make_batch(batch, widths, samples, activation, precision, gains=(1, 1)):
    """A step of `batch` networks at once (one hidden layer): two matrix products for all."""
    dtype = PRECISIONS[precision]
    inputs, hidden, outputs = widths
    x, y = torch.randn(samples, inputs, dtype=dtype), torch.randn(samples, outputs, dtype=dtype)
    first = torch.randn(batch * hidden, inputs, dtype=dtype, requires_grad=True)
    second = torch.randn(batch, outputs, hidden, dtype=dtype, requires_grad=True)
    function = getattr(torch, activation)

    def step():
        a = function(gains[0] * (first @ x.t())).view(batch, hidden, samples)
        loss = .5 * ((gains[1] * torch.bmm(second, a) - y.t()) ** 2).sum() / samples
        gradients = torch.autograd.grad(loss, (first, second))
        with torch.no_grad():
            first.sub_(gradients[0], alpha=1e-3)
            second.sub_(gradients[1], alpha=1e-3)
    return step


def time_batch(widths, samples, activation, precision, seconds=.5):
    """Seconds per network and step at the best batch, and that batch."""
    times = {}
    for batch in (16, 64, 256, 1024, 4096):
        if batch * widths[1] * samples > 4e7:
            break
        step = make_batch(batch, widths, samples, activation, precision)
        times[batch] = best(step, seconds, 1) / batch
    batch = min(times, key=times.get)
    return times[batch], batch


def time_sharpness(widths, samples, activation, precision, repeats=4):
    """Seconds of a sharpness by scipy's eigsh: (cold, with a new graph for each product; tuned)."""
    import numpy as np
    from scipy.sparse.linalg import LinearOperator, eigsh

    parameters, loss = make_network(widths, samples, activation, precision)
    step = make_step(parameters, loss)
    count = sum(p.numel() for p in parameters)
    dtype = {"f32": np.float32, "f64": np.float64}[precision]

    def gradient():
        return torch.autograd.grad(loss(), parameters, create_graph=True)

    def product(gradients, v):
        along = parameters_to_vector(gradients).mul(
            torch.tensor(v, dtype=PRECISIONS[precision]).view(-1)).sum()
        rows = torch.autograd.grad(along, parameters, retain_graph=True)
        return parameters_to_vector([row.contiguous() for row in rows]).detach().numpy()

    def timed(matvec, **options):
        begin = time.process_time()
        operator = LinearOperator((count, count), matvec=matvec(), dtype=dtype)
        _, vectors = eigsh(operator, 1, **options)
        return time.process_time() - begin, vectors[:, 0]

    def anew():
        return lambda v: product(gradient(), v)

    def kept():
        gradients = gradient()
        return lambda v: product(gradients, v)

    cold, tuned, warm = float("inf"), float("inf"), None
    for _ in range(repeats):
        for _ in range(10):
            step()
        took, vector = timed(anew)
        cold = min(cold, took)
        if warm is not None:
            took, vector = timed(kept, v0=warm, tol=1e-3, ncv=6)
            tuned = min(tuned, took)
        warm = vector
    return cold, tuned
