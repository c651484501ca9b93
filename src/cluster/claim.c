// SPDX-License-Identifier: MIT
// One writer: rank 0 takes the lease of the result, waiting for the death of an owner if need be.
#include "claim.h"

#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

#include "brink/base/log.h"
#include "polite.h"
#include "stop.h"

// Before a wait, and now and then during it: `said` is how long it was at the last line, in s.
static void tell_waiting(const char *path, const char *owner, double waited, double *said)
{
    static const double again_seconds = 15;
    double left = BRINK_OWNER_PATIENCE_S - waited;
    left = left > 0 ? left : 0;
    if (*said < 0 || (!brink_say_terminal() && waited - *said >= again_seconds)) {
        *said = waited;
        brink_say("%s: has a lease of %s: waiting up to %.0f s for a sign of life "
                  "(--steal-lease does not wait)",
                  path, owner, left);
    }
    brink_say_live("%s: waiting for a sign of life of %s: %.0f s", path, owner, left);
}

static void tell_taken(const struct brink_run_options *options, const char *before)
{
    if (before[0] && options->steal_lease)
        brink_say("%s: taken from %s, as --steal-lease says", options->path, before);
    else if (before[0])
        brink_say("%s: taken over from %s, which is dead", options->path, before);
}

// Rank 0 becomes the one writer, or learns who is. Independent.
static brink_err acquire(struct brink_lease *lease, const struct brink_run_options *options)
{
    const useconds_t moment = 500000;
    double start = brink_clock(), said = -1;
    for (;;) {
        double now = brink_clock();
        bool taken = false;
        brink_err error = brink_lease_try(lease, options->steal_lease, now, &taken);
        if (error)
            return error;
        if (taken) {
            tell_taken(options, brink_lease_seen(lease));
            return BRINK_OK;
        }
        if (brink_stop_wanted())
            return brink_fail(BRINK_ERR_STOPPED, "%s: stopped while waiting for its lease",
                              options->path);
        if (options->only_free)
            return brink_fail(BRINK_ERR_LOCKED, "%s: has a lease of %s", options->path,
                              brink_lease_seen(lease));
        tell_waiting(options->path, brink_lease_seen(lease), now - start, &said);
        usleep(moment);
    }
}

brink_err brink_claim(const struct brink_job *job, const struct brink_run_options *options,
                      struct brink_lease **lease)
{
    struct brink_owner owner = {.token = ""}; // only its token is shared
    brink_err error = BRINK_OK;
    *lease = NULL;
    if (job->rank == 0)
        error = brink_lease_open(options->path, lease);
    if (!error && job->rank == 0)
        error = acquire(*lease, options);
    error = brink_cluster_agree(error);
    if (error)
        return error;
    if (job->rank == 0)
        snprintf(owner.token, sizeof owner.token, "%s", brink_lease_token(*lease));
    MPI_Bcast(owner.token, sizeof owner.token, MPI_CHAR, 0, MPI_COMM_WORLD);
    if (job->rank != 0)
        error = brink_lease_follow(options->path, owner.token, lease);
    return brink_cluster_agree(error);
}
