// SPDX-License-Identifier: MIT
// `brink status`: how far a sweep is, who works on it, how it went so far. Reads only.
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "brink/base/memory.h"
#include "command.h"
#include "status.h"

// Verdicts are counted over all done tiles up to so many cells; in larger sweeps over tiles spread
// evenly, so that a look at any file takes a second or two.
static const int64_t counted_cells_max = INT64_C(1) << 26;

struct options {
    const char *path; // borrowed
    bool json, watch;
};

static const struct brink_option option_table[] = {
    {"json", NULL, "one line of JSON", BRINK_INTO(json)},
    {"watch", NULL, "again every 2 s until the sweep is complete", 'w', BRINK_INTO(watch)},
    {.name = NULL},
};

double brink_sight_seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// ---- looking

static brink_err count_verdicts(struct brink_store *store, const uint8_t *states,
                                struct brink_sight *sight)
{
    const struct brink_grid *grid = &sight->spec->grid;
    int64_t room = 1, every = sight->cells_done / counted_cells_max + 1, seen = 0;
    int8_t *status = NULL;
    for (int i = 0; i < grid->rank; i++)
        room *= grid->tile[i];
    brink_err error = brink_alloc(&status, (size_t)room, 1);
    for (int64_t number = 0; !error && number < grid->tile_count; number++) {
        if (!states[number] || seen++ % every != 0)
            continue;
        struct brink_tile tile = brink_grid_tile(grid, number);
        error = brink_store_statuses(store, &tile, status);
        for (int64_t i = 0; !error && i < tile.cells; i++)
            if (status[i] >= 0 && status[i] < BRINK_STATUS_MAX)
                sight->status_count[status[i]]++;
        sight->cells_counted += tile.cells;
    }
    brink_free(&status);
    return error;
}

static brink_err look_at_tiles(struct brink_store *store, struct brink_sight *sight)
{
    const struct brink_grid *grid = &sight->spec->grid;
    uint8_t *states = NULL;
    brink_err error = brink_alloc(&states, (size_t)grid->tile_count, 1);
    if (!error)
        error = brink_store_states(store, states);
    for (int64_t i = 0; !error && i < grid->tile_count; i++) {
        if (!states[i])
            continue;
        sight->tiles_done++;
        sight->cells_done += brink_grid_tile(grid, i).cells;
    }
    if (!error)
        error = count_verdicts(store, states, sight);
    brink_free(&states);
    return error;
}

// Since the watch began, if anything came; else of the last start, by its own clock, or until now
// if it works and has not committed yet.
static double rate_of(const struct brink_sight *sight, const struct brink_sight_origin *origin)
{
    const struct brink_grid *grid = &sight->spec->grid;
    double watched = brink_sight_seconds(CLOCK_MONOTONIC) - origin->time;
    int64_t fresh = sight->cells_done - origin->cells_done;
    if (origin->time > 0 && fresh > 0 && watched > 0)
        return (double)fresh / watched;
    if (sight->run_count == 0)
        return 0;
    const struct brink_run *run = &sight->runs[sight->run_count - 1];
    double took = run->end_time - run->start_time; // NaN before the first commit
    int64_t tiles = run->tiles_done;
    if (sight->working && !(took > 0)) {
        took = brink_sight_seconds(CLOCK_REALTIME) - run->start_time;
        tiles = sight->tiles_done - run->tiles_before;
    }
    if (!(took > 0) || tiles <= 0)
        return 0;
    return (double)tiles / took * (double)grid->cell_count / (double)grid->tile_count;
}

brink_err brink_sight_look(const char *path, const struct brink_spec *spec,
                           const struct brink_sight_origin *origin, struct brink_sight *sight)
{
    struct brink_store *store = NULL;
    *sight = (struct brink_sight){.spec = spec};
    brink_err error = brink_store_open_read(path, spec, &store);
    if (!error)
        error = look_at_tiles(store, sight);
    if (!error)
        error = brink_store_run_count(store, &sight->run_count);
    for (int32_t i = 0; !error && i < sight->run_count; i++)
        error = brink_store_run_read(store, i, &sight->runs[i]);
    brink_err late = brink_store_close(&store);
    error = error ? error : late;
    if (!error)
        error = brink_lease_view(path, &sight->lease);
    if (error)
        return error;
    sight->working = sight->lease.there && sight->lease.life != BRINK_LIFE_DEAD;
    sight->rate = rate_of(sight, origin);
    return BRINK_OK;
}

static bool complete(const struct brink_sight *sight)
{
    return sight->tiles_done == sight->spec->grid.tile_count;
}

static double percent(const struct brink_sight *sight)
{
    return 100 * (double)sight->cells_done / (double)sight->spec->grid.cell_count;
}

// Seconds to go, or -1.
static double time_left(const struct brink_sight *sight)
{
    int64_t left = sight->spec->grid.cell_count - sight->cells_done;
    return sight->working && sight->rate > 0 && left > 0 ? (double)left / sight->rate : -1;
}

// A heartbeat says more than one look can: the owner of a lease that is still warm works.
const char *brink_sight_life(const struct brink_lease_view *lease)
{
    static const double warm = 5 * BRINK_LEASE_BEAT_S;
    if (lease->life == BRINK_LIFE_DEAD)
        return "dead";
    return lease->life == BRINK_LIFE_ALIVE || lease->age < warm ? "alive" : "unknown";
}

// ---- telling

static const char *date(double time, char text[32])
{
    time_t seconds = (time_t)time;
    struct tm utc;
    if (!(time >= 0 && time < 1e11) || !gmtime_r(&seconds, &utc))
        snprintf(text, 32, "-");
    else
        strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

const char *brink_sight_span(double seconds, char text[32])
{
    long long whole = seconds < 1e12 ? (long long)seconds : 0;
    if (seconds < 60)
        snprintf(text, 32, "%.0f s", seconds);
    else if (seconds < 3600)
        snprintf(text, 32, "%lld min %02lld s", whole / 60, whole % 60);
    else
        snprintf(text, 32, "%lld h %02lld min", whole / 3600, whole % 3600 / 60);
    return text;
}

static void print_owner(const struct brink_sight *sight)
{
    const struct brink_lease_view *lease = &sight->lease;
    char name[BRINK_OWNER_BYTES];
    if (!lease->there)
        printf("writer    none\n");
    else if (!lease->readable)
        printf("writer    unknown: its lease cannot be read\n");
    else
        printf("writer    %s: %s, last heartbeat %.0f s ago\n",
               brink_owner_name(&lease->owner, name), brink_sight_life(lease),
               lease->age > 0 ? lease->age : 0);
}

static void print_verdicts(const struct brink_sight *sight)
{
    const char *between = "";
    printf("verdicts  ");
    for (int8_t i = 0; i < BRINK_STATUS_MAX; i++)
        if (sight->status_count[i] > 0) {
            printf("%s%" PRId64 " %s", between, sight->status_count[i],
                   brink_model_status(sight->spec->model, i));
            between = ", ";
        }
    if (sight->cells_counted < sight->cells_done)
        printf(" (of %" PRId64 " cells spread over all that is done)", sight->cells_counted);
    printf("%s\n", between[0] ? "" : "none yet");
}

static void print_runs(const struct brink_sight *sight)
{
    enum { SHOWN = 10 };
    char start[32];
    int32_t first = sight->run_count > SHOWN ? sight->run_count - SHOWN : 0;
    printf("starts    %" PRId32 "%s\n", sight->run_count, first > 0 ? ", the last of them:" : "");
    for (int32_t i = first; i < sight->run_count; i++) {
        const struct brink_run *run = &sight->runs[i];
        char end[32] = "running";
        if (run->exit_code >= 0)
            snprintf(end, sizeof end, "exit %" PRId32, run->exit_code);
        else if (i + 1 < sight->run_count || !sight->working)
            snprintf(end, sizeof end, "killed");
        printf("  %3" PRId32 "  %s  %-8s %" PRId64 " tiles, %" PRId32 " x %" PRId32 " on %s%s%s",
               i + 1, date(run->start_time, start), end, run->tiles_done, run->ranks, run->threads,
               run->host, run->job_id[0] ? ", job " : "", run->job_id);
        if (i > 0 && run->kernel_version != sight->runs[i - 1].kernel_version)
            printf(", kernel %" PRId32, run->kernel_version);
        printf("\n");
    }
}

static void print_sight(const char *path, const struct brink_sight *sight)
{
    const struct brink_grid *grid = &sight->spec->grid;
    char text[32];
    printf("%s: %s\n", path, sight->spec->title);
    printf("done      %.1f %%: %" PRId64 " of %" PRId64 " cells, %" PRId64 " of %" PRId64
           " tiles%s\n",
           percent(sight), sight->cells_done, grid->cell_count, sight->tiles_done, grid->tile_count,
           complete(sight) ? ": complete" : "");
    print_verdicts(sight);
    print_owner(sight);
    if (sight->rate > 0)
        printf("rate      %.3g cells/s%s%s\n", sight->rate, time_left(sight) >= 0 ? ", to go " : "",
               time_left(sight) >= 0 ? brink_sight_span(time_left(sight), text) : "");
    brink_batch_print(path);
    if (sight->run_count > 0)
        printf("commit    %s\n", date(sight->runs[sight->run_count - 1].end_time, text));
    print_runs(sight);
}

// ---- JSON: one line a look

void brink_json_number(struct brink_text *json, const char *name, double value)
{
    char digits[BRINK_NUMBER_MAX];
    bool finite = value - value == 0;
    brink_text_add(json, ", \"%s\": %s", name, finite ? brink_number_text(value, digits) : "null");
}

void brink_json_string(struct brink_text *json, const char *name, const char *value)
{
    brink_text_add(json, ", \"%s\": ", name);
    brink_text_json(json, value);
}

void brink_json_owner(struct brink_text *json, const struct brink_lease_view *lease)
{
    if (!lease->there) {
        brink_text_add(json, ", \"writer\": null");
        return;
    }
    brink_text_add(json, ", \"writer\": {\"life\": \"%s\"", brink_sight_life(lease));
    brink_json_string(json, "host", lease->owner.host);
    brink_json_string(json, "process", lease->owner.pid);
    brink_json_string(json, "job", lease->owner.job);
    brink_json_number(json, "heartbeat_age_s", lease->age);
    brink_text_add(json, "}");
}

static void add_run(struct brink_text *json, const struct brink_run *run)
{
    brink_text_add(json,
                   "{\"exit_code\": %" PRId32 ", \"ranks\": %" PRId32 ", \"threads\": %" PRId32
                   ", \"kernel_version\": %" PRId32 ", \"tiles_before\": %" PRId64
                   ", \"tiles_done\": %" PRId64,
                   run->exit_code, run->ranks, run->threads, run->kernel_version, run->tiles_before,
                   run->tiles_done);
    brink_json_number(json, "start_time", run->start_time);
    brink_json_number(json, "end_time", run->end_time);
    brink_json_string(json, "host", run->host);
    brink_json_string(json, "job", run->job_id);
    brink_text_add(json, "}");
}

static brink_err print_json(const char *path, const struct brink_sight *sight)
{
    const struct brink_grid *grid = &sight->spec->grid;
    struct brink_text json = {0};
    const char *between = "";
    double left = time_left(sight);
    double commit = sight->run_count > 0 ? sight->runs[sight->run_count - 1].end_time
                                         : brink_from_bits(BRINK_NAN_BITS);
    brink_text_add(&json, "{\"complete\": %s", complete(sight) ? "true" : "false");
    brink_json_string(&json, "path", path);
    brink_json_string(&json, "title", sight->spec->title);
    brink_text_add(&json,
                   ", \"cells\": %" PRId64 ", \"cells_done\": %" PRId64 ", \"tiles\": %" PRId64
                   ", \"tiles_done\": %" PRId64 ", \"cells_counted\": %" PRId64 ", \"verdicts\": {",
                   grid->cell_count, sight->cells_done, grid->tile_count, sight->tiles_done,
                   sight->cells_counted);
    for (int8_t i = 0; i < BRINK_STATUS_MAX; i++)
        if (sight->status_count[i] > 0) {
            brink_text_add(&json, "%s\"%s\": %" PRId64, between,
                           brink_model_status(sight->spec->model, i), sight->status_count[i]);
            between = ", ";
        }
    brink_text_add(&json, "}");
    brink_json_number(&json, "cells_per_s", sight->rate);
    brink_json_number(&json, "left_s", left >= 0 ? left : brink_from_bits(BRINK_NAN_BITS));
    brink_json_number(&json, "last_commit", commit);
    brink_json_owner(&json, &sight->lease);
    brink_batch_json(path, &json);
    brink_text_add(&json, ", \"starts\": [");
    for (int32_t i = 0; i < sight->run_count; i++) {
        brink_text_add(&json, "%s", i > 0 ? ", " : "");
        add_run(&json, &sight->runs[i]);
    }
    brink_text_add(&json, "]}");
    brink_err error = json.error;
    if (!error)
        puts(brink_text_get(&json));
    brink_text_free(&json);
    return error;
}

// ---- the command

static brink_err show_once(const struct options *options, const struct brink_spec *spec,
                           struct brink_sight_origin *origin, bool *over)
{
    struct brink_sight *sight = NULL; // large
    brink_err error = brink_alloc(&sight, 1, sizeof *sight);
    if (!error)
        error = brink_sight_look(options->path, spec, origin, sight);
    if (error)
        goto done;
    if (origin->time == 0)
        *origin =
            (struct brink_sight_origin){brink_sight_seconds(CLOCK_MONOTONIC), sight->cells_done};
    *over = complete(sight);
    if (options->json)
        error = print_json(options->path, sight);
    else
        print_sight(options->path, sight);
done:
    brink_free(&sight);
    return error;
}

// `shards` 0: one file.
static brink_err show(const struct options *options, const struct brink_spec *spec, int shards)
{
    const struct timespec pause = {.tv_sec = 2};
    struct brink_sight_origin origin = {.time = 0};
    bool over = false;
    brink_err error = BRINK_OK;
    for (;;) {
        if (options->watch && !options->json && isatty(STDOUT_FILENO))
            printf("\033[H\033[2J"); // home, clear
        error = shards > 0 ? brink_status_shards(options->path, spec, shards, options->json,
                                                 &origin, &over)
                           : show_once(options, spec, &origin, &over);
        if (error || over || !options->watch || fflush(stdout) != 0)
            return error;
        nanosleep(&pause, NULL);
    }
}

// A file that is not there yet may have a lease: it is being made.
static brink_err explain_missing(const char *path, brink_err error)
{
    struct brink_lease_view view;
    char words[4096], name[BRINK_OWNER_BYTES];
    assert(path);
    if (error != BRINK_ERR_IO || access(path, F_OK) == 0)
        return error;
    snprintf(words, sizeof words, "%s", brink_error_note());
    brink_batch_print(path); // it may wait in the queue
    if (brink_lease_view(path, &view) == BRINK_OK && view.there && view.readable)
        return brink_fail(error, "%s; %s is about to make it", words,
                          brink_owner_name(&view.owner, name));
    return brink_fail(error, "%s", words);
}

static brink_err run(const struct brink_command *self, int argc, char **argv, bool *told)
{
    struct options options = {.path = NULL};
    struct brink_words words;
    struct brink_spec *spec = NULL;
    (void)told;
    brink_err error = brink_command_parse(self, argc, argv, &options, &words);
    if (error)
        return error;
    options.path = words.word[0];
    int shards = 0;
    if (access(options.path, F_OK) != 0)
        error = brink_command_shards(options.path, &shards, &spec);
    if (!error && shards == 0)
        error = explain_missing(options.path, brink_command_result_spec(options.path, &spec));
    if (!error)
        error = show(&options, spec, shards);
    brink_spec_free(&spec);
    return error;
}

const struct brink_command brink_command_status = {
    .name = "status",
    .usage = "RESULT.h5 [--json] [--watch]",
    .summary = "Says how far a sweep is, who works on it, and how it went so far",
    .help = "Reads only, so it works while a job runs and after it was killed. The writer is seen\n"
            "by the lease beside the file; times of commits and starts are those of the job.\n"
            "Of a sweep in shards that are not joined yet all shards are looked at. Jobs that\n"
            "`brink submit` has begun are listed with what squeue says of them.\n",
    .options = option_table,
    .words_min = 1,
    .words_max = 1,
    .question = "of which file?",
    .run = run,
};
