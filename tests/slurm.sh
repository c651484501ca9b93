#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The shipped job scripts on a real Slurm of four nodes (tests/lab/slurmlab): submitted, stopped,
# requeued, crashed, resumed, in shards, in a chain; results equal those of a plain mpirun, byte for
# byte. Needs root. BRINK_TEST_ONLY="crash chain" runs only these.
# Usage: BUILD=build PYTHON=/usr/bin/python3 bash tests/slurm.sh
set -u
cd "$(dirname "$0")/.." || exit 1
root=$PWD
python=${PYTHON:-/usr/bin/python3}
slurmlab=$root/tests/lab/slurmlab
passed=0
failed=0
checks=(srun mpirun four_nodes stop stop_file requeue_limit bad_spec two_labs crash array
    time_limit_twice requeue scancel worker_crash host_crash double_writer controller chain
    zoom nothing_left)
read -r -a checks <<< "${BRINK_TEST_ONLY:-${checks[*]}}"

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
cp -r "$root/jobs" "$root/analysis" "$scratch/project/"
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
# computes RESULT [TILES]: waits until more than TILES (0) tiles are done.
computes() {
    local i
    for ((i = 0; i < 300; i++)); do
        [ -f "$1" ] && "$brink" status "$1" --json 2> /dev/null |
            "$python" -c "import json, sys
sys.exit(json.load(sys.stdin)['tiles_done'] <= ${2:-0})" 2> /dev/null && return
        sleep 0.1
    done
    echo "$1 does not begin "
}
# stopped_midway: tells the job to stop, as --signal=B: does, as soon as it computes.
stopped_midway() {
    computes "$1"
    scancel --batch --signal=USR1 "$job"
}

# ---- the checks

small=(lr.num=128)
# Long enough to be caught midway, see long_enough; of many tiles, so that one soon ends, and of
# many more cells than are ever under way, which a stop lets end.
long=(lr.num=4096 stop.max_steps=150000)
longer=(lr.num=4096 stop.max_steps=20000000)

check_srun() {
    submit jobs/sweep.sbatch jobs/dor.yaml srun.h5 "${small[@]}"
    verdict srun "$(end_of_job COMPLETED 0 0; same plain.h5 srun.h5)"
}
check_four_nodes() {
    local words
    submit --nodes=4 jobs/sweep.sbatch jobs/dor.yaml four.h5 "${small[@]}"
    words=$(end_of_job COMPLETED 0 0; same plain.h5 four.h5
        grep -q '4 ranks x 2 threads on 4 nodes' "brink-$job.log" || echo "not on four")
    BRINK_SITE=jobs/sites/mpirun.env submit --nodes=4 \
        jobs/sweep.sbatch jobs/dor.yaml four2.h5 "${small[@]}"
    verdict four_nodes "$words$(end_of_job COMPLETED 0 0; same plain.h5 four2.h5)"
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
# A stop file ends it for good; without the file the same line goes on.
check_stop_file() {
    local words
    submit jobs/sweep.sbatch jobs/dor.yaml file.h5 "${long[@]}"
    computes file.h5
    touch file.h5.stop
    words=$(end_of_job FAILED 75 0)
    rm file.h5.stop
    submit jobs/sweep.sbatch jobs/dor.yaml file.h5 "${long[@]}"
    verdict stop_file "$words$(end_of_job COMPLETED 0 0 90; same plain-long.h5 file.h5)"
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
    words+=$([ "$(sinfo -h -o %D)" = 4 ] || echo "the first is not as it was")
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
# An array of jobs shares the sweep in shards; joined, it is the result of a single job.
check_array() {
    local words
    job=$("$brink" submit jobs/dor.yaml "${small[@]}" -o array.h5 --array 3 --shards 5 -N 1 \
        --time 5 2>&1 | sed -n 's/.*: job \([0-9]*\);.*/\1/p')
    words=$("$brink" status array.h5 2>&1 | grep -q "job  *$job" || echo "status names no job ")
    words+=$(end_of_array 90; "$brink" join array.h5 2>&1 | grep -v 'shards joined'
        same plain.h5 array.h5)
    verdict array "$words$("$brink" pack array.h5 -o array.packed.h5 > /dev/null 2>&1
        same plain.h5 array.packed.h5)"
}
# end_of_array SECONDS: words if its tasks do not all end well.
end_of_array() {
    local i
    for ((i = 0; i < $1 * 5; i++)); do
        [ -z "$(squeue --noheader --jobs="$job" 2> /dev/null)" ] && break
        sleep 0.2
    done
    [ "$(scontrol --oneliner show job "$job" | grep -c 'JobState=COMPLETED')" = 3 ] ||
        scontrol --oneliner show job "$job" | grep -o 'JobState=[A-Z]*'
}
# Its time is over twice; each time it stops by itself, and requeues itself.
check_time_limit_twice() {
    submit jobs/sweep.sbatch jobs/dor.yaml time.h5 "${long[@]}" --threads 1 --time-limit 0:02
    local words
    words=$(restarted 2)
    touch time.h5.stop # enough seen: the rest without a limit
    ended 60
    rm time.h5.stop
    submit jobs/sweep.sbatch jobs/dor.yaml time.h5 "${long[@]}"
    verdict time_limit_twice "$words$(end_of_job COMPLETED 0 0 120; same plain-long.h5 time.h5)"
}
# restarted TIMES: waits until the job has begun so often again.
restarted() {
    local i
    for ((i = 0; i < 600; i++)); do
        [ "$(field Restarts)" -ge "$1" ] && [ "$(field JobState)" = RUNNING ] && return
        sleep 0.1
    done
    echo "not requeued $1 times "
}
check_requeue() {
    submit jobs/sweep.sbatch jobs/dor.yaml requeue.h5 "${long[@]}"
    local words
    words=$(computes requeue.h5 5)
    scontrol requeue "$job"
    verdict requeue "$words$(end_of_job COMPLETED 0 1 120; same plain-long.h5 requeue.h5)"
}
check_scancel() {
    submit jobs/sweep.sbatch jobs/dor.yaml cancel.h5 "${long[@]}"
    local words
    words=$(computes cancel.h5)
    scancel "$job"
    ended 60
    submit jobs/sweep.sbatch jobs/dor.yaml cancel.h5 "${long[@]}"
    verdict scancel "$words$(end_of_job COMPLETED 0 0 90; same plain-long.h5 cancel.h5)"
}
# A node of the job loses power: Slurm requeues the job on others.
crashed_node() { # NAME RESULT FIRST?: crashes the batch host (1) or the other node (2)
    local words node
    submit --nodes=2 jobs/sweep.sbatch jobs/dor.yaml "$2" "${long[@]}"
    words=$(computes "$2" 3)
    node=$(scontrol show hostnames "$(field NodeList)" | sed -n "$3p")
    "$slurmlab" crashnode "$scratch/lab" "${node#n}"
    words+=$(end_of_job COMPLETED 0 1 120; same plain-long.h5 "$2")
    "$slurmlab" startnode "$scratch/lab" "${node#n}"
    verdict "$1" "$words"
}
check_worker_crash() { crashed_node worker_crash worker.h5 2; }
check_host_crash() { crashed_node host_crash host.h5 1; }
# slurmd dies and the ranks (of mpirun: srun would end them) live on, while Slurm runs the job again
# elsewhere: the first copy finds the file taken, and stops.
check_double_writer() {
    local words node
    BRINK_SITE=jobs/sites/mpirun.env \
        submit --nodes=1 jobs/sweep.sbatch jobs/dor.yaml double.h5 "${longer[@]}"
    words=$(computes double.h5)
    node=$(field NodeList)
    "$slurmlab" killslurmd "$scratch/lab" "${node#n}"
    words+=$(restarted 1
        for ((i = 0; i < 300; i++)); do
            grep -q 'was taken from this job' "brink-$job.log" && break
            sleep 0.1
        done
        [ "$i" -lt 300 ] || echo "the first copy did not stop ")
    touch double.h5.stop # the second has shown that it goes on
    words+=$(end_of_job FAILED 75 1 90
        "$brink" verify double.h5 --deep 20 2>&1 | grep -v 'intact')
    "$slurmlab" crashnode "$scratch/lab" "${node#n}"
    "$slurmlab" startnode "$scratch/lab" "${node#n}"
    verdict double_writer "$words"
}
# slurmctld goes and comes back in mid-run: the job does not notice.
check_controller() {
    submit jobs/sweep.sbatch jobs/dor.yaml controller.h5 "${long[@]}"
    local words
    words=$(computes controller.h5)
    "$slurmlab" restart "$scratch/lab"
    verdict controller "$words$(end_of_job COMPLETED 0 0 120; same plain-long.h5 controller.h5)"
}
# Run, verify, pack, plot, each after the one before it.
check_chain() {
    local words
    job=$(BRINK=$brink PYTHON=$python bash jobs/chain.sh jobs/dor.yaml chain.h5 --nodes=1 \
        --export=ALL 2>&1 | sed -n 's/^plot //p')
    words=$(end_of_job COMPLETED 0 0 90
        [ -s chain.png ] || echo "no picture"
        "$brink" verify chain.packed.h5 2>&1 | grep -v 'intact and complete')
    verdict chain "$words"
}
# Each task of the array sweeps a window half as large.
check_zoom() {
    local words size=('axes={y0: {min: 0, max: 1, num: 48}, x0: {min: 0, max: 1, num: 64}}')
    submit --array=0-2 --nodes=1 --output='brink-%A_%a.log' jobs/zoom.sbatch jobs/basin.yaml zoom \
        "${size[@]}" y0=1.25:4 x0=0.5:2e0
    words=$(end_of_array 60
        "$brink" run -q jobs/basin.yaml "${size[@]}" y0.min=0.25 y0.max=2.25 x0.min=0 x0.max=1 \
            -o window.h5 2>&1
        same window.h5 zoom-02.h5
        "$brink" verify zoom-00.h5 2>&1 | grep -v 'intact and complete'
        "$brink" verify zoom-01.h5 2>&1 | grep -v 'intact and complete')
    verdict zoom "$words"
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

"$slurmlab" start "$scratch/lab" 4 2 || exit 1
# Makes plain-long.h5, with more steps where these machines are fast: so that it takes 8 s.
long_enough() {
    local begin=${EPOCHREALTIME/[.,]/} took
    plain plain-long.h5 "${long[@]}" || return 1
    took=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
    [ "$took" -lt 8000 ] || return 0
    rm plain-long.h5
    long[1]=stop.max_steps=$((150000 * 8000 / took))
    plain plain-long.h5 "${long[@]}"
}
if plain plain.h5 "${small[@]}" && long_enough; then
    eval "$("$slurmlab" env "$scratch/lab")"
    for check in "${checks[@]}"; do
        check_"$check"
    done
else
    bad plain "no result of a plain mpirun to compare with"
fi
echo "slurm: $passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
