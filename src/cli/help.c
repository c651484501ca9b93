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
        "\n`brink help COMMAND` explains one, `brink help spec` the specification.\n\nexit codes:"
        "\n  0   done");
    int last = 0; // a code of two errors has one line
#define PRINT_ERROR(name, exit_code, meaning)                                                      \
    (exit_code) == last ? printf(", or %s", meaning)                                               \
                        : printf("\n  %-3d %s", last = (exit_code), meaning);
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
    struct brink_words words;
    (void)told;
    brink_err error = brink_command_parse(self, argc, argv, NULL, &words);
    if (error)
        return error;
    if (words.count == 0) {
        print_overview();
        return BRINK_OK;
    }
    if (strcmp(words.word[0], "spec") == 0)
        return print_spec_help();
    const struct brink_command *command = brink_command_find(words.word[0]);
    if (!command)
        return brink_command_unknown(words.word[0]);
    brink_command_print_help(command);
    return BRINK_OK;
}

static brink_err run_version(const struct brink_command *self, int argc, char **argv, bool *told)
{
    struct brink_words words;
    (void)told;
    const struct brink_build *build = brink_build();
    brink_err error = brink_command_parse(self, argc, argv, NULL, &words);
    if (!error)
        error = brink_lanes_select(NULL);
    if (error)
        return error;
    printf("brink %s (%s), kernel %d\n%s, %s\n%s\n", build->version, build->commit,
           BRINK_KERNEL_VERSION, build->compiler, build->flags, brink_lanes_isa());
    return BRINK_OK;
}

const struct brink_command brink_command_help = {
    .name = "help",
    .usage = "[COMMAND | spec]",
    .summary = "Explains a command, or the sweep specification",
    .help = "",
    .words_max = 1,
    .run = run_help,
};

const struct brink_command brink_command_version = {
    .name = "version",
    .usage = "",
    .summary = "Says which build this is",
    .help = "",
    .run = run_version,
};
