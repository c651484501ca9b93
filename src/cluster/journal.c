// SPDX-License-Identifier: MIT
// The row of this start in /runs: who works, since when, how far it came, how it ended.
#include "journal.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "brink/base/build.h"
#include "brink/base/elementary.h"

// For people: nothing is decided by this clock, which may jump.
static double wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static const char *job_id(void)
{
    const char *id = getenv("SLURM_JOB_ID");
    return id ? id : "";
}

static void describe(struct brink_run *run, const struct brink_job *job, int64_t tiles_before)
{
    *run = (struct brink_run){.start_time = wall_clock(),
                              .end_time = brink_from_bits(BRINK_NAN_BITS),
                              .ranks = job->ranks,
                              .threads = job->threads,
                              .kernel_version = BRINK_KERNEL_VERSION,
                              .exit_code = BRINK_RUN_RUNNING,
                              .tiles_before = tiles_before};
    char library[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;
    MPI_Get_library_version(library, &length);
    library[strcspn(library, ",\n")] = '\0';
    gethostname(run->host, sizeof run->host - 1);
    snprintf(run->job_id, sizeof run->job_id, "%s", job_id());
    snprintf(run->isa, sizeof run->isa, "%s", job->isa);
    snprintf(run->commit, sizeof run->commit, "%s", brink_build()->commit);
    snprintf(run->mpi, sizeof run->mpi, "%.*s", (int)sizeof run->mpi - 1, library);
    snprintf(run->hdf5, sizeof run->hdf5, "%s", brink_store_library());
}

// Marks a start before this one that came to no end of its own.
static brink_err settle_row_before(struct brink_store *store, int32_t row)
{
    struct brink_run before;
    brink_err error = brink_store_run_read(store, row, &before);
    if (error || before.exit_code != BRINK_RUN_RUNNING)
        return error;
    before.exit_code = BRINK_RUN_CUT_OFF;
    return brink_store_run_write(store, row, &before);
}

brink_err brink_journal_settle(struct brink_store *store)
{
    int32_t count = 0;
    brink_err error = brink_store_run_count(store, &count);
    return error || count == 0 ? error : settle_row_before(store, count - 1);
}

brink_err brink_journal_begin(struct brink_journal *journal, struct brink_store *store,
                              const struct brink_job *job, int64_t tiles_before)
{
    describe(&journal->run, job, tiles_before);
    brink_err error = brink_store_run_count(store, &journal->row);
    if (error)
        return error;
    if (journal->row >= BRINK_RUNS_MAX)
        journal->row = BRINK_RUNS_MAX - 1;
    else if (journal->row > 0)
        error = settle_row_before(store, journal->row - 1);
    return error ? error : brink_store_run_write(store, journal->row, &journal->run); // and syncs
}

brink_err brink_journal_commit(struct brink_journal *journal, struct brink_store *store,
                               int64_t tiles_done)
{
    journal->run.end_time = wall_clock();
    journal->run.tiles_done = tiles_done;
    return brink_store_run_write(store, journal->row, &journal->run);
}

brink_err brink_journal_end(struct brink_journal *journal, struct brink_store *store,
                            int64_t tiles_done, brink_err outcome)
{
    journal->run.exit_code = brink_exit_code(outcome);
    // Again: a job that was robbed may have written its row once more before it noticed.
    brink_err error = journal->row > 0 ? settle_row_before(store, journal->row - 1) : BRINK_OK;
    return error ? error : brink_journal_commit(journal, store, tiles_done);
}
