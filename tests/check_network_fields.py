# SPDX-License-Identifier: MIT
"""What `brink run` stores of trainings against a reference in numpy, written from the definitions
in brink-file(5), network.h and trainer.h: fields, verdicts and curves, in two engines.

The reference starts from the same weights (network.init: file) and never looks at the program. Its
Hessians are dense, by complex steps of its gradient: exact to rounding. Numbers must agree to 1e-9:
some 1e-16 of rounding over at most 300 steps, none of which is chaotic. Sharpness must agree to
1e-3, the tolerance of the program's Lanczos, everything counted exactly.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # matrices of ten numbers

import h5py  # noqa: E402
import numpy as np  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parent.parent
BRINK = TOP / os.environ.get("BUILD", "build") / "brink"
ROUNDING, LANCZOS, RAY = 1e-9, 1e-3, 1e-5
CONVERGED, DIVERGED, UNSETTLED = 1, 5, 8
ACTIVATIONS = {  # value, slope; at a kink the side z <= 0 counts
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (lambda z: z * (z.real > 0), lambda z: 1 * (z.real > 0)),
    "relu3": (lambda z: z ** 3 * (z.real > 0), lambda z: 3 * z ** 2 * (z.real > 0)),
}
passed = failed = 0


def claim(fits, words):
    global passed, failed
    passed, failed = passed + bool(fits), failed + (not fits)
    if not fits:
        print("FAIL:", words)


def near(found, expected, tolerance, words, size=None):
    """Equal to `tolerance` of `size`, or of itself; NaN, and what is not finite, only to itself."""
    with np.errstate(invalid="ignore"):
        fits = abs(found - expected) <= tolerance * abs(expected if size is None else size)
    fits |= (found == expected) | (np.isnan(found) & np.isnan(expected))
    claim(np.all(fits), f"{words}: {found!r}, not {expected!r}")


class Network:
    """Sizes of the layers, and the loss of the weights, which are one vector: W1, b1, W2, ..."""

    def __init__(self, sizes, activation, loss, bias, mean_field, x, y):
        self.shapes = list(zip(sizes[1:], sizes))
        self.phi, self.slope = ACTIVATIONS[activation]
        self.loss_name, self.bias, self.x, self.y = loss, bias, x, y
        self.gains = [1.0] * len(self.shapes)
        if mean_field:
            self.gains = [np.sqrt(2 / n) for n in sizes[:-2]] + [1 / np.sqrt(sizes[-2])]

    def layers(self, weights):
        """[(W, b), ...]"""
        found, at = [], 0
        for m, n in self.shapes:
            matrix, at = weights[at:at + m * n].reshape(m, n), at + m * n
            found.append((matrix, weights[at:at + m] if self.bias else np.zeros(m)))
            at += m * self.bias
        return found

    def rates(self, of_layers):
        """The learning rate of each weight."""
        return np.concatenate([np.full(m * n + m * self.bias, h)
                               for (m, n), h in zip(self.shapes, of_layers)])

    def residuals(self, layers):
        """Of the samples, [n][outputs], with the values before and after each activation."""
        inputs, before = [self.x], []
        for (matrix, bias), gain in zip(layers, self.gains):
            before.append(gain * inputs[-1] @ matrix.T + bias)
            inputs.append(self.phi(before[-1]))
        return before[-1] - self.y, before, inputs

    def loss(self, weights):
        r = self.residuals(self.layers(weights))[0]
        terms = r ** 2 / 2
        if self.loss_name == "huber":
            terms = np.where(abs(r) <= 1, terms, abs(r) - 0.5)
        return terms.sum() / len(self.x)

    def gradient(self, weights):
        layers = self.layers(weights)
        r, before, inputs = self.residuals(layers)
        if self.loss_name == "huber":
            r = np.where(abs(r.real) <= 1, r, np.sign(r.real))
        delta, parts = r / len(self.x), []
        for k in range(len(layers) - 1, -1, -1):
            weight = self.gains[k] * (delta.T @ inputs[k])
            parts[:0] = [weight.ravel(), delta.sum(0)][:1 + self.bias]
            if k > 0:
                delta = self.gains[k] * delta @ layers[k][0] * self.slope(before[k - 1])
        return np.concatenate(parts)

    def eigenvalues(self, weights):
        """Of the Hessian, ascending."""
        steps = 1e-30j * np.eye(len(weights))
        matrix = np.array([self.gradient(weights + step).imag for step in steps]) / 1e-30
        return np.linalg.eigvalsh((matrix + matrix.T) / 2)

    def norms(self, weights):
        return [np.linalg.norm(matrix) for matrix, _ in self.layers(weights)]

    def accuracy(self, weights):
        """Of classes: a single output is none."""
        if self.y.shape[1] == 1:
            return np.nan
        outputs = self.residuals(self.layers(weights))[0] + self.y
        return np.mean(outputs.argmax(1) == self.y.argmax(1))

    def dor(self, weights):
        """The slope of log loss against log s far out on the ray s * weights, over the layers."""
        near_by, far = self.loss(2.0 ** 19 * weights), self.loss(2.0 ** 20 * weights)
        return np.log2(far / near_by) / len(self.shapes)


def train(network, weights, rates, rules):
    """The losses, the weights, and the verdict, of a training; weights[k] is before step k."""
    rates, path, losses = network.rates(rates), [weights], [network.loss(weights)]
    while True:
        step, loss = len(path) - 1, losses[-1]
        gradient = network.gradient(path[-1])
        if not loss <= rules["escape"] * losses[0]:
            return losses, path, DIVERGED
        if loss <= rules["loss_goal"]:
            return losses, path, CONVERGED
        looked = step % 64 == 0 or step == rules["max_steps"]
        if rules["grad_tol"] > 0 and looked and np.linalg.norm(gradient) <= rules["grad_tol"]:
            return losses, path, CONVERGED
        if step == rules["max_steps"]:
            return losses, path, UNSETTLED
        path.append(path[-1] - rates * gradient)
        losses.append(network.loss(path[-1]))


def check_losses(stored, losses, words):
    largest = max(losses)
    rises = [k for k in range(1, len(losses)) if losses[k] > losses[k - 1]]
    peaked = largest > losses[0]
    near(stored["loss_start"], losses[0], ROUNDING, f"{words} loss_start")
    near(stored["loss_end"], losses[-1], ROUNDING, f"{words} loss_end")
    near(stored["loss_peak"], largest / losses[0], ROUNDING, f"{words} loss_peak")
    claim(stored["peak_step"] == (losses.index(largest) if peaked else 0),
          f"{words} peak_step {stored['peak_step']}, not {losses.index(largest)}")
    claim(stored["loss_rises"] == len(rises),
          f"{words} loss_rises {stored['loss_rises']}, not {len(rises)}")


def check_sharpness(stored, curves, network, path, rates, status, rules, words):
    """Measured at the start, every sharpness_every steps, and at the end if it is not diverged."""
    end, every = len(path) - 1, rules["sharpness_every"]
    measured = set(range(0, end + 1, every)) if every else {0}
    if status != DIVERGED:
        measured.add(end)
    spectra = {step: network.eigenvalues(path[step]) for step in sorted(measured)}
    top = {step: values[-1] for step, values in spectra.items()}
    edge = rates[0] / 2 if len(set(rates)) == 1 else np.nan
    near(stored["sharpness_start"], top[0], LANCZOS, f"{words} sharpness_start")
    near(stored["sharpness_peak"], max(top.values()), LANCZOS, f"{words} sharpness_peak")
    near(stored["edge_start"], edge * top[0], LANCZOS, f"{words} edge_start")
    last = spectra.get(end, [np.nan] * 3) if status != DIVERGED else [np.nan] * 3
    extreme = last[0] if -last[0] > last[-1] else last[-1]
    late = [top[step] for step in top if step >= end - end // 10]
    median = np.median(late) if status != DIVERGED else np.nan
    near(stored["sharpness_end"], last[-1], LANCZOS, f"{words} sharpness_end")
    if np.any(last):  # of a Hessian of zeros the program knows but the sharpness
        near(stored["eigenvalue_2"], last[-2], LANCZOS, f"{words} eigenvalue_2", last[-1])
    near(stored["sharpness_magnitude"], extreme, LANCZOS, f"{words} sharpness_magnitude")
    near(stored["edge_end"], edge * median, LANCZOS, f"{words} edge_end")
    for point, step in enumerate(curves["step"] if curves else []):
        values = spectra.get(step, [np.nan] * 3)
        near(curves["sharpness"][point], values[-1], LANCZOS, f"{words} sharpness at {step}")
        claim(np.isnan(curves["eigenvalue_2"][point]) == np.isnan(values[-2]) or not np.any(values),
              f"{words} eigenvalue_2 at {step}")  # a warm Lanczos may miss it


def check_curves(curves, network, losses, path, words):
    """The verdict is the last point; later ones are NaN."""
    names = ["norm_first", "norm_last"] + [f"norm_{k}" for k in range(2, len(network.shapes))]
    for point, step in enumerate(curves["step"]):
        there = step < len(path)
        norms = network.norms(path[step]) if there else [np.nan] * len(network.shapes)
        expected = dict(zip(names, [norms[0], norms[-1]] + norms[1:-1]))
        expected["training_loss"] = losses[step] if there else np.nan
        expected["accuracy"] = network.accuracy(path[step]) if there else np.nan
        for name, value in expected.items():
            near(curves[name][point], value, ROUNDING, f"{words} {name} at {step}")


def check_cell(stored, curves, network, weights, rates, rules, words):
    unit = 2 / stored["sharpness_start"] if rules["lr_unit"] == "sharpness" else 1
    rates = [rate * unit for rate in rates]
    losses, path, status = train(network, weights, rates, rules)
    first, last = network.norms(path[0]), network.norms(path[-1])
    balance = (last[-1] ** 2 - last[0] ** 2) / (first[-1] ** 2 - first[0] ** 2)
    gradient = np.linalg.norm(network.gradient(path[-1]))
    claim(stored["status"] == status, f"{words} status {stored['status']}, not {status}")
    claim(stored["steps"] == len(path) - 1, f"{words} steps {stored['steps']}, not {len(path) - 1}")
    near(stored["lr_actual"], rates[0], ROUNDING, f"{words} lr_actual")
    near(stored["gradient_end"], gradient, ROUNDING, f"{words} gradient_end")
    near(stored["norm_first"], last[0], ROUNDING, f"{words} norm_first")
    near(stored["norm_last"], last[-1], ROUNDING, f"{words} norm_last")
    near(stored["balance"], balance, ROUNDING, f"{words} balance")
    near(stored["accuracy"], network.accuracy(path[-1]), 0, f"{words} accuracy")
    near(stored["dor"], network.dor(weights), RAY, f"{words} dor")
    check_losses(stored, losses, words)
    check_sharpness(stored, curves, network, path, rates, status, rules, words)
    if curves:
        check_curves(curves, network, losses, path, words)
    return status


def chebyshev(n, degree):
    x = np.linspace(-1, 1, n)
    return x[:, None], np.cos(degree * np.arccos(x))[:, None]


def write_start(path, sizes, bias, seed, size):
    """Gaussian weights of `size`/sqrt(fan_in) in a file; returned as one vector."""
    rng = np.random.default_rng(seed)
    parts = []
    with h5py.File(path, "w") as file:
        for k, (m, n) in enumerate(zip(sizes[1:], sizes), 1):
            file[f"W{k}"] = size * rng.normal(size=(m, n)) / np.sqrt(n)
            parts.append(file[f"W{k}"][:].ravel())
            if bias:
                file[f"b{k}"] = 0.3 * rng.normal(size=m)
                parts.append(file[f"b{k}"][:])
    return np.concatenate(parts)


def write_classes(path):
    """Nine samples of three classes."""
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(9, 2)), np.eye(3)[np.arange(9) % 3]
    with h5py.File(path, "w") as file:
        file["X"], file["Y"] = x, y
    return x, y


SWEEPS = {
    "shallow": dict(
        hidden=[6], bias=True, parametrization="standard", source="chebyshev", seed=1, size=1.0,
        rates=[(0.2,), (1.0,), (2.0,)], lr_unit="one", max_steps=60, loss_goal=0.29,
        grad_tol=0, escape=30, sharpness_every=1, curves_every=1),
    "deep": dict(
        hidden=[5, 4], bias=True, parametrization="standard", source="chebyshev", seed=2, size=1.2,
        rates=[(0.1,), (0.5,), (4.0,)], lr_unit="sharpness", max_steps=200, loss_goal=0.2,
        grad_tol=0, escape=1e3, sharpness_every=7, curves_every=30),
    "classes": dict(
        hidden=[4, 3], bias=False, parametrization="mean_field", source="hdf5", seed=3, size=1.5,
        rates=[(0.01, 0.02, 0.04), (2.0, 1.0, 3.0), (90.0, 80.0, 300.0)], lr_unit="one",
        max_steps=200, loss_goal=0, grad_tol=0.01, escape=100, sharpness_every=0, curves_every=0),
}
SPEC = """
model: network
axes: {{activation: {{values: [tanh, relu, relu3]}}, loss: {{values: [mse, huber]}}}}
fixed: {{{fixed}}}
lr_unit: {lr_unit}
network: {{hidden: {hidden}, bias: {bias}, parametrization: {parametrization}, precision: f64,
          init: file, weights: {folder}/{name}.start.h5, engine: {engine}}}
data: {{source: {source}, n: {n}, {more}}}
train: {{max_steps: {max_steps}, loss_goal: {loss_goal}, grad_tol: {grad_tol}, escape: {escape},
        sharpness_every: {sharpness_every}, curves_every: {curves_every}, eigenvalues: 2}}
record: full
"""


def run_sweep(folder, name, sweep, engine, rates):
    """The file of a run at these rates of the layers."""
    keys = ["lr"] if len(rates) == 1 else [f"lr{k}" for k in range(1, len(rates) + 1)]
    spec = pathlib.Path(folder, "spec.yaml")
    classes = sweep["source"] == "hdf5"
    spec.write_text(SPEC.format(
        fixed=", ".join(f"{key}: {rate}" for key, rate in zip(keys, rates)), folder=folder,
        name=name, engine=engine, n=9 if classes else 11,
        more=f"path: {folder}/classes.h5" if classes else "degree: 4", **sweep).replace(
            "bias: True", "bias: true").replace("bias: False", "bias: false"))
    result = pathlib.Path(folder, "result.h5")
    result.unlink(missing_ok=True)
    subprocess.run([BRINK, "run", spec, "-o", result, "--quiet"], check=True)
    return result


def check_sweep(folder, name, sweep, engines):
    x, y = write_classes(f"{folder}/classes.h5") if sweep["source"] == "hdf5" else chebyshev(11, 4)
    sizes = [x.shape[1], *sweep["hidden"], y.shape[1]]
    weights = write_start(f"{folder}/{name}.start.h5", sizes, sweep["bias"], sweep["seed"],
                          sweep["size"])
    verdicts = {}
    for engine in engines:
        for rates in sweep["rates"]:
            with h5py.File(run_sweep(folder, name, sweep, engine, rates)) as file:
                fields = {key: item[:] for key, item in file.items()
                          if isinstance(item, h5py.Dataset) and item.ndim == 2}
                lines = {key: item[:] for key, item in file.get("curves", {}).items()}
            for i, j in np.ndindex(3, 2):
                activation, loss = ["tanh", "relu", "relu3"][i], ["mse", "huber"][j]
                network = Network(sizes, activation, loss, sweep["bias"],
                                  sweep["parametrization"] == "mean_field", x, y)
                stored = {key: item[i, j] for key, item in fields.items()}
                curves = {key: item if key == "step" else item[i, j] for key, item in lines.items()}
                of_layers = rates if len(rates) > 1 else rates * len(network.shapes)
                words = f"{name} {engine} {activation} {loss} {rates}:"
                status = check_cell(stored, curves, network, weights, of_layers, sweep, words)
                verdicts[status] = verdicts.get(status, 0) + 1
    claim(verdicts.keys() == {CONVERGED, DIVERGED, UNSETTLED}, f"{name}: verdicts {verdicts}")


def main():
    with tempfile.TemporaryDirectory(prefix="brink-fields.") as folder, \
            np.errstate(over="ignore"):
        for name, sweep in SWEEPS.items():
            check_sweep(folder, name, sweep, ["auto", "gram"])
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
