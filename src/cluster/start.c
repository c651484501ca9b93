// SPDX-License-Identifier: MIT
// Starting and ending MPI, agreeing on errors, sharing text, and the threads of a rank.
#include <assert.h>
#include <limits.h>
#include <mpi.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brink/base/memory.h"
#include "brink/cluster/cluster.h"
#include "brink/dynamics/lanes.h"
#include "brink/store/store.h"
#include "polite.h"
#include "stop.h"

// Under srun without PMIx every task is a job of its own; all of them would write one file.
static brink_err check_launcher(const struct brink_job *job)
{
    const char *tasks = getenv("SLURM_STEP_NUM_TASKS");
    if (job->ranks > 1 || !tasks || atoi(tasks) <= 1 || getenv("OMPI_COMM_WORLD_SIZE"))
        return BRINK_OK;
    return brink_fail(BRINK_ERR_USAGE,
                      "srun started %s tasks that do not see each other: use srun --mpi=pmix, or "
                      "mpirun",
                      tasks);
}

brink_err brink_cluster_start(int *argc, char ***argv, struct brink_job *job)
{
    // OMPIO leaves named semaphores behind that hang later opens; ROMIO does not. Polling ranks
    // give way when there are more of them than cores. Both only unless the user says otherwise.
    brink_stop_catch();  // a signal may come at any time from here on
    brink_store_start(); // before MPI: see there
    setenv("OMPI_MCA_io", "^ompio", 0);
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    int provided = MPI_THREAD_SINGLE;
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &job->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &job->ranks);
    job->threads = 1;
    if (provided < MPI_THREAD_FUNNELED)
        return brink_fail(BRINK_ERR_USAGE, "this MPI library does not work with threads "
                                           "(MPI_THREAD_FUNNELED)");
    return check_launcher(job);
}

void brink_cluster_mortal(bool mortal)
{
    if (mortal)
        brink_stop_release();
    else
        brink_stop_catch();
}

void brink_cluster_end(void)
{
    MPI_Finalize();
}

// What the ranks of one node may run on.
struct neighbours {
    MPI_Comm comm; // of the ranks of this node
    int share;     // CPUs of this rank over the ranks that may run on just the same ones
    int cpus;      // of all ranks of the node together
};

// Collective.
static struct neighbours look_around(const cpu_set_t *mine)
{
    struct neighbours found = {.share = 1, .cpus = 1};
    int ranks = 1, sharers = 0;
    cpu_set_t *all = NULL, together;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &found.comm);
    MPI_Comm_size(found.comm, &ranks);
    brink_err error = brink_alloc(&all, (size_t)ranks, sizeof *all);
    int ready = error == BRINK_OK;
    MPI_Allreduce(MPI_IN_PLACE, &ready, 1, MPI_INT, MPI_MIN, found.comm);
    if (ready) {
        CPU_ZERO(&together);
        MPI_Allgather(mine, sizeof *mine, MPI_BYTE, all, sizeof *mine, MPI_BYTE, found.comm);
        for (int i = 0; i < ranks; i++) {
            sharers += CPU_EQUAL(mine, &all[i]) ? 1 : 0;
            CPU_OR(&together, &together, &all[i]);
        }
        found.share = CPU_COUNT(mine) / (sharers > 0 ? sharers : 1);
        found.cpus = CPU_COUNT(&together);
    }
    found.share = found.share > 0 ? found.share : 1;
    brink_free(&all);
    return found;
}

// Sums up over all nodes, for rank 0. Collective.
static void count_nodes(struct brink_job *job, const struct neighbours *found)
{
    int threads = job->threads, rank = 0, sum[2];
    MPI_Comm_rank(found->comm, &rank);
    MPI_Allreduce(MPI_IN_PLACE, &threads, 1, MPI_INT, MPI_SUM, found->comm);
    int crowded = threads > found->cpus || job->threads > job->cpus;
    MPI_Allreduce(MPI_IN_PLACE, &crowded, 1, MPI_INT, MPI_MAX, found->comm);
    int mine[2] = {rank == 0, rank == 0 && crowded};
    MPI_Reduce(mine, sum, 2, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    job->nodes = job->rank == 0 ? sum[0] : 0;
    job->crowded = job->rank == 0 ? sum[1] : 0;
}

// Nodes may differ, and what is asked of each rank. Collective.
static void name_isas(struct brink_job *job)
{
    int used = 0;
    size_t length = 0;
    for (int i = 0; brink_lanes_isas[i]; i++)
        used |= (strcmp(brink_lanes_isas[i], brink_lanes_isa()) == 0) << i;
    MPI_Allreduce(MPI_IN_PLACE, &used, 1, MPI_INT, MPI_BOR, MPI_COMM_WORLD);
    for (int i = 0; brink_lanes_isas[i]; i++)
        if (used >> i & 1)
            length += (size_t)snprintf(job->isa + length, sizeof job->isa - length, "%s%s",
                                       length ? ", " : "", brink_lanes_isas[i]);
    assert(length < sizeof job->isa);
}

static int positive(const char *text)
{
    long value = text ? strtol(text, NULL, 10) : 0;
    return value > 0 && value < INT_MAX ? (int)value : 0;
}

void brink_cluster_threads(struct brink_job *job, int threads)
{
    cpu_set_t mine;
    CPU_ZERO(&mine);
    if (sched_getaffinity(0, sizeof mine, &mine) != 0)
        CPU_SET(0, &mine);
    struct neighbours found = look_around(&mine); // whatever the environment of this rank
    if (threads <= 0)
        threads = positive(getenv("OMP_NUM_THREADS"));
    if (threads <= 0)
        threads = positive(getenv("SLURM_CPUS_PER_TASK"));
    job->cpus = CPU_COUNT(&mine);
    job->threads = threads > 0 ? threads : found.share;
    omp_set_num_threads(job->threads);
    count_nodes(job, &found);
    name_isas(job);
    MPI_Comm_free(&found.comm);
}

brink_err brink_cluster_agree(brink_err mine)
{
    int rank, failing;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    int claim = mine ? rank : INT_MAX;
    brink_polite_barrier();
    MPI_Allreduce(&claim, &failing, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (failing == INT_MAX)
        return BRINK_OK;
    struct {
        int code;
        char note[4096];
    } message = {.code = (int)mine};
    if (rank == failing)
        strncpy(message.note, brink_error_note(), sizeof message.note - 1);
    MPI_Bcast(&message, sizeof message, MPI_BYTE, failing, MPI_COMM_WORLD);
    return brink_fail((brink_err)message.code, "%s", message.note);
}

brink_err brink_cluster_share(const struct brink_job *job, char **text)
{
    uint64_t length = job->rank == 0 ? strlen(*text) : 0;
    MPI_Bcast(&length, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
    assert(length < INT_MAX); // specifications are far smaller
    brink_err error = BRINK_OK;
    if (job->rank != 0)
        error = brink_alloc(text, length + 1, 1);
    error = brink_cluster_agree(error);
    if (!error)
        MPI_Bcast(*text, (int)length, MPI_CHAR, 0, MPI_COMM_WORLD);
    return error;
}

int brink_cluster_share_count(int count)
{
    MPI_Bcast(&count, 1, MPI_INT, 0, MPI_COMM_WORLD);
    return count;
}
