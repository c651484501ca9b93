#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The browser explorer: lint, units, replays against stored bits, and the page in a headless
# Chromium. Environment: BUILD, PYTHON. Last line: "explorer: N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}
work=$build/explorer
passed=0 failed=0
mkdir -p "$work/pictures" || exit 1

skip() { # why: what only others can mend
    echo "SKIPPED explorer: $1"
    echo "explorer: $passed passed, $failed failed, 1 skipped"
    exit 0
}
judge() { # NAME COMMAND...
    local name=$1
    shift
    if "$@"; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAIL $name"
    fi
}
# Its packages are cached in the build folder; without them a registry is needed, once.
if ! sh jobs/setup_explorer.sh "$work" chromium >"$work/setup.log" 2>&1; then
    cat "$work/setup.log"
    [ "$(id -u)" = 0 ] || skip "needs nodejs, npm, clang, lld and chromium"
    judge "set-up" false
fi
if ! make BUILD="$build" "$work/node_modules" >"$work/make.log" 2>&1; then
    cat "$work/make.log"
    npm ping >/dev/null 2>&1 || skip "no npm registry to be had"
    judge "npm packages" false
fi
if ! make BUILD="$build" explorer >"$work/make.log" 2>&1; then
    cat "$work/make.log"
    judge "make explorer" false
    echo "explorer: $passed passed, $failed failed"
    exit 1
fi
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)

# The sources beside their packages, where node and the linter look for them.
rm -rf "$work"/{src,tests}
cp -r analysis/explorer/{src,tests,{build,screenshot}.mjs,eslint.config.js,.prettierrc.json} "$work"
lint() { (cd "$work" && node_modules/.bin/eslint src tests ./*.mjs eslint.config.js); }
judge lint lint
format() {
    (cd "$work" && node_modules/.bin/prettier --log-level warn --check src tests ./*.mjs)
}
judge format format
judge "C format" clang-format --dry-run -Werror analysis/explorer/wasm/replay.c \
    analysis/explorer/wasm/include/*.h

sweep() { # NAME, a specification on the standard input
    cat >"$work/$1.yaml"
    rm -f "$work/$1.h5"
    if ! "$build/brink" run "$work/$1.yaml" -o "$work/$1.h5" >"$work/$1.log" 2>&1 ||
        ! "$build/brink" explore "$work/$1.h5" -o "$work/$1.page.html" >>"$work/$1.log" 2>&1; then
        cat "$work/$1.log"
        return 1
    fi
}
judge "sweep of starts" sweep starts <<'YAML'
title: All verdicts
model: regularity
axes:
  init: {values: [[1, -1], [2, -0.3], [10, 1], [4, 0.5], [1.2, 0.9], [2, 0]]}
  dor: {values: [0.25, 0.5, 1, 2, 6, 10]}
  lr: {min: 0.05, max: 40, num: 30, scale: log}
lr_unit: sharpness
stop: {max_steps: 2000, tail: 128}
record: full
YAML
judge "sweep of draws" sweep draws <<'YAML'
title: Drawn starts
model: regularity
axes:
  seed: {min: 3, max: 6, num: 4}
  a: {min: 0.1, max: 1, num: 4}
  lr: {min: 0.05, max: 20, num: 12, scale: log}
fixed: {s0: 1.5, scale: 4}
lr_unit: flow
seed: 9007199254740881
stop: {max_steps: 2000}
YAML
judge "sweep of angles" sweep angles <<'YAML'
title: Angles
model: regularity
axes:
  angle: {min: 0, max: 170, num: 9}
  lr: {min: 0.05, max: 2, num: 12}
fixed: {b: 3, radius: 1.5}
lr_unit: norm2
stop: {max_steps: 2000}
record: full
YAML
judge "sweep of normal starts" sweep normal <<'YAML'
title: Normal starts
model: regularity
axes:
  seed: {min: 1, max: 24, num: 24}
  dor: {values: [0.5, 2, 6, 10]}
  lr: {min: 0.05, max: 20, num: 12, scale: log}
fixed: {scale: 2}
lr_unit: flow
stop: {max_steps: 2000}
record: full
YAML
judge "sweep of the page" sweep page <<'YAML'
title: The page under test
model: regularity
axes:
  dor: {values: [0.25, 0.5, 1, 2, 6, 10]}
  lr: {min: 0.0001, max: 40, num: 160, scale: log}
fixed: {x0: 4, y0: 0.5}
lr_unit: flow
stop: {max_steps: 4000}
YAML
judge "sweep of networks" sweep network <<'YAML'
title: Networks
model: network
axes:
  activation: {values: [tanh, relu]}
  lr: {values: [0.05, 0.1, 0.2]}
network: {width: 8, bias: true, precision: f64}
data: {source: chebyshev, n: 10, degree: 3}
train: {max_steps: 200, sharpness_every: 10, curves_every: 10, loss_goal: 0}
record: full
YAML
sharded() { # the sweep of starts again, in shards: a page holds it all, not without the shards
    local index=$work/whole.h5 words
    rm -f "$work"/whole.*
    "$build/brink" run "$work/starts.yaml" -o "$index" --shards 3 >"$work/whole.log" 2>&1 &&
        "$build/brink" join "$index" >>"$work/whole.log" 2>&1 &&
        "$build/brink" explore "$index" -o "$work/whole.page.html" >>"$work/whole.log" 2>&1 &&
        mkdir -p "$work/alone" && cp "$index" "$work/alone" || return 1
    words=$("$build/brink" explore "$work/alone/whole.h5" -o "$work/alone/whole.html" 2>&1)
    [ $? = 4 ] && case $words in *"views of 3 shards, none of which is beside"*) true ;;
    *) false ;; esac
}
judge "a result in shards" sharded
judge "large sweep" sweep large <<'YAML'
title: 4096 x 4096
model: regularity
axes:
  y0: {min: -6, max: 6, num: 4096}
  x0: {min: -6, max: 6, num: 4096}
fixed: {a: 1, lr: 1.5}
stop: {max_steps: 0}
record: [steps, edge_end]
YAML

# A page that cannot hold all cells holds every k-th one.
reduced() {
    "$build/brink" explore "$work/large.h5" --max-mb 2 -o "$work/reduced.html" &&
        [ "$(stat -c %s "$work/reduced.html")" -lt 5000000 ]
}
judge "a large file is thinned out" reduced
unbuilt() { # a user who has not built the page is told how
    local words
    words=$("${PYTHON:-/usr/bin/python3}" analysis/explore.py "$work/page.h5" \
        --page "$work/nothing.html" 2>&1)
    [ $? = 2 ] && case $words in *"make explorer"*) true ;; *) false ;; esac
}
judge "without the built page" unbuilt

export REPLAY_WASM=$PWD/$work/replay.wasm
case $work in /*) REPLAY_WASM=$work/replay.wasm ;; esac
PAGES="$work/starts.page.html $work/draws.page.html $work/angles.page.html $work/whole.page.html"
export PAGES
# What the reader derives of the same files, for the page to be held against.
FLAGS=$work/flags.json
export FLAGS
reader() {
    PYTHONPATH=analysis "${PYTHON:-/usr/bin/python3}" - "$work" starts draws angles normal network \
        >"$FLAGS" <<'PYTHON'
import json
import sys

import brink_io

work, *names = sys.argv[1:]
flags = {}
for name in names:
    sweep = brink_io.open(f"{work}/{name}.h5")
    known = brink_io.NETWORK_FLAGS if sweep.attrs["model"] == "network" else brink_io.FLAGS
    flags[f"{work}/{name}.page.html"] = {
        flag: sweep[flag].values.ravel().astype(int).tolist() for flag in known if flag in sweep}
json.dump(flags, sys.stdout)
PYTHON
}
judge "flags by the reader" reader
for tests in axes picture flags replay; do
    judge "$tests" node --test "$work/tests/$tests.test.mjs"
done
if [ -n "$chromium" ]; then
    judge "in the browser" node "$work/tests/page.mjs" "$work/node_modules" "$chromium" \
        "$work/page.page.html" "$work/starts.h5" "$work/large.h5" "$work/pictures" \
        "$work/network.page.html" "$work/whole.h5" "$work"/whole.shard-*.h5
fi
rm -f "$work/large.h5" "$work/large.page.html"
echo "explorer: $passed passed, $failed failed"
[ $failed = 0 ]
