#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Shards: any number of jobs at any time, then one result equal to that of a single job.
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
cat >network.yaml <<'YAML'
model: network
axes:
  depth: {values: [3, 0, 1]} # shards have their part of these
  lr: {min: 0.05, max: 0.4, num: 5}
fixed: {width: 3, n: 8}
train: {max_steps: 20, curves_every: 5}
tile: [1, 2]
YAML

# whole RESULT: its joined file, and the packed one, are those of one.h5, to the bit.
whole() {
    expect 0 "shards joined" "$brink" join "$1"
    same one.h5 "$1"
    expect 0 "intact and complete" "$brink" verify "$1" --deep 20
    expect 0 "packed into" "$brink" pack "$1" -o "${1%.h5}.packed.h5"
    same one.h5 "${1%.h5}.packed.h5"
    expect 0 "intact and complete" "$brink" verify "${1%.h5}.packed.h5" --deep 20
    expect 0 "equal in" "$brink" diff one.h5 "$1"
}
expect 0 "100.0 %" "$brink" run sweep.yaml -o one.h5
for shards in 1 3 7; do
    expect 0 "all $shards shards are complete" mpi 2 "$brink" run sweep.yaml -o s$shards.h5 \
        --shards $shards --threads 1
    whole s$shards.h5
done
# Checksums and states are those of the single job, too.
expect 0 "equal" "$python" - one.h5 s3.h5 <<'PY'
import sys, h5py
with h5py.File(sys.argv[1]) as a, h5py.File(sys.argv[2]) as b:
    assert (a["tiles/checksum"][:] == b["tiles/checksum"][:]).all()
    assert b["status"].is_virtual and b["runs/count"][0] == 3
    print("equal")
PY
expect 0 "in 3 fields" "$python" - one.h5 s3.h5 <<'PY'
import sys, xarray
for engine in ("netcdf4", "h5netcdf"):
    with xarray.open_dataset(sys.argv[1], engine=engine) as a, \
         xarray.open_dataset(sys.argv[2], engine=engine) as b:
        for name in ("status", "x_end", "lyapunov"):
            assert a[name].identical(b[name]), name
print("in 3 fields")
PY
# Networks, with curves if they are recorded.
if "$brink" check network.yaml >network.out 2>&1; then
    expect 0 "100.0 %" "$brink" run network.yaml -o n1.h5
    expect 0 "complete" "$brink" run network.yaml -o n.h5 --shards 2
    expect 0 "joined" "$brink" join n.h5
    same n1.h5 n.h5
    expect 0 "intact" "$brink" verify n.h5
else
    bad "network.yaml: $(cat network.out)"
fi

# ---- what is wrong is said, never filled in

expect 6 "in 3 shards, not 4" "$brink" run sweep.yaml -o s3.h5 --shards 4
expect 6 "max_steps" "$brink" run sweep.yaml stop.max_steps=10 -o s3.h5 --shards 3
expect 2 "exists already" "$brink" join s3.h5
expect 3 "has no shards" "$brink" join nowhere.h5
expect 2 "1 to 7" "$brink" run sweep.yaml -o many.h5 --shards 8
expect 0 "all 3 shards are complete" "$brink" run sweep.yaml -o s3.h5 # joins in
mv s3.shard-0002-of-0003.h5 away.h5
expect 4 "its checksum does not fit" "$brink" verify s3.h5
expect 4 "damaged" "$brink" pack s3.h5 -o lost.h5
rm s3.h5
expect 4 "s3.shard-0002-of-0003.h5: missing" "$brink" join s3.h5
cp s3.shard-0001-of-0003.h5 s3.shard-0002-of-0003.h5
expect 4 "not a shard of this sweep" "$brink" join s3.h5
rm s3.shard-0002-of-0003.h5
expect 0 "2 complete, 0 under way, 0 stopped, 1 not begun" "$brink" status s3.h5
expect 0 "joined" "$brink" join s3.h5 --partial
expect 4 "incomplete" "$brink" verify s3.h5
expect 0 "explicit" "$python" - one.h5 s3.h5 <<'PY'
import sys, h5py, numpy
with h5py.File(sys.argv[1]) as a, h5py.File(sys.argv[2]) as b:
    pending = b["status"][:] == 0
    rows = (numpy.arange(97) // 16) % 3 == 1
    assert (pending == rows[None, :]).all()
    assert numpy.isnan(b["x_end"][:][pending]).all()
    assert (b["x_end"][:][~pending].view("u8") == a["x_end"][:][~pending].view("u8")).all()
print("explicit")
PY
rm s3.h5
# A damaged tile of a shard is named; without the shard it is made again.
"$python" - s3.shard-0001-of-0003.h5 <<'PY'
import sys, h5py
with h5py.File(sys.argv[1], "r+") as f: f["x_end"][1, 20] = 17
PY
expect 4 "damaged: tile" "$brink" join s3.h5
mv away.h5 s3.shard-0002-of-0003.h5
rm s3.shard-0001-of-0003.h5 s3.packed.h5
expect 0 "all 3" "$brink" run sweep.yaml -o s3.h5
whole s3.h5

# ---- several jobs; one is killed, and what it leaves is picked up

steps=200000
[ -n "${SANITIZE:-}" ] && steps=10000 # of slow instructions: as long
slow=("dor.values=[0.5]" lr.min=15 lr.max=40 lr.num=400 "stop.max_steps=$steps")
rm one.h5
expect 0 "100.0 %" mpi 2 "$brink" run sweep.yaml "${slow[@]}" -o one.h5 --threads 1
"$brink" run sweep.yaml "${slow[@]}" -o jobs.h5 --shards 6 --threads 1 >first.log 2>&1 &
first=$!
for _ in $(seq 200); do ls jobs.shard-*.h5 >ls.out 2>&1 && break; sleep 0.05; done
"$brink" run sweep.yaml "${slow[@]}" -o jobs.h5 --threads 1 >second.log 2>&1 &
second=$!
for _ in $(seq 200); do
    [ "$(find . -name 'jobs.shard-*.h5' | wc -l)" -ge 2 ] && break
    sleep 0.05
done
for _ in $(seq 50); do # not while one goes from a shard to the next
    "$brink" status jobs.h5 --json | grep -qF '"shards_working": 2' && break
    sleep 0.05
done
expect 0 '"shards_working": 2' "$brink" status jobs.h5 --json
kill -9 $first
wait $first
rm -f "/dev/shm/vader_segment.$(hostname).$first"*
wait $second
rc=$?
if [ $rc = 0 ] && grep -q "all 6 shards are complete" second.log; then ok; else
    bad "the second job: exit code $rc"
    tail -n 20 second.log
fi
whole jobs.h5
# A job stopped by its time goes on in the next.
rm -f jobs*
expect 75 "nearly over" "$brink" run sweep.yaml "${slow[@]}" -o jobs.h5 --shards 4 --threads 1 \
    --time-limit 0:01
expect 0 "all 4" mpi 2 "$brink" run sweep.yaml "${slow[@]}" -o jobs.h5 --threads 1
whole jobs.h5
finish
