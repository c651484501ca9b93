#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs the fuzzers that `make fuzz` has built. Usage: BUILD=build run.sh SECONDS [SEED [NAME]]
set -u
cd "$(dirname "$0")/../.." || exit 1
fuzz=$(realpath "${BUILD:-build}")/fuzz seconds=$1 seed=${2:-1} passed=0 failed=0
export BRINK_FUZZ_FILE=$fuzz/seed.h5 OMP_NUM_THREADS=1
for name in ${3:-spec override verify}; do
    log=$fuzz/$name-$seed.log
    limits="-max_len=1024 -rss_limit_mb=4096" # texts: the shortest first
    # This one forks, and a second thread, which would watch the memory of the parent alone, may
    # hold a lock of ASan's then: one child in fifty, forked as it started, waited for ever.
    [ "$name" != verify ] || limits="-max_len=4096 -len_control=0 -rss_limit_mb=0"
    # shellcheck disable=SC2086 # words
    if "$fuzz/fuzz_$name" -seed="$seed" -max_total_time="$seconds" $limits \
        -timeout=60 -print_final_stats=1 -artifact_prefix="$fuzz/$name-" \
        "$fuzz/corpus-$name" >"$log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        grep -vE '^#[0-9]+.(NEW|REDUCE|pulse)' "$log" | tail -n 40
    fi
    sed -n "s/^stat::number_of_executed_units: */$name: seed $seed, executions /p" "$log"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
