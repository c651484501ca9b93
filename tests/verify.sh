#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# verify, diff and pack from the command line: exit codes, words, and that they agree.
# shellcheck source=tests/shell.sh
. "$(dirname "$0")/shell.sh"

cat >sweep.yaml <<'YAML'
title: Verify
model: regularity
axes:
  dor: {values: [0.5, 1, 6]}
  lr: {min: 0.01, max: 20, num: 60, scale: log}
fixed: {x0: 4, y0: 0.5}
lr_unit: flow
tile: [2, 16]
stop: {max_steps: 2000}
YAML
expect 0 "100.0 %" mpi 2 "$brink" run sweep.yaml -o full.h5

# edit FILE CODE...: changes a file with h5py (f) and numpy (np).
edit() {
    "$python" - "$@" <<'PY'
import sys, h5py, numpy as np
with h5py.File(sys.argv[1], "r+") as f:
    exec(sys.argv[2])
PY
}
# json FILE EXPRESSION: it holds of the JSON document d in FILE.
json() {
    local code='import json, sys; d = json.load(open(sys.argv[1])); assert eval(sys.argv[2]), d'
    if "$python" -c "$code" "$1" "$2"; then ok; else bad "$1: not $2"; fi
}

# verify: intact, incomplete, damaged, and what is no result at all.
before=$(sha256sum full.h5)
expect 2 "which file" "$brink" verify
expect 2 "a word too many" "$brink" verify full.h5 full.h5
expect 2 "whole number from 1 to" "$brink" verify full.h5 --deep 0
expect 2 "from 1 to 10000000" "$brink" verify full.h5 --deep 10000001
expect 0 "usage: brink verify" "$brink" verify --help
expect 0 "full.h5: intact and complete: 8 of 8 tiles" "$brink" verify full.h5
expect 0 "200 cells computed again, equal to the bit (seed 3)" \
    "$brink" verify full.h5 --deep 200 --seed 3
expect 0 '"intact": true' "$brink" verify full.h5 --json
json out 'd["findings"] == [] and d["complete"] and d["tiles_checked"] == 8 and d["exit_code"] == 0'
if [ "$(sha256sum full.h5)" = "$before" ]; then ok; else bad "verify has written"; fi
expect 3 "No such file" "$brink" verify nosuch.h5
expect 3 "" "$brink" verify nosuch.h5 --json
json out 'not d["intact"] and d["exit_code"] == 3'
expect 4 "not an HDF5 file" "$brink" verify sweep.yaml
expect 4 "not a regular file" "$brink" verify .

cp full.h5 part.h5
edit part.h5 '
rows, columns = slice(0, 2), slice(16, 32)  # tile 1
for name in f:
    if isinstance(f[name], h5py.Dataset) and f[name].ndim == 2:
        f[name][rows, columns] = f[name].fillvalue
f["tiles/state"][1] = 0
f["tiles/checksum"][1] = 0'
expect 4 "intact, but incomplete: 7 of 8 tiles" "$brink" verify part.h5
expect 0 "part.h5: intact: 7 of 8 tiles" "$brink" verify part.h5 --partial
edit part.h5 'f["x_end"][0, 20] = 3.5'
expect 4 "tile 1: not marked done, yet not empty" "$brink" verify part.h5 --partial
expect 0 "100.0 %" "$brink" run sweep.yaml -o part.h5 # which computes it again
expect 0 "intact and complete" "$brink" verify part.h5 --deep 20
same full.h5 part.h5

cp full.h5 bad.h5
edit bad.h5 '
f["x_end"][0, 0] = 3.5
f["x_end"][2, 59] = 3.5
f["lr"].attrs["units"] = "m"'
expect 4 'lr: attribute units is "m", not "1"' "$brink" verify bad.h5
expect 4 "tile 0: its checksum does not fit" "$brink" verify bad.h5
expect 4 "damaged or not ours: 4 findings" "$brink" verify bad.h5
expect 4 "" "$brink" verify bad.h5 --json
json out '[x["object"] for x in d["findings"]] == ["seal/digest", "lr", "tile 0", "tile 7"]'
# Nobody else believes it either.
expect 4 "damaged or edited" "$brink" run sweep.yaml -o bad.h5
expect 4 "damaged or edited" "$brink" trace bad.h5 dor#0 lr#0
expect 4 "damaged or edited" "$brink" diff bad.h5 full.h5
expect 4 "damaged" "$brink" pack bad.h5 -o no.h5
expect 2 "part.h5: exists already" "$brink" pack full.h5 -o part.h5
# A specification with fewer keys than this program knows.
cp full.h5 old.h5
"$python" - "$top" old.h5 <<'PY'
import re, sys, h5py
sys.path.insert(0, sys.argv[1] + "/tests/faults")
import jobs
with h5py.File(sys.argv[2], "r+") as f:
    f.attrs["spec"] = re.sub(r'"grad_tol": [^,}]*, ', "", f.attrs["spec"])
jobs.reseal(sys.argv[2])
PY
expect 4 "other keys" "$brink" verify old.h5
expect 6 "other keys" "$brink" diff full.h5 old.h5
expect 6 "other keys" "$brink" trace old.h5 dor#0 lr#0

# A file of another schema is not touched.
cp part.h5 schema.h5
"$python" - "$top" schema.h5 <<'PY'
import sys, h5py, numpy as np
sys.path.insert(0, sys.argv[1] + "/tests/faults")
import jobs
with h5py.File(sys.argv[2], "r+") as f:
    f.attrs.modify("schema_version", np.int32(2))
jobs.reseal(sys.argv[2])
PY
before=$(sha256sum schema.h5)
expect 6 "schema version 2, but this program knows only 1" "$brink" run sweep.yaml -o schema.h5
expect 6 "schema version 2" mpi 2 "$brink" run sweep.yaml --allow-kernel-change -o schema.h5
expect 4 "schema version 2" "$brink" verify schema.h5
if [ "$(sha256sum schema.h5)" = "$before" ]; then ok; else bad "another schema: written"; fi

# diff
expect 2 "which two files" "$brink" diff full.h5
expect 2 "is not a number >= 0" "$brink" diff full.h5 part.h5 --rtol -1
expect 2 "neither file has a field 'z_end'" "$brink" diff full.h5 part.h5 --field z_end
expect 0 "180 cells, equal in 13 fields" "$brink" diff full.h5 part.h5
expect 0 '"equal": true' "$brink" diff full.h5 part.h5 --json
expect 0 "100.0 %" "$brink" run sweep.yaml stop.max_steps=100 -o short.h5
expect 7 "stop.max_steps: 2000 -> 100" "$brink" diff full.h5 short.h5
expect 7 "why: the specifications differ" "$brink" diff full.h5 short.h5
expect 7 "differ in their specifications, but in no cell" \
    "$brink" diff full.h5 short.h5 --field edge_start
expect 7 "" "$brink" diff full.h5 short.h5 --json --max 2
json out 'd["specification"] == ["stop.max_steps: 2000 -> 100"] and not d["equal"]'
json out 'all(len(x["first"]) == min(2, x["cells_differ"]) for x in d["fields"])'
cp out first.json
# The same count as numpy's.
expect 0 "" "$python" - first.json <<'PY'
import json, sys, h5py, numpy as np
with h5py.File("full.h5") as a, h5py.File("short.h5") as b:
    for field in json.load(open(sys.argv[1]))["fields"]:
        x, y = (np.ascontiguousarray(f[field["name"]][:]) for f in (a, b))
        bits = {1: "u1", 4: "u4", 8: "u8"}[x.itemsize]
        assert (x.view(bits) != y.view(bits)).sum() == field["cells_differ"], field
PY
# Tiles of another shape, more fields: the cells are compared all the same.
expect 0 "100.0 %" "$brink" run sweep.yaml "tile=[3, 7]" record=full -o tiles.h5
expect 7 "180 cells, equal in 13 fields" "$brink" diff full.h5 tiles.h5
expect 7 "peak_step: only in tiles.h5" "$brink" diff full.h5 tiles.h5
expect 7 "only in tiles.h5" "$brink" diff tiles.h5 full.h5
expect 0 "100.0 %" "$brink" run sweep.yaml lr.num=61 -o grid.h5
expect 7 "different grids: full.h5 is dor[3] x lr[60], grid.h5 is dor[3] x lr[61]" \
    "$brink" diff full.h5 grid.h5
expect 0 "100.0 %" "$brink" run sweep.yaml lr.max=20.0001 -o grid2.h5
expect 7 "lr#1 is not at the same place" "$brink" diff full.h5 grid2.h5
expect 7 "x_end" "$brink" diff full.h5 grid2.h5 --rtol 1e-3
cp tiles.h5 off-tiles.h5
edit off-tiles.h5 'f["x_end"][1, 5] = np.nextafter(f["x_end"][1, 5], 9)'
expect 4 "off-tiles.h5: 1 tile is damaged" "$brink" diff full.h5 off-tiles.h5
expect 4 "off-tiles.h5: 1 tile is damaged" "$brink" diff off-tiles.h5 full.h5
# A cell that is off by the last bit.
cp full.h5 off.h5
edit off.h5 'f["x_end"][1, 5] = np.nextafter(f["x_end"][1, 5], 9)'
expect 4 "1 tile is damaged" "$brink" diff full.h5 off.h5
expect 4 "dor#1 = 1, lr#5 = " "$brink" diff full.h5 off.h5
expect 4 "180 cells, equal in 13 fields" "$brink" diff full.h5 off.h5 --rtol 1e-12
# Another bit under right checksums: a file is wrong, unless a start was of another kernel version.
seal() { # FILE CODE...: edit, and the sums of tiles and starts anew
    PYTHONPATH=$top/tests edit "$1" "$2
import xxhash
from read_file import run_sums, tile_sums
spec = xxhash.xxh3_64(f.attrs['spec'].encode()).intdigest()
for number, total in tile_sums(f, spec):
    f['tiles/checksum'][number] = total
for row, total in run_sums(f, spec):
    f['runs/checksum'][row] = total"
}
seal off.h5 'pass'
expect 0 "intact and complete" "$brink" verify off.h5
expect 7 "at least one file is wrong, and brink verify --deep says which" \
    "$brink" diff full.h5 off.h5
expect 4 "" "$brink" verify off.h5 --deep 3000
kernel=$(sed -n 's/#define BRINK_KERNEL_VERSION *//p' "$top"/include/brink/*/*.h)
seal off.h5 "f['runs/kernel_version'][0] = $((kernel + 1))"
expect 0 "intact and complete" "$brink" verify off.h5
expect 7 "kernel version: $kernel -> $kernel to $((kernel + 1))" "$brink" diff full.h5 off.h5
expect 7 "kernel version: $kernel to $((kernel + 1)) -> $kernel" "$brink" diff off.h5 full.h5
expect 7 "why: another kernel version may give other last bits" "$brink" diff full.h5 off.h5
expect 7 "why: another kernel version" "$brink" diff off.h5 full.h5

# pack
expect 2 "into which file" "$brink" pack full.h5
expect 2 "from 1 to 9" "$brink" pack full.h5 -o packed.h5 --level 10
expect 0 "packed into packed.h5" "$brink" pack full.h5 -o packed.h5
expect 0 "8 of 8 tiles, packed" "$brink" verify packed.h5 --deep 50
expect 0 "180 cells, equal in 13 fields" "$brink" diff full.h5 packed.h5
same full.h5 packed.h5
expect 2 "is not replaced" "$brink" pack full.h5 -o packed.h5
before=$(sha256sum packed.h5)
expect 0 "complete" mpi 2 "$brink" run sweep.yaml -o packed.h5
expect 0 "bit for bit" "$brink" trace packed.h5 dor#1 lr#20
if [ "$(sha256sum packed.h5)" = "$before" ]; then ok; else bad "an archive was changed"; fi
expect 0 "" "$python" - <<'PY'
import xarray
for engine in ("h5netcdf", "netcdf4"):
    with xarray.open_dataset("full.h5", engine=engine) as a, \
         xarray.open_dataset("packed.h5", engine=engine) as b:
        xarray.testing.assert_identical(a.drop_attrs() if hasattr(a, "drop_attrs") else
                                        a.assign_attrs({k: "" for k in a.attrs}),
                                        b.drop_attrs() if hasattr(b, "drop_attrs") else
                                        b.assign_attrs({k: "" for k in b.attrs}))
        assert {k: v for k, v in a.attrs.items() if k not in ("history", "storage")} == \
               {k: v for k, v in b.attrs.items() if k not in ("history", "storage")}
PY
"$python" - <<'PY'
import h5py
with h5py.File("packed.h5", "r+") as f:
    f["tiles"].attrs["order"] = "any"
PY
expect 4 "tiles: attribute order" "$brink" verify packed.h5
edit part.h5 '
f["tiles/state"][1] = 0'
expect 4 "incomplete: 7 of 8 tiles" "$brink" pack part.h5 -o part-packed.h5
if [ -e part-packed.h5 ]; then bad "an incomplete archive was made"; else ok; fi
expect 0 "" "$brink" pack part.h5 -o part-packed.h5 --partial --level 9
expect 0 "7 of 8 tiles, packed" "$brink" verify part-packed.h5 --partial
expect 7 "cells are done in full.h5 only" "$brink" diff full.h5 part-packed.h5
expect 6 "a packed file is never written to" "$brink" run sweep.yaml -o part-packed.h5
# A disk that fills up.
expect 0 "100.0 %" "$brink" run sweep.yaml lr.num=3000 stop.max_steps=200 -o large.h5
mkdir tight
expect 3 "tight/large.h5" bash -c "ulimit -f 100; exec $brink pack large.h5 -o tight/large.h5"
if [ -z "$(ls -A tight)" ]; then ok; else bad "a failed pack left $(ls -A tight)"; fi
finish
