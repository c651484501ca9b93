#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The service without Slurm: estimate, time limits, the stop file.
# shellcheck source=tests/shell.sh
. "$(dirname "$0")/shell.sh"

cat >sweep.yaml <<'YAML'
model: regularity
axes:
  dor: {values: [0.3, 1, 2, 6]}
  lr: {min: 1e-3, max: 20, num: 96, scale: log}
fixed: {x0: 4, y0: 0.5}
lr_unit: flow
stop: {max_steps: 3000, tail: 256}
tile: [1, 16]
YAML
# Chaos: every cell runs to the last step.
chaos=("dor.values=[0.5]" lr.min=15 lr.max=40)

# ---- estimate: what it says is near to what happens

pilot=1 # seconds
[ -n "${SANITIZE:-}" ] && pilot=15 # of slow instructions: as many cells
# near SPEC OVERRIDE...: cell-steps as estimated and as computed differ by less than 20 %.
near() {
    rm -f real.h5
    expect 0 "100.0 %" "$brink" run "$@" -o real.h5
    "$brink" estimate "$@" --seconds $pilot --json >estimate.json
    expect 0 "near" "$python" - estimate.json real.h5 <<'PY'
import json, sys, h5py
estimate = json.load(open(sys.argv[1]))
with h5py.File(sys.argv[2]) as f:
    steps = int(f["steps"][:].astype("i8").sum())
    assert estimate["cells"] == f["status"].size and estimate["tiles"] == f["tiles/state"].size
    assert estimate["file_bytes"] >= f.id.get_filesize() * 0.9
found = estimate["cell_steps"]
assert found["low"] <= found["mean"] <= found["high"]
error = found["mean"] / steps - 1
print("near" if abs(error) < 0.2 else "far", steps, found, f"{error:+.3f}")
PY
}
near "$top/jobs/dor.yaml"
near "$top/jobs/basin.yaml" x0.num=200 y0.num=201
near "$top/jobs/paper.yaml" seed.num=4 "s0.values=[0.5, 1.5]" lr.num=64 stop.max_steps=2e4
near sweep.yaml lr.num=3
expect 0 "--nodes=1 " "$brink" estimate sweep.yaml --seconds 0.1
# Too much for one node in a short partition: more nodes, within what the partition gives.
expect 0 "--nodes=7 --ntasks-per-node=1 --cpus-per-task=3 --time=00:10:00" "$brink" estimate \
    sweep.yaml "${chaos[@]}" lr.num=1000000 "dor={min: 0.5, max: 0.505, num: 6}" \
    stop.max_steps=1e6 --seconds $pilot --limit 0:10:0 --node-cores 3 --max-nodes 7
expect 0 "of 2000000000 steps" "$brink" estimate sweep.yaml "${chaos[@]}" stop.max_steps=2e9 \
    --seconds 0.05
cat >dear.yaml <<'YAML'
model: network
axes: {seed: {min: 0, max: 99, num: 100}}
fixed: {lr: 0.001, width: 1000, n: 2000}
data: {source: gaussian, inputs: 500, outputs: 10}
train: {max_steps: 1000}
YAML
expect 2 "more --seconds" "$brink" estimate dear.yaml --seconds 0.001
expect 2 "not a time" "$brink" estimate sweep.yaml --limit 1:2:3:4
expect 2 "which specification" "$brink" estimate
expect 2 "did you mean '--limit'" "$brink" estimate sweep.yaml --limt 3
expect 2 "did you mean" "$brink" estimate sweep.yaml lrr.num=3
expect 0 "usage: brink estimate" "$brink" estimate --help
if "$brink" estimate sweep.yaml --seconds 0.1 --seed 5 --json >a.json &&
    "$python" -c 'import json, sys; json.load(open("a.json"))'; then ok; else bad "no JSON"; fi

# ---- a job knows its end

steps=1000000
[ -n "${SANITIZE:-}" ] && steps=50000 # of slow instructions: as long
slow=("${chaos[@]}" lr.num=400 "stop.max_steps=$steps")
expect 0 "100.0 %" mpi 2 "$brink" run sweep.yaml "${slow[@]}" -o slow.h5
# Again and again a second or two, then the rest.
for ranks in 1 2; do
    expect 75 "time of this job is nearly over" timeout 60 mpirun --oversubscribe --bind-to none \
        -n $ranks "$brink" run sweep.yaml "${slow[@]}" -o cut.h5 --threads 1 --time-limit 0:01
done
expect 75 "time of this job is nearly over" env SLURM_JOB_END_TIME=$(($(date +%s) + 1)) \
    "$brink" run sweep.yaml "${slow[@]}" -o cut.h5 --threads 1
expect 0 "100.0 %" mpi 2 "$brink" run sweep.yaml "${slow[@]}" -o cut.h5
same slow.h5 cut.h5
# Cells that take for ever are given up inside.
expect 75 "nearly over" timeout 60 mpirun --oversubscribe --bind-to none -n 2 "$brink" run \
    sweep.yaml "${chaos[@]}" lr.num=64 stop.max_steps=2e9 -o ever.h5 --time-limit 0:02
expect 2 "not a time" "$brink" run sweep.yaml --time-limit soon

# ---- a file beside the result asks for a stop

touch stop.h5.stop
expect 75 "stop.h5.stop is there" "$brink" run sweep.yaml "${slow[@]}" -o stop.h5
if [ -e stop.h5 ]; then bad "a stop file did not keep it from running"; else ok; fi
rm stop.h5.stop
mpi 2 "$brink" run sweep.yaml "${chaos[@]}" lr.num=2000 stop.max_steps=1000000 -o stop.h5 \
    >stop.log 2>&1 &
pid=$!
for _ in $(seq 200); do [ -f stop.h5 ] && break; sleep 0.05; done
touch stop.h5.stop
wait $pid
rc=$?
if [ $rc = 75 ] && grep -q "stop.h5.stop asks for a stop" stop.log; then ok; else
    bad "stop file: exit code $rc"
    cat stop.log
fi

# ---- submit: the shipped script, filled in

"$brink" submit sweep.yaml lr.num=20 -o "my result.h5" -N 3 -t 90 -p long --array 2 --dry-run \
    >job.sbatch
expect 0 "" shellcheck -x job.sbatch
expect 0 "#SBATCH --nodes=3" cat job.sbatch
expect 0 "#SBATCH --array=1-2" cat job.sbatch
expect 0 "set -- 'my result.h5.spec' 'my result.h5' --shards 4" cat job.sbatch
# Nothing else is another: all that is in the script is there, but for its options.
if diff <(grep -v '^#SBATCH\|^# set --' "$top/jobs/sweep.sbatch") \
    <(grep -v '^#SBATCH\|^set -- \|^BRINK=' job.sbatch) >out; then ok; else
    bad "submit changes the script"
    cat out
fi
if ls ./*.spec ./*.jobs >out 2>&1; then bad "--dry-run left files"; else ok; fi
echo 'sbatch_options=(--account=physics --qos=long)' >site.env
expect 0 "#SBATCH --qos=long" "$brink" submit sweep.yaml --site ./site.env --dry-run
expect 0 "BRINK_SITE=./site.env" "$brink" submit sweep.yaml --site ./site.env --dry-run
expect 2 "cannot read jobs/sites/mars.env" "$brink" submit sweep.yaml --site mars --dry-run
expect 2 "not a time" "$brink" submit sweep.yaml --time soon --dry-run
expect 3 "sbatch failed" env SLURM_CONF=/dev/null "$brink" submit sweep.yaml -o sent.h5

# ---- who runs where

expect 0 "2 ranks x 1 thread on 1 node, " mpi 2 "$brink" run sweep.yaml lr.num=20 -o bound.h5 \
    --threads 1
expect 0 "warning: threads share CPUs" "$brink" run sweep.yaml lr.num=20 -o crowd.h5 --threads 64
finish
