#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is published about one hidden layer of 200 units on 1000 samples of MNIST, at that size: of
# `make check-long`. The rules were set on seeds 0 to 5, the test takes others. Fetches MNIST if
# it is not in build/data.
# shellcheck source=tests/shell.sh
. "$(dirname "$0")/shell.sh"
data=$top/build/data/mnist
if [ ! -s "$data/train-labels-idx1-ubyte" ] && ! sh "$top/jobs/data.sh" "$top/build/data"; then
    bad "there is no MNIST"
    finish
fi

cat >mnist.yaml <<YAML
model: network
axes:
  seed: {values: [6, 7, 8]}
  lr: {values: [1e-4, 2e-4]}
fixed: {activation: relu, loss: mse}
network: {width: 200, bias: false, precision: f32}
data: {source: mnist, path: "$data", n: 1000}
train: {max_steps: 1000, sharpness_every: 50, loss_goal: 0}
YAML

# edges NAME PYTHON: what the ends of its cells say, as `edge` [seed][lr].
edges() {
    if "$python" - "$1.h5" "$2" <<'PY'; then ok; else bad "$1: $2"; fi
import sys
import h5py
import numpy
with h5py.File(sys.argv[1]) as f:
    edge = f["edge_end"][:]
print(sys.argv[1], edge.round(3).tolist())
sys.exit(not eval(sys.argv[2]))
PY
}
sweep() { # NAME OVERRIDES...
    local name=$1
    shift
    expect 0 "100.0 %" mpi 2 "$brink" run mnist.yaml "$@" -o "$name.h5" --threads 1
}

# Large weights at the start, relu and mse: far below the edge, published .382 and .047. Single
# starts differ by as much as a factor of 3: the median is to be within one of 2.
sweep relu_mse norm1=10 norm2=40
edges relu_mse '(abs(numpy.log2(numpy.median(edge, axis=0) / [.382, .047])) < 1).all()'

# Huber's loss: at the edge, at rates that are beyond it at the start.
sweep relu_huber loss=huber lr_unit=sharpness 'lr={values: [1.6, 3.2]}'
edges relu_huber '(abs(edge - 1) < .05).all()'

# relu3 and mse: far below the edge, published .03 to .27 (on CIFAR-10), here below .01. That batch
# norm brings the edge back (1.00 there) is found in part: near it, .65 to .98 (README.md). The
# bounds leave room for other starts.
sweep relu3 activation=relu3 norm1=10 norm2=40 'lr={values: [5e-5, 1e-4]}'
edges relu3 '(edge < .1).all()'
sweep relu3_batch activation=relu3 norm1=10 norm2=40 norm=batch 'lr={values: [5e-5, 1e-4]}'
edges relu3_batch '((edge > .6) & (edge < 1.05)).all()'

finish
