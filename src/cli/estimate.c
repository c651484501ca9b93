// SPDX-License-Identifier: MIT
// `brink estimate`: what a sweep will cost, from a pilot of a few seconds; what to ask Slurm for.
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "brink/base/memory.h"
#include "brink/dynamics/lanes.h"
#include "brink/store/store.h"
#include "brink/sweep/pilot.h"
#include "command.h"

struct options {
    const char *isa, *limit; // borrowed
    double seconds;
    long long seed, node_cores, nodes_max;
    bool json;
};

static const struct brink_option option_table[] = {
    {"json", NULL, "one line of JSON", BRINK_INTO(json)},
    {"seconds", "S", "of computing [5]", BRINK_INTO(seconds), .min = 0.001, .max = 1e6},
    {"limit", "T", "longest time of the partition: " BRINK_TIME_FORMS " [1-00:00:00]",
     BRINK_INTO(limit)},
    {"node-cores", "N", "cores of a node [those of this machine]", BRINK_INTO(node_cores), .min = 1,
     .max = 1e6},
    {"max-nodes", "N", "nodes that a job may have [64]", BRINK_INTO(nodes_max), .min = 1,
     .max = 1e6},
    {"seed", "N", "draws other cells [0]", BRINK_INTO(seed)},
    {"isa", "NAME", "avx512, avx2 or portable; default: BRINK_ISA, or the best here",
     BRINK_INTO(isa)},
    {.name = NULL},
};

// What is suggested.
struct request {
    int64_t nodes;
    double time;   // s, with room
    double likely; // s, in the mean
    int64_t starts;
};

// Reading, checking and writing of a tile, in s of one core; measured on local disks.
static const double tile_seconds = 3e-4;
// Start-up, opening the file, and the margin before a time limit.
static const double start_seconds = 90;

static double rounded_up(double seconds)
{
    const double unit = seconds < 3600 ? 300 : 1800;
    return unit * ceil(seconds / unit);
}

// The fewest nodes that end within four hours, or within the limit if that is shorter: small jobs
// start soonest. What does not fit is requeued.
static struct request suggest(const struct options *options, double limit,
                              const struct brink_spec *spec,
                              const struct brink_interval *core_seconds)
{
    static const double wanted_seconds = 14400, reserve = 1.25;
    double target = fmin(limit, wanted_seconds);
    double work = target > 2 * start_seconds ? target - start_seconds : target / 2;
    double cores = (double)options->node_cores;
    double nodes = ceil(reserve * core_seconds->high / (cores * work));
    double tiles = ceil((double)spec->grid.tile_count / (4 * cores)); // a few for each core
    struct request request = {.starts = 1};
    nodes = fmax(1, fmin(fmin(nodes, tiles), (double)options->nodes_max));
    request.nodes = (int64_t)nodes;
    request.likely = core_seconds->mean / (nodes * cores);
    double need = reserve * core_seconds->high / (nodes * cores) + start_seconds;
    request.time = fmin(rounded_up(need), limit);
    if (need > limit)
        request.starts = (int64_t)ceil((need - start_seconds) / fmax(work, 1));
    return request;
}

static const char *hours(double core_seconds, char text[32])
{
    double value = core_seconds / 3600;
    snprintf(text, 32, value >= 100 ? "%.0f" : value >= 1 ? "%.1f" : "%.3g", value);
    return text;
}

static void print_text(const struct options *options, const struct brink_spec *spec,
                       const struct brink_pilot *pilot, const struct brink_interval *seconds,
                       const struct request *request)
{
    char low[32], mean[32], high[32], text[32];
    double cells = (double)spec->grid.cell_count;
    struct brink_interval steps = brink_pilot_interval(pilot->cell_steps);
    printf("pilot       %" PRId64 " of %.0f cells", pilot->cells, cells);
    if (pilot->steps < pilot->steps_max)
        printf(" for %" PRId32 " of %" PRId32 " steps", pilot->steps, pilot->steps_max);
    printf(" in %.1f s, %s\n", pilot->seconds, brink_lanes_isa());
    bool whole = pilot->cells == spec->grid.cell_count; // then no cells are left to chance
    printf("core-hours  %s", hours(seconds->mean, mean));
    if (whole && pilot->steps < pilot->steps_max)
        printf(", the last steps reckoned");
    if (!whole)
        printf(" (%s to %s with 95 %% probability)", hours(seconds->low, low),
               hours(seconds->high, high));
    printf("\n");
    if (steps.mean > 0) {
        printf("cell-steps  %.3g", cells * steps.mean);
        if (!whole)
            printf(" (%.3g to %.3g)", cells * steps.low, cells * steps.high);
        printf("\n");
    }
    printf("file        %s\n", brink_command_bytes((double)brink_store_bytes(spec), text));
    printf("memory      %s a rank\n", brink_command_bytes(brink_command_memory(spec), text));
    printf("suggestion  --nodes=%" PRId64 " --ntasks-per-node=1 --cpus-per-task=%lld --time=%s\n",
           request->nodes, options->node_cores, brink_command_clock(request->time, text));
    printf("            about %s of computing on %lld core%s",
           brink_command_clock(request->likely, text), request->nodes * options->node_cores,
           request->nodes * options->node_cores == 1 ? "" : "s");
    if (request->starts > 1)
        printf(", in about %" PRId64 " starts: the job requeues itself", request->starts);
    printf("\n");
}

static void add_interval(struct brink_text *json, const char *name,
                         const struct brink_interval *interval, double factor)
{
    brink_text_add(json, "\"%s\": {\"low\": ", name);
    brink_text_number(json, factor * interval->low);
    brink_text_add(json, ", \"mean\": ");
    brink_text_number(json, factor * interval->mean);
    brink_text_add(json, ", \"high\": ");
    brink_text_number(json, factor * interval->high);
    brink_text_add(json, "}, ");
}

static brink_err print_json(const struct options *options, const struct brink_spec *spec,
                            const struct brink_pilot *pilot, const struct brink_interval *seconds,
                            const struct request *request)
{
    struct brink_text json = {0};
    char clock[32];
    struct brink_interval steps = brink_pilot_interval(pilot->cell_steps);
    brink_text_add(&json,
                   "{\"cells\": %" PRId64 ", \"tiles\": %" PRId64 ", \"pilot_cells\": %" PRId64
                   ", \"pilot_steps\": %" PRId32 ", \"max_steps\": %" PRId32 ", \"isa\": \"%s\", ",
                   spec->grid.cell_count, spec->grid.tile_count, pilot->cells, pilot->steps,
                   pilot->steps_max, brink_lanes_isa());
    add_interval(&json, "core_hours", seconds, 1.0 / 3600);
    add_interval(&json, "cell_steps", &steps, (double)spec->grid.cell_count);
    brink_text_add(&json, "\"file_bytes\": %" PRId64 ", \"rank_bytes\": %.0f, ",
                   brink_store_bytes(spec), brink_command_memory(spec));
    brink_text_add(&json,
                   "\"nodes\": %" PRId64 ", \"ntasks_per_node\": 1, \"cpus_per_task\": %lld, "
                   "\"time\": \"%s\", \"likely_s\": %.0f, \"starts\": %" PRId64 "}",
                   request->nodes, options->node_cores, brink_command_clock(request->time, clock),
                   request->likely, request->starts);
    brink_err error = json.error;
    if (!error)
        puts(brink_text_get(&json));
    brink_text_free(&json);
    return error;
}

static brink_err estimate(const struct options *options, double limit,
                          const struct brink_spec *spec)
{
    struct brink_pilot pilot;
    brink_err error = brink_pilot_run(spec, options->seconds, (uint64_t)options->seed, &pilot);
    if (error)
        return error;
    struct brink_interval seconds = brink_pilot_interval(pilot.cell_seconds);
    const double cells = (double)spec->grid.cell_count;
    const double storing = tile_seconds * (double)spec->grid.tile_count;
    seconds = (struct brink_interval){cells * seconds.low + storing, cells * seconds.mean + storing,
                                      cells * seconds.high + storing};
    struct request request = suggest(options, limit, spec, &seconds);
    if (options->json)
        return print_json(options, spec, &pilot, &seconds, &request);
    print_text(options, spec, &pilot, &seconds, &request);
    return BRINK_OK;
}

static brink_err run(const struct brink_command *self, int argc, char **argv, bool *told)
{
    struct options options = {
        .seconds = 5, .node_cores = sysconf(_SC_NPROCESSORS_ONLN), .nodes_max = 64};
    struct brink_words words;
    struct brink_spec *spec = NULL;
    double limit = 86400;
    (void)told;
    brink_err error = brink_command_parse(self, argc, argv, &options, &words);
    if (!error)
        error = brink_command_time("limit", options.limit, &limit);
    if (!error)
        error = brink_lanes_select(options.isa);
    if (!error)
        error = brink_command_sweep_spec(&words, &spec);
    if (!error)
        error = estimate(&options, limit, spec);
    brink_spec_free(&spec);
    return error;
}

const struct brink_command brink_command_estimate = {
    .name = "estimate",
    .usage = "SPEC.yaml [KEY=VALUE ...] [options]",
    .summary = "Computes a few cells and says what the sweep will cost",
    .help = "Cells drawn evenly over the whole grid are computed for a few seconds; of long ones\n"
            "the first steps, and the others are reckoned. From their cost follow core-hours with\n"
            "an interval, and what to ask Slurm for. Creates nothing.\n"
            "The cores meant are those of this machine: estimate where the sweep will run.\n",
    .options = option_table,
    .words_min = 1,
    .words_max = BRINK_WORDS_ANY,
    .question = "which specification?",
    .run = run,
};
