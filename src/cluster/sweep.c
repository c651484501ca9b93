// SPDX-License-Identifier: MIT
// A sweep over all ranks: take the lease, create or resume the file, work, close.
#include <assert.h>
#include <limits.h>
#include <mpi.h>
#include <unistd.h>

#include "brink/base/log.h"
#include "brink/base/memory.h"
#include "claim.h"
#include "guard.h"
#include "polite.h"
#include "stop.h"
#include "work.h"

// What a batch should be worth: far above what messages cost, small against a tail of the sweep.
static const double batch_seconds = 0.5;

// While the main thread is busy elsewhere; see guard.h. Independent.
static struct brink_guard *guard(const struct brink_work *work,
                                 const struct brink_run_options *options, double seconds)
{
    struct brink_guard *started = NULL;
    struct brink_lease *beaten = work->job->rank == 0 ? work->lease : NULL;
    brink_err error = brink_guard_start(options->path, beaten, seconds, work->job->rank, &started);
    if (error)
        brink_work_die(error);
    return started;
}

static brink_err check_kernel(struct brink_store *store, const struct brink_run_options *options)
{
    brink_err error = brink_store_check_kernel(store);
    if (error != BRINK_ERR_MISMATCH || !options->allow_kernel_change)
        return error;
    brink_say("%s; going on, and /runs says so", brink_error_note());
    return BRINK_OK;
}

// Rank 0 makes the file if there is none, and looks whether it is the right one and whole. What can
// be wrong with it shows here, before the other ranks are involved. Collective.
static brink_err make_file(const struct brink_work *work, const struct brink_run_options *options)
{
    const struct brink_spec *spec = work->spec;
    brink_err error = BRINK_OK;
    if (work->job->rank == 0) {
        struct brink_store *store = NULL;
        struct brink_guard *creating = guard(work, options, 0);
        if (access(options->path, F_OK) != 0)
            error = brink_store_create(options->path, spec);
        else
            brink_store_clear(options->path); // a draft of it may have kept its first name
        if (error == BRINK_ERR_USAGE)         // it is the axes that make it too large for the disk
            error = brink_fail(error, "%s:%d:%d: axes: %s", spec->source, spec->axes_line,
                               spec->axes_column, brink_error_note());
        if (!error)
            error = brink_store_open_read(options->path, spec, &store);
        if (!error)
            error = check_kernel(store, options);
        brink_err late = brink_store_close(&store);
        error = error ? error : late;
        brink_guard_end(&creating);
    }
    return brink_cluster_agree(error);
}

// From here to brink_store_close an error on one rank ends the job: the file is open on all.
// Collective. The hint keeps ROMIO from reading and rewriting what lies between our pieces.
static void open_file(struct brink_work *work, const struct brink_run_options *options)
{
    MPI_Info info;
    MPI_Info_create(&info);
    MPI_Info_set(info, "romio_ds_write", "disable");
    struct brink_guard *opening = guard(work, options, brink_guard_open_seconds());
    brink_err error =
        options->allow_kernel_change
            ? brink_store_open_any_kernel(options->path, work->spec, MPI_COMM_WORLD, info,
                                          &work->store)
            : brink_store_open(options->path, work->spec, MPI_COMM_WORLD, info, &work->store);
    brink_guard_end(&opening);
    if (error)
        brink_work_die(error);
    MPI_Info_free(&info);
}

// Reads back this rank's share of the tiles marked done: states[] of damaged ones become 0, the
// verdicts of the others are counted. Independent.
static void check_share(struct brink_work *work, uint8_t *states, int64_t counts[])
{
    const struct brink_grid *grid = &work->spec->grid;
    for (int64_t number = work->job->rank; number < grid->tile_count; number += work->job->ranks) {
        if (!states[number])
            continue;
        struct brink_tile tile = brink_grid_tile(grid, number);
        bool intact = false;
        brink_err error = brink_store_get(work->store, &tile, &work->columns, &intact);
        if (error)
            brink_work_die(error);
        states[number] = intact;
        for (int i = 0; intact && i < BRINK_STATUS_MAX; i++)
            counts[i] += work->columns.status_count[i];
    }
}

// Tells every rank which tiles are done and intact: states[tile_count]. Collective.
static void agree_on_states(struct brink_work *work, uint8_t *states, int64_t counts[])
{
    int count = (int)work->spec->grid.tile_count;
    int64_t marked = 0, intact = 0, cells = 0;
    assert(states); // one for each tile
    brink_err error = work->job->rank == 0 ? brink_store_states(work->store, states) : BRINK_OK;
    if (error)
        brink_work_die(error);
    MPI_Bcast(states, count, MPI_UINT8_T, 0, MPI_COMM_WORLD);
    for (int i = 0; i < count; i++)
        marked += states[i];
    check_share(work, states, counts);
    brink_polite_barrier();
    MPI_Allreduce(MPI_IN_PLACE, states, count, MPI_UINT8_T, MPI_MIN, MPI_COMM_WORLD);
    MPI_Allreduce(MPI_IN_PLACE, counts, BRINK_STATUS_MAX, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    for (int i = 0; i < count; i++)
        intact += states[i];
    for (int i = 0; i < BRINK_STATUS_MAX; i++)
        cells += counts[i];
    if (work->job->rank == 0 && marked > 0)
        brink_say("resuming: %" PRId64 " of %d tiles are done and intact, %" PRId64
                  " cells (%.1f %%)",
                  intact, count, cells, 100 * (double)cells / (double)work->spec->grid.cell_count);
    if (work->job->rank == 0 && marked > intact)
        brink_say("%" PRId64 " tile%s damaged: computed again", marked - intact,
                  marked - intact == 1 ? " is" : "s are");
}

// Puts into work->todo the tiles still to do, coarse to fine. Collective.
static void make_todo(struct brink_work *work, uint8_t *states, int64_t counts[])
{
    agree_on_states(work, states, counts);
    // Not before there is a file: one that is too large is refused at once.
    brink_grid_order(&work->spec->grid, work->todo);
    for (int64_t i = 0; i < work->spec->grid.tile_count; i++)
        if (!states[work->todo[i]])
            work->todo[work->todo_count++] = work->todo[i];
}

static void tell_start(const struct brink_work *work, const char *path)
{
    const struct brink_grid *grid = &work->spec->grid;
    const struct brink_job *job = work->job;
    brink_say("%s: %" PRId64 " cells in %" PRId64 " tiles, %s", path, grid->cell_count,
              grid->tile_count, job->isa);
    brink_say("%d rank%s x %d thread%s on %d node%s, %d CPU%s for each rank", job->ranks,
              job->ranks == 1 ? "" : "s", job->threads, job->threads == 1 ? "" : "s", job->nodes,
              job->nodes == 1 ? "" : "s", job->cpus, job->cpus == 1 ? "" : "s");
    if (job->crowded > 0)
        brink_say("warning: threads share CPUs on %d node%s: fewer ranks or --threads, or another "
                  "binding (srun: --cpus-per-task; mpirun: --bind-to none)",
                  job->crowded, job->crowded == 1 ? "" : "s");
}

static brink_err start_schedule(struct brink_work *work)
{
    int64_t last_stage = 0;
    brink_err error =
        brink_alloc(&work->coarser, (size_t)work->todo_count, sizeof work->coarser[0]);
    if (!error)
        error =
            brink_alloc(&work->orders_made, (size_t)work->job->ranks, sizeof work->orders_made[0]);
    if (!error)
        error = brink_grid_coarser(&work->spec->grid, work->todo, work->todo_count, work->coarser,
                                   &last_stage);
    if (!error)
        error = brink_schedule_init(&work->schedule, work->todo_count, work->coarser, last_stage,
                                    work->job->ranks, batch_seconds);
    return error;
}

// Rank 0's part around the work: its row in /runs, the schedule, words. Returns the outcome.
static brink_err lead(struct brink_work *work, const struct brink_run_options *options,
                      const int64_t counts[])
{
    brink_err error = brink_journal_begin(&work->journal, work->store, work->job,
                                          work->spec->grid.tile_count - work->todo_count);
    if (error)
        brink_work_die(error);
    tell_start(work, options->path);
    error = start_schedule(work);
    if (error)
        brink_work_die(error);
    brink_progress_start(&work->progress, work->spec, options->report_seconds);
    for (int i = 0; i < BRINK_STATUS_MAX; i++) {
        work->progress.status_count[i] = counts[i];
        work->progress.cells_before += counts[i];
    }
    brink_work_run(work);
    brink_err outcome = BRINK_OK;
    if (work->schedule.done_count < work->todo_count)
        outcome = brink_fail(BRINK_ERR_STOPPED,
                             "%s: stopped early; the same command goes on from "
                             "here",
                             options->path);
    brink_progress_end(&work->progress, options->path);
    brink_work_check_lease(work, 0);
    error = brink_journal_end(&work->journal, work->store, work->schedule.done_count, outcome);
    if (error)
        brink_work_die(error);
    return outcome;
}

static void find_complete(struct brink_work *work, const char *path)
{
    brink_say("%s is complete: nothing to do", path);
    brink_err error = brink_journal_settle(work->store);
    if (error)
        brink_work_die(error);
}

// From open to close. Collective.
static brink_err sweep_file(struct brink_work *work, const struct brink_run_options *options,
                            uint8_t *states)
{
    int64_t counts[BRINK_STATUS_MAX] = {0};
    brink_err outcome = BRINK_OK;
    open_file(work, options);
    struct brink_guard *checking = guard(work, options, 0);
    make_todo(work, states, counts);
    brink_plan_keep_at(&work->plan, options->path);
    brink_guard_end(&checking);
    if (work->todo_count > 0 && work->job->rank == 0)
        outcome = lead(work, options, counts);
    else if (work->todo_count > 0)
        brink_work_run(work);
    else if (work->job->rank == 0)
        find_complete(work, options->path);
    outcome = brink_cluster_agree(outcome);
    struct brink_guard *closing = guard(work, options, 0);
    brink_err late = brink_store_close(&work->store);
    if (late)
        brink_work_die(late);
    brink_polite_barrier(); // the lease stays until no rank writes any more
    brink_guard_end(&closing);
    return outcome;
}

// All that can fail without a file: memory, the model's own preparation. Independent.
static brink_err prepare(struct brink_work *work, uint8_t **states)
{
    const struct brink_grid *grid = &work->spec->grid;
    if (grid->tile_count > INT_MAX)
        return brink_fail(BRINK_ERR_USAGE, "%" PRId64 " tiles are too many: make `tile` larger",
                          grid->tile_count);
    brink_err error = brink_columns_open(&work->columns, work->spec);
    if (!error)
        error = brink_plan_open(&work->plan, work->spec);
    if (!error)
        error = brink_stream_open(&work->plan, work->job->threads, &work->stream);
    if (!error)
        error = brink_alloc(states, (size_t)grid->tile_count, 1);
    if (!error)
        error = brink_alloc(&work->todo, (size_t)grid->tile_count, sizeof work->todo[0]);
    return error;
}

static brink_err check_stop_file(const struct brink_run_options *options)
{
    if (access(options->stop_file, F_OK) != 0)
        return BRINK_OK;
    return brink_fail(BRINK_ERR_STOPPED, "%s is there, so nothing runs: remove it to go on",
                      options->stop_file);
}

brink_err brink_cluster_sweep(const struct brink_job *job, const struct brink_spec *spec,
                              const struct brink_run_options *options)
{
    struct brink_work work = {.job = job,
                              .spec = spec,
                              .commit_seconds = options->commit_seconds,
                              .stop_file = options->stop_file};
    uint8_t *states = NULL;
    work.deadline = brink_deadline_find(options->time_limit);
    brink_err error = prepare(&work, &states);
    if (!error && job->rank == 0)
        error = check_stop_file(options);
    error = brink_cluster_agree(error);
    if (!error)
        error = brink_claim(job, options, &work.lease);
    if (!error)
        error = make_file(&work, options);
    if (!error)
        error = sweep_file(&work, options, states);
    brink_lease_close(&work.lease);
    brink_free(&states);
    brink_free(&work.todo);
    brink_free(&work.coarser);
    brink_free(&work.orders_made);
    brink_schedule_free(&work.schedule);
    brink_stream_close(&work.stream);
    brink_plan_close(&work.plan);
    brink_columns_close(&work.columns);
    return error;
}
