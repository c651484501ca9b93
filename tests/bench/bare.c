// SPDX-License-Identifier: MIT
// A sweep without MPI and HDF5: the same cells through the same stream on OpenMP threads, results
// gathered and dropped. What `brink run` takes beyond this is MPI, HDF5 and the schedule.
//
//   bare SPEC.yaml THREADS [KEY=VALUE ...]   prints its seconds and cell-steps
#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "brink/base/memory.h"
#include "brink/dynamics/lanes.h"
#include "brink/sweep/plan.h"
#include "brink/sweep/stream.h"

struct sweep {
    struct brink_spec *spec;
    struct brink_plan plan;
    struct brink_columns columns;
    struct brink_stream *stream;
    int64_t *order; // of the tiles, as `brink run` takes them
    int64_t pushed, steps;
    double beaten;
    bool finished;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// Takes complete tiles out and puts new ones in, every 100 us like `brink run`.
static void beat(void *context)
{
    struct sweep *sweep = context;
    const struct brink_grid *grid = &sweep->spec->grid;
    struct brink_tile tile;
    int64_t tag;
    if (omp_get_thread_num() != 0 || now() - sweep->beaten < 100e-6)
        return;
    sweep->beaten = now();
    while (brink_stream_pop(sweep->stream, &sweep->columns, &tile, &tag))
        sweep->steps += sweep->columns.steps;
    for (bool room = true; room && sweep->pushed < grid->tile_count;) {
        tile = brink_grid_tile(grid, sweep->order[sweep->pushed]);
        room = brink_stream_push(sweep->stream, &tile, 0);
        sweep->pushed += room;
    }
    if (sweep->pushed == grid->tile_count && !sweep->finished) {
        sweep->finished = true;
        brink_stream_finish(sweep->stream);
    }
}

static brink_err run(struct sweep *sweep, int threads, double *seconds)
{
    brink_err error = brink_plan_open(&sweep->plan, sweep->spec);
    if (!error)
        error = brink_columns_open(&sweep->columns, sweep->spec);
    if (!error)
        error = brink_stream_open(&sweep->plan, threads, &sweep->stream);
    if (!error)
        error = brink_alloc(&sweep->order, (size_t)sweep->spec->grid.tile_count,
                            sizeof sweep->order[0]);
    if (error)
        return error;
    brink_grid_order(&sweep->spec->grid, sweep->order);
    struct brink_pulse pulse = {.beat = beat, .context = sweep};
    struct brink_tile tile;
    int64_t tag;
    double begin = now();
    beat(sweep);
    (void)brink_stream_work(sweep->stream, &pulse);
    while (brink_stream_pop(sweep->stream, &sweep->columns, &tile, &tag))
        sweep->steps += sweep->columns.steps;
    *seconds = now() - begin;
    return BRINK_OK;
}

int main(int argc, char **argv)
{
    struct sweep sweep = {.spec = NULL};
    int threads = argc > 2 ? atoi(argv[2]) : 0;
    double seconds = 0;
    if (threads < 1) {
        fprintf(stderr, "usage: bare SPEC.yaml THREADS [KEY=VALUE ...]\n");
        return 2;
    }
    omp_set_num_threads(threads);
    brink_err error = brink_lanes_select(NULL);
    if (!error)
        error = brink_spec_read(argv[1], argc - 3, argv + 3, &sweep.spec);
    if (!error)
        error = run(&sweep, threads, &seconds);
    if (error)
        fprintf(stderr, "bare: %s\n", brink_error_note());
    else
        printf("%.6f %" PRId64 "\n", seconds, sweep.steps);
    brink_free(&sweep.order);
    brink_stream_close(&sweep.stream);
    brink_columns_close(&sweep.columns);
    brink_plan_close(&sweep.plan);
    brink_spec_free(&sweep.spec);
    return brink_exit_code(error);
}
