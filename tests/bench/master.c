// SPDX-License-Identifier: MIT
// What the master spends on a report and its answer, and what a message takes, between two ranks:
// messages of the size of src/cluster/work.c, the schedule itself, over whatever transport mpirun
// is told to use. Prints JSON.
#include <mpi.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "brink/sweep/schedule.h"
#include "work.h"

// OPEN: reports under way at once, so that the master never waits.
enum { ROUNDS = 20000, OPEN = 64, TILES = 1000000, RANKS = 10000 };

struct answer {
    int64_t kind;
    struct brink_batch batch;
};

// Of this rank alone: other programs do not count.
static double core_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void ask(const struct brink_report *report)
{
    size_t bytes =
        offsetof(struct brink_report, done) + (size_t)report->done_count * sizeof report->done[0];
    MPI_Send(report, (int)bytes, MPI_BYTE, 0, 1, MPI_COMM_WORLD);
}

static struct brink_report answered(void)
{
    struct answer answer;
    MPI_Recv(&answer, sizeof answer, MPI_BYTE, 0, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    struct brink_report report = {.done_count = answer.batch.count, .asking = 1};
    report.seconds = (double)answer.batch.count; // a tile takes a second
    for (int64_t i = 0; i < answer.batch.count; i++)
        report.done[i] = (struct brink_done){answer.batch.place[i], 1};
    return report;
}

static void serve(int64_t count)
{
    struct brink_schedule schedule;
    if (brink_schedule_init(&schedule, TILES, NULL, TILES, RANKS, 0.5))
        MPI_Abort(MPI_COMM_WORLD, 3);
    for (int64_t i = 0; i < count; i++) {
        struct brink_report report;
        int waiting = 0;
        while (!waiting)
            MPI_Iprobe(MPI_ANY_SOURCE, 1, MPI_COMM_WORLD, &waiting, MPI_STATUS_IGNORE);
        MPI_Recv(&report, sizeof report, MPI_BYTE, 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        brink_schedule_report(&schedule, report.done, report.done_count, report.returned,
                              report.seconds);
        struct answer answer = {0, brink_schedule_take(&schedule)};
        size_t bytes = offsetof(struct answer, batch.place) +
                       (size_t)answer.batch.count * sizeof answer.batch.place[0];
        MPI_Send(&answer, (int)bytes, MPI_BYTE, 1, 2, MPI_COMM_WORLD);
    }
    brink_schedule_free(&schedule);
}

int main(int argc, char **argv)
{
    int rank, ranks;
    const struct brink_report hello = {.done_count = 0};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (ranks != 2) {
        fprintf(stderr, "master: 2 ranks are needed\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    if (rank == 0) {
        double begin = MPI_Wtime();
        serve(ROUNDS);
        double one_by_one = (MPI_Wtime() - begin) / ROUNDS;
        begin = core_clock();
        serve(ROUNDS);
        double crowded = (core_clock() - begin) / ROUNDS;
        printf("{\"service_s\": %.3g, \"latency_s\": %.3g}\n", crowded, one_by_one / 2);
    } else {
        ask(&hello);
        for (int i = 1; i < ROUNDS; i++) {
            struct brink_report report = answered();
            ask(&report);
        }
        (void)answered();
        for (int i = 0; i < OPEN; i++)
            ask(&hello);
        for (int i = OPEN; i < ROUNDS; i++) {
            struct brink_report report = answered();
            ask(&report);
        }
        for (int i = 0; i < OPEN; i++)
            (void)answered();
    }
    MPI_Finalize();
    return 0;
}
