// SPDX-License-Identifier: MIT
// The only floor that talks MPI: start, agree, and the sweep over all ranks.
#ifndef BRINK_CLUSTER_CLUSTER_H
#define BRINK_CLUSTER_CLUSTER_H

#include <stdbool.h>

#include "brink/base/error.h"
#include "brink/sweep/shard.h"
#include "brink/sweep/spec.h"

struct brink_job {
    int rank, ranks;
    int threads; // OpenMP threads of this rank
    int cpus;    // that it may run on
    // Rank 0 knows of all:
    int nodes;
    int crowded;  // nodes where there are more threads than CPUs to run them
    char isa[32]; // the instruction sets of all kernels: "avx512", or "avx512, avx2"
};

// MPI_Init_thread (FUNNELED; only the main thread does MPI) with what Open MPI needs set before.
// Works alone, under mpirun and under srun. BRINK_ERR_USAGE if srun started several tasks that do
// not see each other. Collective; MPI is started even on failure.
brink_err brink_cluster_start(int *argc, char ***argv, struct brink_job *job) BRINK_CHECKED;

// While nothing is at stake and the program waits for a person: SIGINT, SIGTERM and SIGUSR1 end it
// at once. Otherwise they leave a wish to stop. Independent.
void brink_cluster_mortal(bool mortal);

// Sets the OpenMP threads of this rank: `threads` > 0, else OMP_NUM_THREADS, SLURM_CPUS_PER_TASK,
// or a fair share of the CPUs this rank may run on. Fills the rest of *job: after
// brink_lanes_select. Collective.
void brink_cluster_threads(struct brink_job *job, int threads);

// Ends MPI. Collective; after a success or an error that all ranks share.
void brink_cluster_end(void);

// The code of the lowest failing rank, for every rank, with its note. Collective.
brink_err brink_cluster_agree(brink_err mine) BRINK_CHECKED;

// Rank 0's *text (not NULL there) for every rank; owned by the caller. Collective.
brink_err brink_cluster_share(const struct brink_job *job, char **text) BRINK_CHECKED;

// Rank 0's number for every rank. Collective.
int brink_cluster_share_count(int count);

struct brink_run_options {
    const char *path;         // of the result
    double report_seconds;    // between progress lines in a log
    double commit_seconds;    // between fdatasyncs of a rank
    double time_limit;        // s from now; 0: what the batch system says, if anything
    const char *stop_file;    // as long as it exists nothing runs
    bool only_free;           // leave a file alone whose owner may be alive
    bool steal_lease;         // take the file from whoever writes it
    bool allow_kernel_change; // go on in a file of another kernel version
};

// Runs the sweep to its end, or until SIGINT, SIGTERM, SIGUSR1, the end of the job's time, or the
// appearance of the stop file (BRINK_ERR_STOPPED), creating `path` or going on where it stopped.
// Collective. BRINK_ERR_LOCKED if another job writes it. All
// ranks return the same code; on an I/O error, or if another job takes the file, in mid-run the
// whole job ends here, with its exit code and one message.
brink_err brink_cluster_sweep(const struct brink_job *job, const struct brink_spec *spec,
                              const struct brink_run_options *options) BRINK_CHECKED;

// Works on shards of the sweep, one after the other, as many as are free: those that no other job
// works on. options->path is that of the whole result, beside which they lie. BRINK_OK when there
// is nothing left that this job could do: all shards are done, or with other jobs that live.
// Collective; else as brink_cluster_sweep.
brink_err brink_cluster_shards(const struct brink_job *job, const struct brink_spec *spec,
                               const struct brink_sharding *sharding,
                               const struct brink_run_options *options) BRINK_CHECKED;

#endif
