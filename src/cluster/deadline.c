// SPDX-License-Identifier: MIT
// The end of the time that a job has: told by the user, or by Slurm.
#include "deadline.h"

#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <time.h>

#include "brink/base/program.h"
#include "brink/base/text.h"
#include "polite.h"

// The margin: for running tiles to end, for the file to be closed, for the script to requeue.
static const double margin_max = 120, margin_share = 1.0 / 8;

// Slurm sets it since 23.02; seconds since 1970. 0: not known.
static double left_by_environment(void)
{
    const char *text = getenv("SLURM_JOB_END_TIME");
    double end = text ? strtod(text, NULL) : 0;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return end > 0 ? fmax(end - (double)now.tv_sec, 1) : 0;
}

static double left_by_squeue(void)
{
    static const double patience = 5;
    const char *id = getenv("SLURM_JOB_ID");
    char program[] = "squeue", heading[] = "--noheader", which[] = "--jobs", what[] = "--format=%L";
    char job[24] = "", answer[64];
    char *const arguments[] = {program, heading, which, job, what, NULL};
    if (!id || !id[0])
        return 0;
    for (size_t i = 0; id[i] && i + 1 < sizeof job; i++)
        job[i] = id[i];
    if (brink_ask_program(arguments, patience, answer, sizeof answer) != 0)
        return 0;
    return brink_time_seconds(answer); // "UNLIMITED", "INVALID": 0
}

struct brink_deadline brink_deadline_find(double limit)
{
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    double left = limit;
    if (rank == 0 && left <= 0)
        left = left_by_environment();
    if (rank == 0 && left <= 0)
        left = left_by_squeue();
    MPI_Bcast(&left, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    if (left <= 0)
        return (struct brink_deadline){HUGE_VAL, HUGE_VAL};
    double end = brink_clock() + left, margin = fmin(margin_max, margin_share * left);
    return (struct brink_deadline){end - margin, end - margin / 3};
}
