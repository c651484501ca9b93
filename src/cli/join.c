// SPDX-License-Identifier: MIT
// `brink join`: one result over the shards of a sweep.
#include <stdio.h>

#include "brink/base/log.h"
#include "brink/base/memory.h"
#include "brink/store/store.h"
#include "command.h"
#include "isolate.h"

struct options {
    const char *path; // borrowed
    bool partial;
};

static const struct brink_option option_table[] = {
    {"partial", NULL, "cells of missing and incomplete shards are left pending",
     BRINK_INTO(partial)},
    {.name = NULL},
};

static brink_err join(void *context)
{
    const struct options *options = context;
    const struct brink_join_options join_options = {.partial = options->partial,
                                                    .beat = brink_isolated_beat};
    struct brink_spec *spec = NULL;
    struct brink_sharding sharding;
    int count = 0;
    brink_err error = brink_command_shards(options->path, &count, &spec);
    if (!error && count == 0)
        error = brink_fail(BRINK_ERR_IO,
                           "%s: has no shards: there is no %s.shards (brink run --shards N makes "
                           "them)",
                           options->path, options->path);
    if (!error)
        error = brink_sharding_init(spec, count, &sharding);
    if (!error)
        error = brink_store_join(options->path, spec, &sharding, &join_options);
    if (!error)
        brink_say_plain("%s: %d shards joined", options->path, count);
    brink_spec_free(&spec);
    return error;
}

static brink_err run(const struct brink_command *self, int argc, char **argv, bool *told)
{
    struct options options = {.partial = false};
    struct brink_words words;
    (void)told;
    brink_err error = brink_command_parse(self, argc, argv, &options, &words);
    if (error)
        return error;
    options.path = words.word[0];
    error = brink_command_new_file(options.path);
    return error ? error : brink_isolated(options.path, join, &options);
}

const struct brink_command brink_command_join = {
    .name = "join",
    .usage = "RESULT.h5 [--partial]",
    .summary = "Makes one result of the shards of a sweep",
    .help = "RESULT.h5 becomes a file whose fields are views of those of RESULT.shard-*.h5 beside\n"
            "it: keep these, or `brink pack` it into a file of its own. Every tile is checked. A\n"
            "missing, incomplete or foreign shard is exit code 4. Nothing is ever replaced.\n",
    .options = option_table,
    .words_min = 1,
    .words_max = 1,
    .question = "which result?",
    .run = run,
};
