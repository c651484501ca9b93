// SPDX-License-Identifier: MIT
// The subcommands: one file each, one row each in main.c.
#ifndef BRINK_CLI_COMMAND_H
#define BRINK_CLI_COMMAND_H

#include "brink/base/error.h"
#include "brink/sweep/spec.h"

struct brink_command {
    const char *name;
    const char *usage;   // what follows "brink NAME"
    const char *summary; // one line
    const char *help;    // the options, as many lines as it takes
    // argv[0] is the command's name. The error's note is printed once, by main; *told: it has
    // been said already, by the right rank.
    brink_err (*run)(const struct brink_command *self, int argc, char **argv, bool *told);
};

extern const struct brink_command brink_command_run, brink_command_check, brink_command_trace,
    brink_command_status, brink_command_verify, brink_command_diff, brink_command_pack,
    brink_command_help, brink_command_version;

extern const struct brink_command *const brink_commands[]; // ends with NULL

// What getopt_long makes of a wrong option: a usage error that points to the help.
brink_err brink_command_misuse(const struct brink_command *self, char *const argv[]);
void brink_command_print_help(const struct brink_command *self);

// "jobs/dor.yaml" -> "dor.h5", or a copy of `output` if it is not NULL. *path is owned.
brink_err brink_command_result_path(const char *spec_path, const char *output,
                                    char **path) BRINK_CHECKED;

// `text` as a whole number >= min; the option's name is for the message.
brink_err brink_command_count(const char *option, const char *text, long long min,
                              long long *value) BRINK_CHECKED;
// ... as a number of seconds > 0.
brink_err brink_command_seconds(const char *option, const char *text, double *value) BRINK_CHECKED;

// "12.3 MB"
const char *brink_command_bytes(double bytes, char text[32]);

#endif
