#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The shipped job script on a real Slurm of two nodes (tests/lab/slurmlab): submitted, stopped,
# requeued, resumed; its results equal those of a plain mpirun, byte for byte. Needs root.
# Usage: BUILD=build PYTHON=/usr/bin/python3 bash tests/slurm.sh
set -u
cd "$(dirname "$0")/.." || exit 1
root=$PWD
python=${PYTHON:-/usr/bin/python3}
slurmlab=$root/tests/lab/slurmlab
passed=0
failed=0
checks=(srun mpirun stop requeue_limit bad_spec two_labs crash nothing_left)

skip() {
    echo "SKIPPED slurm: $*: sbatch, srun and requeue are NOT tested"
    echo "slurm: 0 passed, 0 failed, ${#checks[@]} skipped"
    exit 0
}
[ "$(id -u)" = 0 ] || skip "needs root"
PATH=$PATH:/usr/sbin:/sbin
for program in munged slurmctld slurmd sbatch srun mpirun unshare; do
    command -v $program > /dev/null && continue
    echo "FAIL: no $program, which the set-up installs for root"
    exit 1
done
unshare --uts --mount --pid --fork --mount-proc mount -t tmpfs none /dev/shm 2>/dev/null ||
    skip "no namespaces of our own here"
brink=$(realpath -e "${BUILD:-build}/brink") || exit 1

# ---- a small project in a folder of its own, as a user has it, and the lab beside it

scratch=$(mktemp -d "${TMPDIR:-/tmp}/brink-slurm.XXXXXX")
clean_up() {
    "$slurmlab" stop "$scratch/lab" 2>/dev/null
    "$slurmlab" stop "$scratch/other" 2>/dev/null
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$scratch/project/build" "$scratch/tmp"
cp -r "$root/jobs" "$scratch/project/"
ln -s "$brink" "$scratch/project/build/brink"
cd "$scratch/project" || exit 1

ok() {
    echo "ok $1"
    passed=$((passed + 1))
}
# bad NAME WORDS: a failure, with the logs of its job and of the lab.
bad() {
    echo "FAIL $1: $2"
    failed=$((failed + 1))
    if [ -n "${job:-}" ]; then
        scontrol show job "$job" | sed 's/^/  /'
        [ ! -f "brink-$job.log" ] || sed 's/^/  /' "brink-$job.log"
    fi
    tail -n 15 "$scratch"/lab/log/slurm*.log | sed 's/^/  /'
}
# verdict NAME WORDS: WORDS say what is wrong, if anything.
verdict() { if [ -z "$2" ]; then ok "$1"; else bad "$1" "$2"; fi; }

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# plain RESULT ARGUMENT...: without Slurm; the shared memory of its ranks stays in our folder.
plain() {
    local result=$1
    shift
    TMPDIR=$scratch/tmp OMPI_MCA_btl_vader_backing_directory=$scratch/tmp timeout 120 \
        mpirun -n 2 --oversubscribe --bind-to none "$brink" run jobs/dor.yaml "$@" -o "$result" \
        > plain.log 2>&1 && return
    sed 's/^/  /' plain.log
    return 1
}
submit() { job=$(sbatch --parsable "$@"); }
# field NAME: of the job.
field() { scontrol --oneliner show job "$job" | grep -o "\b$1=[^ ]*" | cut -d= -f2; }
# ended SECONDS: waits for the end of the job; cancels it and fails if none comes.
ended() {
    local i
    for ((i = 0; i < $1 * 10; i++)); do
        case $(field JobState) in
            PENDING | CONFIGURING | RUNNING | COMPLETING | REQUEUED) sleep 0.1 ;;
            *) return 0 ;;
        esac
    done
    scancel --full "$job"
    return 1
}
# end_of_job STATE EXIT RESTARTS [SECONDS]: words if the job does not end like this.
end_of_job() {
    if ! ended "${4:-60}"; then
        echo "no end of job $job in ${4:-60} s"
        return
    fi
    local got
    got="$(field JobState) $(field ExitCode) restarts $(field Restarts)"
    [ "$got" = "$1 $2:0 restarts $3" ] || echo "ended $got, not $1 $2:0 restarts $3"
}
# same A B: words if the arrays are not the same.
same() { "$python" "$root/tests/same_arrays.py" "$1" "$2" 2>&1; }
# stopped_midway: tells the job to stop, as --signal=B: does, as soon as it computes.
stopped_midway() {
    local i
    for ((i = 0; i < 300; i++)); do
        [ -f "$1" ] && break
        sleep 0.05
    done
    scancel --batch --signal=USR1 "$job"
}

# ---- the checks

small=(lr.num=128)
# Long enough to be caught midway; of many tiles, so that one soon ends.
long=(lr.num=1024 stop.max_steps=600000)

check_srun() {
    submit jobs/sweep.sbatch jobs/dor.yaml srun.h5 "${small[@]}"
    verdict srun "$(end_of_job COMPLETED 0 0; same plain.h5 srun.h5)"
}
check_mpirun() {
    BRINK=$brink BRINK_SITE=jobs/sites/mpirun.env \
        submit --nodes=1 --ntasks-per-node=2 --cpus-per-task=1 \
        jobs/sweep.sbatch jobs/dor.yaml mpirun.h5 "${small[@]}"
    local words
    words=$(end_of_job COMPLETED 0 0; same plain.h5 mpirun.h5)
    BRINK_SITE=jobs/sites/mpirun.env \
        submit jobs/sweep.sbatch jobs/dor.yaml mpirun2.h5 "${small[@]}"
    verdict mpirun "$words$(end_of_job COMPLETED 0 0; same plain.h5 mpirun2.h5)"
}
# Ends early with 75 and requeues itself; the second start goes on with the first one's file.
check_stop() {
    submit jobs/sweep.sbatch jobs/dor.yaml stop.h5 "${long[@]}"
    stopped_midway stop.h5
    verdict stop "$(end_of_job COMPLETED 0 1 90; same plain-long.h5 stop.h5
        [ "$(grep -c 'sweep: job' "brink-$job.log")" = 2 ] || echo "the log has not both starts")"
}
# At the limit it ends with 75, and the same line submitted again goes on.
check_requeue_limit() {
    local words
    BRINK_REQUEUE_MAX=0 submit jobs/sweep.sbatch jobs/dor.yaml limit.h5 "${long[@]}"
    stopped_midway limit.h5
    words=$(end_of_job FAILED 75 0)
    submit jobs/sweep.sbatch jobs/dor.yaml limit.h5 "${long[@]}"
    verdict requeue_limit "$words$(end_of_job COMPLETED 0 0 90; same plain-long.h5 limit.h5)"
}
# What would end the same way again is not requeued.
check_bad_spec() {
    submit jobs/sweep.sbatch jobs/dor.yaml bad.h5 lr.num=0
    verdict bad_spec "$(end_of_job FAILED 2 0; [ ! -e bad.h5 ] || echo "made a file")"
}
# The labs of two checks side by side: each has its own jobs and ports.
check_two_labs() {
    local words
    job=
    words=$("$slurmlab" start "$scratch/other" 1 1 2>&1)
    words+=$(eval "$("$slurmlab" env "$scratch/other")"
        submit --output=/dev/null --wrap='hostname | grep -qx n1'
        end_of_job COMPLETED 0 0
        [ "$job $(sinfo -h -o %D)" = "1 1" ] || echo "job $job of $(sinfo -h -o %D) nodes")
    "$slurmlab" stop "$scratch/other"
    words+=$([ "$(sinfo -h -o %D)" = 2 ] || echo "the first is not as it was")
    verdict two_labs "$words"
}
# A node that loses power has no process left, and takes jobs again when it is back.
check_crash() {
    local words='' i
    submit --nodelist=n2 --output=/dev/null --wrap='sleep 97'
    for ((i = 0; i < 100; i++)); do
        [ -n "$(processes SLURMD_NODENAME=n2)" ] && break
        sleep 0.1
    done
    [ "$i" -lt 100 ] || words='no job on n2 '
    "$slurmlab" crashnode "$scratch/lab" 2
    words+=$(processes SLURMD_NODENAME=n2)
    "$slurmlab" startnode "$scratch/lab" 2
    scancel "$job"
    submit --nodelist=n2 --output=/dev/null --wrap='hostname | grep -qx n2'
    verdict crash "$words$(end_of_job COMPLETED 0 0)"
}
# processes WORD: those of the lab that have WORD in their environment.
processes() {
    local file
    for file in /proc/[0-9]*/environ; do
        { tr '\0' '\n' < "$file" | grep -qxF "SLURM_CONF=$scratch/lab/slurm.conf" &&
            tr '\0' '\n' < "$file" | grep -qF "$1"; } 2>/dev/null &&
            [ "$file" != "/proc/$$/environ" ] && echo "process ${file//[!0-9]/} is left"
    done
}
check_nothing_left() {
    job=
    "$slurmlab" stop "$scratch/lab"
    unset SLURM_CONF
    verdict nothing_left "$(processes SLURM_CONF; grep -F "$scratch" /proc/mounts
        ls -A "$scratch/tmp")"
}

"$slurmlab" start "$scratch/lab" 2 2 || exit 1
if plain plain.h5 "${small[@]}" && plain plain-long.h5 "${long[@]}"; then
    eval "$("$slurmlab" env "$scratch/lab")"
    for check in "${checks[@]}"; do
        check_"$check"
    done
else
    bad plain "no result of a plain mpirun to compare with"
fi
echo "slurm: $passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
