// SPDX-License-Identifier: MIT
// `brink help` and `brink version`.
#include <stdio.h>
#include <string.h>

#include "brink/base/build.h"
#include "brink/base/text.h"
#include "brink/dynamics/lanes.h"
#include "command.h"

static void print_overview(void)
{
    printf("brink: gradient descent at the brink of stability, swept over a grid\n\n"
           "usage: brink COMMAND ...\n\n");
    for (int i = 0; brink_commands[i]; i++)
        printf("  %-8s %s\n", brink_commands[i]->name, brink_commands[i]->summary);
    printf(
        "\n`brink help COMMAND` explains one, `brink help spec` the specification.\n\nexit codes:");
#define PRINT_ERROR(name, exit_code, meaning) printf("\n  %-3d %s", exit_code, meaning);
    printf("\n  0   done");
    BRINK_ERRORS(PRINT_ERROR)
#undef PRINT_ERROR
    printf("\n");
}

static brink_err print_spec_help(void)
{
    struct brink_text text = {0};
    brink_spec_help(&text);
    brink_err error = text.error;
    if (!error)
        fputs(brink_text_get(&text), stdout);
    brink_text_free(&text);
    return error;
}

static brink_err run_help(const struct brink_command *self, int argc, char **argv, bool *told)
{
    (void)self;
    (void)told;
    if (argc < 2) {
        print_overview();
        return BRINK_OK;
    }
    if (strcmp(argv[1], "spec") == 0)
        return print_spec_help();
    for (int i = 0; brink_commands[i]; i++)
        if (strcmp(brink_commands[i]->name, argv[1]) == 0) {
            brink_command_print_help(brink_commands[i]);
            return BRINK_OK;
        }
    return brink_fail(BRINK_ERR_USAGE, "help: there is no command '%s'", argv[1]);
}

static brink_err run_version(const struct brink_command *self, int argc, char **argv, bool *told)
{
    (void)self;
    (void)argc;
    (void)argv;
    (void)told;
    const struct brink_build *build = brink_build();
    brink_err error = brink_lanes_select(NULL);
    printf("brink %s (%s), kernel %d\n%s, %s\n%s\n", build->version, build->commit,
           BRINK_KERNEL_VERSION, build->compiler, build->flags, brink_lanes_isa());
    return error;
}

const struct brink_command brink_command_help = {
    .name = "help",
    .usage = "[COMMAND | spec]",
    .summary = "Explains a command, or the sweep specification",
    .help = "",
    .run = run_help,
};

const struct brink_command brink_command_version = {
    .name = "version",
    .usage = "",
    .summary = "Says which build this is",
    .help = "",
    .run = run_version,
};
