#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Laws of distribution: ranks, threads and interruptions never change a bit.
# shellcheck source=tests/shell.sh
. "$(dirname "$0")/shell.sh"

cat >sweep.yaml <<'YAML'
model: regularity
axes:
  dor: {values: [0.3, 1, 2, 6]}
  lr: {min: 1e-3, max: 20, num: 97, scale: log}
fixed: {x0: 4, y0: 0.5}
lr_unit: flow
stop: {max_steps: 3000, tail: 256}
record: full
tile: [1, 16]
YAML

# The undisturbed run of one rank and one thread is what all others are compared with.
expect 0 "100.0 %" "$brink" run sweep.yaml -o one.h5 --threads 1
for ranks in 1 2 3 7; do
    for threads in 1 2; do
        expect 0 "100.0 %" mpi $ranks "$brink" run sweep.yaml -o r$ranks.$threads.h5 \
            --threads $threads
        same one.h5 r$ranks.$threads.h5
    done
done
# More ranks than tiles; one cell.
expect 0 "100.0 %" mpi 6 "$brink" run sweep.yaml dor.values=[1] lr.num=20 -o few.h5
expect 0 "100.0 %" "$brink" run sweep.yaml dor.values=[1] lr.num=20 -o few1.h5
same few.h5 few1.h5
# Far more ranks than cores.
expect 0 "100.0 %" mpi 64 "$brink" run sweep.yaml -o many.h5 --threads 1
same one.h5 many.h5
# Another shape of tiles.
expect 0 "100.0 %" mpi 2 "$brink" run sweep.yaml "tile=[3, 7]" -o shape.h5
same one.h5 shape.h5
# Ranks with other instruction sets: the same bits, and the file knows both; a wrong word is told.
expect 0 "100.0 %" mpi 1 env BRINK_ISA=portable "$brink" run sweep.yaml -o mixed.h5 : \
    -n 1 env BRINK_ISA=avx2 "$brink" run sweep.yaml -o mixed.h5
same one.h5 mixed.h5
isa='import sys, h5py; print(h5py.File(sys.argv[1])["runs/isa"][0].decode())'
expect 0 "avx2, portable" "$python" -c "$isa" mixed.h5
expect 0 "100.0 %" "$brink" run sweep.yaml --isa portable -o portable.h5
same one.h5 portable.h5
expect 0 "portable" "$python" -c "$isa" portable.h5
expect 2 "unknown instruction set 'mmx'" "$brink" run sweep.yaml --isa mmx -o no.h5
expect 2 "unknown instruction set 'mmx'" mpi 2 env BRINK_ISA=mmx "$brink" run sweep.yaml -o no.h5
# Complete: says so.
expect 0 "complete" mpi 2 "$brink" run sweep.yaml -o one.h5
# Another specification: refused with the difference, nothing touched.
cp one.h5 before.h5
expect 6 "stop.max_steps: 3000 -> 4000" mpi 2 "$brink" run sweep.yaml stop.max_steps=4000 -o one.h5
if cmp -s one.h5 before.h5; then ok; else bad "a refused run touched the file"; fi

# Stopped by a signal, again and again with other ranks, then finished.
# Chaos runs to the last step in every cell.
rows=1600 # several seconds of one thread
slow="dor.values=[0.5] lr.min=15 lr.max=40 lr.num=$rows stop.max_steps=250000"
# shellcheck disable=SC2086
expect 0 "100.0 %" mpi 2 "$brink" run sweep.yaml $slow -o slow.h5

# started FILE N: start number N (from 1) has done a tile.
started() {
    [ -f "$1" ] && "$python" - "$1" "$2" <<'PY'
import sys, h5py
with h5py.File(sys.argv[1], "r") as f:
    row = int(sys.argv[2]) - 1
    sys.exit(0 if f["runs/count"][()].max() > row
             and f["tiles/state"][:].sum() > f["runs/tiles_before"][row] else 1)
PY
}
# stop_one SIGNAL N PROGRAM...: start N of the sweep into cut.h5 is ended by SIGNAL with 75.
stop_one() {
    local signal=$1 number=$2 rc=0
    shift 2
    # shellcheck disable=SC2086
    "$@" run sweep.yaml $slow -o cut.h5 --threads 1 >cut.log 2>&1 &
    local pid=$!
    for _ in $(seq 200); do started cut.h5 "$number" && break; sleep 0.02; done
    kill -"$signal" $pid
    wait $pid || rc=$?
    if [ $rc = 75 ]; then ok; else
        bad "SIG$signal: exit code $rc"
        cat cut.log
    fi
}
stop_one USR1 1 "$brink"
stop_one TERM 2 "$brink"
stop_one INT 3 "$brink"
stop_one USR1 4 mpirun --oversubscribe -n 2 "$brink" # the launcher passes it on
# shellcheck disable=SC2086
expect 0 "100.0 %" mpi 3 "$brink" run sweep.yaml $slow -o cut.h5
same slow.h5 cut.h5
expect 0 "[75, 75, 75, 75, 0]" "$python" - cut.h5 <<'PY'
import sys, h5py
with h5py.File(sys.argv[1]) as f:
    count = f["runs/count"][()].max()
    print(f["runs/exit_code"][:count].tolist())
    assert f["runs/tiles_done"][:count].sum() == f["tiles/state"].size
PY

# A damaged tile is found on resume and computed again.
cp one.h5 damaged.h5
"$python" - damaged.h5 <<'PY'
import sys, h5py
with h5py.File(sys.argv[1], "r+") as f:
    f["x_end"][1, 20] = 17.0
PY
expect 0 "1 tile is damaged" mpi 2 "$brink" run sweep.yaml -o damaged.h5
same one.h5 damaged.h5

# trace ends in the stored bits, for each kind of cell; and notices another end.
for dor in 0 1 2 3; do
    for lr in 0 20 40 60 80 96; do
        expect 0 "bit for bit" "$brink" trace one.h5 dor#$dor lr#$lr --max-points 10
    done
done
"$python" - one.h5 <<'PY'
import sys, h5py
with h5py.File(sys.argv[1], "r+") as f:
    f["steps"][1, 20] += 1
PY
expect 4 "damaged" "$brink" trace one.h5 dor#1 lr#20
finish
