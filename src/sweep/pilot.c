// SPDX-License-Identifier: MIT
// What a sweep will cost: pieces of rows of cells, drawn evenly over the grid, computed and timed
// as a sweep computes them.
//
// Costs of cells differ 1e4-fold, by region. So the rows are not drawn independently but are at the
// points of a sequence that fills the unit cube evenly (Roberts' R sequence: the multiples of the
// powers of 1/phi, where phi^(d+1) = phi + 1), shifted at random. Replicate i has every 8th of them
// from the i-th on: each is as even, and their scatter tells the error, with room, since all of
// them together are more even than so many drawn independently.
//
// What a cell costs depends on its company: cells of one row fill the same vectors, and the next
// ones wait while slow ones run. So a row comes in many pieces, one after the other, and all that
// is computed at a time is one stream.
#include "brink/sweep/pilot.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "brink/sweep/stream.h"

// Cells of a piece, along the last axis: as many as a vector has lanes. Pieces of a row at most.
enum { PIECE_CELLS = 8, ROW_PIECES_MAX = 64 };

struct pilot_run {
    struct brink_spec spec; // of the caller, which owns it, but for the tiles: those are the pieces
    bool whole;             // or not
    struct brink_plan plan;
    struct brink_stream *stream;
    struct brink_columns columns;
    double step[BRINK_RANK_MAX];  // of the sequence, along each axis
    double shift[BRINK_RANK_MAX]; // of its first point
    // Of this round:
    struct row {
        int64_t start[BRINK_RANK_MAX]; // its place along all axes but the last
        int64_t point;                 // of the sequence
    } * rows;                          // owned, in the order of the grid
    int64_t row_pieces;
    int64_t next, end; // pieces, row by row
    bool finished;
    double beaten; // by CLOCK_MONOTONIC: of the last beat
    double clock;  // core_clock() when a piece was complete last
    double late;   // ... at which it is given up
    struct brink_pulse pulse;
    int64_t cells; // computed, all together
    struct share {
        int64_t cells, steps;
        double seconds;
    } share[BRINK_PILOT_REPLICATES];
};

static const double beat_seconds = 100e-6; // as of a sweep

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// The CPU time of all threads: other programs on this machine do not count.
static double core_clock(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

// Of the sequence along the axes that have more than one place; 0 along the others.
static void find_steps(const struct brink_grid *grid, double step[])
{
    int dimensions = 0;
    for (int axis = 0; axis < grid->rank; axis++)
        dimensions += grid->size[axis] > 1;
    double phi = 2, power = 1;
    for (int turn = 0; dimensions > 0 && turn < 50; turn++) { // Newton
        power = 1;
        for (int i = 0; i < dimensions; i++)
            power *= phi;
        phi -= (power * phi - phi - 1) / ((dimensions + 1) * power - 1);
    }
    power = 1;
    for (int axis = 0; axis < grid->rank; axis++) {
        power /= grid->size[axis] > 1 ? phi : 1;
        step[axis] = grid->size[axis] > 1 ? power : 0;
    }
}

// Of a point of the sequence, along an axis: 0 <= ... < 1.
static double place_of(const struct pilot_run *run, int64_t point, int axis)
{
    double place = run->shift[axis] + (double)point * run->step[axis];
    return place - floor(place);
}

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    for (int axis = 0; axis < BRINK_RANK_MAX; axis++)
        if (a->start[axis] != b->start[axis])
            return a->start[axis] < b->start[axis] ? -1 : 1;
    return a->point < b->point ? -1 : 1;
}

// As many rows, those of all replicates, from point `first` on.
static brink_err find_rows(struct pilot_run *run, int64_t first, int64_t count)
{
    const struct brink_grid *grid = &run->spec.grid;
    brink_free(&run->rows);
    brink_err error = brink_alloc(&run->rows, (size_t)count, sizeof run->rows[0]);
    if (error)
        return error;
    for (int64_t i = 0; i < count; i++) {
        run->rows[i].point = first + i;
        for (int axis = 0; axis < grid->rank - 1; axis++)
            run->rows[i].start[axis] =
                (int64_t)(place_of(run, first + i, axis) * (double)grid->size[axis]);
    }
    qsort(run->rows, (size_t)count, sizeof run->rows[0], compare_rows);
    return BRINK_OK;
}

// The pieces of a row are spread evenly, too, over all it can be cut to.
static struct brink_tile piece(const struct pilot_run *run, int64_t number)
{
    const struct brink_grid *grid = &run->spec.grid;
    const int last = grid->rank - 1;
    struct brink_tile tile = {.number = 0};
    if (run->whole)
        return brink_grid_tile(grid, number);
    const struct row *row = &run->rows[number / run->row_pieces];
    for (int axis = 0; axis < last; axis++) {
        tile.start[axis] = row->start[axis];
        tile.count[axis] = 1;
    }
    double place = (double)(number % run->row_pieces) + place_of(run, row->point, last);
    int64_t which = (int64_t)(place * (double)grid->tiles[last] / (double)run->row_pieces);
    if (which == grid->tiles[last]) // rounded up
        which--;
    tile.start[last] = which * grid->tile[last];
    int64_t left = grid->size[last] - tile.start[last];
    tile.cells = tile.count[last] = grid->tile[last] < left ? grid->tile[last] : left;
    return tile;
}

// The time goes to the replicate whose piece it completes: pieces end about as they began.
static void collect(struct pilot_run *run)
{
    struct brink_tile tile;
    int64_t number;
    while (brink_stream_pop(run->stream, &run->columns, &tile, &number)) {
        int64_t point = run->whole ? 0 : run->rows[number / run->row_pieces].point;
        struct share *share = &run->share[point % BRINK_PILOT_REPLICATES];
        double now = core_clock();
        share->seconds += now - run->clock;
        share->cells += tile.cells;
        run->cells += tile.cells;
        share->steps += run->columns.steps;
        run->clock = now;
    }
}

static void beat(void *context)
{
    struct pilot_run *run = context;
    double now = seconds_of(CLOCK_MONOTONIC);
    if (now - run->beaten < beat_seconds)
        return;
    run->beaten = now;
    if (core_clock() > run->late)
        atomic_store_explicit(&run->pulse.abandon, true, memory_order_relaxed);
    collect(run);
    while (run->next < run->end) {
        struct brink_tile tile = piece(run, run->next);
        if (!brink_stream_push(run->stream, &tile, run->next))
            return;
        run->next++;
    }
    if (!run->finished) {
        run->finished = true;
        brink_stream_finish(run->stream);
    }
}

// Computes `pieces`, all that is under way at a time.
static brink_err compute(struct pilot_run *run, int64_t pieces)
{
    brink_err error = brink_stream_open(&run->plan, 1, &run->stream);
    if (error)
        return error;
    run->next = 0;
    run->end = pieces;
    run->finished = false;
    run->clock = core_clock();
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

// Tiles that are pieces: of one row.
static brink_err cut_to_pieces(struct brink_grid *grid)
{
    int64_t length[BRINK_RANK_MAX];
    for (int axis = 0; axis < grid->rank; axis++) {
        int64_t most = axis < grid->rank - 1 ? 1 : PIECE_CELLS;
        length[axis] = grid->tile[axis] < most ? grid->tile[axis] : most;
    }
    const struct brink_grid whole = *grid;
    return brink_grid_init(grid, whole.rank, whole.size, length);
}

// The whole grid, as it is.
static brink_err compute_whole(struct pilot_run *run, const struct brink_grid *grid)
{
    run->spec.grid = *grid;
    run->whole = true;
    memset(run->share, 0, sizeof run->share);
    return compute(run, grid->tile_count);
}

static brink_err compute_rows(struct pilot_run *run, int64_t first, int64_t count)
{
    brink_err error = find_rows(run, first, count);
    return error ? error : compute(run, count * run->row_pieces);
}

// Rounds, each twice as long as the one before: the last ones, where the lanes are full most of the
// time, weigh most. Both the rows and their pieces become more. A grid that is no larger than what
// would have been computed then is computed whole.
static brink_err sample(struct pilot_run *run, double seconds, struct brink_pilot *pilot)
{
    const struct brink_grid grid = run->spec.grid;
    const int last = grid.rank - 1;
    const double start = core_clock();
    brink_err error = cut_to_pieces(&run->spec.grid);
    const int64_t length = last < 0 ? 1 : run->spec.grid.tile[last];
    int64_t row_most = last < 0 ? 1 : run->spec.grid.tiles[last] / 2;
    row_most = row_most < ROW_PIECES_MAX ? row_most : ROW_PIECES_MAX;
    for (int64_t pieces = BRINK_PILOT_REPLICATES, points = 0;
         !error && pilot->seconds < seconds / 2 && !run->whole; pieces *= 2) {
        const int64_t twice = 2 * run->row_pieces;
        if (twice <= row_most && twice * twice * BRINK_PILOT_REPLICATES <= pieces)
            run->row_pieces = twice;
        const int64_t rows = pieces / run->row_pieces;
        if (run->cells + pieces * length < grid.cell_count)
            error = compute_rows(run, points, rows);
        else
            error = compute_whole(run, &grid);
        points += rows;
        pilot->seconds = core_clock() - start;
    }
    pilot->cells = run->whole ? grid.cell_count : run->cells;
    for (int i = 0; !error && i < BRINK_PILOT_REPLICATES; i++) {
        const struct share *share = &run->share[run->whole ? 0 : i];
        pilot->cell_seconds[i] = share->seconds / (double)share->cells;
        pilot->cell_steps[i] = (double)share->steps / (double)share->cells;
    }
    return error;
}

brink_err brink_pilot_run(const struct brink_spec *spec, double seconds, uint64_t seed,
                          struct brink_pilot *pilot)
{
    static const double patience = 20; // times what was asked for
    struct pilot_run run = {
        .spec = *spec, .row_pieces = 1, .late = core_clock() + patience * seconds};
    struct brink_random_key key = {seed, 0, BRINK_PURPOSE_PILOT};
    *pilot = (struct brink_pilot){.cells = 0};
    find_steps(&spec->grid, run.step);
    for (int axis = 0; axis < spec->grid.rank; axis++)
        run.shift[axis] = brink_random_uniform(&key, (uint32_t)axis);
    omp_set_num_threads(1);
    brink_err error = brink_plan_open(&run.plan, &run.spec);
    if (!error)
        error = brink_columns_open(&run.columns, spec);
    if (!error)
        error = sample(&run, seconds, pilot);
    brink_free(&run.rows);
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
