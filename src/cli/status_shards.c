// SPDX-License-Identifier: MIT
// `brink status` of a sweep in shards: each of them, and all together.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "brink/base/memory.h"
#include "command.h"
#include "status.h"

struct shard_sight {
    struct brink_text path; // owned
    bool there, working, complete;
    int64_t cells, cells_done;
    double rate;
    struct brink_lease_view lease;
};

struct all_sights {
    const struct brink_spec *spec;
    int count, there, working, complete;
    int64_t cells_done;
    double rate; // cells/s of all that work
    struct shard_sight *shards;
};

static brink_err look_at(const char *path, const struct brink_sharding *sharding, int index,
                         struct all_sights *all, struct brink_sight *sight)
{
    static const struct brink_sight_origin never = {.time = 0};
    struct shard_sight *shard = &all->shards[index];
    struct brink_spec *spec = NULL;
    brink_shard_path(path, sharding->count, index, &shard->path);
    brink_err error = shard->path.error;
    if (!error)
        error = brink_shard_spec(all->spec, sharding, index, &spec);
    if (error)
        goto done;
    shard->cells = spec->grid.cell_count;
    shard->there = access(shard->path.data, F_OK) == 0;
    if (shard->there)
        error = brink_sight_look(shard->path.data, spec, &never, sight);
    else
        error = brink_lease_view(shard->path.data, &shard->lease); // about to be made
    if (error || !shard->there)
        goto done;
    shard->lease = sight->lease;
    shard->cells_done = sight->cells_done;
    shard->complete = sight->tiles_done == spec->grid.tile_count;
    shard->working = sight->working && !shard->complete;
    shard->rate = shard->working ? sight->rate : 0;
    all->there++;
    all->working += shard->working;
    all->complete += shard->complete;
    all->cells_done += shard->cells_done;
    all->rate += shard->rate;
done:
    brink_spec_free(&spec);
    return error;
}

static void print_text(const char *path, const struct all_sights *all)
{
    enum { SHOWN = 20 };
    char name[BRINK_OWNER_BYTES], left[32];
    int64_t cells = all->spec->grid.cell_count;
    int shown = 0;
    printf("%s: %s\nshards    %d: %d complete, %d under way, %d stopped, %d not begun\n", path,
           all->spec->title, all->count, all->complete, all->working,
           all->there - all->complete - all->working, all->count - all->there);
    printf("done      %.1f %%: %" PRId64 " of %" PRId64 " cells%s\n",
           100 * (double)all->cells_done / (double)cells, all->cells_done, cells,
           all->complete == all->count ? ": complete, ready for brink join" : "");
    if (all->rate > 0)
        printf("rate      %.3g cells/s, to go %s\n", all->rate,
               brink_sight_span((double)(cells - all->cells_done) / all->rate, left));
    brink_batch_print(path);
    for (int i = 0; i < all->count; i++) {
        const struct shard_sight *shard = &all->shards[i];
        bool owned = shard->lease.there && shard->lease.readable;
        if (shard->complete || (!shard->there && !owned) || shown++ >= SHOWN)
            continue;
        printf("  %4d  %5.1f %%  %s%s%s\n", i + 1,
               100 * (double)shard->cells_done / (double)shard->cells,
               owned ? brink_owner_name(&shard->lease.owner, name) : "nobody", owned ? ": " : "",
               owned ? brink_sight_life(&shard->lease) : "");
    }
    if (shown > SHOWN)
        printf("  and %d more\n", shown - SHOWN);
}

static brink_err print_json(const char *path, const struct all_sights *all)
{
    struct brink_text json = {0};
    double left = (double)(all->spec->grid.cell_count - all->cells_done) / all->rate;
    brink_text_add(&json, "{\"complete\": %s", all->complete == all->count ? "true" : "false");
    brink_json_string(&json, "path", path);
    brink_json_string(&json, "title", all->spec->title);
    brink_text_add(&json,
                   ", \"cells\": %" PRId64 ", \"cells_done\": %" PRId64
                   ", \"shards_complete\": %d, \"shards_working\": %d, \"shards_begun\": %d",
                   all->spec->grid.cell_count, all->cells_done, all->complete, all->working,
                   all->there);
    brink_json_number(&json, "cells_per_s", all->rate);
    brink_json_number(&json, "left_s", left); // infinite while nobody works
    brink_batch_json(path, &json);
    brink_text_add(&json, ", \"shards\": [");
    for (int i = 0; i < all->count; i++) {
        const struct shard_sight *shard = &all->shards[i];
        brink_text_add(&json, "%s{\"complete\": %s", i > 0 ? ", " : "",
                       shard->complete ? "true" : "false");
        brink_json_string(&json, "path", shard->path.data);
        brink_text_add(&json, ", \"cells\": %" PRId64 ", \"cells_done\": %" PRId64, shard->cells,
                       shard->cells_done);
        brink_json_owner(&json, &shard->lease);
        brink_text_add(&json, "}");
    }
    brink_text_add(&json, "]}");
    brink_err error = json.error;
    if (!error)
        puts(brink_text_get(&json));
    brink_text_free(&json);
    return error;
}

// Since the watch began, if anything came.
static void refresh_rate(struct all_sights *all, struct brink_sight_origin *origin)
{
    double now = brink_sight_seconds(CLOCK_MONOTONIC);
    int64_t fresh = all->cells_done - origin->cells_done;
    if (origin->time == 0)
        *origin = (struct brink_sight_origin){now, all->cells_done};
    else if (fresh > 0 && now > origin->time)
        all->rate = (double)fresh / (now - origin->time);
}

brink_err brink_status_shards(const char *path, const struct brink_spec *spec, int count, bool json,
                              struct brink_sight_origin *origin, bool *over)
{
    struct brink_sharding sharding;
    struct all_sights all = {.spec = spec, .count = count};
    struct brink_sight *sight = NULL; // large
    brink_err error = brink_sharding_init(spec, count, &sharding);
    if (!error)
        error = brink_alloc(&sight, 1, sizeof *sight);
    if (!error)
        error = brink_alloc(&all.shards, (size_t)count, sizeof all.shards[0]);
    for (int i = 0; !error && i < count; i++)
        error = look_at(path, &sharding, i, &all, sight);
    if (error)
        goto done;
    refresh_rate(&all, origin);
    *over = all.complete == count;
    if (json)
        error = print_json(path, &all);
    else
        print_text(path, &all);
done:
    for (int i = 0; all.shards && i < count; i++)
        brink_text_free(&all.shards[i].path);
    brink_free(&all.shards);
    brink_free(&sight);
    return error;
}
