// SPDX-License-Identifier: MIT
// A job at work on shards: one after the other, whichever is free.
//
// Jobs share nothing but the folder. Each shard has a lease of its own, so a job never waits for
// another, and takes up a shard whose job is lost. Where it begins differs from job to job, so that
// jobs seldom meet.
#include <assert.h>
#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <unistd.h>

#include "brink/base/log.h"
#include "brink/base/memory.h"
#include "brink/cluster/cluster.h"
#include "brink/store/lease.h"
#include "brink/store/store.h"
#include "polite.h"

enum shard_state { SHARD_OPEN, SHARD_DONE, SHARD_TAKEN };

struct round {
    const struct brink_job *job;
    const struct brink_spec *spec;
    const struct brink_sharding *sharding;
    struct brink_run_options options; // of the whole
    double started;                   // brink_clock()
    bool patient;                     // the second round: waits for owners that may be dead
};

// A heartbeat that recent shows a living owner without waiting for the next.
static const double warm_seconds = 5 * BRINK_LEASE_BEAT_S;

static int first_shard(int count)
{
    const char *task = getenv("SLURM_ARRAY_TASK_ID");
    long number = task ? strtol(task, NULL, 10) : (long)getpid();
    return (int)(labs(number) % count);
}

// Of rank 0. A file that cannot be read is open: working on it says why.
static enum shard_state look(const struct brink_spec *shard, const char *path)
{
    struct brink_store *store = NULL;
    struct brink_lease_view lease = {.there = false};
    uint8_t *states = NULL;
    int64_t done = 0;
    assert(shard);
    if (access(path, F_OK) == 0) {
        brink_err error = brink_store_open_read(path, shard, &store);
        if (!error)
            error = brink_alloc(&states, (size_t)shard->grid.tile_count, 1);
        if (!error)
            error = brink_store_states(store, states);
        for (int64_t i = 0; !error && states && i < shard->grid.tile_count; i++)
            done += states[i];
        brink_err late = brink_store_close(&store);
        brink_free(&states);
        if (!error && !late && done == shard->grid.tile_count)
            return SHARD_DONE;
    }
    bool known = brink_lease_view(path, &lease) == BRINK_OK && lease.there;
    bool lives = known && (lease.life == BRINK_LIFE_ALIVE ||
                           (lease.life == BRINK_LIFE_UNKNOWN && lease.age < warm_seconds));
    return lives ? SHARD_TAKEN : SHARD_OPEN;
}

// Collective.
static brink_err work_on(const struct round *round, int index, enum shard_state *state)
{
    struct brink_spec *shard = NULL;
    struct brink_text path = {0};
    struct brink_run_options options = round->options;
    int seen = SHARD_OPEN;
    brink_shard_path(round->options.path, round->sharding->count, index, &path);
    brink_err error = path.error;
    if (!error)
        error = brink_shard_spec(round->spec, round->sharding, index, &shard);
    error = brink_cluster_agree(error);
    if (error)
        goto done;
    if (round->job->rank == 0)
        seen = (int)look(shard, brink_text_get(&path));
    MPI_Bcast(&seen, 1, MPI_INT, 0, MPI_COMM_WORLD);
    *state = (enum shard_state)seen;
    if (*state != SHARD_OPEN)
        goto done;
    options.path = brink_text_get(&path);
    if (options.time_limit > 0) // what is left of it
        options.time_limit = fmax(options.time_limit - (brink_clock() - round->started), 1e-3);
    options.only_free = !round->patient;
    error = brink_cluster_sweep(round->job, shard, &options);
    *state = error == BRINK_ERR_LOCKED ? SHARD_TAKEN : SHARD_DONE;
    if (error == BRINK_ERR_LOCKED)
        error = BRINK_OK;
done:
    brink_spec_free(&shard);
    brink_text_free(&path);
    return error;
}

static void tell(const struct round *round, int done, int taken)
{
    if (round->job->rank != 0)
        return;
    int count = round->sharding->count;
    if (taken == 0)
        brink_say("%s: all %d shards are complete: brink join %s", round->options.path, count,
                  round->options.path);
    else
        brink_say("%s: %d of %d shards are complete, %d with other jobs: nothing left for this one",
                  round->options.path, done, count, taken);
}

brink_err brink_cluster_shards(const struct brink_job *job, const struct brink_spec *spec,
                               const struct brink_sharding *sharding,
                               const struct brink_run_options *options)
{
    struct round round = {.job = job,
                          .spec = spec,
                          .sharding = sharding,
                          .options = *options,
                          .started = brink_clock()};
    int first = first_shard(sharding->count), done = 0, taken = 0;
    brink_err error = BRINK_OK;
    MPI_Bcast(&first, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (job->rank == 0)
        error = brink_shards_declare(options->path, spec, sharding->count);
    error = brink_cluster_agree(error);
    // First what is free at once, then what a lost job may have left.
    for (int turn = 0; !error && turn < 2 && (turn == 0 || taken > 0); turn++) {
        round.patient = turn == 1;
        done = taken = 0;
        for (int i = 0; !error && i < sharding->count; i++) {
            enum shard_state state = SHARD_OPEN;
            error = work_on(&round, (first + i) % sharding->count, &state);
            done += state == SHARD_DONE;
            taken += state == SHARD_TAKEN;
        }
    }
    if (!error)
        tell(&round, done, taken);
    return error;
}
