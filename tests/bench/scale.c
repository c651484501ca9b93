// SPDX-License-Identifier: MIT
// The efficiency of a sweep on 1 to 100,000 ranks, predicted: rows of cells all over the sweep are
// computed and timed as a sweep computes them, and the schedule is simulated with what they cost.
//
//   scale SERVICE LATENCY SPEC.yaml [KEY=VALUE ...]   (of the master, in s: see master.c)
//
// Prints JSON: with ranks of one thread, and with ranks of 64. A core is one of the machine this
// runs on. Start-up is left out.
#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "brink/base/memory.h"
#include "brink/dynamics/lanes.h"
#include "brink/sweep/plan.h"
#include "brink/sweep/stream.h"
#include "simulate/ranks.h"

// Assumed: a look for messages every 100 us, as in src/cluster/work.c; what reading, writing and
// checking a tile takes, as in src/cli/estimate.c.
static const double beat_seconds = 100e-6, tile_seconds = 3e-4;

static const int64_t looks_max = 64;                      // at cells of a tile, for its cost
static const int64_t sample_max[] = {512, 6, 4, 2, 2, 2}; // places along the last axis, ...
static const int core_counts[] = {1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000};
enum { CORE_COUNTS = sizeof core_counts / sizeof core_counts[0], NODE_CORES = 64 };

struct sample {
    struct brink_spec *spec; // owned: the sweep at a few places of each axis
    struct brink_plan plan;
    struct brink_columns columns;
    struct brink_stream *stream;
    int64_t pushed;
    bool finished;
    double *steps;       // owned, [cells]
    double steps_max;    // of a cell
    double step_seconds; // of one cell's step
    double taken;        // core_clock() when no cell was left to hand out, or 0
    double cell_seconds; // from then to the end
};

static double core_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static const int32_t *steps_of(const struct brink_columns *columns)
{
    for (int i = 0; i < columns->count; i++)
        if (strcmp(columns->field[i]->name, "steps") == 0)
            return columns->column[i];
    fprintf(stderr, "scale: the sweep does not record steps\n");
    exit(2);
}

static void attend(void *context)
{
    struct sample *sample = context;
    const struct brink_grid *grid = &sample->spec->grid;
    struct brink_tile tile;
    int64_t tag, at[BRINK_RANK_MAX];
    while (brink_stream_pop(sample->stream, &sample->columns, &tile, &tag))
        for (int64_t i = 0; i < tile.cells; i++) {
            brink_tile_cell(grid, &tile, i, at);
            sample->steps[brink_grid_cell(grid, at)] = steps_of(&sample->columns)[i];
        }
    for (bool room = true; room && sample->pushed < grid->tile_count;) {
        tile = brink_grid_tile(grid, sample->pushed);
        room = brink_stream_push(sample->stream, &tile, 0);
        sample->pushed += room;
    }
    if (sample->pushed == grid->tile_count && !sample->finished) {
        sample->finished = true;
        brink_stream_finish(sample->stream);
    }
    int64_t waiting, under_way;
    brink_stream_count(sample->stream, &waiting, &under_way);
    if (sample->finished && waiting == 0 && sample->taken == 0)
        sample->taken = core_clock();
}

// The same sweep at a few places of each axis, in the middles of its even pieces.
static brink_err thin_out(const struct brink_spec *spec, struct brink_spec **out)
{
    struct brink_spec *thin = NULL;
    brink_err error = BRINK_OK;
    for (int axis = 0; !error && axis < spec->axis_count; axis++) {
        const struct brink_spec *from = thin ? thin : spec;
        int64_t places[512], size = spec->grid.size[axis];
        int64_t count = sample_max[spec->axis_count - 1 - axis];
        count = count < size ? count : size;
        for (int64_t i = 0; i < count; i++)
            places[i] = (2 * i + 1) * size / (2 * count);
        struct brink_spec *thinner = NULL;
        error = brink_spec_subset(from, axis, count, places, &thinner);
        brink_spec_free(&thin);
        thin = thinner;
    }
    *out = thin;
    return error;
}

static brink_err take_sample(const struct brink_spec *spec, struct sample *sample)
{
    brink_err error = thin_out(spec, &sample->spec);
    if (!error)
        error = brink_plan_open(&sample->plan, sample->spec);
    if (!error)
        error = brink_columns_open(&sample->columns, sample->spec);
    if (!error)
        error = brink_stream_open(&sample->plan, 1, &sample->stream);
    if (!error)
        error = brink_alloc(&sample->steps, (size_t)sample->spec->grid.cell_count,
                            sizeof sample->steps[0]);
    if (error)
        return error;
    struct brink_pulse pulse = {.beat = attend, .context = sample};
    double begin = core_clock(), steps = 0;
    attend(sample);
    (void)brink_stream_work(sample->stream, &pulse);
    attend(sample);
    for (int64_t i = 0; i < sample->spec->grid.cell_count; i++) {
        steps += sample->steps[i];
        sample->steps_max = fmax(sample->steps_max, sample->steps[i]);
    }
    double end = core_clock();
    sample->step_seconds = (end - begin) / steps;
    sample->cell_seconds = end - sample->taken;
    return BRINK_OK;
}

// Steps of the sampled cells that stand for a tile's cells, and so its seconds; those of the
// longest are to the last cells of the sample as their steps.
static struct ranks_tile tile_cost(const struct sample *sample, const struct brink_grid *grid,
                                   int64_t number)
{
    const struct brink_tile tile = brink_grid_tile(grid, number);
    const struct brink_grid *thin = &sample->spec->grid;
    int64_t at[BRINK_RANK_MAX];
    double steps = 0, most = 0;
    const int64_t looks = tile.cells < looks_max ? tile.cells : looks_max;
    for (int64_t i = 0; i < looks; i++) {
        brink_tile_cell(grid, &tile, (2 * i + 1) * tile.cells / (2 * looks), at);
        for (int axis = 0; axis < grid->rank; axis++)
            at[axis] = at[axis] * thin->size[axis] / grid->size[axis];
        double look = sample->steps[brink_grid_cell(thin, at)];
        steps += look;
        most = fmax(most, look);
    }
    steps *= (double)tile.cells / (double)looks;
    return (struct ranks_tile){tile_seconds + sample->step_seconds * steps,
                               sample->cell_seconds * most / sample->steps_max};
}

// `threads` cores a rank: its lanes are that many times as many, and run dry as late.
static void simulate(const struct ranks_machine *machine, const struct ranks_tile tile[],
                     int64_t count, const int64_t coarser[], int64_t last_stage, int threads)
{
    struct ranks_tile *shared = NULL;
    bool first = true;
    if (brink_alloc(&shared, (size_t)count, sizeof shared[0]))
        abort();
    for (int64_t i = 0; i < count; i++)
        shared[i] = (struct ranks_tile){tile[i].cost / threads, tile[i].tail};
    printf("\"threads\": %d, \"ranks\": [", threads);
    for (int i = 0; i < CORE_COUNTS; i++) {
        int ranks = core_counts[i] / threads;
        if (ranks < 1)
            continue;
        struct ranks_result result =
            ranks_simulate(machine, shared, count, coarser, last_stage, ranks, NULL);
        printf("%s\n  {\"cores\": %d, \"efficiency\": %.4f, \"seconds\": %.4g, "
               "\"batches\": %" PRId64 ", \"master_busy\": %.4f}",
               first ? "" : ",", ranks * threads, result.efficiency, result.seconds, result.batches,
               result.master_busy);
        first = false;
    }
    printf("]}");
    brink_free(&shared);
}

static brink_err predict(const struct sample *sample, const struct brink_grid *grid,
                         const struct ranks_machine *machine, int threads)
{
    const size_t count = (size_t)grid->tile_count;
    int64_t *order = NULL, *coarser = NULL, last_stage;
    struct ranks_tile *tile = NULL;
    double sum = 0, most = 0;
    brink_err error = brink_alloc(&order, count, sizeof order[0]);
    if (!error)
        error = brink_alloc(&coarser, count, sizeof coarser[0]);
    if (!error)
        error = brink_alloc(&tile, count, sizeof tile[0]);
    if (error)
        goto done;
    brink_grid_order(grid, order);
    error = brink_grid_coarser(grid, order, grid->tile_count, coarser, &last_stage);
    if (error)
        goto done;
    for (int64_t i = 0; i < grid->tile_count; i++) {
        tile[i] = tile_cost(sample, grid, order[i]);
        sum += tile[i].cost;
        most = fmax(most, tile[i].cost);
    }
    printf("{\"tiles\": %" PRId64 ", \"tile_cells\": %" PRId64
           ", \"core_hours\": %.4g, \"tile_s_max\": %.4g, ",
           grid->tile_count, brink_grid_tile(grid, 0).cells, sum / 3600, most);
    simulate(machine, tile, grid->tile_count, coarser, last_stage, threads);
done:
    brink_free(&tile);
    brink_free(&coarser);
    brink_free(&order);
    return error;
}

static brink_err run(const struct brink_spec *spec, const struct ranks_machine *machine,
                     struct sample *sample)
{
    brink_err error = take_sample(spec, sample);
    if (error)
        return error;
    printf("{\"cells\": %" PRId64 ", \"sampled\": %" PRId64 ", \"step_s\": %.4g, \"cell_s\": %.3g, "
           "\"service_s\": %g, \"latency_s\": %g, \"beat_s\": %g, \"tilings\": [\n ",
           spec->grid.cell_count, sample->spec->grid.cell_count, sample->step_seconds,
           sample->cell_seconds, machine->service, machine->latency, machine->beat);
    error = predict(sample, &spec->grid, machine, 1);
    printf(",\n ");
    if (!error)
        error = predict(sample, &spec->grid, machine, NODE_CORES);
    puts("]}");
    return error;
}

int main(int argc, char **argv)
{
    struct sample sample = {.spec = NULL};
    struct brink_spec *spec = NULL;
    if (argc < 4) {
        fprintf(stderr, "usage: scale SERVICE LATENCY SPEC.yaml [KEY=VALUE ...]\n");
        return 2;
    }
    struct ranks_machine machine = {
        .service = atof(argv[1]), .latency = atof(argv[2]), .beat = beat_seconds};
    omp_set_num_threads(1);
    brink_err error = brink_lanes_select(NULL);
    if (!error)
        error = brink_spec_read(argv[3], argc - 4, argv + 4, &spec);
    if (!error)
        error = run(spec, &machine, &sample);
    if (error)
        fprintf(stderr, "scale: %s\n", brink_error_note());
    brink_free(&sample.steps);
    brink_stream_close(&sample.stream);
    brink_columns_close(&sample.columns);
    brink_plan_close(&sample.plan);
    brink_spec_free(&sample.spec);
    brink_spec_free(&spec);
    return brink_exit_code(error);
}
