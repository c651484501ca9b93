// SPDX-License-Identifier: MIT
// `brink pack`: a compressed archive of a result.
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "brink/base/log.h"
#include "brink/store/store.h"
#include "command.h"
#include "isolate.h"

struct options {
    const char *path, *output; // borrowed
    long long level;
    bool partial, help;
};

static brink_err parse(const struct brink_command *self, int argc, char **argv,
                       struct options *options)
{
    enum { LEVEL = 256, PARTIAL };
    static const struct option table[] = {
        {"output", required_argument, NULL, 'o'},
        {"level", required_argument, NULL, LEVEL},
        {"partial", no_argument, NULL, PARTIAL},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    *options = (struct options){.level = 4};
    brink_err error = BRINK_OK;
    opterr = 0;
    for (int c; !error && (c = getopt_long(argc, argv, "o:h", table, NULL)) != -1;) {
        if (c == 'o')
            options->output = optarg;
        else if (c == LEVEL)
            error = brink_command_count("--level", optarg, 1, &options->level);
        else if (c == PARTIAL)
            options->partial = true;
        else if (c == 'h')
            options->help = true;
        else
            error = brink_command_misuse(self, argv);
    }
    if (error || options->help)
        return error;
    if (options->level > 9)
        return brink_fail(BRINK_ERR_USAGE, "--level: %lld is more than 9", options->level);
    if (argc - optind != 1 || !options->output)
        return brink_fail(BRINK_ERR_USAGE, "pack: which file, and into which? usage: brink pack %s",
                          self->usage);
    options->path = argv[optind];
    return BRINK_OK;
}

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
    struct options options;
    (void)told;
    brink_err error = parse(self, argc, argv, &options);
    if (error)
        return error;
    if (options.help) {
        brink_command_print_help(self);
        return BRINK_OK;
    }
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
            "verified before, the archive before it gets its name. Nothing is ever replaced.\n"
            "\n"
            "  -o, --output FILE  the archive\n"
            "      --level N      1 (fast) to 9 (small) [4]\n"
            "      --partial      pack an incomplete result, too\n",
    .run = run,
};
