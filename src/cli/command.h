// SPDX-License-Identifier: MIT
// The subcommands: one file each, one row each in main.c.
#ifndef BRINK_CLI_COMMAND_H
#define BRINK_CLI_COMMAND_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "brink/base/error.h"
#include "brink/sweep/spec.h"

// What an option takes follows the type of its member: BRINK_INTO.
enum brink_option_kind {
    BRINK_OPTION_FLAG,   // bool
    BRINK_OPTION_TEXT,   // const char *, borrowed
    BRINK_OPTION_COUNT,  // long long
    BRINK_OPTION_NUMBER, // double
    BRINK_OPTION_LIST,   // struct brink_list: may be given again
};

#define BRINK_LIST_MAX 64
struct brink_list {
    const char *word[BRINK_LIST_MAX]; // borrowed
    int count;
};

// An option of a command: parser, help and the test of the man page follow the table.
struct brink_option {
    const char *name;    // long, without the dashes
    const char *value;   // what the help calls its value; NULL for a flag
    const char *meaning; // with the default in brackets
    char letter;         // short name; 0: none
    enum brink_option_kind kind;
    size_t offset;   // of its member in the command's `struct options`
    double min, max; // of a number, both allowed; max 0: no limit
};

// Where the value goes: a member of `struct options`, which each command defines for itself.
#define BRINK_INTO(member)                                                                         \
    .kind = _Generic(((struct options *)NULL)->member,                                             \
        bool: BRINK_OPTION_FLAG,                                                                   \
        const char *: BRINK_OPTION_TEXT,                                                           \
        long long: BRINK_OPTION_COUNT,                                                             \
        double: BRINK_OPTION_NUMBER,                                                               \
        struct brink_list: BRINK_OPTION_LIST),                                                     \
    .offset = offsetof(struct options, member)

#define BRINK_WORDS_ANY INT_MAX

struct brink_command {
    const char *name;
    const char *usage;                  // what follows "brink NAME"
    const char *summary;                // one line
    const char *help;                   // what it does, before the options; lines or ""
    const struct brink_option *options; // ends with name NULL; --help is every command's
    const char *notes;                  // what comes after the options; lines or NULL
    bool passes_words;                  // to another program, --help too
    int words_min, words_max;           // words that are no options
    const char *question;               // asked when they are too few: "which file?"
    // argv[0] is the command's name. The error's note is printed once, by main; *told: it has
    // been said already, by the right rank.
    brink_err (*run)(const struct brink_command *self, int argc, char **argv, bool *told);
};

extern const struct brink_command brink_command_run, brink_command_check, brink_command_trace,
    brink_command_status, brink_command_verify, brink_command_diff, brink_command_pack,
    brink_command_help, brink_command_version, brink_command_estimate, brink_command_explore,
    brink_command_join, brink_command_plot, brink_command_submit;

extern const struct brink_command *const brink_commands[]; // ends with NULL

// The words of a command line that are no options.
struct brink_words {
    char **word; // borrowed from argv
    int count;
};

// Sets the members of `options` (the command's `struct options`, with the defaults in) that the
// command line gives; options and words may be mixed, "--" ends the options. BRINK_ERR_USAGE says
// what is wrong.
brink_err brink_command_parse(const struct brink_command *self, int argc, char **argv,
                              void *options, struct brink_words *words) BRINK_CHECKED;
void brink_command_print_help(const struct brink_command *self);
// The command of that name, or NULL; then what was meant, as a usage error.
const struct brink_command *brink_command_find(const char *name);
brink_err brink_command_unknown(const char *name) BRINK_CHECKED;

// Reads word[0] as a specification, the others as its overrides; a sweep has an axis.
brink_err brink_command_sweep_spec(const struct brink_words *words,
                                   struct brink_spec **spec) BRINK_CHECKED;
// The specification that a result holds, which this program would resolve to the same text.
// BRINK_ERR_BAD_FILE; BRINK_ERR_MISMATCH if it is of another version of brink.
brink_err brink_command_result_spec(const char *path, struct brink_spec **spec) BRINK_CHECKED;
// BRINK_ERR_USAGE if `path` is there already.
brink_err brink_command_new_file(const char *path) BRINK_CHECKED;

// What is declared beside a result that is worked on in shards; *count 0: nothing.
brink_err brink_command_shards(const char *path, int *count,
                               struct brink_spec **spec) BRINK_CHECKED;

// "jobs/dor.yaml" -> "dor.h5", or a copy of `output` if it is not NULL. *path is owned.
brink_err brink_command_result_path(const char *spec_path, const char *output,
                                    char **path) BRINK_CHECKED;

// "12.3 MB"
const char *brink_command_bytes(double bytes, char text[32]);

// The value of an option that is a time in one of Slurm's forms (see brink_time_seconds), at least
// a second; `text` NULL: not given, *seconds stays.
brink_err brink_command_time(const char *option, const char *text, double *seconds) BRINK_CHECKED;
#define BRINK_TIME_FORMS "minutes, or [days-]hours:minutes:seconds"
// "1-02:03:04", rounded up to whole seconds; at most 10,000 days
const char *brink_command_clock(double seconds, char text[32]);

// Bytes that a rank takes: columns and records of tiles, coordinates, the list of tiles.
double brink_command_memory(const struct brink_spec *spec);

#endif
