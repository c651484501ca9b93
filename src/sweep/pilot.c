// SPDX-License-Identifier: MIT
// What a sweep will cost: runs of neighbouring cells, drawn evenly over the grid, computed and
// timed as a sweep computes them.
//
// Costs of cells differ 1e4-fold, by region. So the places are not drawn independently but are the
// points of a sequence that fills the unit cube evenly (Roberts' R sequence: the multiples of the
// powers of 1/phi, where phi^(d+1) = phi + 1), shifted at random; each replicate has a shift of its
// own (Cranley and Patterson), so that replicates are independent and their scatter tells the
// error.
#include "brink/sweep/pilot.h"

#include <math.h>
#include <omp.h>
#include <time.h>

#include "brink/base/random.h"
#include "brink/sweep/stream.h"

enum { PIECE_CELLS = 8 }; // along the last axis: what a row of cells shares counts as in a sweep

struct pilot_run {
    const struct brink_spec *spec;
    struct brink_plan plan;
    struct brink_stream *stream;
    struct brink_columns columns;
    double step[BRINK_RANK_MAX];  // of the sequence, along each axis
    double shift[BRINK_RANK_MAX]; // of this replicate
    int64_t next, end;            // pieces of this replicate
    bool finished;
    double late; // core_clock() at which it is given up
    struct brink_pulse pulse;
    int64_t cells, steps; // done by this call
};

// The CPU time of all threads: other programs on this machine do not count.
static double core_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void find_steps(int dimensions, double step[])
{
    double phi = 2;
    for (int turn = 0; turn < 50; turn++) { // Newton
        double power = 1;
        for (int i = 0; i < dimensions; i++)
            power *= phi;
        phi -= (power * phi - phi - 1) / ((dimensions + 1) * power - 1);
    }
    for (int i = 0; i < dimensions; i++)
        step[i] = i == 0 ? 1 / phi : step[i - 1] / phi;
}

static struct brink_tile piece(const struct pilot_run *run, int64_t number)
{
    const struct brink_grid *grid = &run->spec->grid;
    struct brink_tile tile = {.number = 0, .cells = 1};
    for (int axis = 0; axis < grid->rank; axis++) {
        int64_t length =
            axis == grid->rank - 1 && grid->tile[axis] >= PIECE_CELLS ? PIECE_CELLS : 1;
        double place = run->shift[axis] + (double)number * run->step[axis];
        place -= floor(place);
        tile.start[axis] = (int64_t)(place * (double)(grid->size[axis] - length + 1));
        tile.count[axis] = length;
        tile.cells *= length;
    }
    return tile;
}

static void collect(struct pilot_run *run)
{
    struct brink_tile tile;
    int64_t tag;
    while (brink_stream_pop(run->stream, &run->columns, &tile, &tag)) {
        run->cells += tile.cells;
        run->steps += run->columns.steps;
    }
}

static void beat(void *context)
{
    struct pilot_run *run = context;
    if (core_clock() > run->late)
        atomic_store_explicit(&run->pulse.abandon, true, memory_order_relaxed);
    collect(run);
    while (run->next < run->end) {
        struct brink_tile tile = piece(run, run->next);
        if (!brink_stream_push(run->stream, &tile, 0))
            return;
        run->next++;
    }
    if (!run->finished) {
        run->finished = true;
        brink_stream_finish(run->stream);
    }
}

// Computes `pieces` more of the replicate whose first `done` are computed.
static brink_err compute(struct pilot_run *run, int64_t done, int64_t pieces)
{
    brink_err error = brink_stream_open(&run->plan, 1, &run->stream);
    if (error)
        return error;
    run->next = done;
    run->end = done + pieces;
    run->finished = false;
    run->cells = run->steps = 0;
    run->pulse = (struct brink_pulse){.beat = beat, .context = run};
    beat(run);
    bool complete = brink_stream_work(run->stream, &run->pulse);
    collect(run);
    brink_stream_close(&run->stream);
    if (!complete)
        return brink_fail(BRINK_ERR_USAGE, "the cells drawn take too long for a pilot: give it "
                                           "more --seconds");
    return BRINK_OK;
}

// Rounds of all replicates, each round twice as long as the one before: the last ones, where the
// lanes are full most of the time, weigh most.
static brink_err sample(struct pilot_run *run, double seconds, uint64_t seed,
                        struct brink_pilot *pilot)
{
    double spent[BRINK_PILOT_REPLICATES] = {0};
    int64_t cells[BRINK_PILOT_REPLICATES] = {0}, steps[BRINK_PILOT_REPLICATES] = {0};
    brink_err error = BRINK_OK;
    int64_t done = 0;
    for (int64_t pieces = 1;
         !error && pilot->seconds < seconds / 2 && pilot->cells < run->spec->grid.cell_count;
         pieces *= 2) {
        for (int i = 0; !error && i < BRINK_PILOT_REPLICATES; i++) {
            struct brink_random_key key = {seed, (uint64_t)i, BRINK_PURPOSE_PILOT};
            for (int axis = 0; axis < run->spec->grid.rank; axis++)
                run->shift[axis] = brink_random_uniform(&key, (uint32_t)axis);
            double start = core_clock();
            error = compute(run, done, pieces);
            double took = core_clock() - start;
            spent[i] += took;
            cells[i] += run->cells;
            steps[i] += run->steps;
            pilot->seconds += took;
            pilot->cells += run->cells;
        }
        done += pieces;
    }
    for (int i = 0; !error && i < BRINK_PILOT_REPLICATES; i++) {
        pilot->cell_seconds[i] = spent[i] / (double)cells[i];
        pilot->cell_steps[i] = (double)steps[i] / (double)cells[i];
    }
    return error;
}

brink_err brink_pilot_run(const struct brink_spec *spec, double seconds, uint64_t seed,
                          struct brink_pilot *pilot)
{
    static const double patience = 20; // times what was asked for
    struct pilot_run run = {.spec = spec, .late = core_clock() + patience * seconds};
    *pilot = (struct brink_pilot){.cells = 0};
    find_steps(spec->grid.rank, run.step);
    omp_set_num_threads(1);
    brink_err error = brink_plan_open(&run.plan, spec);
    if (!error)
        error = brink_columns_open(&run.columns, spec);
    if (!error)
        error = sample(&run, seconds, seed, pilot);
    brink_columns_close(&run.columns);
    brink_plan_close(&run.plan);
    return error;
}

struct brink_interval brink_pilot_interval(const double replicate[BRINK_PILOT_REPLICATES])
{
    static const double student = 2.365; // 97.5 % quantile of Student's t, 7 degrees of freedom
    const double count = BRINK_PILOT_REPLICATES;
    double mean = 0, squares = 0;
    for (int i = 0; i < BRINK_PILOT_REPLICATES; i++)
        mean += replicate[i] / count;
    for (int i = 0; i < BRINK_PILOT_REPLICATES; i++)
        squares += (replicate[i] - mean) * (replicate[i] - mean);
    double half = student * sqrt(squares / (count * (count - 1)));
    return (struct brink_interval){mean > half ? mean - half : 0, mean, mean + half};
}
