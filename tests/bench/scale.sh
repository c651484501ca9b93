#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Predicts how the paper's sweep at 4096 x 4096 cells for 16 starts scales, and sweeps that nothing
# was chosen on: $BUILD/bench/SCALE.json and others, and a plot.
set -eu
cd "$(dirname "$0")/../.."
bench=$BUILD/bench
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# Through the loopback network: messages between nodes are no slower, those within one faster.
mpirun -n 2 --oversubscribe --bind-to none --mca pml ob1 --mca btl tcp,self "$bench/master" \
    >"$bench/MASTER.json"
read -r service latency <<<"$("$PYTHON" -c 'import json, sys
master = json.load(open(sys.argv[1]))
print(master["service_s"], master["latency_s"])' "$bench/MASTER.json")"

predict() { # NAME OVERRIDE...
    local name=$1
    shift
    "$bench/scale" "$service" "$latency" jobs/paper.yaml "$@" >"$bench/$name.json"
    "$PYTHON" tests/bench/scale.py "$bench/$name.json"
}
dor='dor={min: 0.1, max: 1, num: 4096}'
predict SCALE 's0={values: [1.1]}' "$dor" lr.num=4096
[ -n "${QUICK:-}" ] || {
    predict SCALE-s0-0.5 's0={values: [0.5]}' "$dor" lr.num=4096
    predict SCALE-s0-4 's0={values: [4]}' "$dor" lr.num=4096
    predict SCALE-b 's0={values: [1.1]}' 'dor={min: 2, max: 30, num: 8}' lr.num=1000000
    predict SCALE-seeds 's0={values: [1.1]}' "$dor" lr.num=4096 axes.seed.min=100 \
        axes.seed.max=115
}
"$PYTHON" tests/bench/scale.py "$bench/SCALE.json" "$bench/scale.png"
