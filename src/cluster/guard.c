// SPDX-License-Identifier: MIT
// A thread that shows heartbeats and ends a job that hangs, while the main thread is inside a call.
//
// It must not talk MPI (only the main thread may), so it ends its process without MPI's leave;
// every rank has such a thread, and launchers end a job one of whose ranks ends like that.
#include "guard.h"

#include <libgen.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "brink/base/log.h"
#include "brink/base/memory.h"
#include "brink/base/text.h"
#include "polite.h"
#include "quiet.h"

struct brink_guard {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool end; // under the mutex
    const char *path;
    struct brink_lease *lease;
    double seconds;
    int rank;
};

double brink_guard_open_seconds(void)
{
    const char *text = getenv("BRINK_OPEN_TIMEOUT");
    double seconds = text ? strtod(text, NULL) : 0;
    return seconds > 0 ? seconds : 300;
}

static void give_up(const struct brink_guard *guard)
{
    struct brink_text copy = {0}; // basename() may write into its argument
    const struct timespec moment = {.tv_sec = 2};
    if (guard->rank == 0) {
        brink_text_add(&copy, "%s", guard->path);
        const char *name = copy.data ? basename(copy.data) : "NAME";
        brink_say_error("%s: opening it took more than %g s: given up. Either the file system or a "
                        "rank hangs, or it is a known trap of Open MPI: a process that died inside "
                        "an open leaves a semaphore on its node, /dev/shm/sem.OMPIO_%s, for which "
                        "all later ones wait. Remove it there, and leave out OMPI_MCA_io=ompio. "
                        "Every finished tile is safe, run again to resume",
                        guard->path, guard->seconds, name);
    } else {
        nanosleep(&moment, NULL); // the leading rank speaks first
    }
    _exit(brink_exit_code(BRINK_ERR_IO));
}

static void *watch(void *context)
{
    struct brink_guard *guard = context;
    double start = brink_clock(), beaten = start;
    pthread_mutex_lock(&guard->mutex);
    while (!guard->end) {
        double wake = beaten + BRINK_LEASE_BEAT_S;
        if (guard->seconds > 0 && start + guard->seconds < wake)
            wake = start + guard->seconds;
        struct timespec time = {.tv_sec = (time_t)wake};
        time.tv_nsec = (long)(1e9 * (wake - (double)time.tv_sec));
        (void)pthread_cond_timedwait(&guard->ended, &guard->mutex, &time);
        double now = brink_clock();
        if (guard->end)
            break;
        if (guard->seconds > 0 && now - start >= guard->seconds)
            give_up(guard);
        if (now - beaten < BRINK_LEASE_BEAT_S)
            continue;
        beaten = now;
        brink_err error = guard->lease ? brink_lease_beat(guard->lease) : BRINK_OK;
        if (error) // the main thread will see for itself
            guard->lease = NULL;
    }
    pthread_mutex_unlock(&guard->mutex);
    return NULL;
}

brink_err brink_guard_start(const char *path, struct brink_lease *lease, double seconds, int rank,
                            struct brink_guard **guard)
{
    struct brink_guard *made = NULL;
    pthread_condattr_t monotonic;
    *guard = NULL;
    brink_err error = brink_alloc(&made, 1, sizeof *made);
    if (error)
        return error;
    made->path = path;
    made->lease = lease;
    made->seconds = seconds;
    made->rank = rank;
    pthread_mutex_init(&made->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&made->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    error = brink_quiet_thread(&made->thread, watch, made);
    if (error)
        brink_free(&made);
    *guard = made;
    return error;
}

void brink_guard_end(struct brink_guard **guard)
{
    if (!*guard)
        return;
    pthread_mutex_lock(&(*guard)->mutex);
    (*guard)->end = true;
    pthread_cond_signal(&(*guard)->ended);
    pthread_mutex_unlock(&(*guard)->mutex);
    pthread_join((*guard)->thread, NULL);
    pthread_cond_destroy(&(*guard)->ended);
    pthread_mutex_destroy(&(*guard)->mutex);
    brink_free(guard);
}
