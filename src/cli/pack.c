// SPDX-License-Identifier: MIT
// `brink pack`: a compressed archive of a result.
#include <stdio.h>
#include <sys/stat.h>

#include "brink/base/log.h"
#include "brink/store/store.h"
#include "command.h"
#include "isolate.h"

struct options {
    const char *path, *output; // borrowed
    long long level;
    bool partial;
};

static const struct brink_option option_table[] = {
    {"output", "FILE", "the archive", 'o', BRINK_INTO(output)},
    {"level", "N", "1 (fast) to 9 (small) [4]", BRINK_INTO(level), .min = 1, .max = 9},
    {"partial", NULL, "pack an incomplete result, too", BRINK_INTO(partial)},
    {.name = NULL},
};

static brink_err pack(void *context)
{
    const struct options *options = context;
    const struct brink_pack_options pack_options = {
        .level = (int)options->level, .partial = options->partial, .beat = brink_isolated_beat};
    return brink_store_pack(options->path, options->output, &pack_options);
}

static void print_sizes(const struct options *options)
{
    struct stat before, after;
    char from[32], to[32];
    if (stat(options->path, &before) != 0 || stat(options->output, &after) != 0)
        return; // both were there a moment ago: then somebody knows why not
    brink_say_plain("%s: %s packed into %s: %s", options->path,
                    brink_command_bytes((double)before.st_size, from), options->output,
                    brink_command_bytes((double)after.st_size, to));
}

static brink_err run(const struct brink_command *self, int argc, char **argv, bool *told)
{
    struct options options = {.level = 4};
    struct brink_words words;
    (void)told;
    brink_err error = brink_command_parse(self, argc, argv, &options, &words);
    if (!error && !options.output)
        error =
            brink_fail(BRINK_ERR_USAGE, "pack: into which file? usage: brink pack %s", self->usage);
    if (error)
        return error;
    options.path = words.word[0];
    error = brink_command_new_file(options.output);
    if (!error)
        error = brink_isolated(options.path, pack, &options);
    if (!error)
        print_sizes(&options);
    return error;
}

const struct brink_command brink_command_pack = {
    .name = "pack",
    .usage = "RESULT.h5 -o ARCHIVE.h5 [options]",
    .summary = "Packs a result into a compressed, sealed archive",
    .help = "The archive has the same arrays, shuffled, deflated and with a checksum for each\n"
            "chunk; it opens in the same tools, and verify, trace and diff work on it. It never\n"
            "changes: brink run goes on only with the file it was packed from. The result is\n"
            "verified before, the archive before it gets its name. Nothing is ever replaced.\n",
    .options = option_table,
    .words_min = 1,
    .words_max = 1,
    .question = "which file?",
    .run = run,
};
