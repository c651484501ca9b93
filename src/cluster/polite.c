// SPDX-License-Identifier: MIT
// Waiting that leaves the core to others.
#include "polite.h"

#include <mpi.h>
#include <time.h>
#include <unistd.h>

enum { SLEEP_MIN = 20, SLEEP_MAX = 2000 };

void brink_polite_sleep(struct brink_polite *polite)
{
    if (polite->microseconds < SLEEP_MIN)
        polite->microseconds = SLEEP_MIN;
    usleep(polite->microseconds);
    polite->microseconds *= 2;
    if (polite->microseconds > SLEEP_MAX)
        polite->microseconds = SLEEP_MAX;
}

void brink_polite_reset(struct brink_polite *polite)
{
    polite->microseconds = 0;
}

void brink_polite_barrier(void)
{
    MPI_Request request;
    struct brink_polite polite = {0};
    int done = 0;
    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    for (;;) {
        MPI_Test(&request, &done, MPI_STATUS_IGNORE);
        if (done)
            return;
        brink_polite_sleep(&polite);
    }
}

double brink_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
