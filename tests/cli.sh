#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The command line: exit codes and words as documented.
# shellcheck source=tests/shell.sh
. "$(dirname "$0")/shell.sh"

cat >small.yaml <<'YAML'
title: Small
model: regularity
axes: {dor: {values: [1, 6]}, lr: {min: 0.01, max: 1, num: 12, scale: log}}
fixed: {x0: 4, y0: 0.5}
YAML
cat >point.yaml <<'YAML'
model: regularity
fixed: {a: 1, lr: 0.3, x0: 4, y0: 0.5}
YAML

# Commands and options.
expect 2 "brink help" "$brink"
expect 2 "unknown command 'rum'" "$brink" rum small.yaml
expect 0 "check" "$brink" help
expect 0 "75  stopped early" "$brink" help
expect 0 "max_steps" "$brink" help spec
expect 0 "usage: brink trace" "$brink" help trace
expect 2 "unknown command 'x'" "$brink" help x
expect 2 "did you mean 'verify'" "$brink" verfy small.h5
expect 2 "did you mean '--threads'" "$brink" run small.yaml --thraeds=2
expect 2 "missing after '--output'" "$brink" run small.yaml --output
expect 2 "'b.h5' is a word too many" "$brink" verify a.h5 b.h5
expect 0 "kernel" "$brink" version
expect 0 "usage: brink run" "$brink" run --help
expect 2 "which specification" "$brink" run
expect 2 "bad option '-l'" "$brink" run small.yaml --quiet -lr.num=4
expect 2 "--quiet takes no value" "$brink" run small.yaml --quiet=yes
expect 2 "--frobnicate" "$brink" run small.yaml --frobnicate
expect 2 "whole number from 1 to 4096" "$brink" run small.yaml --threads 0
expect 2 "not a number from 0.001" "$brink" run small.yaml --commit-interval never
expect 3 "nosuch.yaml" "$brink" run nosuch.yaml
expect 2 "did you mean 'lr'" "$brink" run small.yaml lrr.num=3
if [ -e small.h5 ]; then bad "a failed run left a file"; else ok; fi

# check
expect 0 "steps    480000 at most, 20000 a cell" "$brink" check small.yaml
expect 0 "undefined 0 cells" "$brink" check small.yaml
expect 0 "undefined 1 cell" "$brink" check small.yaml lr_unit=sharpness \
    "axes={a: {values: [0.5]}, lr: {values: [1]}}" "fixed={x0: 10, y0: 1}"
expect 2 "at least one axis" "$brink" check point.yaml
expect 2 "at least one axis" "$brink" run point.yaml

# run: default name, standard input, places that cannot be written.
expect 0 "100.0 %" "$brink" run small.yaml
if [ -f small.h5 ]; then ok; else bad "no small.h5"; fi
expect 0 "complete" "$brink" run small.yaml
expect 2 "give -o" "$brink" run - <small.yaml
expect 2 "an HDF5 file where a specification (YAML) is needed" "$brink" run small.h5
expect 2 "a result is named with -o" "$brink" run small.yaml other.h5
expect 6 "repeat the overrides" "$brink" run small.yaml lr.num=400
if grep -q tile: err; then bad "the automatic tile is listed"; else ok; fi
expect 0 "100.0 %" "$brink" run - -o stdin.h5 <small.yaml
# Whoever forgets to give it can still interrupt (timeout: 124 once the program has ended of TERM).
mkfifo forgotten && exec 7<>forgotten
expect 124 "" timeout --kill-after=20 5 "$brink" run - -o forgotten.h5 <&7
exec 7<&-
same small.h5 stdin.h5
expect 3 "no/such/folder" "$brink" run small.yaml -o no/such/folder/x.h5
mkdir "a name with spaces ü"
expect 0 "100.0 %" "$brink" run small.yaml -o "a name with spaces ü/é.h5"
same small.h5 "a name with spaces ü/é.h5"
echo junk >junk.h5
expect 4 "junk.h5" "$brink" run small.yaml -o junk.h5
if [ "$(cat junk.h5)" = junk ]; then ok; else bad "a foreign file was touched"; fi
expect 3 "junk.h5/x.h5: cannot open its folder: Not a directory" \
    "$brink" run small.yaml -o junk.h5/x.h5
expect 0 "" "$brink" run small.yaml -o quiet.h5 --quiet
if [ -s err ]; then bad "--quiet is not quiet"; else ok; fi

expect 2 "small.yaml:3:1: axes: huge.h5: the result needs" "$brink" run small.yaml lr.num=16000000 \
    "dor.values=[$(seq -s, 0.000001 0.000001 0.01)]" -o huge.h5
if [ -e huge.h5 ]; then bad "a file too large was left"; else ok; fi

# One error under many ranks is said once.
mpi 3 "$brink" run small.yaml lrr.num=3 >out 2>&1
if [ "$(grep -c "did you mean" out)" = 1 ]; then ok; else bad "an error was not said once"; fi
if mpi 3 "$brink" run small.yaml -o no/such/folder/x.h5 >out 2>&1; then bad "no failure"; fi
count=$(grep -c "cannot open its folder" out)
if [ "$count" = 1 ]; then ok; else bad "an error was said $count times"; fi

# trace
expect 0 "bit for bit" "$brink" trace small.h5 dor=1 lr=0.3
expect 0 "step,x,y,loss,sharpness,edge,imbalance" "$brink" trace small.h5 dor#0 lr#0
expect 2 "which lr" "$brink" trace small.h5 dor#0
expect 2 "from 0 to 11" "$brink" trace small.h5 dor#0 lr#12
expect 2 "'b#1' is no place on an axis of this sweep (dor, lr)" "$brink" trace small.h5 dor#0 b#1
expect 2 "'stop.tail=9' is no place" "$brink" trace small.h5 dor#0 lr#0 stop.tail=9
expect 2 "given twice" "$brink" trace small.h5 dor#0 dor#1 lr#0
expect 2 "not a number" "$brink" trace small.h5 dor#0 lr=fast
expect 2 "needs -o" "$brink" trace small.h5 dor#0 lr#0 --hdf5
# Several cells: each as it is alone, numbered in the order given.
expect 0 "ends of 4 cells equal" "$brink" trace small.h5 dor#1,0 lr#7,2 --last 3
cp out several.csv
if [ "$(head -1 out)" = cell,step,x,y,loss,sharpness,edge,imbalance ]; then ok; else bad "cell"; fi
cell=0
for words in "dor#1 lr#7" "dor#1 lr#2" "dor#0 lr#7" "dor#0 lr#2"; do
    # shellcheck disable=SC2086 # two words
    expect 0 "bit for bit" "$brink" trace small.h5 $words --last 3
    alone=$(tail -n +2 out)
    if [ "$alone" = "$(sed -n "s/^$cell,//p" several.csv)" ]; then ok; else bad "cell $words"; fi
    cell=$((cell + 1))
done
expect 2 "'' is not a number" "$brink" trace small.h5 dor#0 lr#1,
expect 2 "for one cell, these are 2" "$brink" trace small.h5 dor#0,1 lr#1 --hdf5 -o two.h5
expect 4 "junk.h5" "$brink" run small.yaml -o junk.h5
expect 3 "nosuch.h5" "$brink" trace nosuch.h5 lr#0
expect 0 "175 steps, converged" "$brink" trace point.yaml
if [ "$(wc -l <out)" = 177 ]; then ok; else bad "trace of 175 steps has $(wc -l <out) lines"; fi
if tail -1 out | grep -q '^175,3.51842946'; then ok; else bad "another end: $(tail -1 out)"; fi
expect 0 "175 steps" "$brink" trace point.yaml --every 50
steps=$(cut -d, -f1 out | tr '\n' ' ')
if [ "$steps" = "step 0 50 100 150 175 " ]; then ok; else bad "--every 50: $steps"; fi
expect 0 "175 steps" "$brink" trace point.yaml --max-points 10
if [ "$(wc -l <out)" -le 11 ] && [ "$(wc -l <out)" -ge 8 ]; then ok; else bad "--max-points 10"; fi
expect 0 "175 steps" "$brink" trace point.yaml --last 3
if [ "$(cut -d, -f1 <out | tr '\n' ' ')" = "step 173 174 175 " ]; then ok; else bad "--last 3"; fi
expect 0 "steps, converged" "$brink" trace point.yaml fixed.lr=0.2
expect 0 "175 steps" "$brink" trace point.yaml -o trace.h5 --hdf5
expect 0 "" "$python" - trace.h5 <<'PY'
import sys, xarray
data = xarray.open_dataset(sys.argv[1], engine="h5netcdf")
assert dict(data.sizes) == {"step": 176}, data.sizes
assert abs(float(data.x[-1]) - 3.5184294698) < 1e-9 and float(data.edge[-1]) < 1
PY
expect 3 "no/such" "$brink" trace point.yaml -o no/such/trace.csv
finish
