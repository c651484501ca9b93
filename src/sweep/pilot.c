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
// What a cell costs depends on its company: cells of one row may fill the same vectors, and the
// next ones wait while slow ones run. So a row comes in many pieces, one after the other, and all
// that is computed at a time is one stream.
//
// Where even a few whole cells take too long, they are computed for fewer steps, twice, and what
// the difference cost is what the other steps will: too much for cells that end by themselves.
#include "brink/sweep/pilot.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "brink/sweep/stream.h"

enum { ROW_PIECES_MAX = 64 };

// Cells share lanes with others, so that so many are looked at together. Fewer would have the time
// of their company, more would hide that steps cost more in some regions.
enum { COMPANY_CELLS = 128 };

struct pilot_run {
    const struct brink_spec *original; // borrowed
    struct brink_grid pieces;          // its grid, in tiles that are pieces
    struct brink_spec spec;            // the same as what is computed; nothing in it is owned
    bool whole;                        // the grid as it is, not pieces
    bool alone;                        // cells are so dear that they have no company
    int along;                         // the axis of the rows, -1: none
    struct brink_plan plan;
    struct brink_stream *stream;
    struct brink_columns columns;
    double step[BRINK_RANK_MAX];  // of the sequence, along each axis
    double shift[BRINK_RANK_MAX]; // of its first point
    // Of this round:
    struct row {
        int64_t start[BRINK_RANK_MAX]; // its place along the other axes
        int64_t point;                 // of the sequence
    } * rows;                          // owned, in the order of the grid
    int64_t row_pieces;
    int64_t next, end; // pieces, row by row
    bool finished;
    double beaten; // by CLOCK_MONOTONIC: of the last beat
    double late;   // core_clock() at which it is given up
    double spent;  // core_clock() of all rounds
    struct brink_pulse pulse;
    // Pieces completed since core_clock() was `clock`, and their work by replicate.
    double clock, recent[BRINK_PILOT_REPLICATES];
    int64_t recent_cells;
    struct share {
        int64_t cells, steps;
        double work;                      // in steps, with starts
        double round_work, round_seconds; // of this round
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
        for (int axis = 0; axis < grid->rank; axis++)
            if (axis != run->along)
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
    const int along = run->along;
    struct brink_tile tile = {.number = 0};
    if (run->whole)
        return brink_grid_tile(grid, number);
    const struct row *row = &run->rows[number / run->row_pieces];
    for (int axis = 0; axis < grid->rank; axis++) {
        tile.start[axis] = row->start[axis];
        tile.count[axis] = 1;
    }
    double place = (double)(number % run->row_pieces) + place_of(run, row->point, along);
    int64_t which = (int64_t)(place * (double)grid->tiles[along] / (double)run->row_pieces);
    if (which == grid->tiles[along]) // rounded up
        which--;
    tile.start[along] = which * grid->tile[along];
    int64_t left = grid->size[along] - tile.start[along];
    tile.cells = tile.count[along] = grid->tile[along] < left ? grid->tile[along] : left;
    return tile;
}

// The time since the last look goes to the pieces completed since then, by their work.
static void settle(struct pilot_run *run)
{
    const double now = core_clock();
    double work = 0;
    for (int i = 0; i < BRINK_PILOT_REPLICATES; i++)
        work += run->recent[i];
    for (int i = 0; work > 0 && i < BRINK_PILOT_REPLICATES; i++)
        run->share[i].round_seconds += (now - run->clock) * run->recent[i] / work;
    memset(run->recent, 0, sizeof run->recent);
    run->recent_cells = 0;
    run->clock = now;
}

// When a piece in company ends tells nothing of its own cost: many are looked at together.
static void collect(struct pilot_run *run)
{
    struct brink_tile tile;
    int64_t number;
    while (brink_stream_pop(run->stream, &run->columns, &tile, &number)) {
        int64_t point = run->whole ? 0 : run->rows[number / run->row_pieces].point;
        int replicate = (int)(point % BRINK_PILOT_REPLICATES);
        double work = (double)run->columns.steps + BRINK_START_STEPS * (double)tile.cells;
        struct share *share = &run->share[replicate];
        share->cells += tile.cells;
        share->steps += run->columns.steps;
        share->work += work;
        share->round_work += work;
        run->recent[replicate] += work;
        run->recent_cells += tile.cells;
        if (run->alone || run->recent_cells >= COMPANY_CELLS)
            settle(run);
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
    for (int i = 0; i < BRINK_PILOT_REPLICATES; i++)
        run->share[i].round_work = run->share[i].round_seconds = 0;
    const double start = run->clock = core_clock();
    run->pulse = (struct brink_pulse){.beat = beat, .context = run};
    beat(run);
    bool complete = brink_stream_work(run->stream, &run->pulse);
    collect(run);
    settle(run);
    run->spent += run->clock - start;
    brink_stream_close(&run->stream);
    if (!complete)
        return brink_fail(BRINK_ERR_USAGE, "the cells drawn take too long for a pilot: give it "
                                           "more --seconds");
    return BRINK_OK;
}

// Rows go along the axis in which a tile is longest, the last of those; -1: there is none.
static int find_rows_axis(const struct brink_grid *grid)
{
    int along = grid->rank - 1;
    for (int axis = along - 1; axis >= 0; axis--)
        if (grid->tile[axis] > grid->tile[along])
            along = axis;
    return along;
}

// Tiles that are pieces: of one row along that axis.
static brink_err cut_to_pieces(const struct brink_spec *spec, int along, struct brink_grid *pieces)
{
    const struct brink_grid *grid = &spec->grid;
    int64_t length[BRINK_RANK_MAX];
    for (int axis = 0; axis < grid->rank; axis++) {
        int64_t most = axis != along ? 1 : spec->model->row_cells;
        length[axis] = grid->tile[axis] < most ? grid->tile[axis] : most;
    }
    return brink_grid_init(pieces, grid->rank, grid->size, length);
}

// Cells of a piece.
static int64_t piece_cells(const struct pilot_run *run)
{
    return run->pieces.rank > 0 ? run->pieces.tile[run->along] : 1;
}

static brink_err compute_rows(struct pilot_run *run, int64_t first, int64_t count)
{
    run->spec.grid = run->pieces;
    brink_err error = find_rows(run, first, count);
    return error ? error : compute(run, count * run->row_pieces);
}

static brink_err compute_whole(struct pilot_run *run)
{
    run->spec.grid = run->original->grid;
    run->whole = true;
    memset(run->share, 0, sizeof run->share);
    return compute(run, run->spec.grid.tile_count);
}

// What was found. Work is known from all rounds, the time it takes only from the last one, in which
// the lanes were full for most of the time.
static void conclude(const struct pilot_run *run, struct brink_pilot *pilot)
{
    pilot->seconds = run->spent;
    pilot->cells = run->whole ? run->spec.grid.cell_count : 0;
    for (int i = 0; i < BRINK_PILOT_REPLICATES; i++) {
        const struct share *share = &run->share[run->whole ? 0 : i];
        double cells = (double)share->cells;
        pilot->cells += run->whole ? 0 : share->cells;
        pilot->cell_seconds[i] = share->work / cells * (share->round_seconds / share->round_work);
        pilot->cell_steps[i] = (double)share->steps / cells;
    }
}

static brink_err open_plan(struct pilot_run *run)
{
    run->spec.grid = run->original->grid; // its tiles are the largest that the columns will hold
    brink_err error = brink_plan_open(&run->plan, &run->spec);
    return error ? error : brink_columns_open(&run->columns, &run->spec);
}

static void close_plan(struct pilot_run *run)
{
    brink_columns_close(&run->columns);
    brink_plan_close(&run->plan);
}

// Whatever is stored: work is counted in steps.
static void record_steps(struct brink_spec *spec)
{
    const struct brink_field *steps = brink_model_field(spec->model, "steps");
    spec->record |= UINT64_C(1) << (steps - spec->model->fields);
}

// One piece for each replicate (or all there is, if that is no more), for `steps` steps or so.
static brink_err compute_short(struct pilot_run *run, int32_t steps)
{
    run->spec.model->shorten(&run->spec, steps);
    memset(run->share, 0, sizeof run->share);
    brink_err error = open_plan(run);
    if (!error && BRINK_PILOT_REPLICATES * piece_cells(run) < run->pieces.cell_count)
        error = compute_rows(run, 0, BRINK_PILOT_REPLICATES);
    else if (!error)
        error = compute_whole(run);
    close_plan(run);
    return error;
}

// What the steps from `pilot->steps` on will cost: as many each as those after `shorter->steps`.
// Their time is told by the difference only where that is most of the work.
static void reckon(const struct brink_pilot *shorter, struct brink_pilot *pilot)
{
    const double left = (double)(pilot->steps_max - pilot->steps) / (pilot->steps - shorter->steps);
    for (int i = 0; i < BRINK_PILOT_REPLICATES; i++) {
        double work = pilot->cell_steps[i] + BRINK_START_STEPS;
        double added = pilot->cell_steps[i] - shorter->cell_steps[i];
        double took = pilot->cell_seconds[i] - shorter->cell_seconds[i];
        double step_seconds = pilot->cell_seconds[i] / work;
        if (added > work / 2)
            step_seconds = fmax(0, took / added);
        pilot->cell_seconds[i] += left * added * step_seconds;
        pilot->cell_steps[i] += left * added;
    }
}

// First a few steps, then four times as many, until all, or until those would take too long.
static brink_err lengthen(struct pilot_run *run, double seconds, struct brink_pilot *pilot)
{
    const int32_t growth = 4, steps_max = run->original->model->steps_max(run->original);
    struct brink_pilot shorter = {.steps = 0};
    brink_err error = BRINK_OK;
    double next = 0;
    do {
        shorter = *pilot;
        bool last = shorter.steps > steps_max / growth;
        run->spec = *run->original;
        record_steps(&run->spec);
        error = compute_short(run, last ? steps_max : growth * shorter.steps);
        if (error)
            return error;
        conclude(run, pilot);
        pilot->steps = run->spec.model->steps_max(&run->spec);
        pilot->steps_max = steps_max;
        next = growth * (pilot->seconds - shorter.seconds);
    } while (pilot->steps < steps_max &&
             (shorter.steps == 0 || pilot->seconds + next < seconds / 2));
    if (pilot->steps < steps_max)
        reckon(&shorter, pilot);
    return BRINK_OK;
}

// Rounds, each twice as long as the one before. Both the rows and their pieces become more. A grid
// that is no larger than what would have been computed then is computed whole.
static brink_err widen(struct pilot_run *run, double seconds, struct brink_pilot *pilot)
{
    int64_t row_most = run->along < 0 ? 1 : run->pieces.tiles[run->along] / 2;
    row_most = row_most < ROW_PIECES_MAX ? row_most : ROW_PIECES_MAX;
    brink_err error = open_plan(run);
    for (int64_t points = BRINK_PILOT_REPLICATES, pieces = 2 * points;
         !error && pilot->seconds < seconds / 2 && !run->whole; pieces *= 2) {
        const int64_t twice = 2 * run->row_pieces;
        if (twice <= row_most && twice * twice * BRINK_PILOT_REPLICATES <= pieces)
            run->row_pieces = twice;
        const int64_t rows = pieces / run->row_pieces;
        if (pilot->cells + pieces * piece_cells(run) < run->pieces.cell_count)
            error = compute_rows(run, points, rows);
        else
            error = compute_whole(run);
        if (!error)
            conclude(run, pilot);
        points += rows;
    }
    close_plan(run);
    return error;
}

brink_err brink_pilot_run(const struct brink_spec *spec, double seconds, uint64_t seed,
                          struct brink_pilot *pilot)
{
    static const double patience = 20; // times what was asked for
    struct pilot_run run = {.original = spec,
                            .along = find_rows_axis(&spec->grid),
                            .row_pieces = 1,
                            .late = core_clock() + patience * seconds};
    struct brink_random_key key = {seed, 0, BRINK_PURPOSE_PILOT};
    *pilot = (struct brink_pilot){.cells = 0};
    int64_t tile_cells = 1;
    for (int axis = 0; axis < spec->grid.rank; axis++)
        tile_cells *= spec->grid.tile[axis];
    run.alone = tile_cells < BRINK_PILOT_REPLICATES; // the model's opinion of its cells
    find_steps(&spec->grid, run.step);
    for (int axis = 0; axis < spec->grid.rank; axis++)
        run.shift[axis] = brink_random_uniform(&key, (uint32_t)axis);
    omp_set_num_threads(1);
    brink_err error = cut_to_pieces(spec, run.along, &run.pieces);
    if (!error)
        error = lengthen(&run, seconds, pilot);
    if (!error && pilot->steps == pilot->steps_max && !run.whole && pilot->seconds < seconds / 2)
        error = widen(&run, seconds, pilot);
    brink_free(&run.rows);
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
