#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Disks that are really full, read-only, limited or missing; names that are odd. After each, a
# resume in better times comes to the arrays of an undisturbed run. In a mount namespace.
# Usage: BUILD=build disks.sh [SEED]; with a seed also ten disks that are full at a random byte.
if [ -z "${BRINK_DISKS:-}" ]; then
    if unshare -rm true 2>/dev/null; then BRINK_DISKS=1 exec unshare -rm bash "$0" "$@"; fi
    echo "SKIPPED disks: no mount namespaces here"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
# shellcheck source=tests/shell.sh
. "$(dirname "$0")/../shell.sh"
export OMP_NUM_THREADS=1

cat >sweep.yaml <<'YAML'
model: regularity
axes:
  dor: {values: [0.5, 1]}
  lr: {min: 15, max: 40, num: 60, scale: log}
fixed: {x0: 4, y0: 0.5}
lr_unit: flow
stop: {max_steps: 2000}
tile: [1, 4]
YAML
expect 0 "100.0 %" "$brink" run sweep.yaml -o whole.h5
bytes=$(stat -c %s whole.h5)
mkdir disk
disk() { mount -t tmpfs -o "$1" tmpfs disk; } # OPTIONS
healed=0
heal() { # [NAME]: in better times
    healed=$((healed + 1))
    expect 0 "" "$brink" run sweep.yaml -o "disk/${1:-r.h5}"
    same whole.h5 "disk/${1:-r.h5}"
    expect 0 "intact and complete" "$brink" verify "disk/${1:-r.h5}"
}
# shellcheck disable=SC2317 # expect calls it
tiles_done() { # in cells; 0 where there is no file yet
    local cells
    cells=$("$brink" status disk/stopped.h5 --json 2>&1 |
        sed -n 's/.*cells_done": \([0-9]*\),.*/\1/p')
    echo "${cells:-0}"
}
# shellcheck disable=SC2317 # expect calls it
until_tile() { # runs a long sweep until it has done a tile more, then asks it to stop
    local before rc=0
    before=$(tiles_done)
    "$brink" run sweep.yaml stop.max_steps=3e6 lr.num=600 -o disk/stopped.h5 &
    while [ -d /proc/$! ] && [ "$(tiles_done)" = "$before" ]; do sleep 0.1; done
    kill -TERM $!
    wait $! || rc=$?
    return "$rc"
}
stop_after_tile() { expect 75 "$1" until_tile; } # WORDS
nothing_but() { # NAMES
    if [ "$(ls -A disk)" = "$1" ]; then ok; else bad "left: $(ls -A disk)"; fi
}

# Too small, by a lot and by a page: said before anything is made.
for size in 4096 65536 $((bytes / 4096 * 4096)); do
    disk "size=$size"
    expect 2 "are free on its disk" "$brink" run sweep.yaml -o disk/r.h5
    nothing_but ""
    mount -o remount,size=10m disk
    heal
    umount disk
done
RANDOM=${1:-0}
for _ in $(seq $(($# * 10))); do # more than for the file, perhaps not for all beside it
    disk "size=$((4096 * (1 + RANDOM % (bytes / 4096 + 4))))"
    rc=0
    "$brink" run sweep.yaml -o disk/r.h5 >out 2>err || rc=$?
    case $rc in
        0 | 2 | 3) ok ;;
        *) bad "a disk too small: exit code $rc" ;;
    esac
    mount -o remount,size=10m disk
    heal
    umount disk
done
# Filled up by others, before and after the file was made. What it needs is reserved with it.
disk size=1m
head -c $((1048576 - bytes)) /dev/zero >disk/other
expect 2 "are free on its disk" "$brink" run sweep.yaml -o disk/r.h5
rm disk/other
stop_after_tile ""
head -c 2m /dev/zero >disk/other 2>/dev/null
expect 3 "disk/r.h5" "$brink" run sweep.yaml -o disk/r.h5 # no room for the lease
nothing_but "$(printf 'other\nstopped.h5')"
truncate -s -4096 disk/other # enough for it
stop_after_tile "resuming"
expect 0 "intact" "$brink" verify --partial disk/stopped.h5
rm disk/other
heal
umount disk
# No more files, not more bytes.
disk size=10m,nr_inodes=2
touch disk/other
expect 3 "disk/r.h5" "$brink" run sweep.yaml -o disk/r.h5
rm disk/other
expect 3 "disk/r.h5" "$brink" run sweep.yaml -o disk/r.h5 # room for the lease alone
nothing_but ""
mount -o remount,nr_inodes=10 disk
heal
# Read-only, before and after the file was made.
mount -o remount,ro disk
expect 3 "Read-only file system" "$brink" run sweep.yaml -o disk/new.h5
expect 3 "Read-only file system" "$brink" run sweep.yaml -o disk/r.h5
expect 0 "intact and complete" "$brink" verify disk/r.h5
umount disk

# A limit on the size of files: before, and below the file's own size when it goes on. Open MPI has
# files, too, unless it is told to do without.
export PMIX_MCA_gds=hash
for blocks in 1 50 $((bytes / 1024)); do
    expect 2 "ulimit -f" bash -c "ulimit -f $blocks; exec $brink run sweep.yaml -o disk/r.h5"
    nothing_but ""
done
cp whole.h5 disk/r.h5
"$python" -c '
import h5py
with h5py.File("disk/r.h5", "r+") as file: file["tiles/state"][3:] = 0'
expect 3 "run again to resume" bash -c "ulimit -f 8; exec $brink run sweep.yaml -o disk/r.h5"
heal
rm disk/r.h5

# No such folder; one that is a file; a result that is a folder; a link that leads nowhere.
expect 3 "No such file or directory" "$brink" run sweep.yaml -o disk/none/r.h5
touch disk/file
expect 3 "Not a directory" "$brink" run sweep.yaml -o disk/file/r.h5
mkdir disk/r.h5
expect 4 "disk/r.h5" "$brink" run sweep.yaml -o disk/r.h5
rmdir disk/r.h5
ln -s elsewhere/r.h5 disk/r.h5
expect 3 "a link that leads nowhere" "$brink" run sweep.yaml -o disk/r.h5
mkdir disk/elsewhere
rm disk/file disk/r.h5

# Names.
long=$(printf 'n%.0s' {1..200}).h5
for name in "two words.h5" "Größe 東京.h5" "-o.h5" "[a]*?.h5" "%s%n.h5" "it's \"quoted\".h5" \
    $'two\nlines.h5' "$long" "no-ending" "r.h5.tmp-1"; do
    heal "$name"
    expect 0 "" "$brink" pack "disk/$name" -o "disk/$name.packed"
    rm -- "disk/$name" "disk/$name.packed"
done
nothing_but "elsewhere"
echo "healed: $healed (seed ${1:-0})"
finish
