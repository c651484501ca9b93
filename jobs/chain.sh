#!/bin/bash
# SPDX-License-Identifier: MIT
# A pipeline of jobs, each waiting for the one before it to succeed: run (join) verify pack plot.
#
#   jobs/chain.sh SPEC RESULT.h5 [sbatch's options for the run ...]
#   jobs/chain.sh jobs/paper.yaml paper.h5 --nodes=16 --time=12:00:00
#   SHARDS=64 jobs/chain.sh jobs/paper.yaml paper.h5 --array=1-16
#
# Leaves RESULT.packed.h5 and RESULT.png, and prints the ids of the jobs. Call it from the project.
set -eu
if [ $# -lt 2 ]; then
    sed -n '3,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
spec=$1 result=$2
shift 2
stem=${result%.h5}
python=${PYTHON:-python3}
if [ -x /usr/bin/python3 ] && [ -z "${PYTHON:-}" ]; then python=/usr/bin/python3; fi
brink=${BRINK:-$(command -v "$PWD/build/brink" || command -v brink)}

# step NAME AFTER COMMAND...: one task that starts when job AFTER has ended well.
step() {
    local name=$1 after=$2 command
    shift 2
    printf -v command '%q ' "$@"
    sbatch --parsable --dependency="afterok:$after" --kill-on-invalid-dep=yes --nodes=1 --ntasks=1 \
        --job-name="brink-$name" --output="brink-$name-%j.log" --wrap="$command"
}

if [ -n "${SHARDS:-}" ]; then
    last=$(sbatch --parsable "$@" jobs/sweep.sbatch "$spec" "$result" --shards "$SHARDS")
    echo "run $last"
    last=$(step join "$last" "$brink" join "$result")
    echo "join $last"
else
    last=$(sbatch --parsable "$@" jobs/sweep.sbatch "$spec" "$result")
    echo "run $last"
fi
last=$(step verify "$last" "$brink" verify "$result" --deep 100)
echo "verify $last"
last=$(step pack "$last" "$brink" pack "$result" -o "$stem.packed.h5")
echo "pack $last"
last=$(step plot "$last" "$python" analysis/phase.py "$stem.packed.h5" -o "$stem.png")
echo "plot $last"
