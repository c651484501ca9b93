# SPDX-License-Identifier: MIT
"""A sweep from Python, as a notebook: what is in the file, questions to it, a figure of one's own.

Each `# %%` starts a cell in editors that know notebooks. As a program: example.py [FILE.h5]; FILE
has axes lr and one of dor, a, b (make demo computes build/demo/dor.h5).
"""
# %% Open it: arrays with their coordinates; nothing is read before it is asked for.
import os
import sys

import needs  # noqa: F401 (before what it checks for)

import matplotlib.pyplot as plt
import numpy as np

import brink_io
import figures
import traces

path = sys.argv[1] if len(sys.argv) > 1 else "build/demo/dor.h5"
sweep = brink_io.open(path)
print(sweep)
print("specification:", brink_io.spec(sweep)["axes"])

# %% Which verdicts, and how many of each for every degree of regularity?
axis = brink_io.regularity_axis(sweep)
others = [name for name in sweep.status.dims if name != axis]
for name in brink_io.status_names(sweep).values():
    share = (sweep.verdict == name).mean(others)
    if share.any():
        print(f"{name:17}", *(f"{100 * value:6.1f} %" for value in share.values))

# %% Up to which learning rate does gradient descent converge without a gap? h comes with each cell.
settled = (sweep.verdict == "converged").any([name for name in others if name != "lr"])
print("largest converging lr:", sweep.lr.where(settled).max("lr").values)

# %% How near to the edge of stability does it end (1 is the edge)? Where is it balanced as well?
converged = sweep.edge_end.where(sweep.verdict == "converged")
print("largest edge_end:", converged.max(others).values.round(4))
print("cells at the edge of stability:", sweep.eos.sum(others).values)
print("of these balanced:", (sweep.eos & sweep.balanced).sum(others).values)

# %% One cell, step by step, with the bits of the sweep: the one that took longest to converge.
row = sweep.isel({name: 0 for name in sweep.status.dims[:-2]})
steps = row.steps.where(row.verdict == "converged").fillna(-1)
place = steps.argmax(...)
words = [f"{name}#0" for name in sweep.status.dims[:-2]]
words += [f"{name}#{int(index)}" for name, index in place.items()]
trace = traces.trace(path, words)
print(f"{trace.words}: {trace.status} after {trace.steps} steps, loss {trace['loss'][-1]:.3g}")

# %% A figure in the style of the others.
with plt.rc_context(figures.RC):
    figure, axes = plt.subplots(figsize=(figures.WIDTHS["column"], 2.4), layout="constrained")
    axes.loglog(trace["step"] + 1, np.maximum(trace["loss"], 1e-300), color=figures.theme["line"])
    axes.set(xlabel="step", ylabel="loss above its minimum", title=sweep.attrs["title"])
    figures.save(figure, os.path.splitext(path)[0] + "-example.png")
plt.close(figure)
